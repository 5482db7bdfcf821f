"""Filters with a sliding window of frames: running median and Savitzky-Golay.

Both count frames, not seconds. For a variable frame rate, :func:`marey.refinement.kalman_smooth` uses the
true times.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError
from marey.metrics.medians import known_median
from marey.model import append_history
from marey.refinement.series import is_present, prepare, with_position

if TYPE_CHECKING:
    import xarray as xr

WINDOWED_BYTES = 64 << 20


def median_filter(poses: xr.Dataset, window: int = 5) -> xr.Dataset:
    """Replace each coordinate by the median of those present in a centred window of frames.

    Missing points stay missing and do not count; at the ends the window is cut off. It removes jumps of
    fewer than half a window and keeps steps sharp.

    Parameters
    ----------
    poses
        The poses Dataset.
    window
        Length of the window in frames, odd.

    Raises
    ------
    ConfigError
        `window` is not an odd number from 1 up.
    """
    _check_window(window)
    poses = prepare(poses)
    position = poses["position"].to_numpy()
    present = np.where(is_present(position)[:, None], position, np.nan)
    series = present.reshape(len(position), math.prod(position.shape[1:]))
    smoothed = _running_median(series, window).reshape(position.shape)
    return append_history(with_position(poses, smoothed), "median_filter", window=window)


def savgol_filter(poses: xr.Dataset, window: int = 7, polyorder: int = 2) -> xr.Dataset:
    """Fit a polynomial in a sliding window of frames (Savitzky and Golay 1964), within unbroken stretches.

    A stretch shorter than the window is filtered with the longest odd window that fits into it, and left as
    it is where none is longer than `polyorder`.

    Parameters
    ----------
    poses
        The poses Dataset.
    window
        Length of the window in frames, odd.
    polyorder
        Degree of the polynomial, less than `window`.

    Raises
    ------
    ConfigError
        `window` is not an odd number from 1 up, or `polyorder` does not fit it.
    """
    _check_window(window)
    if not 0 <= polyorder < window:
        raise ConfigError(f"expected a polynomial order from 0 to {window - 1} (window - 1), got {polyorder}")
    poses = prepare(poses)
    position = poses["position"].to_numpy().copy()
    present = is_present(position)
    for keypoint, individual in np.argwhere(present.any(axis=0)):
        here = (slice(None), slice(None), keypoint, individual)
        position[here] = _fit_stretches(position[here], present[:, keypoint, individual], window, polyorder)
    return append_history(with_position(poses, position), "savgol_filter", window=window, polyorder=polyorder)


def _check_window(window: int) -> None:
    if window < 1 or window % 2 == 0:
        raise ConfigError(f"expected an odd window of 1, 3, 5, ... frames, got {window}")


def _running_median(series: np.ndarray, window: int) -> np.ndarray:
    """Return the running median of each column of `series`, (n_frames, n_series), by blocks of frames."""
    n_frames, n_series = series.shape
    if not n_frames:
        return series
    half = window // 2
    padded = np.pad(series, ((half, half), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
    result = np.empty_like(series)
    block = max(1, WINDOWED_BYTES // (8 * window * max(1, n_series)))
    for start in range(0, n_frames, block):
        result[start : start + block] = known_median(windows[start : start + block], axis=-1)
    return np.where(np.isfinite(series), result, series)


def _stretches(present: np.ndarray) -> np.ndarray:
    """Return (start, stop) of each unbroken run of True, shape (n_runs, 2)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(np.int8), [0]])))
    return edges.reshape(-1, 2)


def _fit_stretches(values: np.ndarray, present: np.ndarray, window: int, polyorder: int) -> np.ndarray:
    """Filter each unbroken stretch of `values`, (n_frames, n_space); all of one length at once."""
    smoothed = values.copy()
    starts, stops = _stretches(present).T
    lengths = stops - starts
    for n in np.unique(lengths[lengths < window]).tolist():
        rows = starts[lengths == n][:, None] + np.arange(n)
        smoothed[rows] = _fit_matrix(n, window, polyorder) @ values[rows]
    is_long = lengths >= window
    if not is_long.any():
        return smoothed
    half = window // 2
    fit = _fit_matrix(window, window, polyorder)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.where(present[:, None], values, np.nan), window, axis=0
    )
    centres = windows @ fit[half]
    inner = smoothed[half : len(values) - half]
    smoothed[half : len(values) - half] = np.where(np.isfinite(centres), centres, inner)
    first = starts[is_long][:, None] + np.arange(window)
    last = stops[is_long][:, None] + np.arange(-window, 0)
    smoothed[first[:, :half]] = fit[:half] @ values[first]
    smoothed[last[:, half + 1 :]] = fit[half + 1 :] @ values[last]
    return smoothed


def _fit_matrix(n: int, window: int, polyorder: int) -> np.ndarray:
    """Return the matrix that filters `n` consecutive frames, (n, n)."""
    from scipy.signal import savgol_filter as filter_evenly

    fitting = min(window, n if n % 2 else n - 1)
    if fitting <= polyorder:
        return np.eye(n)
    return filter_evenly(np.eye(n), fitting, polyorder, axis=0, mode="interp")
