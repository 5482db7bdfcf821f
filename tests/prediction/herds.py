"""A recording of several animals of a red and a green blob, and networks that find them without training.

Every animal has a blue blob in its middle: the anchor of the network for top-down, the limb of that for
bottom-up, for which animals lie from left to right.
"""

import json
from pathlib import Path

import numpy as np

from marey.model import Skeleton
from marey.networks.approach import Approach
from marey.networks.views import ViewPlan
from marey.runs import Run, Split, TrainingConfig

FRAME_SIZE = (320, 240)
KEYPOINTS = ("red", "green")
N_KEYPOINTS = 2
HALF_LENGTH = 14.0
CROPS = ViewPlan("crop", FRAME_SIZE, 1.0, (64, 64), 0.5, (160, 128), "made for a test")
WHOLE = ViewPlan("whole", FRAME_SIZE, 1.0, (320, 256), 1.0, (320, 256), "made for a test")


def colour_network(n_channels: int):
    """Red, green and blue stand out against grey: heatmaps of colour differences, at stride 4."""
    import torch
    from torch import nn

    class ColourNetwork(nn.Module):
        def __init__(self):
            super().__init__()
            self.contrast = nn.Conv2d(3, n_channels, kernel_size=1)
            with torch.no_grad():
                weight = torch.zeros(n_channels, 3)
                weight[:3] = (1.5 * torch.eye(3)[:n_channels] - 0.5) / 16
                bias = torch.full((n_channels,), -4.0)
                if n_channels == 4:  # x and y of a field that points to the right
                    weight[2:] = 0
                    weight[2, 2], bias[2:] = 1 / 80, torch.tensor([-90 / 80, 0.0])
                self.contrast.weight.copy_(weight[:, :, None, None])
                self.contrast.bias.copy_(bias)
            self.pool = nn.AvgPool2d(4)

        def forward(self, images):
            return self.pool(self.contrast(images))

    return ColourNetwork()


class HerdRun(Run):
    """A run on disk whose network finds the animals."""

    def load_network(self):
        return colour_network(self.approach.n_channels).eval()


def make_herd_run(folder: Path, kind: str, n_animals: int = 3) -> HerdRun:
    run = HerdRun(folder)
    folder.mkdir(parents=True)
    edges = ((0, 1),) if kind == "bottom-up" else ()
    approach = Approach(kind, N_KEYPOINTS, n_animals=n_animals, edges=edges, reason="made for a test")
    plan = CROPS if kind == "top-down" else WHOLE
    run.write_description(TrainingConfig(backbone="colours"), Skeleton(KEYPOINTS), Split(), plan, approach)
    run.weights_path.write_bytes(json.dumps(approach.to_dict()).encode())
    return run


def animal_at(x: float, y: float) -> np.ndarray:
    """The red and the green point of an animal that lies from left to right."""
    return np.array([[x - HALF_LENGTH, y], [x + HALF_LENGTH, y]])


def draw_herd(
    animals: np.ndarray, *, with_limbs: bool = False, blue: float | tuple[float, ...] = 1.0
) -> np.ndarray:
    """Draw animals, (x, y) of shape (n, 2, 2), on grey; `blue` makes the blobs in their middles fainter."""
    width, height = FRAME_SIZE
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    image = np.full((height, width, 3), 90.0)
    for (red, green), share in zip(animals, np.broadcast_to(blue, len(animals)), strict=True):
        middle = (red + green) / 2
        for channel, at in enumerate((red, green, middle)):
            blob = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 5.0**2))
            image[..., channel] += 140 * blob * (share if channel == 2 else 1)
        if with_limbs:
            on = (np.abs(x - middle[0]) <= HALF_LENGTH) & (np.abs(y - middle[1]) <= 6)
            image[on, 2] = 170
    return image.clip(0, 255).round().astype(np.uint8)


def walk_of_three(n_frames: int) -> np.ndarray:
    """Where three animals are, (n_frames, 3, 2, 2): two walk side by side, the third comes in late."""
    rows = []
    for i in range(n_frames):
        third = animal_at(160, 200) if i >= n_frames // 2 else np.full((2, 2), np.nan)
        rows.append(np.stack([animal_at(60 + i, 60), animal_at(60 + i, 110), third]))
    return np.array(rows)
