"""Numbers that say how good poses are: errors, similarity, intervals, reliability. Pure NumPy on arrays."""

from marey.metrics.bootstrap import bootstrap_interval
from marey.metrics.errors import (
    ErrorSummary,
    euclidean_errors,
    pck,
    reference_length,
    summarise_errors,
)
from marey.metrics.instances import (
    FOUND_SIGMA,
    InstanceScores,
    are_others,
    find_truth,
    match_instances,
    match_truth,
    score_instances,
    take_matched,
)
from marey.metrics.oks import (
    AveragePrecision,
    animal_areas,
    box_area,
    expected_similarity,
    lone_size,
    mean_average_precision,
    object_keypoint_similarity,
    stout_area,
)
from marey.metrics.reliability import (
    Reliability,
    expected_calibration_error,
    harrell_davis_quantile,
    interval_coverage,
    reliability_curve,
)
from marey.metrics.tracks import FrameSimilarity, TrackScores, score_tracks

__all__ = [
    "FOUND_SIGMA",
    "AveragePrecision",
    "ErrorSummary",
    "FrameSimilarity",
    "InstanceScores",
    "Reliability",
    "TrackScores",
    "animal_areas",
    "are_others",
    "bootstrap_interval",
    "box_area",
    "euclidean_errors",
    "expected_calibration_error",
    "expected_similarity",
    "find_truth",
    "harrell_davis_quantile",
    "interval_coverage",
    "lone_size",
    "match_instances",
    "match_truth",
    "mean_average_precision",
    "object_keypoint_similarity",
    "pck",
    "reference_length",
    "reliability_curve",
    "score_instances",
    "score_tracks",
    "stout_area",
    "summarise_errors",
    "take_matched",
]
