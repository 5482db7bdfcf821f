"""Calibration boards: where their points are, and how they are found in an image.

Each board has points in its own plane (z = 0), numbered; a detection gives the pixels of all of them, NaN for
those that were not found, so that detections of any board and camera stack into one array.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import ConfigError, InputError

if TYPE_CHECKING:
    import cv2

MIN_POINTS = 6
MIN_SIDE_PX = 6.0
SUBPIX_STEPS = 60
# Half of the window in which a corner is refined, in sides of the smallest square beside it.
SUBPIX_REACH = 0.25
# How far a point may be from where a flat board without distortion would have it, in squares.
MAX_MISFIT = 0.35


class Board(ABC):
    """A flat pattern of known size.

    Attributes
    ----------
    points
        Shape (n_points, 3), z = 0, in `units`.
    spacing
        The distance between neighbours, in `units`.
    """

    units = "mm"
    spacing: float

    @property
    @abstractmethod
    def points(self) -> np.ndarray:
        """The points of the board, shape (n_points, 3)."""

    @abstractmethod
    def describe(self) -> str:
        """Return the board in the notation that :func:`marey.cameras.board_files.parse_board` reads."""

    @abstractmethod
    def _find(self, grey: np.ndarray) -> np.ndarray:
        """Return the pixels of the points, shape (n_points, 2); NaN where not found."""

    @cached_property
    def neighbours(self) -> np.ndarray:
        """Pairs of points that are `spacing` apart, shape (n_pairs, 2)."""
        away = np.linalg.norm(self.points[:, None] - self.points[None], axis=-1)
        first, second = np.nonzero(np.isclose(away, self.spacing, rtol=1e-6))
        return np.stack([first, second], axis=1)[first < second]

    def detect(self, image: np.ndarray) -> np.ndarray:
        """Find the board in an image.

        Parameters
        ----------
        image
            uint8, (height, width, 3) RGB or (height, width).

        Returns
        -------
        numpy.ndarray
            Shape (n_points, 2), (x, y) in pixels; NaN for points that were not found, and for all of them
            when fewer than six were found, or when they do not lie as those of this board would.
        """
        import cv2

        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        pixels = self._find(np.ascontiguousarray(grey))
        return pixels if self._fits(pixels) else np.full_like(pixels, np.nan)

    def _fits(self, pixels: np.ndarray) -> bool:
        """Say whether the points found lie as a flat board's would, as far as a homography can tell."""
        import cv2

        found = np.isfinite(pixels).all(axis=1)
        if found.sum() < MIN_POINTS or np.linalg.matrix_rank(_centred(self.points[found, :2]), tol=1e-6) < 2:
            return False
        plane, _ = cv2.findHomography(self.points[found, :2], pixels[found], 0)
        if plane is None:
            return False
        flat = np.column_stack([self.points[found, :2], np.ones(found.sum())]) @ plane.T
        misfit = np.linalg.norm(flat[:, :2] / flat[:, 2:] - pixels[found], axis=1)
        sides = np.linalg.norm(np.diff(pixels[self.neighbours], axis=1)[:, 0], axis=1)
        side = np.nanmedian(sides) if np.isfinite(sides).any() else 0.0
        return bool(side >= MIN_SIDE_PX and np.median(misfit) < MAX_MISFIT * side)


def _centred(points: np.ndarray) -> np.ndarray:
    return points - points.mean(axis=0)


def _grid(columns: int, rows: int, step: float) -> np.ndarray:
    """Return points of a grid row by row, shape (columns · rows, 3)."""
    y, x = np.mgrid[:rows, :columns]
    return np.stack([x.ravel() * step, y.ravel() * step, np.zeros(x.size)], axis=1)


