"""A torch network as a plain function from images to logits."""

from typing import TYPE_CHECKING

import numpy as np

from marey.networks.looking import Infer

if TYPE_CHECKING:
    from torch import nn


def torch_infer(network: "nn.Module") -> Infer:
    """Return a function that runs `network` where it is, in float32."""
    import torch

    device = next(network.parameters()).device

    @torch.inference_mode()
    def infer(images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(np.ascontiguousarray(images)).to(device)
        return network(batch.permute(0, 3, 1, 2).float()).float().cpu().numpy()

    return infer
