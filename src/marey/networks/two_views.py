"""One network for two views: whole frames from afar, and crops, each with its statistics of normalisation."""

import copy
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from marey.networks.network import PoseNetwork

OF_CROPS = "crops."
"""What the names of statistics of crops begin with, beside the names of all weights."""


class TwoViewNetwork(nn.Module):
    """A network with statistics of batch normalisation of their own for crops.

    Parameters
    ----------
    whole
        The network as it sees whole frames.
    statistics
        Those of crops, by their names in `whole`.
    crop_size
        (width, height) of the images that are crops; all others are whole frames.

    Attributes
    ----------
    whole, crops
        The network for each; their weights are the same tensors.
    """

    def __init__(
        self, whole: PoseNetwork, statistics: Mapping[str, Tensor], crop_size: tuple[int, int]
    ) -> None:
        super().__init__()
        self.whole = whole
        self.crops = copy.deepcopy(whole, {id(weight): weight for weight in whole.parameters()})
        own = set(statistics_of(whole))
        if set(statistics) != own:
            raise ValueError(f"expected {len(own)} statistics of crops, got {len(statistics)} or others")
        self.crops.load_state_dict(dict(statistics), strict=False)
        self.crop_size = crop_size

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits of images, float32, RGB, 0 to 255, shape (B, 3, H, W)."""
        is_crop = (images.shape[3], images.shape[2]) == self.crop_size
        return (self.crops if is_crop else self.whole)(images)


def statistics_of(network: nn.Module) -> dict[str, Tensor]:
    """Return the means and variances that batch normalisation keeps, by their names."""
    return {
        f"{name}.{kind}": getattr(layer, kind)
        for name, layer in network.named_modules()
        if isinstance(layer, _BatchNorm)
        for kind in ("running_mean", "running_var")
    }
