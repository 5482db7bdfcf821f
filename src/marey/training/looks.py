"""A measure of how alike two looks at animals are, learned from tracklets, without labels.

Two looks of one tracklet, some time apart, show one animal; looks of two tracklets that overlap in time show
two. The directions in which the second kind of pair differs most in terms of the first are found in closed
form (Fisher's discriminant on pairs, as in Xiang, Nie and Zhang, Learning a Mahalanobis distance metric for
data clustering and classification, Pattern Recognition 2008). Stretches of time that nothing was learned
from say which of these directions hold.

Animals that keep to places of their own differ in the ground and the light around them, too. So two animals
are compared where they are no farther apart than one animal comes from itself; where they never are, nothing
is learned.
"""

from dataclasses import dataclass

import numpy as np

from marey.tracking.detections import blocks_of, distance, mean_point

Part = tuple[np.ndarray, np.ndarray]
"""Frames and slots of the detections of a tracklet."""

# An animal is seen clearly when no other one's middle is nearer than this share of its size.
CLEAR_SHARE = 0.6
# Of every so many detections one is looked at; of every tracklet a few.
STEP = 3
FEWEST_LOOKS = 3
MOST_LOOKS = 20_000
USUAL_LOOKS = 6_000
# Looks of a tracklet so many frames apart are of different moments.
APART_FRAMES = 15
PARTNERS = 3
# Every third of these stretches of time is a witness.
LEAST_BLOCK_FRAMES = 60
N_BLOCKS = 15
_FEWEST_PAIRS = 50
_MOST_COMPONENTS = 200
_COMPONENT_LOOKS = 1500
_LOOKS_AT_A_TIME = 2048
_MOST_AXES = 8
_SHRINKAGE = 0.1
# Two animals must differ so much more than one from itself, in variance, for a direction to be used: in all
# witnesses together, and by less in nearly each of them, for what animals do in a minute is no chance sample.
LEAST_RATIO = 1.5
LEAST_RATIO_OF_ONE = 1.2
FEWEST_WITNESSES = 3
_AGREEING_SHARE = 0.8
_FEWEST_PAIRS_OF_ONE = 15


@dataclass(frozen=True)
class Looks:
    """Which detections are looked at, in order of time.

    Parameters
    ----------
    frame, slot, tracklet
        Of each look, shape (n,).
    is_clear
        Whether the animal is seen without another one near it, shape (n,).
    place
        Where it is, (x, y), shape (n, 2).
    """

    frame: np.ndarray
    slot: np.ndarray
    tracklet: np.ndarray
    is_clear: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: np.ndarray) -> "Looks":
        """Return some of the looks."""
        return Looks(
            *(getattr(self, name)[rows] for name in ("frame", "slot", "tracklet", "is_clear", "place"))
        )


