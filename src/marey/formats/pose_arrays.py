"""Common last step of every reader of poses."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from marey.formats.notes import in_words
from marey.model import SKELETON_ATTRIBUTE, Skeleton, create_poses, read_skeleton
from marey.model.poses import CANDIDATES

DEFAULT_INDIVIDUAL = "animal"
LEFT_OUT_ATTRIBUTE = "left_out"
# What poses may hold beside the position, in the user's words. The last two are attributes.
_VALUES = {
    "confidence": "confidences",
    "expected_error": "expected errors",
    "error_90": "radii that hold 90 % of the errors",
    "score": "how sure it is that there is an animal",
    "is_interpolated": "which points were filled in and never seen",
    "identity_confidence": "how sure it is that an animal is still the same",
    "identity_probability": "who each animal may be",
    "covariance": "covariances",
    "reprojection_error": "reprojection errors",
    "n_cameras": "how many cameras saw each point",
    **dict.fromkeys(CANDIDATES, "lower peaks"),
    "identity_doubts": "where identities are doubtful",
    "edits": "corrections of the tracks",
}
_ATTRIBUTES = ("identity_doubts", "edits")


def finish_poses(
    position: np.ndarray,
    confidence: np.ndarray | None,
    *,
    keypoints: Sequence[str],
    individuals: Sequence[str],
    source: Path,
    software: str,
    frames: np.ndarray | None = None,
    timestamps_s: np.ndarray | None = None,
    fps: float | None = None,
    skeleton: Skeleton | None = None,
    attributes: dict[str, Any] | None = None,
    left_out: Mapping[str, int] | None = None,
) -> xr.Dataset:
    """Build the Dataset from what a file held.

    A point with one coordinate missing is missing, with its confidence; confidences are put into [0, 1],
    which the peaks of some networks leave by a little.

    Parameters
    ----------
    position
        Shape (n_frames, 2 or 3, n_keypoints, n_individuals).
    confidence
        Shape (n_frames, n_keypoints, n_individuals), or None.
    keypoints, individuals
        Names along the last two axes; no individuals stands for one without a name.
    source
        The file that was read.
    software
        Who wrote it.
    frames, timestamps_s, fps, attributes
        As in :func:`marey.model.create_poses`.
    skeleton
        Kept with the poses where it says more than the names of the keypoints.
    left_out
        What the file holds and the poses do not, in words, and how often.
    """
    attributes = {"source_file": str(source), **(attributes or {})}
    if skeleton is not None and (skeleton.edges or skeleton.symmetries):
        attributes[SKELETON_ATTRIBUTE] = json.dumps(skeleton.to_dict(), ensure_ascii=False)
    if lines := in_words(left_out or {}):
        attributes[LEFT_OUT_ATTRIBUTE] = "\n".join(lines)
    missing = np.isnan(position).any(axis=1)
    position = np.where(missing[:, None], np.nan, position)
    if confidence is not None:
        confidence = np.where(missing, np.nan, np.clip(confidence, 0.0, 1.0))
    return create_poses(
        position,
        keypoints=keypoints,
        confidence=confidence,
        individuals=tuple(individuals) or (DEFAULT_INDIVIDUAL,),
        frames=frames,
        timestamps_s=timestamps_s,
        fps=fps,
        source_software=software,
        attributes=attributes,
    )


def describe_left_out(dataset: xr.Dataset) -> list[str]:
    """Say in words what the file that these poses were read from holds and they do not."""
    return str(dataset.attrs.get(LEFT_OUT_ATTRIBUTE, "")).splitlines()


def has_names(dataset: xr.Dataset) -> bool:
    """Tell whether the individuals have names that are worth writing."""
    names = [str(name) for name in dataset["individual"].values]
    return names != [DEFAULT_INDIVIDUAL]


def dense_rows(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return position and confidence with one row for each frame from 0 on, for formats that count rows.

    Returns
    -------
    position
        Shape (last frame + 1, n_space, n_keypoints, n_individuals); NaN where there is no row.
    confidence
        Shape (last frame + 1, n_keypoints, n_individuals).
    """
    frames = dataset["frame"].values
    n_rows = int(frames.max()) + 1 if len(frames) else 0
    position = np.full((n_rows, *dataset["position"].shape[1:]), np.nan)
    confidence = np.full((n_rows, *dataset["confidence"].shape[1:]), np.nan)
    position[frames] = dataset["position"].values
    confidence[frames] = dataset["confidence"].values
    return position, confidence


def describe_losses(
    dataset: xr.Dataset,
    title: str,
    *,
    keeps_times: bool = False,
    keeps_edges: bool = False,
    keeps_pairs: bool = False,
    keeps: Collection[str] = ("confidence",),
) -> list[str]:
    """Say in words what of these poses has no place in files of `title`, which `keeps` some variables."""
    losses = []
    skeleton = read_skeleton(dataset)
    if skeleton.edges and not keeps_edges:
        losses.append(f"{title} has no place for the edges of the skeleton")
    if skeleton.symmetries and not keeps_pairs:
        losses.append(f"{title} has no place for left/right pairs")
    losses += describe_lost_values(dataset, title, keeps=keeps)
    if dataset.attrs.get("time_unit") == "seconds" and not keeps_times:
        losses.append(f"{title} holds frame numbers, not times or the frame rate")
    if "log" in dataset.attrs:
        losses.append(f"{title} has no place for the history of the poses")
    return losses


def describe_lost_values(dataset: xr.Dataset, title: str, *, keeps: Collection[str]) -> list[str]:
    """Say in words which values beside the position have no place in files of `title`, but for `keeps`."""
    lost = [
        str(name)
        for name, values in dataset.data_vars.items()
        if name not in ("position", *keeps) and _says_something(values.values)
    ]
    lost += [name for name in _ATTRIBUTES if _has_entries(dataset.attrs.get(name))]
    words = dict.fromkeys(_VALUES.get(name, name) for name in lost)
    return [f"{title} has no place for {', '.join(words)}"] if words else []


def _says_something(values: np.ndarray) -> bool:
    """Tell whether there is one value that is known; of yes and no, one yes."""
    return bool((values if values.dtype == bool else np.isfinite(values)).any())


def _has_entries(text: str | None) -> bool:
    """Tell whether JSON holds a list that is not empty, or an object with one."""
    held = json.loads(text or "[]")
    return any(held.values()) if isinstance(held, dict) else bool(held)
