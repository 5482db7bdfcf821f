"""A network that sees crops and whole frames by statistics of normalisation that differ."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from marey.networks.network import PoseNetwork
    from marey.networks.two_views import TwoViewNetwork

CROP_SIZE = (96, 64)


def pose_network() -> "PoseNetwork":
    """An untrained network of two keypoints, the same each time."""
    import torch

    from marey.networks.network import PoseNetwork

    torch.manual_seed(0)
    return PoseNetwork(2, backbone="mobilenetv3_small_050", weights="none").eval()


def shifted(network: "PoseNetwork") -> "dict[str, torch.Tensor]":
    """The statistics of a network, each of them larger by 0.1."""
    from marey.networks.two_views import statistics_of

    return {name: value + 0.1 for name, value in statistics_of(network).items()}


def two_view_network(crop_size: tuple[int, int] = CROP_SIZE) -> "TwoViewNetwork":
    """A network whose crops are normalised by shifted statistics."""
    from marey.networks.two_views import TwoViewNetwork

    whole = pose_network()
    return TwoViewNetwork(whole, shifted(whole), crop_size).eval()


def logits_of_views(network: "TwoViewNetwork", images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network says of images as crops, and of the same images as whole frames."""
    import torch

    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        return network.crops(tensor).numpy(), network.whole(tensor).numpy()
