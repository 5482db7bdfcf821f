"""The 2D poses of all cameras side by side: one array per quantity, frames lined up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import InputError
from marey.model import standardise_poses

if TYPE_CHECKING:
    import xarray as xr

    from marey.cameras import Rig

MEAN_DISTANCE = np.sqrt(np.pi / 2)
"""Mean distance from the centre of a round 2D normal distribution with standard deviation 1."""
RADIUS_90 = np.sqrt(2 * np.log(10))
"""The radius that holds 90 % of it."""
MIN_CONFIDENCE = 0.05
MIN_SIGMA_PX = 0.05


@dataclass(frozen=True, eq=False)
class Observations:
    """What the cameras saw.

    Parameters
    ----------
    cameras
        Names, in the order of the first axis.
    pixels
        Shape (n_cameras, n_frames, n_keypoints, n_individuals, 2); NaN where nothing was seen.
    sigma
        Standard deviation along one axis, shape (n_cameras, n_frames, n_keypoints, n_individuals): pixels
        where `has_errors`, else relative to a usual point of the keypoint.
    confidence
        The same shape.
    has_errors
        Whether the poses came with expected errors.
    frames, time
        Shape (n_frames,).
    keypoints, individuals
        Names.
    attributes
        What all recordings share: ``fps``, ``time_unit`` and the skeleton.
    """

    cameras: tuple[str, ...]
    pixels: np.ndarray
    sigma: np.ndarray
    confidence: np.ndarray
    has_errors: bool
    frames: np.ndarray
    time: np.ndarray
    keypoints: tuple[str, ...]
    individuals: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> np.ndarray:
        """Which points were seen, bool, shape (n_cameras, n_frames, n_keypoints, n_individuals)."""
        return np.isfinite(self.pixels).all(axis=-1)

    def with_sigma(self, sigma: np.ndarray) -> Observations:
        """Return the same with other standard deviations, in pixels."""
        return replace(self, sigma=sigma)


def gather(
    poses: Mapping[str, xr.Dataset],
    rig: Rig,
    *,
    offsets: Mapping[str, int] | None = None,
    dropped: Mapping[str, Sequence[int]] | None = None,
    trim: bool = False,
    min_confidence: float = 0.0,
) -> tuple[Observations, Rig]:
    """Line up the poses of several cameras.

    Parameters
    ----------
    poses
        2D poses by the name of the camera.
    rig
        The calibrated cameras; those without poses are left out.
    offsets
        By how many frames a camera started early: its frame f is frame f - offset of the session.
    dropped
        Frames of the session that a camera did not take; its later frames move back by one for each.
    trim
        Recordings of different lengths are cut to the frames that all cameras have.
    min_confidence
        Points below it count as not seen.

    Returns
    -------
    observations : Observations
        Of the cameras that have poses, in the order of the rig.
    rig : Rig
        These cameras.

    Raises
    ------
    InputError
        Fewer than two cameras, a camera that is not calibrated, keypoints that differ, poses that are not 2D,
        or recordings of different lengths.
    """
    _check_names(poses, rig, {**(offsets or {}), **(dropped or {})})
    names = tuple(camera.name for camera in rig if camera.name in poses)
    tables = {name: standardise_poses(poses[name]) for name in names}
    keypoints = _common_keypoints(tables)
    individuals = max((t["individual"].to_numpy().tolist() for t in tables.values()), key=len)
    frames = {
        name: _frames_of_session(
            tables[name]["frame"].to_numpy() - (offsets or {}).get(name, 0), (dropped or {}).get(name, ())
        )
        for name in names
    }
    span = _common_span(frames, trim=trim)
    wanted = np.arange(*span)
    shape = (len(names), len(wanted), len(keypoints), len(individuals))
    pixels, sigma, confidence = np.full((*shape, 2), np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    has_errors = all(_error_name(table) for table in tables.values())
    for c, name in enumerate(names):
        table = tables[name].sel(keypoint=list(keypoints))
        keep = (frames[name] >= span[0]) & (frames[name] < span[1])
        rows, n = frames[name][keep] - span[0], table.sizes["individual"]
        pixels[c, rows, :, :n] = np.moveaxis(table["position"].to_numpy()[keep], 1, -1)
        confidence[c, rows, :, :n] = table["confidence"].to_numpy()[keep]
        sigma[c, rows, :, :n] = _sigma_of(table, has_errors)[keep]
    is_unsure = confidence < min_confidence
    pixels[is_unsure | ~np.isfinite(pixels).all(axis=-1)] = np.nan
    first = tables[names[0]]
    time, attributes = _times(first, frames[names[0]], wanted)
    return Observations(
        names, pixels, sigma, confidence, has_errors, wanted, time, keypoints, tuple(individuals), attributes
    ), rig.select(names)


def _frames_of_session(frames: np.ndarray, dropped: Sequence[int]) -> np.ndarray:
    """Return the frames of the session in which the frames of a camera were taken."""
    gaps = sorted({int(frame) for frame in dropped if frame >= 0})
    moved = frames.copy()
    for gap in gaps:
        moved += moved >= gap
    return moved


def _check_names(poses: Mapping[str, xr.Dataset], rig: Rig, timing: Mapping[str, object]) -> None:
    known = [camera.name for camera in rig]
    for name in (*poses, *timing):
        if name not in known:
            raise InputError(
                f"there is no camera {name!r} in the calibration", hint=f"its cameras are {', '.join(known)}"
            )
    if len(poses) < 2:
        raise InputError(
            f"expected the poses of at least two cameras, got {len(poses)} ({', '.join(poses) or 'none'})",
            hint="a single camera cannot tell how far away a point is",
        )
    for name, table in poses.items():
        if table.sizes.get("space") != 2:
            raise InputError(f"expected 2D poses of camera {name!r}, got {table.sizes.get('space')} axes")


def _common_keypoints(tables: Mapping[str, xr.Dataset]) -> tuple[str, ...]:
    """Return the keypoints, which all cameras must have, in the order of the first."""
    first, *others = ((name, [str(k) for k in t["keypoint"].to_numpy()]) for name, t in tables.items())
    for name, keypoints in others:
        if missing := set(first[1]) ^ set(keypoints):
            raise InputError(
                f"the cameras {first[0]!r} and {name!r} have different keypoints: only one of them has "
                f"{', '.join(sorted(missing))}",
                hint="predict all cameras with the same network",
            )
    return tuple(first[1])


def _common_span(frames: Mapping[str, np.ndarray], *, trim: bool) -> tuple[int, int]:
    """Return the first frame, and the one after the last, of the session."""
    spans = {name: (int(f.min()), int(f.max()) + 1) for name, f in frames.items() if len(f)}
    if len(spans) < len(frames):
        empty = next(name for name in frames if name not in spans)
        raise InputError(f"the poses of camera {empty!r} have no frames")
    if len(set(spans.values())) > 1 and not trim:
        told = ", ".join(f"{name} has frames {a} to {b - 1}" for name, (a, b) in spans.items())
        raise InputError(
            f"the recordings are not of the same length: {told}",
            hint="say by how many frames a camera started early (--offset CAMERA=N), and cut to the frames "
            "that all cameras have (--trim)",
        )
    start, stop = max(a for a, _ in spans.values()), min(b for _, b in spans.values())
    if start >= stop:
        raise InputError(f"the cameras have no frame in common: {spans}", hint="are the offsets right?")
    return start, stop


def _error_name(table: xr.Dataset) -> str | None:
    for name in ("expected_error", "error_90"):
        if name in table and np.isfinite(table[name].to_numpy()).any():
            return name
    return None


def _sigma_of(table: xr.Dataset, has_errors: bool) -> np.ndarray:
    """Return the standard deviation of each point, shape (n_rows, n_keypoints, n_individuals)."""
    if not has_errors:
        return 1 / np.clip(np.nan_to_num(table["confidence"].to_numpy(), nan=1.0), MIN_CONFIDENCE, 1.0)
    name = _error_name(table)
    sigma = table[name].to_numpy() / (MEAN_DISTANCE if name == "expected_error" else RADIUS_90)
    present = np.isfinite(table["position"].to_numpy()).all(axis=1)
    unknown = present & ~np.isfinite(sigma)
    if unknown.any():  # points that were filled in: as unsure as the worst that were not
        sigma = np.where(unknown, np.nanmax(sigma), sigma)
    return np.maximum(sigma, MIN_SIGMA_PX)


def _times(table: xr.Dataset, frames: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the time of each wanted frame by the clock of one camera, and the attributes that go with it."""
    attributes = {k: table.attrs[k] for k in ("fps", "time_unit", "skeleton") if k in table.attrs}
    if attributes.get("time_unit") != "seconds":
        return wanted.astype(np.float64), attributes
    time = table["time"].to_numpy().astype(np.float64)
    return np.interp(wanted, frames, time), attributes
