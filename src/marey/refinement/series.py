"""What all refinements share: where points are missing, how long the gaps are, writing positions back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.model import standardise_poses

if TYPE_CHECKING:
    import xarray as xr

QUALITIES = ("confidence", "expected_error", "error_90")
PLANE_DIMENSIONS = ("time", "keypoint", "individual")


def prepare(poses: xr.Dataset) -> xr.Dataset:
    """Return `poses` in the standard schema with increasing time, as a shallow copy.

    Raises
    ------
    InputError
        A dimension is missing, or the time does not increase from row to row.
    """
    poses = standardise_poses(poses)
    steps = np.diff(poses["time"].to_numpy().astype(np.float64))
    if not (steps > 0).all():
        row = int(np.flatnonzero(~(steps > 0))[0]) + 1
        times = poses["time"].to_numpy()
        raise InputError(
            f"expected time that increases from row to row, but row {row} has {times[row]} "
            f"after {times[row - 1]}",
            hint="sort the poses by time (poses.sortby('time')) and drop repeated frames",
        )
    return poses


def is_present(position: np.ndarray) -> np.ndarray:
    """Tell which points have a whole position, bool, shape (n_frames, n_keypoints, n_individuals)."""
    return np.isfinite(position).all(axis=1)


def with_position(poses: xr.Dataset, position: np.ndarray) -> xr.Dataset:
    """Return `poses` with another position of the same shape."""
    return poses.assign(position=(poses["position"].dims, position, poses["position"].attrs))


def fillable(present: np.ndarray, frames: np.ndarray, max_gap: int) -> np.ndarray:
    """Tell which missing points lie in a gap of at most `max_gap` frames between two points that are there.

    Parameters
    ----------
    present
        Which points are there, bool, shape (n_frames, n_keypoints, n_individuals).
    frames
        Frame numbers, shape (n_frames,): where rows are left out, the frames between them count too.
    max_gap
        The longest gap to fill, in frames.

    Returns
    -------
    numpy.ndarray
        bool, of the same shape; False before the first and after the last point that is there.
    """
    n_frames = len(present)
    if not n_frames:
        return np.zeros(present.shape, dtype=bool)
    rows = np.arange(n_frames)[:, None, None]
    before = np.maximum.accumulate(np.where(present, rows, -1), axis=0)
    after = np.minimum.accumulate(np.where(present, rows, n_frames)[::-1], axis=0)[::-1]
    inside = ~present & (before >= 0) & (after < n_frames)
    length = frames[np.minimum(after, n_frames - 1)] - frames[np.maximum(before, 0)] - 1
    return inside & (length <= max_gap)
