"""The linear solution: the point nearest to several rays, weighted, for many points at once.

A camera that sees a point X at the normalised image point (u, v) says (u · r3 - r1) · X = t1 - u · t3, and
the same for v: two linear equations (Hartley and Zisserman 2004, section 12.2, in its inhomogeneous form).
Their residual is the error in the image times the depth of the point, so the equations are solved a second
time with the weights divided by that depth (Hartley and Sturm 1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marey.reconstruction.sight import Sight

SINGULAR = 1e-12
N_PASSES = 2


def intersect(sight: Sight, rays: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the points where rays meet.

    Parameters
    ----------
    sight
        The cameras.
    rays
        Undistorted normalised coordinates, shape (n_cameras, n, 2).
    weights
        1 / standard deviation of each ray, in any common unit, shape (n_cameras, n); 0 leaves a ray out.

    Returns
    -------
    numpy.ndarray
        Shape (n, 3); NaN where fewer than two rays, or only parallel ones, are left.
    """
    is_used = (weights > 0) & np.isfinite(rays).all(axis=-1)
    origin = sight.centres.mean(axis=0)  # near the cameras, so that the equations are well conditioned
    u = np.where(is_used[..., None], rays, 0.0)
    third = sight.rotations[:, None, 2]
    rows = u[..., None] * third[:, :, None] - sight.rotations[:, None, :2]
    shifted = sight.translations + sight.rotations @ origin
    right = shifted[:, None, :2] - u * shifted[:, None, 2:]
    points = np.full((rays.shape[1], 3), np.nan)
    weight = np.where(is_used, weights, 0.0)
    for step in range(N_PASSES):
        if step:
            depth = np.abs(sight.in_cameras(points + origin)[..., 2])
            weight = np.where(is_used & (depth > 0), weights / np.where(depth > 0, depth, 1), 0.0)
            weight /= np.maximum(weight.max(axis=0, initial=0.0), 1e-300)
        square = weight**2
        points = times(invert_symmetric(normal_matrix(rows, square)), normal_vector(rows, square, right))
    points[is_used.sum(axis=0) < 2] = np.nan
    return points + origin


def normal_matrix(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Σ w · rowᵀ row over cameras and axes, entry by entry, which beats small matrix products.

    Parameters
    ----------
    rows
        Shape (n_cameras, n, 2, 3).
    weights
        Shape (n_cameras, n).

    Returns
    -------
    numpy.ndarray
        Shape (n, 3, 3).
    """
    matrix = np.empty((rows.shape[1], 3, 3))
    for a in range(3):
        for b in range(a + 1):
            both = rows[:, :, 0, a] * rows[:, :, 0, b] + rows[:, :, 1, a] * rows[:, :, 1, b]
            matrix[:, a, b] = matrix[:, b, a] = (weights * both).sum(axis=0)
    return matrix


def normal_vector(rows: np.ndarray, weights: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return Σ w · rowᵀ right, shape (n, 3), of rows (n_cameras, n, 2, 3) and right (n_cameras, n, 2)."""
    u, v = right[..., 0] * weights, right[..., 1] * weights
    sums = [(rows[:, :, 0, a] * u + rows[:, :, 1, a] * v).sum(axis=0) for a in range(3)]
    return np.stack(sums, axis=-1)


def times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the products of small matrices (n, 3, 3) and vectors (n, 3)."""
    return (matrices * vectors[:, None, :]).sum(axis=-1)


def invert_symmetric(matrices: np.ndarray) -> np.ndarray:
    """Return the inverses of symmetric 3×3 matrices, shape (..., 3, 3); NaN where there is none.

    By cofactors, which for many small matrices is several times faster than a factorisation.
    """
    a, b, c = matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 0, 2]
    d, e, f = matrices[..., 1, 1], matrices[..., 1, 2], matrices[..., 2, 2]
    cofactors = [d * f - e * e, c * e - b * f, b * e - c * d, a * f - c * c, b * c - a * e, a * d - b * b]
    determinant = a * cofactors[0] + b * cofactors[1] + c * cofactors[2]
    scale = (np.abs(a) + np.abs(d) + np.abs(f)) / 3
    is_regular = np.abs(determinant) > SINGULAR * scale**3
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q, r, s, t, u = (np.where(is_regular, value / determinant, np.nan) for value in cofactors)
    rows = [np.stack(row, axis=-1) for row in ((p, q, r), (q, s, t), (r, t, u))]
    return np.stack(rows, axis=-2)
