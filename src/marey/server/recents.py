"""The projects that this user opened before."""

import hashlib
import json
import threading
from pathlib import Path

from marey.files import utc_now, write_json
from marey.project.project_file import FILE_NAME
from marey.server.schemas.projects import Recent

MAX_RECENTS = 30


def identify(root: Path) -> str:
    """Return the id of the project at `root`: the same each time, and good in an address."""
    return hashlib.sha256(str(root.resolve()).encode(errors="surrogateescape")).hexdigest()[:12]


class Recents:
    """The list of recent projects, kept in a small file.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def entries(self) -> list[Recent]:
        """Return the projects, latest first."""
        return [
            Recent(
                id=item["id"],
                name=item["name"],
                path=item["path"],
                opened=item["opened"],
                exists=(Path(item["path"]) / FILE_NAME).is_file(),
            )
            for item in self._read()
        ]

    def find(self, project_id: str) -> Path | None:
        """Return the folder of a project that was opened before, or None."""
        return next((Path(item["path"]) for item in self._read() if item["id"] == project_id), None)

    def add(self, root: Path, name: str) -> None:
        """Put a project on top of the list."""
        entry = {"id": identify(root), "name": name, "path": str(root), "opened": utc_now()}
        with self._lock:
            others = [item for item in self._read() if item["id"] != entry["id"]]
            write_json(self.path, [entry, *others][:MAX_RECENTS])

    def forget(self, project_id: str) -> None:
        """Take a project off the list."""
        with self._lock:
            write_json(self.path, [item for item in self._read() if item["id"] != project_id])

    def _read(self) -> list[dict[str, str]]:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            return [item for item in data if {"id", "name", "path", "opened"} <= item.keys()]
        except (OSError, ValueError, AttributeError, TypeError):  # a list that is lost is no loss
            return []
