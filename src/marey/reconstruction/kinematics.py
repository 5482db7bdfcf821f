"""Inverse kinematics: one skeleton with constant limb lengths, moved to fit all frames of a recording.

The skeleton is a tree. Its first joint is anywhere; every other joint is at its parent's place plus a limb of
constant length in some direction. The directions and the first joint are found for all frames at once, so
that the joints fit the 3D points, weighted by their covariances with heavy tails, and move smoothly; the
lengths are found in between, by least squares over the whole recording. Directions are moved on the sphere by
steps in their tangent planes.

With x the joints and y what they depend on, each Gauss-Newton step solves (Jᵀ H J) dy = Jᵀ g, where H and g
are the banded normal equations of the joints (:mod:`marey.reconstruction.banded`) and J, analytic, is a block
for each frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.model import Skeleton, append_history, standardise_poses
from marey.model.poses import COVARIANCE_DIMENSIONS
from marey.reconstruction.banded import apply_diagonals, smoothness_diagonals
from marey.reconstruction.linear import invert_symmetric
from marey.reconstruction.liveliness import estimate_liveliness, estimate_motion
from marey.reconstruction.refinement import blocks

if TYPE_CHECKING:
    import xarray as xr

MAX_ROUNDS = 8
MAX_STEPS = 8
MAX_HALVINGS = 5
DONE = 1e-3
DEGREES_OF_FREEDOM = 4.0
RIDGE = 1e-9
EXACT = 1e-6


@dataclass(frozen=True)
class Tree:
    """A skeleton from its first joint outwards.

    Parameters
    ----------
    joints
        Keypoint positions, the first joint first, every other one after its parent.
    parents
        For each joint, the place of its parent in `joints`; -1 for the first.
    """

    joints: tuple[int, ...]
    parents: tuple[int, ...]

    @classmethod
    def of(cls, skeleton: Skeleton) -> Tree:
        """Start at the joint with most limbs; limbs that would close a ring are left out.

        Raises
        ------
        InputError
            There are no limbs, or the skeleton is in several pieces.
        """
        edges = skeleton.edge_indices
        if not len(edges):
            raise InputError("a skeleton to fit needs limbs", hint="name them with --edges A-B,B-C")
        neighbours: dict[int, list[int]] = {}
        for a, b in edges.tolist():
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
        root = max(sorted(neighbours), key=lambda joint: len(neighbours[joint]))
        joints, parents = [root], [-1]
        for place, joint in enumerate(joints):  # grows while it is walked through
            for other in neighbours[joint]:
                if other not in joints:
                    joints.append(other)
                    parents.append(place)
        if left := sorted(set(neighbours) - set(joints)):
            names = ", ".join(skeleton.keypoints[joint] for joint in left)
            raise InputError(
                f"the skeleton is in several pieces: {names} cannot be reached", hint="add a limb"
            )
        return cls(tuple(joints), tuple(parents))

    @property
    def ancestry(self) -> np.ndarray:
        """Which limbs (the second index, by their outer joint) lie between the first joint and each joint."""
        n = len(self.joints)
        above = np.zeros((n, n), dtype=bool)
        for i, parent in enumerate(self.parents):
            if parent >= 0:
                above[i] = above[parent]
                above[i, i] = True
        return above


def fit_skeleton(poses: xr.Dataset, skeleton: Skeleton) -> xr.Dataset:
    """Fit a skeleton with constant limb lengths to 3D poses.

    Parameters
    ----------
    poses
        3D poses; with ``covariance``, sure points count more.
    skeleton
        Its edges are the limbs; keypoints without a limb stay as they are.

    Returns
    -------
    xarray.Dataset
        The joints of the fitted skeleton. Points that were missing stay missing; covariances stay those of
        the points that went in, which the fit can only improve.

    Raises
    ------
    InputError
        The poses are not 3D, or the skeleton is no tree.
    """
    poses = standardise_poses(poses)
    if poses.sizes["space"] != 3:
        raise InputError(f"a skeleton is fitted to poses in 3D, but these have {poses.sizes['space']} axes")
    tree = Tree.of(skeleton)
    position = poses["position"].to_numpy().copy()
    time = _in_frames(poses["time"].to_numpy().astype(np.float64))
    lengths: list[dict[str, float]] = []
    for i in range(position.shape[3]):
        points = np.moveaxis(position[..., list(tree.joints), i], 1, -1)
        known = np.isfinite(points).all(axis=-1)
        if not (known.sum(axis=0) >= 2).all():
            lengths.append({})
            continue
        fitted, limb = _fit(tree, points, _precision(poses, tree, i, points, time), time)
        position[..., list(tree.joints), i] = np.moveaxis(np.where(known[..., None], fitted, np.nan), -1, 1)
        names = [skeleton.keypoints[joint] for joint in tree.joints]
        lengths.append(
            {f"{names[p]}-{names[j]}": float(limb[j]) for j, p in enumerate(tree.parents) if p >= 0}
        )
    fitted_poses = poses.assign(position=(poses["position"].dims, position))
    return append_history(
        fitted_poses, "fit_skeleton", root=skeleton.keypoints[tree.joints[0]], lengths=lengths
    )


def _in_frames(time: np.ndarray) -> np.ndarray:
    """Return times in units of the usual step between two frames."""
    steps = np.diff(time)
    return (time - time[:1]) / (np.median(steps) if len(steps) else 1.0)


def _precision(
    poses: xr.Dataset, tree: Tree, individual: int, points: np.ndarray, time: np.ndarray
) -> np.ndarray:
    """Return the inverse covariances (n_frames, n_joints, 3, 3); 0 where a point is missing.

    Poses of another tool come without covariances: how noisy each joint is, its own motion tells then.
    """
    if "covariance" in poses:
        values = poses["covariance"].transpose(*COVARIANCE_DIMENSIONS).to_numpy()[..., individual]
        precision = invert_symmetric(np.moveaxis(values[..., list(tree.joints)], -1, 1))
    else:
        _, noise = estimate_motion(time, points, np.ones(points.shape[:2]))
        usual = np.nanmedian(noise) if np.isfinite(noise).any() else 1.0
        least = (EXACT * np.nanmax(np.nanstd(points, axis=0))) ** 2  # simulated points may have no noise
        noise = np.maximum(np.where(np.isfinite(noise), noise, usual), max(least, np.finfo(float).tiny))
        precision = np.broadcast_to(np.eye(3) / noise[:, None, None], (*points.shape, 3))
    known = np.isfinite(points).all(axis=-1) & np.isfinite(precision).all(axis=(-2, -1))
    return np.where(known[..., None, None], precision, 0.0)


def _fit(
    tree: Tree, points: np.ndarray, precision: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the joints (n_frames, n_joints, 3) and the lengths of the limbs, by their outer joint."""
    trace = np.trace(precision, axis1=-2, axis2=-1)
    variance = np.where(trace > 0, 3 / np.where(trace > 0, trace, 1.0), np.nan)
    q = estimate_liveliness(time, points, variance)
    stiffness = 1 / np.where(np.isfinite(q), q, np.nanmedian(variance))
    start = np.stack(
        [
            np.stack([np.interp(time, time[ok], joint[ok, axis]) for axis in range(3)], axis=-1)
            for joint, ok in zip(np.moveaxis(points, 1, 0), np.isfinite(points[..., 0]).T, strict=True)
        ],
        axis=1,
    )
    parents = np.array(tree.parents)
    along = start - start[:, np.maximum(parents, 0)]
    lengths = np.median(np.linalg.norm(along, axis=-1), axis=0)
    lengths[0] = 0.0
    directions = along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-12)
    directions[:, 0] = 0.0
    root = start[:, 0]
    measured = np.where(np.isfinite(points), points, 0.0)
    for _ in range(MAX_ROUNDS):
        for core, part in blocks(len(time)):
            inner = slice(core.start - part.start, core.stop - part.start)
            problem = _Problem(
                tree, lengths, measured[part], precision[part], smoothness_diagonals(time[part]), stiffness
            )
            found_root, found = problem.solve(root[part], directions[part])
            root[core], directions[core] = found_root[inner], found[inner]
        weights = _weights(_squares(_place(tree, root, directions, lengths) - measured, precision))
        before = lengths
        lengths = _fit_lengths(tree, root, directions, measured, precision * weights[..., None, None])
        if (np.abs(lengths - before) <= DONE * lengths.max()).all():
            break
    return _place(tree, root, directions, lengths), lengths


