"""The median of what is known."""

import numpy as np


def known_median(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the median over an axis, NaN left out; NaN, without a warning, where nothing is known.

    For many short rows it is much quicker than :func:`numpy.nanmedian`.
    """
    ordered = np.sort(values, axis=axis)  # NaN comes last
    n = np.isfinite(values).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis=axis)
    high = np.take_along_axis(ordered, np.minimum(n // 2, values.shape[axis] - 1), axis=axis)
    return np.squeeze((low + high) / 2, axis=axis)
