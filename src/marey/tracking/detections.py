"""Animals found in each frame, before anyone knows who is who."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.model import load_rows
from marey.model.poses import INTERPOLATED, SCORE, is_filled
from marey.scratch import let_go, scratch_array

if TYPE_CHECKING:
    import xarray as xr

# Two detections of a frame this near to each other, as a share of the animal's size, are one animal.
SAME_ANIMAL_SHARE = 0.12
# Animals nearer than this share of their size may be found as one.
CONTACT_SHARE = 0.7
# Seconds before and after a moment that tell of it, in frames within these limits.
AROUND_S, AROUND_FRAMES, MOST_AROUND_FRAMES = 1.0, 30, 200
_DOUBLES_AT_A_TIME = 2000
# Enough detections to measure how large the animals are.
MEASURED_DETECTIONS = 5000
# Long recordings are gone through in blocks of so many frames, or of fewer: of about so many points.
BLOCK_FRAMES, BLOCK_POINTS, LEAST_ROWS = 8192, 1 << 21, 256
# ... and what is usual in them is measured on so many frames, in so many blocks.
MEASURED_FRAMES, MEASURED_BLOCKS = 20_000, 10


@dataclass(frozen=True)
class Detections:
    """Detections by frame and slot; a slot says nothing about identity.

    Parameters
    ----------
    points
        (x, y), pixels, shape (n_frames, n_slots, n_keypoints, 2); NaN where missing. On disk where it is
        large, to be used in parts.
    features
        What animals may be told apart by (an embedding, say), shape (n_frames, n_slots, n_features).
    size
        Length of an animal, pixels.
    doubles
        Frames and slots that were emptied, because the animal was found twice, shape (n_doubles, 2).
    double_points
        What was found there, shape (n_doubles, n_keypoints, 2).
    """

    points: np.ndarray
    features: np.ndarray
    size: float
    doubles: np.ndarray
    double_points: np.ndarray

    @cached_property
    def is_there(self) -> np.ndarray:
        """Whether a slot holds an animal, shape (n_frames, n_slots)."""
        there = np.empty(self.points.shape[:2], dtype=bool)
        for rows in blocks_of(self.points):
            there[rows] = np.isfinite(self.points[rows, ..., 0]).any(axis=2)
        return there

    def with_neighbours(self, n_animals: int, frame_rate: float) -> "Detections":
        """Return detections in which doubles are animals where fewer than `n_animals` are found.

        Animals that lie on each other look like one that was found twice. They are taken for two where two
        were found there, apart, within :func:`frames_around` before or after.
        """
        is_two = self._were_two(frames_around(frame_rate))
        doubles, double_points = self.doubles[is_two], self.double_points[is_two]
        n_missing = n_animals - self.is_there.sum(axis=1)
        # Those of a frame are next to each other: which of them in turn each is.
        _, first, counts = np.unique(doubles[:, 0], return_index=True, return_counts=True)
        turn = np.arange(len(doubles)) - np.repeat(first, counts)
        is_back = turn < n_missing[doubles[:, 0]]
        points = scratch_array(self.points.shape)
        for rows in blocks_of(points):
            points[rows] = self.points[rows]
            let_go(self.points)
        points[tuple(doubles[is_back].T)] = double_points[is_back]
        let_go(points)
        left = ~is_two
        left[is_two] = ~is_back
        return replace(
            self, points=points, doubles=self.doubles[left], double_points=self.double_points[left]
        )

    def _were_two(self, n_frames: int) -> np.ndarray:
        """Return for each double whether two animals were near it up to `n_frames` before or after, (n,)."""
        result = np.zeros(len(self.doubles), dtype=bool)
        around = np.arange(-n_frames, n_frames + 1)
        places = mean_point(self.double_points)
        for start in range(0, len(result), _DOUBLES_AT_A_TIME):
            some = slice(start, start + _DOUBLES_AT_A_TIME)
            rows = np.clip(self.doubles[some, 0][:, None] + around, 0, len(self.points) - 1)
            frames, place = np.unique(rows, return_inverse=True)
            centers = mean_point(self.points[frames])[place.reshape(rows.shape)]
            apart = np.linalg.norm(centers - places[some][:, None, None], axis=-1)
            result[some] = ((apart < CONTACT_SHARE * self.size).sum(axis=2) > 1).any(axis=1)
            let_go(self.points)
        return result


def rows_at_a_time(n_points: int) -> int:
    """Return how many rows of so many points are gone through at a time, so that memory stays flat."""
    return int(np.clip(BLOCK_POINTS // max(1, n_points), LEAST_ROWS, BLOCK_FRAMES))


def row_blocks(n_rows: int, n_points: int) -> Iterator[slice]:
    """Give so many rows of so many points in blocks, see :func:`rows_at_a_time`."""
    step = rows_at_a_time(n_points)
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def blocks_of(array: np.ndarray) -> Iterator[slice]:
    """Give the rows of an array in blocks; where it lies on disk, memory is given back after each of them."""
    for rows in row_blocks(len(array), int(np.prod(array.shape[1:], dtype=np.int64)) // 2):
        yield rows
        let_go(array)


def spread_blocks(array: np.ndarray) -> Iterator[slice]:
    """Give the rows of an array; of a long one, blocks that are spread over it evenly."""
    if len(array) <= MEASURED_FRAMES:
        yield slice(0, len(array))
        return
    n_rows = MEASURED_FRAMES // MEASURED_BLOCKS
    for start in np.linspace(0, len(array) - n_rows, MEASURED_BLOCKS).astype(int).tolist():
        yield slice(start, start + n_rows)
        let_go(array)


def frames_around(frame_rate: float) -> int:
    """Return how many frames before and after a moment tell of it."""
    return int(np.clip(round(AROUND_S * frame_rate), AROUND_FRAMES, MOST_AROUND_FRAMES))


def mean_point(points: np.ndarray) -> np.ndarray:
    """Return the mean over keypoints of (..., n_keypoints, 2); NaN where all are missing."""
    total = points.sum(axis=-2)
    if np.isfinite(total).all():
        return total / points.shape[-2]
    known = np.isfinite(points)
    n = known.sum(axis=-2)
    return np.where(n > 0, np.where(known, points, 0).sum(axis=-2) / np.maximum(n, 1), np.nan)


def distance(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how far points in the plane are from each other, (...,), from (..., 2) each."""
    apart = points - others
    return np.sqrt(apart[..., 0] ** 2 + apart[..., 1] ** 2)  # many times faster than a norm along an axis


