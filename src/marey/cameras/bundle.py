"""The unknowns of cameras as rows of numbers, and the projections of boards and points with derivatives.

A camera is the row ``fx, fy, cx, cy, distortion (8), rotation (3), translation (3)``; a fisheye uses the
first four of the places for distortion. A board's pose is ``rotation (3), translation (3)``, board to world;
a point is ``x, y, z``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras import lens
from marey.cameras.camera import Camera
from marey.cameras.least_squares import Linearised

FOCAL, CENTRE, LENS, TURN, SHIFT = slice(0, 2), slice(2, 4), slice(4, 12), slice(12, 15), slice(15, 18)
N_CAMERA = 18
FAR_BEHIND_PX = 1e6


def to_row(camera: Camera) -> np.ndarray:
    """Return the unknowns of a camera, shape (18,); skew is not among them."""
    row = np.zeros(N_CAMERA)
    row[FOCAL] = camera.matrix[0, 0], camera.matrix[1, 1]
    row[CENTRE] = camera.matrix[:2, 2]
    row[4 : 4 + len(camera.distortion)] = camera.distortion
    row[TURN], row[SHIFT] = camera.rotation, camera.translation
    return row


def from_row(row: np.ndarray, camera: Camera) -> Camera:
    """Return `camera` with the numbers of `row`."""
    matrix = np.array([[row[0], 0, row[2]], [0, row[1], row[3]], [0, 0, 1]])
    distortion = row[4:8] if camera.fisheye else row[LENS]
    return replace(camera, matrix=matrix, distortion=distortion, rotation=row[TURN], translation=row[SHIFT])


def cross_matrices(vectors: np.ndarray) -> np.ndarray:
    """Return the matrices M with M b = a × b for vectors a, shapes (..., 3) and (..., 3, 3)."""
    matrices = np.zeros((*vectors.shape, 3))
    matrices[..., 0, 1], matrices[..., 0, 2], matrices[..., 1, 2] = (
        -vectors[..., 2],
        vectors[..., 1],
        -vectors[..., 0],
    )
    return matrices - matrices.swapaxes(-1, -2)


def right_jacobians(vectors: np.ndarray) -> np.ndarray:
    """Return J with exp(w + d) ≈ exp(w) exp(J d), shapes (..., 3) and (..., 3, 3).

    Chirikjian, "Stochastic models, information theory, and Lie groups" 2 (2012), equation 10.86.
    """
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    K = cross_matrices(vectors)
    is_small = angle < 1e-3  # there the quotients cancel, and their series say more
    safe = np.where(is_small, 1.0, angle)
    first = np.where(is_small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    second = np.where(is_small, 1 / 6 - angle**2 / 120, (safe - np.sin(safe)) / safe**3)
    return np.eye(3) - first * K + second * (K @ K)


@dataclass(frozen=True)
class _Seen:
    """What both problems share: which camera saw which item where, and the lenses."""

    camera: np.ndarray
    item: np.ndarray
    pixels: np.ndarray  # (n_blocks, n_points, 2)
    fisheye: tuple[bool, ...]

    def residuals(self, cameras: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return seen minus projected; enormous where a point that was seen falls behind the camera."""
        local = self._local(cameras, self._world(items))
        residual = np.empty_like(self.pixels)
        for number, blocks in self._by_camera():
            row, fisheye = cameras[number], self.fisheye[number]
            depth = np.where(local[blocks, :, 2:] > 0, local[blocks, :, 2:], np.nan)
            landed = lens.bend(
                local[blocks, :, :2] / depth, row[4:8] if fisheye else row[LENS], fisheye=fisheye
            )
            residual[blocks] = self.pixels[blocks] - landed * row[FOCAL] - row[CENTRE]
        is_lost = np.isfinite(self.pixels) & ~(local[..., 2:] > 0)
        return np.where(is_lost, FAR_BEHIND_PX, residual)

    def linearise(self, cameras: np.ndarray, items: np.ndarray) -> Linearised:
        """Return residuals and derivatives."""
        world = self._world(items)
        local = self._local(cameras, world)
        turned = Rotation.from_rotvec(cameras[:, TURN]).as_matrix()[self.camera]
        by_camera = np.empty((*self.pixels.shape, N_CAMERA))
        by_world = np.empty((*self.pixels.shape, 3))
        residual = np.empty_like(self.pixels)
        swing = (
            -turned[:, None] @ cross_matrices(world) @ right_jacobians(cameras[:, TURN])[self.camera][:, None]
        )
        for number, blocks in self._by_camera():
            pixels, by_local, by_lens = self._project(number, cameras, local[blocks])
            residual[blocks] = self.pixels[blocks] - pixels
            by_camera[blocks, :, :, :12] = by_lens
            by_camera[blocks, :, :, TURN] = by_local @ swing[blocks]
            by_camera[blocks, :, :, SHIFT] = by_local
            by_world[blocks] = by_local @ turned[blocks][:, None]
        by_item = self._by_item(items, by_world)
        return Linearised(self.camera, self.item, residual, by_camera, by_item)

    def _by_camera(self) -> list[tuple[int, np.ndarray]]:
        return [(number, np.flatnonzero(self.camera == number)) for number in np.unique(self.camera)]

    def _local(self, cameras: np.ndarray, world: np.ndarray) -> np.ndarray:
        turned = Rotation.from_rotvec(cameras[:, TURN]).as_matrix()[self.camera]
        return world @ turned.swapaxes(-1, -2) + cameras[self.camera, None, SHIFT]

    def _project(
        self, number: int, cameras: np.ndarray, local: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Project points of a camera's frame; return pixels and their derivatives by points and lens."""
        row, fisheye = cameras[number], self.fisheye[number]
        depth = np.where(local[..., 2] > 0, local[..., 2], np.nan)
        rays = local[..., :2] / depth[..., None]
        coefficients = row[4:8] if fisheye else row[LENS]
        landed, by_ray, by_coefficient = lens.distort(rays.reshape(-1, 2), coefficients, fisheye=fisheye)
        shape = local.shape[:-1]
        landed = landed.reshape(*shape, 2)
        focal = row[FOCAL, None]
        slope = focal * by_ray.reshape(*shape, 2, 2)
        by_local = np.concatenate([slope, -(slope @ rays[..., None])], axis=-1) / depth[..., None, None]
        by_lens = np.zeros((*shape, 2, 12))
        by_lens[..., 0, 0], by_lens[..., 1, 1] = landed[..., 0], landed[..., 1]
        by_lens[..., 0, 2] = by_lens[..., 1, 3] = 1.0
        by_lens[..., 4 : 4 + len(coefficients)] = focal * by_coefficient.reshape(*shape, 2, -1)
        return landed * row[FOCAL] + row[CENTRE], by_local, by_lens

    def _world(self, items: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _by_item(self, items: np.ndarray, by_world: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class BoardProblem(_Seen):
    """Boards of known shape, seen by cameras; an item is a board's pose in one view.

    Parameters
    ----------
    camera, item
        Which camera saw which view, for each block.
    pixels
        Where, shape (n_blocks, n_points, 2); NaN where a point was not seen.
    fisheye
        Which lenses are fisheyes.
    points
        Of the board, shape (n_points, 3).
    """

    points: np.ndarray

    @classmethod
    def from_corners(cls, corners: np.ndarray, points: np.ndarray, fisheye: Sequence[bool]) -> BoardProblem:
        """Make the problem from corners of shape (n_cameras, n_views, n_points, 2), NaN where not seen."""
        camera, item = np.nonzero(np.isfinite(corners).all(axis=-1).any(axis=-1))
        return cls(camera, item, corners[camera, item], tuple(fisheye), points)

    def _world(self, items: np.ndarray) -> np.ndarray:
        turned = Rotation.from_rotvec(items[:, :3]).as_matrix()
        return (self.points @ turned.swapaxes(-1, -2) + items[:, None, 3:])[self.item]

    def _by_item(self, items: np.ndarray, by_world: np.ndarray) -> np.ndarray:
        turned = Rotation.from_rotvec(items[:, :3]).as_matrix()
        swing = -(turned[:, None] @ cross_matrices(self.points)) @ right_jacobians(items[:, :3])[:, None]
        return np.concatenate([by_world @ swing[self.item], by_world], axis=-1)


@dataclass(frozen=True)
class PointProblem(_Seen):
    """Free points seen by cameras; an item is a point, and each block holds one observation."""

    @classmethod
    def from_pixels(cls, pixels: np.ndarray, fisheye: Sequence[bool]) -> PointProblem:
        """Make the problem from pixels of shape (n_cameras, n_points, 2), NaN where not seen."""
        camera, item = np.nonzero(np.isfinite(pixels).all(axis=-1))
        return cls(camera, item, pixels[camera, item][:, None], tuple(fisheye))

    def _world(self, items: np.ndarray) -> np.ndarray:
        return items[self.item][:, None]

    def _by_item(self, items: np.ndarray, by_world: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return by_world
