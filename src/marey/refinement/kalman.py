"""The Kalman smoother: weighs every point by how far off it may be, and is not misled by jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marey.model import append_history
from marey.refinement import spline
from marey.refinement.gaps import check_max_gap, mark_interpolated
from marey.refinement.series import fillable, is_present, prepare, with_position

if TYPE_CHECKING:
    import xarray as xr

MIN_MEASURED = 4
BLOCK_FRAMES = 2000
MAX_BLOCKS = 3
N_REWEIGHTINGS = 4
DEGREES_OF_FREEDOM = 4.0
OUTLIER_DISTANCE = 5.0
SCREEN_HALF_WINDOW = 3
SCREEN_DISTANCE = 6.0
MAD_TO_SIGMA = 1.4826
NOISE_RATIO_RANGE = (0.2, 20.0)
MIN_CONFIDENCE = 0.05


def kalman_smooth(poses: xr.Dataset, *, max_gap: int = 0) -> xr.Dataset:
    """Smooth with a constant-velocity Kalman smoother (forward and backward), each keypoint by itself.

    How lively the motion is and how noisy the points are is found per keypoint and individual by maximum
    likelihood. Within a keypoint, the noise of a point is proportional to ``expected_error``, else to
    ``error_90``, else to 1 / confidence. The noise has heavy tails (Student's t with 4 degrees of
    freedom, fitted by reweighting), so single jumps hardly count. All axes of a point share one weight, so
    the result does not depend on the orientation of the axes. Uneven time is used as it is.

    Missing points stay missing, except in gaps of at most `max_gap` frames between two points, which are
    filled and marked as in :func:`marey.refinement.interpolate_gaps`. A keypoint with fewer than four points
    is left as it is.

    Parameters
    ----------
    poses
        The poses Dataset.
    max_gap
        The longest gap to fill, in frames.

    Returns
    -------
    xarray.Dataset
        New poses. The provenance log has the noise found and the number of outliers per keypoint.

    Raises
    ------
    ConfigError
        `max_gap` is negative.
    InputError
        The time does not increase from row to row.

    Notes
    -----
    Lange, Little and Taylor (1989) for the reweighting; :mod:`marey.refinement.spline` for the smoother.
    """
    check_max_gap(max_gap)
    poses = prepare(poses)
    position = poses["position"].to_numpy().copy()
    present = is_present(position)
    time = _in_frames(poses["time"].to_numpy().astype(np.float64))
    ratio = _noise_ratio(poses, present)
    fill = fillable(present, poses["frame"].to_numpy(), max_gap)
    noise = np.full(present.shape[1:], np.nan)
    n_outliers = np.zeros(present.shape[1:], dtype=int)
    for keypoint, individual in np.argwhere(present.sum(axis=0) >= MIN_MEASURED):
        here = (slice(None), keypoint, individual)
        rows = np.flatnonzero(present[here])
        span = slice(rows[0], rows[-1] + 1)
        smoothed, sigma, is_outlier = _smooth_one(
            time[span],
            position[span, :, keypoint, individual],
            present[here][span],
            ratio[here][span],
        )
        known = (present | fill)[here][span]
        position[span, :, keypoint, individual] = np.where(known[:, None], smoothed, np.nan)
        noise[keypoint, individual], n_outliers[keypoint, individual] = sigma, is_outlier.sum()
    result = with_position(poses, position)
    if fill.any():
        result = mark_interpolated(result, fill)
    return append_history(
        result,
        "kalman_smooth",
        max_gap=max_gap,
        n_filled=int(fill.sum()),
        noise=[[None if np.isnan(v) else round(float(v), 4) for v in row] for row in noise],
        n_outliers=n_outliers.tolist(),
    )


def _in_frames(time: np.ndarray) -> np.ndarray:
    """Return the time in units of the median frame, counted from 0."""
    if len(time) < 2:
        return np.zeros(len(time))
    return (time - time[0]) / np.median(np.diff(time))


def _noise_ratio(poses: xr.Dataset, present: np.ndarray) -> np.ndarray:
    """Return the noise of each point relative to its keypoint's usual noise, (time, keypoint, individual)."""
    for name in ("expected_error", "error_90"):
        if name in poses and np.isfinite(poses[name].to_numpy()).any():
            noise = poses[name].to_numpy()
            break
    else:
        noise = 1 / np.clip(poses["confidence"].to_numpy(), MIN_CONFIDENCE, 1)
    noise = np.where(present & (noise > 0), noise, np.nan)
    ratio = np.ones(present.shape)
    for here in np.argwhere(np.isfinite(noise).any(axis=0)):
        column = (slice(None), *here)
        ratio[column] = noise[column] / np.nanmedian(noise[column])
    return np.clip(np.nan_to_num(ratio, nan=1.0), *NOISE_RATIO_RANGE)


