"""All cameras of a rig as stacked arrays, so that thousands of points are handled in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.cameras import lens

if TYPE_CHECKING:
    from marey.cameras import Rig


@dataclass(frozen=True, eq=False)
class Sight:
    """What the cameras of a rig see.

    Parameters
    ----------
    rig
        The cameras.
    rotations, translations
        World to camera: ``rotation @ point + translation``, shapes (n_cameras, 3, 3) and (n_cameras, 3).
    focal_px
        Mean focal length, shape (n_cameras,).
    centres
        Where the cameras are in the world, shape (n_cameras, 3).
    """

    rig: Rig
    rotations: np.ndarray
    translations: np.ndarray
    focal_px: np.ndarray
    centres: np.ndarray

    @classmethod
    def of(cls, rig: Rig) -> Sight:
        """Stack the cameras of `rig`."""
        cameras = list(rig)
        rotations = np.stack([camera.rotation_matrix for camera in cameras])
        translations = np.stack([camera.translation for camera in cameras])
        focal = np.array([(camera.matrix[0, 0] + camera.matrix[1, 1]) / 2 for camera in cameras])
        centres = -np.einsum("cba,cb->ca", rotations, translations)
        return cls(rig, rotations, translations, focal, centres)

    def __len__(self) -> int:
        return len(self.focal_px)

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Return undistorted normalised coordinates, shape (n_cameras, ..., 2) to the same."""
        return np.stack([camera.undistort(seen) for camera, seen in zip(self.rig, pixels, strict=True)])

    def in_cameras(self, points: np.ndarray) -> np.ndarray:
        """Return points (n, 3) in the coordinates of each camera, shape (n_cameras, n, 3)."""
        return points @ np.swapaxes(self.rotations, 1, 2) + self.translations[:, None]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return the pixels of points (n, 3), shape (n_cameras, n, 2)."""
        return np.stack([camera.project(points) for camera in self.rig])

    def project_with_slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pixels of points (n, 3) and their derivatives by the points.

        Returns
        -------
        pixels : numpy.ndarray
            Shape (n_cameras, n, 2).
        slopes : numpy.ndarray
            Shape (n_cameras, n, 2, 3).
        """
        pixels = np.empty((len(self), len(points), 2))
        slopes = np.empty((len(self), len(points), 2, 3))
        for c, camera in enumerate(self.rig):
            turn = self.rotations[c]
            local = points @ turn.T + self.translations[c]
            nearness = 1 / np.where(local[:, 2] > 0, local[:, 2], np.nan)
            rays = local[:, :2] * nearness[:, None]
            landed, bend, _ = lens.distort(rays, camera.distortion, fisheye=camera.fisheye)
            pixels[c] = landed @ camera.matrix[:2, :2].T + camera.matrix[:2, 2]
            # Entry by entry, which for many points is several times quicker than products of small matrices.
            rows = [nearness * (turn[i][:, None] - turn[2][:, None] * rays[:, i]) for i in (0, 1)]
            skew = camera.matrix[:2, :2]
            for i in (0, 1):
                by_x = skew[i, 0] * bend[:, 0, 0] + skew[i, 1] * bend[:, 1, 0]
                by_y = skew[i, 0] * bend[:, 0, 1] + skew[i, 1] * bend[:, 1, 1]
                slopes[c, :, i] = (by_x * rows[0] + by_y * rows[1]).T
        return pixels, slopes

    def ray_angles(self, points: np.ndarray, used: np.ndarray) -> np.ndarray:
        """Return the widest angle at which the rays of used cameras meet, in degrees.

        Parameters
        ----------
        points
            Shape (n, 3).
        used
            bool, shape (n_cameras, n).

        Returns
        -------
        numpy.ndarray
            Shape (n,), at most 90 degrees: rays from opposite sides are as good as parallel ones. It is 0
            with fewer than two rays.
        """
        along = points - self.centres[:, None]
        along = along / np.linalg.norm(along, axis=-1, keepdims=True)
        widest = np.zeros(len(points))
        for a in range(len(self)):
            for b in range(a):
                sine = np.linalg.norm(np.cross(along[a], along[b]), axis=-1)
                widest = np.where(used[a] & used[b], np.maximum(widest, sine), widest)
        return np.degrees(np.arcsin(np.clip(widest, 0, 1)))
