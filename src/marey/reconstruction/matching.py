"""Several animals: which instance in one camera is which in another, and who is who from frame to frame.

In every frame several groupings are tried. In one, each camera's instances are assigned to the animals by
their distance to the projections of where the animals should be by now. In the others they are grouped one
camera at a time, started from each camera in turn: while a group has one camera, the cost of adding an
instance is the distance of its points to the epipolar lines of the other's; from two cameras on it is the
distance to the projections of the group's triangulated points. Costs are medians over keypoints, in pixels,
and each camera's instances are assigned at the least total cost (Kuhn 1955). The grouping is kept that fits
best in both senses: the cameras each other, and all of them where animals should be. With two cameras,
epipolar lines alone often fit the wrong animal as well as the right one.

Over time, the groups of a frame are assigned to the animals by the distance of their points in space to where
the animals were last seen; a camera's own identities are not relied on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
MAX_EXPECTED_FRAMES = 15
MAX_CARRIED_FRAMES = 3
"""An animal that is not seen is not expected to go on for longer than this: it may have stopped."""
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
    epipolar = epipolar_matrices(sight)
    order = np.full((n_frames, n_cameras, n_individuals), -1)
    tracks = _Tracks(n_individuals, n_keypoints)
    for t in range(n_frames):
        frame = _Frame(sight, np.moveaxis(rays[:, t], 2, 1), epipolar)
        expected = tracks.expected(t)
        groups = _group(frame, expected, max_cost_px)
        alone = [group for group in groups if sum(member >= 0 for member in group) == 1]
        pairs = [group for group in groups if group not in alone]
        motion = np.array([_motion_of(frame, group, expected, max_cost_px) for group in pairs])
        points = [_points_of(frame, group) for group in pairs]
        animals = tracks.assign(t, points, np.where(motion < max_cost_px, motion, np.inf))
        for group, animal in zip(pairs, animals, strict=True):
            if animal >= 0:
                order[t, :, animal] = group
        for group in alone:
            _add_alone(_motion_of(frame, group, expected, max_cost_px), group, order[t], max_cost_px)
        if t % REPORT_EVERY == 0:
            progress(Progress("matching animals across cameras", t, n_frames))
    progress(Progress("matching animals across cameras", n_frames, n_frames))
    return _sorted(observations, order)


def _add_alone(motion: np.ndarray, group: list[int], order: np.ndarray, max_cost_px: float) -> None:
    """Give an instance that only one camera sees to the animal that should be there, if it has none."""
    motion = np.where((order >= 0).any(axis=0), np.inf, motion)
    if motion.min(initial=np.inf) < max_cost_px:
        order[:, motion.argmin()] = group


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


def epipolar_matrices(sight: Sight) -> np.ndarray:
    """Return the essential matrix of each pair: ray_b · E[a, b] · ray_a = 0, shape (n, n, 3, 3)."""
    n = len(sight)
    matrices = np.zeros((n, n, 3, 3))
    for a in range(n):
        for b in range(n):
            turn = sight.rotations[b] @ sight.rotations[a].T
            x, y, z = sight.translations[b] - turn @ sight.translations[a]
            matrices[a, b] = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ turn
    return matrices


def _group(frame: _Frame, expected: np.ndarray, max_cost_px: float) -> list[list[int]]:
    """Return the best grouping: groups of instances, each a list with the instance of each camera or -1.

    Parameters
    ----------
    frame
        The frame.
    expected
        Where the animals should be, shape (n_animals, n_keypoints, 3), NaN where nobody knows.
    max_cost_px
        As in :func:`match_individuals`.
    """
    n_cameras = len(frame.sight)
    there = [frame.is_there(camera) for camera in range(n_cameras)]
    off = [_motion_costs(frame, camera, there[camera], expected) for camera in range(n_cameras)]
    n_instances = sum(map(len, there))
    best: tuple[float, list[list[int]]] = (np.inf, [])
    for groups in _groupings(frame, there, off, max_cost_px):
        cost = _total_cost(frame, groups, expected, n_instances, max_cost_px)
        if cost < best[0]:
            best = cost, groups
        if cost <= CLEAR * max_cost_px * n_instances:
            break
    return best[1]


def _groupings(
    frame: _Frame, there: list[np.ndarray], off: list[np.ndarray], max_cost_px: float
) -> Iterator[list[list[int]]]:
    """Give groupings to choose from: as the animals are expected, and started from each camera in turn."""
    n_cameras = len(there)
    groups, rest = _group_as_expected(there, off, max_cost_px)
    if groups:
        yield groups + _group_from(frame, rest, range(n_cameras), max_cost_px)
    for first in range(n_cameras):
        yield _group_from(frame, there, [(first + i) % n_cameras for i in range(n_cameras)], max_cost_px)


def _group_as_expected(
    there: list[np.ndarray], off: list[np.ndarray], max_cost_px: float
) -> tuple[list[list[int]], list[np.ndarray]]:
    """Return a group for each animal that is where it should be, and the instances that are left."""
    groups = [[-1] * len(there) for _ in range(off[0].shape[1])]
    rest = []
    for camera, (instances, costs) in enumerate(zip(there, off, strict=True)):
        near = [pair for pair in _assigned(costs) if costs[pair] < max_cost_px]
        for row, animal in near:
            groups[animal][camera] = int(instances[row])
        rest.append(np.delete(instances, [row for row, _ in near]))
    return [group for group in groups if max(group) >= 0], rest


def _motion_of(frame: _Frame, group: list[int], expected: np.ndarray, max_cost_px: float) -> np.ndarray:
    """Return how far a group is from where each animal should be, pixels, (n_animals,); at most the limit.

    It is the mean over cameras: a gross error of one camera spoils the points in space, and but one mean.
    """
    members = [(camera, instance) for camera, instance in enumerate(group) if instance >= 0]
    off = [_motion_costs(frame, camera, np.array([instance]), expected)[0] for camera, instance in members]
    return np.minimum(off, max_cost_px).mean(axis=0)


def _motion_costs(frame: _Frame, camera: int, instances: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return how far each instance is from where each animal should be, pixels, (n_instances, n_animals)."""
    costs = [_off_points(frame, points, camera, instances) for points in expected]
    return np.stack(costs, axis=1)


