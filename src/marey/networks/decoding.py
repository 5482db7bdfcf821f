"""From heatmaps to points, in NumPy: no network library is needed to read what a network says."""

from dataclasses import dataclass

import numpy as np

WINDOW_CELLS = 3
FEATURE_NAMES = ("peak_logit", "log_spread", "second_peak_ratio", "log_mass")
_EPSILON = 1e-6


@dataclass(frozen=True)
class Decoded:
    """Points read off heatmaps.

    Parameters
    ----------
    points
        (x, y) in network pixels, float64, shape (n_images, n_keypoints, 2).
    peak
        Height of the highest heatmap cell in (0, 1), shape (n_images, n_keypoints).
    features
        What the confidence is computed from, shape (n_images, n_keypoints, n_features), in the order of
        :data:`FEATURE_NAMES`.
    """

    points: np.ndarray
    peak: np.ndarray
    features: np.ndarray


def decode_heatmaps(logits: np.ndarray, stride: int) -> Decoded:
    """Find the peak of every heatmap to a fraction of a cell.

    The position is the centre of mass of the probabilities in a window of 7×7 cells around the highest
    cell (a windowed soft-argmax), then of the part of them that lies evenly around that position: a window
    centred on a cell would pull every point towards the middle of its cell.

    Parameters
    ----------
    logits
        Shape (n_images, n_keypoints, height, width).
    stride
        Network pixels per heatmap cell.

    Returns
    -------
    Decoded
    """
    n_images, n_keypoints, height, width = logits.shape
    flat = np.ascontiguousarray(logits, dtype=np.float32).reshape(-1, height, width)
    best = flat.reshape(len(flat), height * width).argmax(axis=1)
    row, column = np.divmod(best, width)
    windows, rows, columns, inside = _windows(flat, row, column)
    weight = _sigmoid(windows) * inside
    mass = weight.sum(axis=(1, 2)) + _EPSILON
    x = (weight * columns[:, None, :]).sum(axis=(1, 2)) / mass
    y = (weight * rows[:, :, None]).sum(axis=(1, 2)) / mass
    variance = (
        weight * ((columns[:, None, :] - x[:, None, None]) ** 2 + (rows[:, :, None] - y[:, None, None]) ** 2)
    ).sum(axis=(1, 2)) / mass
    peak_logit = flat[np.arange(len(flat)), row, column]
    peak = _sigmoid(peak_logit)
    second = _second_peak(flat, row, column)
    features = np.stack(
        [
            peak_logit,
            0.5 * np.log(variance + _EPSILON),
            second / (peak + _EPSILON),
            np.log(mass),
        ],
        axis=-1,
    )
    even = weight * _overlap(columns, x)[:, None, :] * _overlap(rows, y)[:, :, None]
    mass = even.sum(axis=(1, 2)) + _EPSILON
    x = (even * columns[:, None, :]).sum(axis=(1, 2)) / mass
    y = (even * rows[:, :, None]).sum(axis=(1, 2)) / mass
    points = np.stack([(x + 0.5) * stride - 0.5, (y + 0.5) * stride - 0.5], axis=-1)
    shape = (n_images, n_keypoints)
    return Decoded(
        points=points.reshape(*shape, 2).astype(np.float64),
        peak=peak.reshape(shape).astype(np.float64),
        features=features.reshape(*shape, len(FEATURE_NAMES)).astype(np.float64),
    )


def _windows(
    maps: np.ndarray, row: np.ndarray, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cut a window around (row, column) of each map; cells outside the map are marked."""
    reach = np.arange(-WINDOW_CELLS, WINDOW_CELLS + 1)
    rows, columns = row[:, None] + reach, column[:, None] + reach
    height, width = maps.shape[1:]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    clipped_rows, clipped_columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    index = np.arange(len(maps))[:, None, None]
    return maps[index, clipped_rows[:, :, None], clipped_columns[:, None, :]], rows, columns, inside


def _overlap(cells: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Return how much of each cell lies within :data:`WINDOW_CELLS` of `center`, along one axis."""
    return np.clip(WINDOW_CELLS + 0.5 - np.abs(cells - center[:, None]), 0.0, 1.0)


def _second_peak(maps: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the highest probability outside the window of the first peak."""
    height, width = maps.shape[1:]
    near = (np.abs(np.arange(height)[None, :] - row[:, None]) <= WINDOW_CELLS)[:, :, None] & (
        np.abs(np.arange(width)[None, :] - column[:, None]) <= WINDOW_CELLS
    )[:, None, :]
    rest = np.where(near, -np.inf, maps).max(axis=(1, 2))
    return _sigmoid(rest)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))
