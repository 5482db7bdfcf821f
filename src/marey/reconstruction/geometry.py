"""Vectors and angles on arrays whose last axis is (x, y, z); a vector without length gives NaN."""

from __future__ import annotations

import numpy as np

MIN_LENGTH = 1e-12


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return `vectors` with length 1, NaN where they have none."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > MIN_LENGTH, length, np.nan)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the scalar product along the last axis."""
    return (a * b).sum(axis=-1)


def across(vectors: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return the part of `vectors` that is perpendicular to the unit vector `axis`."""
    return vectors - dot(vectors, axis)[..., None] * axis


def wrap_degrees(angles: np.ndarray) -> np.ndarray:
    """Return angles in [-180, 180)."""
    return (angles + 180.0) % 360.0 - 180.0


def frame_from(forward: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return right-handed axes: x along `forward`, y as near to `left` as it can be, z = x × y.

    Parameters
    ----------
    forward, left
        Shape (..., 3), of any length, not parallel.

    Returns
    -------
    numpy.ndarray
        The axes as columns, shape (..., 3, 3).
    """
    x = unit(forward)
    y = unit(across(left, x))
    return np.stack([x, y, np.cross(x, y)], axis=-1)
