"""DeepLabCut: its projects, its tables of labels and its predictions."""

from marey.formats.deeplabcut.labels import detect, load_labels, save_labels
from marey.formats.deeplabcut.predictions import (
    dlc_file_name,
    dlc_scorer_name,
    load_poses,
    save_poses,
)

__all__ = [
    "detect",
    "dlc_file_name",
    "dlc_scorer_name",
    "load_labels",
    "load_poses",
    "save_labels",
    "save_poses",
]