def choose_looks(parts: list[Part], points: np.ndarray, size: float) -> Looks:
    """Choose detections to look at: those that are seen clearly, evenly along each tracklet.

    Parameters
    ----------
    parts
        The tracklets.
    points
        Shape (n_frames, n_slots, n_keypoints, 2), with NaN.
    size
        Length of an animal, pixels.
    """
    middle, space = np.empty((*points.shape[:2], 2)), np.empty(points.shape[:2])
    n_known = np.empty(points.shape[:2], dtype=np.int32)
    for block in blocks_of(points):
        middle[block] = mean_point(points[block])
        space[block] = _space_around(middle[block])
        n_known[block] = np.isfinite(points[block, ..., 0]).sum(axis=2)
    least_known = max(2, np.median(n_known[n_known > 0]) / 2)
    step = max(STEP, sum(len(frames) for frames, _ in parts) // USUAL_LOOKS)
    rows: list[tuple[int, int, int, bool]] = []
    for number in sorted(range(len(parts)), key=lambda i: -len(parts[i][0])):
        if len(rows) >= MOST_LOOKS:
            break
        frames, slots = parts[number]
        room = space[frames, slots]
        is_usable = n_known[frames, slots] >= 2
        clear = np.flatnonzero((room > CLEAR_SHARE * size) & (n_known[frames, slots] >= least_known))
        chosen = clear[:: max(1, min(step, len(clear) // FEWEST_LOOKS))].tolist()
        if len(chosen) < FEWEST_LOOKS:  # better a look that shows others, too, than none
            rest = [i for i in np.argsort(-room, kind="stable") if is_usable[i] and i not in set(chosen)]
            rows += [
                (int(frames[i]), int(slots[i]), number, False) for i in rest[: FEWEST_LOOKS - len(chosen)]
            ]
        rows += [(int(frames[i]), int(slots[i]), number, True) for i in chosen]
    frame, slot, tracklet, is_clear = np.array(sorted(rows), dtype=int).reshape(-1, 4).T
    return Looks(frame, slot, tracklet, is_clear.astype(bool), middle[frame, slot])


def _space_around(middle: np.ndarray) -> np.ndarray:
    """Return how far the nearest other animal is, (n_frames, n_slots), from their middles (..., 2)."""
    space = np.full(middle.shape[:2], np.inf)
    for slot in range(middle.shape[1]):
        apart = distance(np.delete(middle, slot, axis=1), middle[:, slot, None])
        apart = np.where(np.isfinite(apart), apart, np.inf)
        space[:, slot] = apart.min(axis=1, initial=np.inf)
    return space


def witness_frames(n_frames: int) -> np.ndarray:
    """Return in which frames nothing may be learned, so that they can tell what holds; bool, (n_frames,)."""
    block = max(LEAST_BLOCK_FRAMES, n_frames // N_BLOCKS)
    return (np.arange(n_frames) // block) % 3 == 2


@dataclass(frozen=True)
class Likeness:
    """A map to a few numbers in which animals differ.

    Parameters
    ----------
    middle, scale
        Of each feature, shape (n_features,).
    axes
        Shape (n_features, n_axes).
    separation
        How often, in the witnesses, two looks at different animals differ more than two at the same one.
    """

    middle: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    separation: float

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Map features (n, n_features) to float32 (n, n_axes)."""
        return _embedded(features, self.middle, self.scale, self.axes).astype(np.float32)


def learn_likeness(
    features: np.ndarray, looks: Looks, parts: list[Part], is_witness: np.ndarray, *, seed: int
) -> Likeness | None:
    """Learn what tells these animals apart, or find that nothing does.

    Parameters
    ----------
    features
        Of each look, shape (n, n_features).
    looks, parts
        The looks, and the tracklets they are of.
    is_witness
        From :func:`witness_frames`.
    seed
        Of the choice of pairs.

    Returns
    -------
    Likeness or None
        None where there are too few looks, or where what was learned does not hold in the witnesses.
    """
    rng = np.random.default_rng(seed)
    learning = np.flatnonzero(looks.is_clear & ~is_witness[looks.frame])
    telling = np.flatnonzero(looks.is_clear & is_witness[looks.frame])
    same, other = _pairs(looks, parts, learning, rng)
    same_told, other_told = _pairs(looks, parts, telling, rng)
    if min(map(len, (same, other, same_told, other_told))) < _FEWEST_PAIRS:
        return None
    middle, scale = _middle_and_scale(features, learning)
    sample = learning[:: max(1, len(learning) // _COMPONENT_LOOKS)]
    components = _components(_scaled(features[sample], middle, scale), len(learning))
    reduced = _embedded(features, middle, scale, components)
    turned = _discriminant(
        reduced[same[:, 0]] - reduced[same[:, 1]], reduced[other[:, 0]] - reduced[other[:, 1]]
    )
    directions, embedded = components @ turned, reduced @ turned
    within, between = (
        (embedded[pairs[:, 0]] - embedded[pairs[:, 1]]) ** 2 for pairs in (same_told, other_told)
    )
    blocks = [
        np.cumsum(np.diff(is_witness, prepend=False))[looks.frame[p[:, 0]]] for p in (same_told, other_told)
    ]
    holds = _holds(within, between, *blocks)
    if not holds.any():
        return None
    width = np.sqrt(within.mean(axis=0)[holds])
    separation = _separation(within[:, holds] / width**2, between[:, holds] / width**2)
    return Likeness(middle, scale, (directions[:, holds] / width).astype(np.float32), separation)


def _holds(
    within: np.ndarray, between: np.ndarray, within_block: np.ndarray, between_block: np.ndarray
) -> np.ndarray:
    """Return which directions tell two animals apart in the witnesses, all together and one by one.

    Parameters
    ----------
    within, between
        Squared differences of pairs of one animal, and of two, (n, n_axes) each.
    within_block, between_block
        The witness that each pair is of, (n,) each.
    """
    ratios = [
        between[between_block == block].mean(axis=0) / within[within_block == block].mean(axis=0)
        for block in np.intersect1d(within_block, between_block)
        if min((within_block == block).sum(), (between_block == block).sum()) >= _FEWEST_PAIRS_OF_ONE
    ]
    if len(ratios) < FEWEST_WITNESSES:
        return np.zeros(within.shape[1], dtype=bool)
    agree = (np.array(ratios) >= LEAST_RATIO_OF_ONE).mean(axis=0) >= _AGREEING_SHARE
    return agree & (between.mean(axis=0) >= LEAST_RATIO * within.mean(axis=0))


def _scaled(features: np.ndarray, middle: np.ndarray, scale: np.ndarray) -> np.ndarray:
    # (a picture that is half of something else must not be worth a hundred others)
    return np.clip((features.astype(np.float32) - middle) / scale, -6, 6)


def _embedded(features: np.ndarray, middle: np.ndarray, scale: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return features (n, n_features) along axes (n_features, n_axes); few at a time, there are many."""
    parts = [
        _scaled(features[start : start + _LOOKS_AT_A_TIME], middle, scale) @ axes
        for start in range(0, len(features), _LOOKS_AT_A_TIME)
    ]
    return np.concatenate(parts) if parts else np.empty((0, axes.shape[1]))


def _middle_and_scale(features: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each feature in some rows; the deviation is kept off zero."""
    blocks = [rows[start : start + _LOOKS_AT_A_TIME] for start in range(0, len(rows), _LOOKS_AT_A_TIME)]
    middle = sum(features[some].astype(np.float64).sum(axis=0) for some in blocks) / len(rows)
    squares = sum(((features[some] - middle) ** 2).sum(axis=0) for some in blocks) / len(rows)
    scale = np.sqrt(squares).astype(np.float32)
    return middle.astype(np.float32), scale + 0.05 * float(scale.mean()) + 1e-6


def _pairs(
    looks: Looks, parts: list[Part], chosen: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of looks at the same animal, and at two that are no farther apart, (n, 2) each."""
    by_tracklet: dict[int, np.ndarray] = {}
    for number in np.unique(looks.tracklet[chosen]):
        by_tracklet[int(number)] = chosen[looks.tracklet[chosen] == number]
    first = np.array([frames[0] for frames, _ in parts])
    last = np.array([frames[-1] for frames, _ in parts])
    numbers = np.array(list(by_tracklet), dtype=int)
    same: list[tuple[int, int]] = []
    other: list[tuple[int, int]] = []
    for number, own in by_tracklet.items():
        overlaps = (np.minimum(last[numbers], last[number]) > np.maximum(first[numbers], first[number])) & (
            numbers != number
        )
        rivals = [by_tracklet[int(n)] for n in numbers[overlaps]]
        pool = np.concatenate(rivals) if rivals else np.empty(0, dtype=int)
        for look in own:
            far = own[np.abs(looks.frame[own] - looks.frame[look]) >= APART_FRAMES]
            some = rng.choice(far, min(PARTNERS, len(far)), replace=False) if len(far) else far
            same += [(look, int(i)) for i in some]
            other += [(look, int(i)) for i in _nearest(looks.place, look, pool, rng)]
    one, two = (np.array(found, dtype=int).reshape(-1, 2) for found in (same, other))
    if not len(one) or not len(two):
        return one, two
    apart, across = (np.linalg.norm(looks.place[p[:, 0]] - looks.place[p[:, 1]], axis=1) for p in (one, two))
    return one, two[across <= np.quantile(apart, 0.9)]


def _nearest(place: np.ndarray, look: int, those: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose a few of `those`: of some drawn by chance the nearest to a look."""
    drawn = rng.choice(those, min(4 * PARTNERS, len(those)), replace=False) if len(those) else those
    apart = np.linalg.norm(place[drawn] - place[look], axis=1)
    return drawn[np.argsort(apart, kind="stable")[:PARTNERS]]


def _components(known: np.ndarray, n_looks: int) -> np.ndarray:
    """Return the main directions of looks, (n_features, n_components): fewer than there are looks."""
    sample = known.astype(np.float64)
    sample = sample - sample.mean(axis=0)
    values, vectors = np.linalg.eigh(sample @ sample.T)
    n = max(2, min(_MOST_COMPONENTS, n_looks // 3, len(sample) - 1))
    values, vectors = values[::-1][:n], vectors[:, ::-1][:, :n]
    return sample.T @ vectors / np.sqrt(np.maximum(values, 1e-9))


def _discriminant(within: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Return the directions of largest ratio of `between` to `within`, (n_components, n_axes)."""
    from scipy.linalg import eigh

    inner, outer = (d.T @ d / len(d) for d in (within, between))
    n = len(inner)
    inner = (1 - _SHRINKAGE) * inner + _SHRINKAGE * np.trace(inner) / n * np.eye(n)
    n_axes = min(_MOST_AXES, n)
    _, vectors = eigh(outer, inner, subset_by_index=(n - n_axes, n - 1))
    return vectors[:, ::-1]


def _separation(within: np.ndarray, between: np.ndarray) -> float:
    """Return how often a pair of two animals is farther apart than one of the same, in [0, 1]."""
    from scipy.stats import rankdata

    apart = np.concatenate([within.sum(axis=1), between.sum(axis=1)])
    ranks = rankdata(apart)[len(within) :]
    n_pairs = len(within) * len(between)
    return float((ranks.sum() - len(between) * (len(between) + 1) / 2) / n_pairs)
