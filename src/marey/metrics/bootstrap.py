"""Intervals from resampling whole frames, in blocks, because neighbouring frames err together."""

from collections.abc import Callable, Sequence

import numpy as np

from marey.errors import InputError

Statistic = Callable[[np.ndarray], float]


def bootstrap_interval(
    values: np.ndarray,
    statistic: Statistic,
    *,
    groups: Sequence[object] | None = None,
    block_length: int = 5,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic under a block bootstrap over frames.

    Source: Künsch, The jackknife and the bootstrap for general stationary observations, 1989 (moving
    blocks).

    Parameters
    ----------
    values
        One row per frame in the order of time, shape (n_frames, ...).
    statistic
        Maps resampled rows to a number.
    groups
        The video of each frame: blocks do not cross from one to another.
    block_length
        Frames per block; shortened where there are few frames.

    Returns
    -------
    low, high
        NaN when there are fewer than two frames.
    """
    if not 0 < level < 1:
        raise InputError(f"the level of an interval lies between 0 and 1, got {level}")
    n_frames = len(values)
    if n_frames < 2:
        return float("nan"), float("nan")
    block_length = max(1, min(block_length, n_frames // 4))
    starts = _block_starts(groups or [0] * n_frames, block_length)
    rng = np.random.default_rng(seed)
    n_blocks = int(np.ceil(n_frames / block_length))
    within = np.arange(block_length)
    estimates = []
    for _ in range(n_resamples):
        rows = (rng.choice(starts, n_blocks)[:, None] + within).ravel()[:n_frames]
        estimates.append(statistic(values[rows]))
    finite = np.array(estimates)[np.isfinite(estimates)]
    if not len(finite):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    return float(np.quantile(finite, tail)), float(np.quantile(finite, 1 - tail))


def _block_starts(groups: Sequence[object], block_length: int) -> np.ndarray:
    """Return the rows at which a block lies within one group; a shorter group begins blocks anyway."""
    n = len(groups)
    last = n - block_length
    starts = [i for i in range(last + 1) if groups[i] == groups[i + block_length - 1]]
    return np.array(starts or range(last + 1))
