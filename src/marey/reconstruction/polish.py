"""The non-linear solution: the points whose projections, distortion included, fit best; and their covariance.

Gauss and Newton's method on the sum of squared pixel errors, each divided by its variance, with Levenberg and
Marquardt's damping for each point by itself, all points at once. The inverse of the normal matrix at the
solution is the covariance of the point, which carries the 2D errors into space (Hartley and Zisserman 2004,
section 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.reconstruction.linear import invert_symmetric, normal_matrix, normal_vector, times

if TYPE_CHECKING:
    from marey.reconstruction.sight import Sight

MAX_STEPS = 12
FIRST_DAMPING = 1e-4
DONE = 1e-10


@dataclass(frozen=True, eq=False)
class Polished:
    """What was found.

    Parameters
    ----------
    points
        Shape (n, 3).
    covariance
        Shape (n, 3, 3).
    residuals
        Projection minus what was seen, pixels, shape (n_cameras, n, 2).
    leverage
        How far each observation pulls its own projection, 0 to 2, shape (n_cameras, n).
    """

    points: np.ndarray
    covariance: np.ndarray
    residuals: np.ndarray
    leverage: np.ndarray


def polish(
    sight: Sight, pixels: np.ndarray, sigma_px: np.ndarray, used: np.ndarray, start: np.ndarray
) -> Polished:
    """Move points to where their projections fit best.

    Parameters
    ----------
    sight
        The cameras.
    pixels
        What was seen, shape (n_cameras, n, 2).
    sigma_px
        Standard deviation along one axis, shape (n_cameras, n).
    used
        Which observations count, bool, shape (n_cameras, n).
    start
        Where to begin, shape (n, 3); NaN stays NaN.
    """
    weights = np.where(used, 1 / np.where(used, sigma_px, 1.0) ** 2, 0.0)
    seen = np.where(used[..., None], pixels, 0.0)
    points = start.copy()
    damping = np.full(len(points), FIRST_DAMPING)
    active = np.flatnonzero(np.isfinite(points).all(axis=1))
    for _ in range(MAX_STEPS):
        if not len(active):
            break
        here = seen[:, active], weights[:, active]
        residuals, normal, slope = _linearise(sight, *here, points[active])
        cost = _cost(residuals, here[1])
        normal[:, range(3), range(3)] *= 1 + damping[active, None]
        step = times(invert_symmetric(normal), slope)
        trial = points[active] - step
        new_cost = _cost(sight.project(trial) - here[0], here[1])
        better = new_cost <= cost
        points[active[better]] = trial[better]
        damping[active] *= np.where(better, 0.1, 10.0)
        is_done = better & (cost - new_cost <= DONE * (1 + cost))
        active = active[~is_done & np.isfinite(new_cost)]
    projected, slopes = sight.project_with_slopes(points)
    slopes = np.where(used[..., None, None], slopes, 0.0)
    covariance = invert_symmetric(normal_matrix(slopes, weights))
    carried = slopes @ covariance  # how an error of the point moves its projections
    leverage = (carried * slopes).sum(axis=(-2, -1)) * weights
    residuals = projected - seen
    return Polished(points, covariance, np.where(used[..., None], residuals, np.nan), leverage)


def _linearise(
    sight: Sight, seen: np.ndarray, weights: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return residuals (n_cameras, n, 2), normal matrices (n, 3, 3) and gradients (n, 3)."""
    projected, slopes = sight.project_with_slopes(points)
    residuals = projected - seen
    # A camera that does not count may have the point behind it, where the projection is nothing.
    slopes = np.where(weights[..., None, None] > 0, slopes, 0.0)
    residuals = np.where(weights[..., None] > 0, residuals, 0.0)
    return residuals, normal_matrix(slopes, weights), normal_vector(slopes, weights, residuals)


def _cost(residuals: np.ndarray, weights: np.ndarray) -> np.ndarray:
    squares = np.where(weights > 0, (residuals**2).sum(axis=-1), 0.0)
    return (squares * weights).sum(axis=0)
