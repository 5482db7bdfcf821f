"""From maps of identity to who an animal is, in NumPy, as the other maps are read."""

import numpy as np


def read_scores(maps: np.ndarray, points: np.ndarray, weights: np.ndarray, stride: int) -> np.ndarray:
    """Return the mean score of each individual over an animal's keypoints.

    Parameters
    ----------
    maps
        Scores (logits) of each individual, shape (n_individuals, height, width).
    points
        (x, y) in network pixels, shape (n_keypoints, 2); NaN does not count.
    weights
        How far each keypoint counts, shape (n_keypoints,).
    stride
        Network pixels per cell.

    Returns
    -------
    ndarray
        Shape (n_individuals,); NaN where the animal has no keypoint.

    Examples
    --------
    >>> maps = np.zeros((2, 4, 4)); maps[1, :, 2:] = 8.0
    >>> read_scores(maps, np.array([[13.5, 5.5], [np.nan, 0]]), np.ones(2), 4).tolist()
    [0.0, 8.0]
    """
    known = np.isfinite(points).all(axis=1) & (weights > 0)
    if not known.any():
        return np.full(len(maps), np.nan)
    cells = (points[known] + 0.5) / stride - 0.5
    height, width = maps.shape[1:]
    x, y = np.clip(cells[:, 0], 0, width - 1), np.clip(cells[:, 1], 0, height - 1)
    column, row = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    right, below = x - column, y - row
    beside, under = np.minimum(column + 1, width - 1), np.minimum(row + 1, height - 1)
    read = (
        maps[:, row, column] * (1 - right) * (1 - below)
        + maps[:, row, beside] * right * (1 - below)
        + maps[:, under, column] * (1 - right) * below
        + maps[:, under, beside] * right * below
    )
    return (read * weights[known]).sum(axis=1) / weights[known].sum()


def to_probabilities(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probability of each individual, from scores (..., n_individuals); NaN stays NaN."""
    scaled = scores / temperature
    shifted = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