@dataclass(frozen=True, eq=True)
class Chessboard(Board):
    """A chessboard, known by its inner corners, which must all be in view.

    Parameters
    ----------
    columns, rows
        Inner corners along and across, at least 3 (a board of 9 × 7 squares has 8 × 6 inner corners).
    square
        Side of a square.
    """

    columns: int
    rows: int
    square: float

    def __post_init__(self) -> None:
        _check_size("inner corners of a chessboard", self.columns, self.rows, 3)
        _check_length("the side of a square", self.square)

    @property
    def spacing(self) -> float:  # type: ignore[override]
        """The side of a square."""
        return self.square

    @cached_property
    def points(self) -> np.ndarray:
        """The inner corners, row by row."""
        return _grid(self.columns, self.rows, self.square)

    @property
    def looks_the_same_turned(self) -> bool:
        """Whether the board cannot be told from itself upside down (or, if square, on its side)."""
        return (self.columns + self.rows) % 2 == 0

    def describe(self) -> str:
        """Return ``chessboard:COLSxROWS:SQUARE``."""
        return f"chessboard:{self.columns}x{self.rows}:{self.square:g}"

    def _find(self, grey: np.ndarray) -> np.ndarray:
        import cv2

        size = (self.columns, self.rows)
        flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_FAST_CHECK
        is_found, corners = cv2.findChessboardCorners(grey, size, flags=flags)
        if not is_found:
            flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE
            is_found, corners = cv2.findChessboardCornersSB(grey, size, flags=flags)
        if not is_found or len(corners) != len(self.points):
            return np.full((len(self.points), 2), np.nan)
        return self._turned(_refined(grey, corners.reshape(-1, 2), self.neighbours), grey)

    def _turned(self, corners: np.ndarray, grey: np.ndarray) -> np.ndarray:
        """Give the corners the same numbers in every image: right-handed, and from the dark end."""
        table = corners.reshape(self.rows, self.columns, 2)
        along, down = table[0, -1] - table[0, 0], table[-1, 0] - table[0, 0]
        if along[0] * down[1] - along[1] * down[0] < 0:
            table = table[:, ::-1]
        if not self.looks_the_same_turned:
            first, last = _brightness(grey, table[:2, :2]), _brightness(grey, table[-2:, -2:])
            if first > last:
                table = table[::-1, ::-1]
        return table.reshape(-1, 2)


@dataclass(frozen=True, eq=True)
class Charuco(Board):
    """A chessboard with markers in its white squares, of which any part may be in view.

    Parameters
    ----------
    columns, rows
        Squares along and across, at least 3.
    square, marker
        Sides of a square and of a marker.
    dictionary
        OpenCV's name of the markers, such as ``"4X4_1000"``.
    legacy
        Whether the markers are arranged as before OpenCV 4.6. It makes a difference for an even number of
        rows.
    """

    columns: int
    rows: int
    square: float
    marker: float
    dictionary: str
    legacy: bool = False

    def __post_init__(self) -> None:
        _check_size("squares of a ChArUco board", self.columns, self.rows, 3)
        _check_length("the side of a marker", self.marker)
        if self.marker >= self.square:
            raise ConfigError(
                f"expected markers smaller than the squares ({self.square:g}), got {self.marker:g}",
                hint="measure a black square, and the black outline of a marker",
            )

    @property
    def spacing(self) -> float:  # type: ignore[override]
        """The side of a square."""
        return self.square

    @cached_property
    def points(self) -> np.ndarray:
        """The inner corners, row by row, as OpenCV numbers them."""
        return _grid(self.columns - 1, self.rows - 1, self.square) + np.array([self.square, self.square, 0])

    def describe(self) -> str:
        """Return ``charuco:COLSxROWS:SQUARE:MARKER:DICTIONARY``, with ``:legacy`` if it is."""
        end = ":legacy" if self.legacy else ""
        return f"charuco:{self.columns}x{self.rows}:{self.square:g}:{self.marker:g}:{self.dictionary}{end}"

    @cached_property
    def _detector(self) -> cv2.aruco.CharucoDetector:
        import cv2

        markers = _markers(self.dictionary, self.columns * self.rows // 2)
        board = cv2.aruco.CharucoBoard((self.columns, self.rows), self.square, self.marker, markers)
        board.setLegacyPattern(self.legacy)
        return cv2.aruco.CharucoDetector(board)

    def _find(self, grey: np.ndarray) -> np.ndarray:
        pixels = np.full((len(self.points), 2), np.nan)
        corners, numbers, _, _ = self._detector.detectBoard(grey)
        if numbers is not None and len(numbers) >= MIN_POINTS:
            pixels[np.ravel(numbers)] = np.reshape(corners, (-1, 2))
        return pixels


@dataclass(frozen=True, eq=True)
class ArucoGrid(Board):
    """Markers in rows and columns with gaps between them; the points are the corners of the markers.

    Parameters
    ----------
    columns, rows
        Markers along and across.
    marker, gap
        Side of a marker, and distance between two.
    dictionary
        OpenCV's name of the markers, such as ``"5X5_100"``.
    """

    columns: int
    rows: int
    marker: float
    gap: float
    dictionary: str

    def __post_init__(self) -> None:
        _check_size("markers of an ArUco board", self.columns, self.rows, 1)
        _check_length("the side of a marker", self.marker)
        _check_length("the gap between markers", self.gap)

    @property
    def spacing(self) -> float:  # type: ignore[override]
        """The side of a marker."""
        return self.marker

    @cached_property
    def points(self) -> np.ndarray:
        """The four corners of each marker, clockwise from the top left."""
        starts = _grid(self.columns, self.rows, self.marker + self.gap)
        corners = self.marker * np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.0]])
        return (starts[:, None] + corners).reshape(-1, 3)

    def describe(self) -> str:
        """Return ``aruco:COLSxROWS:MARKER:GAP:DICTIONARY``."""
        return f"aruco:{self.columns}x{self.rows}:{self.marker:g}:{self.gap:g}:{self.dictionary}"

    @cached_property
    def _detector(self) -> cv2.aruco.ArucoDetector:
        import cv2

        parameters = cv2.aruco.DetectorParameters()
        # It fits lines to the sides; a search for saddle points puts blurred outer corners inside the marker.
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_APRILTAG
        return cv2.aruco.ArucoDetector(_markers(self.dictionary, self.columns * self.rows), parameters)

    def _find(self, grey: np.ndarray) -> np.ndarray:
        n_markers = self.columns * self.rows
        pixels = np.full((n_markers, 4, 2), np.nan)
        corners, numbers, _ = self._detector.detectMarkers(grey)
        found = [] if numbers is None else [int(number) for number in np.ravel(numbers)]
        for number, four in zip(found, corners, strict=True):
            if number < n_markers:
                pixels[number] = np.reshape(four, (4, 2))
        return pixels.reshape(-1, 2)


