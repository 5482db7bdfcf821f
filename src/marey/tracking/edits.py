"""Repairs of tracks by hand: small steps, each of which says in words what was done and can be written down.

Ranges are frame numbers, both ends included; a missing end means the beginning or the end of the recording.
Every step returns new poses and leaves its input alone.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from marey.errors import InputError
from marey.model.poses import IDENTITY_CONFIDENCE, INTERPOLATED, is_filled
from marey.refinement import interpolate_gaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

# Categories of Unicode that no name has: control characters, ends of lines, halves of letters.
_NO_LETTERS = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Edit(Protocol):
    """One repair."""

    kind: ClassVar[str]

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return repaired poses; raise InputError where the repair does not fit them."""

    def describe(self) -> str:
        """Say in words what was done."""


@dataclass(frozen=True)
class Swap:
    """Exchange two tracks from `start` to `stop`."""

    first: str
    second: str
    start: int | None = None
    stop: int | None = None
    kind: ClassVar[str] = "swap"

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses in which the two are exchanged."""
        _check_tracks(poses, self.first, self.second)
        rows = _rows(poses, self.start, self.stop)
        here, there = _column(poses, self.first), _column(poses, self.second)
        poses = poses.copy(deep=True)
        for values in _planes(poses):
            values[rows, here], values[rows, there] = (
                values[rows, there].copy(),
                values[rows, here].copy(),
            )
        return poses

    def describe(self) -> str:
        """Say in words what was done."""
        return f"exchanged {self.first} and {self.second} {_in_words(self.start, self.stop)}"


@dataclass(frozen=True)
class Split:
    """Let what `track` holds from frame `start` on be a track of its own, called `name`."""

    track: str
    start: int
    name: str
    kind: ClassVar[str] = "split"

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses with one more track."""
        _check_tracks(poses, self.track)
        _check_new_name(poses, self.name, "the second part")
        rows = _rows(poses, self.start, None)
        poses = _with_track(poses, self.name)
        here, there = _column(poses, self.track), _column(poses, self.name)
        if not _is_there(poses, here)[rows].any():
            raise InputError(f"{self.track} has no point from frame {self.start} on, so it cannot be split")
        if not _is_there(poses, here)[: rows.start].any():
            raise InputError(f"{self.track} has no point before frame {self.start}, so it cannot be split")
        for values in _planes(poses):
            values[rows, there] = values[rows, here]
            values[rows, here] = _nothing(values)
        return poses

    def describe(self) -> str:
        """Say in words what was done."""
        return f"split {self.track} at frame {self.start}; the second part is {self.name}"


@dataclass(frozen=True)
class Join:
    """Put what `second` holds into `first`, and drop `second`."""

    first: str
    second: str
    kind: ClassVar[str] = "join"

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses with one track fewer; interpolated frames of either give way to found ones."""
        _check_tracks(poses, self.first, self.second)
        poses = poses.copy(deep=True)
        here, there = _column(poses, self.first), _column(poses, self.second)
        mine, other = _is_found(poses, here), _is_found(poses, there)
        if (both := mine & other).any():
            frames = poses["frame"].values[both]
            raise InputError(
                f"{self.first} and {self.second} are both there in {both.sum()} frames, "
                f"from {frames[0]} to {frames[-1]}, so they cannot be one animal",
                hint="delete one of the two in those frames first, or exchange them",
            )
        rows = np.flatnonzero(_is_there(poses, there) & ~mine & (other | ~_is_there(poses, here)))
        for values in _planes(poses):
            values[rows, here] = values[rows, there]
        return _without_track(poses, self.second)

    def describe(self) -> str:
        """Say in words what was done."""
        return f"joined {self.second} to {self.first}"


@dataclass(frozen=True)
class Delete:
    """Remove what `track` holds from `start` to `stop`; without a range, the whole track."""

    track: str
    start: int | None = None
    stop: int | None = None
    kind: ClassVar[str] = "delete"

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses without it."""
        _check_tracks(poses, self.track)
        if self.start is None and self.stop is None:
            return _without_track(poses, self.track)
        rows = _rows(poses, self.start, self.stop)
        poses = poses.copy(deep=True)
        column = _column(poses, self.track)
        for values in _planes(poses):
            values[rows, column] = _nothing(values)
        return poses

    def describe(self) -> str:
        """Say in words what was done."""
        return f"deleted {self.track} {_in_words(self.start, self.stop)}"


