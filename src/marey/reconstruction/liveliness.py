"""How lively each keypoint moves: the intensity of the random walk of its velocity, by maximum likelihood."""

from __future__ import annotations

import numpy as np

from marey.refinement import spline

MAX_FRAMES = 2000
MIN_POINTS = 6
DEGREES_OF_FREEDOM = 4.0
N_PASSES = 2


def estimate_liveliness(time: np.ndarray, points: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the intensity q of each keypoint's motion; see :func:`estimate_motion`."""
    return estimate_motion(time, points, variance)[0]


def estimate_motion(
    time: np.ndarray, points: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the intensity q of each keypoint's motion, and how much noise is beside it.

    The model is that of :mod:`marey.refinement.spline`, dv = white noise of spectral density q, here in
    space. It is found on the stretch of at most 2,000 frames that has most points, with heavy-tailed noise.

    Parameters
    ----------
    time
        Shape (n_frames,), in units of about one frame.
    points
        Shape (n_frames, n_keypoints, 3).
    variance
        Of one coordinate of each point, shape (n_frames, n_keypoints).

    Returns
    -------
    q : numpy.ndarray
        Shape (n_keypoints,), squared units of the world per cubed frame; NaN where there are too few points.
    noise : numpy.ndarray
        Variance of one coordinate in a usual frame, as the motion tells it, shape (n_keypoints,); NaN where
        there are too few points.
    """
    found, noise = np.full((2, points.shape[1]), np.nan)
    for k in range(points.shape[1]):
        known = np.isfinite(points[:, k]).all(axis=-1) & (variance[:, k] > 0)
        part = _busiest(known)
        if known[part].sum() >= MIN_POINTS:
            spread = np.where(known, variance[:, k], np.inf)[part]
            found[k], noise[k] = _estimate(time[part], points[part, k], spread)
    usual = np.nanmedian(found) if np.isfinite(found).any() else np.nan
    # A keypoint that seems not to move at all is one of which too little is known.
    return np.where(np.isfinite(found), np.maximum(found, 1e-6 * usual), usual), noise


def _busiest(known: np.ndarray) -> slice:
    """Return the stretch of at most MAX_FRAMES with most True."""
    if len(known) <= MAX_FRAMES:
        return slice(0, len(known))
    total = np.concatenate([[0], np.cumsum(known)])
    start = int(np.argmax(total[MAX_FRAMES:] - total[:-MAX_FRAMES]))
    return slice(start, start + MAX_FRAMES)


def _estimate(time: np.ndarray, points: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    unit = np.median(variance[np.isfinite(variance)])
    base = unit / variance
    measured = np.where(base[:, None] > 0, points - np.nanmedian(points, axis=0), 0.0)
    band = spline.coupling(time)
    weight = base
    for _ in range(N_PASSES):
        lam, scale = spline.estimate(band, measured, weight)
        smoothed = spline.solve(band, measured, weight, lam)
        distance = ((measured - smoothed) ** 2).sum(axis=1) * base / scale
        weight = base * (DEGREES_OF_FREEDOM + 3) / (DEGREES_OF_FREEDOM + distance)
    return lam * scale, scale
