"""The project folder: videos, labels with their history, extracted frames, health checks."""

from marey.project.findings import Finding
from marey.project.label_store import Revision
from marey.project.project import Project
from marey.project.project_file import VideoEntry

__all__ = ["Finding", "Project", "Revision", "VideoEntry"]
