"""Tracklets joined into tracks by one optimisation over the whole recording.

Every tracklet has at most one successor. The sum of the log likelihood ratios "the same animal" against "one
has left, another one has come" is made as large as possible: an assignment problem, the special case of the
minimum-cost flow of Zhang, Li and Nevatia, "Global data association for multi-object tracking using network
flows" (CVPR 2008), in which tracklets are taken as given. Long recordings are linked a few thousand tracklets
at a time (:func:`link_in_order`).

How far an animal strays in a gap of so many frames is measured on the recording itself: inside tracklets,
where it is known who is who.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from marey.scratch import let_go
from marey.tracking.appearance import Appearance
from marey.tracking.detections import blocks_of
from marey.tracking.motion import PERSISTENCE
from marey.tracking.online import HEAVY_TAILS, WITNESSES

# Detections at the end of a tracklet from which its position and velocity are taken.
END_DETECTIONS = 6
# Evidence, in nats, that it takes to believe that an animal has left and another one has come.
TURNOVER_NATS = 6.0
# What each frame in which the animal was not found speaks against a link.
ABSENCE_NATS = 0.02
# The most successors that are considered for a tracklet.
MOST_CANDIDATES = 96
GAPS = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
_SAMPLES_PER_GAP = 200
# Made-up gaps from which on it is said how independent the keypoints are.
_FEWEST_MISSES = 20
# So many tracklets are linked at a time, in view of so many that begin later.
SETTLED, AHEAD = 2000, 1000
# Long recordings have millions of pairs of tracklets, each with all its keypoints.
_PAIRS_AT_A_TIME = 10_000
_ENDS_AT_A_TIME = 1000


@dataclass(frozen=True)
class Ends:
    """Where tracklets begin and end.

    Parameters
    ----------
    first, last
        Frames, shape (n,).
    n_frames
        Detections of each, shape (n,).
    start, stop
        Points at both ends, shape (n, n_keypoints, 2).
    start_velocity, stop_velocity
        Pixels a frame, shape (n, n_keypoints, 2).
    """

    first: np.ndarray
    last: np.ndarray
    n_frames: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    start_velocity: np.ndarray
    stop_velocity: np.ndarray


@dataclass(frozen=True)
class Stray:
    """How far animals are from where their motion on both sides of a gap lets expect them.

    Parameters
    ----------
    spread_px
        Scale for each of :data:`GAPS`.
    area
        Square pixels that the animals use.
    witnesses
        As how many independent ones the keypoints of an animal count, for each of :data:`GAPS`: in a moment
        each has an error of its own, in a second they have moved together.
    """

    spread_px: np.ndarray
    area: float
    witnesses: np.ndarray

    def scale(self, gap: np.ndarray) -> np.ndarray:
        """Return the scale for gaps of so many frames; beyond what was measured it grows with the root."""
        within = np.interp(np.log(np.maximum(gap, 1)), np.log(GAPS), self.spread_px)
        return within * np.sqrt(np.maximum(1.0, gap / GAPS[-1]))

    def n_witnesses(self, gap: np.ndarray) -> np.ndarray:
        """Return as how many independent ones the keypoints count after gaps of so many frames."""
        return np.interp(np.log(np.maximum(gap, 1)), np.log(GAPS), self.witnesses)


def members(tracklets: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the frames and slots of every tracklet, in order.

    Parameters
    ----------
    tracklets
        The number of the one that each detection belongs to, shape (n_frames, n_slots); -1 for an empty slot.
    """
    frames, slots = (places.astype(np.int32) for places in np.nonzero(tracklets >= 0))
    labels = tracklets[frames, slots]
    order = np.argsort(labels, kind="stable")
    limits = np.searchsorted(labels[order], np.arange(tracklets.max(initial=-1) + 2))
    return [(frames[order[a:b]], slots[order[a:b]]) for a, b in itertools.pairwise(limits)]


