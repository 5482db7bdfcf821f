"""A recording of two coloured blobs on a grey floor, and a network that finds them without training."""

import json
from pathlib import Path

import numpy as np

from marey.model import Skeleton
from marey.networks.views import ViewPlan
from marey.runs import Run, Split, TrainingConfig

from .herds import colour_network

FRAME_SIZE = (320, 240)
KEYPOINTS = ("red", "green")
PLAN = ViewPlan("crop", FRAME_SIZE, 1.0, (128, 128), 0.5, (160, 128), "made for a test")
WHOLE_PLAN = ViewPlan("whole", FRAME_SIZE, 0.5, (160, 128), 0.5, (160, 128), "made for a test")


def blob_network():
    """Red and green blobs stand out against grey: two heatmaps of colour differences, at stride 4."""
    return colour_network(len(KEYPOINTS))


class BlobRun(Run):
    """A run on disk whose network finds the blobs."""

    def load_network(self):
        return blob_network().eval()


def draw_frame(truth: np.ndarray) -> np.ndarray:
    """Draw the blobs centred on `truth`, (x, y) of shape (2, 2); NaN leaves one out."""
    width, height = FRAME_SIZE
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    image = np.full((height, width, 3), 90.0)
    for (cx, cy), channel in zip(truth, (0, 1), strict=True):
        if np.isfinite(cx):
            blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 7.0**2))
            colour = np.array([60.0, 60.0, 60.0])
            colour[channel] = 230
            image += blob[..., None] * (colour - image)
    return image.round().astype(np.uint8)


def walk(n_frames: int) -> np.ndarray:
    """Where the blobs are: (n_frames, 2, 2), on an ellipse around the frame's middle."""
    angle = np.arange(n_frames) * 0.05
    center = np.stack([160 + 90 * np.cos(angle), 120 + 60 * np.sin(angle)], axis=-1)
    ahead = 18 * np.stack([-np.sin(angle), np.cos(angle)], axis=-1)
    return np.stack([center + ahead, center - ahead], axis=1)


def make_run(folder: Path, plan: ViewPlan = PLAN) -> BlobRun:
    run = BlobRun(folder)
    folder.mkdir(parents=True)
    run.write_description(TrainingConfig(backbone="blobs"), Skeleton(KEYPOINTS), Split(), plan)
    run.weights_path.write_bytes(json.dumps(plan.to_dict()).encode())
    return run
