"""The videos of a project, and their frames by rank: frame k here is frame k of training."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from marey.server import videos
from marey.server.context import ProjectDep, WorkspaceDep
from marey.server.files import stream_file
from marey.server.responses import FLOATS, IMMUTABLE, JPEG, NEVER_KEPT, binary, numbers, picture
from marey.server.schemas.common import Place
from marey.server.schemas.projects import AddedVideos, NewVideos, Video, VideoDetail, VideoPatch
from marey.server.video_pool import parse_box

router = APIRouter(prefix="/projects/{project}/videos", tags=["videos"])


@router.get("")
def list_videos(project: ProjectDep) -> list[Video]:
    """List the videos of a project."""
    return videos.list_videos(project)


@router.post("")
def add_videos(workspace: WorkspaceDep, project: ProjectDep, new: NewVideos) -> AddedVideos:
    """Add videos; they stay where they are unless copied."""
    return videos.add(workspace, project, new)


@router.get("/{video}")
def get_video(project: ProjectDep, video: str) -> VideoDetail:
    """Look into one video."""
    return videos.describe_in_detail(project, video)


@router.patch("/{video}")
def change_video(project: ProjectDep, video: str, patch: VideoPatch) -> VideoDetail:
    """Change the metadata or the crop box."""
    return videos.patch(project, video, patch)


@router.post("/{video}/find")
def find_video(workspace: WorkspaceDep, project: ProjectDep, video: str, folder: Place) -> VideoDetail:
    """Look in a folder, and in the folders in it, for a video that was moved or renamed."""
    return videos.find(workspace, project, video, folder)


@router.delete("/{video}", status_code=204)
def remove_video(project: ProjectDep, video: str) -> None:
    """Take a video out of the project; its labels stay in the history, its file and frames on disk."""
    videos.remove(project, video)


@router.get("/{video}/times", response_class=Response, responses=FLOATS)
def get_times(project: ProjectDep, video: str) -> Response:
    """Return when each frame is shown: float64 seconds from the first, shape (n_frames,)."""
    return numbers(project.videos.timestamps_s(video), dtype="<f8")


@router.get("/{video}/frames/{frame}.jpg", response_class=Response, responses=JPEG)
def get_frame(
    project: ProjectDep,
    video: str,
    frame: int,
    quality: Annotated[int, Query(ge=10, le=100)] = 92,
    width: Annotated[int | None, Query(ge=16, le=8192)] = None,
    box: Annotated[str | None, Query(description="x,y,width,height: only this part")] = None,
    stamp: Annotated[str | None, Query(description="of the video: then the browser may keep it")] = None,
) -> Response:
    """Show frame number `frame`, counted from 0 in presentation order, exact."""
    data = project.videos.jpeg(video, frame, quality=quality, width=width, box=parse_box(box))
    is_current = stamp is not None and stamp == project.videos.stamp(video)
    return picture(data, cache=IMMUTABLE if is_current else NEVER_KEPT)


@router.get("/{video}/file", responses=binary("video/mp4", "The file, or the part asked for by Range."))
def get_video_file(project: ProjectDep, video: str, request: Request) -> Response:
    """Stream the file for playback."""
    return stream_file(project.videos.playable_path(video), request)
