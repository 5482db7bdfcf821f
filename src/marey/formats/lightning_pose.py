"""Lightning Pose: a folder with ``CollectedData.csv``, ``labeled-data`` and ``videos``.

The table is DeepLabCut's, with the path of the image in one column; its predictions are DeepLabCut's CSV with
more columns at the end, and are read as such.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from marey.errors import FormatError, InputError
from marey.files import atomic_folder
from marey.formats.deeplabcut.csv_table import looks_like_table, read_csv_table, write_csv_table
from marey.formats.deeplabcut.frames import frames_of_table, table_of_labels
from marey.formats.deeplabcut.labels import copy_waiting, load_table_labels
from marey.formats.source import (
    VIDEO_SUFFIXES,
    FrameKey,
    LabelSource,
    image_name,
    unlabelled_images,
)
from marey.model import Labels, Skeleton

TABLE = "CollectedData.csv"


def detect(path: Path) -> bool:
    """Tell whether `path` is such a folder."""
    return path.is_dir() and not (path / "config.yaml").is_file() and bool(_tables(path))


def _tables(folder: Path) -> list[Path]:
    """Return the tables of labels: the one of the usual name, or all that begin like it."""
    if (folder / TABLE).is_file() and looks_like_table(folder / TABLE):
        return [folder / TABLE]
    files = (file for file in sorted(folder.glob("CollectedData*")) if file.suffix.lower() == ".csv")
    return [file for file in files if looks_like_table(file)]


def load_labels(path: Path) -> LabelSource:
    """Read the labels of a Lightning Pose folder, or of one of its tables.

    Raises
    ------
    FormatError
        There is no table of labels, or it is damaged.
    LabelsError
        An image has two rows, or a second table has other keypoints than the first.
    """
    if path.is_file():
        return load_table_labels(path)
    files = _tables(path)
    if not files:
        raise FormatError(f"expected {TABLE} with a header of bodyparts and coords in {path}")
    tables = [read_csv_table(file) for file in files]
    skeleton = Skeleton(tables[0].keypoints)
    source = LabelSource(Labels(skeleton), metadata={"scorer": tables[0].scorer, "name": path.resolve().name})
    frames, notes = [], []
    for table in tables:
        found = frames_of_table(table, skeleton, default_video=path.resolve().name, roots=[path])
        frames += found.frames
        source.images |= found.images
        notes += found.notes
    source.labels = Labels(skeleton, frames)
    waiting = unlabelled_images(frames, source.images)
    source.images |= waiting
    if waiting:
        notes.append(f"images without a row, waiting to be labelled: {len(waiting)}")
    videos = sorted((path / "videos").iterdir()) if (path / "videos").is_dir() else []
    source.videos = {file.stem: file for file in videos if file.suffix.lower() in VIDEO_SUFFIXES}
    source.notes = tuple(notes)
    return source


def save_labels(
    labels: Labels,
    path: Path,
    *,
    images: Mapping[FrameKey, Path] | None = None,
    videos: Mapping[str, Path] | None = None,  # noqa: ARG001 - the same for every format
    scorer: str = "marey",
) -> list[str]:
    """Write labels as a Lightning Pose folder with its images.

    Returns
    -------
    list of str
        What could not be held, in words.

    Raises
    ------
    InputError
        A frame has several animals.
    """
    if labels.max_instances > 1:
        raise InputError("Lightning Pose labels one animal in a frame, but some frames here have several")
    nameless = replace(
        labels,
        individuals=(),
        frames=[
            replace(f, instances=tuple(replace(i, individual=None) for i in f.instances))
            for f in labels.frames
        ],
    )
    table, losses = table_of_labels(nameless, scorer=scorer)
    with atomic_folder(path) as folder:
        write_csv_table(table, folder / TABLE)
        n_missing = 0
        for frame in labels.frames:
            source = (images or {}).get(frame.key)
            if source is None:
                n_missing += 1
                continue
            target = folder / "labeled-data" / frame.video / image_name(frame.frame, frame.image)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        copy_waiting(labels, images or {}, folder)
    if n_missing:
        losses.append(f"labelled frames without an image here, which Lightning Pose needs: {n_missing}")
    if labels.skeleton.edges or labels.skeleton.symmetries:
        losses.append("Lightning Pose's table has no place for edges and left/right pairs")
    return losses
