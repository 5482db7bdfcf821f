"""Frames with two animals, each a red and a green blob at a fixed distance."""

from pathlib import Path

import numpy as np

from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project

SIDE = 96
KEYPOINTS = ("red", "green")
LENGTH = 16.0


def draw(animals: np.ndarray, seed: int = 0) -> np.ndarray:
    """Noise with a red and a green blob for each animal, (x, y) of shape (n, 2, 2)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    image = 60 + 12 * np.random.default_rng(seed).standard_normal((SIDE, SIDE, 3))
    for animal in animals:
        for channel, (cx, cy) in enumerate(animal):
            image[..., channel] += 170 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 3.0**2))
    return image.clip(0, 255).round().astype(np.uint8)


def make_truth(n_frames: int, seed: int = 3) -> np.ndarray:
    """Two animals in every frame, apart from each other: (n, 2, 2, 2)."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_frames):
        centers = np.stack([rng.uniform(20, 40, 2), rng.uniform(56, 76, 2)])
        angle = rng.uniform(0, 2 * np.pi, 2)
        ahead = LENGTH / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        rows.append(np.stack([centers + ahead, centers - ahead], axis=1))
    return np.array(rows)


def make_herd_project(folder: Path, n_frames: int = 24, individuals: tuple[str, ...] = ()) -> Project:
    """A project of labelled frames with two animals; those of even frames are named where names are given."""
    project = Project.create(folder, skeleton=Skeleton(KEYPOINTS), individuals=individuals)
    project.add_video(folder.parent / "day1.mp4", missing_ok=True)
    frames = []
    for i, animals in enumerate(make_truth(n_frames)):
        image = project.add_image("day1", i, draw(animals, i))
        names = individuals if individuals and i % 2 == 0 else (None, None)
        instances = tuple(
            Instance(points, individual=name) for points, name in zip(animals, names, strict=False)
        )
        frames.append(LabeledFrame("day1", i, instances, image=image.name))
    project.save_labels("day1", frames)
    return project
