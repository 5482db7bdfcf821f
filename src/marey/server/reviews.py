"""Frames that somebody should look at again."""

import json
import threading
from pathlib import Path

from marey.files import locked, utc_now, write_json
from marey.server.schemas.labels import Review


class Reviews:
    """The frames to review, in a small file beside the labels.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: int | None = None
        self._known: dict[str, dict[str, dict[str, str]]] = {}

    def get(self, video: str, frame: int) -> str | None:
        """Return the note of a frame that needs review, or None where it does not."""
        note = self.of_video(video).get(str(frame))
        return None if note is None else note.get("note", "")

    def of_video(self, video: str) -> dict[str, dict[str, str]]:
        """Return the entries of a video by frame number."""
        with self._lock:
            return self._read().get(video, {})

    def set(self, video: str, frame: int, review: Review) -> None:
        """Note that a frame needs review, or no more."""
        with self._lock, locked(self.path.with_name(f".{self.path.name}.lock")):
            self._stamp = None
            entries = self._read()
            of_video = entries.setdefault(video, {})
            if review.needs_review:
                of_video[str(frame)] = {"note": review.note, "by": review.labeller, "time": utc_now()}
            else:
                of_video.pop(str(frame), None)
            write_json(self.path, {key: value for key, value in entries.items() if value})

    def _read(self) -> dict[str, dict[str, dict[str, str]]]:
        try:
            stamp = self.path.stat().st_mtime_ns
        except OSError:
            return {}
        if stamp != self._stamp:
            try:
                self._known, self._stamp = json.loads(self.path.read_text(encoding="utf-8")), stamp
            except ValueError:
                self._known = {}
        return self._known
