"""NWB files with ndx-pose: ``PoseEstimation`` (poses) and ``PoseTraining`` (labels).

They are read as plain HDF5: no other package is needed, and files of older versions of the extension and of
other tools are read too. Writing goes through pynwb (the extra ``nwb``), which keeps to the standard.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from marey.errors import FormatError, InputError
from marey.formats.hdf5 import open_hdf5, text, texts, top_level
from marey.formats.notes import in_words
from marey.formats.nwb_writing import IN_FRAMES, save_labels, save_poses
from marey.formats.pose_arrays import finish_poses
from marey.formats.pose_labels import labels_of_poses
from marey.formats.source import LabelSource, find_file, unique_keys, video_key
from marey.model import Instance, LabeledFrame, Labels, Skeleton, Visibility

if TYPE_CHECKING:
    import h5py

__all__ = ["detect", "load_labels", "load_poses", "save_labels", "save_poses"]

_TRACK_PREFIX = "track="
_UNTRACKED = "untracked"


def detect(path: Path) -> bool:
    """Tell whether `path` is an NWB file, by content."""
    return path.is_file() and "@nwb_version" in top_level(path)


def _groups_of(root: "h5py.Group", kind: str) -> list["h5py.Group"]:
    """Return all groups of one neurodata type, in the file's order."""
    import h5py

    found: list[h5py.Group] = []

    def visit(_name: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and text(item.attrs.get("neurodata_type", "")) == kind:
            found.append(item)

    root.visititems(visit)
    return found


# --- poses ------------------------------------------------------------------------------------------------


@dataclass
class _Series:
    """One keypoint of one animal over time."""

    individual: str
    keypoint: str
    times: np.ndarray
    points: np.ndarray
    confidence: np.ndarray
    rate: float | None
    is_in_frames: bool


def load_poses(path: Path, *, video: str | None = None) -> xr.Dataset:
    """Read the ``PoseEstimation`` of one video.

    Parameters
    ----------
    path
        The file.
    video
        The name of the processing module, where several hold poses.

    Raises
    ------
    FormatError
        The file is damaged or holds no poses.
    InputError
        There are poses of several videos, and none was named.
    """
    with open_hdf5(path) as file:
        try:
            estimations = _choose_module(_groups_of(file, "PoseEstimation"), video, path)
            series = [item for group in estimations for item in _series_of(group)]
            skeleton = _skeleton_of(estimations, series)
            attributes = _attributes(estimations[0])
        except (KeyError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise FormatError(f"the poses in {path} are not as ndx-pose has them: {error}") from error
    return _assemble(series, skeleton, path, attributes)


def _choose_module(groups: list["h5py.Group"], name: str | None, path: Path) -> list["h5py.Group"]:
    modules: dict[str, list[h5py.Group]] = {}
    for group in groups:
        modules.setdefault(group.parent.name.rpartition("/")[2], []).append(group)
    if not modules:
        raise FormatError(
            f"{path} holds no PoseEstimation", hint="if it holds PoseTraining, load it as labels"
        )
    if name is None and len(modules) > 1:
        raise InputError(
            f"{path} holds poses in {len(modules)} processing modules",
            hint=f"name one of {', '.join(modules)}",
        )
    if name is not None and name not in modules:
        raise InputError(f"{path} has no processing module {name!r}", hint=f"it has {', '.join(modules)}")
    return modules[name] if name is not None else next(iter(modules.values()))


def _series_of(group: "h5py.Group") -> Iterator[_Series]:
    individual = group.name.rpartition("/")[2].removeprefix(_TRACK_PREFIX)
    for name, item in group.items():
        if text(item.attrs.get("neurodata_type", "")) != "PoseEstimationSeries":
            continue
        points = item["data"][()].astype(np.float64)
        n = len(points)
        confidence = item["confidence"][()].astype(np.float64) if "confidence" in item else np.full(n, np.nan)
        if "timestamps" in item:
            times, rate = item["timestamps"][()].astype(np.float64), None
        else:
            rate = float(item["starting_time"].attrs.get("rate", 1.0))
            times = float(item["starting_time"][()]) + np.arange(n) / rate
        if len(times) != n or len(confidence) != n:
            raise ValueError(f"{item.name} has {n} points, {len(confidence)} confidences, {len(times)} times")
        is_in_frames = text(item.attrs.get("comments", "")) == IN_FRAMES
        yield _Series(individual, name, times, points, confidence, rate, is_in_frames)


def _skeleton_of(groups: list["h5py.Group"], series: list[_Series]) -> Skeleton:
    """Return the skeleton that has all keypoints, in its order; HDF5 lists them by the alphabet."""
    present = dict.fromkeys(item.keypoint for item in series)
    of_groups = [
        place
        for group in groups
        for place in (group, *(group[n] for n in group if n.lower().startswith("skeleton")))
    ]
    for place in (*of_groups, *_groups_of(groups[0].file, "Skeleton")):
        if "nodes" in place and {*texts(place["nodes"])} >= present.keys():
            return _skeleton_in(place)
    return Skeleton(tuple(present))


def _skeleton_in(group: "h5py.Group") -> Skeleton:
    nodes = texts(group["nodes"])
    edges = group["edges"][()].astype(int).reshape(-1, 2).tolist() if "edges" in group else []
    name = group.name.rpartition("/")[2]
    return Skeleton(tuple(nodes), tuple((nodes[a], nodes[b]) for a, b in edges if a != b), (), name)


def _attributes(group: "h5py.Group") -> dict[str, Any]:
    fields = {"original_videos": "video", "scorer": "scorer"}
    found = {ours: texts_or_text(group[theirs]) for theirs, ours in fields.items() if theirs in group}
    return {name: value for name, value in found.items() if value and value != "{}"}


def texts_or_text(dataset: "h5py.Dataset") -> str:
    """Return a string, or the first of a list of strings."""
    return text(dataset[()]) if dataset.shape == () else next(iter(texts(dataset)), "")


def _assemble(
    series: list[_Series], skeleton: Skeleton, path: Path, attributes: dict[str, Any]
) -> xr.Dataset:
    keypoints = skeleton.keypoints
    individuals = list(dict.fromkeys(item.individual for item in series))
    times = np.unique(np.round(np.concatenate([item.times for item in series] or [np.empty(0)]), 9))
    n_space = max((item.points.shape[1] for item in series), default=2)
    position = np.full((len(times), n_space, len(keypoints), len(individuals)), np.nan)
    confidence = np.full((len(times), len(keypoints), len(individuals)), np.nan)
    for item in series:
        rows = np.searchsorted(times, np.round(item.times, 9))
        k, i = keypoints.index(item.keypoint), individuals.index(item.individual)
        position[rows, : item.points.shape[1], k, i] = item.points
        confidence[rows, k, i] = item.confidence
    has_rate = not any(item.is_in_frames for item in series)
    fps = _frame_rate(series, times) if has_rate else 1.0
    frames = np.round(times * fps).astype(np.int64) if fps else np.arange(len(times))
    if len(np.unique(frames)) != len(frames) or (frames < 0).any():
        frames = np.arange(len(times))
    is_nameless = individuals in ([_UNTRACKED], ["PoseEstimation"])
    return finish_poses(
        position,
        confidence,
        keypoints=keypoints,
        individuals=() if is_nameless else individuals,
        source=path,
        software="NWB",
        frames=frames,
        timestamps_s=times if has_rate else None,
        fps=fps if has_rate else None,
        skeleton=skeleton,
        attributes=attributes,
    )


def _frame_rate(series: list[_Series], times: np.ndarray) -> float | None:
    rates = {item.rate for item in series if item.rate is not None and len(item.times)}
    if rates:
        return rates.pop()
    steps = np.diff(times)
    return float(1.0 / np.median(steps)) if len(steps) and np.median(steps) > 0 else None


# --- labels -----------------------------------------------------------------------------------------------


def load_labels(path: Path) -> LabelSource:
    """Read the ``PoseTraining`` of an NWB file; without one, its poses, as what a model placed.

    Raises
    ------
    FormatError
        The file is damaged, or holds neither.
    """
    with open_hdf5(path) as file:
        trainings = _groups_of(file, "PoseTraining")
        if trainings:
            try:
                return _read_training(trainings[0], path)
            except (KeyError, ValueError) as error:
                if isinstance(error, InputError):
                    raise
                raise FormatError(f"the labels in {path} are not as ndx-pose has them: {error}") from error
    poses = load_poses(path)
    skeleton = Skeleton(tuple(str(name) for name in poses["keypoint"].values))
    return labels_of_poses(poses, skeleton, path)


def _read_training(training: "h5py.Group", path: Path) -> LabelSource:
    skeleton = _read_skeleton(training.file)
    videos = _read_videos(training, path)
    frames: dict[tuple[str, int], LabeledFrame] = {}
    notes: Counter[str] = Counter()
    groups = [g for g in training["training_frames"].values() if "source_video_frame_index" in g.attrs]
    for group in sorted(groups, key=lambda g: _trailing_number(g.name)):
        name = group.get("source_video", getlink=True)
        video = _linked_name(name) if name is not None else ""
        key = videos[video][0] if video in videos else next((k for k, _ in videos.values()), path.stem)
        number = int(group.attrs["source_video_frame_index"])
        author = texts_or_text(group["annotator"]) if "annotator" in group else ""
        instances = _read_instances(group, skeleton, author or text(group.attrs.get("annotator", "")))
        if (key, number) in frames:
            notes["frames that occur twice, of which the first was kept"] += 1
            continue
        frames[key, number] = LabeledFrame(key, number, instances)
    names = dict.fromkeys(i.individual for f in frames.values() for i in f.instances if i.individual)
    return LabelSource(
        Labels(skeleton, list(frames.values()), tuple(names)),
        videos={key: where for key, where in videos.values() if where is not None},
        notes=tuple(in_words(notes)),
        metadata={"name": path.stem},
    )


def _read_skeleton(file: "h5py.File") -> Skeleton:
    groups = _groups_of(file, "Skeleton")
    if not groups:
        raise FormatError(f"{file.filename} has labels but no Skeleton")
    return _skeleton_in(groups[0])


def _read_videos(training: "h5py.Group", path: Path) -> dict[str, tuple[str, Path | None]]:
    """Return (key, path) of each source video, by its name in the file."""
    if "source_videos" not in training:
        return {}
    group = training["source_videos"]
    places = {
        name: texts_or_text(item["external_file"]) if "external_file" in item else ""
        for name, item in group.items()
    }
    keys = unique_keys(video_key(place) or name for name, place in places.items())
    return {
        name: (key, (find_file(place, [path.parent]) or Path(place)) if place else None)
        for key, (name, place) in zip(keys, places.items(), strict=True)
    }


def _read_instances(group: "h5py.Group", skeleton: Skeleton, author: str) -> tuple[Instance, ...]:
    if "skeleton_instances" not in group:
        return ()
    instances = []
    items = [item for item in group["skeleton_instances"].values() if "node_locations" in item]
    for item in sorted(items, key=lambda g: _trailing_number(g.name)):
        points = item["node_locations"][()].astype(np.float64)[:, :2]
        if len(points) != len(skeleton):
            raise ValueError(f"{item.name} has {len(points)} points, the skeleton {len(skeleton)}")
        placed = np.isfinite(points).all(axis=1)
        seen = item["node_visibility"][()].astype(bool) if "node_visibility" in item else placed
        visibility = np.where(
            placed, np.where(seen, Visibility.VISIBLE, Visibility.OCCLUDED), Visibility.UNLABELED
        )
        name = item.name.rpartition("/")[2]
        individual = None if name.startswith("instance_") else name
        authors = [author if is_placed else "" for is_placed in placed]
        instances.append(Instance(points, visibility, individual=individual, authors=authors))
    return tuple(instances)


def _trailing_number(name: str) -> tuple[int, str]:
    digits = name.rpartition("_")[2]
    return (int(digits) if digits.isdigit() else -1, name)


def _linked_name(link: Any) -> str:
    return str(getattr(link, "path", "")).rpartition("/")[2]
