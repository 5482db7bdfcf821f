"""One camera: from points of the world to pixels, and from pixels to rays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras import lens
from marey.errors import InputError

N_PINHOLE = (5, 8)
N_FISHEYE = 4
ROTATION_DIGITS = 1e-3
"""How far from a rotation a matrix may be: files are written with few digits."""


def rotation_vector(rotation: np.ndarray, name: str) -> np.ndarray:
    """Return the rotation vector of a rotation that is given as a vector or as a matrix.

    Raises
    ------
    InputError
        It is a matrix that is none of a rotation; `name` is the camera whose it is.
    """
    rotation = np.asarray(rotation, dtype=float)
    if rotation.size != 9:
        return rotation
    matrix = rotation.reshape(3, 3)
    off = np.abs(matrix @ matrix.T - np.eye(3)).max()
    if not off < ROTATION_DIGITS or np.linalg.det(matrix) < 0:
        raise InputError(
            f"expected a rotation without mirroring for camera {name!r}, got the matrix {matrix.tolist()}"
        )
    return Rotation.from_matrix(matrix).as_rotvec()


def size_around(matrix: np.ndarray) -> np.ndarray:
    """Return the (width, height) of images whose middle is the principal point, in whole pixels.

    Raises
    ------
    ValueError
        The camera's matrix is not of 3 × 3 numbers.
    """
    return np.rint(2 * np.asarray(matrix, dtype=float).reshape(3, 3)[:2, 2])


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole or fisheye camera with its place in the world.

    A point X of the world is at ``R X + translation`` in the camera's frame (x to the right of the image, y
    down, z ahead). Pixel centres are integers: the centre of the top-left pixel is (0, 0), as in OpenCV.

    Parameters
    ----------
    name
        What the user calls it.
    size
        Width and height of the image in pixels.
    matrix
        Intrinsic matrix in pixels, shape (3, 3), last row 0, 0, 1.
    distortion
        k1, k2, p1, p2, k3 and perhaps k4, k5, k6 (fewer are filled with 0), or k1 to k4 of a fisheye.
    rotation
        Rotation vector, world to camera, shape (3,), radians.
    translation
        Shape (3,), in the units of the world.
    fisheye
        Whether the lens follows the fisheye model; see :mod:`marey.cameras.lens`.

    Raises
    ------
    InputError
        A number is not finite, an array has the wrong shape, or a size or a focal length is not positive.
    """

    name: str
    size: tuple[int, int]
    matrix: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    fisheye: bool = False

    def __post_init__(self) -> None:
        self._set("size", self._checked_size())
        self._set("matrix", self._checked("matrix", self.matrix, (3, 3)))
        self._set("rotation", self._checked("rotation", self.rotation, (3,)))
        self._set("translation", self._checked("translation", self.translation, (3,)))
        self._set("distortion", self._checked_distortion())
        if min(self.matrix[0, 0], self.matrix[1, 1]) <= 0:
            raise InputError(
                f"expected positive focal lengths in the matrix of camera {self.name!r}, got "
                f"{self.matrix[0, 0]:g} and {self.matrix[1, 1]:g}",
                hint="the diagonal of the matrix holds the focal lengths in pixels",
            )

    def _set(self, field: str, value: object) -> None:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, field, value)

    def _checked(self, field: str, value: object, shape: tuple[int, ...]) -> np.ndarray:
        array = np.array(value, dtype=float)
        if array.size == np.prod(shape) and array.ndim != len(shape):
            array = array.reshape(shape)  # OpenCV writes vectors as columns
        if array.shape != shape or not np.isfinite(array).all():
            raise InputError(
                f"expected {field} of camera {self.name!r} to be {' × '.join(map(str, shape))} finite "
                f"numbers, got {array.tolist()}"
            )
        return array

    def _checked_size(self) -> tuple[int, int]:
        size = np.array(self.size, dtype=float)
        if size.shape != (2,) or not np.isfinite(size).all() or size.min() < 1:
            raise InputError(
                f"expected the width and the height of the images of camera {self.name!r} in pixels, got "
                f"{size.tolist()}"
            )
        return int(size[0]), int(size[1])

    def _checked_distortion(self) -> np.ndarray:
        given = np.trim_zeros(np.array(self.distortion, dtype=float).ravel(), "b")
        lengths = (N_FISHEYE,) if self.fisheye else N_PINHOLE
        if len(given) > lengths[-1] or not np.isfinite(given).all():
            raise InputError(
                f"expected at most {lengths[-1]} finite distortion coefficients of camera {self.name!r}, got "
                f"{given.tolist()}",
                hint="thin-prism and tilted lens models are not supported",
            )
        wanted = next(n for n in lengths if n >= len(given))
        return np.concatenate([given, np.zeros(wanted - len(given))])

    @property
    def rotation_matrix(self) -> np.ndarray:
        """World to camera, shape (3, 3)."""
        return Rotation.from_rotvec(self.rotation.copy()).as_matrix()  # SciPy refuses read-only arrays

    @property
    def centre(self) -> np.ndarray:
        """Where the camera is in the world, shape (3,)."""
        return -self.rotation_matrix.T @ self.translation

    @property
    def forward(self) -> np.ndarray:
        """The unit vector in the world along which the camera looks, shape (3,)."""
        return self.rotation_matrix[2]

    def extrinsic_matrix(self) -> np.ndarray:
        """Return [R | t], world to camera, shape (3, 4): it projects onto *normalised* coordinates."""
        return np.column_stack([self.rotation_matrix, self.translation])

    def projection_matrix(self) -> np.ndarray:
        """Return K [R | t], shape (3, 4): world to pixels, for a lens without distortion."""
        return self.matrix @ self.extrinsic_matrix()

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Return points of the world in the camera's frame, shape (n, 3)."""
        return np.asarray(points, dtype=float) @ self.rotation_matrix.T + self.translation

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the world appear.

        Parameters
        ----------
        points
            Shape (n, 3).

        Returns
        -------
        numpy.ndarray
            Pixels, shape (n, 2), inside the image or not; NaN for missing points and those behind the camera.
        """
        local = self.to_camera(np.asarray(points, dtype=float).reshape(-1, 3))
        rays = local[:, :2] / np.where(local[:, 2] > 0, local[:, 2], np.nan)[:, None]
        landed = lens.bend(rays, self.distortion, fisheye=self.fisheye)
        return landed @ self.matrix[:2, :2].T + self.matrix[:2, 2]

    def project_with_jacobian(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where points of the world appear, and the derivatives by their coordinates.

        Returns
        -------
        pixels
            Shape (n, 2); NaN for missing points and for those behind the camera.
        jacobian
            Shape (n, 2, 3), pixels for each unit of the world.
        """
        local = self.to_camera(np.asarray(points, dtype=float).reshape(-1, 3))
        depth = np.where(local[:, 2] > 0, local[:, 2], np.nan)
        rays = local[:, :2] / depth[:, None]
        landed, by_ray, _ = lens.distort(rays, self.distortion, fisheye=self.fisheye)
        linear = self.matrix[:2, :2]
        pixels = landed @ linear.T + self.matrix[:2, 2]
        by_local = np.zeros((len(local), 2, 3))
        by_local[:, 0, 0] = by_local[:, 1, 1] = 1 / depth
        by_local[:, :, 2] = -rays / depth[:, None]
        return pixels, linear @ by_ray @ by_local @ self.rotation_matrix

    def undistort(self, pixels: np.ndarray) -> np.ndarray:
        """Return the normalised coordinates of the straight rays that end in pixels.

        Parameters
        ----------
        pixels
            Shape (n, 2).

        Returns
        -------
        numpy.ndarray
            Shape (n, 2): the ray is along (x, y, 1) in the camera's frame. NaN stays NaN, and so
            becomes a pixel that no ray reaches, because the lens model folds back before it.
        """
        pixels = np.asarray(pixels, dtype=float).reshape(-1, 2)
        landed = np.linalg.solve(self.matrix[:2, :2], (pixels - self.matrix[:2, 2]).T).T
        return lens.undistort(landed, self.distortion, fisheye=self.fisheye)

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Return the unit vectors in the world from :attr:`centre` through pixels, shape (n, 3)."""
        flat = self.undistort(pixels)
        directions = np.column_stack([flat, np.ones(len(flat))]) @ self.rotation_matrix
        return directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def placed(self, rotation: np.ndarray, translation: np.ndarray) -> Camera:
        """Return this camera elsewhere; `rotation` is a vector or a matrix, world to camera."""
        rotation = rotation_vector(rotation, self.name)
        return replace(self, rotation=rotation, translation=np.asarray(translation, dtype=float).ravel())

    def cropped(self, x: float, y: float, size: tuple[int, int]) -> Camera:
        """Return the camera of a part of the image, whose top-left pixel is pixel (x, y) of this one's."""
        shift = np.array([[0, 0, x], [0, 0, y], [0, 0, 0.0]])
        return replace(self, matrix=self.matrix - shift, size=size)

    def resized(self, size: tuple[int, int]) -> Camera:
        """Return the camera of the image scaled to `size`, where pixel centres are integers again."""
        by = np.array(size, dtype=float) / self.size
        # The corner of the top-left pixel stays the corner, so its centre moves by half the change.
        scale = np.array([[by[0], 0, (by[0] - 1) / 2], [0, by[1], (by[1] - 1) / 2], [0, 0, 1]])
        return replace(self, matrix=scale @ self.matrix, size=size)
