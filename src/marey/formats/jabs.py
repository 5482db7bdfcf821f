"""Poses of JABS (``*_pose_est_v2.h5`` to ``v8``): one mouse or several, twelve fixed keypoints, (y, x)."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from marey.errors import FormatError
from marey.formats.hdf5 import open_hdf5, top_level
from marey.formats.pose_arrays import finish_poses
from marey.formats.pose_labels import labels_of_poses
from marey.formats.source import LabelSource
from marey.model import Skeleton

if TYPE_CHECKING:
    import h5py

SKELETON = Skeleton(
    (
        "NOSE",
        "LEFT_EAR",
        "RIGHT_EAR",
        "BASE_NECK",
        "LEFT_FRONT_PAW",
        "RIGHT_FRONT_PAW",
        "CENTER_SPINE",
        "LEFT_REAR_PAW",
        "RIGHT_REAR_PAW",
        "BASE_TAIL",
        "MID_TAIL",
        "TIP_TAIL",
    ),
    edges=(
        ("BASE_NECK", "NOSE"),
        ("BASE_NECK", "CENTER_SPINE"),
        ("CENTER_SPINE", "BASE_TAIL"),
        ("BASE_TAIL", "MID_TAIL"),
        ("MID_TAIL", "TIP_TAIL"),
        ("NOSE", "LEFT_EAR"),
        ("NOSE", "RIGHT_EAR"),
        ("CENTER_SPINE", "LEFT_FRONT_PAW"),
        ("CENTER_SPINE", "RIGHT_FRONT_PAW"),
        ("BASE_TAIL", "LEFT_REAR_PAW"),
        ("BASE_TAIL", "RIGHT_REAR_PAW"),
    ),
    symmetries=(
        ("LEFT_EAR", "RIGHT_EAR"),
        ("LEFT_FRONT_PAW", "RIGHT_FRONT_PAW"),
        ("LEFT_REAR_PAW", "RIGHT_REAR_PAW"),
    ),
    name="mouse",
)


def detect(path: Path) -> bool:
    """Tell whether `path` is such a file, by content."""
    return path.is_file() and "poseest" in top_level(path)


def load_labels(path: Path) -> LabelSource:
    """Read the poses as labels that a model made and nobody has confirmed."""
    return labels_of_poses(load_poses(path), SKELETON, path)


def load_poses(path: Path) -> xr.Dataset:
    """Read a pose file of JABS.

    A point with confidence 0 is missing. Animals are told apart by their identity where the file has one
    (version 4 and up), else by their track.

    Raises
    ------
    FormatError
        The file is damaged, or its arrays do not fit each other.
    """
    with open_hdf5(path) as file:
        try:
            group = file["poseest"]
            points = group["points"][()].astype(np.float64)[..., ::-1]
            confidence = group["confidence"][()].astype(np.float64)
            ids = _identities(group, points)
            scale = group.attrs.get("cm_per_pixel")
        except KeyError as error:
            raise FormatError(f"{path} is not a pose file of JABS: {error}") from error
    if points.shape[-2:] != (len(SKELETON), 2) or confidence.shape != points.shape[:-1]:
        raise FormatError(
            f"expected {len(SKELETON)} keypoints with x, y and a confidence in {path}, "
            f"got arrays of shape {points.shape} and {confidence.shape}"
        )
    if points.ndim == 3:
        points, confidence = points[:, None], confidence[:, None]
    present = confidence > 0
    points = np.where(present[..., None], points, np.nan)
    names = [int(i) for i in np.unique(ids[ids > 0])]
    position = np.full((len(points), 2, len(SKELETON), max(1, len(names))), np.nan)
    scores = np.full((len(points), len(SKELETON), max(1, len(names))), np.nan)
    for place, name in enumerate(names):
        rows, slots = np.nonzero(ids == name)
        position[rows, :, :, place] = points[rows, slots].transpose(0, 2, 1)
        scores[rows, :, place] = confidence[rows, slots]
    return finish_poses(
        position,
        scores,
        keypoints=SKELETON.keypoints,
        individuals=[str(name) for name in names] if len(names) > 1 else (),
        source=path,
        software="JABS",
        skeleton=SKELETON,
        attributes={} if scale is None else {"mm_per_px": 10.0 * float(scale)},
    )


def _identities(group: "h5py.Group", points: np.ndarray) -> np.ndarray:
    """Return the animal in each slot, int64, shape (n_frames, n_slots); 0 is none."""
    if points.ndim == 3:
        return np.ones((len(points), 1), dtype=np.int64)
    if "instance_embed_id" in group:
        ids = group["instance_embed_id"][()].astype(np.int64)
        if "id_mask" in group:
            ids[group["id_mask"][()].astype(bool)] = 0
        return ids
    ids = group["instance_track_id"][()].astype(np.int64) + 1  # tracks count from 0
    unused = np.arange(ids.shape[1]) >= group["instance_count"][()].astype(np.int64)[:, None]
    ids[unused] = 0
    return ids
