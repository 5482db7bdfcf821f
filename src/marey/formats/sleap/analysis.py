"""SLEAP's analysis HDF5: poses of one video as dense arrays.

SLEAP writes ``tracks`` as (track, xy, node, frame); newer writers state the order of the axes in the
attribute ``dims`` and may use another one.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from marey.errors import FormatError, InputError
from marey.formats.hdf5 import atomic_hdf5, json_value, open_hdf5, text, texts, top_level
from marey.formats.pose_arrays import dense_rows, describe_losses, finish_poses, has_names
from marey.formats.sleap.slp_file import ANIMAL_SCORES, TRACKING_SCORES
from marey.model import Skeleton, read_skeleton, standardise_poses

if TYPE_CHECKING:
    import h5py

_SYMMETRIES = "skeleton_symmetries"
_DIMS = {
    "tracks": ("track", "xy", "node", "frame"),
    "point_scores": ("track", "node", "frame"),
    "instance_scores": ("track", "frame"),
    "tracking_scores": ("track", "frame"),
    "track_occupancy": ("frame", "track"),
}


def detect(path: Path) -> bool:
    """Tell whether `path` is such a file, by content."""
    return path.is_file() and {"tracks", "node_names", "track_names"} <= top_level(path)


def load_poses(path: Path) -> xr.Dataset:
    """Read an analysis file.

    Raises
    ------
    FormatError
        The file is damaged, or its arrays do not fit each other.
    """
    with open_hdf5(path) as file:
        try:
            keypoints, tracks = texts(file["node_names"]), texts(file["track_names"])
            position = _read(file, "tracks", ("frame", "xy", "node", "track"))
            confidence = None
            if "point_scores" in file:
                confidence = _read(file, "point_scores", ("frame", "node", "track"))
            skeleton = _read_skeleton(file, keypoints)
            left_out = {
                ANIMAL_SCORES: _n_values(file, "instance_scores"),
                TRACKING_SCORES: _n_values(file, "tracking_scores"),
            }
            video = text(file["video_path"][()]) if "video_path" in file else ""
        except (KeyError, ValueError) as error:
            raise FormatError(f"{path} is not an analysis file as SLEAP writes it: {error}") from error
    if position.shape[2] != len(keypoints) or (tracks and position.shape[3] != len(tracks)):
        raise FormatError(
            f"{path} names {len(keypoints)} nodes and {len(tracks)} tracks, but its array 'tracks' has "
            f"{position.shape[2]} and {position.shape[3]}"
        )
    if not tracks and position.shape[3] > 1:
        tracks = [f"animal{i + 1}" for i in range(position.shape[3])]
    return finish_poses(
        position,
        confidence,
        keypoints=keypoints,
        individuals=tracks,
        source=path,
        software="SLEAP",
        skeleton=skeleton,
        attributes={"video": video} if video else {},
        left_out=left_out,
    )


def _n_values(file: "h5py.File", name: str) -> int:
    return int(np.count_nonzero(np.nan_to_num(file[name][()]))) if name in file else 0


def _read_skeleton(file: "h5py.File", keypoints: list[str]) -> Skeleton | None:
    """Return the edges and left/right pairs, where the file has them and they name its nodes."""
    edges = file["edge_inds"][()] if "edge_inds" in file else np.empty((0, 2), int)
    pairs = json_value(file.attrs.get(_SYMMETRIES, "[]"), _SYMMETRIES)
    try:
        return Skeleton(
            tuple(keypoints),
            tuple((keypoints[a], keypoints[b]) for a, b in edges.tolist()),
            tuple((str(a), str(b)) for a, b in pairs),
        )
    except (IndexError, ValueError, TypeError):  # poses are worth more than the lines between them
        return None


def _read(file: "h5py.File", name: str, order: tuple[str, ...]) -> np.ndarray:
    dataset = file[name]
    dims = _DIMS[name]
    if "dims" in dataset.attrs:
        dims = tuple(json_value(dataset.attrs["dims"], f"the dims of {name}"))
    if dataset.ndim != len(dims):
        raise ValueError(f"{name} has {dataset.ndim} axes, expected {len(dims)}")
    return dataset[()].astype(np.float64).transpose([dims.index(axis) for axis in order])


def save_poses(dataset: xr.Dataset, path: Path) -> list[str]:
    """Write poses as an analysis file, with the axes in SLEAP's own order.

    Returns
    -------
    list of str
        What the file could not hold.
    """
    import h5py

    dataset = standardise_poses(dataset)
    if dataset.sizes["space"] != 2:
        raise InputError("SLEAP's files hold positions in an image, but these poses are in 3D")
    position, confidence = dense_rows(dataset)
    placed = np.isfinite(position).all(axis=1)
    occupancy = placed.any(axis=1).astype(np.uint8)
    n_placed = np.maximum(placed.sum(axis=1), 1)
    sums = np.where(placed, np.nan_to_num(confidence), 0).sum(axis=1)
    scores = np.where(occupancy > 0, sums / n_placed, np.nan)
    arrays = {
        "tracks": position.transpose(3, 1, 2, 0),
        "point_scores": confidence.transpose(2, 1, 0),
        "instance_scores": scores.T,
        "tracking_scores": np.full_like(scores.T, np.nan),
        "track_occupancy": occupancy,
    }
    names = {
        "node_names": [str(name) for name in dataset["keypoint"].values],
        "track_names": [str(name) for name in dataset["individual"].values] if has_names(dataset) else [],
    }
    skeleton = read_skeleton(dataset)
    with atomic_hdf5(path) as whole, h5py.File(whole, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip" if array.size else None)
            file[name].attrs["dims"] = json.dumps(_DIMS[name])
        for name, strings in names.items():
            file[name] = np.array([item.encode() for item in strings]) if strings else np.empty(0, "S1")
        edges = np.array([[name.encode() for name in edge] for edge in skeleton.edges])
        file["edge_names"] = edges if len(edges) else np.empty(0, "S1")
        file["edge_inds"] = skeleton.edge_indices.astype(np.int64)
        file.attrs[_SYMMETRIES] = json.dumps(skeleton.symmetries)
        file["labels_path"] = ""
        file["provenance"] = "{}"
        file["video_ind"] = 0
        file["video_path"] = str(dataset.attrs.get("video", ""))
    losses = describe_losses(dataset, "SLEAP's analysis file", keeps_edges=True, keeps_pairs=True)
    frames = dataset["frame"].values
    if len(frames) and len(frames) != len(position):
        losses.append(f"rows were filled up to one for each of the frames 0 to {len(position) - 1}")
    return losses
