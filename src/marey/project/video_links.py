"""How a project refers to its videos, and finds them again when they have moved."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from marey.errors import NotFoundError
from marey.files import fingerprint
from marey.project.project_file import VideoEntry

MAX_FILES_SEARCHED = 20_000
"""Files looked at in one folder tree before the search for a moved video gives up there."""


def to_link(path: Path, root: Path) -> str:
    """Return `path` relative to the project `root` with ``/``, or absolute where nothing leads there.

    The link also holds for who opens the project by its own path where `root` is reached by a symbolic link.
    """
    try:
        link = os.path.relpath(path, root)
        if link.startswith("..") and _join(root.resolve(), link).resolve() != path.resolve():
            link = os.path.relpath(path.parent.resolve() / path.name, root.resolve())
    except ValueError:  # another drive on Windows
        return path.absolute().as_posix()
    return Path(link).as_posix()


def follow_link(link: str, root: Path) -> Path:
    """Return the place that `link` names, seen from the project `root`."""
    place = _join(root, link)
    if place.exists():
        return place
    from_itself = _join(root.resolve(), link)  # differs where a symbolic link leads to the project
    return from_itself if from_itself.exists() else place


def _join(root: Path, link: str) -> Path:
    return Path(os.path.normpath(root / link))


def describe_video(path: Path, link: str) -> VideoEntry:
    """Return the entry of the video (or folder of images) at `path`.

    Raises
    ------
    NotFoundError, VideoError
        There is none, or it cannot be read.
    """
    from marey.video import open_video

    if not path.exists():
        raise NotFoundError(f"expected a video at {path}, but there is none", hint="check the path")
    with open_video(path) as video:
        fps = float(video.fps) if video.fps else None
        n_frames, width, height = int(video.n_frames), int(video.width), int(video.height)
    return VideoEntry(
        path=link,
        fingerprint=fingerprint(path) if path.is_file() else "",
        n_frames=n_frames,
        fps=fps,
        width=width,
        height=height,
    )


def find_moved(entry: VideoEntry, root: Path, search: Iterable[Path] = ()) -> Path | None:
    """Look for a video that is not where its entry says.

    Files are compared by content, so a renamed video is found and another one of the same name is not
    taken for it; only a video that was never seen is known by its name alone.

    Parameters
    ----------
    entry
        What is known of it.
    root
        The project's folder, searched first.
    search
        More folders to search, with their sub-folders. The folder in which the video was, and that
        folder's parents up to two levels, are searched too.
    """
    name = _file_name(entry.path)
    old_folder = follow_link(entry.path, root).parent
    near = [(folder, depth) for depth, folder in enumerate([old_folder, *list(old_folder.parents)[:2]])]
    trees = [(root, 4), *((folder, 8) for folder in search)]
    if entry.fingerprint:
        trees += [(folder, 2) for folder, _ in near]
    for folder, depth in trees:
        found = _find_in(folder, depth, name, entry.fingerprint)
        if found is not None:
            return found
    return None


def _find_in(folder: Path, depth: int, name: str, wanted: str) -> Path | None:
    size = int(wanted.partition("-")[0]) if wanted else None
    suffix = PurePosixPath(name).suffix
    renamed = []
    for path in _walk(folder, depth):
        if path.name == name:
            if not wanted or _has_fingerprint(path, wanted):
                return path
        elif size is not None and path.suffix == suffix and _size(path) == size:
            renamed.append(path)
    return next((path for path in renamed if _has_fingerprint(path, wanted)), None)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the files below `folder`, nearer ones first."""
    level, n_seen = [folder], 0
    for _ in range(depth + 1):
        below: list[Path] = []
        for place in level:
            try:
                entries = sorted(os.scandir(place), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                n_seen += 1
                if n_seen > MAX_FILES_SEARCHED:
                    return
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        below.append(Path(entry.path))
                else:
                    yield Path(entry.path)
        level = below


def _has_fingerprint(path: Path, wanted: str) -> bool:
    try:
        return _size(path) == int(wanted.partition("-")[0]) and fingerprint(path) == wanted
    except OSError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _file_name(link: str) -> str:
    """Return the last part of a link that may come from another system."""
    return PureWindowsPath(link).name if ":" in link[:3] else PurePosixPath(link).name
