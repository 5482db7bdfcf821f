"""Frames of a new video that are worth labelling."""

from collections.abc import Callable, Iterable

import numpy as np

from marey.errors import ConfigError, InputError
from marey.progress import ProgressCallback, ignore_progress
from marey.selection.kmeans import nearest_to_centres
from marey.selection.thumbnails import (
    MAX_IN_ORDER,
    choose_candidates,
    glimpse_thumbnails,
    make_thumbnails,
    spread_evenly,
)
from marey.video import FrameSource

GLIMPSES_PER_FRAME = 10


def select_frames(
    video: FrameSource,
    n: int,
    *,
    method: str = "kmeans",
    start: int = 0,
    stop: int | None = None,
    exclude: Iterable[int] = (),
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> list[int]:
    """Choose frames of a video; the same ones every time for the same `seed`.

    Parameters
    ----------
    video
        An open video or folder of images.
    n
        How many.
    method
        ``"kmeans"`` groups frames by how they look and takes the most typical of each group: different
        postures and places. ``"motion"`` takes frames where the picture changes most, apart from each
        other. ``"uniform"`` spreads them evenly, without looking at them.
    start, stop
        Choose among these frames, half-open.
    exclude
        Frames not to choose, such as those that are extracted already.
    seed
        Where chance plays a part.
    progress
        Told how many frames have been looked at.

    Returns
    -------
    list of int
        `n` different frame numbers, ascending.

    Raises
    ------
    ConfigError
        There is no such method.
    InputError
        Fewer than `n` frames are left to choose from.
    """
    if method not in METHODS:
        raise ConfigError(f"there is no way {method!r} to choose frames", hint=f"ways: {', '.join(METHODS)}")
    stop = video.n_frames if stop is None else min(stop, video.n_frames)
    if n < 1 or start < 0:
        raise InputError(f"expected at least one frame, from frame 0 on, got {n} from frame {start}")
    available = np.setdiff1d(np.arange(start, stop), np.fromiter(exclude, dtype=np.int64))
    if len(available) < n:
        raise InputError(
            f"{n} frames of {video.path.name} were asked for, but only {len(available)} are left between "
            f"{start} and {stop}",
            hint="ask for fewer, or choose a longer part",
        )
    return sorted(METHODS[method](video, available, n, np.random.default_rng(seed), progress))


Method = Callable[[FrameSource, np.ndarray, int, np.random.Generator, ProgressCallback], list[int]]


def _uniform(
    video: FrameSource,  # noqa: ARG001 - all methods are called alike
    available: np.ndarray,
    n: int,
    rng: np.random.Generator,  # noqa: ARG001
    progress: ProgressCallback,  # noqa: ARG001
) -> list[int]:
    return spread_evenly(available, n).tolist()


def _kmeans(
    video: FrameSource, available: np.ndarray, n: int, rng: np.random.Generator, progress: ProgressCallback
) -> list[int]:
    numbers, thumbnails = _look(video, available, n, progress)
    chosen = numbers[nearest_to_centres(thumbnails, n, rng)]
    # Frames that look the same make fewer groups than were asked for: the rest is spread over time.
    return [*chosen.tolist(), *spread_evenly(np.setdiff1d(numbers, chosen), n - len(chosen)).tolist()]


def _motion(
    video: FrameSource,
    available: np.ndarray,
    n: int,
    rng: np.random.Generator,  # noqa: ARG001
    progress: ProgressCallback,
) -> list[int]:
    numbers, thumbnails = _look(video, available, n, progress)
    change = np.zeros(len(numbers))
    change[1:] = np.abs(np.diff(thumbnails, axis=0)).mean(axis=1) if len(numbers) > 1 else 0
    return pick_apart(numbers, change, n)


def _look(
    video: FrameSource, available: np.ndarray, n: int, progress: ProgressCallback
) -> tuple[np.ndarray, np.ndarray]:
    candidates = choose_candidates(video, available, n)
    span = int(candidates[-1] - candidates[0]) + 1
    # Where all frames would be decoded on the way, and a part of them is plenty, take the quick ones.
    is_dense = span <= MAX_IN_ORDER and len(candidates) >= GLIMPSES_PER_FRAME * n
    numbers, thumbnails = (glimpse_thumbnails if is_dense else make_thumbnails)(video, candidates, progress)
    if is_dense and len(numbers) < n:
        numbers, thumbnails = make_thumbnails(video, candidates, progress)
    if len(numbers) < n:
        raise InputError(
            f"{n} frames of {video.path.name} were asked for, but only {len(numbers)} of those looked at can "
            "be decoded",
            hint="the video is damaged; ask for fewer frames",
        )
    return numbers, thumbnails


def pick_apart(numbers: np.ndarray, scores: np.ndarray, n: int) -> list[int]:
    """Return the `n` numbers of the highest scores that keep a distance; it is halved until there are `n`."""
    best_first = numbers[np.argsort(-scores, kind="stable")].tolist()
    gap = max(1, int(numbers[-1] - numbers[0]) // (2 * n))
    chosen: list[int] = []
    while len(chosen) < n:
        for number in best_first:
            if len(chosen) < n and all(abs(number - other) >= gap for other in chosen):
                chosen.append(number)
        gap //= 2  # at 1, every frame that is not chosen yet will do
    return chosen


METHODS: dict[str, Method] = {"kmeans": _kmeans, "motion": _motion, "uniform": _uniform}
