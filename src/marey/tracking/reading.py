"""Animals in frames from the file of any tool, whether it calls them poses or labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import FormatError, InputError, LabelsError, MareyError
from marey.formats import load_labels, load_poses
from marey.formats.registry import FORMATS
from marey.model import LabeledFrame, Labels, create_poses

if TYPE_CHECKING:
    import xarray as xr


def load_animals(
    path: str | Path, *, video: str | None = None, needs_names: bool = False, in_memory: bool = True
) -> xr.Dataset:
    """Read the animals of every frame of one video.

    Files of poses are read as such. In files of labels (COCO, say), named animals keep their name; unnamed
    ones fill further places in the order of the file, which says nothing about who they are.

    Parameters
    ----------
    path
        A file in any known format.
    video
        The key of the video, where the file holds several.
    needs_names
        Whether each animal must say who it is, as in a truth to compare tracks with.
    in_memory
        Whether to read everything now. Otherwise poses in Marey's own file are read when they are used, and
        the Dataset is to be closed afterwards.

    Raises
    ------
    NotFoundError, FormatError
        There is no such file, or it is damaged or in no known format.
    InputError
        The file holds several videos, and none or an unknown one was named.
    LabelsError
        Names are needed, and some animal has none.
    """
    path = Path(path)
    fitting = [item for item in FORMATS if path.exists() and item.function("detect")(path)]
    has_labels = any("load_labels" in item.can for item in fitting)
    if has_labels and not any("load_poses" in item.can for item in fitting):
        return _poses_of_labels(load_labels(path).labels, path, video, needs_names)
    kind = next((item.name for item in fitting if "load_poses" in item.can), "")
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
            labels = load_labels(path).labels
        except MareyError:
            raise refusal from None
    return _poses_of_labels(labels, path, video, needs_names)


def _poses_of_labels(labels: Labels, path: Path, video: str | None, needs_names: bool) -> xr.Dataset:
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
    frames = sorted((f for f in labels.frames if f.video == chosen), key=lambda frame: frame.frame)
    if needs_names:
        _check_names(frames, path)
    array = labels.to_array(frames)
    numbers = np.array([frame.frame for frame in frames])
    names = list(labels.individuals)
    names += [f"animal {i + 1}" for i in range(len(names), array.shape[1])]
    dense = np.full((numbers[-1] + 1 - numbers[0], *array.shape[1:]), np.nan)
    dense[numbers - numbers[0]] = array
    return create_poses(
        dense.transpose(0, 3, 2, 1),
        keypoints=labels.skeleton.keypoints,
        individuals=names,
        frames=np.arange(numbers[0], numbers[-1] + 1),
        attributes={"source_file": str(path), "video": chosen},
    )


def _check_names(frames: list[LabeledFrame], path: Path) -> None:
    unnamed = [frame.frame for frame in frames if any(i.individual is None for i in frame.instances)]
    if unnamed:
        raise LabelsError(
            f"identities can be compared only where every animal has a name, but in {path.name} some animal "
            f"has none in {len(unnamed)} frames, the first of them {unnamed[0]}",
            hint="name all animals, or leave the unnamed ones out",
        )
