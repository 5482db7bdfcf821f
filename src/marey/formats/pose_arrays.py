"""Common last step of every reader of poses."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from marey.formats.notes import in_words
from marey.model import SKELETON_ATTRIBUTE, Skeleton, create_poses, read_skeleton
from marey.model.poses import CANDIDATES

DEFAULT_INDIVIDUAL = "animal"
LEFT_OUT_ATTRIBUTE = "left_out"


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
) -> list[str]:
    """Say in words what of these poses has no place in files of `title`."""
    losses = []
    skeleton = read_skeleton(dataset)
    if skeleton.edges and not keeps_edges:
        losses.append(f"{title} has no place for the edges of the skeleton")
    if skeleton.symmetries and not keeps_pairs:
        losses.append(f"{title} has no place for left/right pairs")
    if extra := [name for name in ("expected_error", "error_90") if name in dataset]:
        losses.append(f"{title} has no place for {' and '.join(extra)}")
    if CANDIDATES[0] in dataset:
        losses.append(f"{title} has no place for lower peaks")
    if dataset.attrs.get("time_unit") == "seconds" and not keeps_times:
        losses.append(f"{title} holds frame numbers, not times or the frame rate")
    if "log" in dataset.attrs:
        losses.append(f"{title} has no place for the history of the poses")
    return losses
