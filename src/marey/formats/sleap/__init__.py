"""SLEAP: ``.slp`` files and packages, and the analysis HDF5 (in :mod:`.analysis`)."""

from marey.formats.sleap.labels import load_labels, save_labels
from marey.formats.sleap.poses import load_poses, save_poses
from marey.formats.sleap.slp_file import detect

__all__ = ["detect", "load_labels", "load_poses", "save_labels", "save_poses"]
