"""Ultralytics pose data sets: ``data.yaml``, images, and one text file of normalised numbers an image."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from marey.errors import FormatError
from marey.formats.images import image_size
from marey.formats.notes import in_words
from marey.formats.source import IMAGE_SUFFIXES, FrameKey, LabelSource, image_frame_numbers, unique_keys
from marey.formats.text import read_text
from marey.model import Instance, LabeledFrame, Labels, Skeleton, Visibility

_SPLITS = ("train", "val", "test")


def detect(path: Path) -> bool:
    """Tell whether `path` is such a data set: its folder or its YAML file."""
    return _config_in(path) is not None


def _config_in(path: Path) -> Path | None:
    if path.is_dir():
        files = [path / "data.yaml", path / "dataset.yaml", *sorted(path.glob("*.y*ml"))]
        return next((file for file in files if file.is_file() and _config_in(file)), None)
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return None
    return path if "kpt_shape" in path.read_text(encoding="utf-8", errors="replace") else None


def load_labels(path: Path) -> LabelSource:
    """Read an Ultralytics pose data set; each folder of images is a video.

    An image without a text file, or with an empty one, is a frame without an animal.

    Raises
    ------
    FormatError
        The YAML or a text file is not what it should be.
    """
    config_path = _config_in(path)
    if config_path is None:
        raise FormatError(f"expected a YAML file with kpt_shape in {path}")
    config = _read_config(config_path)
    skeleton, notes = _skeleton(config, config_path)
    n_values = int(config["kpt_shape"][1])
    reader = _Reader(skeleton, n_values)
    frames: list[LabeledFrame] = []
    images: dict[FrameKey, Path] = {}
    folders = list(_image_folders(config, config_path))
    keys = unique_keys(split for split, _ in folders)
    for key, (_, folder) in zip(keys, folders, strict=True):
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
        for file, number in zip(files, image_frame_numbers([file.name for file in files]), strict=True):
            frames.append(LabeledFrame(key, number, reader.read(file), file.name))
            images[key, number] = file
    notes += in_words(reader.notes)
    name = config_path.resolve().parent.name
    return LabelSource(Labels(skeleton, frames), images, notes=tuple(notes), metadata={"name": name})


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise FormatError(f"{path} is not valid YAML: {error}") from error
    shape = config.get("kpt_shape") if isinstance(config, dict) else None
    if not isinstance(shape, list) or len(shape) != 2 or shape[1] not in (2, 3):
        raise FormatError(f"expected kpt_shape: [number of keypoints, 2 or 3] in {path}, got {shape}")
    return config


def _skeleton(config: dict[str, Any], path: Path) -> tuple[Skeleton, list[str]]:
    n_keypoints, notes = int(config["kpt_shape"][0]), []
    named = config.get("kpt_names")
    names = next(iter(named.values()), None) if isinstance(named, dict) else named
    if not names or len(names) != n_keypoints:
        names = [f"keypoint{i}" for i in range(n_keypoints)]
        notes.append("the data set does not name its keypoints (kpt_names); they are numbered from 0")
    names = tuple(str(name) for name in names)
    try:
        edges = tuple((names[int(a)], names[int(b)]) for a, b in config.get("skeleton") or ())
        mirrored = enumerate(int(i) for i in config.get("flip_idx") or ())
        symmetries = tuple((names[i], names[j]) for i, j in mirrored if i < j)
    except (IndexError, TypeError, ValueError) as error:
        raise FormatError(f"skeleton or flip_idx in {path} names no keypoint: {error}") from error
    animals = config.get("names") or {}
    classes = list(animals.values()) if isinstance(animals, dict) else list(animals)
    if len(classes) > 1:
        notes.append(f"the classes {', '.join(map(str, classes))} are not told apart")
    return Skeleton(names, edges, symmetries, str(classes[0]) if classes else "animal"), notes


def _image_folders(config: dict[str, Any], path: Path) -> Iterator[tuple[str, Path]]:
    root = path.parent / str(config.get("path") or ".")
    if not root.is_dir():
        root = path.parent  # the path of another machine
    for split in _SPLITS:
        places = config.get(split) or ()
        for place in [places] if isinstance(places, str) else places:
            folder = root / str(place)
            if folder.is_dir():
                yield split, folder


class _Reader:
    """Reads the text file of one image after the other."""

    def __init__(self, skeleton: Skeleton, n_values: int) -> None:
        self._skeleton = skeleton
        self._n_values = n_values
        self.notes: Counter[str] = Counter()

    def read(self, image: Path) -> tuple[Instance, ...]:
        file = _text_file(image)
        if not file.is_file():
            self.notes["images without a text file, taken as frames without an animal"] += 1
            return ()
        size = np.array(image_size(image), dtype=np.float64)
        rows = enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1)
        lines = [(number, line.split("#")[0].split()) for number, line in rows]
        return tuple(self._instance(cells, size, file, number) for number, cells in lines if cells)

    def _instance(self, cells: list[str], size: np.ndarray, file: Path, line: int) -> Instance:
        expected = 5 + len(self._skeleton) * self._n_values
        try:
            values = np.array(cells, dtype=np.float64)
        except ValueError as error:
            raise FormatError(f"expected numbers in line {line} of {file}: {error}") from error
        if len(values) != expected:
            raise FormatError(
                f"expected {expected} numbers in line {line} of {file} (class, box and "
                f"{len(self._skeleton)} keypoints of {self._n_values}), got {len(values)}"
            )
        raw = values[5:].reshape(-1, self._n_values)
        flags = raw[:, 2] if self._n_values == 3 else np.where((raw != 0).any(axis=1), 2, 0)
        points = np.where(flags[:, None] > 0, raw[:, :2] * size, np.nan)
        seen = np.where(flags >= 2, Visibility.VISIBLE, Visibility.OCCLUDED)
        return Instance(points, visibility=np.where(flags > 0, seen, Visibility.UNLABELED))


def _text_file(image: Path) -> Path:
    """Return where the labels of an image are: the last folder ``images`` of its path is ``labels``."""
    parts = list(image.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == "images":
            return Path(*parts[:i], "labels", *parts[i + 1 :]).with_suffix(".txt")
    return image.with_suffix(".txt")
