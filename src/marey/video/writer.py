"""Writing a video, whole or not at all."""

from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from marey.errors import InputError, MareyError, StorageError, VideoError
from marey.files import atomic_path

# H.264 plays everywhere; MPEG-4 is in every build of FFmpeg.
ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "veryfast", "crf": "23"}),
    ("mpeg4", {"qscale": "3"}),
)
VARIABLE_TIME_BASE = Fraction(1, 90_000)
# Containers that know no times, only a rate: frames follow each other in its steps.
FIXED_RATE_SUFFIXES = frozenset({".avi"})


class VideoWriter:
    """Writes RGB frames to a video; the file appears when it is complete.

    Parameters
    ----------
    path
        Where to; the suffix chooses the container (``.mp4``, ``.avi``, ``.mkv``, ``.mov``). AVI cannot hold
        a variable rate.
    fps
        Frames per second.
    size
        (width, height). Odd sides are made even by repeating the last column or row, because nearly every
        player wants them even.

    Raises
    ------
    StorageError
        The disk is full or the folder cannot be written; what was at `path` is unchanged.

    Examples
    --------
    ::

        with VideoWriter("out.mp4", fps=30, size=(640, 480)) as writer:
            for image in images:
                writer.write(image)
    """

    def __init__(self, path: str | Path, *, fps: float, size: tuple[int, int]) -> None:
        if fps <= 0:
            raise InputError(f"a video needs a positive number of frames per second, got {fps}")
        if min(size) < 1:
            raise InputError(f"a video needs a positive width and height, got {size}")
        self.path = Path(path)
        self.size = (int(size[0]), int(size[1]))
        self.fps = float(fps)
        self.n_written = 0
        self._last_tick = -1
        self._has_times = self.path.suffix.lower() not in FIXED_RATE_SUFFIXES
        rate = Fraction(self.fps).limit_denominator(100_000)
        self._time_base = VARIABLE_TIME_BASE if self._has_times else 1 / rate
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        import av

        self._temporary = self._cleanup.enter_context(atomic_path(self.path))
        try:
            self._container = av.open(str(self._temporary), "w")
            self._stream = self._add_stream()
        except (av.FFmpegError, OSError, ValueError) as error:
            self._leave(error)
            raise self._explained(error) from error
        return self

    def _add_stream(self) -> Any:
        import av

        for name, options in ENCODERS:
            try:
                rate = Fraction(self.fps).limit_denominator(100_000)
                stream: Any = self._container.add_stream(name, rate=rate, options=options)
            except (av.FFmpegError, ValueError):
                continue
            stream.width, stream.height = (side + side % 2 for side in self.size)
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = self._time_base
            if not self._has_times:  # nor can the order of display differ from that in the file
                stream.codec_context.max_b_frames = 0
            return stream
        raise VideoError("this build of FFmpeg has no H.264 and no MPEG-4 encoder", hint="reinstall PyAV")

    def write(self, image: np.ndarray, *, time_s: float | None = None) -> None:
        """Add a frame.

        Parameters
        ----------
        image
            uint8 RGB, shape (height, width, 3).
        time_s
            When it is shown, in seconds from the start, for a variable rate; ascending.
        """
        import av

        expected = (self.size[1], self.size[0], 3)
        if image.shape != expected or image.dtype != np.uint8:
            raise InputError(
                f"frames of {self.path.name} are uint8 of shape {expected}, "
                f"got {image.dtype} of {image.shape}"
            )
        odd = [(0, side % 2) for side in expected[:2]]
        if any(pad for _, pad in odd):
            image = np.pad(image, [*odd, (0, 0)], mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        self._last_tick = self._next_tick(time_s)
        frame.pts, frame.time_base = self._last_tick, self._time_base
        self._encode(frame)
        self.n_written += 1

    def _next_tick(self, time_s: float | None) -> int:
        if not self._has_times:
            return self.n_written
        seconds = self.n_written / self.fps if time_s is None else time_s
        return max(self._last_tick + 1, round(seconds / self._time_base))

    def _encode(self, frame: Any) -> None:
        import av

        try:
            self._container.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise self._explained(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import av

        if error is None and self.n_written == 0:
            error = InputError(f"no frames were written to {self.path.name}")
        failure = error
        try:
            if failure is None:
                self._encode(None)
            self._container.close()
        except (av.FFmpegError, OSError) as closing:
            failure = failure or closing
        self._leave(failure)
        if failure is not None and kind is None:
            raise self._explained(failure) from failure

    def _leave(self, error: BaseException | None) -> None:
        """Put the file in its place, or remove what there is of it."""
        if error is None:
            self._cleanup.close()
            return
        # The error itself is raised by the caller, or has been; here only the temporary file goes.
        with suppress(type(error), StorageError):
            self._cleanup.__exit__(type(error), error, error.__traceback__)

    def _explained(self, error: BaseException) -> Exception:
        if isinstance(error, MareyError):
            return error
        return StorageError(
            f"{self.path} could not be written: {error}. What was there before is unchanged.",
            hint="is the disk full, the folder writable, and the file's suffix that of a video?",
        )