def tracks_of(chains: Sequence[Sequence[int]], tracklets: np.ndarray) -> np.ndarray:
    """Return the track that each detection is in, shape (n_frames, n_slots); -1 for none.

    Parameters
    ----------
    chains
        The tracklets of each track.
    tracklets
        The one that each detection belongs to, shape (n_frames, n_slots); -1 for an empty slot.
    """
    track = np.full(tracklets.max(initial=-1) + 2, -1, dtype=np.int32)  # the last is that of empty slots
    for number, chain in enumerate(chains):
        track[chain] = number
    return track[tracklets]


def measure_ends(parts: list[tuple[np.ndarray, np.ndarray]], points: np.ndarray) -> Ends:
    """Measure both ends of tracklets given by :func:`members`."""
    start, stop = (np.empty((2, len(parts), points.shape[2], 2)) for _ in range(2))
    for low in range(0, len(parts), _ENDS_AT_A_TIME):
        some = slice(low, low + _ENDS_AT_A_TIME)
        heads = [(frames[:END_DETECTIONS], slots[:END_DETECTIONS]) for frames, slots in parts[some]]
        tails = [
            (frames[::-1][:END_DETECTIONS], slots[::-1][:END_DETECTIONS]) for frames, slots in parts[some]
        ]
        start[:, some], stop[:, some] = _end_states(heads, points), _end_states(tails, points)
        let_go(points)
    return Ends(
        first=np.array([frames[0] for frames, _ in parts], dtype=int),
        last=np.array([frames[-1] for frames, _ in parts], dtype=int),
        n_frames=np.array([len(frames) for frames, _ in parts], dtype=int),
        start=start[0],
        stop=stop[0],
        start_velocity=start[1],
        stop_velocity=stop[1],
    )


def _end_states(ends: list[tuple[np.ndarray, np.ndarray]], points: np.ndarray) -> np.ndarray:
    """Return points and velocity at ends of tracklets, by straight lines, shape (2, n, n_keypoints, 2).

    Parameters
    ----------
    ends
        Frames and slots of at most :data:`END_DETECTIONS` detections of each, the outermost first.
    points
        Of all detections.
    """
    frames, slots = np.zeros((2, len(ends), END_DETECTIONS), dtype=int)
    is_one = np.zeros(frames.shape, dtype=bool)
    for row, (at, slot) in enumerate(ends):
        frames[row, : len(at)], slots[row, : len(at)], is_one[row, : len(at)] = at, slot, True
    seen = np.where(is_one[..., None, None], points[frames, slots], np.nan)
    time = (frames - frames[:, :1])[..., None].astype(float)
    known = np.isfinite(seen[..., 0])
    n = known.sum(axis=1)
    filled = np.where(known[..., None], seen, 0)
    mean_time = np.where(known, time, 0).sum(1) / np.maximum(n, 1)
    mean = filled.sum(1) / np.maximum(n, 1)[..., None]
    offset = np.where(known, time - mean_time[:, None], 0)
    # One more observation of "at rest" keeps the slope of two or three points sober.
    slope = (offset[..., None] * (filled - mean[:, None])).sum(1) / ((offset**2).sum(1) + 2.0)[..., None]
    place = mean - slope * mean_time[..., None]
    place = np.where(np.isfinite(seen[:, 0]), 0.5 * (place + seen[:, 0]), place)
    is_known = (n > 0)[..., None]
    return np.stack([np.where(is_known, place, np.nan), np.where(is_known, slope, 0.0)])


def reach(gap: np.ndarray) -> np.ndarray:
    """Return how many frames' worth of its velocity an animal goes in so many frames."""
    return PERSISTENCE * (1 - PERSISTENCE**gap) / (1 - PERSISTENCE)


