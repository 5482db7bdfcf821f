"""Which videos a user means by files, folders and patterns."""

import glob
from collections.abc import Iterable
from pathlib import Path

from marey.errors import NotFoundError
from marey.video.images import IMAGE_SUFFIXES, natural_key

VIDEO_SUFFIXES = frozenset(
    {
        ".mp4",
        ".avi",
        ".mov",
        ".mkv",
        ".m4v",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".webm",
        ".mjpeg",
        ".mjpg",
        ".flv",
        ".h264",
        ".hevc",
    }
)


def is_video_file(path: Path) -> bool:
    """Return whether the name looks like that of a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")


def find_videos(paths: str | Path | Iterable[str | Path], *, recursive: bool = False) -> list[Path]:
    """Expand files, folders of videos, folders of images and patterns such as ``day*/*.mp4``.

    A file is taken whatever its name; in a folder, what looks like a video. A folder without videos but
    with images is itself a video. Each is given once, folders in the natural order of names.

    Raises
    ------
    NotFoundError
        Something named does not exist, or holds no video.
    """
    found: dict[Path, None] = {}
    paths = [paths] if isinstance(paths, str | Path) else paths
    for path in paths:
        for video in _expand(Path(path), recursive=recursive):
            found[video] = None
    if not found:
        raise NotFoundError("no videos were named", hint="give files, folders or patterns")
    return list(found)


def _expand(path: Path, *, recursive: bool) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        inside = path.rglob("*") if recursive else path.iterdir()
        videos = sorted((p for p in inside if is_video_file(p)), key=lambda p: natural_key(str(p)))
        if videos:
            return videos
        if any(p.suffix.lower() in IMAGE_SUFFIXES for p in path.iterdir()):
            return [path]
        raise NotFoundError(f"there are no videos or images in {path}")
    if path.is_symlink():  # a pattern would find it, and again find nothing behind it
        raise NotFoundError(
            f"{path} is a link to {path.readlink()}, where there is nothing",
            hint="is the drive with the recordings connected?",
        )
    matches = sorted(glob.glob(str(path), recursive=True), key=natural_key)  # noqa: PTH207 - absolute patterns
    if matches in ([], [str(path)]):  # what finds itself is no pattern: it is neither file nor folder
        raise NotFoundError(f"there is no video at {path}", hint="check the spelling of the path")
    return [video for match in matches for video in _expand(Path(match), recursive=recursive)]
