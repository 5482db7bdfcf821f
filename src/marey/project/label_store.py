"""The labels on disk: one table per video, and every earlier state of it.

A state is named by its content, so that an edit made outside (a spreadsheet, Git, a synchronised folder) is
noticed like any other. A save writes the new state into the history first and then puts it in place of the
table, each in one atomic step: whatever is killed at whatever moment, the table is the old one or the new
one, and nothing that was ever saved is missing from the history.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marey.errors import ConflictError, FormatError, LabelsError, NotFoundError
from marey.files import locked, utc_now, write_bytes
from marey.formats.table import decode_labels, encode_labels, read_table
from marey.model import LabeledFrame, Labels, Skeleton

NO_LABELS = ""
"""The revision of a video that has no labels yet."""

_HISTORY_NAME = re.compile(r"(\d+)-(\d{8}T\d{6}Z)-([0-9a-f]{12})\.csv\.gz")


@dataclass(frozen=True)
class Revision:
    """One saved state of the labels of one video.

    Parameters
    ----------
    id
        Names the content; equal contents have equal ids.
    number
        Counts the saves of this video from 1.
    time
        When it was saved, ISO 8601 in UTC.
    author, note
        Who saved it and why; "" where unknown.
    n_frames
        How many labelled frames it holds.
    """

    id: str
    number: int
    time: str
    author: str = ""
    n_frames: int = 0
    note: str = ""


class LabelStore:
    """The folder ``labels`` of a project.

    Parameters
    ----------
    folder
        Where the tables lie, with the folder ``history`` beside them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, video: str) -> Path:
        """Return where the table of `video` lies, whether or not it exists."""
        return self.folder / f"{video}.csv"

    def history_folder(self, video: str) -> Path:
        """Return where the states of `video` are kept."""
        return self.folder / "history" / video

    def revision(self, video: str) -> str:
        """Return the id of the present state of the table, or :data:`NO_LABELS`."""
        data = self._read_bytes(video)
        return NO_LABELS if data is None else _identify(data)

    def load(self, video: str, skeleton: Skeleton) -> list[LabeledFrame]:
        """Return the labelled frames of `video` in the order of the file; none if there is no file."""
        path = self.path(video)
        if not path.exists():
            return []
        return decode_labels(read_table(path), skeleton, video=video, source=str(path))

    def save(
        self,
        video: str,
        frames: Sequence[LabeledFrame],
        skeleton: Skeleton,
        *,
        author: str = "",
        expected_revision: str | None = None,
        note: str = "",
        check: Callable[[], None] = lambda: None,
    ) -> str:
        """Put `frames` in place of the table of `video` and return the new revision.

        `check` is called while the lock is held, before anything is written, and may raise.

        Raises
        ------
        ConflictError
            The table is not at `expected_revision` any more; nothing was written.
        LabelsError
            A frame is of another video or occurs twice, or an instance does not fit the skeleton.
        """
        for frame in frames:
            if frame.video != video:
                raise LabelsError(f"expected frames of {video!r}, got frame {frame.frame} of {frame.video!r}")
        Labels(skeleton, list(frames))  # checks for frames and individuals that occur twice
        data = encode_labels(frames, skeleton).encode()
        with self.lock(video):
            check()
            current = self._read_bytes(video)
            found = NO_LABELS if current is None else _identify(current)
            if expected_revision is not None and found != expected_revision:
                raise self._conflict(video, expected_revision, found)
            return self.write_locked(video, data, current, author=author, note=note)

    def write_locked(self, video: str, data: bytes, current: bytes | None, *, author: str, note: str) -> str:
        """Write a state while the lock is held; `current` is what it replaces."""
        new = _identify(data)
        if current is not None:
            if new == _identify(current):
                return new
            self._keep(video, current, author="", note="changed outside Marey")
        self._add_to_history(video, data, author=author, note=note)
        write_bytes(self.path(video), data)
        return new

    def stage(self, video: str, data: bytes, *, author: str, note: str) -> str:
        """Put a state into the history without making it the present one; return its id."""
        current = self._read_bytes(video)
        if current is not None:
            self._keep(video, current, author="", note="changed outside Marey")
        self._keep(video, data, author=author, note=note)
        return _identify(data)

    def put_in_place(self, video: str, revision: str) -> None:
        """Make a state of the history the present one, while the lock is held."""
        write_bytes(self.path(video), self.read_revision(video, revision))

    def lock(self, video: str) -> AbstractContextManager[None]:
        """Hold the right to write the table of `video`."""
        return locked(self.folder / f".{video}.lock")

    def history(self, video: str) -> list[Revision]:
        """Return every saved state of `video`, oldest first."""
        return [_describe(path) for path in self._history_paths(video)]

    def read_revision(self, video: str, revision: str | int) -> bytes:
        """Return the table of an earlier state; `revision` is its id or its number.

        Raises
        ------
        NotFoundError
            There is no such state.
        """
        for path in reversed(self._history_paths(video)):
            number, _, identifier = _split(path)
            if str(revision) in (identifier, str(number)):
                return _read_state(path)
        known = ", ".join(str(_split(path)[0]) for path in self._history_paths(video)[-10:])
        raise NotFoundError(
            f"there is no revision {revision} of the labels of {video}",
            hint=f"the latest are {known}" if known else "nothing has been saved yet",
        )

    def restore(self, video: str, revision: str | int, skeleton: Skeleton, *, author: str = "") -> str:
        """Make an earlier state the present one, as a new revision; return its id.

        Raises
        ------
        NotFoundError
            There is no such state.
        LabelsError
            It does not fit `skeleton`.
        """
        data = self.read_revision(video, revision)
        source = f"revision {revision} of the labels of {video}"
        decode_labels(data.decode("utf-8-sig"), skeleton, video=video, source=source)
        with self.lock(video):
            note = f"restored revision {revision}"
            return self.write_locked(video, data, self._read_bytes(video), author=author, note=note)

    def remove(self, video: str, *, note: str) -> None:
        """Take the table of `video` away; its states stay in the history."""
        with self.lock(video):
            current = self._read_bytes(video)
            if current is not None:
                self._keep(video, current, author="", note=note)
                self.path(video).unlink()

    def _read_bytes(self, video: str) -> bytes | None:
        try:
            return self.path(video).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _history_paths(self, video: str) -> list[Path]:
        folder = self.history_folder(video)
        paths = [path for path in folder.glob("*.csv.gz") if _HISTORY_NAME.fullmatch(path.name)]
        return sorted(paths, key=_split)

    def _keep(self, video: str, data: bytes, *, author: str, note: str) -> None:
        """Make sure that the history holds `data`."""
        identifier = _identify(data)
        if all(_split(path)[2] != identifier for path in self._history_paths(video)):
            self._add_to_history(video, data, author=author, note=note)

    def _add_to_history(self, video: str, data: bytes, *, author: str, note: str) -> None:
        paths = self._history_paths(video)
        number = _split(paths[-1])[0] + 1 if paths else 1
        time = utc_now()
        header = {"time": time, "author": author, "note": note, "n_frames": _count_frames(data)}
        name = f"{number:06d}-{re.sub('[-:]', '', time)}-{_identify(data)}.csv.gz"
        body = f"# {json.dumps(header, ensure_ascii=False)}\n".encode() + data
        write_bytes(self.history_folder(video) / name, gzip.compress(body, mtime=0))

    def _conflict(self, video: str, expected: str, found: str) -> ConflictError:
        last = next((item for item in reversed(self.history(video)) if item.id == found), None)
        who = f" by {last.author}" if last and last.author else ""
        when = f" at {last.time}" if last else ""
        return ConflictError(
            f"the labels of {video} were changed{who}{when} since they were loaded (expected revision "
            f"{expected or 'none'}, found {found or 'none'}); nothing was written",
            hint="load the labels again and repeat the change",
        )