def _total_cost(
    frame: _Frame, groups: list[list[int]], expected: np.ndarray, n_instances: int, max_cost_px: float
) -> float:
    """Return how badly a grouping fits: the cameras each other, and all of them where animals should be.

    An instance that stands alone has nothing to fit, which is worth as much as fitting just so; one that
    stands alone where no animal should be is explained by nothing.
    """
    total, n_left = 0.0, n_instances
    for group in groups:
        members = [(camera, instance) for camera, instance in enumerate(group) if instance >= 0]
        motion = float(_motion_of(frame, group, expected, max_cost_px).min(initial=max_cost_px))
        if len(members) == 1 and motion == max_cost_px:
            continue
        n_left -= len(members)
        misfits = [CLEAR * max_cost_px]
        if len(members) > 1:
            points = _points_of(frame, group)
            misfits = [float(_off_points(frame, points, c, np.array([i]))[0]) for c, i in members]
        total += sum(min(misfit, max_cost_px) + motion for misfit in misfits)
    return total + 2 * max_cost_px * n_left


def _group_from(
    frame: _Frame, there: list[np.ndarray], cameras: Sequence[int], max_cost_px: float
) -> list[list[int]]:
    """Return groups of two and more instances, taking the cameras in this order."""
    groups: list[list[int]] = []
    for camera in cameras:
        instances = there[camera]
        costs = np.array([_costs(frame, group, camera, instances) for group in groups])
        costs = costs.reshape(len(groups), len(instances))
        taken = set()
        for row, column in _assigned(costs):
            if costs[row, column] <= max_cost_px:
                groups[row][camera] = int(instances[column])
                taken.add(column)
        for column, instance in enumerate(instances):
            if column not in taken:
                group = [-1] * len(frame.sight)
                group[camera] = int(instance)
                groups.append(group)
    return [group for group in groups if sum(member >= 0 for member in group) >= 2]


def _costs(frame: _Frame, group: list[int], camera: int, instances: np.ndarray) -> np.ndarray:
    """Return how badly each instance fits a group, pixels; infinite where they share too few keypoints."""
    members = [(c, i) for c, i in enumerate(group) if i >= 0]
    if len(members) > 1:
        return _off_points(frame, _points_of(frame, group), camera, instances)
    other, mine = members[0]
    rays = frame.rays[camera, instances]
    return _medians(_epipolar_distance(frame, other, frame.rays[other, mine], camera, rays))


def _off_points(frame: _Frame, points: np.ndarray, camera: int, instances: np.ndarray) -> np.ndarray:
    """Return how far instances of a camera are from the projections of points (n_keypoints, 3), pixels."""
    local = frame.sight.in_cameras(points)[camera]
    depth = np.where(local[:, 2] > 0, local[:, 2], np.nan)
    off = np.linalg.norm(frame.rays[camera, instances] - local[:, :2] / depth[:, None], axis=-1)
    return _medians(off * frame.sight.focal_px[camera])


def _medians(off: np.ndarray) -> np.ndarray:
    """Return the median over keypoints (n, n_keypoints); infinite where too few are known."""
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

    def assign(self, t: int, groups: list[np.ndarray], motion: np.ndarray) -> list[int]:
        """Return the animal of each group of points, -1 for none, and remember where they are.

        Groups that are where an animal should be, as `motion` (n_groups, n_animals) says, infinite where not,
        are assigned by it; then the others, by their distance in space to where animals were last.
        """
        animals = [-1] * len(groups)
        if not groups:
            return animals
        for row, animal in _assigned(motion):
            animals[row] = animal
        rest = [row for row in range(len(groups)) if animals[row] < 0]
        free = [animal for animal in range(len(self.seen)) if animal not in animals]
        distances = [[self._distance(t, animal, groups[row]) for animal in free] for row in rest]
        for row, column in _assigned(np.array(distances).reshape(len(rest), len(free))):
            animals[rest[row]] = free[column]
        for row, animal in enumerate(animals):
            if animal >= 0:
                self._update(t, animal, groups[row])
        return animals

    def expected(self, t: int) -> np.ndarray:
        """Return where the animals should be, (n_animals, n_keypoints, 3); NaN for who was long gone."""
        gap = np.minimum(t - self.seen, MAX_CARRIED_FRAMES)
        places = self.points + (gap[:, None] * self.speed)[:, None]
        is_recent = (self.seen >= 0) & (t - self.seen <= MAX_EXPECTED_FRAMES)
        return np.where(is_recent[:, None, None], places, np.nan)

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


def _assigned(costs: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs (row, column) of the least total cost (Kuhn 1955), without those of infinite cost."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.minimum(costs, FAR))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if np.isfinite(costs[r, c])]


def _centre(points: np.ndarray) -> np.ndarray:
    known = np.isfinite(points).all(axis=1)
    return np.median(points[known], axis=0) if known.any() else np.full(3, np.nan)