@dataclass(frozen=True)
class Interpolate:
    """Fill the missing points of `track` from `start` to `stop`, with confidence 0."""

    track: str
    start: int | None = None
    stop: int | None = None
    kind: ClassVar[str] = "interpolate"

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses with the gaps filled that have points on both sides."""
        _check_tracks(poses, self.track)
        rows = _rows(poses, self.start, self.stop)
        column = _column(poses, self.track)
        longest = int(np.ptp(poses["frame"].values)) + 1
        filled = interpolate_gaps(poses.isel(individual=[column]), longest, "pchip")
        poses = poses.copy(deep=True)
        if INTERPOLATED not in poses:
            poses[INTERPOLATED] = poses["confidence"].astype(bool) & False
        before = _plane(poses, "position")[rows, column].copy()
        for name in map(str, poses.data_vars):
            if {"time", "individual"} <= set(poses[name].dims):
                _plane(poses, name)[rows, column] = _plane(filled, name)[rows, 0]
        if np.array_equal(before, _plane(poses, "position")[rows, column], equal_nan=True):
            raise InputError(
                f"there is nothing to fill in {self.track} {_in_words(self.start, self.stop)}",
                hint="gaps that are filled already stay; of others, only those with points before and "
                "after them can be filled",
            )
        return poses

    def describe(self) -> str:
        """Say in words what was done."""
        return f"interpolated {self.track} {_in_words(self.start, self.stop)}"


@dataclass(frozen=True)
class Confirm:
    """Say that a person has looked at `tracks` from `start` to `stop`, and that they are right."""

    tracks: tuple[str, ...]
    start: int | None = None
    stop: int | None = None
    kind: ClassVar[str] = "confirm"

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracks", tuple(self.tracks))

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses that are certain of these identities there."""
        _check_tracks(poses, *self.tracks, may_be_one=True)
        rows = _rows(poses, self.start, self.stop)
        poses = poses.copy(deep=True)
        if IDENTITY_CONFIDENCE in poses:
            values = _plane(poses, IDENTITY_CONFIDENCE)
            for name in self.tracks:
                column = _column(poses, name)
                values[rows, column] = np.where(np.isfinite(values[rows, column]), 1.0, np.nan)
        return poses

    def describe(self) -> str:
        """Say in words what was done."""
        return f"confirmed {' and '.join(self.tracks)} {_in_words(self.start, self.stop)}"


@dataclass(frozen=True)
class Rename:
    """Call `track` by another name; it keeps its place among the others."""

    track: str
    name: str
    kind: ClassVar[str] = "rename"

    def apply(self, poses: xr.Dataset) -> xr.Dataset:
        """Return poses in which the track has the new name."""
        _check_tracks(poses, self.track)
        _check_new_name(poses, self.name, self.track)
        _check_writable(self.name, self.track)
        names = [self.name if name == self.track else name for name in _names(poses)]
        return poses.copy(deep=True).assign_coords(individual=names)

    def describe(self) -> str:
        """Say in words what was done."""
        return f"renamed {self.track} to {self.name}"


KINDS: dict[str, Any] = {
    kind.kind: kind for kind in (Swap, Split, Join, Delete, Interpolate, Confirm, Rename)
}


def edit_to_dict(edit: Edit) -> dict[str, Any]:
    """Return plain values for JSON, which :func:`edit_from_dict` understands."""
    return {"kind": edit.kind, **asdict(edit)}  # type: ignore[call-overload]


