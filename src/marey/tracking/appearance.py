"""What tells animals apart besides where they are: lengths of the body, and embeddings where there are any.

Nothing is labelled for this. What one animal's features do from one time to another is measured between
stretches of the same tracklet; what they do between animals, on tracklets that overlap in time and so must be
two. Only what differs more between animals than within one counts.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from marey.scratch import let_go
from marey.tracking.detections import distance

# Detections in a row are nearly the same picture: so many of them count as one.
ALIKE_DETECTIONS = 10.0
# The most that appearance may say about one link, in nats: features drift in ways that were not measured.
MOST_NATS = 8.0
# Stretches of tracklets that teach what differs.
TEACHING_DETECTIONS = 40
MOST_LENGTHS = 12
# What was learned from the recording itself must tell animals apart by so much more, in variance, than one
# animal varies, in stretches that it was not learned from.
LEAST_RATIO = 1.5
_FEWEST_PAIRS = 6
_MOST_CHUNKS = 400
# More detections than this of one tracklet do not say more about its middle.
_MOST_DETECTIONS = 20_000
# More of them than this at once come from many places of a long recording.
_FEW_DETECTIONS = 1000


@dataclass(frozen=True)
class Appearance:
    """The features of tracklets, and what differences between them mean.

    Parameters
    ----------
    means
        Whitened features of each tracklet, shape (n_tracklets, n_features); NaN where unknown.
    weights
        How many independent looks are behind each, shape (n_tracklets,). Short tracklets in a row are the
        same look again: each of them has a part of one.
    same, different
        Variance of the difference of two long tracklets of one animal, and of two animals, (n_features,).
    look
        Variance of a single independent look, shape (n_features,).
    """

    means: np.ndarray
    weights: np.ndarray
    same: np.ndarray
    different: np.ndarray
    look: np.ndarray

    def only(self, kept: np.ndarray) -> "Appearance":
        """Return some of the features, bool, shape (n_features,)."""
        rest = (one[kept] for one in (self.same, self.different, self.look))
        return Appearance(self.means[:, kept], self.weights, *rest)

    def evidence(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the log likelihood ratio of "one animal" against "two" for pairs of tracklets, (n,)."""
        weights = self.weights[:, None]
        return self.compare(self.means[before], weights[before], self.means[after], weights[after])

    def compare(
        self, means: np.ndarray, weights: np.ndarray, other_means: np.ndarray, other_weights: np.ndarray
    ) -> np.ndarray:
        """Return the same for whitened features and looks, each (n, n_features); shape (n,).

        What is known at all is one look at least.
        """
        if not self.means.shape[1]:
            return np.zeros(len(means))
        is_known = (weights > 0) & (other_weights > 0)
        noise = self.look * (1 / np.maximum(weights, 1.0) + 1 / np.maximum(other_weights, 1.0))
        difference2 = np.where(is_known, (means - other_means) ** 2, np.nan)
        one, two = self.same + noise, self.different + noise
        ratio = 0.5 * (np.log(two / one) + difference2 / two - difference2 / one)
        return np.clip(np.nansum(ratio, axis=1), -MOST_NATS, MOST_NATS)


