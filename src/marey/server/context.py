"""What lives as long as the server: the workspace and its open projects."""

from typing import Annotated, Any

from fastapi import Depends, Request

from marey.server.roots import Roots
from marey.server.settings import ServerSettings


class Workspace:
    """Everything that the routes share."""

    recents: Any
    jobs: Any

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.roots = Roots(settings.roots)

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""

    def session(self) -> Any:
        """Return what the page needs first."""


class OpenProject:
    """A project that this server holds."""

    id: str
    videos: Any
    labels: Any
    project: Any

    def start(self, kind: str, arguments: dict, *, title: str, subject: dict | None = None) -> Any:
        """Start a job."""


def _workspace(request: Request) -> Workspace:
    return request.app.state.workspace


def _project(request: Request, project: str) -> OpenProject:
    raise NotImplementedError


WorkspaceDep = Annotated[Workspace, Depends(_workspace)]
ProjectDep = Annotated[OpenProject, Depends(_project)]
