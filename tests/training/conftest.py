"""A project of bright blobs on noise, small enough to train on in seconds."""

from pathlib import Path

import numpy as np
import pytest

from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project
from marey.runs import TrainingConfig

SIDE = 64
KEYPOINTS = ("red", "green")


def draw(points: np.ndarray, seed: int = 0) -> np.ndarray:
    """Noise with a red and a green blob centred on `points`, (x, y) of shape (2, 2)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    image = 60 + 12 * np.random.default_rng(seed).standard_normal((SIDE, SIDE, 3))
    for channel, (cx, cy) in enumerate(points):
        if np.isfinite(cx):
            image[..., channel] += 170 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 3.0**2))
    return image.clip(0, 255).round().astype(np.uint8)


def make_project(folder: Path, n_frames: int = 24) -> Project:
    project = Project.create(folder, skeleton=Skeleton(KEYPOINTS))
    project.add_video(folder.parent / "day1.mp4", missing_ok=True)
    truth = np.random.default_rng(3).uniform(10, SIDE - 11, (n_frames, 2, 2))
    frames = []
    for i, points in enumerate(truth):
        image = project.add_image("day1", i, draw(points, i))
        frames.append(LabeledFrame("day1", i, (Instance(points),), image=image.name))
    project.save_labels("day1", frames)
    return project


@pytest.fixture
def project(tmp_path) -> Project:
    return make_project(tmp_path / "blöbe 🐭")


@pytest.fixture
def config() -> TrainingConfig:
    """A training of seconds."""
    return TrainingConfig().with_settings(
        {
            "backbone": "mobilenetv3_small_050",
            "weights": "none",
            "device": "cpu",
            "pyramid_width": 16,
            "steps": 12,
            "batch_size": 4,
            "validate_every": 4,
            "workers": 1,
            "augmentation.rotation_degrees": 20,
        }
    )
