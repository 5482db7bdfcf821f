"""Joints: where tracks go from one tracklet to the next, and what would speak for exchanging their rests.

Links between tracklets are chosen by what their two ends say. A tracklet of a few frames, in the middle of a
tangle, says little about who it is, and what the tracks looked like long before and after is lost on the way
through it. Here the stretches on both sides of a joint are compared, over several tracklets.
"""

import itertools
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marey.tracking.appearance import Appearance
from marey.tracking.crossings import Crossings, Exchange
from marey.tracking.linking import Ends, Stray, follow, motion_evidence, weigh_in_parts

# Two tracks may be exchanged where their gaps are at most so many frames apart.
SLACK_FRAMES = 3
# A stretch reaches so many independent looks back or ahead.
STRETCH_LOOKS = 30.0
# Tracks are exchanged for at least so much more evidence, so that chance does not turn them to and fro.
LEAST_GAIN = 1.0
_MOST_ROUNDS = 20
# A track is exchanged once in so many frames in a round.
NEAR_FRAMES = 600
# Exchanges that would lose less than this by the ends of tracklets are looked at closer.
OPEN_NATS = 20.0

Chains = list[list[int]]


@dataclass(frozen=True)
class Joints:
    """All joints of some tracks, in order of time.

    Parameters
    ----------
    track, place
        The track, and after how many of its tracklets the joint is, shape (n,).
    frame, until
        The last row before and the first one after it, shape (n,).
    own
        What speaks for the track to go on as it does, in nats, shape (n,).
    rivals
        Pairs of joints at which two tracks could be exchanged, shape (n_pairs, 2).
    losses
        What exchanging them would lose, in nats, shape (n_pairs,).
    """

    track: np.ndarray
    place: np.ndarray
    frame: np.ndarray
    until: np.ndarray
    own: np.ndarray
    rivals: np.ndarray
    losses: np.ndarray


def measure_joints(
    chains: Chains, ends: Ends, stray: Stray, appearance: Appearance, crossings: Crossings | None = None
) -> Joints:
    """Find the joints of tracks, each given by its tracklets in order of time.

    Where the ends of tracklets leave it open whether two tracks should be exchanged, `crossings` looks
    closer.
    """
    rows = np.array(
        [
            (track, place + 1, before, after)
            for track, chain in enumerate(chains)
            for place, (before, after) in enumerate(itertools.pairwise(chain))
        ],
        dtype=int,
    ).reshape(-1, 4)
    rows = rows[np.argsort(ends.last[rows[:, 2]], kind="stable")]
    track, place, before, after = rows.T
    frame, until = ends.last[before], ends.first[after]
    looks = _Looks.of(chains, track, place, appearance)

    def by_motion(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return motion_evidence(ends, before[one], after[other], stray)

    everything = np.arange(len(rows))
    moved, looked = (weigh_in_parts(weigh, everything, everything) for weigh in (by_motion, looks.evidence))
    rivals = _rivals(track, frame, until)
    a, b = rivals.T
    is_possible = (ends.first[after[b]] > ends.last[before[a]]) & (
        ends.first[after[a]] > ends.last[before[b]]
    )
    rivals = rivals[is_possible]
    a, b = rivals.T
    losses, by_looks = (
        own[a] + own[b] - weigh_in_parts(weigh, a, b) - weigh_in_parts(weigh, b, a)
        for own, weigh in ((moved, by_motion), (looked, looks.evidence))
    )
    span = np.maximum(until[a], until[b]) - np.minimum(frame[a], frame[b])
    if crossings is not None:
        is_open = (losses + by_looks < OPEN_NATS) & (span <= crossings.longest)
        exchanges = [
            Exchange(*(tuple(values[[i, j]].tolist()) for values in (track, place, frame, until)))
            for i, j in rivals[is_open]
        ]
        losses[is_open] = crossings.losses(chains, exchanges)
    return Joints(track, place, frame, until, moved + looked, rivals, losses + by_looks)


def reconsider(
    chains: Chains, ends: Ends, stray: Stray, appearance: Appearance, crossings: Crossings | None = None
) -> Chains:
    """Exchange the rests of two tracks wherever more speaks for it than against it."""
    chains = [list(chain) for chain in chains]
    for _ in range(_MOST_ROUNDS):
        joints = measure_joints(chains, ends, stray, appearance, crossings)
        following = {one: other for chain in chains for one, other in itertools.pairwise(chain)}
        touched: dict[int, list[int]] = defaultdict(list)
        for pair in np.argsort(joints.losses):
            if joints.losses[pair] > -LEAST_GAIN:
                break
            two = joints.rivals[pair].tolist()
            tracks, frame = [int(joints.track[i]) for i in two], int(joints.frame[two[0]])
            # What speaks for an exchange is measured anew after one that is near.
            if any(abs(frame - other) < NEAR_FRAMES for track in tracks for other in touched[track]):
                continue
            for track in tracks:
                touched[track].append(frame)
            one, other = (chains[track][joints.place[i] - 1] for track, i in zip(tracks, two, strict=True))
            following[one], following[other] = following[other], following[one]
        if not touched:
            break
        chains = [follow(chain[0], following) for chain in chains]
    return chains


def _rivals(track: np.ndarray, frame: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Return the pairs of joints of different tracks that are at about the same time, shape (n, 2)."""
    pairs = array("q")  # there may be millions
    going: list[int] = []
    for number in range(len(track)):
        going = [other for other in going if until[other] + SLACK_FRAMES >= frame[number]]
        for other in going:
            if track[other] != track[number]:
                pairs.extend((other, number))
        going.append(number)
    return np.array(pairs, dtype=int).reshape(-1, 2)


@dataclass(frozen=True)
class _Looks:
    """What tracks look like in the stretches before and after each joint: means and independent looks."""

    appearance: Appearance
    before: tuple[np.ndarray, np.ndarray]
    after: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(
        cls, chains: Sequence[Sequence[int]], track: np.ndarray, place: np.ndarray, appearance: Appearance
    ) -> "_Looks":
        n_features = appearance.means.shape[1]
        sides = [np.full((len(track), n_features), np.nan) for _ in range(2)]
        weights = [np.zeros((len(track), n_features)) for _ in range(2)]
        for number in np.unique(track):
            chain, own = np.array(chains[number]), np.flatnonzero(track == number)
            backwards = slice(None, None, -1)
            n = len(chain)
            for side, order, places in ((0, chain[backwards], n - place[own]), (1, chain, place[own])):
                sides[side][own], weights[side][own] = _stretches(order, places, appearance)
        return cls(appearance, (sides[0], weights[0]), (sides[1], weights[1]))

    def evidence(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        return self.appearance.compare(
            self.before[0][before], self.before[1][before], self.after[0][after], self.after[1][after]
        )


def _stretches(
    chain: np.ndarray, places: np.ndarray, appearance: Appearance
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and looks of what follows each place of a chain, (n, n_features) each."""
    means = appearance.means[chain]
    weights = np.where(np.isfinite(means), appearance.weights[chain][:, None], 0.0)
    zero = np.zeros((1, means.shape[1]))
    looks = np.concatenate([zero, np.cumsum(weights, axis=0)])
    sums = np.concatenate([zero, np.cumsum(weights * np.nan_to_num(means), axis=0)])
    all_looks = np.concatenate([[0.0], np.cumsum(appearance.weights[chain])])
    stops = np.searchsorted(all_looks, all_looks[places] + STRETCH_LOOKS, side="left")
    stops = np.clip(stops, places + 1, len(chain))
    n = looks[stops] - looks[places]
    total = sums[stops] - sums[places]
    return np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0), n
