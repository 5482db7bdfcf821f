"""Writing NWB with ndx-pose, through pynwb (the extra ``nwb``)."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import xarray as xr

from marey.errors import InputError, MissingExtraError
from marey.formats.hdf5 import atomic_hdf5
from marey.formats.notes import (
    authors_of,
    count_animals,
    count_points,
    in_words,
    is_absent,
    points_without_guesses,
    unconfirmed_losses,
)
from marey.formats.pose_arrays import describe_losses, has_names
from marey.formats.source import FrameKey, unique_keys
from marey.model import Instance, LabeledFrame, Labels, Visibility, read_skeleton, standardise_poses

# NWB has seconds alone; who reads this file again shall not take frames for such.
IN_FRAMES = "The times are frame numbers: the frame rate is not known."
_REFERENCE = "(x, y) in pixels of the frame; the centre of the top-left pixel is (0, 0)"
_REFERENCE_3D = "(x, y, z) in the world of the cameras' calibration"


def _modules() -> tuple[Any, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # loading the extension warns about its own cached versions
            import ndx_pose
            import pynwb
    except ImportError as error:
        raise MissingExtraError(
            "writing NWB needs the packages pynwb and ndx-pose", hint='pip install "marey[nwb]"'
        ) from error
    return pynwb, ndx_pose


def _new_file(pynwb: Any, description: str, start: datetime | None) -> Any:
    return pynwb.NWBFile(
        session_description=description,
        identifier=str(uuid4()),
        session_start_time=start or datetime.now(UTC),
    )


def _write(pynwb: Any, nwbfile: Any, path: Path) -> None:
    import h5py

    with atomic_hdf5(path) as whole, h5py.File(whole, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pynwb.NWBHDF5IO(file=file, mode="w") as io:
            io.write(nwbfile)


def _skeleton(ndx_pose: Any, name: str, keypoints: list[str], edges: np.ndarray) -> Any:
    return ndx_pose.Skeleton(name=name or "skeleton", nodes=keypoints, edges=edges.astype(np.uint8))


def save_poses(
    dataset: xr.Dataset,
    path: Path,
    *,
    session_description: str = "poses from video",
    session_start_time: datetime | None = None,
    video: str | None = None,
) -> list[str]:
    """Write poses as one ``PoseEstimation`` per animal.

    Parameters
    ----------
    dataset
        The poses; with a known frame rate the times are seconds, else frame numbers.
    path
        The file.
    session_description, session_start_time
        What NWB asks of every file; the start is now unless given.
    video
        The path of the video; by default what the poses say of it.

    Returns
    -------
    list of str
        What the file could not hold.

    Raises
    ------
    MissingExtraError
        pynwb or ndx-pose is not installed.
    """
    pynwb, ndx_pose = _modules()
    dataset = standardise_poses(dataset)
    nwbfile = _new_file(pynwb, session_description, session_start_time)
    keypoints, renamed = _portable([str(name) for name in dataset["keypoint"].values])
    individuals, also_renamed = _portable([str(name) for name in dataset["individual"].values])
    portable = dataset.assign_coords(keypoint=keypoints, individual=individuals)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skeleton = _skeleton(ndx_pose, "skeleton", keypoints, read_skeleton(dataset).edge_indices)
        module = nwbfile.create_processing_module(name="behavior", description="poses of animals")
        module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
        for individual in individuals:
            module.add(_estimation(ndx_pose, portable, individual, skeleton, video))
    _write(pynwb, nwbfile, path)
    return [*renamed, *also_renamed, *describe_losses(dataset, "NWB", keeps_times=True, keeps_edges=True)]


def _portable(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return names that objects in NWB can have, and what was changed, in words."""
    portable = unique_keys(re.sub("[/:]", "_", name) for name in names)
    changed = [f"{old} to {new}" for old, new in zip(names, portable, strict=True) if old != new]
    return portable, [f"names with '/' or ':' in them, changed: {', '.join(changed)}"] if changed else []


def _estimation(ndx_pose: Any, dataset: xr.Dataset, individual: str, skeleton: Any, video: str | None) -> Any:
    animal = dataset.sel(individual=individual)
    times = dataset["time"].values.astype(np.float64)
    series: list[Any] = []
    is_3d = animal.sizes["space"] == 3
    for keypoint in skeleton.nodes:
        point = animal.sel(keypoint=keypoint)
        series.append(
            ndx_pose.PoseEstimationSeries(
                name=keypoint,
                description=f"Position of {keypoint}.",
                data=point["position"].transpose("time", "space").values,
                unit=str(dataset.attrs.get("space_unit", "unknown")) if is_3d else "pixels",
                reference_frame=_REFERENCE_3D if is_3d else _REFERENCE,
                timestamps=times if not series else series[0],
                comments=IN_FRAMES if dataset.attrs.get("time_unit") == "frames" else "no comments",
                confidence=point["confidence"].values,
                confidence_definition="in [0, 1]",
            )
        )
    name = individual if has_names(dataset) else "PoseEstimation"
    source = video or str(dataset.attrs.get("video") or "")
    return ndx_pose.PoseEstimation(
        name=name,
        pose_estimation_series=series,
        description=f"Poses of {individual}.",
        source_software=str(dataset.attrs.get("source_software", "marey")),
        scorer=str(dataset.attrs.get("scorer", "")) or None,
        skeleton=skeleton,
        **({"original_videos": [source]} if source else {}),
    )


