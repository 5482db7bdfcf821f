"""Detections that were put together from two animals, taken apart.

Networks that find keypoints first and animals afterwards now and then give one animal's head and another's
tail to the same detection. Such a detection lies about where both are. It is recognised by keypoints that are
much farther apart than they usually are in the same recording.
"""

import itertools
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from marey.tracking.detections import animal_size, found_alone, mean_point, points_of

if TYPE_CHECKING:
    import xarray as xr

# Keypoints that are farther apart than so many times their usual distance, and an animal's size more, are of
# two animals.
STRETCH = 3.0
# A distance is known from so many detections on.
LEAST_MEASURED = 30
_MEASURED = 20_000


def mend(poses: "xr.Dataset", n_animals: int | None) -> "tuple[xr.Dataset, int]":
    """Take detections apart whose keypoints cannot be of one animal.

    The larger piece stays where it is. Another piece goes to a detection near it that lacks just these
    keypoints; else it becomes a detection of its own where the frame has fewer than `n_animals`; else it is
    left out.

    Parameters
    ----------
    poses
        In 2D; not changed.
    n_animals
        How many animals there are; None if that is not known.

    Returns
    -------
    poses
        With at least `n_animals` individuals if anything had to be done, else as they were.
    n_mended
        How many detections were taken apart.
    """
    if poses.sizes["keypoint"] < 2:
        return poses, 0
    poses = found_alone(poses)
    points = points_of(poses)
    limits = _farthest(points)
    broken = _broken(points, limits)
    if not len(broken):
        return poses, 0
    confidence = poses["confidence"].transpose("time", "individual", "keypoint").values
    n_mended = 0
    source = np.broadcast_to(np.arange(points.shape[1])[:, None], points.shape[1:3])
    n_slots = max(points.shape[1], n_animals or 0)
    rows = np.full((len(points), n_slots, points.shape[2]), -1)
    rows[:, : points.shape[1]] = source
    for frame in np.unique(broken[:, 0]):
        slots = set(broken[broken[:, 0] == frame, 1].tolist())
        pieces = _pieces(points[frame], confidence[frame], limits, slots)
        n_mended += len(slots)
        rows[frame] = _arranged(points[frame], pieces, limits, n_slots, n_animals)
    return _taken(poses, rows), n_mended


