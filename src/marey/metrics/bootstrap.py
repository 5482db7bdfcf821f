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

    Source: Politis and Romano, A circular block-resampling procedure for stationary data, 1992: blocks wrap
    around within their video, so that every frame is drawn as often as any other.

    Parameters
    ----------
    values
        One row per frame in the order of time, shape (n_frames, ...).
    statistic
        Maps resampled rows to a number.
    groups
        The video of each frame: blocks do not cross from one to another.
    block_length
        Frames per block; shortened to a quarter of the frames, and to the frames of a video.
    seed
        The same seed gives the same interval.

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
    blocks = _blocks([0] * n_frames if groups is None else groups, max(1, min(block_length, n_frames // 4)))
    n_blocks = -(-n_frames // min(map(len, blocks)))
    rng = np.random.default_rng(seed)
    estimates = []
    for _ in range(n_resamples):
        drawn = [blocks[i] for i in rng.integers(n_frames, size=n_blocks)]
        estimates.append(statistic(values[np.concatenate(drawn)[:n_frames]]))
    finite = np.array(estimates)[np.isfinite(estimates)]
    if not len(finite):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    return float(np.quantile(finite, tail)), float(np.quantile(finite, 1 - tail))


def _blocks(groups: Sequence[object], block_length: int) -> list[np.ndarray]:
    """Return for each frame the rows of the block that begins there and stays in its group."""
    rows_of: dict[object, list[int]] = {}
    for row, group in enumerate(groups):
        rows_of.setdefault(group, []).append(row)
    blocks: dict[int, np.ndarray] = {}
    for rows in rows_of.values():
        ring = np.array(rows + rows)
        for place, row in enumerate(rows):
            blocks[row] = ring[place : place + min(block_length, len(rows))]
    return [blocks[row] for row in range(len(groups))]
