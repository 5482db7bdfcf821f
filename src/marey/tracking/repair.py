"""A file of tracks under repair: edits that are written down, and can be undone and done again.

The file itself carries the list of edits (attribute ``edits``, JSON), so that poses and history can never
disagree; what the file was before the first edit lies untouched beside it, as ``<name>.original.nc``. Undoing
replays the edits on that, except where the last edit is its own opposite. Every change replaces the file in
one step. A file under repair is not compressed: a person waits for each repair, and compression is most
of the wait.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import AlreadyExistsError, ConflictError, FormatError, InputError, NotFoundError
from marey.files import fingerprint, locked, utc_now
from marey.formats import load_poses, native
from marey.formats.hdf5 import atomic_hdf5
from marey.model import append_history, read_history
from marey.tracking.edits import Edit, Swap, edit_from_dict, edit_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

EDITS_ATTRIBUTE = "edits"
# Marks the file of that name as ours: somebody's own is never replaced.
KEPT_ATTRIBUTE = "kept_for_undo"
# What the provenance of repaired tracks says.
REPAIRED = "repair tracks"


@dataclass(frozen=True)
class Entry:
    """One edit in the history of a file.

    Parameters
    ----------
    edit
        What was done.
    time
        When, ISO 8601 in UTC.
    author
        Who; "" where nobody said.
    """

    edit: Edit
    time: str
    author: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**edit_to_dict(self.edit), "time": self.time, "author": self.author}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Entry:
        """Build an entry from what :meth:`to_dict` gave."""
        values = {name: value for name, value in data.items() if name not in ("time", "author")}
        return cls(edit_from_dict(values), str(data.get("time", "")), str(data.get("author", "")))


@dataclass(frozen=True)
class History:
    """The edits of a file, oldest first, and those that were undone, the one undone last first."""

    done: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, poses: xr.Dataset) -> History:
        """Read the history that poses carry.

        Raises
        ------
        FormatError
            It is damaged.
        """
        try:
            data = json.loads(poses.attrs.get(EDITS_ATTRIBUTE, "{}"))
            parts = [tuple(map(Entry.from_dict, data.get(name, ()))) for name in ("done", "undone")]
        except (ValueError, TypeError, AttributeError) as error:
            raise FormatError(f"the history of edits in these poses is damaged: {error}") from error
        return cls(*parts)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"done": [e.to_dict() for e in self.done], "undone": [e.to_dict() for e in self.undone]}


@dataclass(frozen=True, eq=False)
class OpenedTracks:
    """What a file of tracks held when it was read or written, and which state of the file that was.

    Parameters
    ----------
    poses
        What it held.
    revision
        Its state, see :func:`revision_of`.
    fingerprint
        Of its content, for disks whose clock is too coarse to tell two writes apart.
    """

    poses: xr.Dataset
    revision: str
    fingerprint: str

    @classmethod
    def load(cls, path: str | Path) -> OpenedTracks:
        """Read poses in any known format.

        Raises
        ------
        NotFoundError, FormatError
            There is no such file, or it is damaged or in no known format.
        """
        # The state comes first: what is written while the poses are read is then somebody else's change.
        state = _state_of(Path(path))
        return cls(load_poses(path), *state)

    def is_of(self, path: Path) -> bool:
        """Tell whether a file is still in this state."""
        return path.is_file() and _state_of(path) == (self.revision, self.fingerprint)


class TrackEditor:
    """Opens a file of tracks, and repairs it.

    Every method that changes something writes the file before it returns, and none does where somebody else
    changed the file since its poses were read.

    Parameters
    ----------
    path
        Poses in Marey's own format (``.nc``).
    author
        Who edits.
    opened
        The file as it was read already; read now where left out.

    Raises
    ------
    NotFoundError, FormatError
        There is no such file, or it is not in Marey's own format.
    """

    def __init__(self, path: str | Path, *, author: str = "", opened: OpenedTracks | None = None) -> None:
        self.path = Path(path)
        self.author = author
        if not self.path.is_file():
            raise NotFoundError(f"expected a file of tracks at {self.path}, but there is none")
        _check_format(self.path)
        self.opened = OpenedTracks.load(self.path) if opened is None else opened
        self.history = History.of(self.poses)

    @property
    def poses(self) -> xr.Dataset:
        """The tracks as they are now."""
        return self.opened.poses

    @property
    def original_path(self) -> Path:
        """Where the tracks as they were before the first edit are kept."""
        return self.path.with_name(f"{self.path.stem}.original{self.path.suffix}")

    def apply(self, *edits: Edit) -> xr.Dataset:
        """Do some repairs as one change of the file, and return the repaired poses.

        Raises
        ------
        InputError
            A repair does not fit; then none is done.
        AlreadyExistsError
            Where the original is to be kept lies a file that is not ours.
        ConflictError
            Somebody else changed the file since it was opened.
        """
        poses = self.poses
        for edit in edits:
            poses = edit.apply(poses)
        entries = tuple(Entry(edit, utc_now(), self.author) for edit in edits)
        with self._held():
            self._keep_original()
            self._write(poses, History((*self.history.done, *entries)))
        return self.poses

    def undo(self) -> Entry:
        """Take back the last repair, and return it.

        Raises
        ------
        InputError
            There is none.
        NotFoundError
            The original is gone.
        """
        if not self.history.done:
            raise InputError(f"there is nothing to undo in {self.path.name}")
        *kept, last = self.history.done
        with self._held():
            if isinstance(last.edit, Swap):
                poses = last.edit.apply(self.poses)
            else:
                poses = self._original()
                for entry in kept:
                    poses = entry.edit.apply(poses)
            self._write(poses, History(tuple(kept), (last, *self.history.undone)))
        return last

    def redo(self) -> Entry:
        """Do again what was undone last, and return it.

        Raises
        ------
        InputError
            Nothing was undone.
        """
        if not self.history.undone:
            raise InputError(f"there is nothing to do again in {self.path.name}")
        entry, *left = self.history.undone
        with self._held():
            self._keep_original()
            again = replace(entry, time=utc_now())
            self._write(entry.edit.apply(self.poses), History((*self.history.done, again), tuple(left)))
        return entry

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Keep others from changing the file, which must be as it was read."""
        with locked(self.path.with_name(f".{self.path.name}.lock")):
            if not self.opened.is_of(self.path):
                raise ConflictError(
                    f"somebody else changed {self.path.name} in the meantime; nothing was written",
                    hint="open the file again, and repeat the repair",
                )
            yield

    def _keep_original(self) -> None:
        if self.history.done or self.history.undone:
            return  # it is there already
        # What is left of a file that was made anew may go.
        if self.original_path.exists() and not _is_kept(self.original_path):
            raise AlreadyExistsError(
                f"{self.original_path.name} is in the way: under that name is kept what {self.path.name} was "
                "before its first repair",
                hint="give that file another name",
            )
        _keep(self.path, self.original_path)

    def _original(self) -> xr.Dataset:
        if not self.original_path.is_file():
            raise NotFoundError(
                f"expected the tracks as they were before the edits at {self.original_path}, but they "
                "are gone",
                hint=f"move the file back beside {self.path.name}, or make the tracks again",
            )
        poses = native.load_poses(self.original_path)
        poses.attrs.pop(KEPT_ATTRIBUTE, None)
        return poses

    def _write(self, poses: xr.Dataset, history: History) -> None:
        done = [entry.edit.describe() for entry in history.done]
        logged = _log_repairs(poses, done).assign_attrs(
            {EDITS_ATTRIBUTE: json.dumps(history.to_dict(), ensure_ascii=False)}
        )
        native.save_poses(logged, self.path, is_compressed=False)
        self.opened, self.history = OpenedTracks(logged, *_state_of(self.path)), history


