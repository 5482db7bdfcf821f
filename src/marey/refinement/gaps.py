"""Cutting points that the network was unsure of, and filling short gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError
from marey.model import append_history
from marey.model.poses import INTERPOLATED
from marey.refinement.series import PLANE_DIMENSIONS, QUALITIES, fillable, is_present, prepare, with_position

if TYPE_CHECKING:
    import xarray as xr

INTERPOLATION_METHODS = ("linear", "pchip")


def cut_by_confidence(poses: xr.Dataset, threshold: float) -> xr.Dataset:
    """Remove the points whose confidence is below `threshold`.

    A removed point loses its position, its confidence and its expected errors. Points without any confidence
    (because another tool did not write one) stay.

    Raises
    ------
    ConfigError
        `threshold` is not between 0 and 1.
    """
    if not 0 <= threshold <= 1:
        raise ConfigError(f"expected a confidence threshold between 0 and 1, got {threshold}")
    poses = prepare(poses)
    drop = poses["confidence"] < threshold
    n_cut = int((drop.to_numpy() & is_present(poses["position"].to_numpy())).sum())
    names = [name for name in ("position", *QUALITIES) if name in poses]
    cut = poses.assign({name: poses[name].where(~drop).transpose(*poses[name].dims) for name in names})
    return append_history(cut, "cut_by_confidence", threshold=threshold, n_cut=n_cut)


def interpolate_gaps(poses: xr.Dataset, max_gap: int, method: str = "linear") -> xr.Dataset:
    """Fill gaps of at most `max_gap` frames between two points that are there; never extrapolate.

    A filled point is an invention and says so: its confidence is 0, its expected errors stay missing, and the
    variable ``is_interpolated`` (time, keypoint, individual) is true for it. So a later cut by confidence
    removes exactly these points again.

    Parameters
    ----------
    poses
        The poses Dataset.
    max_gap
        The longest gap to fill, in frames.
    method
        ``"linear"``, or ``"pchip"``: piecewise cubic, smooth, and without overshoot (Fritsch and
        Carlson 1980).

    Raises
    ------
    ConfigError
        `max_gap` is negative or the method is unknown.
    """
    check_max_gap(max_gap)
    if method not in INTERPOLATION_METHODS:
        raise ConfigError(f"expected the method {' or '.join(INTERPOLATION_METHODS)}, got {method!r}")
    poses = prepare(poses)
    position = poses["position"].to_numpy().copy()
    time = poses["time"].to_numpy().astype(np.float64)
    present = is_present(position)
    fill = fillable(present, poses["frame"].to_numpy(), max_gap)
    for keypoint, individual in np.argwhere(fill.any(axis=0)):
        known, wanted = present[:, keypoint, individual], fill[:, keypoint, individual]
        values = position[known, :, keypoint, individual]
        position[wanted, :, keypoint, individual] = _interpolate(time[known], values, time[wanted], method)
    filled = mark_interpolated(with_position(poses, position), fill)
    return append_history(
        filled, "interpolate_gaps", max_gap=max_gap, method=method, n_filled=int(fill.sum())
    )


def mark_interpolated(poses: xr.Dataset, filled: np.ndarray) -> xr.Dataset:
    """Return `poses` with `filled` points (time, keypoint, individual) marked as inventions."""
    earlier = poses[INTERPOLATED].to_numpy().astype(bool) if INTERPOLATED in poses else False
    planes = {name: poses[name].to_numpy() for name in QUALITIES if name in poses}
    changed = {
        name: (PLANE_DIMENSIONS, np.where(filled, 0.0 if name == "confidence" else np.nan, values))
        for name, values in planes.items()
    }
    return poses.assign({**changed, INTERPOLATED: (PLANE_DIMENSIONS, filled | earlier)})


def check_max_gap(max_gap: int) -> None:
    """Raise unless `max_gap` is a number of frames."""
    if max_gap < 0:
        raise ConfigError(f"expected the longest gap to fill as a number of frames from 0 up, got {max_gap}")


def _interpolate(time: np.ndarray, values: np.ndarray, wanted: np.ndarray, method: str) -> np.ndarray:
    """Return values (n_wanted, n_space) between the known ones, (n_known, n_space)."""
    if method == "pchip":
        from scipy.interpolate import PchipInterpolator

        return PchipInterpolator(time, values, axis=0, extrapolate=False)(wanted)
    return np.stack([np.interp(wanted, time, axis) for axis in values.T], axis=1)