def detections_from_poses(poses: "xr.Dataset", *, features: np.ndarray | None = None) -> Detections:
    """Take the animals of `poses` as detections, forgetting who they are.

    Parameters
    ----------
    poses
        In the schema of :mod:`marey.model.poses`; a variable ``score (time, individual)`` is used.
    features
        Shape (n_frames, n_individuals, n_features).

    Raises
    ------
    InputError
        The poses are not in 2D, or hold nothing at all.
    """
    if poses.sizes["space"] != 2:
        raise InputError(f"tracks are made of poses in 2D, these have {poses.sizes['space']} dimensions")
    sizes = poses.sizes
    points = scratch_array((sizes["time"], sizes["individual"], sizes["keypoint"], 2))
    scores = np.empty(points.shape[:2])
    is_empty = True
    for rows in blocks_of(points):
        block = found_alone(load_rows(poses, rows.start, rows.stop))
        found = points_in_memory(block)
        points[rows], scores[rows] = found, scores_of(block)
        is_empty = is_empty and not np.isfinite(found).any()
    if is_empty:
        raise InputError(
            "there is not one point in these poses", hint="lower the confidence they were cut at"
        )
    if features is None:
        features = np.empty((*scores.shape, 0))
    size = animal_size(points)
    doubles, double_points = [], []
    for rows in blocks_of(points):
        is_double = find_doubles(points[rows], scores[rows], size)
        places = np.argwhere(is_double)
        double_points.append(points[rows][is_double])
        points[rows][is_double] = np.nan
        doubles.append(places + np.array([rows.start, 0]))
    return Detections(points, features, size, np.concatenate(doubles), np.concatenate(double_points))


def found_alone(poses: "xr.Dataset") -> "xr.Dataset":
    """Return poses without the points that were filled in, and without the mark that these carry."""
    if INTERPOLATED not in poses:
        return poses
    is_found = ~is_filled(poses)
    rest = poses.drop_vars(INTERPOLATED)
    planes = [name for name, v in rest.data_vars.items() if {"time", "keypoint", "individual"} <= set(v.dims)]
    return rest.assign({name: rest[name].where(is_found).transpose(*rest[name].dims) for name in planes})


