"""What jobs can do: each task calls one function of the library, the same that the command line calls."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import InputError
from marey.jobs.folder import Weight
from marey.progress import ProgressCallback

if TYPE_CHECKING:
    from marey.project import Project


@dataclass(frozen=True)
class TaskContext:
    """What a task is given.

    Parameters
    ----------
    arguments
        Plain values, as they came with the request.
    project
        The project's folder, or None.
    files
        A folder for what it makes for the page.
    progress
        Told what is being done.
    """

    arguments: dict[str, Any]
    project: Path | None
    files: Path
    progress: ProgressCallback

    def open_project(self) -> "Project":
        """Open the project that the task is about."""
        from marey.project import Project

        if self.project is None:
            raise InputError("this task needs a project")
        return Project.open(self.project)


@dataclass(frozen=True)
class Task:
    """One kind of job.

    Parameters
    ----------
    home
        ``module:function`` below this package.
    weight
        Whether it uses the whole computer.
    can_resume
        Whether it goes on where it was stopped, with the argument ``resume``.
    """

    home: str
    weight: Weight = "heavy"
    can_resume: bool = False

    @property
    def function(self) -> Callable[[TaskContext], dict[str, Any]]:
        """What does it."""
        module, _, name = self.home.partition(":")
        return getattr(importlib.import_module(f"marey.jobs.tasks.{module}"), name)

    def resumed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with which it goes on."""
        return {**arguments, "resume": True, "overwrite": False} if self.can_resume else arguments


TASKS: dict[str, Task] = {
    "train": Task("learning:train_run", can_resume=True),
    "evaluate": Task("learning:evaluate_run"),
    "export-model": Task("learning:export_network", "light"),
    "predict": Task("measuring:predict_video", can_resume=True),
    "suggest": Task("measuring:suggest", "light"),
    "track": Task("measuring:track_animals", "light"),
    "smooth": Task("measuring:smooth_poses", "light"),
    "render": Task("measuring:render", "light"),
    "export-poses": Task("measuring:export", "light"),
    "extract": Task("labelling:extract", "light"),
    "import": Task("labelling:import_labels", "light"),
    "export-labels": Task("labelling:export", "light"),
    "demo": Task("labelling:demo"),
    "calibrate": Task("cameras:calibrate"),
    "triangulate": Task("cameras:triangulate"),
}
