"""Animals in frames from the file of any tool, whether it calls them poses or labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import FormatError, InputError, LabelsError, MareyError
from marey.formats import load_labels, load_poses
from marey.formats.registry import FORMATS, Format
from marey.model import LabeledFrame, Labels, create_poses

if TYPE_CHECKING:
    import xarray as xr


def load_animals(path: str | Path, *, video: str | None = None, in_memory: bool = True) -> xr.Dataset:
    """Read the animals of every frame of one video.

    Files of poses are read as such. In files of labels (COCO, say), named animals keep their name; unnamed
    ones fill further places in the order of the file, which says nothing about who they are.

    Parameters
    ----------
    path
        A file in any known format.
    video
        The key of the video, where the file holds several.
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
    found = _read(path, _fitting(path), video, in_memory=in_memory)
    if not isinstance(found, Labels):
        return found
    known = {frame.frame: frame for frame in _frames_of(found, path, video)}
    first, last = min(known), max(known)
    empty = replace(known[first], instances=(), image=None)
    every = [known.get(number) or replace(empty, frame=number) for number in range(first, last + 1)]
    return _poses_of_frames(found, every, path)


def load_truth(path: str | Path, *, video: str | None = None) -> xr.Dataset:
    """Read the animals of one video to compare tracks with: who they are must be said.

    Where a person labelled frames, these alone are the truth, be it that there is no animal; what is between
    them is not known. Files of poses tell of every frame.

    Parameters
    ----------
    path
        A file in any known format.
    video
        The key of the video, where the file holds several.

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
    found = _read(path, fitting, video)
    if isinstance(found, Labels):
        frames = _labelled(_frames_of(found, path, video))
        _check_names(frames, path)
        return _poses_of_frames(found, frames, path)
    if _name_of_poses(fitting) != "sleap":
        return found
    frames = _labelled(_frames_of(load_labels(path).labels, path, video))
    _check_names(frames, path)
    if not any(animal.is_confirmed.any() for frame in frames for animal in frame.instances):
        return found.isel(time=slice(frames[0].frame, None))  # predictions: of every frame from the first on
    return found.isel(time=[frame.frame for frame in frames if frame.frame < found.sizes["time"]])


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
    has_labels = any("load_labels" in item.can for item in fitting)
    kind = _name_of_poses(fitting)
    if has_labels and not kind:
        return load_labels(path).labels
    if kind == "marey" and not in_memory:
        from marey.formats.native import open_poses

        return open_poses(path)
    options = {"video": video} if video and kind == "sleap" else {}
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
    names = list(labels.individuals)
    names += [f"animal {i + 1}" for i in range(len(names), array.shape[1])]
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
