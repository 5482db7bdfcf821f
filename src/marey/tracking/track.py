"""Tracks out of poses: who is who in every frame, and how sure that is."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, InputError
from marey.formats import save_poses_in_blocks
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.tracking.appearance import Appearance, BodyLengths, Features, learn_appearance
from marey.tracking.certainty import Doubt, find_doubts
from marey.tracking.crossings import Crossings, learn_crossings
from marey.tracking.detections import Detections, blocks_of, detections_from_poses, mean_point
from marey.tracking.joints import Joints, measure_joints, reconsider
from marey.tracking.linking import (
    TURNOVER_NATS,
    Ends,
    Stray,
    best_links,
    candidates,
    evidence,
    follow,
    link_in_order,
    links_of_a_fixed_number,
    measure_ends,
    measure_stray,
    members,
    tracks_of,
)
from marey.tracking.mending import mend
from marey.tracking.motion import MotionModel, learn_motion
from marey.tracking.naming import identity_features, names_of
from marey.tracking.online import OnlineTracker
from marey.tracking.reading import on_every_frame
from marey.tracking.rows import TrackRows

if TYPE_CHECKING:
    import xarray as xr

# A gap of more seconds than this is bridged only where nobody can have left. For as long, an animal that was
# lost may be the one that is found.
LONGEST_GAP_S = 4.0
USUAL_FPS, MOST_FPS = 30.0, 1e5
# Animals are covered for moments; where they were in the meantime is no secret.
LONGEST_FILLED_GAP_S = 1.0
# Without a given number, the animals are taken to be as many as in most frames, if there are more in hardly
# any: in at most this share of them.
MOST_CROWDED_SHARE = 0.02
# What each detection speaks for its tracklet being an animal at all, where the number of animals is fixed.
NATS_PER_DETECTION = 2.0
# What speaks for a tracklet that is certainly an animal's: more than any links can speak against it.
CERTAIN_NATS = 1e6
_REPORT_EVERY = 500

Describe = Callable[["xr.Dataset", list[tuple[np.ndarray, np.ndarray]]], Features | None]
"""Says what tells animals apart, given poses and the certain tracklets (frames and slots of each) in them."""


@dataclass(frozen=True)
class Tracking:
    """What :func:`track` finds.

    Parameters
    ----------
    rows
        The tracks, block by block.
    doubts
        Moments at which identities may have been exchanged, the likeliest first.
    n_tracklets
        How many certain stretches the tracks were put together from.
    n_animals
        The fixed number of animals; None where they come and go.
    n_taken_apart
        How many detections had been put together from two animals.
    n_doubles
        How many detections were left out because the animal was found twice in the frame.
    n_left_out
        How many others are in no track: more than there are animals, or seen too shortly.
    """

    rows: TrackRows
    doubts: list[Doubt]
    n_tracklets: int
    n_animals: int | None
    n_taken_apart: int
    n_doubles: int
    n_left_out: int

    @cached_property
    def poses(self) -> "xr.Dataset":
        """All rows in memory: an individual for each track, and ``identity_confidence (time, individual)``.

        Where a network told individuals apart, tracks have their names.
        """
        return next(self.rows.blocks(len(self.rows)))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the tracks in Marey's own netCDF, without holding them in memory.

        Raises
        ------
        AlreadyExistsError
            There is something at `path`, and `overwrite` is false.
        """
        save_poses_in_blocks(self.rows.blocks(), path, overwrite=overwrite)


