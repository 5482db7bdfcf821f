"""From heatmaps to points, in NumPy: no network library is needed to read what a network says."""

from dataclasses import dataclass

import numpy as np

WINDOW_CELLS = 3
# A peak is the highest cell within this distance.
PEAK_REACH_CELLS = 2
# How far a heatmap is smoothed before the top of a hill is read off it, as a standard deviation.
SMOOTHING_CELLS = 0.8
# Lower peaks than this are noise, and no candidates for where a keypoint is.
CANDIDATE_PEAK = 0.02
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


def decode_heatmaps(logits: np.ndarray, stride: int, *, tops: bool = False) -> Decoded:
    """Find the peak of every heatmap to a fraction of a cell.

    The position is the centre of mass of the probabilities in a window of 7×7 cells around the highest
    cell (a windowed soft-argmax), then of the part of them that lies evenly around that position: a window
    centred on a cell would pull every point towards the middle of its cell.

    With `tops` it is the top of the Gaussian through the highest cell and its neighbours, along either axis,
    in the smoothed heatmap (Zhang et al., Distribution-aware coordinate representation for human pose
    estimation, CVPR 2020). Where a heatmap has two hills side by side, as the mean of several looks may, that
    is the top of one of them, and the centre of mass lies between them, where nothing is. For a single look
    the centre is steadier.

    Parameters
    ----------
    logits
        Shape (n_images, n_keypoints, height, width).
    stride
        Network pixels per heatmap cell.
    tops
        Whether points lie at the tops of hills, and not in their centres of mass.

    Returns
    -------
    Decoded
    """
    n_images, n_keypoints, height, width = logits.shape
    flat = np.ascontiguousarray(logits, dtype=np.float32).reshape(-1, height, width)
    best = flat.reshape(len(flat), height * width).argmax(axis=1)
    row, column = np.divmod(best, width)
    read = read_peaks(flat, row, column, stride, tops=tops)
    shape = (n_images, n_keypoints)
    return Decoded(
        points=read.points.reshape(*shape, 2),
        peak=read.peak.reshape(shape),
        features=read.features.reshape(*shape, len(FEATURE_NAMES)),
    )


def read_peaks(
    flat: np.ndarray, row: np.ndarray, column: np.ndarray, stride: int, *, tops: bool = False
) -> Decoded:
    """Read the peak around one cell of each heatmap; see :func:`decode_heatmaps`.

    Parameters
    ----------
    flat
        Logits, float32, shape (n, height, width).
    row, column
        The highest cell of each peak, shape (n,).

    Returns
    -------
    Decoded
        Arrays with the one axis n in place of images and keypoints.
    """
    windows, rows, columns, inside = _windows(flat, row, column)
    weight = sigmoid(windows) * inside
    x, y, mass = _center_of_mass(weight, rows, columns)
    variance = (
        weight * ((columns[:, None, :] - x[:, None, None]) ** 2 + (rows[:, :, None] - y[:, None, None]) ** 2)
    ).sum(axis=(1, 2)) / mass
    peak_logit = flat[np.arange(len(flat)), row, column]
    peak = sigmoid(peak_logit)
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
    if tops:
        x, y = (np.array([column, row]) + _find_top(weight)).astype(np.float64)
    else:
        even = weight * _overlap(columns, x)[:, None, :] * _overlap(rows, y)[:, :, None]
        x, y, _ = _center_of_mass(even, rows, columns)
    points = np.stack([(x + 0.5) * stride - 0.5, (y + 0.5) * stride - 0.5], axis=-1)
    return Decoded(points.astype(np.float64), peak.astype(np.float64), features.astype(np.float64))


