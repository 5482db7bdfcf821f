"""Angles of a whole recording, with their uncertainty and a check of what the joints can do.

The result is a Dataset: ``degrees`` (time, angle, individual), ``degrees_sd`` where the poses carry a
covariance, and ``is_outside_limits`` where the configuration has limits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.model import append_history, standardise_poses
from marey.model.poses import COVARIANCE_DIMENSIONS
from marey.reconstruction import angles
from marey.reconstruction.angle_config import AngleConfig, AngleSpec
from marey.reconstruction.geometry import frame_from, wrap_degrees

if TYPE_CHECKING:
    import xarray as xr

RELATIVE_STEP = 1e-6
NOTHING_KNOWN_DEGREES = 180 / np.sqrt(3)
"""Standard deviation of an angle that may be anything from -180 to 180 degrees."""
DIMENSIONS = ("time", "angle", "individual")
Measure = Callable[[np.ndarray], np.ndarray]


def compute_angles(poses: xr.Dataset, config: AngleConfig) -> xr.Dataset:
    """Compute the angles of 3D poses.

    Parameters
    ----------
    poses
        3D poses; with ``covariance``, the angles get a standard deviation (first-order propagation, errors of
        different keypoints taken as independent; it says little where a limb is nearly as short as its
        error).
    config
        Which angles.

    Returns
    -------
    xarray.Dataset
        See the module. A missing point makes the angles missing that need it.

    Raises
    ------
    InputError
        The poses are not 3D, or a keypoint does not exist.
    """
    import xarray as xr

    poses = standardise_poses(poses)
    _check(poses, config)
    points = np.moveaxis(poses["position"].to_numpy(), 1, -1)  # time, keypoint, individual, xyz
    covariance = _covariance_of(poses)
    index = {str(name): i for i, name in enumerate(poses["keypoint"].to_numpy())}
    shape = (len(points), len(config.outputs), points.shape[2])
    values, sd = np.full(shape, np.nan), np.full(shape, np.nan)
    column = 0
    for spec in config.angles:
        used = _used(spec, config)
        where = [index[name] for name in used]
        measure = _measure_of(spec, used, config)
        here = slice(column, column + len(spec.outputs))
        values[:, here] = np.moveaxis(measure(np.moveaxis(points[:, where], 1, 2)), -1, 1)
        if covariance is not None:
            sd[:, here] = _propagate(measure, points[:, where], covariance[:, where])
        column = here.stop
    variables = {"degrees": (DIMENSIONS, values)}
    if covariance is not None:
        variables["degrees_sd"] = (DIMENSIONS, sd)
    if config.limits:
        variables["is_outside_limits"] = (DIMENSIONS, _outside(values, config))
    result = xr.Dataset(
        variables,
        coords={
            "time": poses["time"].to_numpy(),
            "frame": ("time", poses["frame"].to_numpy()),
            "angle": list(config.outputs),
            "individual": poses["individual"].to_numpy(),
        },
        attrs={
            **poses.attrs,
            "ds_type": "angles",
        },
    )
    frame = "body" if config.body else "world"
    return append_history(result, "compute_angles", angles=list(config.outputs), frame=frame)


def count_outside(result: xr.Dataset) -> dict[str, int]:
    """Return in how many frames each limited angle is outside its limits, over all individuals."""
    if "is_outside_limits" not in result:
        return {}
    outside = result["is_outside_limits"].to_numpy().sum(axis=(0, 2))
    names = [str(name) for name in result["angle"].to_numpy()]
    return {name: int(n) for name, n in zip(names, outside, strict=True)}


def _check(poses: xr.Dataset, config: AngleConfig) -> None:
    if poses.sizes["space"] != 3:
        raise InputError(
            f"angles need poses in 3D, but these have {poses.sizes['space']} axes",
            hint="make them with `marey triangulate`",
        )
    known = [str(name) for name in poses["keypoint"].to_numpy()]
    if unknown := [name for name in config.keypoints if name not in known]:
        raise InputError(
            f"the angles need the keypoint {unknown[0]!r}, which the poses do not have",
            hint=f"the keypoints are {', '.join(known)}",
        )


def _covariance_of(poses: xr.Dataset) -> np.ndarray | None:
    """Return the covariance as (time, keypoint, individual, 3, 3)."""
    if "covariance" not in poses:
        return None
    values = poses["covariance"].transpose(*COVARIANCE_DIMENSIONS).to_numpy()
    return np.moveaxis(values, (1, 2), (-2, -1))


def _used(spec: AngleSpec, config: AngleConfig) -> list[str]:
    """Return the keypoints that an angle depends on, its own first."""
    body = [] if config.body is None or spec.kind == "flex" else list(config.body.values())
    return list(dict.fromkeys([*spec.keypoints, *body]))


def _measure_of(spec: AngleSpec, used: list[str], config: AngleConfig) -> Measure:
    """Return the function from points (..., n_used, 3) to angles (..., n_outputs)."""
    own = [used.index(name) for name in spec.keypoints]

    def frame_of(points: np.ndarray) -> np.ndarray:
        if config.body is None or spec.kind == "flex":
            return np.broadcast_to(np.eye(3), (*points.shape[:-2], 3, 3))
        back, front, left, right = (
            points[..., used.index(config.body[n]), :] for n in ("back", "front", "left", "right")
        )
        return frame_from(front - back, left - right)

    def measure(points: np.ndarray) -> np.ndarray:
        a = points[..., own, :]
        if spec.kind == "chain":
            found = angles.chain_rotations(a, np.array(spec.signs), frame_of(points))
            return np.stack([_pick(found, spec, name) for name in spec.outputs], axis=-1)
        a, b, c = np.moveaxis(a, -2, 0)
        if spec.kind == "flex":
            return angles.flexion(a, b, c)[..., None]
        turn = angles.axis_rotation if spec.kind == "axis" else angles.cross_axis_rotation
        return turn(a, b, c, frame_of(points))[..., None]

    return measure


def _pick(found: dict[str, np.ndarray], spec: AngleSpec, name: str) -> np.ndarray:
    joint, _, part = name.rpartition("_")
    return found[part][..., spec.keypoints.index(joint)]


def _propagate(measure: Measure, points: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return standard deviations, (time, n_outputs, individual), by central differences.

    Parameters
    ----------
    measure
        The angles as a function of the points.
    points, covariance
        Shapes (time, n_used, individual, 3) and (time, n_used, individual, 3, 3).
    """
    points, covariance = np.moveaxis(points, 1, 2), np.moveaxis(covariance, 1, 2)
    spread = np.nanmax(np.nan_to_num(points), initial=1.0) - np.nanmin(np.nan_to_num(points), initial=0.0)
    step = RELATIVE_STEP * max(spread, 1e-9)
    variance = 0.0
    for point in range(points.shape[2]):
        slopes = []
        for axis in range(3):
            up, down = points.copy(), points.copy()
            up[..., point, axis] += step
            down[..., point, axis] -= step
            slopes.append(wrap_degrees(measure(up) - measure(down)) / (2 * step))
        slope = np.stack(slopes, axis=-1)  # time, individual, output, xyz
        variance = variance + np.einsum("tioa,tiab,tiob->tio", slope, covariance[:, :, point], slope)
    # Of an angle of which nothing is known, as where a limb is straight, first order says any number.
    return np.moveaxis(np.minimum(np.sqrt(np.maximum(variance, 0.0)), NOTHING_KNOWN_DEGREES), -1, 1)


def _outside(values: np.ndarray, config: AngleConfig) -> np.ndarray:
    """Tell which angles are outside their limits; a missing one is not."""
    outside = np.zeros(values.shape, dtype=bool)
    for i, name in enumerate(config.outputs):
        if name in config.limits:
            low, high = config.limits[name]
            outside[:, i] = (values[:, i] < low) | (values[:, i] > high)
    return outside