def track(
    poses: "xr.Dataset",
    *,
    n_animals: int | None = None,
    can_leave: bool | None = None,
    features: np.ndarray | None = None,
    describe: Describe | None = None,
    min_frames: int = 2,
    max_gap_s: float = LONGEST_FILLED_GAP_S,
    take_apart: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Tracking:
    """Find out who is who.

    Parameters
    ----------
    poses
        Animals found in each frame; which individual one is filed under is ignored. Where they lie in an open
        file (:func:`load_animals`), they are read block by block.
    n_animals
        How many animals there are at a time: no frame has more. Left out: estimated where none can leave.
    can_leave
        Whether animals may come and go. Left out: not where `n_animals` is given, and not where most frames
        have the same number of animals and hardly any have more. If none can, and no number is given, there
        are as many as are found in more than one of fifty frames.
    features
        What else tells animals apart (an embedding), shape (n_frames, n_individuals, n_features).
    describe
        Asked for more of the kind once it is known which detections certainly belong together, see
        :class:`marey.training.appearance.VideoAppearance`.
    min_frames
        Tracks of fewer frames are left out, where animals are found in so many at all.
    max_gap_s
        Gaps of a track of at most so many seconds are filled in; what is filled in has confidence 0 and is
        marked, see :func:`marey.tracking.filling.fill_absences`. 0 fills none.
    take_apart
        Whether detections that were put together from two animals are taken apart, see
        :func:`marey.tracking.mending.mend`: more is found, in more pieces. All poses are then in memory. Not
        done where `features` are given.

    Raises
    ------
    ConfigError
        `n_animals` is not positive.
    InputError
        There is nothing in the poses, or they are in 3D; their frame rate is no number of frames a second; or
        few frames lie very far apart.
    """
    if n_animals is not None and n_animals < 1:
        raise ConfigError(f"expected at least one animal, got {n_animals}")
    frame_rate = _frame_rate(poses)
    poses = on_every_frame(poses) if features is None else poses
    poses, detections, n_mended = _detect(poses, n_animals, features, take_apart=take_apart)
    number = n_animals or usual_number(detections.is_there)
    is_closed = not can_leave if can_leave is not None else number is not None
    if is_closed:
        number = number or crowded_number(detections.is_there)
        detections = detections.with_neighbours(number, frame_rate)
    most = number if is_closed else n_animals
    motion = learn_motion(detections.points, detections.size)
    tracker = OnlineTracker(detections.points.shape[2], motion, detections.size, _longest_gap(frame_rate))
    tracklets = _follow(detections, tracker, progress)
    parts = members(tracklets)
    said = identity_features(poses)
    told = [said, None if describe is None else describe(poses, parts)]
    looks = [kind for kind in told if kind is not None]
    linked = _Linked.make(tracklets, parts, detections, looks, motion, frame_rate)
    chains = linked.chains(most, can_leave=not is_closed)
    chains = _long_enough(chains, parts, min(min_frames, int(detections.is_there.any(axis=1).sum())))
    doubts = find_doubts(linked.joints(chains))
    settings = {
        "n_animals": most,
        "can_leave": not is_closed,
        "min_frames": min_frames,
        "take_apart": take_apart,
        "told_apart": {
            "names": said is not None,
            "features": features is not None,
            "looks": told[1] is not None,
        },
    }
    found = {
        "n_taken_apart": n_mended,
        "n_doubles": len(detections.doubles),
        "n_left_out": sum(len(frames) for frames, _ in parts)
        - sum(len(parts[i][0]) for c in chains for i in c),
    }
    rows = TrackRows(
        poses,
        tracks_of(chains, tracklets),
        names_of(chains, parts, said, _known_names(poses)),
        doubts,
        round(max_gap_s * frame_rate),
        [("track", {**settings, "n_tracks": len(chains), **found})],
    )
    return Tracking(rows, doubts, len(parts), number if is_closed else None, **found)


def _detect(
    poses: "xr.Dataset", n_animals: int | None, features: np.ndarray | None, *, take_apart: bool
) -> "tuple[xr.Dataset, Detections, int]":
    """Return poses, the detections in them, and how many of these were taken apart."""
    detections = detections_from_poses(poses, features=features)
    if not take_apart or features is not None:
        return poses, detections, 0
    poses, n_mended = mend(poses, n_animals or usual_number(detections.is_there))
    return poses, detections_from_poses(poses) if n_mended else detections, n_mended


def _long_enough(
    chains: list[list[int]], parts: list[tuple[np.ndarray, np.ndarray]], n_least: int
) -> list[list[int]]:
    """Return the tracks that were seen in so many frames; the longest one in any case."""
    n_seen = [sum(len(parts[i][0]) for i in chain) for chain in chains]
    return [chain for chain, n in zip(chains, n_seen, strict=True) if n >= n_least] or chains[:1]


def _frame_rate(poses: "xr.Dataset") -> float:
    """Return the frames a second that poses state; the usual number where they state none."""
    stated = poses.attrs.get("fps", USUAL_FPS)
    try:
        rate = float(stated)
    except (TypeError, ValueError):
        rate = math.nan
    if not 0 < rate <= MOST_FPS:
        raise InputError(
            f"expected above 0 and up to {MOST_FPS:g} frames a second, but the poses say {stated}",
            hint="name the video that they are of, or correct the attribute `fps`",
        )
    return rate


def usual_number(is_there: np.ndarray) -> int | None:
    """Return the number of animals if it looks fixed, from which slots are filled, (n_frames, n_slots)."""
    counts = is_there.sum(axis=1)
    if not counts.any():
        return None
    number = int(np.bincount(counts[counts > 0]).argmax())
    is_usual = (counts == number).mean() >= 0.5
    return number if is_usual and (counts > number).mean() <= MOST_CROWDED_SHARE else None


def crowded_number(is_there: np.ndarray) -> int:
    """Return the smallest number that hardly any frame exceeds, from which slots are filled."""
    counts = is_there.sum(axis=1)
    return max(1, int(np.quantile(counts, 1 - MOST_CROWDED_SHARE, method="inverted_cdf")))


def _known_names(poses: "xr.Dataset") -> list[str]:
    """Return the names of the individuals that a network tells apart."""
    return [str(name) for name in poses["identity"].values] if "identity" in poses.coords else []


def _longest_gap(frame_rate: float) -> int:
    return round(LONGEST_GAP_S * frame_rate)


def _follow(detections: Detections, tracker: OnlineTracker, progress: ProgressCallback) -> np.ndarray:
    """Return the tracklet of each detection, shape (n_frames, n_slots); -1 for an empty slot."""
    is_there = detections.is_there
    labels = np.full(is_there.shape, -1, dtype=np.int32)
    for rows in blocks_of(detections.points):
        centers = mean_point(detections.points[rows])
        for frame in range(rows.start, rows.stop):
            there = is_there[frame]
            seen = detections.points[frame, there]
            labels[frame, there] = tracker.step(frame, seen, centers[frame - rows.start, there])
            if frame % _REPORT_EVERY == 0 or frame == len(is_there) - 1:
                progress(Progress("tracking", frame + 1, len(is_there)))
    return labels


@dataclass(frozen=True)
class _Linked:
    """Tracklets with what is known about joining them."""

    ends: Ends
    stray: Stray
    crossings: Crossings
    appearance: Appearance
    max_gap: int

    @classmethod
    def make(
        cls,
        tracklets: np.ndarray,
        parts: list[tuple[np.ndarray, np.ndarray]],
        detections: Detections,
        looks: list[Features],
        motion: MotionModel,
        frame_rate: float,
    ) -> "_Linked":
        lengths = BodyLengths.choose(detections.points, detections.features)
        stray = measure_stray(parts, detections.points, least_px=motion.detection_px)
        crossings = learn_crossings(detections.points, tracklets, motion, stray, detections.size, frame_rate)
        return cls(
            ends=measure_ends(parts, detections.points),
            stray=stray,
            crossings=crossings,
            appearance=learn_appearance(parts, lengths, *looks),
            max_gap=_longest_gap(frame_rate),
        )

    def joints(self, chains: list[list[int]]) -> Joints:
        """Return where tracks go from one tracklet to the next, and what exchanging them would lose."""
        return measure_joints(chains, self.ends, self.stray, self.appearance, self.crossings)

    def chains(self, n_animals: int | None, *, can_leave: bool) -> list[list[int]]:
        """Return the tracklets of each track, in order of time; the longest tracks first.

        At no time are there more tracks than `n_animals`. Where none can leave, there are no more at all.
        """
        # Where nobody can have left, an animal may be found again after any time. Where some can, each of a
        # fixed number of places is taken by one animal after the other.
        longest = self.max_gap if n_animals is None else None
        link = partial(self._link, n_animals=n_animals, can_leave=can_leave, longest=longest)
        links, left_out = link_in_order(self.ends, link, longest)
        if can_leave and n_animals is not None:
            before, after = np.array(list(links.items()), dtype=int).reshape(-1, 2).T
            is_one = self._gains(before, after, can_leave=True) > -TURNOVER_NATS
            links = dict(zip(before[is_one].tolist(), after[is_one].tolist(), strict=True))
        length = self.ends.n_frames
        heads = set(range(len(length))) - set(links.values()) - left_out
        chains = [follow(head, links) for head in sorted(heads)]
        chains = reconsider(chains, self.ends, self.stray, self.appearance, self.crossings)
        return sorted(chains, key=lambda chain: -sum(length[i] for i in chain))

    def _link(
        self,
        numbers: np.ndarray,
        n_certain: int,
        *,
        n_animals: int | None,
        can_leave: bool,
        longest: int | None,
    ) -> tuple[dict[int, int], set[int]]:
        """Return the successors of some tracklets, and those that belong to no animal.

        The first `n_certain` are where tracks have come to: they certainly belong to one, and follow nobody.
        """
        before, after = candidates(self.ends.first[numbers], self.ends.last[numbers], longest)
        before, after = before[after >= n_certain], after[after >= n_certain]
        gains = self._gains(numbers[before], numbers[after], can_leave=can_leave and n_animals is not None)
        if n_animals is None:
            links = best_links(len(numbers), before, after, gains, bonus=TURNOVER_NATS)
            left_out: set[int] = set()
        else:
            entry = TURNOVER_NATS if can_leave else 0.0
            worth = NATS_PER_DETECTION * self.ends.n_frames[numbers] + entry
            worth[:n_certain] = CERTAIN_NATS
            links, left_out = links_of_a_fixed_number(before, after, gains, worth, n_animals, entry=entry)
        return (
            {int(numbers[i]): int(numbers[j]) for i, j in links.items()},
            set(numbers[sorted(left_out)].tolist()),
        )

    def _gains(self, before: np.ndarray, after: np.ndarray, *, can_leave: bool) -> np.ndarray:
        """Return what speaks for links between tracklets; where animals leave, at least a turnover's nats."""
        gains = evidence(self.ends, before, after, self.stray, self.appearance)
        if not can_leave:
            return gains
        gap = self.ends.first[after] - self.ends.last[before]
        return np.where(gap <= self.max_gap, np.maximum(gains, -TURNOVER_NATS), -TURNOVER_NATS)