def _identify(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _count_frames(data: bytes) -> int:
    """Count the frames of a table without knowing its skeleton; a table edited by hand may defy it."""
    numbers = {line.partition(b",")[0] for line in data.splitlines()[1:]}
    return sum(number.isdigit() for number in numbers)


def _split(path: Path) -> tuple[int, str, str]:
    """Return (number, compact time, id) from the name of a history file."""
    match = _HISTORY_NAME.fullmatch(path.name)
    assert match is not None
    return int(match[1]), match[2], match[3]


def _describe(path: Path) -> Revision:
    number, compact, identifier = _split(path)
    time = f"{compact[:4]}-{compact[4:6]}-{compact[6:11]}:{compact[11:13]}:{compact[13:]}"
    try:
        header = _read_header(path)
    except FormatError:  # the list must still show what is there when one file was damaged
        return Revision(identifier, number, time, note="damaged")
    return Revision(
        identifier, number, time, header.get("author", ""), header.get("n_frames", 0), header.get("note", "")
    )


def _read_header(path: Path) -> dict[str, Any]:
    """Return what the first line of a history file says about it."""
    with _saying_where(path), gzip.open(path) as file:
        return json.loads(file.readline().removeprefix(b"# "))


def _read_state(path: Path) -> bytes:
    """Return the table in a history file."""
    with _saying_where(path):
        return gzip.decompress(path.read_bytes()).partition(b"\n")[2]


@contextmanager
def _saying_where(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, ValueError, OSError, zlib.error) as error:
        raise FormatError(f"{path} is damaged: {error}", hint="restore another revision") from error