class Traits(Protocol):
    """Something that animals may be told apart by, known of detections."""

    @property
    def n_features(self) -> int:
        """How many numbers it is."""

    @property
    def is_witness(self) -> np.ndarray | None:
        """In which frames it may be measured what differences mean, shape (n_frames,); None for all.

        Where features were learned from the recording, those that they were not learned from.
        """

    @property
    def teaching(self) -> int:
        """Detections of the stretches of tracklets that teach what differs."""

    def at(self, frames: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return the features of some detections, shape (n, n_features); NaN where unknown."""


@dataclass(frozen=True)
class Features:
    """Traits that have been worked out for all detections.

    Parameters
    ----------
    values
        Shape (n_frames, n_slots, n_features); NaN where unknown.
    is_witness, teaching
        See :class:`Traits`.
    """

    values: np.ndarray
    is_witness: np.ndarray | None = None
    teaching: int = TEACHING_DETECTIONS

    @property
    def n_features(self) -> int:
        """How many numbers it is."""
        return self.values.shape[2]

    def at(self, frames: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return the features of some detections, shape (n, n_features)."""
        return self.values[frames, slots]


@dataclass(frozen=True)
class BodyLengths:
    """Logarithms of distances between keypoints, and what else is known of detections.

    Parameters
    ----------
    points
        Of all detections, shape (n_frames, n_slots, n_keypoints, 2).
    pairs
        Keypoints between which distances are taken.
    others
        Further features, shape (n_frames, n_slots, n_others).
    """

    points: np.ndarray
    pairs: list[tuple[int, int]]
    others: np.ndarray
    is_witness: None = None
    teaching: int = TEACHING_DETECTIONS

    @classmethod
    def choose(cls, points: np.ndarray, others: np.ndarray) -> "BodyLengths":
        """Take the :data:`MOST_LENGTHS` distances that vary the least: they are the most like bones."""
        sample = points[:: max(1, len(points) // 2000)].reshape(-1, *points.shape[2:])
        pairs = list(combinations(range(points.shape[2]), 2))
        variation = []
        for a, b in pairs:
            length = np.linalg.norm(sample[:, a] - sample[:, b], axis=-1)
            length = length[np.isfinite(length)]
            middle = np.median(length) if len(length) else 0.0
            is_measured = len(length) > 0.5 * np.isfinite(sample[..., 0]).any(axis=1).sum() and middle > 0
            variation.append(np.median(np.abs(length - middle)) / middle if is_measured else np.inf)
        steadiest = np.argsort(variation)[:MOST_LENGTHS]
        return cls(points, [pairs[i] for i in steadiest if np.isfinite(variation[i])], others)

    @property
    def n_features(self) -> int:
        """How many numbers it is."""
        return len(self.pairs) + self.others.shape[2]

    def at(self, frames: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return the features of some detections, shape (n, n_features)."""
        seen, features = self.points[frames, slots], np.empty((len(frames), self.n_features))
        if len(frames) > _FEW_DETECTIONS:
            let_go(self.points)
        ends = np.array(self.pairs, dtype=int).reshape(-1, 2)
        apart = distance(seen[:, ends[:, 0]], seen[:, ends[:, 1]])
        features[:, : len(ends)] = np.log(np.maximum(apart, 0.5))
        features[:, len(self.pairs) :] = self.others[frames, slots]
        return features


def learn_appearance(parts: list[tuple[np.ndarray, np.ndarray]], *features: Traits) -> Appearance:
    """Measure tracklets' features, and what differences in them mean.

    Parameters
    ----------
    parts
        Frames and slots of each tracklet.
    features
        Of several kinds, each of which is measured by itself: one may be known of a tracklet without another.
    """
    kinds = [_learn_kind(parts, kind) for kind in features]
    return Appearance(
        np.concatenate([kind.means for kind in kinds], axis=1),
        kinds[0].weights,
        *(np.concatenate([getattr(kind, name) for kind in kinds]) for name in ("same", "different", "look")),
    )


def _learn_kind(parts: list[tuple[np.ndarray, np.ndarray]], kind: Traits) -> Appearance:
    n_features = kind.n_features
    weights = np.array([len(frames) / ALIKE_DETECTIONS for frames, _ in parts])
    means = np.full((len(parts), n_features), np.nan)
    for row, (frames, slots) in enumerate(parts):
        some = slice(None, None, max(1, len(frames) // _MOST_DETECTIONS))
        means[row] = _middle(kind.at(frames[some], slots[some]))
    nothing = Appearance(np.empty((len(parts), 0)), weights, *(np.empty(0) for _ in range(3)))
    if not n_features:
        return nothing
    chunks = _chunks(parts, kind)
    within, between = _differences(chunks)
    if len(within) < _FEWEST_PAIRS or len(between) < _FEWEST_PAIRS:
        return nothing
    look = np.nanmean([chunk.variance for chunk in chunks], axis=0)
    axes = _whitening(within, look)
    same = ((within @ axes) ** 2).mean(axis=0) + 1e-9
    different = np.maximum(((between @ axes) ** 2).mean(axis=0), same)
    seen = Appearance(means @ axes, weights, same, different, (axes**2 * look[:, None]).sum(axis=0))
    return seen if kind.is_witness is None else seen.only(different >= LEAST_RATIO * same)


def _middle(values: np.ndarray) -> np.ndarray:
    """Return the median of each column that is known at least once."""
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)  # what is missing comes last
    n, columns = (~np.isnan(values)).sum(axis=0), np.arange(values.shape[1])
    return 0.5 * (ordered[np.maximum(n - 1, 0) // 2, columns] + ordered[n // 2, columns])


@dataclass(frozen=True)
class _Chunk:
    tracklet: int
    first: int
    last: int
    mean: np.ndarray
    variance: np.ndarray


def _chunks(parts: list[tuple[np.ndarray, np.ndarray]], kind: Traits) -> list[_Chunk]:
    """Cut the longest tracklets into stretches that teach, at most a few hundred."""
    n = kind.teaching
    longest = sorted(range(len(parts)), key=lambda i: -len(parts[i][0]))
    chunks: list[_Chunk] = []
    for i in longest:
        frames, slots = parts[i]
        if kind.is_witness is not None:
            seen = kind.is_witness[frames]
            frames, slots = frames[seen], slots[seen]
        starts = range(0, len(frames) - n + 1, n)
        for start in list(starts)[:: max(1, len(starts) // 60)]:
            rows = slice(start, start + n)
            values = kind.at(frames[rows], slots[rows])
            if np.isfinite(values).any(axis=0).all():
                first, last = int(frames[rows][0]), int(frames[rows][-1])
                chunks.append(_Chunk(i, first, last, _middle(values), np.nanvar(values, axis=0)))
        if len(chunks) > _MOST_CHUNKS:
            break
    return chunks


def _differences(chunks: list[_Chunk]) -> tuple[np.ndarray, np.ndarray]:
    """Return differences of means within tracklets, and between those that overlap in time, (n, F) each."""
    within, between = [], []
    for a, b in combinations(chunks, 2):
        if a.tracklet == b.tracklet:
            within.append(a.mean - b.mean)
        elif min(a.last, b.last) > max(a.first, b.first):
            between.append(a.mean - b.mean)
    return np.array(within), np.array(between)


def _whitening(within: np.ndarray, look: np.ndarray) -> np.ndarray:
    """Return axes along which one animal's features vary independently and by about 1."""
    n_features = within.shape[1]
    covariance = within.T @ within / len(within) + np.diag(look / ALIKE_DETECTIONS)
    # With few tracklets the correlations are guesses: they are believed as far as there are witnesses.
    trust = len(within) / (len(within) + n_features)
    covariance = trust * covariance + (1 - trust) * np.diag(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance)
    return vectors / np.sqrt(np.maximum(values, 1e-12))
