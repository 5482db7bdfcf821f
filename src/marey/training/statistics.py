"""Batch normalisation of a trained network, measured anew for crops.

While a network learns, each batch is normalised by its own mean and variance, and running means of these are
kept for later. Where some batches show whole frames and others crops, they become a mixture, and they lag
behind weights that are themselves averages. Crops, in which everything is measured, get statistics of their
own when the weights stand ("precise" statistics: Wu and Johnson, Rethinking "Batch" in BatchNorm, 2021,
sections 3 and 5; see docs/decisions/0012).
"""

import copy
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from marey.networks.two_views import OF_CROPS, statistics_of

if TYPE_CHECKING:
    from marey.training.samples import Samples

# From how many crops the statistics are taken.
N_CROPS = 320


def with_statistics_of_crops(
    network: nn.Module, weights: Mapping[str, Tensor], samples: "Samples"
) -> dict[str, Tensor]:
    """Return weights, and with them the statistics that crops of the training frames give.

    Parameters
    ----------
    network
        What the weights are of; it stays as it is.
    weights
        The trained ones.
    samples
        Make the crops, varied as in training.

    Returns
    -------
    dict
        The weights, and after :data:`~marey.networks.two_views.OF_CROPS` the statistics, on the CPU; the
        weights alone where nothing is normalised over batches.
    """
    network = copy.deepcopy(network).eval()
    network.load_state_dict(weights)
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    if not layers:
        return dict(weights)
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean of all batches, not a running one
        layer.train()
    device = next(network.parameters()).device
    with torch.inference_mode():
        for number in range(math.ceil(N_CROPS / samples.config.batch_size)):
            images = torch.from_numpy(samples.crops(number)).to(device)
            network(images.permute(0, 3, 1, 2).float())
    found = {f"{OF_CROPS}{name}": value.cpu().clone() for name, value in statistics_of(network).items()}
    return {**weights, **found}
