"""Tracks from a file of animals into a file of their own."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import AlreadyExistsError, ConfigError, InputError
from marey.formats.native import SUFFIXES
from marey.progress import ProgressCallback, ignore_progress
from marey.tracking.reading import load_animals
from marey.tracking.track import LONGEST_FILLED_GAP_S, Describe, Tracking, track

if TYPE_CHECKING:
    import xarray as xr


def track_file(
    source: str | Path,
    target: str | Path,
    *,
    video: str | Path | None = None,
    of: str | None = None,
    n_animals: int | None = None,
    can_leave: bool | None = None,
    describe: Describe | None = None,
    max_gap_s: float = LONGEST_FILLED_GAP_S,
    take_apart: bool = False,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Tracking:
    """Find out who is who in a file, and write the tracks.

    Parameters
    ----------
    source
        Animals found in each frame, in any known format.
    target
        The tracks to write (``.nc`` or ``.h5``); may be `source`.
    video
        The video that the animals were found in: gives the time of each frame, and its length is checked.
        Left out: the poses' own rate counts, and where they have none, 30 frames a second.
    of
        The key of the video, where `source` holds several.
    n_animals, can_leave, describe, max_gap_s, take_apart
        See :func:`marey.tracking.track`.
    overwrite
        Whether to replace what is at `target`.

    Returns
    -------
    Tracking
        What was found. `source` is closed: the poses are in `target`.

    Raises
    ------
    ConfigError
        The target has another suffix, `max_gap_s` is negative or endless, or `n_animals` is not positive.
    AlreadyExistsError
        There is something at `target`, and `overwrite` is false.
    NotFoundError, FormatError
        There is no such file, or it is damaged or in no known format.
    InputError
        The poses begin before the video, or end after it; the source holds several videos, and none or an
        unknown one was named; there is nothing in it, or the poses are in 3D.
    """
    source, target = Path(source), Path(target)
    if target.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"expected an output that ends in {' or '.join(SUFFIXES)}, got {target}",
            hint="track to a .nc file, then turn it into other formats with `marey convert`",
        )
    if target.exists() and not overwrite:
        raise AlreadyExistsError(
            f"{target} exists already, and may hold repairs",
            hint="choose another name, or say that it is to be replaced (--overwrite)",
        )
    if not 0 <= max_gap_s < math.inf:
        raise ConfigError(f"expected the longest gap to fill as seconds from 0 up, got {max_gap_s}")
    is_replaced = target.resolve() == source.resolve()
    with load_animals(source, video=of, in_memory=is_replaced) as animals:
        found = track(
            animals if video is None else _with_times(animals, Path(video)),
            n_animals=n_animals,
            can_leave=can_leave,
            describe=describe,
            max_gap_s=max_gap_s,
            take_apart=take_apart,
            progress=progress,
        )
        found.save(target, overwrite=overwrite)
    return found


def _with_times(poses: "xr.Dataset", video: Path) -> "xr.Dataset":
    """Return poses with the times of the video's frames."""
    from marey.video import open_video

    first, last = (int(poses["frame"].values[i]) for i in (0, -1)) if poses.sizes["time"] else (0, -1)
    if first < 0:
        raise InputError(f"the poses begin at frame {first}, but videos begin at frame 0")
    with open_video(video) as opened:
        if last >= opened.n_frames:
            raise InputError(
                f"the poses go up to frame {last}, but {video} has only {opened.n_frames} frames",
                hint="give the video that the poses were made from",
            )
        if not opened.fps:
            return poses
        times, fps = opened.timestamps_s[poses["frame"].values], float(opened.fps)
    return poses.assign_coords(time=times).assign_attrs(fps=fps, time_unit="seconds")
