"""What a lens does to a picture: from straight rays to where they land, its derivatives, and back.

Coordinates are *normalised*: a ray through (x, y, 1) in the camera's own frame has the coordinates (x, y);
pixels come later, through the camera's matrix. Two models, with OpenCV's names and order of coefficients:

- **pinhole**: k1, k2, p1, p2, k3 and, for very wide lenses, the denominator k4, k5, k6 (Conrady
  1919; Brown 1966);
- **fisheye**: k1 to k4 of the equidistant model of Kannala and Brandt (2006).
"""

from __future__ import annotations

import numpy as np

NEWTON_STEPS = 60
CONVERGED = 1e-13
SMALL_RADIUS = 1e-8


def distort(
    rays: np.ndarray, coefficients: np.ndarray, *, fisheye: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say where straight rays land behind a lens, and how that changes.

    Parameters
    ----------
    rays
        Normalised coordinates, shape (n, 2).
    coefficients
        Of the lens: 5 or 8 of the pinhole model, or 4 of the fisheye.
    fisheye
        Which of the two models.

    Returns
    -------
    landed
        Distorted normalised coordinates, shape (n, 2).
    by_ray
        Their derivatives by the rays, shape (n, 2, 2).
    by_coefficient
        Their derivatives by the coefficients, shape (n, 2, n_coefficients).
    """
    return _fisheye(rays, coefficients) if fisheye else _pinhole(rays, coefficients)


def bend(rays: np.ndarray, coefficients: np.ndarray, *, fisheye: bool = False) -> np.ndarray:
    """Return where straight rays land, as :func:`distort`, without the derivatives; shape (..., 2) both."""
    if fisheye:
        r = np.maximum(np.linalg.norm(rays, axis=-1, keepdims=True), SMALL_RADIUS)
        angle = np.arctan(r)
        k = coefficients
        a2 = angle * angle
        return rays * (angle / r * (1 + a2 * (k[0] + a2 * (k[1] + a2 * (k[2] + a2 * k[3])))))
    k1, k2, p1, p2, k3, k4, k5, k6 = np.concatenate([coefficients, np.zeros(8 - len(coefficients))])
    x, y = rays[..., 0], rays[..., 1]
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    sideways = 2 * (p1 * y + p2 * x)
    return np.stack([x * (radial + sideways) + p2 * r2, y * (radial + sideways) + p1 * r2], axis=-1)


def undistort(landed: np.ndarray, coefficients: np.ndarray, *, fisheye: bool = False) -> np.ndarray:
    """Find the straight rays that land at given places, by Newton's method.

    Parameters
    ----------
    landed
        Distorted normalised coordinates, shape (n, 2).
    coefficients, fisheye
        The lens, as in :func:`distort`.

    Returns
    -------
    numpy.ndarray
        Normalised coordinates, shape (n, 2). NaN stays NaN, and so becomes a place that no ray reaches: a
        polynomial with barrel distortion folds back at some radius, and beyond it means nothing.
    """
    landed = np.asarray(landed, dtype=float)
    rays = np.full_like(landed, np.nan)
    todo = np.flatnonzero(np.isfinite(landed).all(axis=1))
    guess = _first_guess(landed[todo], fisheye=fisheye)
    for _ in range(NEWTON_STEPS):
        if not len(todo):
            break
        there, slope, _ = distort(guess, coefficients, fisheye=fisheye)
        missing = landed[todo] - there
        # The axes of a lens without skew never turn: a determinant below zero is beyond the fold.
        determinant = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
        is_sane = (determinant > 0) & (slope[:, 0, 0] + slope[:, 1, 1] > 0)
        is_done = is_sane & (np.abs(missing).max(axis=1) < CONVERGED * (1 + np.abs(landed[todo]).max(axis=1)))
        rays[todo[is_done]] = guess[is_done]
        keep = is_sane & ~is_done
        todo, guess, slope, missing = todo[keep], guess[keep], slope[keep], missing[keep]
        # By Cramer's rule: a slope may be too flat for a solver, which refuses all of them then.
        step = np.stack(
            [
                slope[:, 1, 1] * missing[:, 0] - slope[:, 0, 1] * missing[:, 1],
                slope[:, 0, 0] * missing[:, 1] - slope[:, 1, 0] * missing[:, 0],
            ],
            axis=1,
        )
        guess = guess + step / determinant[keep, None]
    return rays


def _first_guess(landed: np.ndarray, *, fisheye: bool) -> np.ndarray:
    """Start on the side of the solution from which Newton's steps do not overshoot."""
    if not fisheye:
        return landed.copy()
    radius = np.linalg.norm(landed, axis=1, keepdims=True)
    angle = np.minimum(radius, 1.4)  # just short of 90°, where the tangent ends
    return landed * np.where(radius > SMALL_RADIUS, np.tan(angle) / np.maximum(radius, SMALL_RADIUS), 1.0)


def _pinhole(rays: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = rays[:, 0], rays[:, 1]
    k1, k2, p1, p2, k3, k4, k5, k6 = np.concatenate([coefficients, np.zeros(8 - len(coefficients))])
    r2 = x * x + y * y
    above = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    radial = above / below
    landed = np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=1,
    )
    growth = (k1 + r2 * (2 * k2 + r2 * 3 * k3) - radial * (k4 + r2 * (2 * k5 + r2 * 3 * k6))) / below
    crossed = 2 * x * y * growth + 2 * p1 * x + 2 * p2 * y
    by_ray = np.empty((len(rays), 2, 2))
    by_ray[:, 0, 0] = radial + 2 * x * x * growth + 2 * p1 * y + 6 * p2 * x
    by_ray[:, 1, 1] = radial + 2 * y * y * growth + 6 * p1 * y + 2 * p2 * x
    by_ray[:, 0, 1] = by_ray[:, 1, 0] = crossed
    tangential = np.stack(
        [np.stack([2 * x * y, r2 + 2 * y * y], 1), np.stack([r2 + 2 * x * x, 2 * x * y], 1)], 2
    )
    powers = np.stack([r2, r2**2, r2**3], axis=1)
    upper = rays[:, :, None] * (powers / below[:, None])[:, None]
    lower = -rays[:, :, None] * (powers * (radial / below)[:, None])[:, None]
    by_coefficient = np.concatenate([upper[:, :, :2], tangential, upper[:, :, 2:], lower], axis=2)
    return landed, by_ray, by_coefficient[:, :, : len(coefficients)]


def _fisheye(rays: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r = np.maximum(np.linalg.norm(rays, axis=1), SMALL_RADIUS)
    angle = np.arctan(r)
    powers = angle[:, None] ** np.array([3, 5, 7, 9])
    bent = angle + powers @ coefficients
    slope = 1 + (np.array([3, 5, 7, 9]) * angle[:, None] ** np.array([2, 4, 6, 8])) @ coefficients
    scale = bent / r
    # scale depends on the ray through its length only: d scale / d ray = growth · ray
    growth = (slope / (1 + r * r) - scale) / (r * r)
    growth = np.where(
        r > 1e-5, growth, 2 * (coefficients[0] - 1 / 3)
    )  # the limit; the quotient cancels there
    by_ray = scale[:, None, None] * np.eye(2) + growth[:, None, None] * rays[:, :, None] * rays[:, None, :]
    by_coefficient = rays[:, :, None] * (powers / r[:, None])[:, None]
    return rays * scale[:, None], by_ray, by_coefficient
