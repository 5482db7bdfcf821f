"""The data model: skeletons, labels and poses.

It knows neither networks nor videos nor file formats; everything else speaks in these terms.
"""

from marey.model.labels import (
    FARTHEST_PX,
    UNKNOWN_AUTHOR,
    Instance,
    LabeledFrame,
    Labels,
    Origin,
    Visibility,
)
from marey.model.poses import (
    SKELETON_ATTRIBUTE,
    append_history,
    create_poses,
    load_rows,
    read_history,
    read_skeleton,
    standardise_poses,
    with_rate,
)
from marey.model.skeleton import Skeleton, guess_symmetries

__all__ = [
    "FARTHEST_PX",
    "SKELETON_ATTRIBUTE",
    "UNKNOWN_AUTHOR",
    "Instance",
    "LabeledFrame",
    "Labels",
    "Origin",
    "Skeleton",
    "Visibility",
    "append_history",
    "create_poses",
    "guess_symmetries",
    "load_rows",
    "read_history",
    "read_skeleton",
    "standardise_poses",
    "with_rate",
]
