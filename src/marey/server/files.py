"""The server's files as the pages see them."""

import mimetypes
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from marey.errors import InputError, NotFoundError, StorageError, VideoError
from marey.jobs.pictures import to_jpeg
from marey.project.project_file import FILE_NAME
from marey.server.roots import Roots
from marey.server.schemas.common import Place
from marey.server.schemas.session import Crumb, FileEntry, FileKind, Listing, VideoProbe

MAX_ENTRIES = 2000
IMAGES_IN_A_FOLDER = 2
LOOKED_AT_IN_A_FOLDER = 50
POSES_SUFFIXES = frozenset({".nc", ".h5", ".slp", ".csv", ".nwb"})
BLOCK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def list_folder(roots: Roots, place: Place) -> Listing:
    """List a folder: folders first, then by name; hidden files and what leads out of the root left out."""
    folder = roots.resolve(place)
    try:
        with os.scandir(folder) as scan:
            found = sorted(scan, key=lambda entry: (not entry.is_dir(), entry.name.casefold()))
    except FileNotFoundError:
        raise NotFoundError(f"there is no folder at {folder}") from None
    except NotADirectoryError:
        raise InputError(f"{folder} is a file, not a folder") from None
    except PermissionError:
        raise StorageError(f"{folder} may not be read", hint="choose another folder") from None
    shown = [entry for entry in found if not entry.name.startswith(".")]
    entries = [_describe(roots, place, entry) for entry in shown[:MAX_ENTRIES]]
    return Listing(
        place=place,
        crumbs=_crumbs(roots, place),
        entries=[entry for entry in entries if entry is not None],
        truncated=len(shown) > MAX_ENTRIES,
    )


def _describe(roots: Roots, folder: Place, entry: "os.DirEntry[str]") -> FileEntry | None:
    path = Path(entry.path)
    if entry.is_symlink() and roots.locate(path) is None:
        return None
    try:
        kind = _kind_of(path)
        status = entry.stat()
    except OSError:  # such as a link that leads nowhere
        return None
    inside = (PurePosixPath(folder.path) / entry.name).as_posix()
    return FileEntry(
        name=entry.name,
        place=Place(root=folder.root, path=inside),
        kind=kind,
        size=None if path.is_dir() else status.st_size,
        modified=datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _kind_of(path: Path) -> FileKind:
    from marey.video import is_video_file

    if path.is_dir():
        if (path / FILE_NAME).is_file():
            return "project"
        return "images" if _holds_images(path) else "folder"
    if is_video_file(path):
        return "video"
    return "poses" if path.suffix.lower() in POSES_SUFFIXES else "file"


def _holds_images(folder: Path) -> bool:
    from marey.video.images import IMAGE_SUFFIXES

    try:
        with os.scandir(folder) as scan:
            names = [entry.name for entry in islice(scan, LOOKED_AT_IN_A_FOLDER)]
    except OSError:
        return False
    n_images = sum(PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES for name in names)
    return n_images >= max(IMAGES_IN_A_FOLDER, len(names) // 2)


def _crumbs(roots: Roots, place: Place) -> list[Crumb]:
    root = next(folder for folder in roots.folders if folder.id == place.root)
    crumbs = [Crumb(name=root.path.name or str(root.path), place=Place(root=place.root))]
    parts = [part for part in PurePosixPath(place.path).parts if part != "."]
    for i, part in enumerate(parts):
        inside = PurePosixPath(*parts[: i + 1]).as_posix()
        crumbs.append(Crumb(name=part, place=Place(root=place.root, path=inside)))
    return crumbs


def resolve_pasted(roots: Roots, text: str) -> Place:
    """Return the place of a path as a person pastes it, with quotes around it or ``~`` in front.

    Raises
    ------
    NotFoundError, ForbiddenError
        There is nothing, or it is outside of every root.
    """
    path = Path(text.strip().strip("\"'")).expanduser()
    if not path.is_absolute():
        raise InputError(f"expected a whole path, such as /data/day1.mp4, got {text!r}")
    place = roots.require(path)
    if not path.exists():
        raise NotFoundError(f"there is nothing at {path}", hint="check the spelling")
    return place


def probe(path: Path) -> VideoProbe:
    """Look into a video."""
    from marey.video import describe_video

    found = describe_video(path)
    return VideoProbe(**{name: found[name] for name in VideoProbe.model_fields})


def thumbnail(path: Path, width: int) -> bytes:
    """Return a small picture of a video, a folder of images or an image, as JPEG.

    Raises
    ------
    InputError
        It is none of these.
    """
    from marey.project.frame_store import read_image
    from marey.video import is_video_file, open_video
    from marey.video.images import IMAGE_SUFFIXES

    if path.suffix.lower() in IMAGE_SUFFIXES:
        return to_jpeg(read_image(path), width=width)
    if not path.is_dir() and not is_video_file(path):
        raise InputError(f"{path.name} is neither a video nor an image")
    with open_video(path) as video:
        if not video.n_frames:
            raise VideoError(f"{path.name} has no frames")
        return to_jpeg(video.read(0), width=width)


def stream_file(path: Path, request: Request) -> Response:
    """Return a file, or the part of it that the request's Range asks for.

    Raises
    ------
    NotFoundError
        There is no such file.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file at {path}")
    size = path.stat().st_size
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=0, must-revalidate"}
    asked = request.headers.get("range")
    if asked is None:
        headers["Content-Length"] = str(size)
        return StreamingResponse(_read(path, 0, size), media_type=kind, headers=headers)
    span = _parse_range(asked, size)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, stop = span
    headers |= {"Content-Range": f"bytes {start}-{stop - 1}/{size}", "Content-Length": str(stop - start)}
    return StreamingResponse(_read(path, start, stop), status_code=206, media_type=kind, headers=headers)


def _parse_range(text: str, size: int) -> tuple[int, int] | None:
    """Return the half-open span of a Range header, or None where it cannot be satisfied."""
    match = _RANGE.fullmatch(text.strip())
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    return (start, stop) if start < stop else None


def _read(path: Path, start: int, stop: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < stop and (block := file.read(min(BLOCK_BYTES, stop - start))):
            start += len(block)
            yield block
