"""The videos of a project as its page shows them."""

from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import MareyError, NotFoundError
from marey.project.video_links import follow_link
from marey.server import results
from marey.server.schemas.common import Place
from marey.server.schemas.projects import (
    AddedVideos,
    NewVideos,
    NotAdded,
    Video,
    VideoDetail,
    VideoPatch,
)
from marey.video import Video as OpenVideo

if TYPE_CHECKING:
    from marey.server.context import OpenProject, Workspace

PLAYABLE = frozenset({".mp4", ".m4v", ".webm", ".mov", ".mkv"})
CODECS = frozenset({"h264", "vp8", "vp9", "av1"})


def list_videos(project: "OpenProject") -> list[Video]:
    """Return the videos of a project."""
    n_results: dict[str | None, int] = {}
    for result in results.list_results(project):
        n_results[result.video] = n_results.get(result.video, 0) + 1
    return [_describe(project, key, n_results.get(key, 0)) for key in project.project.videos]


def _describe(project: "OpenProject", key: str, n_results: int) -> Video:
    opened = project.project
    entry = opened.videos[key]
    path = follow_link(entry.path, opened.root)
    is_missing = not path.exists()
    if is_missing:
        try:
            path = opened.video_path(key)
            is_missing = False
        except MareyError:
            pass
    return Video(
        key=key,
        path=str(path),
        is_missing=is_missing,
        n_frames=entry.n_frames,
        fps=entry.fps,
        width=entry.width,
        height=entry.height,
        duration_s=entry.n_frames / entry.fps if entry.n_frames and entry.fps else None,
        metadata=entry.metadata,
        crop=entry.crop,
        stamp=project.videos.stamp(key),
        n_extracted=len(opened.image_names(key)),
        n_labelled=len(project.labels.frames(key)),
        n_results=n_results,
    )


def describe_in_detail(project: "OpenProject", key: str) -> VideoDetail:
    """Look into one video."""
    project.require_video(key)
    n_results = sum(result.video == key for result in results.list_results(project))
    shown = _describe(project, key, n_results)
    if shown.is_missing:
        message = f"the file is not at {shown.path}"
        return VideoDetail(**shown.model_dump(), is_variable_rate=False, problems=[message], can_play=False)
    with project.videos.source(key) as source:
        times = source.timestamps_s
        is_variable, problems = source.is_variable_rate, list(source.problems)
        codec = source.codec if isinstance(source, OpenVideo) else ""
    shown.duration_s = float(times[-1] - times[0]) + 1 / shown.fps if len(times) and shown.fps else None
    can_play = Path(shown.path).suffix.lower() in PLAYABLE and codec in CODECS
    return VideoDetail(
        **shown.model_dump(), is_variable_rate=is_variable, problems=problems, can_play=can_play
    )


def add(workspace: "Workspace", project: "OpenProject", new: NewVideos) -> AddedVideos:
    """Add videos; one that cannot be added does not keep the others from it."""
    keys, refused = [], []
    for place in new.places:
        try:
            path = workspace.roots.resolve(place)
            keys.append(project.project.add_video(path, copy=new.copy_into_project, metadata=new.metadata))
        except MareyError as error:
            refused.append(NotAdded(place=place, message=error.message, hint=error.hint))
    return AddedVideos(added=[_describe(project, key, 0) for key in keys], refused=refused)


def patch(project: "OpenProject", key: str, change: VideoPatch) -> VideoDetail:
    """Change the metadata or the crop box."""
    opened = project.project
    if change.metadata is not None:
        opened.set_metadata(key, change.metadata)
    if change.crop is not None or change.clear_crop:
        opened.set_crop(key, None if change.clear_crop else change.crop)
    return describe_in_detail(project, key)


def find(workspace: "Workspace", project: "OpenProject", key: str, folder: Place) -> VideoDetail:
    """Look for a video that was moved, in a folder and what lies in it; known by its content, not its name.

    Raises
    ------
    NotFoundError
        It is not there.
    """
    project.require_video(key)
    path = workspace.roots.resolve(folder)
    try:
        project.project.video_path(key, search=[path])
    except NotFoundError as error:
        raise NotFoundError(f"the video {key!r} is not in {path}", hint="look in another folder") from error
    return describe_in_detail(project, key)


def remove(project: "OpenProject", key: str) -> None:
    """Take a video out of the project."""
    project.require_video(key)
    project.labels.flush(key)
    project.project.remove_video(key)
    project.labels.forget()