def _check_format(path: Path) -> None:
    if not native.detect(path):
        raise FormatError(
            f"tracks are repaired in Marey's own format, but {path.name} is in another one",
            hint="convert it first: marey convert IN OUT.nc",
        )


def _keep(path: Path, kept: Path) -> None:
    import h5py  # which, like what reads the poses, is loaded when it is needed

    with atomic_hdf5(kept) as file:
        with path.open("rb") as source:
            shutil.copyfileobj(source, file)
        with h5py.File(file, "r+") as copy:
            copy.attrs[KEPT_ATTRIBUTE] = 1


def _is_kept(path: Path) -> bool:
    import h5py

    try:
        with h5py.File(path) as file:
            return KEPT_ATTRIBUTE in file.attrs
    except OSError:
        return False


def revision_of(path: Path) -> str:
    """Return a text that changes whenever the file does, without reading the file."""
    status = path.stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def _state_of(path: Path) -> tuple[str, str]:
    content = fingerprint(path)
    return revision_of(path), content


def _log_repairs(poses: xr.Dataset, done: list[str]) -> xr.Dataset:
    """Return poses whose provenance has one entry for all repairs: the edits themselves are the history."""
    older = [entry for entry in read_history(poses) if entry.get("operation") != REPAIRED]
    poses = poses.assign_attrs(log=json.dumps(older, ensure_ascii=False))
    return append_history(poses, REPAIRED, edits=done) if done else poses
