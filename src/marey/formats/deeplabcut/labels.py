"""Labels of DeepLabCut: a whole project (its folder or ``config.yaml``), or one table."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from marey.errors import FormatError, LabelsError, NotFoundError
from marey.files import atomic_folder, write_text
from marey.formats.deeplabcut.csv_table import write_csv_table
from marey.formats.deeplabcut.frames import frames_of_table, table_of_labels
from marey.formats.deeplabcut.hdf_table import write_hdf_table
from marey.formats.deeplabcut.predictions import holds_table, read_table
from marey.formats.deeplabcut.tables import SINGLE, KeypointTable
from marey.formats.source import (
    VIDEO_SUFFIXES,
    FrameKey,
    LabelSource,
    find_file,
    image_name,
    numbered_images,
    unlabelled_images,
    video_key,
)
from marey.formats.text import read_text
from marey.model import Labels, Skeleton

CONFIG = "config.yaml"


def detect(path: Path) -> bool:
    """Tell whether `path` is a DeepLabCut project, or a table of its labels or predictions."""
    if path.is_dir():
        return _find_config(path) is not None
    return _is_config(path) or holds_table(path)


def _find_config(folder: Path) -> Path | None:
    """Return a project's configuration: ``config.yaml``, or else the one file of another name."""
    if _is_config(folder / CONFIG):
        return folder / CONFIG
    others = [path for path in sorted(folder.iterdir()) if _is_config(path)]
    return others[0] if len(others) == 1 and (folder / "labeled-data").is_dir() else None


def _is_config(path: Path) -> bool:
    if not _is_yaml(path) or not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return "Task:" in text and "bodyparts:" in text


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml")


def load_labels(path: Path) -> LabelSource:
    """Read the labels of a project, or of one CSV or H5 file.

    Raises
    ------
    FormatError
        A file is damaged or is not what it should be.
    LabelsError
        A keypoint is not in ``config.yaml``, or an image has two rows.
    """
    if path.is_dir():
        config = _find_config(path)
        if config is None and not (path / CONFIG).is_file():
            raise NotFoundError(
                f"expected DeepLabCut's {CONFIG} in {path}, but there is none",
                hint="give the project's folder, or one file: labeled-data/VIDEO/CollectedData_NAME.h5",
            )
        return _load_project(config or path / CONFIG)
    return _load_project(path) if _is_yaml(path) else load_table_labels(path)


def load_table_labels(path: Path, *, default_video: str | None = None) -> LabelSource:
    """Read the labels of one table; the images are looked up beside it and above it."""
    table = read_table(path)
    skeleton = Skeleton(table.keypoints)
    roots = [path.parent, *list(path.resolve().parents)[1:3]]
    found = frames_of_table(table, skeleton, default_video=default_video or _folder_name(path), roots=roots)
    labels = Labels(skeleton, found.frames, _individuals(table))
    return LabelSource(labels, found.images, notes=tuple(found.notes), metadata={"scorer": table.scorer})


def _folder_name(path: Path) -> str:
    name = path.resolve().parent.name
    return path.stem if name in ("", "labeled-data") else name


def _individuals(table: KeypointTable) -> tuple[str, ...]:
    return tuple(name for name in table.individuals if name)


def _load_project(config_path: Path) -> LabelSource:
    config = _read_config(config_path)
    folder = config_path.parent
    skeleton, notes = _skeleton(config)
    source = LabelSource(Labels(skeleton), metadata=_metadata(config))
    source.videos, video_notes = _videos(config, folder)
    frames, individuals = [], dict.fromkeys(map(str, config.get("individuals") or ()))
    for video_folder in _label_folders(folder, list(source.videos)):
        table, table_notes = _read_folder_table(video_folder, str(config.get("scorer") or ""))
        if table is None or not table.index:
            source.images |= numbered_images(video_folder.name, video_folder)
            continue
        found = frames_of_table(
            table, skeleton, default_video=video_folder.name, roots=[folder, video_folder]
        )
        frames += found.frames
        source.images |= found.images
        individuals |= dict.fromkeys(_individuals(table))
        notes += [f"{video_folder.name}: {note}" for note in (*table_notes, *found.notes)]
    source.images |= unlabelled_images(frames, source.images)
    if n_waiting := len(source.images.keys() - {frame.key for frame in frames}):
        notes.append(f"images without a row, waiting to be labelled: {n_waiting}")
    if not frames:
        notes.append(f"no labels were found in {folder / 'labeled-data'}")
    source.labels = Labels(skeleton, frames, tuple(individuals))
    source.notes = (*notes, *video_notes)
    return source


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise FormatError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(config, dict) or "bodyparts" not in config:
        raise FormatError(f"expected the configuration of a DeepLabCut project in {path}")
    return config