def _refined(grey: np.ndarray, corners: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Move corners to the saddle points of the brightness, each in a window that reaches no other corner."""
    import cv2

    sides = np.linalg.norm(np.diff(corners[neighbours], axis=1)[:, 0], axis=1)
    shortest = np.full(len(corners), np.inf)
    np.minimum.at(shortest, neighbours, sides[:, None])
    halves = np.clip(np.rint(SUBPIX_REACH * shortest), 2, 11).astype(int)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, SUBPIX_STEPS, 1e-4)
    refined = np.ascontiguousarray(corners.reshape(-1, 1, 2), dtype=np.float32)
    for half in np.unique(halves):
        chosen = halves == half
        window = (int(half), int(half))
        refined[chosen] = cv2.cornerSubPix(grey, refined[chosen], window, (-1, -1), stop).reshape(-1, 1, 2)
    return refined.reshape(-1, 2).astype(float)


def _brightness(grey: np.ndarray, four: np.ndarray) -> float:
    """Return the mean brightness in the middle of the square between four corners, shape (2, 2, 2)."""
    weights = np.array([0.35, 0.5, 0.65])
    u, v = np.meshgrid(weights, weights)
    u, v = u[..., None], v[..., None]
    places = (1 - v) * ((1 - u) * four[0, 0] + u * four[0, 1]) + v * ((1 - u) * four[1, 0] + u * four[1, 1])
    x, y = np.rint(places).astype(int).reshape(-1, 2).T
    height, width = grey.shape
    return float(grey[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)].mean())


def _markers(name: str, n_needed: int) -> Any:
    import cv2

    number = getattr(cv2.aruco, f"DICT_{name}", None)
    if number is None:
        known = sorted(key.removeprefix("DICT_") for key in dir(cv2.aruco) if key.startswith("DICT_"))
        raise ConfigError(
            f"expected a dictionary of markers that OpenCV knows, got {name!r}",
            hint=f"one of {', '.join(known)}",
        )
    markers = cv2.aruco.getPredefinedDictionary(number)
    if len(markers.bytesList) < n_needed:
        raise ConfigError(
            f"a board of this size has {n_needed} markers, but the dictionary {name} has only "
            f"{len(markers.bytesList)}",
            hint="check the size of the board, and which dictionary it was made from",
        )
    # Only the markers of this board: comparing each candidate with a thousand takes most of the time.
    return cv2.aruco.Dictionary(markers.bytesList[:n_needed], markers.markerSize, markers.maxCorrectionBits)


def _check_size(what: str, columns: int, rows: int, least: int) -> None:
    if min(columns, rows) < least:
        raise ConfigError(f"expected at least {least} × {least} {what}, got {columns} × {rows}")


def _check_length(what: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"expected {what} to be above 0, got {value:g}")
