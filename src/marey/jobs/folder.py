"""A job on disk: what is to be done, what has happened, how it ended.

::

    <id>/
      job.json       the request; never changed
      claimed.json   who starts it, and where it may run
      started.json   its process
      alive          held by the process for as long as it lives
      cancel         somebody wants it to end
      ended.json     how it ended; the first to write it is right
      events.jsonl   progress, one event per line, appended
      log.txt        everything that it printed
      files/         what it made for the page

Every file is written once or appended to, so that nobody needs a lock to read a job's state.
"""

import contextlib
import json
import os
import re
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from marey.errors import InputError, NotFoundError
from marey.files import atomic_folder, utc_now, write_json
from marey.jobs.liveness import is_held

Status = Literal["queued", "running", "done", "failed", "cancelled", "stopped", "lost"]
Weight = Literal["heavy", "light"]

STARTING_TAKES_AT_MOST_S = 60.0
TAIL_BYTES = 1 << 14


@dataclass(frozen=True)
class Request:
    """What is to be done.

    Parameters
    ----------
    kind
        A name in :data:`marey.jobs.tasks.TASKS`.
    title
        For people: "training first".
    arguments
        Plain values for the task.
    project
        The folder of the project, or None.
    subject
        What it is about, for the pages: ``{"run": "first"}``.
    weight
        ``"heavy"`` jobs use the whole computer and wait for each other; ``"light"`` ones need not.
    """

    kind: str
    title: str
    arguments: dict[str, Any] = field(default_factory=dict)
    project: str | None = None
    subject: dict[str, Any] = field(default_factory=dict)
    weight: Weight = "heavy"


class JobFolder:
    """One job.

    Parameters
    ----------
    path
        Its folder. Use :meth:`create` or :class:`marey.jobs.queue.JobQueue`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._request: tuple[Request, str] | None = None

    @classmethod
    def create(cls, parent: Path, request: Request) -> "JobFolder":
        """Put a job on disk; nothing is started."""
        now = time.gmtime()
        stamp = f"{time.strftime('%Y%m%dT%H%M%S', now)}-{time.time_ns() // 1000 % 1_000_000:06d}"
        path = parent / f"{stamp}-{secrets.token_hex(3)}"
        with atomic_folder(path) as folder:
            write_json(folder / "job.json", {**asdict(request), "created": utc_now()})
            (folder / "files").mkdir()
        return cls(path)

    @property
    def id(self) -> str:
        """Names the job; ids sort by time."""
        return self.path.name

    @property
    def request(self) -> Request:
        """What is to be done."""
        return self._read_request()[0]

    @property
    def created(self) -> str:
        """When it was asked for."""
        return self._read_request()[1]

    @property
    def log_path(self) -> Path:
        """Everything that it printed."""
        return self.path / "log.txt"

    @property
    def events_path(self) -> Path:
        """Its events."""
        return self.path / "events.jsonl"

    @property
    def alive_path(self) -> Path:
        """What its process holds."""
        return self.path / "alive"

    @property
    def files_folder(self) -> Path:
        """What it made for the page."""
        return self.path / "files"

    @property
    def claim(self) -> dict[str, Any] | None:
        """Who starts it and where it may run, or None while it waits."""
        return _read(self.path / "claimed.json")

    @property
    def start(self) -> dict[str, Any] | None:
        """Its process, or None before it runs."""
        return _read(self.path / "started.json")

    @property
    def end(self) -> dict[str, Any] | None:
        """How it ended, or None."""
        return _read(self.path / "ended.json")

    @property
    def is_cancel_wanted(self) -> bool:
        """Whether somebody wants it to end."""
        return (self.path / "cancel").exists()

    @property
    def is_alive(self) -> bool:
        """Whether its process lives."""
        return is_held(self.alive_path)

    @property
    def status(self) -> Status:
        """What has become of it."""
        if (end := self.end) is not None:
            return end["status"]
        if self.is_alive:
            return "running"
        claim = self.claim
        if claim is None:
            return "queued"
        is_starting = self.start is None and time.time() - claim["at"] < STARTING_TAKES_AT_MOST_S
        return "running" if is_starting else "lost"

    def try_claim(self, slot: str) -> bool:
        """Take the job for `slot`; False where somebody else has."""
        return _write_once(self.path / "claimed.json", {"slot": slot, "at": time.time(), "by": os.getpid()})

    def mark_started(self) -> None:
        """Say that this process does the job."""
        _write_once(self.path / "started.json", {"process": os.getpid(), "time": utc_now()})

    def mark_ended(
        self, status: Status, *, error: dict[str, Any] | None = None, result: dict[str, Any] | None = None
    ) -> None:
        """Say how the job ended; the first to say so is right."""
        _write_once(
            self.path / "ended.json",
            {"status": status, "time": utc_now(), "error": error, "result": result},
        )

    def ask_to_end(self) -> None:
        """Note that the job should end."""
        (self.path / "cancel").touch()

    def events(self, after: int = -1) -> list[dict[str, Any]]:
        """Return the events with a number above `after`; a line that is just being written is left out."""
        try:
            lines = self.events_path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [event for line in lines[after + 1 :] if (event := _parse(line)) is not None]

    def last_event(self) -> dict[str, Any] | None:
        """Return the newest event, without reading the others."""
        try:
            with self.events_path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
                lines = file.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return None
        return next((event for line in reversed(lines) if (event := _parse(line)) is not None), None)

    def file(self, name: str) -> Path:
        """Return where something lies that the job made for the page.

        Raises
        ------
        InputError
            `name` is not a plain file name.
        NotFoundError
            There is no such file.
        """
        if name in (".", "..") or re.search(r"[/\\\x00]", name):
            raise InputError(f"expected the name of a file of the job {self.id}, got {name!r}")
        path = self.files_folder / name
        if not path.is_file():
            raise NotFoundError(f"the job {self.id} has no file {name!r}")
        return path

    def file_names(self) -> list[str]:
        """Return the names of what it made for the page."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(p.name for p in self.files_folder.iterdir() if not p.name.startswith("."))
        return []

    def _read_request(self) -> tuple[Request, str]:
        if self._request is None:
            data = _read(self.path / "job.json")
            if data is None:
                raise NotFoundError(f"there is no job {self.id}")
            created = data.pop("created")
            self._request = Request(**data), created
        return self._request


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _write_once(path: Path, value: dict[str, Any]) -> bool:
    """Write a file whole unless it exists; return whether this call did."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        _rename_unless_there(temporary, path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return True


def _rename_unless_there(temporary: Path, path: Path) -> None:
    if os.name == "nt":
        temporary.rename(path)  # refuses where there is one, which POSIX does not
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the next best is to look first
        if path.exists():
            raise FileExistsError(path) from None
        temporary.rename(path)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except ValueError:
        return None