def _metadata(config: dict[str, Any]) -> dict[str, Any]:
    fields = {"Task": "name", "scorer": "scorer", "date": "date"}
    return {ours: str(config[theirs]) for theirs, ours in fields.items() if config.get(theirs)}


def _skeleton(config: dict[str, Any]) -> tuple[Skeleton, list[str]]:
    bodyparts = config["bodyparts"]
    if not isinstance(bodyparts, list):  # "MULTI!": several animals
        bodyparts = [*(config.get("multianimalbodyparts") or ()), *(config.get("uniquebodyparts") or ())]
    keypoints = tuple(str(name) for name in bodyparts)
    edges, notes = [], []
    for edge in config.get("skeleton") or ():
        names = [str(name) for name in edge]
        if len(names) == 2 and names[0] != names[1] and all(name in keypoints for name in names):
            edges.append((names[0], names[1]))
        else:
            notes.append(f"the skeleton's edge {' - '.join(names)} names no two keypoints and was left out")
    try:
        return Skeleton(keypoints, tuple(edges)), notes
    except LabelsError as error:
        raise FormatError(f"the bodyparts of config.yaml cannot be used: {error.message}") from error


def _videos(config: dict[str, Any], folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the videos that the project names; those that are found here, where they are found."""
    named = [str(text) for text in config.get("video_sets") or {}]
    videos: dict[str, Path] = {}
    missing = []
    for text in named:
        if Path(text).suffix.lower() not in VIDEO_SUFFIXES:
            continue  # a placeholder
        found = find_file(text, [folder, folder / "videos"])
        videos[video_key(text)] = found or Path(text)
        if found is None:
            missing.append(video_key(text))
    if not videos and (folder / "videos").is_dir():
        files = sorted((folder / "videos").iterdir())
        videos = {
            file.stem: file
            for file in files
            if file.suffix.lower() in VIDEO_SUFFIXES
            and "DLC_" not in file.stem
            and "_labeled" not in file.stem
        }
    notes = [f"videos not found where the project says: {', '.join(missing)}"] if missing else []
    return videos, notes


def _label_folders(folder: Path, video_order: list[str]) -> list[Path]:
    """Return the folders with labels, in the order of the project's videos, then by name."""
    root = folder / "labeled-data"
    if not root.is_dir():
        raise NotFoundError(
            f"expected the folder labeled-data in {folder}, but there is none",
            hint="give the project's folder, the one that holds config.yaml and labeled-data",
        )
    # DeepLabCut draws labels into copies of the images, in folders of their own.
    names = sorted(
        item.name for item in root.iterdir() if item.is_dir() and not item.name.endswith("_labeled")
    )
    known = [name for name in video_order if name in names]
    return [root / name for name in (*known, *(name for name in names if name not in known))]


def _read_folder_table(folder: Path, scorer: str) -> tuple[KeypointTable | None, list[str]]:
    """Read the labels of one video: the H5, which DeepLabCut trusts, or else the CSV."""
    files = sorted(folder.glob("CollectedData_*"))
    tables = {(file.stem, file.suffix.lower()): file for file in files}
    stems = sorted({stem for stem, suffix in tables if suffix in (".csv", ".h5")})
    if not stems:
        return None, []
    stem = f"CollectedData_{scorer}" if f"CollectedData_{scorer}" in stems else stems[0]
    notes = [f"{other} was not read, only {stem}" for other in stems if other != stem]
    h5, csv = tables.get((stem, ".h5")), tables.get((stem, ".csv"))
    if h5 is None:
        return read_table(tables[stem, ".csv"]), notes
    try:
        table = read_table(h5)
    except FormatError as error:
        if csv is None:
            raise
        return read_table(csv), [*notes, f"{h5.name} could not be read ({error.message}); its CSV was"]
    return table, notes


def save_labels(
    labels: Labels,
    path: Path,
    *,
    images: Mapping[FrameKey, Path] | None = None,
    videos: Mapping[str, Path] | None = None,
    name: str = "marey",
    scorer: str | None = None,
) -> list[str]:
    """Write labels as a project folder with its images, or as one table where `path` ends in .csv or .h5.

    Returns
    -------
    list of str
        What could not be held, in words.
    """
    scorer = scorer or _first_author(labels) or "marey"
    if path.suffix.lower() in (".csv", ".h5"):
        table, losses = table_of_labels(labels, scorer=scorer, where=str(path))
        (write_csv_table if path.suffix.lower() == ".csv" else write_hdf_table)(table, path, n_index=3)
        return losses
    with atomic_folder(path) as folder:
        return _write_project(labels, folder, path, images or {}, videos or {}, name, scorer)


def _write_project(
    labels: Labels,
    folder: Path,
    final: Path,
    images: Mapping[FrameKey, Path],
    videos: Mapping[str, Path],
    name: str,
    scorer: str,
) -> list[str]:
    whole, losses = table_of_labels(labels, scorer=scorer)
    for video in labels.videos:
        rows = [row for row, frame in enumerate(labels.frames) if frame.video == video]
        table = KeypointTable(
            whole.columns, [whole.index[row] for row in rows], whole.values[rows], scorer, whole.where
        )
        target = folder / "labeled-data" / video
        target.mkdir(parents=True)
        write_csv_table(table, target / f"CollectedData_{scorer}.csv", n_index=3)
        write_hdf_table(table, target / f"CollectedData_{scorer}.h5", n_index=3)
    n_missing = 0
    for frame in labels.frames:
        source = images.get(frame.key)
        if source is None:
            n_missing += 1
            continue
        shutil.copyfile(source, folder / "labeled-data" / frame.video / image_name(frame.frame, frame.image))
    copy_waiting(labels, images, folder)
    if n_missing:
        losses.append(f"labelled frames without an image here, which DeepLabCut needs: {n_missing}")
    if labels.skeleton.symmetries:
        losses.append("DeepLabCut's config.yaml has no place for left/right pairs")
    named = {key: _named_like_its_labels(video, key) for key, video in videos.items()}
    if renamed := [
        f"{videos[key].name} as {path.name}" for key, path in named.items() if path != videos[key]
    ]:
        losses.append(
            f"videos that DeepLabCut looks for under the name of their labels: {', '.join(renamed)}"
        )
    config = _config(labels, whole, final, named, name, scorer)
    write_text(folder / CONFIG, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return losses


def _named_like_its_labels(video: Path, key: str) -> Path:
    """Return where DeepLabCut is told that a video lies: it takes the file's name for that of the labels."""
    return video if video.stem == key else video.with_name(f"{key}{video.suffix}")


def copy_waiting(labels: Labels, images: Mapping[FrameKey, Path], folder: Path) -> None:
    """Copy the images that nobody has labelled yet to where they wait, under their own names."""
    for video, number in images.keys() - {frame.key for frame in labels}:
        target = folder / "labeled-data" / video / images[video, number].name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(images[video, number], target)


def _config(
    labels: Labels, table: KeypointTable, final: Path, videos: Mapping[str, Path], name: str, scorer: str
) -> dict[str, Any]:
    individuals = _individuals(table)
    config: dict[str, Any] = {
        "Task": name,
        "scorer": scorer,
        "date": "",
        "multianimalproject": bool(individuals),
        "identity": bool(labels.individuals),
        "project_path": str(final.resolve()),
        "engine": "pytorch",
        "video_sets": {
            str(videos.get(video, f"{video}.mp4")): {"crop": ""}
            for video in dict.fromkeys([*labels.videos, *videos])
        },
    }
    if individuals:
        unique = list(table.keypoints_of(SINGLE))
        config |= {
            "individuals": [name for name in individuals if name != SINGLE],
            "uniquebodyparts": unique,
            "multianimalbodyparts": [k for k in labels.skeleton.keypoints if k not in unique],
            "bodyparts": "MULTI!",
        }
    else:
        config["bodyparts"] = list(labels.skeleton.keypoints)
    return config | {
        "start": 0,
        "stop": 1,
        "numframes2pick": 20,
        "skeleton": [list(edge) for edge in labels.skeleton.edges],
        "skeleton_color": "black",
        "pcutoff": 0.6,
        "dotsize": 8,
        "alphavalue": 0.7,
        "colormap": "rainbow",
        "TrainingFraction": [0.95],
        "iteration": 0,
        "default_net_type": "resnet_50",
        "snapshotindex": -1,
        "batch_size": 8,
        "cropping": False,
    }


def _first_author(labels: Labels) -> str:
    authors = (a for f in labels.frames for i in f.instances for a in i.authors)
    return next((author for author in authors if author), "")
