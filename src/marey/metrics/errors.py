"""Distances between predicted and true points, and what to say of many of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marey.errors import InputError

PCK_PX = (1.0, 2.0, 5.0, 10.0)
PCK_FRACTIONS = (0.05, 0.1, 0.2)
PERCENTILES = (5, 25, 50, 75, 90, 95, 99)


def euclidean_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the distance between predicted and true points in pixels.

    Parameters
    ----------
    predicted, truth
        (x, y), shape (..., 2).

    Returns
    -------
    ndarray
        Shape (...); NaN where either is missing.

    Examples
    --------
    >>> euclidean_errors(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]])).tolist()
    [5.0]
    """
    predicted, truth = np.asarray(predicted, float), np.asarray(truth, float)
    if predicted.shape != truth.shape:
        raise InputError(f"predicted has shape {predicted.shape}, but truth has {truth.shape}")
    return np.linalg.norm(predicted - truth, axis=-1)


@dataclass(frozen=True)
class ErrorSummary:
    """Statistics of a set of errors, in pixels.

    ``rmse_px`` is the root of the mean square of the distances. (DeepLabCut calls the mean Euclidean
    error RMSE; that is ``mean_error_px`` here.) Everything is NaN when no point is known.
    """

    n_points: int
    n_missing: int
    mean_error_px: float
    median_error_px: float
    rmse_px: float
    percentiles_px: dict[str, float]
    pck: dict[str, float]


def summarise_errors(
    errors_px: np.ndarray, *, has_truth: np.ndarray | None = None, reference_px: float | None = None
) -> ErrorSummary:
    """Summarise errors of any shape.

    Parameters
    ----------
    errors_px
        Errors in pixels; NaN where there is no truth or no prediction.
    has_truth
        Where there is a truth, bool, same shape: a true point without a prediction is missing, and wrong
        at every PCK threshold. Left out: wherever there is an error.
    reference_px
        Length that the relative PCK thresholds are fractions of, e.g. the animal's length; there are none
        where it is not known (NaN).
    """
    errors = np.asarray(errors_px, dtype=np.float64)
    known = np.isfinite(errors)
    has_truth = known if has_truth is None else has_truth
    values = errors[known]
    if not len(values):
        nan = float("nan")
        return ErrorSummary(0, int(has_truth.sum()), nan, nan, nan, {}, {})
    thresholds = {f"{px:g}px": px for px in PCK_PX}
    if reference_px and np.isfinite(reference_px):
        thresholds |= {f"{fraction:g}ref": fraction * reference_px for fraction in PCK_FRACTIONS}
    return ErrorSummary(
        n_points=len(values),
        n_missing=int((has_truth & ~known).sum()),
        mean_error_px=float(values.mean()),
        median_error_px=float(np.median(values)),
        rmse_px=float(np.sqrt((values**2).mean())),
        percentiles_px={f"{p}": float(np.percentile(values, p)) for p in PERCENTILES},
        pck={name: pck(errors, px, has_truth=has_truth) for name, px in thresholds.items()},
    )


def pck(errors_px: np.ndarray, threshold_px: float, *, has_truth: np.ndarray | None = None) -> float:
    """Return the share of true points that were predicted within `threshold_px`.

    It is the field's percentage of correct keypoints, as a fraction.

    Source: Yang and Ramanan, Articulated Human Detection with Flexible Mixtures of Parts, 2013.
    """
    errors = np.asarray(errors_px, dtype=np.float64)
    has_truth = np.isfinite(errors) if has_truth is None else np.asarray(has_truth)
    if not has_truth.any():
        return float("nan")
    with np.errstate(invalid="ignore"):
        return float((errors <= threshold_px)[has_truth].mean())


def reference_length(truth: np.ndarray, pair: Sequence[int] | None = None) -> float:
    """Return the animal's typical size in pixels.

    Parameters
    ----------
    truth
        (x, y), shape (n, n_keypoints, 2), with NaN.
    pair
        Two keypoints whose median distance is meant; left out: the median diagonal of the boxes around
        all points.
    """
    if pair is not None:
        lengths = np.linalg.norm(truth[:, pair[0]] - truth[:, pair[1]], axis=-1)
    else:
        filled = truth[np.isfinite(truth).all(axis=-1).sum(axis=1) >= 2]
        if not len(filled):
            return float("nan")
        extent = np.nanmax(filled, axis=1) - np.nanmin(filled, axis=1)
        lengths = np.linalg.norm(extent, axis=-1)
    lengths = lengths[np.isfinite(lengths)]
    return float(np.median(lengths)) if len(lengths) else float("nan")
