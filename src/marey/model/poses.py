"""Poses over time: an xarray Dataset in the schema of ``movement``.

==================  ===================================  ========================================
variable            dimensions                           meaning
==================  ===================================  ========================================
``position``        (time, space, keypoint, individual)  pixels of the original frame
``confidence``      (time, keypoint, individual)         in [0, 1]
``expected_error``  (time, keypoint, individual)         optional: expected distance from the
                                                         true position, pixels
``error_90``        (time, keypoint, individual)         optional: radius that holds the true
                                                         position in 90 % of cases, pixels
``is_interpolated`` (time, keypoint, individual)         optional: whether the point was filled in
                                                         and never seen
``score``           (time, individual)                   optional: how sure it is, in [0, 1], that
                                                         this is an animal
==================  ===================================  ========================================

Tracks say how sure it is in each frame that an animal is still the same: ``identity_confidence`` (time,
individual), in [0, 1].

Where a network tells individuals apart, ``identity_probability`` (time, individual, identity) says who each
animal may be.

Where a network was asked for more than its highest peak, ``candidate_position`` (time, candidate, space,
keypoint, individual) has the lower ones, the surest first, and ``candidate_confidence``,
``candidate_expected_error`` and ``candidate_error_90`` (time, candidate, keypoint, individual) what belongs
to them.

Poses in 3D have ``space`` x, y, z in the unit of the calibrated world (attribute ``space_unit``), lengths and
errors are in that unit, and they may have:

======================  =============================================  ==============================
variable                dimensions                                     meaning
======================  =============================================  ==============================
``covariance``          (time, space, space_b, keypoint, individual)   of the position
``reprojection_error``  (time, keypoint, individual)                   mean distance to what the
                                                                       cameras saw, pixels
``n_cameras``           (time, keypoint, individual)                   how many cameras it was
                                                                       computed from
======================  =============================================  ==============================

NaN is missing everywhere, and everything that belongs to a missing position is missing too; ``n_cameras`` is
0 there. A point with an infinite coordinate, or one beyond ``FARTHEST_PX``, is missing where animals are
tracked or compared.

Coordinates are ``time`` (seconds where the rate is known, else frame numbers), ``space``,
``keypoint``, ``individual``, and ``frame`` (along time): the frame's rank in presentation order. Row i is
frame ``frame[i]``.
The attribute ``log`` holds the provenance as JSON, one entry per operation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import FormatError, InputError, LabelsError
from marey.files import utc_now
from marey.model.labels import FARTHEST_PX
from marey.model.skeleton import Skeleton

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

SKELETON_ATTRIBUTE = "skeleton"
"""Where poses hold their skeleton, as JSON."""
SPACE_NAMES = ("x", "y", "z")
DIMENSIONS = ("time", "space", "keypoint", "individual")
COVARIANCE_DIMENSIONS = ("time", "space", "space_b", "keypoint", "individual")
SCORE = "score"
INTERPOLATED = "is_interpolated"
IDENTITY_CONFIDENCE = "identity_confidence"
IDENTITY_PROBABILITY = "identity_probability"
CANDIDATES = (
    "candidate_position",
    "candidate_confidence",
    "candidate_expected_error",
    "candidate_error_90",
)
_PLURALS = {"keypoints": "keypoint", "individuals": "individual"}


def create_poses(
    position: np.ndarray,
    *,
    keypoints: Sequence[str],
    confidence: np.ndarray | None = None,
    expected_error: np.ndarray | None = None,
    error_90: np.ndarray | None = None,
    covariance: np.ndarray | None = None,
    reprojection_error: np.ndarray | None = None,
    n_cameras: np.ndarray | None = None,
    individuals: Sequence[str] = ("animal",),
    frames: np.ndarray | None = None,
    timestamps_s: np.ndarray | None = None,
    fps: float | None = None,
    source_software: str = "marey",
    attributes: dict[str, Any] | None = None,
) -> xr.Dataset:
    """Build a poses Dataset and check it.

    Parameters
    ----------
    position
        Shape (n_frames, 2 or 3, n_keypoints, n_individuals).
    keypoints, individuals
        Names along the last two axes.
    confidence, expected_error, error_90
        Shape (n_frames, n_keypoints, n_individuals); without `confidence`, it is NaN.
    covariance
        Shape (n_frames, n_space, n_space, n_keypoints, n_individuals).
    reprojection_error, n_cameras
        Shape (n_frames, n_keypoints, n_individuals).
    frames
        Frame numbers, shape (n_frames,); without them 0, 1, 2 and so on.
    timestamps_s
        Presentation times in seconds, shape (n_frames,), for videos of variable rate.
    fps
        Frames per second; with `timestamps_s` it is the mean rate.
    source_software
        Who made the poses.
    attributes
        More attributes: plain strings, numbers and lists of them.

    Raises
    ------
    InputError
        A shape does not fit the names.
    """
    import xarray as xr  # with pandas behind it, half a second that labels need not wait for

    position = np.asarray(position, dtype=np.float64)
    if position.ndim != 4 or position.shape[1] not in (2, 3):
        raise InputError(
            f"position must have shape (n_frames, 2 or 3, n_keypoints, n_individuals), got {position.shape}"
        )
    n_frames, n_space = position.shape[:2]
    plane = (n_frames, len(keypoints), len(individuals))
    _check_shape("position", position, (n_frames, n_space, *plane[1:]))
    frames = np.arange(n_frames) if frames is None else np.asarray(frames, dtype=np.int64)
    _check_shape("frames", frames, (n_frames,))
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {"position": (DIMENSIONS, position)}
    planes = {
        "confidence": confidence,
        "expected_error": expected_error,
        "error_90": error_90,
        "reprojection_error": reprojection_error,
        "n_cameras": n_cameras,
    }
    if confidence is None:
        planes["confidence"] = np.full(plane, np.nan)
    for name, values in planes.items():
        if values is not None:
            array = np.asarray(values, dtype=np.float64)
            _check_shape(name, array, plane)
            variables[name] = (("time", "keypoint", "individual"), array)
    if covariance is not None:
        covariance = np.asarray(covariance, dtype=np.float64)
        _check_shape("covariance", covariance, (n_frames, n_space, n_space, *plane[1:]))
        variables["covariance"] = (COVARIANCE_DIMENSIONS, covariance)
    if timestamps_s is not None:
        time = np.asarray(timestamps_s, dtype=np.float64)
        _check_shape("timestamps_s", time, (n_frames,))
    else:
        time = frames / fps if fps else frames.astype(np.float64)
    return xr.Dataset(
        variables,
        coords={
            "time": time,
            "space": list(SPACE_NAMES[:n_space]),
            "keypoint": list(keypoints),
            "individual": list(individuals),
            "frame": ("time", frames),
        },
        attrs={
            "ds_type": "poses",
            "source_software": source_software,
            "time_unit": "seconds" if fps or timestamps_s is not None else "frames",
            **({"fps": float(fps)} if fps else {}),
            **(attributes or {}),
        },
    )


def standardise_poses(dataset: xr.Dataset) -> xr.Dataset:
    """Return `dataset` in the schema above, accepting the plural names of older ``movement``.

    Raises
    ------
    InputError
        A variable or dimension is missing.
    """
    renames = {old: new for old, new in _PLURALS.items() if old in dataset.dims or old in dataset.coords}
    dataset = dataset.rename(renames)
    if "position" not in dataset:
        raise InputError(f"poses have a variable 'position', got {sorted(map(str, dataset))}")
    if missing := set(DIMENSIONS) - set(dataset["position"].dims):
        raise InputError(
            f"position needs the dimensions {', '.join(DIMENSIONS)}; missing: {', '.join(sorted(missing))}"
        )
    dataset = dataset.transpose(*DIMENSIONS, ...)
    if "frame" not in dataset.coords:
        dataset = dataset.assign_coords(frame=("time", np.arange(dataset.sizes["time"])))
    if "confidence" not in dataset:
        empty = np.full([dataset.sizes[d] for d in ("time", "keypoint", "individual")], np.nan)
        dataset = dataset.assign(confidence=(("time", "keypoint", "individual"), empty))
    return dataset


def is_filled(dataset: xr.Dataset) -> xr.DataArray:
    """Tell which points were filled in between others, bool (time, keypoint, individual).

    Marks may be missing, where numbers took their place: of points without one, nobody says that.
    """
    if INTERPOLATED in dataset:
        return dataset[INTERPOLATED] == 1
    return dataset["confidence"].isnull() & False


def load_rows(dataset: xr.Dataset, start: int, stop: int) -> xr.Dataset:
    """Return some rows of poses, read into memory where they still lie in their file.

    A point beyond :data:`FARTHEST_PX` is missing, with all that belongs to it.

    Raises
    ------
    FormatError
        The file is damaged in these rows.
    """
    try:
        rows = dataset.isel(time=slice(start, stop)).load()
    except (OSError, RuntimeError) as error:
        raise FormatError(
            f"the poses of rows {start} to {stop - 1} could not be read: {error}",
            hint="the file may be damaged; copy it again or make the predictions again",
        ) from error
    return _without_nowhere(rows) if "position" in rows else rows


def _without_nowhere(poses: xr.Dataset) -> xr.Dataset:
    is_nowhere = (abs(poses["position"]) > FARTHEST_PX).any("space")
    if not is_nowhere.any():
        return poses
    of_points = [
        v for v in poses.data_vars.values() if set(is_nowhere.dims) <= set(v.dims) and v.dtype.kind == "f"
    ]
    return poses.assign({v.name: v.where(~is_nowhere).transpose(*v.dims) for v in of_points})


def with_rate(dataset: xr.Dataset, fps: float) -> xr.Dataset:
    """Return `dataset` with times in seconds that follow from its frame numbers.

    Raises
    ------
    InputError
        `fps` is not above 0.
    """
    if not fps > 0:
        raise InputError(f"fps must be above 0, got {fps}")
    timed = dataset.assign_coords(time=dataset["frame"].to_numpy() / fps)
    return timed.assign_attrs(fps=float(fps), time_unit="seconds")


def append_history(dataset: xr.Dataset, operation: str, **parameters: Any) -> xr.Dataset:
    """Return `dataset` with one more entry in its provenance log."""
    entry = {"operation": operation, "datetime": utc_now(), **parameters}
    log = [*read_history(dataset), entry]
    return dataset.assign_attrs(log=json.dumps(log, ensure_ascii=False))


def read_history(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Return the provenance log, oldest first."""
    log = dataset.attrs.get("log", "[]")
    return json.loads(log) if isinstance(log, str) else list(log)


def _check_shape(name: str, values: np.ndarray, expected: tuple[int, ...]) -> None:
    if values.shape != expected:
        raise InputError(f"{name} must have shape {expected}, got {values.shape}")


def read_skeleton(poses: xr.Dataset) -> Skeleton:
    """Return the skeleton that is stored with poses; without one, their keypoints alone.

    Edges and left/right pairs that name a keypoint that the poses do not have are left out.
    """
    keypoints = tuple(str(name) for name in poses["keypoint"].to_numpy())
    try:
        stored = Skeleton.from_dict(json.loads(poses.attrs[SKELETON_ATTRIBUTE]))
    except (KeyError, ValueError, TypeError, AttributeError, LabelsError):  # or another tool's attribute
        return Skeleton(keypoints)
    known = set(keypoints)
    return Skeleton(
        keypoints,
        tuple(pair for pair in stored.edges if set(pair) <= known),
        tuple(pair for pair in stored.symmetries if set(pair) <= known),
        stored.name,
    )