def find_peaks(logits: np.ndarray, *, threshold: float, n_most: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the cells of a heatmap that are higher than those around them.

    Parameters
    ----------
    logits
        One heatmap, shape (height, width).
    threshold
        The least height of a peak, as a probability in (0, 1).
    n_most
        The most peaks; the highest are taken.

    Returns
    -------
    row, column
        Of each peak, the highest first, int64, shape (n,).

    Examples
    --------
    >>> heat = np.full((5, 9), -9.0)
    >>> heat[2, 1], heat[2, 7], heat[2, 6] = 1.0, 3.0, 2.0
    >>> [cells.tolist() for cells in find_peaks(heat, threshold=0.5, n_most=4)]
    [[2, 2], [7, 1]]
    """
    from scipy.ndimage import maximum_filter

    least = np.log(threshold / (1 - threshold))
    highest = maximum_filter(logits, size=2 * PEAK_REACH_CELLS + 1, mode="constant", cval=-np.inf)
    row, column = np.nonzero((logits == highest) & (logits >= least))
    order = np.argsort(-logits[row, column], kind="stable")[:n_most]
    return row[order], column[order]


def decode_lower_peaks(logits: np.ndarray, stride: int, n_most: int) -> Decoded:
    """Read the peaks of every heatmap below its highest one, for who has to choose among several.

    Parameters
    ----------
    logits
        Of one image, shape (n_keypoints, height, width).
    stride
        Network pixels per heatmap cell.
    n_most
        How many peaks to read, the highest first.

    Returns
    -------
    Decoded
        Arrays begin with (n_most, n_keypoints); NaN where a heatmap has fewer peaks.
    """
    flat = np.ascontiguousarray(logits, dtype=np.float32)
    shape = (n_most, len(flat))
    lower = Decoded(
        points=np.full((*shape, 2), np.nan),
        peak=np.full(shape, np.nan),
        features=np.full((*shape, len(FEATURE_NAMES)), np.nan),
    )
    for keypoint, heat in enumerate(flat):
        row, column = (cells[1:] for cells in find_peaks(heat, threshold=CANDIDATE_PEAK, n_most=n_most + 1))
        if len(row):
            read = read_peaks(np.broadcast_to(heat, (len(row), *heat.shape)), row, column, stride)
            lower.points[: len(row), keypoint] = read.points
            lower.peak[: len(row), keypoint] = read.peak
            lower.features[: len(row), keypoint] = read.features
    return lower


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


def _center_of_mass(
    weight: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x and y of the centre of each window, in cells, and its mass; shape (n,) each."""
    mass = weight.sum(axis=(1, 2)) + _EPSILON
    x = (weight * columns[:, None, :]).sum(axis=(1, 2)) / mass
    y = (weight * rows[:, :, None]).sum(axis=(1, 2)) / mass
    return x, y, mass


def _overlap(cells: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Return how much of each cell lies within :data:`WINDOW_CELLS` of `center`, along one axis."""
    return np.clip(WINDOW_CELLS + 0.5 - np.abs(cells - center[:, None]), 0.0, 1.0)


def _find_top(windows: np.ndarray) -> np.ndarray:
    """Return how far the top of a hill lies from the middle of each window, x and y in cells, (2, n)."""
    far, near = np.arange(-WINDOW_CELLS, WINDOW_CELLS + 1), np.arange(-2, 3)
    kernel = np.exp(-0.5 * ((near[:, None] - far) / SMOOTHING_CELLS) ** 2)
    height = np.log(kernel @ windows @ kernel.T + _EPSILON)  # around the middle, shape (n, 5, 5)
    n = np.arange(len(height))
    inner = height[:, 1:-1, 1:-1].reshape(len(n), 9)
    row, column = (cell + 1 for cell in np.divmod(inner.argmax(axis=1), 3))
    x = column - 2 + _vertex(*(height[n, row, column + step] for step in (-1, 0, 1)))
    y = row - 2 + _vertex(*(height[n, row + step, column] for step in (-1, 0, 1)))
    return np.stack([x, y])


def _vertex(before: np.ndarray, middle: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return where the parabola through three heights a cell apart is highest, from the middle one, (n,)."""
    bend = before - 2 * middle + after
    is_hill = bend < 0
    shift = np.where(is_hill, 0.5 * (before - after) / np.where(is_hill, bend, 1.0), 0.0)
    return np.clip(shift, -0.5, 0.5)


def _second_peak(maps: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the highest probability outside the window of the first peak."""
    height, width = maps.shape[1:]
    near = (np.abs(np.arange(height)[None, :] - row[:, None]) <= WINDOW_CELLS)[:, :, None] & (
        np.abs(np.arange(width)[None, :] - column[:, None]) <= WINDOW_CELLS
    )[:, None, :]
    rest = np.where(near, -np.inf, maps).max(axis=(1, 2))
    return sigmoid(rest)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, of the shape of `logits`."""
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))
