"""Angles of joints from points: flexion, rotation about an axis, about the normal of a joint, and chains.

The kinds and their names are those of Anipose (Karashchuk et al. 2021, Cell Reports 36, 109730). All
functions take points of shape (..., 3) and return degrees; where a point is missing or a direction is not
defined, NaN.

Rotations about an axis need a direction that counts as zero. Anipose takes the world's x axis, so that its
values change when the animal turns; here it is the x axis of the frame that is given, which may be the
body's.
"""

from __future__ import annotations

import numpy as np

from marey.reconstruction.geometry import across, dot, unit, wrap_degrees

NEARLY_PARALLEL = 1e-6


def flexion(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the angle at `b` between `a` and `c`: 180 for a straight limb, 0 for one folded onto itself.

    >>> round(float(flexion(np.array([1.0, 0, 0]), np.zeros(3), np.array([0.0, 2, 0]))), 9)
    90.0
    """
    first, second = unit(a - b), unit(c - b)
    # The arc tangent keeps its precision near 0 and 180 degrees, where the arc cosine loses half of it.
    return np.degrees(2 * np.arctan2(_length(first - second), _length(first + second)))


def axis_rotation(a: np.ndarray, b: np.ndarray, c: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return how far the limb from `c` to `b` is turned about the axis from `b` to `a`, in [-180, 180].

    Parameters
    ----------
    a, b, c
        Points, shape (..., 3).
    frame
        Axes as columns, shape (..., 3, 3); its x axis, seen along the axis, is zero.
    """
    return _azimuth(b - c, unit(a - b), frame)


def cross_axis_rotation(a: np.ndarray, b: np.ndarray, c: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return how far the line from `a` to `c` is turned about the normal of the plane of the three points."""
    return _azimuth(c - a, unit(np.cross(a - b, b - c)), frame)


def chain_rotations(points: np.ndarray, signs: np.ndarray, frame: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rotations along a chain of joints, each relative to the limb before it.

    Every limb carries a frame: z along the limb, x in the plane in which the next joint bends, to the side
    given by its sign. The first limb's rotation from `frame` to its own is split as R = Rx(abduction) ·
    Ry(flexion) · Rz(rotation). At every later joint it is Ry · Rz alone: the joint bends by 180° - |flexion|
    and the limb beyond is then twisted.

    Parameters
    ----------
    points
        The joints from the body outwards, shape (..., n_joints, 3), at least two.
    signs
        1 or -1 for each joint, shape (n_joints,): -1 where the joint bends the other way.
    frame
        What the first limb is related to; axes as columns, shape (..., 3, 3).

    Returns
    -------
    dict
        ``"flex"``, ``"rot"`` and ``"abduct"``, each of shape (..., n_joints - 1). ``rot`` is NaN for the last
        limb, beyond which nothing bends, and ``abduct`` for all but the first.
    """
    n_limbs = points.shape[-2] - 1
    axes = _limb_frames(points, signs)
    found = {name: np.full((*points.shape[:-2], n_limbs), np.nan) for name in ("flex", "rot", "abduct")}
    first = np.swapaxes(frame, -1, -2) @ axes[..., 0, :, :]
    found["flex"][..., 0] = np.degrees(np.arcsin(np.clip(first[..., 0, 2], -1, 1)))
    found["abduct"][..., 0] = np.degrees(np.arctan2(-first[..., 1, 2], first[..., 2, 2]))
    if n_limbs > 1:
        found["rot"][..., 0] = np.degrees(np.arctan2(-first[..., 0, 1], first[..., 0, 0]))
    for joint in range(1, n_limbs):
        bend = flexion(points[..., joint - 1, :], points[..., joint, :], points[..., joint + 1, :])
        found["flex"][..., joint] = signs[joint] * bend
        if joint < n_limbs - 1:
            turn = np.swapaxes(axes[..., joint - 1, :, :], -1, -2) @ axes[..., joint, :, :]
            twist = np.degrees(np.arctan2(turn[..., 1, 0], turn[..., 1, 1]))
            # A chain that zigzags in a plane, as legs do, counts as not twisted.
            found["rot"][..., joint] = wrap_degrees(twist + 180.0)
    return found


def _limb_frames(points: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return the frame of each limb, axes as columns, shape (..., n_limbs, 3, 3)."""
    along = unit(np.diff(points, axis=-2))
    side = np.empty_like(along)
    side[..., :-1, :] = along[..., 1:, :] * signs[1:-1, None]
    side[..., -1, :] = _some_side(along[..., -1, :])
    x = unit(across(side, along))
    return np.stack([x, np.cross(along, x), along], axis=-1)


def _some_side(along: np.ndarray) -> np.ndarray:
    """Return a direction that is not along the limb, for the last limb, which has nothing to bend towards."""
    is_along_x = np.abs(along[..., :1]) > 1 - NEARLY_PARALLEL
    return np.where(is_along_x, np.array([0.0, 1, 0]), np.array([1.0, 0, 0]))


def _azimuth(vectors: np.ndarray, axis: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return the angle of `vectors` about `axis`, from the x axis of `frame`, in [-180, 180]."""
    zero = across(np.broadcast_to(frame[..., :, 0], axis.shape), axis)
    x = unit(np.where(_length(zero)[..., None] > NEARLY_PARALLEL, zero, np.nan))
    y = np.cross(axis, x)
    return np.degrees(np.arctan2(dot(vectors, y), dot(vectors, x)))


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)
