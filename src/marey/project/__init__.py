"""The project folder: videos, labels with their history, extracted frames, health checks."""

from marey.project.findings import Finding
from marey.project.label_store import Revision
from marey.project.predicted import find_predicted_video
from marey.project.project import Project
from marey.project.project_file import VideoEntry
from marey.project.skeleton_change import edit_skeleton
from marey.project.templates import TEMPLATES, find_template

__all__ = [
    "TEMPLATES",
    "Finding",
    "Project",
    "Revision",
    "VideoEntry",
    "edit_skeleton",
    "find_predicted_video",
    "find_template",
]
