"""Rigs of known truth for the tests."""

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras import Camera, Rig

SIZE = (1280, 1024)


def look_at(
    name,
    centre,
    target=(0, 0, 0),
    *,
    focal=1000.0,
    distortion=(-0.25, 0.08, 0.001, -0.0008, 0),
    fisheye=False,
    size=SIZE,
):
    """A camera at `centre` that looks at `target`, with the world's z up in its image."""
    centre, target = np.asarray(centre, dtype=float), np.asarray(target, dtype=float)
    forward = (target - centre) / np.linalg.norm(target - centre)
    up = np.array([0, 0, 1.0]) if abs(forward[2]) < 0.99 else np.array([0, 1.0, 0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    matrix = np.array(
        [[focal, 0, (size[0] - 1) / 2 + 7], [0, focal * 1.002, (size[1] - 1) / 2 - 5], [0, 0, 1]]
    )
    return Camera(
        name,
        size,
        matrix,
        np.array(distortion),
        Rotation.from_matrix(rotation).as_rotvec(),
        -rotation @ centre,
        fisheye=fisheye,
    )


def ring(n_cameras=4, *, radius=900.0, height=500.0, focal=950.0, **lens):
    """Cameras on a ring above the floor that look at the origin."""
    turns = np.linspace(0, 2 * np.pi, n_cameras, endpoint=False)
    return Rig(
        tuple(
            look_at(
                f"cam{i + 1}",
                (radius * np.cos(turn), radius * np.sin(turn), height + 40 * i),
                focal=focal * (1 + 0.025 * i),
                **lens,
            )
            for i, turn in enumerate(turns)
        )
    )
