"""Choosing frames of a project's videos and extracting them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import InputError, NotFoundError
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.selection.budget import spread_budget
from marey.selection.select import select_frames

if TYPE_CHECKING:
    from marey.project import Project


def extract_frames(
    project: "Project",
    n: int = 20,
    *,
    n_per_video: int | None = None,
    videos: Iterable[str] | None = None,
    method: str = "kmeans",
    start: int = 0,
    stop: int | None = None,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> dict[str, list[Path]]:
    """Choose frames of a project's videos and extract them; none that is there already.

    Parameters
    ----------
    project
        The project.
    n
        How many in all, spread over the videos by their length.
    n_per_video
        Instead of `n`: how many of each video, as far as it has so many left.
    videos
        Keys of the videos; all without it.
    method, start, stop, seed
        As for :func:`select_frames`.

    Returns
    -------
    dict
        The new images of each video; fewer than were asked for where no more frames are left. Videos that
        are not there are left out, and `progress` is told, unless `videos` names them or none is there.
    """
    keys = check_keys(project, videos)
    if (n_per_video if n_per_video is not None else n) < 1:
        raise InputError(f"expected at least one frame to extract, got {n_per_video or n}")
    present = {key: project.extracted_frames(key) for key in keys}
    n_left = {}
    lengths = {}
    for key, n_frames in _lengths(project, keys, progress, skip_missing=videos is None).items():
        end = n_frames if stop is None else min(stop, n_frames)
        lengths[key] = max(0, end - start)
        n_left[key] = lengths[key] - sum(start <= frame < end for frame in present[key])
    if n_per_video is None:
        shares = spread_budget(n, lengths, capacities=n_left)
    else:
        shares = {key: min(n_per_video, left) for key, left in n_left.items()}
    images: dict[str, list[Path]] = {}
    for key, share in shares.items():
        images[key] = []
        if share:
            with project.open_video(key) as video:
                chosen = select_frames(
                    video,
                    share,
                    method=method,
                    start=start,
                    stop=stop,
                    exclude=present[key],
                    seed=seed,
                    progress=progress,
                )
            images[key] = project.add_frames(key, chosen, progress=progress)
    return images


def _lengths(
    project: "Project", keys: Iterable[str], progress: ProgressCallback, *, skip_missing: bool
) -> dict[str, int]:
    """Return how many frames each video has."""
    lengths: dict[str, int] = {}
    missing: list[NotFoundError] = []
    for key in keys:
        try:
            with project.open_video(key) as video:
                lengths[key] = video.n_frames
        except NotFoundError as error:
            if not skip_missing:
                raise
            missing.append(error)
    if missing and not lengths:
        raise missing[0]
    for absent in missing:
        progress(Progress("choosing frames", 0, message=f"left out: {absent.message}"))
    return lengths


def check_keys(project: "Project", videos: Iterable[str] | None = None) -> list[str]:
    """Return the keys of the videos named, or of all.

    Raises
    ------
    NotFoundError
        The project has no such video, or none at all.
    """
    if not project.videos:
        raise NotFoundError(
            f"the project {project.name} has no videos", hint=f'marey add-videos "{project.root}" VIDEO...'
        )
    keys = list(project.videos) if videos is None else list(dict.fromkeys(videos))
    if unknown := [key for key in keys if key not in project.videos]:
        raise NotFoundError(
            f"the project {project.name} has no video {unknown[0]!r}",
            hint=f"its videos are {', '.join(project.videos)}",
        )
    return keys