def _smooth_one(
    time: np.ndarray, points: np.ndarray, present: np.ndarray, ratio: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """Smooth one keypoint of one individual.

    Parameters
    ----------
    time, points, present, ratio
        Shapes (n_frames,), (n_frames, n_space), (n_frames,) and (n_frames,); first and last are present.

    Returns
    -------
    smoothed : numpy.ndarray
        Shape (n_frames, n_space), in every frame.
    sigma : float
        Standard deviation of the noise of a usual point along one axis, pixels.
    is_outlier : numpy.ndarray
        bool, shape (n_frames,).
    """
    n_space = points.shape[1]
    centre = np.median(points[present], axis=0)
    measured = np.where(present[:, None], points - centre, 0.0)
    base = np.where(present, 1 / ratio**2, 0.0)
    weight = np.where(_is_far(measured, present), 1e-3, 1.0)
    band = spline.coupling(time)
    lam, variance = _estimate_on_blocks(time, measured, base * weight)
    distance = np.zeros(len(time))
    for step in range(N_REWEIGHTINGS):
        smoothed = spline.solve(band, measured, base * weight, lam)
        free = 1 - spline.leverage(lam * base * weight)
        squares = ((measured - smoothed) ** 2).sum(axis=1)
        distance = squares * base / (variance * np.maximum(free, 1e-6))
        weight = (DEGREES_OF_FREEDOM + n_space) / (DEGREES_OF_FREEDOM + distance)
        if step == 0:
            lam, variance = _estimate_on_blocks(time, measured, base * weight)
    smoothed = spline.solve(band, measured, base * weight, lam)
    return smoothed + centre, float(np.sqrt(variance)), distance > n_space * OUTLIER_DISTANCE**2 / 2


def _is_far(measured: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Tell which points lie far from the median of their neighbours, so as not to mislead the first guess."""
    values = measured[present]
    half = min(SCREEN_HALF_WINDOW, (len(values) - 1) // 2)
    padded = np.pad(values, ((half, half), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    away = np.abs(values - np.median(windows, axis=-1)).max(axis=1)
    spread = MAD_TO_SIGMA * np.median(away)
    far = np.zeros(len(measured), dtype=bool)
    far[present] = (away > SCREEN_DISTANCE * spread) if spread > 0 else False
    return far


def _estimate_on_blocks(time: np.ndarray, measured: np.ndarray, precision: np.ndarray) -> tuple[float, float]:
    """Estimate λ and s² on a few blocks of the recording, as the geometric mean over blocks."""
    found = []
    n_blocks = min(MAX_BLOCKS, max(1, len(time) // BLOCK_FRAMES))
    length = min(len(time), BLOCK_FRAMES)
    for start in np.linspace(0, len(time) - length, n_blocks).astype(int):
        part = slice(start, start + length)
        if (precision[part] > 0).sum() >= MIN_MEASURED:
            found.append(spline.estimate(spline.coupling(time[part]), measured[part], precision[part]))
    if not found:  # so few points that no block holds enough of them
        found.append(spline.estimate(spline.coupling(time), measured, precision))
    lam, variance = np.exp(np.log(found).mean(axis=0))
    return float(lam), float(variance)
