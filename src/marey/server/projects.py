"""Projects made, changed and imported."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import ConfigError, InputError
from marey.formats import format_named
from marey.jobs.folder import Request as JobRequest
from marey.model import Skeleton
from marey.project import TEMPLATES, Project, find_template
from marey.project.names import check_name
from marey.server import job_views
from marey.server.schemas import projects as schema

if TYPE_CHECKING:
    from marey.server.context import OpenProject, Workspace
    from marey.server.schemas.common import Place
    from marey.server.schemas.jobs import Job
    from marey.server.schemas.results import LabelsExport

_TITLES = {
    "mouse-top": "Mouse, from above",
    "mouse-side": "Mouse, from the side",
    "fly": "Fly",
    "fish": "Fish",
    "quadruped": "Dog, horse or another quadruped",
    "person": "Person",
}
FIRST_KEYPOINT = "point 1"


def list_templates() -> list[schema.Template]:
    """Return the skeletons to start from."""
    return [
        schema.Template(name=name, title=_TITLES.get(name, name), skeleton=_to_body(skeleton))
        for name, skeleton in TEMPLATES.items()
    ]


def create(workspace: "Workspace", new: schema.NewProject) -> "OpenProject":
    """Make a project and open it."""
    folder = _new_folder(workspace, new.parent, new.name)
    if new.skeleton is not None:
        skeleton = Skeleton.from_dict(new.skeleton.model_dump())
    else:
        skeleton = find_template(new.template) if new.template else Skeleton((FIRST_KEYPOINT,))
    project = Project.create(folder, name=new.name, skeleton=skeleton, individuals=new.individuals)
    return workspace.open(project.root)


def start_import(workspace: "Workspace", request: schema.ImportRequest) -> "Job":
    """Make a project from the labels of another tool."""
    folder = _new_folder(workspace, request.parent, request.name)
    arguments = {
        "source": str(workspace.roots.resolve(request.source)),
        "destination": str(folder),
        "format": request.format,
        "name": request.name,
        "author": request.author,
        "copy_videos": request.copy_videos,
    }
    return _submit(workspace, "import", f"importing {request.name}", arguments)


def start_demo(workspace: "Workspace", request: schema.DemoRequest) -> "Job":
    """Make the demo."""
    folder = _new_folder(workspace, request.parent, request.name)
    return _submit(workspace, "demo", "making the demo", {"folder": str(folder), "minutes": request.minutes})


def _submit(workspace: "Workspace", kind: str, title: str, arguments: dict[str, Any]) -> "Job":
    return job_views.describe_job(workspace.jobs.submit(JobRequest(kind, title, arguments)))


def _new_folder(workspace: "Workspace", parent: "Place", name: str) -> Path:
    """Return the folder `name` inside `parent`, which must be there."""
    check_name(name, "a name")
    folder = workspace.roots.resolve(parent)
    if not folder.is_dir():
        raise InputError(f"expected a folder to put {name!r} into, but {folder} is none")
    return folder / name


def patch(project: "OpenProject", change: schema.ProjectPatch) -> None:
    """Change the name, the individuals or the conditions."""
    opened = project.project
    if change.name is not None:
        opened.set_name(change.name)
    if change.individuals is not None:
        opened.set_individuals(change.individuals)
    if change.conditions is not None:
        opened.set_conditions(change.conditions)


def start_export(project: "OpenProject", request: "LabelsExport") -> "Job":
    """Write the labels in another tool's format."""
    suffix = format_named(request.format).suffix
    output = project.project.root / "exports" / f"labels-{request.format}{suffix}"
    arguments = {"output": str(output), **request.model_dump()}
    return project.start("export-labels", arguments, title=f"exporting labels ({request.format})")


def describe_skeleton(project: Project) -> schema.Skeleton:
    """Return a project's keypoints with their colours, edges and pairs."""
    skeleton = project.skeleton
    return schema.Skeleton(
        **_to_body(skeleton).model_dump(),
        symmetries_confirmed=project.symmetries_confirmed,
        colours=_colours(project),
    )


def change_skeleton(project: "OpenProject", change: schema.SkeletonChange) -> schema.Skeleton:
    """Make `change` the skeleton of a project; its labels follow."""
    opened = project.project
    if unknown := sorted(set(change.colours) - set(change.keypoints)):
        raise ConfigError(f"there is no keypoint {unknown[0]!r} to give a colour to")
    body = change.model_dump(include={"name", "keypoints", "edges", "symmetries"})
    project.labels.flush()
    opened.set_skeleton(
        Skeleton.from_dict(body),
        renames=change.renames,
        allow_loss=change.allow_loss,
        author=change.author,
    )
    if change.symmetries_confirmed:
        opened.confirm_symmetries()
    opened.set_colours({change.renames.get(k, k): v for k, v in opened.colours.items()} | change.colours)
    project.labels.forget()
    return describe_skeleton(project.project)


def _to_body(skeleton: Skeleton) -> schema.SkeletonBody:
    return schema.SkeletonBody(**skeleton.to_dict())


def _colours(project: Project) -> dict[str, str]:
    """Return ``#rrggbb`` of every keypoint: chosen, or as in labelled videos."""
    from marey.visualisation import choose_colours

    names = project.skeleton.keypoints
    usual = choose_colours(len(names), "auto")
    palette = {
        name: "#{:02x}{:02x}{:02x}".format(*rgb) for name, rgb in zip(names, usual.tolist(), strict=True)
    }
    return palette | {name: colour for name, colour in project.colours.items() if name in palette}
