"""Projects: made, opened, imported; what they hold."""

from typing import Annotated

from fastapi import APIRouter, Query

from marey.server import overview, projects
from marey.server.context import ProjectDep, WorkspaceDep
from marey.server.schemas.common import Place
from marey.server.schemas.jobs import Job
from marey.server.schemas.projects import (
    Checks,
    DemoRequest,
    ImportRequest,
    NewProject,
    Project,
    ProjectPatch,
    Recent,
    Skeleton,
    SkeletonChange,
    Template,
)
from marey.server.schemas.results import LabelsExport

router = APIRouter(tags=["projects"])


@router.get("/templates")
def list_templates() -> list[Template]:
    """List the skeletons to start from."""
    return projects.list_templates()


@router.get("/recents")
def list_recents(workspace: WorkspaceDep) -> list[Recent]:
    """List the projects that were opened before, latest first."""
    return workspace.recents.entries()


@router.delete("/recents/{id}", status_code=204)
def forget_recent(workspace: WorkspaceDep, id: str) -> None:  # noqa: A002
    """Take a project off the list; its files stay."""
    workspace.recents.forget(id)


@router.post("/projects", status_code=201)
def create_project(workspace: WorkspaceDep, new: NewProject) -> Project:
    """Make a project and open it."""
    return overview.describe_project(projects.create(workspace, new))


@router.post("/projects/open")
def open_project(workspace: WorkspaceDep, place: Place) -> Project:
    """Open a project: its folder, or anything inside it."""
    return overview.describe_project(workspace.open(workspace.roots.resolve(place)))


@router.post("/projects/import", status_code=202)
def import_project(workspace: WorkspaceDep, request: ImportRequest) -> Job:
    """Make a project from the labels of another tool; when the job is done, open its ``result.place``."""
    return projects.start_import(workspace, request)


@router.post("/projects/demo", status_code=202)
def make_demo(workspace: WorkspaceDep, request: DemoRequest) -> Job:
    """Make the demo project; when the job is done, open its ``result.place``."""
    return projects.start_demo(workspace, request)


@router.get("/projects/{project}")
def get_project(project: ProjectDep) -> Project:
    """Say what a project holds, and what to do next."""
    return overview.describe_project(project)


@router.patch("/projects/{project}")
def change_project(project: ProjectDep, patch: ProjectPatch) -> Project:
    """Change the name, the individuals or the conditions."""
    projects.patch(project, patch)
    return overview.describe_project(project)


@router.post("/projects/{project}/close", status_code=204)
def close_project(workspace: WorkspaceDep, project: ProjectDep) -> None:
    """Let go of a project, so that another server can have it."""
    workspace.close(project.id)


@router.get("/projects/{project}/checks")
def check_project(project: ProjectDep, deep: Annotated[bool, Query()] = False) -> Checks:
    """Find out what is wrong or suspicious, in plain words; `deep` decodes every video to its end."""
    return overview.check(project, deep=deep)


@router.get("/projects/{project}/skeleton")
def get_skeleton(project: ProjectDep) -> Skeleton:
    """Return the keypoints with their colours, edges and pairs."""
    return projects.describe_skeleton(project.project)


@router.put("/projects/{project}/skeleton")
def change_skeleton(project: ProjectDep, change: SkeletonChange) -> Skeleton:
    """Add, rename, remove, order, colour and join keypoints; the labels follow."""
    return projects.change_skeleton(project, change)


@router.post("/projects/{project}/export", status_code=202)
def export_labels(project: ProjectDep, request: LabelsExport) -> Job:
    """Write the labels in another tool's format into the project's folder ``exports``."""
    return projects.start_export(project, request)
