"""Poses made better after the prediction: smoothing, cutting by confidence, filling short gaps.

Every function takes a poses Dataset, returns a new one and adds itself to the provenance log. Only what is
there is smoothed; nothing is invented unless gaps are filled on purpose, and invented points are marked.
"""

from marey.refinement.ensemble import combine_ensemble, ensemble_smooth, ensemble_smooth_views
from marey.refinement.filters import median_filter, savgol_filter
from marey.refinement.gaps import INTERPOLATED, cut_by_confidence, interpolate_gaps
from marey.refinement.kalman import kalman_smooth
from marey.refinement.smoothing import METHODS, smooth
from marey.refinement.viterbi import viterbi_filter

__all__ = [
    "INTERPOLATED",
    "METHODS",
    "combine_ensemble",
    "cut_by_confidence",
    "ensemble_smooth",
    "ensemble_smooth_views",
    "interpolate_gaps",
    "kalman_smooth",
    "median_filter",
    "savgol_filter",
    "smooth",
    "viterbi_filter",
]
