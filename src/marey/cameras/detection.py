"""Looking for a board in the images or videos of several cameras."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from marey.cameras.boards import Board, Charuco
from marey.cameras.naming import Named, find_named
from marey.cameras.sightings import Sightings
from marey.errors import InputError
from marey.files import atomic_path, fingerprint
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.video import is_video_file, open_video
from marey.video.images import IMAGE_SUFFIXES, natural_key, read_image_file
from marey.video.source import Frame

CACHE_VERSION = 1
MAX_VIDEO_VIEWS = 300
N_TRIED_FOR_PATTERN = 6
SIZE_HINT = "give the frames of each camera in one resolution, the one that the recordings have"


@dataclass(frozen=True)
class _Image:
    """One image to look at: a file, or a frame of a video."""

    camera: str
    view: str
    path: Path
    frame: int | None = None


def detect_boards(
    folder: str | Path,
    pattern: str,
    board: Board,
    *,
    max_video_views: int = MAX_VIDEO_VIEWS,
    cache: str | Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> Sightings:
    """Look for a board in images or videos.

    Images belong to the same view when their names are the same apart from the camera's; frames of videos
    when their numbers are.

    Parameters
    ----------
    folder, pattern
        Where the files are, see :func:`marey.cameras.naming.find_named`.
    board
        What to look for. Of a ChArUco board the new pattern is tried, then the legacy one, if it is not said
        to be legacy; the one that fits better is used.
    max_video_views
        Look at about so many frames of each video, evenly spaced and the same in all.
    cache
        A file that keeps what was found: another call with the same files and board reads it.
    progress
        Told after each image.

    Raises
    ------
    NotFoundError
        No file fits the pattern.
    InputError
        Images of one camera have different sizes, or the board is nowhere.
    """
    images = _list_images(find_named(folder, pattern), max_video_views)
    key = _cache_key(images, board)
    found = _read_cache(cache, key, board, images)
    if found is None:
        found = _look(images, _choose_pattern(board, images), progress)
        if cache is not None:
            _write_cache(Path(cache), key, found)
    _check_found(found, len(images))
    return found


def _list_images(files: Sequence[Named], max_video_views: int) -> list[_Image]:
    videos = [file for file in files if is_video_file(file.path)]
    pictures = [file for file in files if file.path.suffix.lower() in IMAGE_SUFFIXES]
    if not videos and not pictures:
        raise InputError(
            f"expected images or videos, got {files[0].path.name} and {len(files) - 1} others that are "
            "neither",
            hint="check the end of the pattern, such as *.jpg or *.mp4",
        )
    if videos and pictures:
        raise InputError(
            f"expected images or videos, got both: {pictures[0].path.name} and {videos[0].path.name}",
            hint="end the pattern with *.jpg or *.mp4",
        )
    if pictures:
        return [_Image(file.camera, file.view, file.path) for file in pictures]
    return _list_frames(videos, max_video_views)


def _list_frames(videos: Sequence[Named], max_video_views: int) -> list[_Image]:
    lengths = []
    for file in videos:
        with open_video(file.path) as video:
            lengths.append(video.n_frames)
    step = max(1, -(-max(lengths) // max_video_views))
    several = len({file.view for file in videos}) > 1
    return [
        _Image(file.camera, f"{file.view} {frame}" if several else str(frame), file.path, frame)
        for file, length in zip(videos, lengths, strict=True)
        for frame in range(0, length, step)
    ]


def _pixels(images: Sequence[_Image]) -> Iterator[tuple[_Image, np.ndarray]]:
    """Give the images with their pixels, videos in one pass each."""
    position = 0
    while position < len(images):
        image = images[position]
        if image.frame is None:
            yield image, read_image_file(image.path)
            position += 1
            continue
        run = [other for other in images[position:] if other.path == image.path]
        step = run[1].frame - run[0].frame if len(run) > 1 else 1  # type: ignore[operator]
        with open_video(image.path) as video:
            frames: Iterator[tuple[int, Frame]] = video.frames(image.frame, (run[-1].frame or 0) + 1, step)
            for wanted, (_, frame) in zip(run, frames, strict=True):
                yield wanted, frame.grey()
        position += len(run)


def _choose_pattern(board: Board, images: Sequence[_Image]) -> Board:
    """Of a ChArUco board whose pattern was not said to be legacy, take the pattern that is found more."""
    if not isinstance(board, Charuco) or board.legacy or board.rows % 2:
        return board
    chosen = np.linspace(0, len(images) - 1, min(len(images), N_TRIED_FOR_PATTERN)).astype(int)
    old = replace(board, legacy=True)
    counts = np.zeros(2)
    for _, pixels in _pixels([images[i] for i in sorted(set(chosen))]):
        counts += [np.isfinite(kind.detect(pixels)).sum() for kind in (board, old)]
    return old if counts[1] > counts[0] else board


def _look(images: Sequence[_Image], board: Board, progress: ProgressCallback) -> Sightings:
    cameras = sorted({image.camera for image in images}, key=natural_key)
    views = sorted({image.view for image in images}, key=natural_key)
    camera_at, view_at = _places(cameras), _places(views)
    corners = np.full((len(cameras), len(views), len(board.points), 2), np.nan)
    sizes: dict[str, tuple[int, int]] = {}
    sources = {}
    stage = "looking for the board"
    for done, (image, pixels) in enumerate(_pixels(images), start=1):
        size = (pixels.shape[1], pixels.shape[0])
        if sizes.setdefault(image.camera, size) != size:
            first = sizes[image.camera]
            raise InputError(
                f"expected images of one size from camera {image.camera}, got {first[0]} × {first[1]} and, "
                "in "
                f"{image.path.name}, {size[0]} × {size[1]}",
                hint=SIZE_HINT,
            )
        place = camera_at[image.camera], view_at[image.view]
        corners[place] = board.detect(pixels)
        sources[place] = (image.path, image.frame)
        progress(Progress(stage, done, len(images), {"found": float(np.isfinite(corners[place]).any())}))
    ordered = np.array([sizes[camera] for camera in cameras])
    return Sightings(board, tuple(cameras), ordered, tuple(views), corners, sources)


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _check_found(found: Sightings, n_images: int) -> None:
    if not found.is_seen.any():
        raise InputError(
            f"expected to see the board {found.board.describe()} in some of {n_images} images, but it is "
            "in none",
            hint="check the numbers of columns and rows (inner corners of a chessboard, squares of a ChArUco "
            "board), the dictionary of the markers, and that the whole chessboard is in view and sharp",
        )


def _cache_key(images: Sequence[_Image], board: Board) -> str:
    prints = {path: fingerprint(path) for path in {image.path for image in images}}
    facts = [
        [image.camera, image.view, image.path.name, prints[image.path], image.frame]
        for image in sorted(images, key=lambda image: (image.camera, image.view))
    ]
    text = json.dumps([CACHE_VERSION, board.describe(), facts])
    return hashlib.sha256(text.encode()).hexdigest()


def _read_cache(
    path: str | Path | None, key: str, board: Board, images: Sequence[_Image]
) -> Sightings | None:
    if path is None or not Path(path).is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as data:
            if str(data["key"]) != key:
                return None
            cameras, views = tuple(map(str, data["cameras"])), tuple(map(str, data["views"]))
            corners, sizes, is_legacy = data["corners"], data["sizes"], bool(data["legacy"])
    except (OSError, ValueError, KeyError):
        return None  # something else lies there, or half of it: looking again is always right
    if isinstance(board, Charuco):
        board = replace(board, legacy=is_legacy)
    camera_at, view_at = _places(cameras), _places(views)
    sources = {(camera_at[i.camera], view_at[i.view]): (i.path, i.frame) for i in images}
    return Sightings(board, cameras, sizes, views, corners, sources)


def _write_cache(path: Path, key: str, found: Sightings) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            key=key,
            cameras=np.array(found.cameras),
            views=np.array(found.views),
            corners=found.corners,
            sizes=found.sizes,
            legacy=isinstance(found.board, Charuco) and found.board.legacy,
        )
