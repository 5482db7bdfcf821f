"""Poses as lists of markers, as biomechanics has them: one marker for each keypoint of each animal."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from marey.errors import InputError
from marey.formats.pose_arrays import DEFAULT_INDIVIDUAL, describe_lost_values
from marey.model import standardise_poses

SEPARATOR = ":"


@dataclass(frozen=True, eq=False)
class Markers:
    """What biomechanics programs expect.

    Parameters
    ----------
    names
        ``keypoint``, or ``individual:keypoint`` where there are several individuals.
    points
        Shape (n_frames, n_markers, 3), one row for each frame from the first to the last.
    residuals
        Reprojection errors in pixels, shape (n_frames, n_markers); 0 where not known, NaN where missing.
    first_frame
        Number of the first frame.
    rate
        Frames per second; 1 where it is not known.
    unit
        Of the coordinates, or "".
    """

    names: tuple[str, ...]
    points: np.ndarray
    residuals: np.ndarray
    first_frame: int
    rate: float
    unit: str


def markers_of(dataset: xr.Dataset, title: str) -> Markers:
    """Return 3D poses as markers.

    Raises
    ------
    InputError
        The poses are not 3D, or have no frames.
    """
    dataset = standardise_poses(dataset)
    if dataset.sizes["space"] != 3:
        raise InputError(
            f"{title} holds points in 3D, but these poses have {dataset.sizes['space']} axes",
            hint="make 3D poses with `marey triangulate`",
        )
    frames = dataset["frame"].to_numpy()
    if not len(frames):
        raise InputError(f"there are no frames to write as {title}")
    keypoints = [str(name) for name in dataset["keypoint"].to_numpy()]
    individuals = [str(name) for name in dataset["individual"].to_numpy()]
    several = len(individuals) > 1
    names = [f"{i}{SEPARATOR}{k}" if several else k for i in individuals for k in keypoints]
    n_rows, rows = int(frames.max() - frames.min()) + 1, frames - frames.min()
    points = np.full((n_rows, len(names), 3), np.nan)
    points[rows] = np.moveaxis(dataset["position"].to_numpy(), (1, 3), (3, 1)).reshape(len(frames), -1, 3)
    residuals = np.zeros((n_rows, len(names)))
    if "reprojection_error" in dataset:
        errors = dataset["reprojection_error"].transpose("time", "individual", "keypoint").to_numpy()
        residuals[rows] = np.nan_to_num(errors.reshape(len(frames), -1))
    missing = ~np.isfinite(points).all(axis=-1)
    points[missing], residuals[missing] = np.nan, np.nan
    unit = str(dataset.attrs.get("space_unit", ""))
    rate = float(dataset.attrs.get("fps", 1.0))
    return Markers(
        tuple(names), points, residuals, int(frames.min()), rate, "" if unit == "unknown" else unit
    )


def split_names(names: list[str]) -> tuple[list[str], list[str]]:
    """Return keypoints and individuals of marker names; the names must be all pairs of both, in any order.

    Names that are not are keypoints of one animal.
    """
    pairs = [name.partition(SEPARATOR)[::2] for name in names]
    if all(keypoint for _, keypoint in pairs):
        individuals = list(dict.fromkeys(individual for individual, _ in pairs))
        keypoints = list(dict.fromkeys(keypoint for _, keypoint in pairs))
        if sorted(pairs) == sorted((i, k) for i in individuals for k in keypoints):
            return keypoints, individuals
    return names, [DEFAULT_INDIVIDUAL]


def arrange(values: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str], list[str]]:
    """Return marker values (n_frames, n_markers, ...) as (n_frames, n_keypoints, n_individuals, ...)."""
    keypoints, individuals = split_names(names)
    if len(individuals) * len(keypoints) != len(names) or individuals == [DEFAULT_INDIVIDUAL]:
        return values[:, :, None], keypoints, individuals
    order = [[names.index(f"{i}{SEPARATOR}{k}") for i in individuals] for k in keypoints]
    return values[:, np.array(order)], keypoints, individuals


def losses_of(dataset: xr.Dataset, title: str, *, keeps: tuple[str, ...] = ()) -> list[str]:
    """Say in words what of these poses has no place in files of `title`, which `keeps` some variables."""
    losses = describe_lost_values(dataset, title, keeps=keeps)
    if "fps" not in dataset.attrs:
        losses.append(f"nothing says how many frames a second there are, and {title} asks for it: it says 1")
    if "log" in dataset.attrs:
        losses.append(f"{title} has no place for the history of the poses")
    return losses
