"""Frames by rank, as JPEG: the same reader and the same numbers as in training.

A video is kept open for as long as somebody looks at it, because its table of frames is read once and going
on from the last frame is cheap. Encoded frames are kept, so that stepping back costs nothing.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError, NotFoundError
from marey.files import sha256_of_bytes
from marey.jobs.pictures import to_jpeg
from marey.server.pictures import cut_box
from marey.video import FrameSource, Video, is_video_file, open_video

if TYPE_CHECKING:
    from marey.server.context import OpenProject

MAX_OPEN = 6
MAX_JPEG_BYTES = 96 << 20
READERS_PER_VIDEO = 2

Box = tuple[int, int, int, int]


class _Readers:
    """A few readers of one video: each goes on cheaply from where it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = open_video(path)
        self._free: list[tuple[int, FrameSource]] = [(0, self.first)]
        self._n = 1
        self._changed = threading.Condition()
        self._is_closed = False

    @contextmanager
    def reader(self, frame: int) -> Iterator[FrameSource]:
        """Lend the reader that gets to `frame` soonest, or another one where all are busy."""
        with self._changed:
            while not self._free and self._n >= READERS_PER_VIDEO:
                self._changed.wait()
            if self._free:
                at, reader = min(self._free, key=lambda item: (item[0] > frame, abs(frame - item[0])))
                self._free.remove((at, reader))
            else:
                self._n += 1
                reader = self.first.another() if isinstance(self.first, Video) else open_video(self.path)
        try:
            yield reader
        finally:
            with self._changed:
                if self._is_closed:
                    reader.close()
                else:
                    self._free.append((frame + 1, reader))
                self._changed.notify()

    def close(self) -> None:
        """Let go of the file; a reader at work does so when it is done."""
        with self._changed:
            self._is_closed = True
            for _, reader in self._free:
                reader.close()
            self._free.clear()


class VideoPool:
    """The videos of one project.

    Parameters
    ----------
    project
        Whose videos.
    """

    def __init__(self, project: "OpenProject") -> None:
        self._project = project
        self._readers: OrderedDict[Path, _Readers] = OrderedDict()
        self._jpegs: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._n_bytes = 0
        self._stamps: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def path(self, key: str) -> Path:
        """Return where a video lies."""
        return self._project.project.video_path(key)

    def playable_path(self, key: str) -> Path:
        """Return the file of a video, for playback.

        Raises
        ------
        NotFoundError
            It is a folder of images, or what it names is no video.
        """
        path = self.path(key)
        if path.is_dir() or not is_video_file(path):
            raise NotFoundError(f"{key} is a folder of images: it is shown frame by frame")
        self._open(key)  # what cannot be decoded is not given away either
        return path

    def stamp(self, key: str) -> str:
        """Return a text that changes with the content of the video."""
        now = time.monotonic()
        known = self._stamps.get(key)
        if known is None or now - known[0] > 2.0:
            entry = self._project.project.videos.get(key)
            if entry is None:
                raise NotFoundError(f"the project has no video {key!r}")
            try:
                status = self.path(key).stat()
                seen = f"{entry.fingerprint} {entry.path} {status.st_mtime_ns} {status.st_size}"
            except (NotFoundError, OSError):
                seen = f"{entry.fingerprint} {entry.path}"
            known = now, sha256_of_bytes(seen.encode(errors="surrogateescape"))[:12]
            self._stamps[key] = known
        return known[1]

    @contextmanager
    def source(self, key: str, frame: int = 0) -> Iterator[FrameSource]:
        """Lend a reader of the video."""
        with self._open(key).reader(frame) as reader:
            yield reader

    def timestamps_s(self, key: str) -> np.ndarray:
        """Return when each frame is shown, seconds from the first, float64, shape (n_frames,)."""
        return self._open(key).first.timestamps_s

    def read(self, key: str, frame: int) -> np.ndarray:
        """Return a frame as uint8 RGB, shape (H, W, 3); from its image where the video is not there.

        Raises
        ------
        NotFoundError
            There is neither.
        InputError
            The video has no such frame.
        """
        try:
            with self.source(key, frame) as reader:
                return reader.read(frame)
        except NotFoundError:
            return self._read_image(key, frame)

    def jpeg(
        self, key: str, frame: int, *, quality: int, width: int | None = None, box: Box | None = None
    ) -> bytes:
        """Return a frame, or a box of it, as JPEG; see :meth:`read`."""
        wanted = (key, self.stamp(key), frame, quality, width, box)
        with self._lock:
            if wanted in self._jpegs:
                self._jpegs.move_to_end(wanted)
                return self._jpegs[wanted]
        image = self.read(key, frame)
        data = to_jpeg(image if box is None else cut_box(image, box), quality=quality, width=width)
        with self._lock:
            if wanted not in self._jpegs:
                self._jpegs[wanted] = data
                self._n_bytes += len(data)
            while self._n_bytes > MAX_JPEG_BYTES:
                self._n_bytes -= len(self._jpegs.popitem(last=False)[1])
        return data

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            for readers in self._readers.values():
                readers.close()
            self._readers.clear()
            self._jpegs.clear()
            self._n_bytes = 0

    def _open(self, key: str) -> _Readers:
        path = self.path(key)
        with self._lock:
            readers = self._readers.get(path)
            if readers is None:
                readers = self._readers[path] = _Readers(path)
            self._readers.move_to_end(path)
            while len(self._readers) > MAX_OPEN:
                self._readers.popitem(last=False)[1].close()
        return readers

    def _read_image(self, key: str, frame: int) -> np.ndarray:
        from marey.project.frame_store import read_image

        project = self._project.project
        name = project.frame_images(key).get(frame)
        if name is None:
            raise NotFoundError(
                f"neither the video {key!r} nor an image of its frame {frame} is there",
                hint="put the video back, or say where it is: marey check PROJECT --search FOLDER",
            )
        return read_image(project.frames_folder(key) / name)


def parse_box(text: str | None) -> Box | None:
    """Read ``x,y,width,height``.

    Raises
    ------
    InputError
        It is something else.
    """
    if text is None:
        return None
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"expected x,y,width,height in pixels, got {text!r}") from None
    if not (1 <= width <= 8192 and 1 <= height <= 8192):
        raise InputError(f"expected a box of 1 to 8192 pixels a side, got {width}x{height}")
    return x, y, width, height