def points_of(poses: "xr.Dataset", *, only_found: bool = True) -> np.ndarray:
    """Return the points of poses, read block by block, (n_frames, n_individuals, n_keypoints, n_space).

    Points that lack a coordinate are NaN, and so are those that were filled in, if `only_found`. The array
    lies on disk where it is large.
    """
    sizes = poses.sizes
    points = scratch_array(tuple(sizes[name] for name in ("time", "individual", "keypoint", "space")))
    for rows in blocks_of(points):
        block = load_rows(poses, rows.start, rows.stop)
        points[rows] = points_in_memory(found_alone(block) if only_found else block)
    return points


def points_in_memory(poses: "xr.Dataset") -> np.ndarray:
    """Return the points of poses that are in memory, as :func:`points_of`, be they found or filled in."""
    points = poses["position"].transpose("time", "individual", "keypoint", "space").values.astype(float)
    points[~np.isfinite(points).all(axis=-1)] = np.nan
    return points


def scores_of(poses: "xr.Dataset") -> np.ndarray:
    """Return how sure each detection is, shape (n_frames, n_individuals); 1 where nobody says."""
    if SCORE in poses:
        return np.nan_to_num(poses[SCORE].transpose("time", "individual").values, nan=0.0)
    confidence = poses["confidence"].transpose("time", "individual", "keypoint").values
    known = np.isfinite(confidence)
    scores = np.where(known, confidence, 0).sum(-1) / np.maximum(known.sum(-1), 1)
    return np.where(known.any(axis=-1), scores, 1.0)


def animal_size(points: np.ndarray) -> float:
    """Return the usual extent of an animal in pixels, at least 1."""
    if not points.size:
        return 1.0
    flat = points.reshape(-1, *points.shape[-2:])
    whole = [
        rows.start + np.flatnonzero(np.isfinite(flat[rows, :, 0]).sum(axis=1) >= min(2, flat.shape[1]))
        for rows in blocks_of(flat)
    ]
    chosen = np.concatenate([np.empty(0, dtype=int), *whole])
    found = extents(flat[chosen[:: max(1, len(chosen) // MEASURED_DETECTIONS)]])
    let_go(points)
    if not len(found):
        return 1.0
    size = float(np.median(found))
    return max(size, 1.0) if size > 0 else _size_from_steps(points)


def extents(points: np.ndarray) -> np.ndarray:
    """Return the diagonal of the box of each animal, (n,), of those of (n, n_keypoints, 2) that have one."""
    points = points[np.isfinite(points[..., 0]).sum(axis=1) >= min(2, points.shape[1])]
    return np.hypot(*(np.nanmax(points, axis=1) - np.nanmin(points, axis=1)).T)


def _size_from_steps(points: np.ndarray) -> float:
    """With a single keypoint there is no extent: ten times the usual step between frames stands for it."""
    steps = []
    for rows in spread_blocks(points):
        place = points[rows, :, 0]
        apart = np.linalg.norm(place[1:, :, None] - place[:-1, None], axis=-1)
        steps.append(np.where(np.isnan(apart), np.inf, apart).min(axis=2).ravel())
    nearest = np.concatenate(steps)
    nearest = nearest[np.isfinite(nearest)]
    return max(10 * float(np.median(nearest)), 10.0) if len(nearest) else 10.0


def find_doubles(points: np.ndarray, scores: np.ndarray, size: float) -> np.ndarray:
    """Return which detections are the weaker of two of the same animal, shape (n_frames, n_slots)."""
    n_slots = points.shape[1]
    n_points = np.isfinite(points[..., 0]).sum(axis=2)
    strength = n_points + np.clip(scores, 0, 1)
    is_double = np.zeros(n_points.shape, dtype=bool)
    for a in range(n_slots):
        for b in range(a + 1, n_slots):
            apart = np.linalg.norm(points[:, a] - points[:, b], axis=-1)
            shared = np.isfinite(apart)
            n_shared = shared.sum(axis=1)
            mean = np.where(shared, apart, 0).sum(axis=1) / np.maximum(n_shared, 1)
            fewer = np.minimum(n_points[:, a], n_points[:, b])
            same = (n_shared > 0) & (2 * n_shared >= fewer) & (mean < SAME_ANIMAL_SHARE * size)
            same &= ~is_double[:, a] & ~is_double[:, b]
            is_stronger = strength[:, a] >= strength[:, b]
            is_double[:, b] |= same & is_stronger
            is_double[:, a] |= same & ~is_stronger
    return is_double
