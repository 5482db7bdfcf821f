"""Animals in frames from the file of any tool, whether it calls them poses or labels."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import FormatError, InputError, LabelsError, MareyError
from marey.formats import load_labels, load_poses
from marey.formats.deeplabcut.tables import SINGLE
from marey.formats.registry import FORMATS, Format, detect_format, format_named
from marey.formats.source import fill_up
from marey.model import LabeledFrame, Labels, create_poses
from marey.model.poses import INTERPOLATED

if TYPE_CHECKING:
    import xarray as xr


# Rows are made for frames between those that are given: up to so many, or so many times as many as are given.
MOST_ROWS, MOST_EMPTY = 1_000_000, 100


def load_animals(path: str | Path, *, video: str | None = None, in_memory: bool = True) -> xr.Dataset:
    """Read the animals of every frame of one video.

    Files of poses are read as such, but for DeepLabCut's unique body parts: what there is once in the scene,
    a corner of the arena, is no animal. In files of labels (COCO, say), named animals keep their name;
    unnamed ones fill further places in the order of the file, which says nothing about who they are.

    Parameters
    ----------
    path
        A file in any known format.
    video
        The key of the video, where the file holds several; passed over in formats of one video.
    in_memory
        Whether to read everything now. Otherwise poses in Marey's own file are read when they are used, and
        the Dataset is to be closed afterwards.

    Raises
    ------
    NotFoundError, FormatError
        There is no such file, or it is damaged or in no known format.
    InputError
        The file holds several videos, and none or an unknown one was named.
    """
    path = Path(path)
    fitting = _fitting(path)
    found = _read(path, fitting, video, in_memory=in_memory)
    if not isinstance(found, Labels):
        return _without_unique_parts(found) if _name_of_poses(fitting) == "dlc" else found
    known = {frame.frame: frame for frame in _frames_of(found, path, video)}
    first, last = min(known), max(known)
    _check_span(len(known), first, last)
    empty = replace(known[first], instances=(), image=None)
    every = [known.get(number) or replace(empty, frame=number) for number in range(first, last + 1)]
    return _poses_of_frames(found, every, path)


def on_every_frame(poses: xr.Dataset) -> xr.Dataset:
    """Return poses with a row for every frame from the first to the last: rows are apart as frames are.

    Where all frames are a number of frames apart, every tenth, say, that number is the step.

    Raises
    ------
    InputError
        The frames are so few and so far apart that hardly anything but empty rows would come of it.
    """
    frames = poses["frame"].values.astype(int)
    steps = np.diff(frames)
    if not len(steps) or (steps == steps[0]).all():
        return poses
    step = int(np.gcd.reduce(steps))
    _check_span(len(frames), int(frames[0]), int(frames[-1]), step)
    every = np.arange(frames[0], frames[-1] + 1, step)
    times = np.interp(every, frames, poses["time"].values)
    times[np.searchsorted(every, frames)] = poses["time"].values
    known = poses.load().drop_vars("frame").assign_coords(time=frames)
    filled = known.reindex(time=every, fill_value={INTERPOLATED: False})
    return filled.assign_coords(time=times, frame=("time", every)).assign_attrs(poses.attrs)


def load_truth(path: str | Path, *, video: str | None = None) -> xr.Dataset:
    """Read the animals of one video to compare tracks with: who they are must be said.

    Where a person labelled frames, what they placed or confirmed there is the truth, be it that there is no
    animal; of other frames nothing is known. Predictions tell of every frame.

    Parameters
    ----------
    path
        A file in any known format.
    video
        The key of the video, where the file holds several; passed over in formats of one video.

    Raises
    ------
    NotFoundError, FormatError
        There is no such file, or it is damaged or in no known format.
    InputError
        The file holds several videos, and none or an unknown one was named; or nothing is labelled in it.
    LabelsError
        There are several animals, and some have no name.
    """
    path = Path(path)
    fitting = _fitting(path)
    # SLEAP keeps labels and predictions in the same kind of file.
    is_sleap = _name_of_poses(fitting) == "sleap"
    found = load_labels(path).labels if is_sleap else _read(path, fitting, video)
    if not isinstance(found, Labels):
        return found
    frames = _labelled(_frames_of(found, path, video))
    is_labelled = any(animal.is_confirmed.any() for frame in frames for animal in frame.instances)
    if is_labelled:
        frames = replace(found, frames=frames).confirmed().frames
    _check_names(frames, path)
    if is_sleap and not is_labelled:  # predictions: of every frame from the first on
        return load_animals(path, video=video).isel(time=slice(frames[0].frame, None))
    return _poses_of_frames(found, frames, path)


def _check_span(n_frames: int, first: int, last: int, step: int = 1) -> None:
    n_rows = (last - first) // step + 1
    if n_rows > MOST_ROWS and n_rows > MOST_EMPTY * n_frames:
        raise InputError(
            f"expected frames that follow each other, but {n_frames} frames lie between {first} and {last}",
            hint="number the frames by their place in the video",
        )


def _without_unique_parts(poses: xr.Dataset) -> xr.Dataset:
    """Return poses without DeepLabCut's individual of unique body parts, and without these body parts."""
    names = poses["individual"].values.astype(str)
    if SINGLE not in names or len(names) == 1:
        return poses
    animals = poses.isel(individual=np.flatnonzero(names != SINGLE))
    is_own = animals["position"].notnull().any(["time", "space", "individual"]).values
    is_unique = poses["position"].sel(individual=SINGLE).notnull().any(["time", "space"]).values
    is_kept = is_own | ~is_unique
    return animals.isel(keypoint=np.flatnonzero(is_kept)) if is_kept.any() else poses


