"""What a reader of labels gives, and how images of other tools become frames of ours."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path, PureWindowsPath
from typing import Any

from marey.model import Instance, LabeledFrame, Labels

FrameKey = tuple[str, int]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".mpg", ".mpeg", ".m4v", ".webm", ".ts", ".wmv")


@dataclass
class LabelSource:
    """Labels, and where their pictures are.

    Parameters
    ----------
    labels
        The labels; the order of the frames is the order of the source's rows.
    images
        Existing image files by (video, frame); those of frames that are not labelled wait to be.
    videos
        Paths of videos by key, where the source names one; the file may be missing.
    notes
        In words for the user: what could not be kept and what was assumed.
    metadata
        Facts of the source that labels do not hold, such as its scorer or its name.
    embedded
        Encoded images (PNG or JPEG bytes) that the source holds inside itself, by (video, frame).
    """

    labels: Labels
    images: dict[FrameKey, Path] = field(default_factory=dict)
    videos: dict[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    embedded: Mapping[FrameKey, bytes] = field(default_factory=dict)


def path_parts(text: str) -> tuple[str, ...]:
    r"""Split a path as any system wrote it: ``D:\data\a.mp4`` and ``/data/a.mp4`` both end in ``a.mp4``.

    The drive or the root is left out.
    """
    path = PureWindowsPath(str(text).strip())
    return path.parts[1:] if path.anchor else path.parts


def file_name(text: str) -> str:
    """Return the last part of a path as any system wrote it."""
    parts = path_parts(text)
    return parts[-1] if parts else ""


def video_key(text: str) -> str:
    """Return the key of a video: its file name without the suffix."""
    return PureWindowsPath(file_name(text)).stem


def unique_keys(names: Iterable[str]) -> list[str]:
    """Make names differ by appending ``-2``, ``-3`` to later ones.

    >>> unique_keys(["clip", "clip", "other"])
    ['clip', 'clip-2', 'other']
    """
    taken: set[str] = set()
    keys = []
    for name in names:
        key, count = name or "video", 1
        while key in taken:
            count += 1
            key = f"{name or 'video'}-{count}"
        taken.add(key)
        keys.append(key)
    return keys


def fill_up(names: Iterable[str], n: int, stem: str) -> tuple[str, ...]:
    """Return different names, and as many more as make them `n`: the stem and a number that is free.

    >>> fill_up(["Ada", "animal1"], 4, "animal")
    ('Ada', 'animal1', 'animal2', 'animal3')
    """
    known = list(dict.fromkeys(names))
    free = (name for number in count(1) if (name := f"{stem}{number}") not in known)
    return (*known, *islice(free, max(0, n - len(known))))


def find_file(text: str, roots: Sequence[Path]) -> Path | None:
    """Find a file that a project names by a path of another machine.

    The path itself is tried, then ever shorter ends of it below each of `roots`. The suffix may be written
    in capitals on one side only: the other machine may not have told ``.PNG`` from ``.png``.
    """
    parts = path_parts(text)
    if not parts:
        return None
    as_written = Path(text)
    if as_written.is_absolute() and (found := _with_any_case(as_written)):
        return found
    for start in range(len(parts)):
        for root in roots:
            if found := _with_any_case(root.joinpath(*parts[start:])):
                return found
    return None


def _with_any_case(path: Path) -> Path | None:
    """Return the file at `path`, whose suffix may be in capitals or not; None where there is none."""
    suffix = path.suffix
    candidates = (
        path.with_suffix(case) if suffix else path for case in (suffix, suffix.lower(), suffix.upper())
    )
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def image_frame_numbers(names: Sequence[str]) -> list[int]:
    """Return a frame number for each image of one video.

    It is the last number in the file's name where every name has one and they differ, else the rank.

    >>> image_frame_numbers(["img0042.png", "img0007.png"])
    [42, 7]
    >>> image_frame_numbers(["left.png", "right.png"])
    [0, 1]
    """
    found = [re.findall(r"\d+", PureWindowsPath(name).stem) for name in names]
    numbers = [int(groups[-1]) if groups else -1 for groups in found]
    # A date and time of 14 digits is a number too, but not one of a frame.
    usable = len(set(numbers)) == len(numbers) and all(0 <= n < 10**12 for n in numbers)
    return numbers if usable else list(range(len(names)))


def image_name(frame: int, image: str | None) -> str:
    """Return the image's file name, or the one that an extracted frame gets."""
    return image if image is not None else f"img{frame:05d}.png"


def unlabelled_images(
    frames: Iterable[LabeledFrame], images: Mapping[FrameKey, Path]
) -> dict[FrameKey, Path]:
    """Return the images that lie beside labelled ones and wait to be labelled, by (video, frame).

    Only images whose name has a number that no labelled frame of the video has are among them.
    """
    keys = {frame.key for frame in frames}
    folders = dict.fromkeys((video, path.parent) for (video, _), path in images.items())
    labelled = set(images.values())
    waiting: dict[FrameKey, Path] = {}
    for video, folder in folders:
        for key, path in numbered_images(video, folder).items():
            if path not in labelled and key not in keys:
                waiting.setdefault(key, path)
    return waiting


def numbered_images(video: str, folder: Path) -> dict[FrameKey, Path]:
    """Return the images of a folder whose names have a number, by (video, frame)."""
    found: dict[FrameKey, Path] = {}
    for path in sorted(folder.iterdir()):
        numbers = re.findall(r"\d+", path.stem)
        if path.suffix.lower() in IMAGE_SUFFIXES and numbers:
            found.setdefault((video, int(numbers[-1])), path)
    return found


def drop_repeated_names(instances: Iterable[Instance]) -> int:
    """Take the name from animals of a frame that share it with an earlier one; return how many lost it."""
    seen: set[str] = set()
    n_lost = 0
    for instance in instances:
        if instance.individual in seen:
            instance.individual = None
            n_lost += 1
        elif instance.individual is not None:
            seen.add(instance.individual)
    return n_lost
