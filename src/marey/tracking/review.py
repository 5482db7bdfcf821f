"""What a person should look at in tracks: likely swaps, gaps, jumps and short tracks, the worst first.

Each suspicion has a likelihood and a cost: how many frames of one animal would be wrong if it were true.
Their product, the frames that a look is expected to save, is the order of the queue.

Nothing but the poses is needed, so that it works on the files of other tools. Where the tracker left its own
moments of doubt, these count for swaps instead, because it has seen more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from marey.model import load_rows, standardise_poses
from marey.model.poses import is_filled
from marey.scratch import scratch_array
from marey.tracking.certainty import doubts_of
from marey.tracking.detections import (
    animal_size,
    blocks_of,
    distance,
    extents,
    found_alone,
    mean_point,
    points_in_memory,
    row_blocks,
)
from marey.tracking.edits import Confirm, Delete, Edit, Join, Rename, Split, Swap
from marey.tracking.repair import History
from marey.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

Kind = Literal["swap", "gap", "jump", "short"]

# Animals nearer than this share of their size are in contact.
CONTACT_SHARE = 0.5
# Frames on either side of a contact from which it is seen where an animal was going.
LOOK_FRAMES = 5
# How far an animal strays from where it was going: a share of its size, and a share of the way.
STRAY_SHARE, STRAY_OF_WAY = 0.25, 0.3
# What speaks against an exchange before anything is known: in most contacts there is none.
RARE_NATS = 2.0
# Tracks shorter than this share of the recording, or than so many frames, are short.
SHORT_SHARE, SHORT_FRAMES = 0.05, 100
# A step is a jump from so many times the usual long step on.
JUMP_FACTOR = 3.0
# What a missing frame costs, compared with a frame of the wrong animal.
GAP_COST = 0.2


@dataclass(frozen=True)
class Suspicion:
    """Something that may be wrong.

    Parameters
    ----------
    kind
        ``"swap"``, ``"gap"``, ``"jump"`` or ``"short"``.
    start, stop
        Frame numbers, both included: where to look.
    tracks
        Whom it concerns.
    likelihood
        That something is wrong, 0 to 1.
    cost
        Frames of one animal that are wrong if it is.
    reason
        In words.
    """

    kind: Kind
    start: int
    stop: int
    tracks: tuple[str, ...]
    likelihood: float
    cost: float
    reason: str

    @property
    def priority(self) -> float:
        """Frames that a look is expected to save."""
        return self.likelihood * self.cost

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "tracks": list(self.tracks), "priority": self.priority}


def find_suspicions(poses: xr.Dataset, *, limit: int | None = None) -> list[Suspicion]:
    """Return what a person should look at, the most worthwhile first.

    Parameters
    ----------
    poses
        Tracks in 2D, in the schema of :mod:`marey.model.poses`.
    limit
        The most that are returned; all of them by default.
    """
    scene = _Scene.of(standardise_poses(poses))
    if not scene.is_there.any():
        return []
    done = [entry.edit for entry in History.of(poses).done]
    found = [
        *_swaps(scene, doubts_of(poses), done),
        *_gaps(scene),
        *_jumps(scene),
        *_short_tracks(scene),
    ]
    left = [item for item in found if not any(_is_covered(item, done, n) for n in range(len(done)))]
    left.sort(key=lambda item: (-item.priority, item.start))
    return left[:limit]


@dataclass(frozen=True)
class _Scene:
    """What the search looks at, put together block by block.

    Parameters
    ----------
    centers
        Of each track, shape (n_frames, n_tracks, 2); NaN where it was not found.
    is_filled
        Where a track has points that were filled in, shape (n_frames, n_tracks).
    frames, names
        Of the rows and of the tracks.
    size
        Length of an animal, pixels.
    """

    centers: np.ndarray
    is_filled: np.ndarray
    frames: np.ndarray
    names: list[str]
    size: float

    @classmethod
    def of(cls, poses: xr.Dataset) -> _Scene:
        sizes = poses.sizes
        shape = (sizes["time"], sizes["individual"])
        centers, filled, found = scratch_array((*shape, 2)), np.zeros(shape, dtype=bool), [np.empty(0)]
        for rows in row_blocks(shape[0], shape[1] * sizes["keypoint"]):
            block = load_rows(poses, rows.start, rows.stop)
            points = points_in_memory(found_alone(block))[..., :2]
            centers[rows] = mean_point(points)
            filled[rows] = is_filled(block).any("keypoint").transpose("time", "individual")
            found.append(extents(points.reshape(-1, *points.shape[2:])))
        length = float(np.median(np.concatenate(found))) if any(map(len, found)) else 0.0
        names = [str(name) for name in poses["individual"].values]
        size = max(length, 1.0) if length > 0 else animal_size(centers[:, :, None])
        return cls(centers, filled, poses["frame"].values, names, size)

    @cached_property
    def is_there(self) -> np.ndarray:
        return np.isfinite(self.centers[..., 0])

    def frames_after(self, row: int, track: int) -> int:
        """Return how many frames of a track are wrong if it is wrong from a row on, or up to it."""
        there = self.is_there[:, track]
        return int(min(there[row:].sum(), there[:row].sum()))


def _is_covered(item: Suspicion, edits: Sequence[Edit], number: int) -> bool:
    """Tell whether somebody said with one of the repairs that this is right.

    Who confirms tracks has seen who is who among exactly these, not that nobody is missing: it covers their
    exchanges and jumps in its frames, and a gap or a short track only where its frames are just these.
    """
    edit = edits[number]
    if not isinstance(edit, Confirm):
        return False
    tracks = edit.tracks
    for later in edits[number + 1 :]:
        tracks = _renamed(tracks, item.start, later)
    if set(item.tracks) != set(tracks):
        return False
    if item.kind in ("gap", "short"):
        return (edit.start, edit.stop) == (item.start, item.stop)
    return (edit.start is None or edit.start <= item.start) and (edit.stop is None or item.stop <= edit.stop)


def _renamed(tracks: tuple[str, ...], frame: int, edit: Edit) -> tuple[str, ...]:
    """Return what tracks at a frame are called after a repair, without those that it removed there."""
    match edit:
        case Swap(first=first, second=second) if _is_within(frame, edit):
            names = {first: second, second: first}
        case Split(track=track, start=start, name=name) if frame >= start:
            names = {track: name}
        case Join(first=first, second=second):
            names = {second: first}
        case Rename(track=track, name=name):
            names = {track: name}
        case Delete(track=track) if _is_within(frame, edit):
            return tuple(name for name in tracks if name != track)
        case _:
            return tracks
    return tuple(names.get(name, name) for name in tracks)


def _is_within(frame: int, edit: Swap | Delete) -> bool:
    return (edit.start is None or edit.start <= frame) and (edit.stop is None or frame <= edit.stop)


def _swaps(scene: _Scene, doubts: list[dict[str, Any]], edits: Sequence[Edit]) -> list[Suspicion]:
    if doubts:
        left = [doubt for doubt in (_after(doubt, edits) for doubt in doubts) if doubt is not None]
        return [_from_doubt(scene, doubt) for doubt in left if set(doubt["tracks"]) <= set(scene.names)]
    spans = [_span(there) for there in scene.is_there.T]
    found = []
    for (first, own), (second, other) in combinations(enumerate(spans), 2):
        both = slice(max(own.start, other.start), min(own.stop, other.stop))
        if both.start < both.stop:
            found += _contacts(scene, first, second, both)
    return found


def _after(doubt: dict[str, Any], edits: Sequence[Edit]) -> dict[str, Any] | None:
    """Return a doubt about tracks as they are called by now; None if a repair settled it or took one away."""
    for edit in edits:
        tracks = _renamed(tuple(doubt["tracks"]), doubt["start"], edit)
        if _settles(edit, doubt) or len(set(tracks)) < len(doubt["tracks"]):
            return None
        doubt = {**doubt, "tracks": list(tracks)}
    return doubt


def _settles(edit: Edit, doubt: dict[str, Any]) -> bool:
    """Tell whether somebody exchanged or parted these tracks at this moment: then they have looked."""
    if not isinstance(edit, Swap | Split) or edit.start is None:
        return False
    concerned = {edit.first, edit.second} if isinstance(edit, Swap) else {edit.track}
    is_then = doubt["start"] - LOOK_FRAMES <= edit.start <= doubt["stop"] + LOOK_FRAMES
    return is_then and bool(concerned & set(doubt["tracks"]))


def _from_doubt(scene: _Scene, doubt: dict[str, Any]) -> Suspicion:
    tracks = tuple(doubt["tracks"])
    row = int(np.searchsorted(scene.frames, doubt["stop"]).clip(0, len(scene.frames) - 1))
    cost = max(scene.frames_after(row, scene.names.index(name)) for name in tracks)
    start, stop = int(doubt["start"]), int(doubt["stop"])
    return Suspicion(
        "swap", start, stop, tracks, float(doubt["probability"]), cost * len(tracks), doubt["reason"]
    )


def _contacts(scene: _Scene, first: int, second: int, rows: slice) -> list[Suspicion]:
    """Judge each contact of two animals, both there in some rows, by where they were going around it."""
    apart = np.linalg.norm(scene.centers[rows, first] - scene.centers[rows, second], axis=-1)
    near = np.nan_to_num(apart, nan=np.inf) < CONTACT_SHARE * scene.size
    found = []
    for start, stop in (np.array(_runs(_closed(near, LOOK_FRAMES)), dtype=int) + rows.start).tolist():
        before, after = start - LOOK_FRAMES, stop + LOOK_FRAMES
        if before < rows.start or after >= rows.stop:
            continue
        ends = scene.centers[[before, start, stop, after]][:, [first, second]]
        if not np.isfinite(ends).all():
            continue
        likelihood = _exchange_likelihood(ends, after - before, scene.size)
        cost = 2 * scene.frames_after(stop, first)
        names = (scene.names[first], scene.names[second])
        reason = f"{names[0]} and {names[1]} touch for {counted(stop - start + 1, 'frame')}"
        frames = int(scene.frames[start]), int(scene.frames[stop])
        found.append(Suspicion("swap", *frames, names, likelihood, float(cost), reason))
    return found


def _exchange_likelihood(ends: np.ndarray, n_frames: int, size: float) -> float:
    """Judge whether two animals were exchanged in a contact.

    Each is expected to go on as it came; how much it may stray grows with how far that is.

    Parameters
    ----------
    ends
        Centres before, at the first and the last frame of, and after the contact, shape (4, 2 animals, 2).
    n_frames
        From the first to the last of these.
    size
        Length of an animal, pixels.
    """
    way = (ends[1] - ends[0]) / LOOK_FRAMES * n_frames
    expected = ends[0] + way
    kept, crossed = ((expected - ends[3]) ** 2).sum(), ((expected - ends[3][::-1]) ** 2).sum()
    variance = (STRAY_SHARE * size) ** 2 + (STRAY_OF_WAY**2) * (way**2).sum(axis=-1).mean()
    return float(1 / (1 + np.exp(np.clip((crossed - kept) / (2 * variance) + RARE_NATS, -50, 50))))


def _gaps(scene: _Scene) -> list[Suspicion]:
    """Find stretches where a track is neither found nor filled in."""
    found = []
    for track, name in enumerate(scene.names):
        there = scene.is_there[:, track] | scene.is_filled[:, track]
        for start, stop in _runs(~there):
            if start == 0 or stop == len(there) - 1:
                continue
            length = stop - start + 1
            frames = int(scene.frames[start]), int(scene.frames[stop])
            reason = f"{name} is not found in {counted(length, 'frame')}"
            found.append(Suspicion("gap", *frames, (name,), 1.0, GAP_COST * length, reason))
    return found


def _jumps(scene: _Scene) -> list[Suspicion]:
    """Find steps that are far longer than the animals' usual long ones."""
    steps = scratch_array((len(scene.centers) - 1, len(scene.names)))
    for rows in blocks_of(steps):
        steps[rows] = distance(
            scene.centers[rows.start + 1 : rows.stop + 1], scene.centers[rows.start : rows.stop]
        )
    known = steps[np.isfinite(steps)]
    if not len(known):
        return []
    usual = max(float(np.quantile(known, 0.99)), 0.05 * scene.size)
    is_jump = steps > JUMP_FACTOR * usual
    found = []
    for row in np.flatnonzero(is_jump.any(axis=1)).tolist():
        jumping = np.flatnonzero(is_jump[row]).tolist()
        for pair in combinations(jumping.copy(), 2):
            if set(pair) <= set(jumping) and (swap := _exchange(scene, row, *pair, usual)) is not None:
                found.append(swap)
                jumping = [track for track in jumping if track not in pair]
        found += [_jump(scene, row, track, float(steps[row, track]), usual) for track in jumping]
    return found


