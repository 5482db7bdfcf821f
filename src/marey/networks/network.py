"""The pose network: a backbone, a light feature pyramid, one heatmap per keypoint."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from marey.networks.backbones import create_backbone
from marey.networks.identity import IdentityHead
from marey.networks.views import MULTIPLE

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
# A cell is a keypoint with a probability of about 2 % before anything is learned.
INITIAL_LOGIT = -4.0
PATCH_STRIDE = 16


class PoseNetwork(nn.Module):
    """Maps images to heatmap logits.

    Parameters
    ----------
    n_heatmaps
        K, the number of heatmaps.
    n_fields
        Part affinity fields, which come after the heatmaps with two channels each.
    n_individuals
        Individuals that are told apart; their maps come last.
    backbone
        A name known to :func:`marey.networks.backbones.create_backbone`.
    weights
        ``"default"``, ``"none"``, or the path of a file.
    stride
        Network pixels per heatmap cell.
    width
        Channels of the feature pyramid.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        n_heatmaps: int,
        *,
        n_fields: int = 0,
        n_individuals: int = 0,
        backbone: str = "lite0",
        weights: str = "default",
        stride: int = 4,
        width: int = 64,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.backbone, channels, strides = create_backbone(backbone, weights=weights)
        odd = [s for s in strides if MULTIPLE % s]
        self.patch = odd[0] if odd else None
        strides = [PATCH_STRIDE if s in odd else s for s in strides]
        self.pyramid = FeaturePyramid(channels, strides, stride=stride, width=width)
        self.head = nn.Conv2d(width, n_heatmaps + 2 * n_fields, kernel_size=1)
        nn.init.normal_(self.head.weight, std=0.01)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.head.bias[:n_heatmaps], INITIAL_LOGIT)
        self.identity = IdentityHead(channels, n_individuals) if n_individuals else None
        self.register_buffer("mean", _channels(IMAGENET_MEAN) * 255, persistent=False)
        self.register_buffer("deviation", _channels(IMAGENET_DEVIATION) * 255, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Compute heatmap logits.

        Parameters
        ----------
        images
            float32, RGB, 0 to 255, shape (B, 3, H, W); H and W multiples of 32.

        Returns
        -------
        Tensor
            Shape (B, K + 2 · n_fields + n_individuals, H / stride, W / stride).
        """
        size = (images.shape[2] // self.stride, images.shape[3] // self.stride)
        features = self.features(images)
        logits = self.head(self.pyramid(features, size))
        return logits if self.identity is None else torch.cat([logits, self.identity(features, size)], dim=1)

    def features(self, images: Tensor) -> list[Tensor]:
        """Return what the backbone makes of images (see :meth:`forward`), the finest map first."""
        images = (images - self.mean) / self.deviation
        if self.patch is not None:  # a ViT of 14-pixel patches sees a smaller picture, cut as finely as by 16
            images = _resize(images, [side * self.patch // PATCH_STRIDE for side in images.shape[2:]])
        return self.backbone(images)


class FeaturePyramid(nn.Module):
    """Merges feature maps from coarse to fine with depthwise-separable convolutions.

    After Lin et al., Feature Pyramid Networks for Object Detection, CVPR 2017, made light: at 64 channels
    it costs less than the backbone, where transposed convolutions would cost as much again.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int], *, stride: int, width: int) -> None:
        super().__init__()
        self.strides = list(strides)
        self.stride = stride
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(n, width, kernel_size=1, bias=False), nn.BatchNorm2d(width))
            for n in channels
        )
        self.merge = nn.ModuleList(_separable(width) for _ in channels)
        # A plain ViT ends far above the heatmaps' stride: refine after each doubling.
        self.refine = nn.ModuleList(_separable(width) for _ in range(_doublings(min(strides), stride)))

    def forward(self, features: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Merge `features`, finest first, into one map of `size` (height, width)."""
        merged: Tensor | None = None
        for i in reversed(range(len(self.lateral))):
            lateral = self.lateral[i](features[i])
            if merged is not None:
                lateral = lateral + _resize(merged, lateral.shape[2:])
            merged = self.merge[i](lateral)
        assert merged is not None
        for refine in self.refine:
            merged = refine(_resize(merged, (merged.shape[2] * 2, merged.shape[3] * 2)))
        return _resize(merged, size)


def _separable(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, kernel_size=3, padding=1, groups=width, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, kernel_size=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def _resize(features: Tensor, size: Sequence[int]) -> Tensor:
    height, width = int(size[0]), int(size[1])
    if features.shape[2:] == (height, width):
        return features
    if height == 2 * features.shape[2] and width == 2 * features.shape[3]:
        return functional.interpolate(features, scale_factor=2.0, mode="nearest")
    return functional.interpolate(features, size=(height, width), mode="bilinear", align_corners=False)


def _doublings(from_stride: int, to_stride: int) -> int:
    n = 0
    while from_stride >= 2 * to_stride:
        from_stride //= 2
        n += 1
    return n


def _channels(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1)
