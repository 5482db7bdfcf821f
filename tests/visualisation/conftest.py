import numpy as np
import pytest

from marey.model import create_poses
from marey.video import VideoWriter


@pytest.fixture
def make_video(tmp_path):
    """A grey video of `n` frames whose brightness rises by one level from frame to frame."""

    def make(n=20, size=(160, 120), name="Käfig 🐭.mp4", fps=25):
        path = tmp_path / name
        with VideoWriter(path, fps=fps, size=size) as writer:
            for i in range(n):
                writer.write(np.full((size[1], size[0], 3), 60 + i, np.uint8))
        return path

    return make


@pytest.fixture
def make_poses():
    """Two keypoints of `n_individuals` that walk from (40, 60) and (80, 60) to the right, 1 px a frame."""

    def make(n=20, n_individuals=1, confidence=None, **options):
        position = np.zeros((n, 2, 2, n_individuals))
        position[:, 0] = np.arange(n)[:, None, None] + np.array([40.0, 80.0])[:, None]
        position[:, 1] = 60 + 20 * np.arange(n_individuals)
        plane = (n, 2, n_individuals)
        return create_poses(
            position,
            keypoints=["snout", "tail"],
            individuals=[f"mouse{i}" for i in range(n_individuals)],
            confidence=np.ones(plane) if confidence is None else np.broadcast_to(confidence, plane),
            fps=25,
            **options,
        )

    return make
