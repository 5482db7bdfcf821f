"""What the network should answer: heatmaps, and which of their cells count."""

import torch
from torch import Tensor
from torch.nn import functional


def gaussian_targets(points: Tensor, size: tuple[int, int], *, stride: int, sigma_cells: float) -> Tensor:
    """Draw a Gaussian of height 1 at every keypoint, for a whole batch at once.

    Parameters
    ----------
    points
        (x, y) in network pixels, shape (B, K, 2); NaN gives an empty heatmap.
    size
        (height, width) of the heatmaps in cells.
    stride
        Network pixels per cell.
    sigma_cells
        Standard deviation in cells.

    Returns
    -------
    Tensor
        float32, shape (B, K, height, width), in [0, 1].
    """
    cells = (points.float() + 0.5) / stride - 0.5
    rows = torch.arange(size[0], device=points.device, dtype=torch.float32)
    columns = torch.arange(size[1], device=points.device, dtype=torch.float32)
    scale = -0.5 / sigma_cells**2
    x = torch.exp(scale * (columns - cells[..., 0:1]) ** 2)
    y = torch.exp(scale * (rows - cells[..., 1:2]) ** 2)
    return torch.nan_to_num(y[..., :, None] * x[..., None, :])


def heatmap_loss(logits: Tensor, targets: Tensor, counts: Tensor) -> Tensor:
    """Return the binary cross-entropy per keypoint that counts.

    Parameters
    ----------
    logits, targets
        Shape (B, K, height, width).
    counts
        1 where the answer is known (visible, occluded, or a person says absent), 0 where nobody has looked;
        shape (B, K).
    """
    loss = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    per_keypoint = loss.sum(dim=(2, 3)) * counts
    return per_keypoint.sum() / counts.sum().clamp(min=1)