def _jump(scene: _Scene, row: int, track: int, step: float, usual: float) -> Suspicion:
    likelihood = 1 - np.exp(-(step / (JUMP_FACTOR * usual)) / 2)
    name = scene.names[track]
    frames = int(scene.frames[row]), int(scene.frames[row + 1])
    reason = f"{name} moves {step:.0f} px from one frame to the next"
    cost = float(scene.frames_after(row + 1, track))
    return Suspicion("jump", *frames, (name,), float(likelihood), cost, reason)


def _exchange(scene: _Scene, row: int, first: int, second: int, usual: float) -> Suspicion | None:
    """Return two jumps as one exchange, from the later frame on, if each animal lands where the other was."""
    before, after = scene.centers[[row, row + 1]][:, [first, second]]
    kept, crossed = ((after - before) ** 2).sum(axis=-1), ((after[::-1] - before) ** 2).sum(axis=-1)
    if (crossed > (JUMP_FACTOR * usual) ** 2).any():
        return None
    evidence = (kept.sum() - crossed.sum()) / (2 * usual**2) - RARE_NATS
    likelihood = float(1 / (1 + np.exp(-np.clip(evidence, -50, 50))))
    cost = float(scene.frames_after(row + 1, first) + scene.frames_after(row + 1, second))
    frame = int(scene.frames[row + 1])
    names = (scene.names[first], scene.names[second])
    reason = f"{names[0]} and {names[1]} take each other's place from one frame to the next"
    return Suspicion("swap", frame, frame, names, likelihood, cost, reason)


def _short_tracks(scene: _Scene) -> list[Suspicion]:
    if len(scene.names) == 1:
        return []
    limit = min(SHORT_FRAMES, SHORT_SHARE * len(scene.frames))
    found = []
    for track, name in enumerate(scene.names):
        rows = np.flatnonzero(scene.is_there[:, track])
        if 0 < len(rows) < limit:
            frames = int(scene.frames[rows[0]]), int(scene.frames[rows[-1]])
            reason = f"{name} is there in {len(rows)} frames only"
            found.append(
                Suspicion("short", *frames, (name,), 1 - len(rows) / limit, float(len(rows)), reason)
            )
    return found


def _span(flags: np.ndarray) -> slice:
    """Return the rows from the first to the last True."""
    rows = np.flatnonzero(flags)
    return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and the last index of every run of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return list(
        zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist(), strict=True)
    )


def _closed(flags: np.ndarray, n_frames: int) -> np.ndarray:
    """Return `flags` with pauses of at most so many frames filled: a contact that flickers is one."""
    flags = flags.copy()
    for start, stop in _runs(~flags):
        if start > 0 and stop < len(flags) - 1 and stop - start < n_frames:
            flags[start : stop + 1] = True
    return flags
