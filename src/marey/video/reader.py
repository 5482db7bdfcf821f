"""Reading a video so that frame k is always the same frame k."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from marey.errors import VideoError
from marey.video.decoding import decode_packets, open_container
from marey.video.frame import DecodedFrame
from marey.video.source import check_index, check_range
from marey.video.table import FrameTable, read_table

# Decoding on is cheaper than seeking when the frame wanted is not far ahead.
NEAR_AHEAD = 48
VARIABLE_RATE_TOLERANCE = 0.02


class Video:
    """A video file.

    Frame i is the i-th in the order of presentation. Reading it by number and meeting it while reading in
    order give the same pixels. The frames are those whose packets are in the file. Where one of them is
    damaged and cannot be decoded, the others keep their numbers: :meth:`frames` leaves it out and counts it,
    :meth:`read` raises an error. What can be decoded in part is given as the decoder mends it, which is not
    the same to the last bit each time, and told by :attr:`problems`. A file that was cut off has the frames
    up to where it breaks off.

    Parameters
    ----------
    path
        The file; any container and codec that FFmpeg reads.

    Raises
    ------
    NotFoundError, VideoError
        There is no such file, or it is no video that can be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._container, self._stream = open_container(self.path)
        self._frames: Iterator[tuple[int, Any]] | None = None
        self._next = 0
        self._is_at_end = False
        self._is_single_threaded = False
        self._unreadable: set[int] = set()
        self._damaged: set[int] = set()
        first = self._first_frame()
        self._quarter_turns = _quarter_turns(first)
        size = (first.width, first.height)
        self.width, self.height = size[::-1] if self._quarter_turns % 2 else size

    def __repr__(self) -> str:
        return f"Video({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._frames = None
        self._container.close()

    def another(self) -> "Video":
        """Return another reader of the same file, which need not read its table of frames again."""
        other = Video(self.path)
        other.__dict__["_table"] = self._table
        return other

    def _first_frame(self) -> Any:
        frame = next(decode_packets(self._container, self._stream), None)
        if frame is None:
            raise VideoError(
                f"no frame of {self.path} can be decoded (codec {self._stream.codec_context.name})",
                hint="the recording is damaged from its start; copy it again from the camera",
            )
        return frame

    def _reopen(self, *, is_single_threaded: bool) -> None:
        self._container.close()
        self._container, self._stream = open_container(self.path)
        self._is_single_threaded = is_single_threaded
        if is_single_threaded:
            self._stream.thread_type = "NONE"

    @cached_property
    def _table(self) -> FrameTable:
        container, stream = open_container(self.path)
        try:
            return read_table(container, stream)
        finally:
            container.close()

    @property
    def n_frames(self) -> int:
        """How many frames there are, including those that turn out to be damaged."""
        return len(self._table.pts)

    @property
    def codec(self) -> str:
        """How the frames are compressed, as FFmpeg calls it: ``"h264"``."""
        return self._stream.codec_context.name

    @cached_property
    def keyframes(self) -> np.ndarray:
        """The numbers of the frames that are quickest to jump to, ascending, int64."""
        return np.searchsorted(self._table.pts, self._table.keyframes)

    @property
    def n_unreadable(self) -> int:
        """How many frames could not be decoded, of those that were asked for up to now."""
        return len(self._unreadable)

    @cached_property
    def timestamps_s(self) -> np.ndarray:
        """When each frame is shown, in seconds from the first, float64, shape (n_frames,)."""
        if self._table.is_counted:
            return np.arange(self.n_frames) / (self._nominal_fps or 1.0)
        return (self._table.pts - self._table.pts[:1]) * float(self._stream.time_base)

    @property
    def _nominal_fps(self) -> float | None:
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(rate) if rate else None

    @cached_property
    def _steps_s(self) -> np.ndarray:
        """The times between frames, but those where a file that was cut off may lack frames in between."""
        settled = self._table.settled
        n_settled = 0 if settled is None else int(np.searchsorted(self._table.pts, settled, side="right"))
        return np.diff(self.timestamps_s[: n_settled if n_settled > 1 else None])

    @cached_property
    def fps(self) -> float | None:
        """The mean frames per second, or None for a single frame of unknown rate."""
        if self._table.is_counted or self.n_frames < 2:
            return self._nominal_fps
        measured = 1 / float(np.mean(self._steps_s))
        nominal = self._nominal_fps
        # Time stamps are rounded to the time base: the nominal rate is the exact one where it agrees.
        return nominal if nominal and abs(nominal / measured - 1) < 1e-3 else float(measured)

    @cached_property
    def is_variable_rate(self) -> bool:
        """Whether the time between frames varies by more than rounding."""
        if self._table.is_counted or self.n_frames < 3:
            return False
        steps = self._steps_s
        typical = float(np.median(steps))
        rounding = 1.5 * float(self._stream.time_base)
        return bool((np.abs(steps - typical) > max(VARIABLE_RATE_TOLERANCE * typical, rounding)).any())

    @property
    def problems(self) -> tuple[str, ...]:
        """What is unusual or wrong with the video, in words for the user."""
        found = []
        if cut_off := self._cut_off():
            found.append(cut_off)
        if self.is_variable_rate:
            found.append("the frame rate varies; the time stamps are kept with every frame")
        if self._table.is_counted:
            found.append("the file has no reliable time stamps; frames are counted, and jumps in it are slow")
        if self._unreadable:
            verb = "is" if len(self._unreadable) == 1 else "are"
            found.append(f"{describe_frames(self._unreadable)} cannot be decoded and {verb} left out")
        if self._damaged:
            found.append(
                f"{describe_frames(self._damaged)}: damaged, and with them those after them up to the next "
                "keyframe; do not trust what they show"
            )
        ratio = self._stream.codec_context.sample_aspect_ratio
        if ratio and ratio != 1:
            found.append(f"pixels are not square ({ratio}); positions are in stored pixels")
        return tuple(found)

    def _cut_off(self) -> str:
        """Say how it shows that the file was cut off, or return ``""`` where nothing shows it."""
        announced = max(0, self._stream.frames - self._table.n_hidden)
        if announced > self.n_frames:
            return (
                f"the file announces {announced} frames, but only {self.n_frames} are there: it was cut off"
            )
        if early := self._early_end():
            return early
        return "the file breaks off in the middle of a frame: it was cut off" if self._table.is_cut else ""

    def _early_end(self) -> str:
        """Say where a Matroska file, which announces no number of frames, ends before its time."""
        tags = (text for name, text in self._stream.metadata.items() if name.upper().startswith("DURATION"))
        announced = _seconds(next(tags, ""))
        if announced is None or self._table.is_counted or self.n_frames < 2:
            return ""
        steps = self._steps_s
        end = float(self._table.pts[-1] * self._stream.time_base + np.median(steps))
        if announced <= end + 2 * steps.max():  # the last frame may be shown as long as any other
            return ""
        return f"the file announces {announced:.2f} s, but its frames end at {end:.2f} s: it was cut off"

    def read(self, index: int) -> np.ndarray:
        """Return frame `index` as uint8 RGB, shape (H, W, 3).

        Raises
        ------
        InputError
            There is no such frame.
        VideoError
            It is damaged.
        """
        return self._at(check_index(index, self.n_frames, self.path)).rgb()

    def read_many(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Give several frames as uint8 RGB in the order asked for; ascending is fastest."""
        for index in indices:
            yield self.read(index)

    def frames(
        self, start: int = 0, stop: int | None = None, step: int = 1
    ) -> Iterator[tuple[int, DecodedFrame]]:
        """Give (number, frame) from `start` up to but without `stop`.

        Frames that cannot be decoded are left out, and counted by :attr:`n_unreadable`. Other frames may be
        read by number in between.
        """
        for number in check_range(start, stop, step, self.n_frames, self.path):
            frame = self._find(number)
            if frame is not None:
                yield number, frame

    def glimpses(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, DecodedFrame]]:
        """Give (number, frame) of some frames, in less than half the time: to see what a video is like.

        Frames that no others depend on are left out, and the last smoothing of edges between blocks is
        saved, so the pixels are not quite those of :meth:`frames`.
        """
        import av

        wanted = check_range(start, stop, 1, self.n_frames, self.path)
        if self._table.is_counted:  # numbers are only known when nothing is left out
            yield from self.frames(start, stop)
            return
        container, stream = open_container(self.path)
        try:
            stream.codec_context.skip_frame = "NONREF"
            stream.codec_context.options = {"skip_loop_filter": "all"}
            if keyframe := self._last_keyframe(start):
                with suppress(av.FFmpegError, OSError):  # then from the start of the file
                    container.seek(int(self._table.pts[keyframe]), stream=stream, backward=True)
            for number, frame in self._numbered(None, decode_packets(container, stream)):
                if number >= wanted.stop:
                    return
                if number in wanted:
                    yield number, DecodedFrame(frame, self._quarter_turns)
        finally:
            container.close()

    def _at(self, index: int) -> DecodedFrame:
        frame = self._find(index)
        if frame is None:
            raise VideoError(
                f"frame {index} of {self.path} cannot be decoded",
                hint="this part of the recording is damaged; leave the frame out",
            )
        return frame

    def _find(self, index: int) -> DecodedFrame | None:
        """Decode frame `index`, going on from the last one where that is quickest; None if it is damaged."""
        if self._frames is None or not self._is_near_ahead(index):
            self._go_to(index)
        frame = self._advance_to(index)
        if frame is None and self._is_at_end and not (self._is_single_threaded or self._table.is_counted):
            # Where the last packet is damaged, FFmpeg's threads lose good frames that wait to be shown.
            self._go_to(index, is_single_threaded=True)
            frame = self._advance_to(index)
        if frame is None:
            self._unreadable.add(index)
        return frame

    def _advance_to(self, index: int) -> DecodedFrame | None:
        """Decode on to frame `index`; None where another one, or the end, comes in its place."""
        frames = self._frames or iter(())
        for number, frame in frames:
            self._next = number + 1
            if number == index:
                if frame.is_corrupt:
                    self._damaged.add(number)
                return DecodedFrame(frame, self._quarter_turns)
            if number > index:  # it is wanted next, most likely
                self._frames = chain([(number, frame)], frames)
                self._next = number
                break
        else:
            self._is_at_end = True
        return None

    def _is_near_ahead(self, index: int) -> bool:
        if self._is_at_end:  # what lies ahead is damaged up to the end
            return index >= self._next
        if not self._next <= index:
            return False
        return index < self._next + NEAR_AHEAD or self._last_keyframe(index) <= self._next

    def _last_keyframe(self, index: int) -> int:
        place = int(np.searchsorted(self.keyframes, index, side="right")) - 1
        return int(self.keyframes[place]) if place >= 0 else 0

    def _go_to(self, index: int, *, is_single_threaded: bool = False) -> None:
        """Make the next frame that comes the one with number `index`, or one before it."""
        if is_single_threaded != self._is_single_threaded:
            self._reopen(is_single_threaded=is_single_threaded)
        self._is_at_end = False
        pts = self._table.pts[index]
        place = int(np.searchsorted(self._table.keyframes, pts, side="right")) - 1
        # A seek may land after the frame (open groups of pictures, coarse indices): then go further back.
        for back in (0, 1, 2, 4):
            if self._table.is_counted or place - back <= 0:
                break
            if self._begin_at(int(self._table.keyframes[place - back]), int(pts)):
                return
        self._begin_at_start()

    def _begin_at(self, keyframe_pts: int, target_pts: int) -> bool:
        """Seek to a keyframe; return whether decoding from there meets the target."""
        import av

        try:
            self._container.seek(keyframe_pts, stream=self._stream, backward=True)
            decoded = decode_packets(self._container, self._stream)
            first = next((f for f in decoded if f.pts is not None and f.pts >= keyframe_pts), None)
        except (av.FFmpegError, OSError):
            return False
        if first is None or first.pts > target_pts or self._table.rank(first.pts) < 0:
            return False
        if first.is_corrupt:  # what the decoder fills its holes with depends on the frames before
            return False
        self._frames = self._numbered(first, decoded)
        self._next = self._table.rank(first.pts)
        return True

    def _begin_at_start(self) -> None:
        self._reopen(is_single_threaded=self._is_single_threaded)
        decoded = decode_packets(self._container, self._stream)
        self._frames = self._counted(decoded) if self._table.is_counted else self._numbered(None, decoded)
        self._next = 0

    def _numbered(self, first: Any, rest: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        """Give decoded frames with their numbers; what an edit list hides has none and is left out."""
        if first is not None:
            yield self._table.rank(first.pts), first
        for frame in rest:
            number = -1 if frame.pts is None else self._table.rank(frame.pts)
            if number >= 0:
                yield number, frame

    @staticmethod
    def _counted(decoded: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        yield from enumerate(decoded)


def _seconds(text: str) -> float | None:
    """Return the seconds of ``HH:MM:SS.fraction``, or None where that is not what it is."""
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text.strip())
    return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3]) if match else None


def _quarter_turns(frame: Any) -> int:
    """Return how many counter-clockwise quarter turns the display matrix asks for."""
    degrees = float(getattr(frame, "rotation", 0) or 0)
    return round(degrees / 90) % 4


def describe_frames(numbers: Iterable[int], *, at_most: int = 5) -> str:
    """Return frame numbers in words, with runs as ranges: ``"frames 3, 7 to 9 and 12"``."""
    ordered = np.unique(np.fromiter(numbers, dtype=np.int64))
    runs = np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1)
    words = [f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(words) > at_most:
        return f"{len(ordered)} frames ({', '.join(words[:at_most])}, …)"
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{'frame' if len(ordered) == 1 else 'frames'} {listed}"
