"""Who each animal is, where labels name individuals: one map for each of them, read at the keypoints.

The maps are made of the backbone's features by a small head of their own. It is trained when everything else
has been, on features that stay as they are, so that asking who somebody is costs the poses nothing.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 32


class IdentityHead(nn.Module):
    """Maps a backbone's features to a map of scores for each individual.

    Parameters
    ----------
    channels
        Of each feature map, finest first.
    n_individuals
        How many are told apart.
    """

    def __init__(self, channels: Sequence[int], n_individuals: int) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Conv2d(n, HIDDEN, kernel_size=1) for n in channels)
        self.classify = nn.Conv2d(HIDDEN, n_individuals, kernel_size=1)

    def forward(self, features: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Return scores, shape (B, n_individuals, height, width) for `size` (height, width)."""
        merged: Tensor | None = None
        for project, one in zip(self.project, features, strict=True):
            resized = functional.interpolate(project(one), size=size, mode="bilinear", align_corners=False)
            merged = resized if merged is None else merged + resized
        assert merged is not None
        return self.classify(functional.relu(merged))

    def at_points(self, samples: Tensor) -> Tensor:
        """Return scores (n, n_individuals) for features at points, all maps in a row (n, channels)."""
        merged: Tensor | None = None
        start = 0
        for project in self._projections:
            weight = project.weight[:, :, 0, 0]
            part = functional.linear(samples[:, start : start + weight.shape[1]], weight, project.bias)
            merged = part if merged is None else merged + part
            start += weight.shape[1]
        assert merged is not None
        return functional.linear(
            functional.relu(merged), self.classify.weight[:, :, 0, 0], self.classify.bias
        )

    @property
    def _projections(self) -> list[nn.Conv2d]:
        return [project for project in self.project if isinstance(project, nn.Conv2d)]

    @torch.no_grad()
    def absorb(self, middle: Tensor, scale: Tensor) -> None:
        """Take over that features were shifted by `middle` and divided by `scale`, (channels,) each."""
        start = 0
        for project in self._projections:
            assert project.bias is not None
            n = project.weight.shape[1]
            own = slice(start, start + n)
            project.weight.div_(scale[own][None, :, None, None])
            project.bias.sub_(project.weight[:, :, 0, 0] @ middle[own])
            start += n


def sample_features(features: Sequence[Tensor], points: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the features at points of each image, all maps in a row.

    Parameters
    ----------
    features
        Maps (B, channels, height, width), which all cover the image.
    points
        (x, y) in network pixels, shape (B, K, 2).
    size
        (height, width) of the image.

    Returns
    -------
    Tensor
        Shape (B, K, channels of all maps); where a point is NaN, so are they.
    """
    extent = torch.tensor([size[1], size[0]], dtype=torch.float32)
    grid = ((points.float() + 0.5) / extent * 2 - 1)[:, :, None]
    known = torch.isfinite(points).all(dim=-1)
    rows = [
        functional.grid_sample(
            one.float(), torch.nan_to_num(grid), mode="bilinear", padding_mode="border", align_corners=False
        )[..., 0].transpose(1, 2)
        for one in features
    ]
    return torch.where(known[..., None], torch.cat(rows, dim=-1), torch.nan)
