"""DeepLabCut: its projects, its tables of labels and its predictions."""

from marey.formats.deeplabcut.labels import detect, load_labels, save_labels
from marey.formats.deeplabcut.predictions import dlc_filtered_names, load_poses, save_poses
from marey.formats.deeplabcut_names import SCORER_ATTRIBUTE, dlc_file_name, dlc_scorer_name

__all__ = [
    "SCORER_ATTRIBUTE",
    "detect",
    "dlc_file_name",
    "dlc_filtered_names",
    "dlc_scorer_name",
    "load_labels",
    "load_poses",
    "save_labels",
    "save_poses",
]
