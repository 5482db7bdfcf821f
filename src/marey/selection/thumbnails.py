"""Small grey pictures of frames, to compare them by."""

from collections.abc import Iterator, Sequence

import numpy as np

from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.video import FrameSource
from marey.video.source import Frame

THUMBNAIL_SIDE_PX = 30
MAX_IN_ORDER = 9000
MAX_CANDIDATES = 3000
MAX_JUMPS = 600
REPORT_EVERY = 50


def choose_candidates(video: FrameSource, available: np.ndarray, n_needed: int) -> np.ndarray:
    """Return the frames to look at, so that hours of video do not take hours.

    Up to 9,000 frames are decoded in order, of which 3,000 are compared. A longer stretch is looked at in
    jumps, to frames at which decoding can begin where there are enough of them.

    Parameters
    ----------
    available
        Frame numbers that may be chosen, ascending, shape (n,).
    n_needed
        There are at least so many candidates, as far as there are frames.
    """
    span = int(available[-1] - available[0]) + 1
    if span <= MAX_IN_ORDER:
        return spread_evenly(available, max(MAX_CANDIDATES, n_needed))
    quick = np.intersect1d(available, video.keyframes)
    enough = len(quick) >= max(5 * n_needed, MAX_JUMPS // 4)
    return spread_evenly(quick if enough else available, max(MAX_JUMPS, n_needed))


def spread_evenly(items: np.ndarray, n: int) -> np.ndarray:
    """Return `n` of the items, the middles of `n` equal parts; all where there are no more."""
    if len(items) <= n:
        return items
    return items[((np.arange(n) + 0.5) * len(items) / n).astype(np.int64)]


def make_thumbnails(
    video: FrameSource, numbers: Sequence[int] | np.ndarray, progress: ProgressCallback = ignore_progress
) -> tuple[np.ndarray, np.ndarray]:
    """Decode frames in order and shrink them to grey pictures.

    Returns
    -------
    numbers
        Those that could be decoded, int64, shape (n,).
    thumbnails
        Grey values, float32, shape (n, n_pixels).
    """

    def decode() -> Iterator[tuple[int, Frame]]:
        for number in numbers:
            yield from video.frames(int(number), int(number) + 1)

    return _shrink(video, decode(), len(numbers), progress)


def glimpse_thumbnails(
    video: FrameSource, numbers: np.ndarray, progress: ProgressCallback = ignore_progress
) -> tuple[np.ndarray, np.ndarray]:
    """Do the same for those of the frames that can be had quickly, at half the cost or less."""
    wanted = set(numbers.tolist())
    glimpses = video.glimpses(int(numbers[0]), int(numbers[-1]) + 1)
    return _shrink(video, (item for item in glimpses if item[0] in wanted), len(numbers), progress)


def _shrink(
    video: FrameSource, frames: Iterator[tuple[int, Frame]], n_expected: int, progress: ProgressCallback
) -> tuple[np.ndarray, np.ndarray]:
    crop, size = _whole_cells(video.width, video.height)
    numbers: list[int] = []
    pictures: list[np.ndarray] = []
    stage = f"looking at {video.path.name}"
    for number, frame in frames:
        numbers.append(number)
        pictures.append(frame.grey(crop, size).ravel())
        if len(numbers) % REPORT_EVERY == 0:
            progress(Progress(stage, len(numbers), n_expected))
    progress(Progress(stage, n_expected, n_expected))
    stacked = np.array(pictures, dtype=np.float32).reshape(len(numbers), size[0] * size[1])
    return np.array(numbers, dtype=np.int64), stacked


def _whole_cells(width: int, height: int) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """Return a centred box and a size so that every cell averages the same whole number of pixels.

    Averaging whole cells is many times quicker than a free ratio, and a few columns at the border say
    nothing about which frames differ.
    """
    cell = max(1, round(max(width, height) / THUMBNAIL_SIDE_PX))
    columns, rows = max(1, width // cell), max(1, height // cell)
    cell_x, cell_y = min(cell, width), min(cell, height)
    box_width, box_height = columns * cell_x, rows * cell_y
    return ((width - box_width) // 2, (height - box_height) // 2, box_width, box_height), (columns, rows)
