"""A skeleton in space, drawn as a picture: parallel projection, a floor with shadows, the near on top."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel
BACKGROUND_RGB = (250, 250, 248)
GRID_RGB = (214, 214, 210)
SHADOW_RGB = (190, 190, 186)
EDGE_RGB = (70, 70, 75)
ELEVATION_DEGREES = 22.0
FILL = 0.95
"""How much of the picture the animals take."""
SMOOTHING_FRAMES = 15.0
N_GRID_LINES = 10
MAX_COORDINATE = 1 << 18


@dataclass(frozen=True, eq=False)
class Stage:
    """What there is to draw, and where it is seen from.

    Parameters
    ----------
    points
        Turned so that z is up, shape (n_rows, n_keypoints, n_individuals, 3).
    centres
        What is in the middle of the picture in each row, shape (n_rows, 3).
    floor
        Height of the floor.
    extent
        Half the width of what is shown.
    edges
        Pairs of keypoint positions, shape (n_edges, 2).
    colours
        RGB of each point, uint8, shape (n_keypoints, n_individuals, 3).
    size
        (width, height) of the picture.
    """

    points: np.ndarray
    centres: np.ndarray
    floor: float
    extent: float
    edges: np.ndarray
    colours: np.ndarray
    size: tuple[int, int]

    @classmethod
    def plan(
        cls,
        points: np.ndarray,
        edges: np.ndarray,
        colours: np.ndarray,
        size: tuple[int, int],
        up: np.ndarray,
    ) -> Stage:
        """Choose the middle, the floor and the scale: one animal is followed, several are all shown.

        Parameters
        ----------
        points
            Shape (n_rows, n_keypoints, n_individuals, 3), NaN where missing.
        edges, colours, size
            See the class.
        up
            The direction that is up, shape (3,).
        """
        turned = points @ upright(up).T
        known = np.isfinite(turned).all(axis=-1)
        if not known.any():
            return cls(turned, np.zeros((len(points), 3)), 0.0, 1.0, edges, colours, size)
        floor = float(np.percentile(turned[known][:, 2], 1))
        flat = turned.reshape(len(turned), -1, 3)
        centres = _steady_centres(flat)
        if points.shape[2] > 1:
            centres = np.broadcast_to(np.median(centres, axis=0), centres.shape)
        away = np.linalg.norm(flat - centres[:, None], axis=-1)
        extent = float(np.nanpercentile(away, 99.5)) or 1.0
        return cls(turned, centres, floor, extent, edges, colours, size)

    @cached_property
    def blank(self) -> np.ndarray:
        """An empty picture."""
        return np.full((self.size[1], self.size[0], 3), BACKGROUND_RGB, np.uint8)

    def draw(self, row: int, azimuth_degrees: float) -> np.ndarray:
        """Return the picture of a row, seen from an azimuth, uint8 RGB (height, width, 3)."""
        picture = self.blank.copy()
        look = _view_matrix(azimuth_degrees)
        self._draw_floor(picture, look, row)
        shadows = self.points[row].copy()
        shadows[..., 2] = np.where(np.isfinite(shadows[..., 2]), self.floor, np.nan)
        flat, _ = self._place(shadows, look, row)
        self._draw_lines(picture, flat, None, SHADOW_RGB, 0.6)
        placed, depth = self._place(self.points[row], look, row)
        self._draw_lines(picture, placed, depth, EDGE_RGB, 1.0)
        self._draw_points(picture, placed, depth)
        return picture

    def _place(self, points: np.ndarray, look: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Return pixels (..., 2) and depths, larger is nearer."""
        seen = (points - self.centres[row]) @ look.T
        scale = FILL * min(self.size) / (2 * self.extent)
        middle = (np.array(self.size) - 1) / 2
        return np.stack([middle[0] + scale * seen[..., 0], middle[1] - scale * seen[..., 2]], -1), -seen[
            ..., 1
        ]

    def _draw_floor(self, picture: np.ndarray, look: np.ndarray, row: int) -> None:
        """Draw a grid that stays in the world while the animal moves over it."""
        step = _round_number(2 * self.extent / N_GRID_LINES)
        middle = np.round(self.centres[row, :2] / step) * step
        reach = step * (N_GRID_LINES // 2 + 1)
        for offset in np.arange(-reach, reach + step / 2, step):
            for a, b in (((offset, -reach), (offset, reach)), ((-reach, offset), (reach, offset))):
                ends = np.array([[middle[0] + x, middle[1] + y, self.floor] for x, y in (a, b)])
                placed, _ = self._place(ends, look, row)
                _line(picture, placed[0], placed[1], GRID_RGB, 1)

    def _draw_lines(
        self,
        picture: np.ndarray,
        placed: np.ndarray,
        depth: np.ndarray | None,
        colour: tuple[int, int, int],
        strength: float,
    ) -> None:
        width = max(1, round(strength * min(self.size) / 160))
        lines = []
        for individual in range(placed.shape[1]):
            for a, b in self.edges:
                ends = placed[[a, b], individual]
                if np.isfinite(ends).all():
                    near = 0.0 if depth is None else float(depth[[a, b], individual].mean())
                    lines.append((near, ends))
        for _, ends in sorted(lines, key=lambda line: line[0]):
            _line(picture, ends[0], ends[1], colour, width)

    def _draw_points(self, picture: np.ndarray, placed: np.ndarray, depth: np.ndarray) -> None:
        import cv2

        radius = max(2.5, min(self.size) / 90)
        known = np.argwhere(np.isfinite(placed).all(axis=-1))
        for k, i in sorted(known.tolist(), key=lambda here: depth[here[0], here[1]]):
            centre = _fixed(placed[k, i])
            cv2.circle(picture, centre, round((radius + 1) * 2**SHIFT), (40, 40, 40), -1, cv2.LINE_AA, SHIFT)
            colour = self.colours[k, i].tolist()
            cv2.circle(picture, centre, round(radius * 2**SHIFT), colour, -1, cv2.LINE_AA, SHIFT)


def upright(up: np.ndarray) -> np.ndarray:
    """Return the shortest rotation that turns `up` to z, shape (3, 3)."""
    up = np.asarray(up, dtype=np.float64) / np.linalg.norm(up)
    axis, cosine = np.cross(up, [0.0, 0.0, 1.0]), float(up[2])
    if cosine < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def _view_matrix(azimuth_degrees: float) -> np.ndarray:
    """Return the axes of the picture: to the right, away from the viewer, up."""
    azimuth, elevation = np.radians(azimuth_degrees), np.radians(ELEVATION_DEGREES)
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    towards = np.array([np.cos(azimuth), np.sin(azimuth), 0.0]) * np.cos(elevation)
    towards[2] = np.sin(elevation)
    return np.stack([right, -towards, np.cross(towards, right)])


def _steady_centres(points: np.ndarray) -> np.ndarray:
    """Return the smoothed middle of the points of each row, (n_rows, 3)."""
    from scipy.ndimage import gaussian_filter1d

    some = np.isfinite(points).all(axis=-1).any(axis=1)
    rows = np.arange(len(points))
    middle = np.nanmedian(points[some], axis=1)
    centres = np.stack([np.interp(rows, rows[some], axis) for axis in middle.T], axis=1)
    return gaussian_filter1d(centres, SMOOTHING_FRAMES, axis=0, mode="nearest")


def _round_number(value: float) -> float:
    """Return 1, 2 or 5 times a power of ten, near `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * min((1, 2, 5, 10), key=lambda digit: abs(digit - value / power)))


def _fixed(point: np.ndarray) -> tuple[int, int]:
    x, y = np.clip(np.rint(point * 2**SHIFT), -MAX_COORDINATE, MAX_COORDINATE).astype(int)
    return int(x), int(y)


def _line(
    picture: np.ndarray, a: np.ndarray, b: np.ndarray, colour: tuple[int, int, int], width: int
) -> None:
    import cv2

    cv2.line(picture, _fixed(a), _fixed(b), colour, width, cv2.LINE_AA, SHIFT)
