"""Which part of each frame the output shows: all of it, or a steady window around the animals."""

from dataclasses import dataclass

import numpy as np

from marey.visualisation.style import RenderStyle

FOLLOW_SMOOTHING_S = 0.6
FOLLOW_MARGIN = 2.0
MIN_FOLLOW_PX = 32


@dataclass(frozen=True)
class View:
    """A window of the frame, scaled.

    Parameters
    ----------
    corner
        (x, y) of the outer corner of the window's first pixel, in pixels of the frame; for the whole frame
        (-0.5, -0.5).
    scale
        Output pixels for each pixel of the frame.
    size
        (width, height) of the output, even.
    """

    corner: tuple[float, float]
    scale: float
    size: tuple[int, int]

    def points(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the frame, (..., 2), lie in the output; both count from pixel centres."""
        return (points - np.array(self.corner)) * self.scale - 0.5

    def show(self, image: np.ndarray) -> np.ndarray:
        """Return what the view shows of `image`, uint8, shape (height, width, 3), writable."""
        import cv2

        height, width = image.shape[:2]
        if (
            self.corner == (-0.5, -0.5)
            and self.scale == 1
            and self.size[0] >= width
            and self.size[1] >= height
        ):
            if self.size == (width, height):
                return np.array(image)
            pad = (0, self.size[1] - height, 0, self.size[0] - width)
            return cv2.copyMakeBorder(image, *pad, borderType=cv2.BORDER_REPLICATE)
        offset = self.points(np.zeros(2))
        matrix = np.array([[self.scale, 0, offset[0]], [0, self.scale, offset[1]]])
        way = cv2.INTER_AREA if self.scale < 0.7 else cv2.INTER_CUBIC
        if way == cv2.INTER_AREA and self.corner == (-0.5, -0.5):
            return cv2.resize(image, self.size, interpolation=way)
        return cv2.warpAffine(image, matrix, self.size, flags=cv2.INTER_LINEAR if self.scale <= 1 else way)


def plan_views(
    frame_size: tuple[int, int], points: np.ndarray, fps: float, style: RenderStyle
) -> "list[View] | View":
    """Return the view of every row of `points`, or the one view of all.

    Parameters
    ----------
    frame_size
        (width, height) of the video.
    points
        (x, y), shape (n_rows, n_keypoints, n_individuals, 2).
    fps
        Frames per second of the video.
    style
        Whether to follow, and how large.
    """
    if not style.follow or not np.isfinite(points).all(axis=-1).any():
        size = _even(frame_size[0] * style.scale), _even(frame_size[1] * style.scale)
        return View((-0.5, -0.5), style.scale, size)
    flat = points.reshape(len(points), -1, 2)
    extent = _usual_extent(flat)
    side = style.follow_size_px or extent * FOLLOW_MARGIN
    side = float(np.clip(side, MIN_FOLLOW_PX, max(MIN_FOLLOW_PX, *frame_size)))
    length = _even(side * style.scale)
    centres = _kept_inside(_centres(flat, extent), side, frame_size)
    corners = _steady(centres, fps) - side / 2
    return [View((float(x), float(y)), style.scale, (length, length)) for x, y in corners]


def _even(length: float) -> int:
    # Most players want an even width and height.
    return max(2, int(np.ceil(length / 2 - 1e-9)) * 2)


def _usual_extent(points: np.ndarray) -> float:
    """Return the larger side of the box around the points of a frame, at its 90th percentile, pixels."""
    some = np.isfinite(points).all(axis=-1).any(axis=1)
    extent = np.nanmax(points[some], axis=1) - np.nanmin(points[some], axis=1)
    return float(np.percentile(extent.max(axis=1), 90))


def _centres(points: np.ndarray, extent: float) -> np.ndarray:
    """Return the middle of the box around the points of every row, (n_rows, 2); wild points do not count."""
    some = np.isfinite(points).all(axis=-1).any(axis=1)
    known = points[some]
    distance = np.abs(known - np.nanmedian(known, axis=1, keepdims=True)).max(axis=-1, keepdims=True)
    is_near = distance <= max(extent, float(np.nanmin(distance, axis=1).max()))
    near = np.where(is_near, known, np.nan)
    middle = (np.nanmin(near, axis=1) + np.nanmax(near, axis=1)) / 2
    rows = np.arange(len(points))
    return np.stack([np.interp(rows, rows[some], axis) for axis in middle.T], axis=1)


def _kept_inside(centres: np.ndarray, side: float, frame_size: tuple[int, int]) -> np.ndarray:
    """Move windows that reach beyond the frame into it; one that is larger than it lies around its middle."""
    middle = (np.array(frame_size) - 1) / 2
    room = np.maximum(0, (np.array(frame_size) - side) / 2)
    return np.clip(centres, middle - room, middle + room)


def _steady(centres: np.ndarray, fps: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(centres, FOLLOW_SMOOTHING_S * fps, axis=0, mode="nearest")
