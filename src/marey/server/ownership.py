"""One server owns a project: two would not know of each other's unsaved labels."""

import contextlib
import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

from marey.errors import ConflictError, StorageError
from marey.files import is_running as is_process_running
from marey.files import locked, this_machine, utc_now, write_json

FILE_NAME = ".marey-server.json"
BEAT_EVERY_S = 20.0
STALE_AFTER_S = 90.0


class Ownership:
    """The right of this server to write the labels of a project, renewed for as long as it lives.

    Parameters
    ----------
    root
        The project's folder.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / FILE_NAME
        self.is_read_only = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> None:
        """Take the project; a server that is gone is no hindrance.

        Raises
        ------
        ConflictError
            Another server has it.
        """
        try:
            with locked(self.path.with_name(f"{FILE_NAME}.lock")):
                self._refuse_other()
                write_json(self.path, _describe_this_server())
        except StorageError:
            self.is_read_only = True  # it can be looked at, and nobody can change it anyway
            return
        self._thread = threading.Thread(target=self._beat, name="marey-owner", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let go of the project."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)
            if _is_this_server(self._read()):
                with contextlib.suppress(OSError):
                    self.path.unlink()

    def _refuse_other(self) -> None:
        owner = self._read()
        if owner is None or _is_this_server(owner) or self._is_gone(owner):
            return
        raise ConflictError(
            f"{self.path.parent} is open in another server: process {owner.get('process')} on "
            f"{owner.get('host')}, since {owner.get('since')}",
            hint="use the page of that server, or end it first",
        )

    def _is_gone(self, owner: dict[str, Any]) -> bool:
        if owner.get("machine") == this_machine():
            return not is_process_running(owner.get("process"))
        probe = self.path.with_name(f"{FILE_NAME}.lock")  # its time is that of the disk, not of this clock
        return probe.stat().st_mtime - self.path.stat().st_mtime > STALE_AFTER_S

    def _read(self) -> dict[str, Any] | None:
        try:
            owner = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return owner if isinstance(owner, dict) else None

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_EVERY_S):
            with contextlib.suppress(OSError):
                self.path.touch()


def _describe_this_server() -> dict[str, Any]:
    return {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "machine": this_machine(),
        "since": utc_now(),
    }


def _is_this_server(owner: dict[str, Any] | None) -> bool:
    return owner is not None and (owner.get("process"), owner.get("machine")) == (
        os.getpid(),
        this_machine(),
    )