def save_labels(
    labels: Labels,
    path: Path,
    *,
    images: Mapping[FrameKey, Path] | None = None,  # noqa: ARG001 - the same for every format
    videos: Mapping[str, Path] | None = None,
    session_description: str = "labelled frames of videos",
) -> list[str]:
    """Write labels as ``PoseTraining``.

    Returns
    -------
    list of str
        What the file could not hold.

    Raises
    ------
    MissingExtraError
        pynwb or ndx-pose is not installed.
    """
    pynwb, ndx_pose = _modules()
    nwbfile = _new_file(pynwb, session_description, None)
    labels, renamed = _with_portable_individuals(labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skeleton = _skeleton(
            ndx_pose, labels.skeleton.name, list(labels.skeleton.keypoints), labels.skeleton.edge_indices
        )
        last = {key: max(f.frame for f in labels.frames if f.video == key) for key in labels.videos}
        sources = {key: _source_video(pynwb, key, (videos or {}).get(key), last[key]) for key in last}
        frames = [
            _training_frame(ndx_pose, number, frame, skeleton, sources[frame.video])
            for number, frame in enumerate(labels.frames)
        ]
        training = ndx_pose.PoseTraining(
            training_frames=ndx_pose.TrainingFrames(training_frames=frames),
            source_videos=ndx_pose.SourceVideos(image_series=list(sources.values())),
        )
        module = nwbfile.create_processing_module(name="behavior", description="labelled poses of animals")
        module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
        module.add(training)
    _write(pynwb, nwbfile, path)
    return [*renamed, *_losses(labels)]


def _with_portable_individuals(labels: Labels) -> tuple[Labels, list[str]]:
    found = [i.individual for frame in labels for i in frame.instances if i.individual]
    names = list(dict.fromkeys([*labels.individuals, *found]))
    portable, renamed = _portable(names)
    if not renamed:
        return labels, []
    new = dict(zip(names, portable, strict=True))
    frames = [
        replace(
            frame,
            instances=tuple(
                replace(i, individual=new[i.individual] if i.individual else None) for i in frame.instances
            ),
        )
        for frame in labels
    ]
    return Labels(labels.skeleton, frames, tuple(new[name] for name in labels.individuals)), renamed


def _source_video(pynwb: Any, key: str, video: Path | None, last_frame: int) -> Any:
    from hdmf.utils import get_docval

    accepted = {argument["name"] for argument in get_docval(pynwb.image.ImageSeries.__init__)}
    # Newer versions ask how long the video is; we know how far its labels go.
    length = {"num_samples": last_frame + 1} if "num_samples" in accepted else {}
    return pynwb.image.ImageSeries(
        name=key,
        description="The video that was labelled.",
        unit="NA",
        format="external",
        external_file=[str(video) if video is not None else f"{key}.mp4"],
        starting_frame=[0],
        rate=1.0,
        **length,
    )


def _training_frame(ndx_pose: Any, number: int, frame: LabeledFrame, skeleton: Any, source: Any) -> Any:
    instances = [
        _skeleton_instance(ndx_pose, place, instance, skeleton)
        for place, instance in enumerate(frame.instances)
    ]
    authors = [a for i in frame.instances for a in i.authors if a]
    return ndx_pose.TrainingFrame(
        name=f"frame_{number}",
        annotator=authors[0] if authors else None,
        skeleton_instances=ndx_pose.SkeletonInstances(skeleton_instances=instances),
        source_video=source,
        source_video_frame_index=np.uint64(frame.frame),
    )


def _skeleton_instance(ndx_pose: Any, place: int, instance: Instance, skeleton: Any) -> Any:
    return ndx_pose.SkeletonInstance(
        name=instance.individual or f"instance_{place}",
        id=np.uint64(place),
        node_locations=points_without_guesses(instance),
        node_visibility=instance.is_confirmed & (instance.visibility == Visibility.VISIBLE),
        skeleton=skeleton,
    )


def _losses(labels: Labels) -> list[str]:
    if not labels.frames:
        raise InputError("there are no labels to write")
    losses = in_words(
        {
            **unconfirmed_losses(labels),
            "points marked as absent, which became not labelled": count_points(labels, is_absent),
            "animals that lost the times at which their points were placed": count_animals(
                labels, lambda instance: any(instance.times)
            ),
            "frames with several annotators, of whom one is kept": sum(
                len(authors_of(frame.instances)) > 1 for frame in labels
            ),
            "frames that lost the name of their image": sum(frame.image is not None for frame in labels),
        }
    )
    if labels.skeleton.symmetries:
        losses.append("NWB has no place for left/right pairs")
    return losses