def misses(ends: Ends, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return by what each keypoint is off when both ends are carried to the middle of the gap, (n, K, 2)."""
    gap = (ends.first[after] - ends.last[before]).astype(float)
    half = reach(gap / 2)[:, None, None]
    here = ends.stop[before] + half * ends.stop_velocity[before]
    there = ends.start[after] - half * ends.start_velocity[after]
    return here - there


def measure_stray(
    parts: list[tuple[np.ndarray, np.ndarray]], points: np.ndarray, *, least_px: float
) -> Stray:
    """Measure on the longer tracklets what :func:`misses` gives across made-up gaps."""
    spread, witnesses = np.full((2, len(GAPS)), np.nan)
    long = sorted((p for p in parts if len(p[0]) > 2 * END_DETECTIONS), key=lambda p: -len(p[0]))[:200]
    total = sum(len(frames) for frames, _ in long)
    for number, gap in enumerate(GAPS):
        halves = []
        for frames, slots in long:
            share = max(1, round(_SAMPLES_PER_GAP * len(frames) / max(1, total)))
            places = np.linspace(END_DETECTIONS, len(frames) - END_DETECTIONS - 1, share + 2)[1:-1].astype(
                int
            )
            for place in np.unique(places):
                end = int(np.searchsorted(frames, frames[place] + gap))
                if end + END_DETECTIONS <= len(frames):
                    halves.append((frames[: place + 1], slots[: place + 1]))
                    halves.append((frames[end:], slots[end:]))
        if len(halves) < 20:
            continue
        ends = measure_ends(halves, points)
        missed = misses(ends, np.arange(0, len(halves), 2), np.arange(1, len(halves), 2))
        witnesses[number] = independent_witnesses(missed)
        apart = np.linalg.norm(missed, axis=-1)
        apart = apart[np.isfinite(apart)]
        if len(apart):
            # The scale of the heavy-tailed distribution, so that both its middle and its tail are met.
            spread[number] = max(np.median(apart) / 1.34, np.quantile(apart, 0.9) / 2.9)
    seen = np.flatnonzero(np.isfinite(spread))
    if not len(seen):
        spread = 2 * least_px * np.sqrt(GAPS)
    else:
        grown = spread[seen[-1]] * np.sqrt(GAPS / GAPS[seen[-1]])
        spread = np.where(GAPS[seen[-1]] < GAPS, grown, np.interp(GAPS, GAPS[seen], spread[seen]))
    low, high = np.full((2, 2), np.nan)
    for rows in blocks_of(points):
        flat = points[rows].reshape(-1, 2)
        low = np.fmin(low, np.fmin.reduce(flat, axis=0))
        high = np.fmax(high, np.fmax.reduce(flat, axis=0))
    width, height = high - low
    least_area = (20 * least_px) ** 2
    return Stray(
        np.maximum.accumulate(np.maximum(spread, least_px)),
        max(width * height, least_area),
        _witnesses_of_gaps(witnesses, points.shape[2]),
    )


def independent_witnesses(missed: np.ndarray) -> float:
    """Return as how many independent ones keypoints count that are off by `missed`, (n, n_keypoints, 2).

    The mean of so many independent errors would vary as their mean does. Errors are cut at three times the
    usual one, since single keypoints jump; NaN where nothing can be said.
    """
    whole = missed[np.isfinite(missed).all(axis=(1, 2))]
    if len(whole) < _FEWEST_MISSES:
        return np.nan
    usual = max(float(np.median(np.linalg.norm(whole, axis=-1))), 1e-9)
    cut = np.clip(whole, -3 * usual, 3 * usual)
    return float((cut**2).mean() / max((cut.mean(axis=1) ** 2).mean(), 1e-9))


def _witnesses_of_gaps(measured: np.ndarray, n_keypoints: int) -> np.ndarray:
    """Return witnesses for each of :data:`GAPS`, never more after a longer gap."""
    seen = np.flatnonzero(np.isfinite(measured))
    if not len(seen):
        return np.full(len(GAPS), min(WITNESSES, max(1, n_keypoints)))
    within = np.interp(GAPS, GAPS[seen], measured[seen])
    return np.clip(np.minimum.accumulate(within), 1.0, n_keypoints)


def evidence(
    ends: Ends, before: np.ndarray, after: np.ndarray, stray: Stray, appearance: Appearance
) -> np.ndarray:
    """Return for pairs of tracklets the log likelihood ratio that they are one animal, shape (n,)."""

    def weigh(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return motion_evidence(ends, one, other, stray) + appearance.evidence(one, other)

    return weigh_in_parts(weigh, before, after)


def weigh_in_parts(
    weigh: Callable[[np.ndarray, np.ndarray], np.ndarray], before: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """Return what `weigh` says of pairs, shape (n,), asked about few enough of them at a time for memory."""
    weights = np.empty(len(before))
    for start in range(0, len(before), _PAIRS_AT_A_TIME):
        some = slice(start, start + _PAIRS_AT_A_TIME)
        weights[some] = weigh(before[some], after[some])
    return weights


def motion_evidence(ends: Ends, before: np.ndarray, after: np.ndarray, stray: Stray) -> np.ndarray:
    """Return the part of :func:`evidence` that is about where the animals are, shape (n,)."""
    gap = (ends.first[after] - ends.last[before]).astype(float)
    scale = np.minimum(stray.scale(gap), np.sqrt(stray.area) / 2)[:, None]
    apart = np.linalg.norm(misses(ends, before, after), axis=-1)
    tails = (HEAVY_TAILS + 2) / 2 * np.log1p((apart / scale) ** 2 / HEAVY_TAILS)
    each = np.log(stray.area / (2 * np.pi)) - 2 * np.log(scale) - tails
    known = np.isfinite(each)
    n_known = known.sum(axis=1)
    motion = np.where(known, each, 0).sum(axis=1) / np.maximum(n_known, 1)
    motion *= np.minimum(stray.n_witnesses(gap), n_known)
    return motion - ABSENCE_NATS * (gap - 1)


def link_in_order(
    ends: Ends,
    link: Callable[[np.ndarray, int], tuple[dict[int, int], set[int]]],
    max_gap: int | None = None,
    *,
    settled: int = SETTLED,
    ahead: int = AHEAD,
) -> tuple[dict[int, int], set[int]]:
    """Link tracklets in the order in which they begin, so that few possible links are weighed at a time.

    Those that begin `ahead` are linked as well, and again in the next step: what comes afterwards decides how
    a tangle was left. What is settled ends in one tracklet for each track, which the next step begins with.
    Where all animals are followed for long within what is ahead, links are those of the whole recording.

    Parameters
    ----------
    ends
        Of all tracklets.
    link
        Returns successors, and who is left out, of some tracklets, shape (n,); of these the first so many,
        its second argument, are where tracks have come to: none is left out or the successor of another.
    max_gap
        The longest gap, frames, after which tracks can go on; None where there is none.
    settled, ahead
        How many tracklets.
    """
    order = np.argsort(ends.first, kind="stable")
    links: dict[int, int] = {}
    left_out: set[int] = set()
    newest = order[:0]
    for start in range(0, len(order), settled):
        some = order[start : start + settled + ahead]
        is_last = start + settled + ahead >= len(order)
        own, out = link(np.concatenate([newest, some]), len(newest))
        known = {*newest.tolist(), *(some if is_last else some[:settled]).tolist()}
        links |= {i: j for i, j in own.items() if j in known}
        left_out |= out & known
        if is_last:
            break
        newest = np.array(sorted(known - out - links.keys()), dtype=order.dtype)
        if max_gap is not None:
            newest = newest[ends.last[newest] >= ends.first[order[start + settled]] - max_gap]
    return links, left_out


def candidates(first: np.ndarray, last: np.ndarray, max_gap: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of tracklets of which the second begins soon after the first ends.

    Parameters
    ----------
    first, last
        Frames of each tracklet, shape (n,).
    max_gap
        In frames; None for gaps of any length.
    """
    order = np.argsort(first, kind="stable").astype(np.int32)  # there may be millions of pairs
    firsts = first[order]
    low = np.searchsorted(firsts, last, side="right")
    high = np.minimum(low + MOST_CANDIDATES, len(order))
    if max_gap is not None:
        high = np.minimum(high, np.searchsorted(firsts, last + max_gap, side="right"))
    counts = high - low
    before = np.repeat(np.arange(len(low), dtype=np.int32), counts)
    # The place of each pair in the order: one after the other from `low` on.
    places = np.arange(counts.sum(), dtype=np.int32)
    places += np.repeat((low - np.cumsum(counts) + counts).astype(np.int32), counts)
    return before, order[places]


def best_links(
    n: int, before: np.ndarray, after: np.ndarray, gains: np.ndarray, *, bonus: float
) -> dict[int, int]:
    """Return the successor of each tracklet that has one: the links of the largest total gain.

    Parameters
    ----------
    n
        How many tracklets there are.
    before, after, gains
        The links that are possible, and what each speaks for it, in nats.
    bonus
        Added to every gain; only links that then gain anything are made.
    """
    gains = gains + bonus
    is_useful = gains > 0
    before, after, gains = before[is_useful], after[is_useful], gains[is_useful]
    if not len(before):
        return {}
    # Each tracklet may also end: a column of its own, at no cost. Weights are kept off zero, which would
    # mean "no link" in a sparse matrix.
    largest = float(gains.max())
    rows = np.concatenate([before, np.arange(n)])
    columns = np.concatenate([after, n + np.arange(n)])
    weights = np.concatenate([largest - gains, np.full(n, largest)]) + 1.0
    pairs = min_weight_full_bipartite_matching(csr_array((weights, (rows, columns)), shape=(n, 2 * n)))
    return {int(row): int(column) for row, column in zip(*pairs, strict=True) if column < n}


def follow(tracklet: int, links: Mapping[int, int]) -> list[int]:
    """Return the chain of tracklets that begins with one, given the successors of those that have any."""
    chain = [tracklet]
    while chain[-1] in links:
        chain.append(links[chain[-1]])
    return chain


def links_of_a_fixed_number(
    before: np.ndarray,
    after: np.ndarray,
    gains: np.ndarray,
    worth: np.ndarray,
    n_animals: int,
    *,
    entry: float = 0.0,
) -> tuple[dict[int, int], set[int]]:
    """Return successors, and the tracklets that belong to no animal, so that there are `n_animals` tracks.

    The same minimum-cost flow with so many units, written as an assignment: the rows are what goes on
    (tracklets, and a source for each animal), the columns how it goes on (tracklets, and a sink for each
    animal). A tracklet given to itself is left out.

    Parameters
    ----------
    before, after, gains
        The links that are possible, and what speaks for each, in nats.
    worth
        What leaving a tracklet out loses, in nats, shape (n,).
    n_animals
        How many tracks there are at most.
    entry
        What speaks against each track, in nats.
    """
    n = len(worth)
    n_animals = min(n_animals, n)
    itself, animals = np.arange(n, dtype=np.int32), n + np.arange(n_animals, dtype=np.int32)
    to_sink = (np.repeat(itself, n_animals), np.tile(animals, n))
    idle = (np.repeat(animals, n_animals), np.tile(animals, n_animals))
    rows = np.concatenate([before, itself, to_sink[0], to_sink[1], idle[0]])
    columns = np.concatenate([after, itself, to_sink[1], to_sink[0], idle[1]])
    enters, leaves = np.full(len(to_sink[0]), entry), np.zeros(len(to_sink[0]))
    costs = np.concatenate([-gains, worth, leaves, enters, np.zeros(len(idle[0]))])
    # Zero would mean "no link" in a sparse matrix; a constant for every row changes nothing.
    costs -= costs.min()
    costs += 1.0
    size = n + n_animals
    pairs = min_weight_full_bipartite_matching(csr_array((costs, (rows, columns)), shape=(size, size)))
    links = {int(row): int(column) for row, column in zip(*pairs, strict=True) if max(row, column) < n}
    left_out = {row for row, column in links.items() if row == column}
    return {row: column for row, column in links.items() if row != column}, left_out
