"""The server's files, inside its roots."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from marey.server import files
from marey.server.context import WorkspaceDep
from marey.server.responses import JPEG, SHORT_LIVED, picture
from marey.server.schemas.common import Place
from marey.server.schemas.session import Listing, PathQuery, VideoProbe

router = APIRouter(prefix="/files", tags=["files"])


def _place(root: Annotated[str, Query()], path: Annotated[str, Query()] = "") -> Place:
    return Place(root=root, path=path)


PlaceQuery = Annotated[Place, Depends(_place)]


@router.get("")
def list_files(workspace: WorkspaceDep, place: PlaceQuery) -> Listing:
    """List a folder: folders first, hidden files left out."""
    return files.list_folder(workspace.roots, place)


@router.post("/resolve")
def resolve_path(workspace: WorkspaceDep, query: PathQuery) -> Place:
    """Find the place of a path that a person pasted."""
    return files.resolve_pasted(workspace.roots, query.path)


@router.get("/probe")
def probe_video(workspace: WorkspaceDep, place: PlaceQuery) -> VideoProbe:
    """Look into a video before it is added."""
    return files.probe(workspace.roots.resolve(place))


@router.get("/thumbnail", response_class=Response, responses=JPEG)
def get_file_thumbnail(
    workspace: WorkspaceDep, place: PlaceQuery, width: Annotated[int, Query(ge=16, le=1024)] = 240
) -> Response:
    """Show the first frame of a video, or an image."""
    return picture(files.thumbnail(workspace.roots.resolve(place), width), cache=SHORT_LIVED)
