"""A camera: from world millimetres to pixels.

The world has x to the right, y away and z up, with the floor at z = 0 and the middle of the arena at the
origin.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera without distortion.

    Parameters
    ----------
    matrix
        Intrinsic matrix in pixels, shape (3, 3); the centre of the top-left pixel is (0, 0).
    rotation, translation
        World to camera: ``rotation @ point + translation``, shapes (3, 3) and (3,), mm.
    size
        Width and height of the image in pixels.
    """

    matrix: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    size: tuple[int, int]

    @classmethod
    def overhead(
        cls, field_mm: tuple[float, float], size: tuple[int, int], *, height_mm: float | None = None
    ) -> "Camera":
        """Hang a camera over the origin so that a field of the floor just fits the image.

        Parameters
        ----------
        field_mm
            Width and height of the field.
        size
            Width and height of the image in pixels.
        height_mm
            Height above the floor; by default three times the field's longer side.
        """
        width, height = size
        above = 3.0 * max(field_mm) if height_mm is None else height_mm
        focal = above * min(width / field_mm[0], height / field_mm[1])
        matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
        return cls(matrix, np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, above]), size)

    @property
    def position_mm(self) -> np.ndarray:
        """Where the camera is, (x, y, z)."""
        return -self.rotation.T @ self.translation

    def project(self, points_mm: np.ndarray) -> np.ndarray:
        """Return the pixels of world points, shape (..., 3) to (..., 2)."""
        seen = points_mm @ self.rotation.T + self.translation
        plane = seen @ self.matrix.T
        return plane[..., :2] / plane[..., 2:]

    def enlarged(self, factor: int) -> "Camera":
        """Return the same camera with `factor` times as many pixels each way."""
        # Pixel centres are integers, so pixel x of the image covers x - 0.5 to x + 0.5.
        shift = (factor - 1) / 2
        scale = np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])
        width, height = self.size
        return Camera(scale @ self.matrix, self.rotation, self.translation, (factor * width, factor * height))

    def px_per_mm(self, height_mm: float = 0.0) -> float:
        """Return the scale under the camera's axis at a height above the floor."""
        points = self.project(np.array([[-0.5, 0.0, height_mm], [0.5, 0.0, height_mm]]))
        return float(np.linalg.norm(points[1] - points[0]))

    def floor_points(self) -> np.ndarray:
        """Return the world (x, y) where the ray of each pixel meets the floor, shape (height, width, 2)."""
        width, height = self.size
        u, v = np.meshgrid(np.arange(width), np.arange(height))
        pixels = np.stack([u, v, np.ones_like(u)], axis=-1)
        rays = pixels @ np.linalg.inv(self.matrix).T @ self.rotation
        origin = self.position_mm
        return origin[:2] + rays[..., :2] * (-origin[2] / rays[..., 2:])
