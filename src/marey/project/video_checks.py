"""Health checks of the videos of a project and of its extracted frames."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import FormatError, MareyError, NotFoundError
from marey.files import fingerprint, sha256_of_bytes
from marey.model import LabeledFrame
from marey.project.findings import Finding, Severity, about_frame, about_video
from marey.project.frame_store import number_images, read_image
from marey.project.project_file import VideoEntry
from marey.project.video_links import follow_link

if TYPE_CHECKING:
    from marey.project.project import Project
    from marey.video import FrameSource


def check_video(
    project: "Project", key: str, *, deep: bool, search: Iterable[str | Path]
) -> Iterator[Finding]:
    """Find out whether a video is there, is the same as before, and can be read."""
    entry = project.videos[key]
    try:
        path = project.video_path(key, search=search)
    except NotFoundError as error:
        # An import may come with labels and images alone; training needs no more.
        severity: Severity = "warning" if entry.n_frames is None else "error"
        yield about_video(severity, "video-missing", key, error.message, error.hint or "")
        return
    if path != follow_link(entry.path, project.root):
        yield about_video("info", "video-moved", key, f"was found again at {path}")
    if path.is_file() and entry.fingerprint and fingerprint(path) != entry.fingerprint:
        yield about_video(
            "warning",
            "video-changed",
            key,
            f"{path} is not the file that was added to the project",
            "frame numbers may have shifted: put the original back, or add the new file under another key",
        )
    try:
        with project.open_video(key) as video:
            yield from _check_decoding(key, entry, video, deep=deep)
    except MareyError as error:
        yield about_video("error", "video-unreadable", key, error.message, error.hint or "")


def _check_decoding(key: str, entry: VideoEntry, video: "FrameSource", *, deep: bool) -> Iterator[Finding]:
    if entry.n_frames is not None and video.n_frames != entry.n_frames:
        yield about_video(
            "error",
            "frame-count",
            key,
            f"has {video.n_frames} frames, but had {entry.n_frames} when it was added",
            "put the original back: labels are tied to frame numbers",
        )
    if deep:
        n_decoded = sum(1 for _ in video.frames())
        if n_decoded != video.n_frames:
            yield about_video(
                "error",
                "video-damaged",
                key,
                f"only {n_decoded} of {video.n_frames} frames can be decoded",
                "copy it again from the camera",
            )
    # Last, because some problems show only while decoding.
    for problem in video.problems:
        hint = "poses keep the number and time of each frame; other programs may count differently"
        yield about_video("warning", "video-problem", key, problem, hint)


def find_size(project: "Project", key: str) -> VideoEntry:
    """Return the entry of a video, with the size of its first image where the video was never seen."""
    entry = project.videos[key]
    names = project.image_names(key)
    if entry.width is not None or not names:
        return entry
    try:
        height, width = read_image(project.frames_folder(key) / names[0]).shape[:2]
    except FormatError:
        return entry
    return entry.model_copy(update={"width": width, "height": height})


def check_images(
    project: "Project", key: str, frames: Sequence[LabeledFrame], *, has_video: bool, deep: bool
) -> Iterator[Finding]:
    """Find labelled frames without an image, images without labels, and images that cannot be read."""
    folder = project.frames_folder(key)
    names = project.image_names(key)
    numbers = dict(number_images(names))
    wanted = {frame.frame: frame.image for frame in frames}
    for frame in frames:
        if frame.image in names or (frame.image is None and frame.frame in numbers.values()):
            continue
        yield about_frame(
            "warning" if has_video else "error",
            "no-image",
            key,
            frame.frame,
            f"has labels, but its image {frame.image or ''}".rstrip() + " is not in the project",
            "extract the frame again" if has_video else f"put the image into {folder}",
        )
    used = {image for image in wanted.values() if image} | {
        name for name, number in numbers.items() if number in wanted
    }
    if waiting := [name for name in names if name not in used]:
        wait = "1 image waits" if len(waiting) == 1 else f"{len(waiting)} images wait"
        yield about_video("info", "unlabelled-images", key, f"{wait} to be labelled")
    yield from _check_files(key, find_size(project, key), folder, names, deep=deep)


def _check_files(
    key: str, entry: VideoEntry, folder: Path, names: Sequence[str], *, deep: bool
) -> Iterator[Finding]:
    same: dict[str, list[str]] = defaultdict(list)
    for name in names:
        path = folder / name
        if not deep and path.stat().st_size:
            continue
        same[sha256_of_bytes(path.read_bytes())].append(name)
        try:
            height, width = read_image(path).shape[:2]
        except FormatError as error:
            yield about_video("error", "image-unreadable", key, error.message, error.hint or "")
            continue
        if entry.width is not None and (width, height) != (entry.width, entry.height):
            yield about_video(
                "warning",
                "image-size",
                key,
                f"{name} has {width}x{height} pixels, others of this video {entry.width}x{entry.height}",
                "labels on it may be shifted: extract the frame again",
            )
    for group in same.values():
        if len(group) > 1:
            yield about_video(
                "warning",
                "image-twice",
                key,
                f"{', '.join(group)} are the same image",
                "keep one, or the same frame is trained on and tested on",
            )
