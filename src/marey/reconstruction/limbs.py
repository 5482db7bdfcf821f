"""Which distances within the body stay the same, how long they are, and how constant; all learned.

Candidates are the edges of the skeleton or, where there is none, the Gabriel graph of the keypoints (Gabriel
and Sokal 1969): two are joined if no third one lies in the sphere between them. A candidate's length is its
median, and its own variation what is left of its spread when the expected errors of its ends are taken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marey.reconstruction.noise import persistence

MIN_FRAMES = 10
CONSTANT_BELOW = 0.01
"""Relative variation below which a limb counts as constant."""
NEARLY_BELOW = 0.2
"""Relative variation above which two keypoints are not held together by anything."""
STIFFNESS = 0.003
"""How much a constant limb may still vary, relative to its length."""
SOFTNESS = 0.03
"""How much a limb varies at least that somebody called nearly constant."""
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Limb:
    """Two keypoints at a known distance.

    Parameters
    ----------
    a, b
        Positions of the keypoints.
    length
        In the unit of the world.
    spread
        Standard deviation of the length, same unit; wider where deviations last for several frames.
    is_constant
        Whether it counts as bone.
    """

    a: int
    b: int
    length: float
    spread: float
    is_constant: bool


def limb_lengths(points: np.ndarray, a: int, b: int) -> np.ndarray:
    """Return the distance between two keypoints of `points`, (n_frames, n_keypoints, 3)."""
    return np.linalg.norm(points[:, b] - points[:, a], axis=-1)


def learn_limbs(
    points: np.ndarray,
    covariance: np.ndarray,
    candidates: Sequence[tuple[int, int]],
    *,
    constant: Sequence[tuple[int, int]] = (),
    nearly_constant: Sequence[tuple[int, int]] = (),
) -> list[Limb]:
    """Return the limbs among `candidates`, and those that are named as such.

    Parameters
    ----------
    points, covariance
        Shapes (n_frames, n_keypoints, 3) and (n_frames, n_keypoints, 3, 3); better smoothed, so that errors
        do not hide how the limbs vary.
    candidates
        Pairs of keypoints that may be limbs; those whose distance varies freely are left out.
    constant, nearly_constant
        Pairs of keypoints that are limbs of this kind, whatever the data says.
    """
    named = {tuple(sorted(pair)): True for pair in constant}
    named |= {tuple(sorted(pair)): False for pair in nearly_constant if tuple(sorted(pair)) not in named}
    limbs = []
    for a, b in dict.fromkeys([*named, *(tuple(sorted(pair)) for pair in candidates)]):
        lengths = limb_lengths(points, a, b)
        known = np.isfinite(lengths)
        if known.sum() < MIN_FRAMES:
            continue
        length = float(np.median(lengths[known]))
        spread = MAD_TO_SIGMA * float(np.median(np.abs(lengths[known] - length)))
        noise = _noise_of(points[known], covariance[known], a, b)
        own = float(np.sqrt(max(spread**2 - noise**2, 0.0)))
        if (a, b) in named:
            own = 0.0 if named[a, b] else max(own, SOFTNESS * length)
        elif own > NEARLY_BELOW * length or length == 0:
            continue
        # A slow bend is seen in many frames and yet is one deviation, not many.
        lasting = persistence((lengths - length)[None, :, None, None])[0]
        spread = max(own * np.sqrt(lasting), STIFFNESS * length)
        limbs.append(Limb(a, b, length, float(spread), own < CONSTANT_BELOW * length))
    return limbs


def _noise_of(points: np.ndarray, covariance: np.ndarray, a: int, b: int) -> float:
    """Return the usual standard deviation of a length that comes from the errors of its ends."""
    along = points[:, b] - points[:, a]
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
    variance = np.einsum("ta,tab,tb->t", along, covariance[:, a] + covariance[:, b], along)
    return float(np.sqrt(np.nanmedian(variance)))


def neighbourhood_graph(points: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of keypoints with no third one in the sphere between them, by median distances.

    Parameters
    ----------
    points
        Shape (n_frames, n_keypoints, 3).
    """
    n = points.shape[1]
    distance = np.full((n, n), np.nan)
    for a in range(n):
        for b in range(a):
            lengths = limb_lengths(points, a, b)
            if np.isfinite(lengths).sum() >= MIN_FRAMES:
                distance[a, b] = distance[b, a] = np.nanmedian(lengths)
    pairs = []
    for a in range(n):
        for b in range(a + 1, n):
            is_between = distance[a] ** 2 + distance[b] ** 2 < distance[a, b] ** 2  # False where unknown
            if np.isfinite(distance[a, b]) and not is_between.any():
                pairs.append((a, b))
    return pairs
