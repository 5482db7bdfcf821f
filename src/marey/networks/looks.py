"""What a small picture of an animal looks like, in numbers: features of a network that saw ImageNet."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from marey.networks.backbones import EMBEDDED, create_backbone
from marey.networks.network import IMAGENET_DEVIATION, IMAGENET_MEAN

# Coarser than this there is nothing left of a mark on the fur.
_STAGES = 5
# Cells (rows, columns) that the feature maps of strides 4, 8 and 16 are averaged in.
_GRIDS = ((4, 8), (3, 6), (2, 4))


class LookNetwork(nn.Module):
    """The first stages of the embedded backbone, as they came from ImageNet: nothing here is trained.

    Where on the body something is stays known, by a coarse grid: the pictures have to show bodies that lie
    the same way.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        backbone, _, _ = create_backbone(EMBEDDED)
        backbone.blocks = backbone.blocks[:_STAGES]  # type: ignore[index]
        self.backbone = backbone
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) * 255)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1) * 255)
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Describe pictures.

        Parameters
        ----------
        images
            float32, RGB, 0 to 255, shape (B, 3, H, W); H and W multiples of 16.

        Returns
        -------
        Tensor
            Shape (B, n_features).
        """
        maps = self.backbone((images - self.mean) / self.deviation)
        pooled = [functional.adaptive_avg_pool2d(m, grid) for m, grid in zip(maps, _GRIDS, strict=True)]
        return torch.cat([m.flatten(1) for m in pooled], dim=1)

    @torch.inference_mode()
    def describe(self, pictures: np.ndarray) -> np.ndarray:
        """Describe uint8 RGB pictures (n, H, W, 3); float16, shape (n, n_features)."""
        images = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
        return self(images).numpy().astype(np.float16)
