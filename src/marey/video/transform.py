"""Changing a video: a shorter, smaller, turned or slower copy, made in one pass."""

from pathlib import Path

import numpy as np

from marey.errors import AlreadyExistsError, InputError
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.video.open import open_video
from marey.video.source import Box, FrameSource
from marey.video.writer import VideoWriter

DEFAULT_FPS = 30.0


def transform_video(
    source: str | Path,
    output: str | Path,
    *,
    start: int = 0,
    stop: int | None = None,
    crop: Box | None = None,
    scale: float = 1.0,
    quarter_turns: int = 0,
    fps: float | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Path:
    """Write a changed copy of a video; the original is never touched.

    Parameters
    ----------
    start, stop
        Frames to keep, half-open.
    crop
        (x0, y0, width, height) in pixels of the original.
    scale
        Factor for the size, after cropping.
    quarter_turns
        How often to turn by 90° counter-clockwise, after that.
    fps
        Keep only as many frames as fit this rate. The time stamps of a variable rate are kept.

    Raises
    ------
    AlreadyExistsError
        `output` exists and `overwrite` was not asked for.
    InputError
        The crop lies outside the frame, or a number makes no sense.
    """
    output = Path(output)
    if output.exists() and not overwrite:
        raise AlreadyExistsError(f"{output} exists already", hint="choose another name, or use --overwrite")
    with open_video(source) as video:
        crop = _checked_crop(crop, video)
        if not 0 < scale <= 16:
            raise InputError(f"the scale must be above 0 and at most 16, got {scale}")
        size = tuple(max(2, round(side * scale)) for side in crop[2:])
        turned = size[::-1] if quarter_turns % 2 else size
        numbers = range(start, video.n_frames if stop is None else min(stop, video.n_frames))
        if not numbers:
            raise InputError(f"no frames are left of {video.path.name} between {start} and {stop}")
        keep = _thinned(video.timestamps_s, numbers, fps if video.fps else None)
        times = video.timestamps_s if video.fps else np.arange(video.n_frames) / DEFAULT_FPS
        rate = min(video.fps or DEFAULT_FPS, fps or np.inf)
        with VideoWriter(output, fps=rate, size=turned) as writer:
            for number, frame in video.frames(start, stop):
                if number in keep:
                    image = np.rot90(frame.rgb(crop, size), quarter_turns)
                    writer.write(np.ascontiguousarray(image), time_s=times[number] - times[numbers[0]])
                progress(Progress(f"writing {output.name}", number + 1 - start, len(numbers)))
    return output


def _checked_crop(crop: Box | None, video: FrameSource) -> Box:
    if crop is None:
        return 0, 0, video.width, video.height
    x0, y0, width, height = crop
    if width < 1 or height < 1 or x0 < 0 or y0 < 0 or x0 + width > video.width or y0 + height > video.height:
        raise InputError(
            f"a crop of {video.path.name} lies within 0,0,{video.width},{video.height} (x,y,width,height), "
            f"got {x0},{y0},{width},{height}"
        )
    return crop


def _thinned(timestamps_s: np.ndarray, numbers: range, fps: float | None) -> frozenset[int]:
    """Return the frames to keep so that at most `fps` remain a second."""
    if fps is None:
        return frozenset(numbers)
    if fps <= 0:
        raise InputError(f"frames per second must be positive, got {fps}")
    times = timestamps_s[numbers.start : numbers.stop]
    slot = np.floor((times - times[0]) * fps + 1e-6)
    _, first = np.unique(slot, return_index=True)
    return frozenset((first + numbers.start).tolist())
