"""Several animals: which instance in one camera is which in another, and who is who from frame to frame.

In every frame the instances are grouped one camera at a time. While a group has one camera, the cost of
adding an instance is the distance of its points to the epipolar lines of the other's; from two cameras on it
is the distance to the projections of the group's triangulated points. Costs are medians over keypoints, in
pixels, and each camera's instances are assigned at the least total cost (Kuhn 1955). Groups are started from
every camera in turn, and the grouping that explains most instances with the least cost is kept.

Over time, the groups of a frame are assigned to the animals by the distance of their points in space to where
the animals were last seen; a camera's own identities are not relied on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.reconstruction.linear import intersect

if TYPE_CHECKING:
    from marey.reconstruction.observations import Observations
    from marey.reconstruction.sight import Sight

MAX_COST_PX = 25.0
CLEAR = 0.2
"""A grouping that explains everything at less than this part of the limit needs no other to compare with."""
MIN_COMMON = 2
MAX_MEMORY_FRAMES = 60
REPORT_EVERY = 100
FAR = 1e9


@dataclass(frozen=True, eq=False)
class _Frame:
    """The instances of one frame: rays (n_cameras, n_individuals, n_keypoints, 2), NaN where not seen."""

    sight: Sight
    rays: np.ndarray
    epipolar: np.ndarray

    def is_there(self, camera: int) -> np.ndarray:
        """Return which instances of a camera have any points."""
        return np.flatnonzero(np.isfinite(self.rays[camera]).all(axis=-1).any(axis=-1))


def match_individuals(
    observations: Observations,
    sight: Sight,
    *,
    max_cost_px: float = MAX_COST_PX,
    progress: ProgressCallback = ignore_progress,
) -> Observations:
    """Sort the instances of all cameras so that the same place stands for the same animal, always.

    Parameters
    ----------
    observations
        With instances in any order.
    sight
        The cameras.
    max_cost_px
        Instances whose usual point is further off than this do not belong together.
    progress
        Is told after every hundred frames.

    Returns
    -------
    Observations
        The same points, sorted. Instances for which there is no place are dropped.
    """
    n_cameras, n_frames, n_keypoints, n_individuals = observations.pixels.shape[:4]
    flat = observations.pixels.reshape(n_cameras, -1, 2)
    rays = sight.rays(flat).reshape(observations.pixels.shape)
    epipolar = _epipolar_matrices(sight)
    order = np.full((n_frames, n_cameras, n_individuals), -1)
    tracks = _Tracks(n_individuals, n_keypoints)
    for t in range(n_frames):
        frame = _Frame(sight, np.moveaxis(rays[:, t], 2, 1), epipolar)
        groups = _group(frame, max_cost_px)
        points = [_points_of(frame, group) for group in groups]
        for group, animal in zip(groups, tracks.assign(t, points), strict=True):
            if animal >= 0:
                order[t, :, animal] = group
        if t % REPORT_EVERY == 0:
            progress(Progress("matching animals across cameras", t, n_frames))
    progress(Progress("matching animals across cameras", n_frames, n_frames))
    return _sorted(observations, order)


def _sorted(observations: Observations, order: np.ndarray) -> Observations:
    """Return the observations with instance ``order[t, c, i]`` (-1 for none) in place i."""
    index = np.moveaxis(order, 1, 0)[:, :, None, :]  # camera, frame, 1, individual
    is_there = index >= 0
    index = np.broadcast_to(np.maximum(index, 0), observations.sigma.shape)

    def take(values: np.ndarray) -> np.ndarray:
        return np.where(is_there, np.take_along_axis(values, index, axis=3), np.nan)

    pixels = np.stack([take(observations.pixels[..., axis]) for axis in (0, 1)], axis=-1)
    return replace(
        observations,
        pixels=pixels,
        sigma=take(observations.sigma),
        confidence=take(observations.confidence),
    )


def _epipolar_matrices(sight: Sight) -> np.ndarray:
    """Return the essential matrix of each pair: ray_b · E[a, b] · ray_a = 0, shape (n, n, 3, 3)."""
    n = len(sight)
    matrices = np.zeros((n, n, 3, 3))
    for a in range(n):
        for b in range(n):
            turn = sight.rotations[b] @ sight.rotations[a].T
            x, y, z = sight.translations[b] - turn @ sight.translations[a]
            matrices[a, b] = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ turn
    return matrices


def _group(frame: _Frame, max_cost_px: float) -> list[list[int]]:
    """Return groups of instances, each a list with the instance of each camera or -1."""
    n_cameras = len(frame.sight)
    best: tuple[int, float, list[list[int]]] = (-1, np.inf, [])
    for first in range(n_cameras):
        groups, cost = _group_from(frame, [(first + i) % n_cameras for i in range(n_cameras)], max_cost_px)
        groups = [group for group in groups if sum(member >= 0 for member in group) >= 2]
        explained = sum(member >= 0 for group in groups for member in group)
        # An instance that joins a group explains something as long as it costs less than the limit.
        if explained > best[0] or (explained == best[0] and cost < best[1]):
            best = explained, cost, groups
        is_clear = cost <= CLEAR * max_cost_px * explained
        if is_clear and explained == sum(len(frame.is_there(c)) for c in range(n_cameras)):
            break
    return best[2]


def _group_from(frame: _Frame, cameras: list[int], max_cost_px: float) -> tuple[list[list[int]], float]:
    from scipy.optimize import linear_sum_assignment

    groups: list[list[int]] = []
    total = 0.0
    for camera in cameras:
        instances = frame.is_there(camera)
        costs = np.array([_costs(frame, group, camera, instances) for group in groups])
        costs = costs.reshape(len(groups), len(instances))
        rows, columns = linear_sum_assignment(np.minimum(costs, FAR))
        taken = set()
        for row, column in zip(rows, columns, strict=True):
            if costs[row, column] <= max_cost_px:
                groups[row][camera] = int(instances[column])
                total += float(costs[row, column])
                taken.add(int(column))
        for column, instance in enumerate(instances):
            if column not in taken:
                group = [-1] * len(frame.sight)
                group[camera] = int(instance)
                groups.append(group)
    return groups, total


def _costs(frame: _Frame, group: list[int], camera: int, instances: np.ndarray) -> np.ndarray:
    """Return how badly each instance fits a group, pixels; infinite where they share too few keypoints."""
    members = [(c, i) for c, i in enumerate(group) if i >= 0]
    rays = frame.rays[camera, instances]
    if len(members) == 1:
        other, mine = members[0]
        off = _epipolar_distance(frame, other, frame.rays[other, mine], camera, rays)
    else:
        local = frame.sight.in_cameras(_points_of(frame, group))[camera]
        depth = np.where(local[:, 2] > 0, local[:, 2], np.nan)
        off = np.linalg.norm(rays - local[:, :2] / depth[:, None], axis=-1) * frame.sight.focal_px[camera]
    known = np.isfinite(off)
    enough = known.sum(axis=1) >= MIN_COMMON
    ordered = np.sort(np.where(known, off, np.inf), axis=1)  # what is not known comes last
    middle = np.maximum(known.sum(axis=1) - 1, 0) // 2
    return np.where(enough, np.take_along_axis(ordered, middle[:, None], axis=1)[:, 0], np.inf)


def _epipolar_distance(frame: _Frame, a: int, rays_a: np.ndarray, b: int, rays_b: np.ndarray) -> np.ndarray:
    """Return the symmetric distance of points to each other's epipolar lines, pixels.

    Parameters
    ----------
    frame
        The frame.
    a, rays_a
        A camera and its points, (n_keypoints, 2).
    b, rays_b
        Another camera and the points of several instances, (n_instances, n_keypoints, 2).

    Returns
    -------
    numpy.ndarray
        Shape (n_instances, n_keypoints).
    """
    matrix, focal = frame.epipolar[a, b], frame.sight.focal_px
    p = np.concatenate([rays_a, np.ones((*rays_a.shape[:-1], 1))], axis=-1)
    q = np.concatenate([rays_b, np.ones((*rays_b.shape[:-1], 1))], axis=-1)
    lines_b, lines_a = p @ matrix.T, q @ matrix
    algebraic = np.abs((q * lines_b).sum(axis=-1))
    in_b = algebraic / np.maximum(np.hypot(lines_b[..., 0], lines_b[..., 1]), 1e-12) * focal[b]
    in_a = algebraic / np.maximum(np.hypot(lines_a[..., 0], lines_a[..., 1]), 1e-12) * focal[a]
    return (in_a + in_b) / 2


def _points_of(frame: _Frame, group: list[int]) -> np.ndarray:
    """Return the points of a group in space, (n_keypoints, 3)."""
    rays = np.stack(
        [frame.rays[c, i] if i >= 0 else np.full(frame.rays.shape[2:], np.nan) for c, i in enumerate(group)]
    )
    weights = np.where(np.isfinite(rays).all(axis=-1), frame.sight.focal_px[:, None], 0.0)
    return intersect(frame.sight, rays, weights)


class _Tracks:
    """Where each animal was last seen."""

    def __init__(self, n_individuals: int, n_keypoints: int) -> None:
        self.points = np.full((n_individuals, n_keypoints, 3), np.nan)
        self.speed = np.zeros((n_individuals, 3))
        self.seen = np.full(n_individuals, -1)

    def assign(self, t: int, groups: list[np.ndarray]) -> list[int]:
        """Return the animal of each group of points, -1 for none, and remember where they are."""
        from scipy.optimize import linear_sum_assignment

        if not groups:
            return []
        costs = np.array(
            [[self._distance(t, animal, points) for animal in range(len(self.seen))] for points in groups]
        )
        rows, columns = linear_sum_assignment(costs)
        animals = [-1] * len(groups)
        for row, animal in zip(rows, columns, strict=True):
            animals[row] = int(animal)
            self._update(t, int(animal), groups[row])
        return animals

    def _distance(self, t: int, animal: int, points: np.ndarray) -> float:
        if self.seen[animal] < 0:
            return FAR / 2  # nobody yet: better than nothing, worse than anyone known
        gap = min(t - self.seen[animal], MAX_MEMORY_FRAMES)
        moved = np.linalg.norm(points - self.points[animal] - gap * self.speed[animal], axis=1)
        known = np.isfinite(moved)
        if known.any():
            return float(np.median(moved[known]))
        mine, theirs = _centre(self.points[animal]), _centre(points)
        return float(np.linalg.norm(mine - theirs)) if np.isfinite(mine + theirs).all() else FAR / 4

    def _update(self, t: int, animal: int, points: np.ndarray) -> None:
        if self.seen[animal] == t - 1:
            moved = points - self.points[animal]
            known = np.isfinite(moved).all(axis=1)
            # Half of the last step: an animal that turns is not expected far beyond its turn.
            self.speed[animal] = np.median(moved[known], axis=0) / 2 if known.any() else 0.0
        else:
            self.speed[animal] = 0.0
        self.points[animal] = np.where(
            np.isfinite(points), points, self.points[animal] if self.seen[animal] >= t - 3 else np.nan
        )
        self.seen[animal] = t


def _centre(points: np.ndarray) -> np.ndarray:
    known = np.isfinite(points).all(axis=1)
    return np.median(points[known], axis=0) if known.any() else np.full(3, np.nan)
