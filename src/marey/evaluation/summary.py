"""The figures of one part of a split: errors, intervals, reliability."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from marey.evaluation.part import Part, instance_figures, rank
from marey.metrics import (
    AveragePrecision,
    bootstrap_interval,
    expected_calibration_error,
    interval_coverage,
    mean_average_precision,
    object_keypoint_similarity,
    reliability_curve,
    summarise_errors,
)

BLOCK_LENGTH = 5
POINTS_PER_BIN = 12


def summarise_part(
    part: Part,
    keypoints: Sequence[str],
    *,
    reference_px: float,
    confidence_cut: float,
    threshold_px: float | np.ndarray | None,
    block_length: int = BLOCK_LENGTH,
) -> dict[str, Any]:
    """Return the figures of one part of a split, as the command's ``--json`` has them.

    Parameters
    ----------
    part
        Truth and prediction.
    keypoints
        Their names, K of them.
    reference_px
        The animal's typical size: the unit of relative PCK.
    confidence_cut
        The confidence below which points are left out in ``with_confidence_cut``.
    threshold_px
        The error below which a point is right in the words of its confidence: of all rows, or of each,
        shape (n,); None where confidence was not calibrated.
    block_length
        Rows that are drawn together for the intervals.
    """
    errors, has_truth = part.errors, part.has_truth
    summary = summarise_errors(errors, has_truth=has_truth, reference_px=reference_px)
    sure = np.where(part.confidence >= confidence_cut, errors, np.nan)
    videos = np.array(part.videos)
    keys = np.array(part.keys)
    precision = _precision(part)
    return {
        "n_frames": part.n_frames,
        **asdict(summary),
        "intervals_95": _intervals(errors, part.videos, block_length),
        "offset_px": list(part.offset),
        "per_keypoint": {
            name: asdict(summarise_errors(errors[:, i], has_truth=has_truth[:, i], reference_px=reference_px))
            | {"interval_coverage_90": interval_coverage(part.error_90[:, i], errors[:, i])}
            for i, name in enumerate(keypoints)
        },
        "per_video": {
            str(video): {"n_frames": len(set(keys[videos == video].tolist()))}
            | asdict(
                summarise_errors(
                    errors[videos == video], has_truth=has_truth[videos == video], reference_px=reference_px
                )
            )
            for video in dict.fromkeys(part.videos)
        },
        "with_confidence_cut": {
            "confidence": confidence_cut,
            "kept": float(np.isfinite(sure).sum() / max(1, has_truth.sum())),
            **asdict(summarise_errors(sure, has_truth=has_truth, reference_px=reference_px)),
        },
        "oks_map": precision.mean_ap,
        "oks_mar": precision.mean_ar,
        **_by_visibility(part, reference_px),
        **({} if part.instances is None else instance_figures(part.instances, part.n_ignored)),
        "interval_coverage_90": interval_coverage(part.error_90, errors),
        "mean_expected_error_px": _mean(np.where(np.isfinite(errors), part.expected_error, np.nan)),
        "reliability": _reliability(part, threshold_px),
    }


def _intervals(errors: np.ndarray, videos: Sequence[str], block_length: int) -> dict[str, list[float]]:
    """Return 95 % intervals of the mean and the median, from resampled blocks of frames."""

    def quietly(function: Any) -> Any:
        return lambda rows: float(function(rows[np.isfinite(rows)])) if np.isfinite(rows).any() else np.nan

    def interval(function: Any) -> list[float]:
        statistic = quietly(function)
        return list(bootstrap_interval(errors, statistic, groups=list(videos), block_length=block_length))

    return {"mean_error_px": interval(np.mean), "median_error_px": interval(np.median)}


def _by_visibility(part: Part, reference_px: float) -> dict[str, Any]:
    """Return the figures of visible and of occluded points, where some are occluded.

    Other tools leave points that are labelled as occluded out; a person could only guess them, too.
    """
    if part.visible is None:
        return {}
    seen, precision = part.visible, _precision(part.visible)
    hidden = part.has_truth & ~seen.has_truth
    of_hidden = np.where(hidden, part.errors, np.nan)
    return {
        "visible": asdict(summarise_errors(seen.errors, has_truth=seen.has_truth, reference_px=reference_px))
        | {"oks_map": precision.mean_ap, "oks_mar": precision.mean_ar},
        "occluded": asdict(summarise_errors(of_hidden, has_truth=hidden, reference_px=reference_px)),
    }


def _precision(part: Part) -> AveragePrecision:
    if part.instances is not None:
        return part.instances.precision
    similarities = [
        object_keypoint_similarity(points[None], truth[None], area=area[None])
        for points, truth, area, known in zip(part.points, part.truth, part.area, part.has_truth, strict=True)
        if known.any()
    ]
    sure = np.array([_mean(confidence) for confidence in part.confidence])
    ranks = rank(part.points, part.expected_error, sure)
    return mean_average_precision(similarities, list(ranks[part.has_truth.any(axis=1), None]))


def _reliability(part: Part, threshold_px: float | np.ndarray | None) -> dict[str, Any] | None:
    if threshold_px is None:
        return None
    known = part.has_truth
    is_right = (part.errors < np.reshape(threshold_px, (-1, 1)))[known]
    confidence = part.confidence[known]
    n_bins = int(np.clip(len(confidence) // POINTS_PER_BIN, 3, 8))
    curve = reliability_curve(confidence, is_right, n_bins=n_bins)
    return {name: values.tolist() for name, values in curve.items()} | {
        "expected_calibration_error": expected_calibration_error(confidence, is_right, n_bins=n_bins)
    }


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
