"""Timelines of poses, made in the background, one at a time for each file."""

import logging
import threading
from pathlib import Path

from marey.errors import MareyError
from marey.visualisation.pyramid import build_pyramid

log = logging.getLogger("marey.server")


class Timelines:
    """Makes the pyramids of files of poses that have none."""

    def __init__(self) -> None:
        self._building: set[Path] = set()
        self._lock = threading.Lock()

    def begin(self, poses: Path) -> None:
        """Begin to make the pyramid of a file of poses, unless that is being done."""
        with self._lock:
            if poses in self._building:
                return
            self._building.add(poses)
        threading.Thread(target=self._build, args=(poses,), name="marey-timeline", daemon=True).start()

    def _build(self, poses: Path) -> None:
        try:
            build_pyramid(poses)
        except (MareyError, OSError) as error:
            log.warning("no timeline could be made of %s: %s", poses, error)
        finally:
            with self._lock:
                self._building.discard(poses)
