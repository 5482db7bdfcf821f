"""Labels that contradict the anatomy which the other labels show: swapped sides, impossible lengths.

All functions take points of shape (n_animals, n_keypoints, 2), NaN where missing, and need no pixels.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from marey.model import Skeleton

MIN_ANIMALS = 6
"""Fewer do not show what is usual."""
MIN_AGREEMENT = 0.85
"""Share of animals in which an axis must see a pair the same way round, to be believed."""
SWAP_BELOW = -0.3
"""Mean sine, relative to the usual way round, below which a pair counts as swapped."""
MIN_RATIO = 1.6
"""How many times its usual length a limb must have to be suspicious."""
MIN_DEVIATIONS = 6.0
"""How many robust standard deviations it must be longer."""


def find_swaps(points: np.ndarray, skeleton: Skeleton) -> list[tuple[int, int]]:
    """Find left/right pairs that lie the wrong way round.

    Seen from above, the right ear is always on the same side of the line from tail to snout. Every line
    between two points that a swap leaves alone (keypoints without a partner, and the middles of pairs)
    that sees a pair the same way round in nearly all animals votes on the others, with the sine of the angle
    between the line and the pair. In a view in which the sides are seen in any order, no line is believed
    and nothing is found.

    Parameters
    ----------
    points
        Shape (n_animals, n_keypoints, 2).

    Returns
    -------
    list of (int, int)
        (animal, pair): positions in `points` and in ``skeleton.symmetries``.
    """
    if not skeleton.symmetries or len(points) < MIN_ANIMALS:
        return []
    pairs = [(skeleton.index(left), skeleton.index(right)) for left, right in skeleton.symmetries]
    paired = {i for pair in pairs for i in pair}
    middle = [points[:, i] for i in range(len(skeleton)) if i not in paired]
    middle += [(points[:, left] + points[:, right]) / 2 for left, right in pairs]
    axes = [_normalise(b - a) for a, b in combinations(middle, 2)]
    swaps = []
    for number, (left, right) in enumerate(pairs):
        across = _normalise(points[:, right] - points[:, left])
        votes = [_orient(_cross(axis, across)) for axis in axes]
        believed = [vote for vote in votes if vote is not None]
        if not believed:
            continue
        n_votes = np.sum(~np.isnan(believed), axis=0)
        mean = np.nansum(believed, axis=0) / np.maximum(n_votes, 1)
        swaps += [(int(animal), number) for animal in np.flatnonzero(mean < SWAP_BELOW)]
    return sorted(swaps)


def _orient(sines: np.ndarray) -> np.ndarray | None:
    """Return the sines with the usual sign made positive; None where there is no usual one."""
    known = sines[~np.isnan(sines)]
    if len(known) < MIN_ANIMALS:
        return None
    share = np.mean(known > 0)
    if max(share, 1 - share) < MIN_AGREEMENT:
        return None
    return sines if share > 0.5 else -sines


def find_long_limbs(points: np.ndarray, limbs: Sequence[tuple[int, int]]) -> list[tuple[int, int, float]]:
    """Find limbs that are much longer than they usually are.

    A limb looks short whenever it points at the camera, but never longer than it is, so only long ones are
    suspicious. What is usual is the median of all animals, and how much that varies the median absolute
    deviation, both of the logarithm.

    Parameters
    ----------
    points
        Shape (n_animals, n_keypoints, 2).
    limbs
        Pairs of keypoint positions.

    Returns
    -------
    list of (int, int, float)
        (animal, limb, ratio to the usual length): positions in `points` and in `limbs`.
    """
    found = []
    for number, (a, b) in enumerate(limbs):
        length = np.linalg.norm(points[:, a] - points[:, b], axis=1)
        is_known = length > 0  # false for NaN
        if is_known.sum() < MIN_ANIMALS:
            continue
        log_length = np.log(length, where=is_known, out=np.full(len(length), np.nan))
        usual = np.nanmedian(log_length)
        spread = 1.4826 * np.nanmedian(np.abs(log_length - usual))
        limit = max(np.log(MIN_RATIO), MIN_DEVIATIONS * spread)
        found += [
            (int(animal), number, float(np.exp(log_length[animal] - usual)))
            for animal in np.flatnonzero(log_length - usual > limit)
        ]
    return sorted(found)


def find_coinciding(points: np.ndarray, distance_px: float = 0.5) -> list[tuple[int, int, int]]:
    """Find keypoints of one animal that lie on top of each other.

    Returns
    -------
    list of (int, int, int)
        (animal, keypoint, keypoint), positions in `points`.
    """
    found = []
    for a, b in combinations(range(points.shape[1]), 2):
        distance = np.linalg.norm(points[:, a] - points[:, b], axis=1)
        found += [(int(animal), a, b) for animal in np.flatnonzero(distance < distance_px)]
    return sorted(found)


def _normalise(vectors: np.ndarray) -> np.ndarray:
    """Return unit vectors; NaN for those without a length."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, where=lengths > 0, out=np.full_like(vectors, np.nan))


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
