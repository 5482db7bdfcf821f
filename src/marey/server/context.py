"""What lives as long as the server: the workspace and its open projects."""

import contextlib
import getpass
import threading
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from marey import __version__
from marey.errors import MareyError, NotFoundError
from marey.formats import FORMATS
from marey.jobs.devices import count_cpus, count_gpus
from marey.jobs.folder import Request as JobRequest
from marey.jobs.predictor_process import PredictorProcess
from marey.jobs.queue import JobQueue
from marey.project import Project
from marey.project.project_file import FILE_NAME
from marey.server import job_views
from marey.server.label_desk import LabelDesk
from marey.server.ownership import Ownership
from marey.server.proofreading import ProofreadingDesk
from marey.server.recents import Recents, identify
from marey.server.roots import Roots
from marey.server.schemas.common import Place, Root
from marey.server.schemas.jobs import Job
from marey.server.schemas.session import FormatChoice, Session
from marey.server.settings import ServerSettings
from marey.server.timelines import Timelines
from marey.server.video_pool import VideoPool


class OpenProject:
    """A project that this server holds.

    Parameters
    ----------
    root
        Its folder.
    jobs
        Where its long tasks go.
    place
        Where it is among the server's roots, or None.
    """

    def __init__(self, root: Path, jobs: JobQueue, place: Place | None = None) -> None:
        self.id = identify(root)
        self.place = place
        self.root = root
        self.jobs = jobs
        self.ownership = Ownership(root)
        self.ownership.take()
        self._project = Project.open(root)
        self._stamp = self._read_stamp()
        self._lock = threading.Lock()
        self.labels = LabelDesk(self)
        self.videos = VideoPool(self)
        self.timelines = Timelines()
        self.proofreading = ProofreadingDesk()
        self.predictor = PredictorProcess()

    @property
    def project(self) -> Project:
        """The project as its ``project.yaml`` is now, whoever changed it."""
        stamp = self._read_stamp()
        with self._lock:
            if stamp != self._stamp:
                self._project = Project.open(self.root)
                self._stamp = stamp
            return self._project

    def _read_stamp(self) -> tuple[int, int, int]:
        try:
            status = (self.root / FILE_NAME).stat()
        except OSError as error:
            raise NotFoundError(
                f"the project at {self.root} is gone", hint="was it moved or renamed? Open it again"
            ) from error
        return status.st_mtime_ns, status.st_size, status.st_ino

    def require_video(self, key: str) -> None:
        """Raise where the project has no such video.

        Raises
        ------
        NotFoundError
            It has not.
        """
        self.project._entry(key)

    def start(
        self, kind: str, arguments: dict[str, Any], *, title: str, subject: dict[str, Any] | None = None
    ) -> Job:
        """Start a long task with everything saved that it may read."""
        self.labels.flush()
        request = JobRequest(kind, title, arguments, str(self.root), subject or {})
        return job_views.describe_job(self.jobs.submit(request))

    def close(self) -> None:
        """Save what is unsaved, and let go."""
        self.labels.close()
        self.videos.close()
        self.predictor.close()
        self.ownership.release()


class Workspace:
    """Everything that the routes share.

    Parameters
    ----------
    settings
        What the server was started with.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.roots = Roots(settings.roots)
        self.recents = Recents(settings.state_folder / "recents.json")
        self.jobs = JobQueue(settings.state_folder / "jobs")
        self.feed = job_views.JobFeed(self.jobs)
        self._open: dict[str, OpenProject] = {}
        self._is_started = False
        self._lock = threading.RLock()

    def start(self) -> None:
        """Open the project that the server was started with, and begin to look after jobs; once."""
        if self._is_started:
            return
        if self.settings.project is not None:
            self.open(self.settings.project)
        self.jobs.start()
        self.feed.start()
        self._is_started = True

    def stop(self) -> None:
        """Save and let go of everything; the jobs go on."""
        self.feed.stop()
        self.jobs.stop()
        with self._lock:
            for project in self._open.values():
                project.close()
            self._open.clear()
        self._is_started = False

    def open(self, path: Path) -> OpenProject:
        """Open the project at `path`, or return it where it is open.

        Raises
        ------
        NotFoundError
            There is none.
        ConflictError
            Another server has it.
        """
        root = Project.open(path).root.resolve()
        with self._lock:
            project = self._open.get(identify(root))
            if project is None:
                project = OpenProject(root, self.jobs, self.roots.locate(root))
                self._open[project.id] = project
        self.recents.add(root, project.project.name)
        return project

    def find(self, project_id: str) -> OpenProject:
        """Return an open project; one that was open before a restart is opened again.

        Raises
        ------
        NotFoundError
            It was never opened here, or is not where it was.
        """
        with self._lock:
            project = self._open.get(project_id)
        if project is not None:
            return project
        root = self.recents.find(project_id)
        is_known = root is not None and (self.roots.locate(root) is not None or root == self.settings.project)
        if root is None or not is_known:
            raise NotFoundError("this project is not open", hint="open it on the start page")
        return self.open(root)

    def close(self, project_id: str) -> None:
        """Let go of a project."""
        with self._lock:
            project = self._open.pop(project_id, None)
        if project is not None:
            project.close()

    def session(self) -> Session:
        """Return what the page needs to know first."""
        roots = [
            Root(id=folder.id, name=folder.path.name or str(folder.path), path=str(folder.path))
            for folder in self.roots.folders
        ]
        return Session(
            version=__version__,
            roots=roots,
            project=self._first_project,
            labeller=_user_name(),
            n_cpus=count_cpus(),
            n_gpus=count_gpus(),
            n_cpu_slots=len(self.jobs.slots["heavy"]),
            import_formats=_formats("load_labels"),
            export_formats=_formats("save_labels"),
        )

    @cached_property
    def _first_project(self) -> str | None:
        if self.settings.project is None:
            return None
        with contextlib.suppress(MareyError):
            return identify(Project.open(self.settings.project).root)
        return None


def _formats(ability: str) -> list[FormatChoice]:
    return [FormatChoice(name=item.name, title=item.title) for item in FORMATS if ability in item.can]


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without users
        return ""


def _workspace(request: Request) -> Workspace:
    return request.app.state.workspace


WorkspaceDep = Annotated[Workspace, Depends(_workspace)]


def _project(workspace: WorkspaceDep, project: str) -> OpenProject:
    return workspace.find(project)


ProjectDep = Annotated[OpenProject, Depends(_project)]
