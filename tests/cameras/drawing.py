"""Pictures of boards as cameras of known lens and place would take them."""

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

OVERSAMPLED = 2


def rays_of(camera):
    """Where the parts of each pixel look, in the camera's frame."""
    width, height = camera.size
    sub = (np.arange(OVERSAMPLED) + 0.5) / OVERSAMPLED - 0.5
    x = (np.arange(width)[:, None] + sub).ravel()
    y = (np.arange(height)[:, None] + sub).ravel()
    u, v = np.meshgrid(x, y)
    rays = camera.undistort(np.column_stack([u.ravel(), v.ravel()]))
    return np.column_stack([rays, np.ones(len(rays))])


def draw(camera, board, pose, rays, rng):
    """Draw a chessboard in a pose: each part of a pixel looks up where its ray meets the board."""
    width, height = camera.size
    R = camera.rotation_matrix @ Rotation.from_rotvec(pose[:3]).as_matrix()
    t = camera.rotation_matrix @ pose[3:] + camera.translation
    directions = rays @ R
    start = -R.T @ t
    depth = -start[2] / directions[:, 2]
    places = start[:2] + depth[:, None] * directions[:, :2]
    column, row = np.floor(places / board.square).astype(int).T
    inside = (column >= -1) & (column < board.columns) & (row >= -1) & (row < board.rows) & (depth > 0)
    margin = (places > -1.6 * board.square).all(1)
    margin &= (places < (np.array([board.columns, board.rows]) + 0.6) * board.square).all(1) & (depth > 0)
    grey = np.where(inside & ((column + row) % 2 == 0), 30.0, np.where(margin, 225.0, 120.0))
    grey = grey.reshape(height, OVERSAMPLED, width, OVERSAMPLED).mean(axis=(1, 3))
    noisy = cv2.GaussianBlur(grey, (0, 0), 0.7) + rng.normal(0, 2, grey.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def film_board(folder, rig, board, *, n_views, seed=0):
    """Write folder/camera/viewNN.png for boards held up in the middle of a rig; return the poses."""
    rng = np.random.default_rng(seed)
    middle = np.array([board.columns - 1, board.rows - 1, 0]) * board.square / 2
    poses = []
    rays = {camera.name: rays_of(camera) for camera in rig}
    for view in range(n_views):
        turn = Rotation.from_euler("zyx", [rng.uniform(-0.5, 0.5), *rng.uniform(-0.45, 0.45, 2)])
        turn = turn * Rotation.from_euler("x", np.pi)  # its face up, towards the cameras
        place = rng.uniform(-60, 60, 3) - turn.apply(middle)
        poses.append(np.concatenate([turn.as_rotvec(), place]))
        for camera in rig:
            target = folder / camera.name / f"view{view:02d}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            _, data = cv2.imencode(".png", draw(camera, board, poses[-1], rays[camera.name], rng))
            target.write_bytes(data.tobytes())
    return np.array(poses)