def _farthest(points: np.ndarray) -> np.ndarray:
    """Return how far apart two keypoints of one animal may be, (n_keypoints, n_keypoints), in pixels."""
    flat = points.reshape(-1, *points.shape[2:])
    flat = flat[np.isfinite(flat[..., 0]).sum(axis=1) >= 2]
    flat = flat[:: max(1, len(flat) // _MEASURED)]
    n_keypoints = flat.shape[1]
    limits = np.full((n_keypoints, n_keypoints), np.inf)
    size = animal_size(points)
    for i, j in itertools.combinations(range(n_keypoints), 2):
        apart = np.linalg.norm(flat[:, i] - flat[:, j], axis=-1)
        apart = apart[np.isfinite(apart)]
        if len(apart) >= LEAST_MEASURED:
            limits[i, j] = limits[j, i] = STRETCH * float(np.median(apart)) + size
    return limits


def _broken(points: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Return the frames and slots of detections that are too large for one animal, shape (n, 2)."""
    is_broken = np.zeros(points.shape[:2], dtype=bool)
    for i, j in itertools.combinations(range(points.shape[2]), 2):
        apart = points[:, :, i] - points[:, :, j]
        is_broken |= (apart**2).sum(axis=-1) > limits[i, j] ** 2
    return np.argwhere(is_broken)


# A piece: from which slot, which keypoints, and whether it was a part of a larger detection.
_Piece = tuple[int, np.ndarray, bool]


def _pieces(points: np.ndarray, confidence: np.ndarray, limits: np.ndarray, broken: set[int]) -> list[_Piece]:
    """Return the pieces of a frame: whole detections, and those that hold together of the broken ones."""
    pieces: list[_Piece] = []
    for slot in range(len(points)):
        known = np.flatnonzero(np.isfinite(points[slot, :, 0]))
        if slot not in broken:
            pieces += [(slot, known, False)] if len(known) else []
            continue
        placed = points[slot, known]
        apart = np.linalg.norm(placed[:, None] - placed[None], axis=-1)
        _, labels = connected_components(apart <= limits[np.ix_(known, known)], directed=False)
        pieces += [(slot, known[labels == label], True) for label in np.unique(labels)]
    sureness = np.nan_to_num(confidence, nan=0.0)
    return sorted(pieces, key=lambda p: (p[2], -len(p[1]), -float(sureness[p[0], p[1]].mean())))


def _arranged(
    points: np.ndarray, pieces: list[_Piece], limits: np.ndarray, n_slots: int, n_animals: int | None
) -> np.ndarray:
    """Return for each slot and keypoint the slot to take it from, -1 for none; (n_slots, n_keypoints)."""
    rows = np.full((n_slots, points.shape[1]), -1)
    for slot, keypoints, is_part in pieces:
        target = _lacking(points, rows, slot, keypoints, limits) if is_part else slot
        if target is None:
            is_free = np.asarray(rows.max(axis=1) < 0)
            if is_free[slot]:
                target = slot
            elif n_animals is not None and is_free.any() and (~is_free).sum() < n_animals:
                target = int(np.argmax(is_free))
            else:
                continue
        rows[target, keypoints] = slot
    return rows


def _lacking(
    points: np.ndarray, rows: np.ndarray, slot: int, keypoints: np.ndarray, limits: np.ndarray
) -> int | None:
    """Return the nearest slot that lacks these keypoints and may be of the same animal."""
    piece = points[slot, keypoints]
    nearest, least = None, np.inf
    for other in range(len(rows)):
        there = np.flatnonzero(rows[other] >= 0)
        if not len(there) or len(np.intersect1d(there, keypoints)):
            continue
        placed = points[rows[other, there], there]
        apart = np.linalg.norm(piece[:, None] - placed[None], axis=-1)
        distance = float(np.linalg.norm(mean_point(piece) - mean_point(placed)))
        if (apart <= limits[np.ix_(keypoints, there)]).all() and distance < least:
            nearest, least = other, distance
    return nearest


def _taken(poses: "xr.Dataset", rows: np.ndarray) -> "xr.Dataset":
    """Return poses with each keypoint from the slot that `rows` says, (n_frames, n_slots, n_keypoints)."""
    import xarray as xr

    n_frames, n_slots, n_keypoints = rows.shape
    frames, keypoints = np.arange(n_frames)[:, None, None], np.arange(n_keypoints)
    # What is about a whole animal is taken from the slot itself, if any of its keypoints stayed there.
    own = (rows == np.arange(n_slots)[:, None]).any(axis=2)
    whole = np.where(own, np.arange(n_slots), rows.max(axis=2))
    variables = {}
    for name, variable in poses.data_vars.items():
        if not {"individual", "time"} <= set(variable.dims):
            variables[name] = variable.variable
            continue
        if "keypoint" in variable.dims:
            moved = variable.transpose("time", "individual", "keypoint", ...)
            values, is_none = moved.values[frames, np.maximum(rows, 0), keypoints], rows < 0
        else:
            moved = variable.transpose("time", "individual", ...)
            values, is_none = moved.values[frames[:, 0], np.maximum(whole, 0)], whole < 0
        values = values.astype(float)
        values[is_none] = np.nan
        variables[name] = xr.Variable(moved.dims, values, variable.attrs).transpose(*variable.dims)
    names = [str(name) for name in poses["individual"].values]
    names += [f"mended_{i + 1}" for i in range(n_slots - len(names))]
    kept = {k: v for k, v in poses.coords.items() if "individual" not in v.dims}
    return xr.Dataset(variables, coords={**kept, "individual": names}, attrs=dict(poses.attrs))
