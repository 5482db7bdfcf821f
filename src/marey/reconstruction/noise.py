"""How far off the 2D points are, learned from how well the cameras agree.

Where poses come without expected errors, a standard deviation is estimated for each camera and keypoint from
the residuals of the points on which cameras agree. The residual of a fit is smaller than the error: with the
leverage h of an observation (0 to 2), the expected square is σ² (2 - h), which is summed over observations.
Confidence says how the points of one keypoint differ among each other.

Where they come with expected errors, these are believed in relation to each other, and all are multiplied by
one factor if the cameras disagree more than they say, as they do when a calibration is not perfect.

Errors that persist from frame to frame, as a network's habits do, do not average out over time. How long they
persist is seen in the residuals.
"""

from __future__ import annotations

import numpy as np

MIN_FREEDOM = 40.0
"""A camera's keypoint with fewer degrees of freedom is taken for a usual one of that camera."""
SHRINKAGE = 20.0
MEDIAN_SQUARE = 2 * np.log(2)
"""The median of the square of a round 2D normal distribution with standard deviation 1."""
MAX_LAG = 100
SMALL_CORRELATION = 0.1


def estimate_scales(squares: np.ndarray, leverage: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return the factor on the standard deviations of each camera and keypoint.

    A camera that is left out of most points of a keypoint means another place by that name, always: then the
    median of all its residuals counts, so that it is listened to little rather than now and then.

    Parameters
    ----------
    squares
        Squared residuals in units of the present variance, NaN where there is none, shape (n_cameras,
        n_frames, n_keypoints).
    leverage
        The same shape; 0 where not used.
    used
        Which were used, bool, the same shape.

    Returns
    -------
    numpy.ndarray
        Shape (n_cameras, n_keypoints), positive; 1 where nothing is known.
    """
    known = np.isfinite(squares)
    counts = used & known
    freedom = np.where(counts, np.clip(2 - leverage, 0, 2), 0.0)
    total, free = np.where(counts, squares, 0.0).sum(axis=1), freedom.sum(axis=1)
    overall = total.sum() / free.sum() if free.sum() > 0 else 1.0
    by_camera = (total.sum(axis=1) + SHRINKAGE * overall) / (free.sum(axis=1) + SHRINKAGE)
    shrunk = (total + SHRINKAGE * by_camera[:, None]) / (free + SHRINKAGE)
    variance = np.where(free >= MIN_FREEDOM, shrunk, by_camera[:, None])
    is_odd = (2 * counts.sum(axis=1) < known.sum(axis=1)) & (known.sum(axis=1) >= MIN_FREEDOM / 2)
    for camera, keypoint in np.argwhere(is_odd):
        column = squares[camera, :, keypoint]
        variance[camera, keypoint] = np.median(column[np.isfinite(column)]) / MEDIAN_SQUARE
    return np.sqrt(np.maximum(variance, 1e-12))


def robust_scale(squares: np.ndarray, leverage: np.ndarray) -> float:
    """Return one factor from the median, which outliers do not move."""
    free = 2 - leverage
    used = np.isfinite(squares) & (free > 0.05)
    if not used.any():
        return 1.0
    return float(np.sqrt(np.median(2 * squares[used] / free[used]) / MEDIAN_SQUARE))


def persistence(residuals: np.ndarray) -> np.ndarray:
    """Return over how many frames the errors of each keypoint persist: 1 if they are new in each frame.

    It is the integrated autocorrelation time 1 + 2 Σ ρ(lag), pooled over cameras, up to the first lag with a
    small correlation (Sokal 1997).

    Parameters
    ----------
    residuals
        In units of the standard deviation, NaN where not used, shape (n_cameras, n_frames, n_keypoints, 2).

    Returns
    -------
    numpy.ndarray
        Shape (n_keypoints,), at least 1.
    """
    known = np.isfinite(residuals)
    values = np.where(known, residuals, 0.0)
    axes = (0, 1, 3)
    variance = (values**2).sum(axis=axes) / np.maximum(known.sum(axis=axes), 1)
    total = np.ones(residuals.shape[2])
    is_open = variance > 0
    for lag in range(1, min(MAX_LAG, residuals.shape[1] - 1) + 1):
        pairs = (known[:, lag:] & known[:, :-lag]).sum(axis=axes)
        product = (values[:, lag:] * values[:, :-lag]).sum(axis=axes) / np.maximum(pairs, 1)
        correlation = product / np.where(variance > 0, variance, 1.0)
        is_open &= (correlation > SMALL_CORRELATION) & (pairs >= MIN_FREEDOM)
        if not is_open.any():
            break
        total += np.where(is_open, 2 * correlation, 0.0)
    return total