def edit_from_dict(data: Mapping[str, Any]) -> Edit:
    """Build a repair from what :func:`edit_to_dict` gave.

    Raises
    ------
    InputError
        The kind is unknown, or a field is missing or too many.
    """
    kind = KINDS.get(str(data.get("kind")))
    if kind is None:
        raise InputError(f"expected a repair of the kind {', '.join(KINDS)}, got {data.get('kind')!r}")
    values = {name: value for name, value in data.items() if name != "kind"}
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise InputError(f"a {kind.kind} has no field {unknown[0]!r}", hint=f"it has {', '.join(known)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise InputError(f"a {kind.kind} needs {', '.join(known)}: {error}") from error


def _names(poses: xr.Dataset) -> list[str]:
    return [str(name) for name in poses["individual"].values]


def _column(poses: xr.Dataset, name: str) -> int:
    return _names(poses).index(name)


def _check_tracks(poses: xr.Dataset, *names: str, may_be_one: bool = False) -> None:
    for name in names:
        if name not in _names(poses):
            raise InputError(f"there is no track {name!r}", hint=f"there are {', '.join(_names(poses))}")
    if not may_be_one and len(set(names)) < len(names):
        raise InputError(f"expected two different tracks, got {names[0]!r} twice")


def _check_new_name(poses: xr.Dataset, name: str, of: str) -> None:
    if not name.strip() or name in _names(poses):
        raise InputError(
            f"expected a new name for {of}, got {name!r}", hint=f"taken are {', '.join(_names(poses))}"
        )


def _check_writable(name: str, of: str) -> None:
    """Refuse a name that cannot be told from another one on a screen, or not be typed again."""
    if name != name.strip() or any(unicodedata.category(letter) in _NO_LETTERS for letter in name):
        raise InputError(
            f"expected a name for {of} without blanks around it and without control characters, got {name!r}",
            hint="leave them out; letters of any language, signs, and blanks within the name are fine",
        )


def _rows(poses: xr.Dataset, start: int | None, stop: int | None) -> slice:
    """Return the rows of a range of frames, which must not be empty."""
    frames = poses["frame"].values
    first = 0 if start is None else int(np.searchsorted(frames, start))
    last = len(frames) if stop is None else int(np.searchsorted(frames, stop, side="right"))
    if start is not None and stop is not None and start > stop:
        raise InputError(f"expected a range that ends after it begins, got frames {start} to {stop}")
    if first >= last:
        known = f"the frames are {frames[0]} to {frames[-1]}" if len(frames) else "there are no frames"
        raise InputError(f"there is nothing {_in_words(start, stop)}", hint=known)
    return slice(first, last)


def _plane(poses: xr.Dataset, name: str) -> np.ndarray:
    """Return the values as a view with the axes (time, individual, ...)."""
    variable = poses[name].variable
    order = [variable.dims.index("time"), variable.dims.index("individual")]
    order += [i for i in range(len(variable.dims)) if i not in order]
    return variable.values.transpose(order)


def _planes(poses: xr.Dataset) -> list[np.ndarray]:
    names = [str(n) for n in poses.data_vars if {"time", "individual"} <= set(poses[n].dims)]
    return [_plane(poses, name) for name in names]


def _nothing(values: np.ndarray) -> float | bool:
    return np.nan if values.dtype.kind == "f" else False


def _is_there(poses: xr.Dataset, column: int) -> np.ndarray:
    points = _plane(poses, "position")[:, column]
    return np.isfinite(points).reshape(len(points), -1).any(axis=1)


def _is_found(poses: xr.Dataset, column: int) -> np.ndarray:
    """Tell in which frames a track has a point that was not interpolated, (n_frames,)."""
    position = poses["position"].transpose("time", "individual", "keypoint", "space").values[:, column]
    known = np.isfinite(position).all(axis=-1)
    filled = is_filled(poses).transpose("time", "individual", "keypoint").values[:, column]
    return (known & ~filled).any(axis=1)


def _with_track(poses: xr.Dataset, name: str) -> xr.Dataset:
    """Return a copy of `poses` with one more track, which is empty."""
    kinds = {str(n): poses[n].dtype.kind for n in poses.data_vars}
    empty: dict[str, Any] = {n: np.nan if kind == "f" else False for n, kind in kinds.items()}
    return poses.reindex(individual=[*_names(poses), name], fill_value=empty, copy=True).copy(deep=True)


def _without_track(poses: xr.Dataset, name: str) -> xr.Dataset:
    kept = [i for i, other in enumerate(_names(poses)) if other != name]
    if not kept:
        raise InputError(f"{name} is the only track, and poses without any track are nothing")
    return poses.isel(individual=kept)


def _in_words(start: int | None, stop: int | None) -> str:
    if start is None and stop is None:
        return "in all frames"
    if stop is None:
        return f"from frame {start} on"
    return f"up to frame {stop}" if start is None else f"in frames {start} to {stop}"
