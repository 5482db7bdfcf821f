"""Changing a video: a shorter, smaller, turned or slower copy, made in one pass."""

from pathlib import Path

import numpy as np

from marey.errors import AlreadyExistsError, InputError
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.video.open import open_video
from marey.video.source import Box, FrameSource
from marey.video.writer import VideoWriter

DEFAULT_FPS = 30.0
MAX_SCALE = 16
RATE_TOLERANCE = 0.01


def transform_video(
    source: str | Path,
    output: str | Path,
    *,
    start: int | float | None = None,
    stop: int | float | None = None,
    crop: Box | None = None,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
    quarter_turns: int = 0,
    fps: float | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Path:
    """Write a changed copy of a video; the original is never touched.

    Parameters
    ----------
    start, stop
        What to keep, half-open: frame numbers as integers, or seconds as floats.
    crop
        (x0, y0, width, height) in pixels of the original.
    scale
        Factor for the size, after cropping.
    size
        Instead of `scale`: (width, height) after cropping.
    quarter_turns
        How often to turn by 90° counter-clockwise, after that.
    fps
        Keep only as many frames as fit this rate. The time stamps of a variable rate are kept. Where `fps` is
        the video's rate divided by a whole number, up to 1 %, each second, third and so on is kept.

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
        size = _new_size(crop, scale, size)
        numbers = _chosen_range(video, start, stop)
        kept = _thinned(video, numbers, fps) if video.fps and fps else numbers
        times = video.timestamps_s if video.fps else np.arange(video.n_frames) / (fps or DEFAULT_FPS)
        rate = (video.fps or fps or DEFAULT_FPS) * len(kept) / len(numbers)
        turned = size[::-1] if quarter_turns % 2 else size
        with VideoWriter(output, fps=rate, size=turned) as writer:
            for number, frame in video.frames(numbers.start, numbers.stop):
                if number in kept:
                    image = np.rot90(frame.rgb(crop, size), quarter_turns)
                    writer.write(np.ascontiguousarray(image), time_s=times[number] - times[numbers.start])
                progress(Progress(f"writing {output.name}", number + 1 - numbers.start, len(numbers)))
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


def _new_size(crop: Box, scale: float | None, size: tuple[int, int] | None) -> tuple[int, int]:
    if size is not None and scale is not None:
        raise InputError("expected a scale or a size, got both")
    if size is None:
        if scale is not None and not 0 < scale <= MAX_SCALE:
            raise InputError(f"the scale must be above 0 and at most {MAX_SCALE}, got {scale}")
        size = (max(2, round(crop[2] * (scale or 1))), max(2, round(crop[3] * (scale or 1))))
    if min(size) < 2:
        raise InputError(f"a video is at least 2×2 pixels, got {size[0]}×{size[1]}")
    return size


def _chosen_range(video: FrameSource, start: float | None, stop: float | None) -> range:
    """Return the frames between two places, each a frame number or seconds."""
    first, last = (
        int(np.searchsorted(video.timestamps_s, place - 1e-6)) if isinstance(place, float) else place
        for place in (start, stop)
    )
    numbers = range(first or 0, video.n_frames if last is None else min(last, video.n_frames))
    if not numbers or numbers.start < 0:
        raise InputError(
            f"no frames of {video.path.name} are left between {start} and {stop}; it has {video.n_frames} "
            f"frames and lasts {video.timestamps_s[-1]:.2f} s"
        )
    return numbers


def _thinned(video: FrameSource, numbers: range, fps: float) -> frozenset[int]:
    """Return the frames to keep so that at most `fps` remain a second."""
    if fps <= 0:
        raise InputError(f"frames per second must be positive, got {fps}")
    ratio = (video.fps or fps) / fps
    step = max(1, round(ratio))
    if not video.is_variable_rate and abs(ratio / step - 1) < RATE_TOLERANCE:
        return frozenset(numbers[::step])  # 29.97 to 15: even steps are worth more than the last 0.1 %
    times = video.timestamps_s[numbers.start : numbers.stop]
    slot = np.floor((times - times[0]) * fps + 1e-6)
    _, first = np.unique(slot, return_index=True)
    return frozenset((first + numbers.start).tolist())