def _squares(off: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return how far points are off in standard deviations, squared, (n_frames, n_joints)."""
    return np.einsum("tja,tjab,tjb->tj", off, precision, off)


def _weights(squares: np.ndarray) -> np.ndarray:
    """Return how much points count, as heavy tails (Student's t) have it."""
    return (DEGREES_OF_FREEDOM + 3) / (DEGREES_OF_FREEDOM + squares)


def _place(tree: Tree, root: np.ndarray, directions: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return where the joints are, (n_frames, n_joints, 3)."""
    limbs = directions * lengths[None, :, None]
    return root[:, None] + np.einsum("jl,tla->tja", tree.ancestry.astype(float), limbs)


def _fit_lengths(
    tree: Tree, root: np.ndarray, directions: np.ndarray, measured: np.ndarray, precision: np.ndarray
) -> np.ndarray:
    """Return the lengths that fit best with these directions: linear least squares.

    `precision` is that of the points, weighted as they fit: one gross error would stretch a limb otherwise.
    """
    above = tree.ancestry.astype(float)
    pulled = np.einsum("tjab,jl,tlb->tjla", precision, above, directions)
    matrix = np.einsum("jm,tma,tjla->ml", above, directions, pulled)
    right = np.einsum(
        "tjla,tja->l",
        pulled,
        np.where(np.asarray(precision[..., 0].any(axis=-1))[..., None], measured - root[:, None], 0.0),
    )
    matrix[0, 0] = 1.0
    lengths = np.linalg.solve(matrix + RIDGE * np.trace(matrix) * np.eye(len(matrix)), right)
    lengths[0] = 0.0
    return np.maximum(lengths, 0.0)


@dataclass(frozen=True, eq=False)
class _Problem:
    """A stretch of frames: what the joints have to fit."""

    tree: Tree
    lengths: np.ndarray
    measured: np.ndarray
    precision: np.ndarray
    diagonals: np.ndarray
    stiffness: np.ndarray

    def solve(self, root: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first joint (n_frames, 3) and the directions of the limbs (n_frames, n_joints, 3)."""
        from scipy.linalg import solveh_banded

        for _ in range(MAX_STEPS):
            joints = _place(self.tree, root, directions, self.lengths)
            weights = _weights(self._squares(joints))
            tangents = _tangents(directions)
            bands, right = self._equations(joints, weights, tangents)
            step = solveh_banded(bands, right.ravel(), lower=True, check_finite=False).reshape(right.shape)
            cost, factor = self._cost(joints, weights), 1.0
            for _ in range(MAX_HALVINGS):
                new_root, new = _moved(root, directions, tangents, factor * step)
                if self._cost(_place(self.tree, new_root, new, self.lengths), weights) <= cost:
                    break
                factor /= 2
            root, directions = new_root, new
            if np.abs(step[:, 3:]).max(initial=0.0) < DONE:
                break
        return root, directions

    def _squares(self, joints: np.ndarray) -> np.ndarray:
        return _squares(joints - self.measured, self.precision)

    def _cost(self, joints: np.ndarray, weights: np.ndarray) -> float:
        smooth = (joints * apply_diagonals(self.diagonals, joints)).sum(axis=(0, 2)) @ self.stiffness
        return float((weights * self._squares(joints)).sum() + smooth)

    def _equations(
        self, joints: np.ndarray, weights: np.ndarray, tangents: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower bands of Jᵀ H J and Jᵀ g; the unknowns of a frame are neighbours."""
        n_frames, n_joints = weights.shape
        slopes = self._slopes(tangents)  # frame, joint, axis, unknown
        size = slopes.shape[-1]
        precision = self.precision * weights[..., None, None]
        gradient = -np.einsum("tjab,tjb->tja", precision, joints - self.measured)
        gradient -= self.stiffness[None, :, None] * apply_diagonals(self.diagonals, joints)
        right = np.einsum("tjau,tja->tu", slopes, gradient)
        flat = slopes.reshape(n_frames, 3 * n_joints, size)
        pulled = np.einsum("tjab,tjbu->tjau", precision, slopes).reshape(flat.shape)
        scaled = (slopes * self.stiffness[None, :, None, None]).reshape(flat.shape)
        bands = np.zeros((3 * size, n_frames, size))
        here = np.swapaxes(flat, 1, 2) @ (pulled + self.diagonals[0][:, None, None] * scaled)
        here[:, range(size), range(size)] *= 1 + RIDGE
        here[:, range(size), range(size)] += RIDGE * np.abs(here).max()
        for row in range(size):
            for column in range(row + 1):
                bands[row - column, :, column] = here[:, row, column]
        for distance in (1, 2):
            later, earlier = np.swapaxes(flat[distance:], 1, 2), scaled[: n_frames - distance]
            tie = self.diagonals[distance][: n_frames - distance, None, None] * (later @ earlier)
            for row in range(size):
                for column in range(size):
                    bands[distance * size + row - column, : n_frames - distance, column] = tie[:, row, column]
        return bands.reshape(3 * size, -1), right

    def _slopes(self, tangents: np.ndarray) -> np.ndarray:
        """Return how the joints move with the first joint and with the two angles of each limb."""
        n_frames, n_joints = tangents.shape[:2]
        slopes = np.zeros((n_frames, n_joints, 3, 3 + 2 * (n_joints - 1)))
        slopes[..., :3] = np.eye(3)
        above = self.tree.ancestry
        for limb in range(1, n_joints):
            moved = self.lengths[limb] * tangents[:, limb]  # frame, axis, 2
            slopes[:, above[:, limb], :, 3 + 2 * (limb - 1) : 5 + 2 * (limb - 1)] = moved[:, None]
        return slopes


def _tangents(directions: np.ndarray) -> np.ndarray:
    """Return two unit vectors across each direction, (n_frames, n_joints, 3, 2)."""
    other = np.where(np.abs(directions[..., :1]) < 0.7, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    first = np.cross(directions, other)
    first /= np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), 1e-12)
    return np.stack([first, np.cross(directions, first)], axis=-1)


def _moved(
    root: np.ndarray, directions: np.ndarray, tangents: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first joint and the directions after a step of (n_frames, 3 + 2 · n_limbs)."""
    angles = step[:, 3:].reshape(len(step), -1, 2)
    turned = directions[:, 1:] + np.einsum("tlap,tlp->tla", tangents[:, 1:], angles)
    turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
    return root + step[:, :3], np.concatenate([directions[:, :1], turned], axis=1)
