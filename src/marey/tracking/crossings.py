"""What speaks for exchanging two tracks at a moment, by everything that was seen of them around it.

Ends of tracklets say little where animals cross: a tracklet in a tangle has a few frames, and some of its
points are the other animal's. Here both ways of going on are followed with a motion model through all
detections around the moment, and their likelihoods are compared. The model's noise of motion is the one that
makes likeliest what certain stretches of the recording do, with made-up gaps in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from marey.scratch import let_go
from marey.tracking.detections import AROUND_FRAMES, blocks_of, frames_around
from marey.tracking.likelihood import Expected
from marey.tracking.linking import Stray, members, tracks_of
from marey.tracking.motion import MotionModel

# After gaps of so many times as long, the ends of tracklets say as much.
LONGEST_FOLLOWED = 3
# Shares of the acceleration that the online part allows for; it must not be surprised by lively moments.
ACCELERATIONS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12)
_LESSONS, _LONGEST_LESSON_GAP = 200, 20
_FEWEST_LESSONS = 20
_WINDOWS_AT_A_TIME = 500
# Neighbouring tracklets by which a moment that was judged before is recognised.
_NEIGHBOURS = 5


@dataclass(frozen=True)
class Exchange:
    """Two tracks that may be exchanged at a moment.

    Parameters
    ----------
    tracks
        Their numbers.
    places
        After how many of its tracklets each may go on as the other.
    frames, untils
        The last row of each before the moment, and the first one after it.
    """

    tracks: tuple[int, int]
    places: tuple[int, int]
    frames: tuple[int, int]
    untils: tuple[int, int]

    @property
    def span(self) -> int:
        """Frames from the last certain one to the first one after it."""
        return max(self.untils) - min(self.frames)


@dataclass(frozen=True)
class Crossings:
    """Judges exchanges of tracks.

    Parameters
    ----------
    points
        Of all detections, shape (n_frames, n_slots, n_keypoints, 2).
    tracklets
        The one that each detection belongs to, shape (n_frames, n_slots); -1 for an empty slot.
    expected
        Of the detections of one animal, from :func:`learn_crossings`.
    around
        Frames before and after a moment that are followed.
    """

    points: np.ndarray
    tracklets: np.ndarray
    expected: Expected
    around: int = AROUND_FRAMES
    _known: dict[tuple, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def longest(self) -> int:
        """The longest span of an exchange, frames, that is worth following."""
        return LONGEST_FOLLOWED * self.around

    def losses(self, chains: Sequence[Sequence[int]], exchanges: Sequence[Exchange]) -> np.ndarray:
        """Return how many nats less likely what was seen is if tracks are exchanged, (n,)."""
        keys = [_key(chains, one) for one in exchanges]
        new = {key: one for key, one in zip(keys, exchanges, strict=True) if key not in self._known}
        if new:
            tracks = tracks_of(chains, self.tracklets)
            waiting = sorted(new.items(), key=lambda item: item[1].span)
            n_at_a_time = max(1, _WINDOWS_AT_A_TIME * AROUND_FRAMES // self.around)
            for start in range(0, len(waiting), n_at_a_time):
                some = waiting[start : start + n_at_a_time]
                found = self._judge(tracks, [one for _, one in some])
                self._known.update(zip((key for key, _ in some), found.tolist(), strict=True))
                let_go(self.points)
        return np.array([self._known[key] for key in keys], dtype=float)

    def _judge(self, track_of: np.ndarray, exchanges: Sequence[Exchange]) -> np.ndarray:
        tracks, frames, untils = (
            np.array([getattr(one, name) for one in exchanges]) for name in ("tracks", "frames", "untils")
        )
        starts = frames.min(axis=1) - self.around + 1
        stops = np.minimum(untils.max(axis=1) + self.around, len(track_of))
        rows = starts[:, None] + np.arange((stops - starts).max())
        is_inside = (rows >= 0) & (rows < stops[:, None])
        rows = np.clip(rows, 0, len(track_of) - 1)
        here = np.where(is_inside[..., None], track_of[rows], -1)
        own = [_slots(here == tracks[:, [i], None]) for i in (0, 1)]
        is_before = [rows <= frames[:, [i]] for i in (0, 1)]
        is_after = [rows >= untils[:, [i]] for i in (0, 1)]
        turned = [np.where(is_before[i], own[i], np.where(is_after[1 - i], own[1 - i], -1)) for i in (0, 1)]
        as_is, exchanged = (
            np.sum([self._likelihood(rows, chosen) for chosen in pair], axis=0) for pair in (own, turned)
        )
        return as_is - exchanged

    def _likelihood(self, rows: np.ndarray, slots: np.ndarray) -> np.ndarray:
        points = np.where((slots >= 0)[..., None, None], self.points[rows, np.maximum(slots, 0)], np.nan)
        return self.expected.log_likelihood(points)


def _slots(is_track: np.ndarray) -> np.ndarray:
    """Return the slot of a track, (...), given whether each one is its, (..., n_slots); -1 for none."""
    return np.where(is_track.any(axis=-1), is_track.argmax(axis=-1), -1)


def _key(chains: Sequence[Sequence[int]], one: Exchange) -> tuple:
    return tuple(
        (*chains[track][max(0, place - _NEIGHBOURS) : place], -1, *chains[track][place : place + _NEIGHBOURS])
        for track, place in zip(one.tracks, one.places, strict=True)
    )


def learn_crossings(
    points: np.ndarray,
    tracklets: np.ndarray,
    model: MotionModel,
    stray: Stray,
    size: float,
    frame_rate: float,
) -> Crossings:
    """Find the noise of motion that makes long tracklets, with a gap made into each, likeliest.

    Parameters
    ----------
    points, tracklets
        As of :class:`Crossings`.
    model, stray, size
        What is known of how animals move, and their length, pixels.
    frame_rate
        Frames a second.
    """
    n_seen = n_animals = 0
    for rows in blocks_of(points):
        n_points = np.isfinite(points[rows, ..., 0]).sum(axis=2)
        n_seen, n_animals = n_seen + n_points.sum(), n_animals + (n_points > 0).sum()
    completeness = float(n_seen / max(1, n_animals * points.shape[2]))
    # Without long tracklets, what the model itself expects shortly after it saw an animal.
    usual = -float(np.log(2 * model.detection_px**2)) - 1
    expected = Expected(model, stray, size, completeness, usual)
    around = frames_around(frame_rate)
    lessons = _lessons(points, tracklets, around)
    if len(lessons) >= _FEWEST_LESSONS:
        models = [replace(model, acceleration_px=share * model.acceleration_px) for share in ACCELERATIONS]
        choices = [replace(expected, model=model) for model in models]
        expected = max(choices, key=lambda one: float(one.log_likelihood(lessons).sum()))
    if len(lessons):
        expected = replace(expected, usual=expected.usual_density(lessons))
    return Crossings(points, tracklets, expected, around)


def _lessons(points: np.ndarray, tracklets: np.ndarray, around: int) -> np.ndarray:
    """Return stretches of long tracklets with a gap in the middle, (n, 2 * around, n_keypoints, 2)."""
    length = 2 * around
    long = [part for part in members(tracklets) if len(part[0]) >= length]
    rng = np.random.default_rng(0)
    lessons = np.full((min(_LESSONS, 4 * len(long)), length, *points.shape[2:]), np.nan)
    for lesson in lessons:
        frames, slots = long[rng.integers(len(long))]
        start = rng.integers(len(frames) - length + 1)
        at = frames[start : start + length] - frames[start]
        known = at < length
        lesson[at[known]] = points[frames[start:][:length][known], slots[start:][:length][known]]
        lesson[around : around + rng.integers(_LONGEST_LESSON_GAP)] = np.nan
    return lessons
