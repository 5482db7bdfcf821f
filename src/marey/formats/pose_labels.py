"""Poses seen as labels: what a model placed and nobody has confirmed."""

from pathlib import Path

import numpy as np
import xarray as xr

from marey.formats.pose_arrays import has_names
from marey.formats.source import LabelSource, video_key
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton


def labels_of_poses(dataset: xr.Dataset, skeleton: Skeleton, path: Path) -> LabelSource:
    """Return poses as labels of which a model is the origin.

    Parameters
    ----------
    dataset
        Poses with the keypoints of `skeleton`.
    skeleton
        The skeleton of the labels.
    path
        The file they came from; names the video where the poses do not.
    """
    video = str(dataset.attrs.get("video") or "")
    key = video_key(video) if video else path.name.split(".")[0]
    names = [str(name) for name in dataset["individual"].values]
    individuals = tuple(names) if has_names(dataset) else ()
    xy = dataset["position"].sel(space=["x", "y"]).transpose("time", "individual", "keypoint", "space").values
    model = np.full(len(skeleton), Origin.MODEL)
    frames = []
    for row, frame in enumerate(dataset["frame"].values.tolist()):
        instances = tuple(
            Instance(xy[row, i], origin=model, individual=name if individuals else None)
            for i, name in enumerate(names)
            if np.isfinite(xy[row, i]).all(axis=1).any()
        )
        if instances:
            frames.append(LabeledFrame(key, frame, instances))
    return LabelSource(
        Labels(skeleton, frames, individuals),
        videos={key: Path(video)} if video else {},
        notes=(f"{path.name} holds poses of a model, which nobody has confirmed",),
        metadata={"name": key},
    )