def _fitting(path: Path) -> list[Format]:
    """Return the formats that a file may be in."""
    return [item for item in FORMATS if path.exists() and item.function("detect")(path)]


def _name_of_poses(fitting: list[Format]) -> str:
    """Return the format in which poses are read, "" if there is none."""
    return next((item.name for item in fitting if "load_poses" in item.can), "")


def _read(
    path: Path, fitting: list[Format], video: str | None, *, in_memory: bool = True
) -> xr.Dataset | Labels:
    """Read poses; from files that hold labels and no poses, the labels."""
    if not fitting:  # which is said with all formats that either is read from
        detect_format(path, "load_poses", "load_labels")
    has_labels = any("load_labels" in item.can for item in fitting)
    kind = _name_of_poses(fitting)
    if has_labels and not kind:
        return load_labels(path).labels
    if kind == "marey" and not in_memory:
        from marey.formats.native import open_poses

        return open_poses(path)
    takes_name = kind and "video" in inspect.signature(format_named(kind).function("load_poses")).parameters
    options = {"video": video} if video and takes_name else {}
    try:
        return load_poses(path, **options)
    except FormatError as refusal:
        # Some tools keep labels and poses in files that look alike (DeepLabCut, NWB).
        if not has_labels:
            raise
        try:
            return load_labels(path).labels
        except MareyError:
            raise refusal from None


def _frames_of(labels: Labels, path: Path, video: str | None) -> list[LabeledFrame]:
    """Return the frames of one video, in order."""
    videos = labels.videos
    if not videos:
        raise InputError(f"there is not one labelled frame in {path}")
    if video is None and len(videos) > 1:
        raise InputError(
            f"{path} holds {len(videos)} videos, and tracks are of one",
            hint=f"name one of {', '.join(videos)} with --of",
        )
    if video is not None and video not in videos:
        raise InputError(f"{path} has no video {video!r}", hint=f"it has {', '.join(videos)}")
    chosen = video or videos[0]
    return sorted((f for f in labels.frames if f.video == chosen), key=lambda frame: frame.frame)


def _labelled(frames: list[LabeledFrame]) -> list[LabeledFrame]:
    """Return frames without animals that have no point; those that only wait to be labelled are left out."""
    result = []
    for frame in frames:
        animals = tuple(animal for animal in frame.instances if animal.has_position.any())
        if animals or not frame.instances:
            result.append(replace(frame, instances=animals))
    return result


def _poses_of_frames(labels: Labels, frames: list[LabeledFrame], path: Path) -> xr.Dataset:
    array = labels.to_array(frames)
    names = fill_up(labels.individuals, array.shape[1], "animal ")
    return create_poses(
        array.transpose(0, 3, 2, 1),
        keypoints=labels.skeleton.keypoints,
        individuals=names,
        frames=np.array([frame.frame for frame in frames]),
        attributes={"source_file": str(path), "video": frames[0].video},
    )


def _check_names(frames: list[LabeledFrame], path: Path) -> None:
    """Refuse frames in which it is not said who is who; a single animal needs no name."""
    if not frames:
        raise InputError(f"there is not one labelled frame in {path}")
    unnamed = [frame.frame for frame in frames if any(i.individual is None for i in frame.instances)]
    names = {animal.individual for frame in frames for animal in frame.instances}
    if unnamed and (len(names) > 1 or any(len(frame.instances) > 1 for frame in frames)):
        raise LabelsError(
            f"identities can be compared only where every animal has a name, but in {path.name} some animal "
            f"has none in {len(unnamed)} frames, the first of them {unnamed[0]}",
            hint="name all animals, or leave the unnamed ones out",
        )
