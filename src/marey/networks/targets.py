"""What the network should answer: heatmaps, and which of their cells count."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

# Fields are nothing nearly everywhere: what is far from limbs must not drown what is on them.
OFF_LIMB_WEIGHT = 0.2


def gaussian_targets(points: Tensor, size: tuple[int, int], *, stride: int, sigma_cells: float) -> Tensor:
    """Draw a Gaussian of height 1 at every keypoint, for a whole batch at once.

    Parameters
    ----------
    points
        (x, y) in network pixels, shape (B, K, 2), or (B, N, K, 2) for N animals whose points share the
        heatmaps; NaN gives none.
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
    drawn = torch.nan_to_num(y[..., :, None] * x[..., None, :])
    return drawn.amax(dim=1) if points.ndim == 4 else drawn


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


def field_targets(
    points: Tensor,
    edges: Sequence[tuple[int, int]],
    size: tuple[int, int],
    *,
    stride: int,
    width_cells: float,
) -> tuple[Tensor, Tensor]:
    """Draw part affinity fields: along every limb the unit vector from its first point to its second.

    Source: Cao et al., Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields, CVPR 2017,
    equations 8 and 9; where limbs of several animals overlap, the mean.

    Parameters
    ----------
    points
        (x, y) in network pixels, shape (B, N, K, 2); a limb without one of its points is not drawn.
    edges
        Pairs of keypoints.
    size
        (height, width) in cells.
    stride
        Network pixels per cell.
    width_cells
        Half the width of a limb.

    Returns
    -------
    fields
        float32, shape (B, n_edges, 2, height, width).
    is_limb
        Where a limb is, shape (B, n_edges, height, width).
    """
    cells = (points.float() + 0.5) / stride - 0.5
    first, second = ([edge[i] for edge in edges] for i in (0, 1))
    start, vector = cells[:, :, first], cells[:, :, second] - cells[:, :, first]
    length = vector.norm(dim=-1, keepdim=True)
    unit = vector / length.clamp(min=1e-6)
    rows = torch.arange(size[0], device=points.device, dtype=torch.float32)
    columns = torch.arange(size[1], device=points.device, dtype=torch.float32)
    dx = columns - start[..., 0, None, None]
    dy = rows[:, None] - start[..., 1, None, None]
    ux, uy = unit[..., 0, None, None], unit[..., 1, None, None]
    along, across = dx * ux + dy * uy, (dx * uy - dy * ux).abs()
    # (comparisons with NaN are false, so that unknown limbs are not there)
    on = (along >= -width_cells) & (along <= length[..., None] + width_cells) & (across <= width_cells)
    on = on.float()
    n_limbs = on.sum(dim=1).clamp(min=1)
    known = torch.nan_to_num(unit)
    fields = torch.stack([(on * known[..., i, None, None]).sum(dim=1) / n_limbs for i in (0, 1)], dim=2)
    return fields, on.amax(dim=1)


def field_loss(fields: Tensor, targets: Tensor, is_limb: Tensor, counts: Tensor) -> Tensor:
    """Return the squared error of part affinity fields per edge that counts.

    Parameters
    ----------
    fields, targets
        Shape (B, n_edges, 2, height, width).
    is_limb
        Shape (B, n_edges, height, width); elsewhere errors weigh :data:`OFF_LIMB_WEIGHT`.
    counts
        1 where both points of the edge are known, shape (B, n_edges).
    """
    weight = OFF_LIMB_WEIGHT + (1 - OFF_LIMB_WEIGHT) * is_limb
    squared = (fields.float() - targets).square().sum(dim=2) * weight
    return (squared.sum(dim=(2, 3)) * counts).sum() / counts.sum().clamp(min=1)


def pose_loss(
    logits: Tensor,
    points: Tensor,
    counts: Tensor,
    *,
    edges: Sequence[tuple[int, int]] = (),
    stride: int,
    sigma_cells: float,
) -> Tensor:
    """Return the loss of everything that a network answers.

    Parameters
    ----------
    logits
        Heatmaps, then x and y of the field of each edge, shape (B, K + 2 · n_edges, height, width).
    points
        (x, y) in network pixels of N animals, shape (B, N, K, 2), with NaN.
    counts
        Shape (B, K); see :func:`heatmap_loss`.
    edges
        Pairs of keypoints that part affinity fields join.
    stride, sigma_cells
        See :func:`gaussian_targets`.
    """
    n_heatmaps = points.shape[2]
    size = (logits.shape[2], logits.shape[3])
    targets = gaussian_targets(points, size, stride=stride, sigma_cells=sigma_cells)
    loss = heatmap_loss(logits[:, :n_heatmaps], targets, counts)
    if not edges:
        return loss
    fields = logits[:, n_heatmaps:].unflatten(1, (len(edges), 2))
    drawn, is_limb = field_targets(points, edges, size, stride=stride, width_cells=sigma_cells)
    both = torch.stack([counts[:, a] * counts[:, b] for a, b in edges], dim=1)
    return loss + field_loss(fields, drawn, is_limb, both)
