"""Points carried from frame to frame by what the pixels around them do."""

from collections.abc import Iterable

import numpy as np

WINDOW_PX = 21
LEVELS = 3
GOOD_RETURN_PX = 1.0
"""A point that is carried forth and back and ends further away than this has been lost on the way."""


def carry_points(images: Iterable[np.ndarray], points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Carry points through a sequence of images with sparse optical flow.

    The method is that of Lucas and Kanade in its pyramidal form (Bouguet 2001), as OpenCV has it; each step
    is checked by carrying the points back (Kalal et al. 2010, forward-backward error).

    Parameters
    ----------
    images
        uint8, grey (H, W) or RGB (H, W, 3), each following the one before it; the points are in the first.
    points
        (x, y) in pixels, shape (n, 2); NaN is not carried.

    Returns
    -------
    points : np.ndarray
        Where they are in the last image, float64, shape (n, 2); NaN where they were lost or left the image.
    confidence : np.ndarray
        In [0, 1], shape (n,): how well they came back to where they were, at the worst step; 0 where lost.
    """
    points = np.array(points, dtype=np.float64)
    worst = np.zeros(len(points))
    previous = None
    for image in images:
        grey = _to_grey(image)
        if previous is not None:
            points, error = _step(previous, grey, points)
            worst = np.fmax(worst, error)
        previous = grey
    is_lost = np.isnan(points).any(axis=1)
    points[is_lost] = np.nan
    confidence = np.where(is_lost, 0.0, np.exp(-worst / GOOD_RETURN_PX))
    return points, confidence


def _step(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points in the next image and how far they miss on the way back."""
    known = np.isfinite(points).all(axis=1)
    moved, error = np.full_like(points, np.nan), np.full(len(points), np.inf)
    if not known.any():
        return moved, error
    start = points[known].astype(np.float32)[:, None]
    there, found = _track(before, after, start)
    back, returned = _track(after, before, there)
    miss = np.linalg.norm(back[:, 0] - start[:, 0], axis=1)
    height, width = after.shape
    inside = ((there[:, 0] >= -0.5) & (there[:, 0] < [width - 0.5, height - 0.5])).all(axis=1)
    is_good = found[:, 0].astype(bool) & returned[:, 0].astype(bool) & inside & (miss <= 3 * GOOD_RETURN_PX)
    moved[known] = np.where(is_good[:, None], there[:, 0], np.nan)
    error[known] = np.where(is_good, miss, np.inf)
    return moved, error


def _track(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where points went, float32 (n, 1, 2), and which were found, uint8 (n, 1)."""
    import cv2

    return cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        before, after, points, None, winSize=(WINDOW_PX, WINDOW_PX), maxLevel=LEVELS
    )[:2]


def _to_grey(image: np.ndarray) -> np.ndarray:
    import cv2

    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
