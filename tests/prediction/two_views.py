"""A network that sees crops and whole frames by statistics of normalisation that differ."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marey.networks.two_views import TwoViewNetwork

CROP_SIZE = (96, 64)


def two_view_network() -> "TwoViewNetwork":
    import torch

    from marey.networks.network import PoseNetwork
    from marey.networks.two_views import TwoViewNetwork, statistics_of

    torch.manual_seed(0)
    whole = PoseNetwork(2, backbone="mobilenetv3_small_050", weights="none").eval()
    shifted = {name: value + 0.1 for name, value in statistics_of(whole).items()}
    return TwoViewNetwork(whole, shifted, CROP_SIZE).eval()


def logits_of_views(network: "TwoViewNetwork", images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network says of images as crops, and of the same images as whole frames."""
    import torch

    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        return network.crops(tensor).numpy(), network.whole(tensor).numpy()
