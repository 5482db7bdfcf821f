"""A first guess of lenses and of poses from single views of a flat board.

Zhang, "A flexible new technique for camera calibration", IEEE PAMI 22 (2000): a board's homography constrains
the lens and gives its pose.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras import lens
from marey.cameras.camera import Camera

# Focal lengths to try, in widths of the image: from a fisheye to a telephoto lens.
FOCAL_GUESSES = (0.3, 0.45, 0.65, 0.9, 1.3, 2.0, 3.5)


def homography(points: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return H with images ~ H points by the normalised direct linear transformation, or NaN.

    Parameters
    ----------
    points, images
        Shape (n, 2) each, at least four.

    Returns
    -------
    numpy.ndarray
        Shape (3, 3), of unit length (Hartley and Zisserman, "Multiple view geometry" 2004, algorithm 4.2).
    """
    if len(points) < 4:
        return np.full((3, 3), np.nan)
    A, B = _normaliser(points), _normaliser(images)
    p = np.column_stack([points, np.ones(len(points))]) @ A.T
    q = np.column_stack([images, np.ones(len(images))]) @ B.T
    zero = np.zeros_like(p)
    rows = np.concatenate(
        [np.hstack([p, zero, -q[:, :1] * p]), np.hstack([zero, p, -q[:, 1:2] * p])]  # q × H p = 0
    )
    H = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    H = np.linalg.inv(B) @ H @ A
    return H / np.linalg.norm(H)


def _normaliser(points: np.ndarray) -> np.ndarray:
    middle = points.mean(axis=0)
    spread = max(float(np.sqrt(((points - middle) ** 2).sum(axis=1).mean() / 2)), 1e-12)
    return np.array([[1 / spread, 0, -middle[0] / spread], [0, 1 / spread, -middle[1] / spread], [0, 0, 1]])


def board_pose(points: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Return the pose of a flat board from the straight rays to its points.

    Parameters
    ----------
    points
        Of the board, z = 0, shape (n, 3).
    rays
        Normalised coordinates, shape (n, 2); NaN where not seen.

    Returns
    -------
    numpy.ndarray
        Rotation vector and translation, board to camera, shape (6,); NaN where it cannot be told.
    """
    known = np.isfinite(rays).all(axis=1)
    H = homography(points[known, :2], rays[known]) if known.sum() >= 4 else np.full((3, 3), np.nan)
    if not np.isfinite(H).all() or np.linalg.matrix_rank(H[:, :2], tol=1e-9) < 2:
        return np.full(6, np.nan)
    H = H / np.sqrt(np.linalg.norm(H[:, 0]) * np.linalg.norm(H[:, 1]))
    middle = H @ np.append(points[known, :2].mean(axis=0), 1.0)
    H = H * (1.0 if middle[2] > 0 else -1.0)  # the board is in front of the camera
    U, _, Vt = np.linalg.svd(np.column_stack([H[:, 0], H[:, 1], np.cross(H[:, 0], H[:, 1])]))
    R = U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
    return np.concatenate([Rotation.from_matrix(R).as_rotvec(), H[:, 2]])


def board_poses(camera: Camera, corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the poses of a board in the views of one camera, board to camera, shape (n_views, 6).

    Parameters
    ----------
    camera
        Gives the lens; its place does not matter.
    corners
        Pixels, shape (n_views, n_points, 2).
    points
        Of the board, shape (n_points, 3).
    """
    landed = (corners - camera.matrix[:2, 2]) / np.diag(camera.matrix)[:2]
    rays = lens.undistort(landed.reshape(-1, 2), camera.distortion, fisheye=camera.fisheye).reshape(
        corners.shape
    )
    return np.stack([board_pose(points, view) for view in rays]) if len(rays) else np.empty((0, 6))


def focal_guesses(size: tuple[int, int], corners: np.ndarray, points: np.ndarray) -> list[float]:
    """Return focal lengths worth trying, px: what the homographies say, and a range of usual ones.

    With the principal point in the middle and square pixels, each homography gives two linear equations in
    1/f² (Zhang 2000, equations 3 and 4); the median of their solutions is not moved by bad views.
    """
    middle = (np.array(size) - 1) / 2
    found = []
    for view in corners:
        known = np.isfinite(view).all(axis=1)
        H = homography(points[known, :2], view[known] - middle)
        a, b = H[:, 0], H[:, 1]
        for top, bottom in (
            (a[:2] @ b[:2], -a[2] * b[2]),
            (a[:2] @ a[:2] - b[:2] @ b[:2], b[2] ** 2 - a[2] ** 2),
        ):
            if np.isfinite(top / bottom if bottom else np.nan) and top / bottom > 0:
                found.append(np.sqrt(top / bottom))
    guesses = [factor * max(size) for factor in FOCAL_GUESSES]
    return [float(np.median(found)), *guesses] if len(found) >= 3 else guesses
