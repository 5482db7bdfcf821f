"""COCO keypoints: one JSON with images, annotations and categories.

Keypoints are (x, y, v) with v = 0 not labelled, 1 labelled but hidden, 2 visible; edges count from 1. Some
tools write only 0 and 1, meaning no and yes; a file without any 2 is read so.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from marey.errors import FormatError, LabelsError
from marey.files import atomic_folder, write_json
from marey.formats.images import image_size
from marey.formats.notes import (
    count_animals,
    count_points,
    in_words,
    is_absent,
    is_signed,
    points_without_guesses,
    unconfirmed_losses,
)
from marey.formats.source import (
    FrameKey,
    LabelSource,
    drop_repeated_names,
    find_file,
    image_frame_numbers,
    image_name,
    path_parts,
    unique_keys,
)
from marey.formats.text import read_text
from marey.model import Instance, LabeledFrame, Labels, Skeleton, Visibility, guess_symmetries

FILE_NAME = "annotations.json"
_IMAGE_FIELDS = {"id", "file_name", "width", "height", "license"}
_ANNOTATION_FIELDS = {
    *("id", "image_id", "category_id", "keypoints", "num_keypoints", "bbox", "area", "iscrowd"),
    *("individual", "track_id"),
}
_GENERIC_FOLDERS = {"images", "imgs", "img", "image", "frames", "data", "jpegimages", ""}


def detect(path: Path) -> bool:
    """Tell whether `path` is such a JSON, or a folder that holds exactly one or one of the usual name."""
    if path.is_dir():
        return _json_in(path) is not None
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return all(f'"{name}"' in text for name in ("images", "annotations", "categories"))


def _json_in(folder: Path) -> Path | None:
    if (folder / FILE_NAME).is_file():
        return folder / FILE_NAME
    files = [*folder.glob("*.json"), *folder.glob("annotations/*.json")]
    fitting = [file for file in files if detect(file)]
    return fitting[0] if len(fitting) == 1 else None


# --- reading ----------------------------------------------------------------------------------------------


def load_labels(path: Path) -> LabelSource:
    """Read COCO keypoints.

    An image without an annotation is a frame in which a person saw no animal. Keypoints of several categories
    are put together by name.

    Raises
    ------
    FormatError
        The JSON is damaged or is not COCO.
    LabelsError
        An annotation does not fit its category or names an unknown image.
    """
    file = _json_in(path) if path.is_dir() else path
    if file is None:
        raise FormatError(
            f"expected one JSON file of COCO annotations in {path}", hint="name the file itself"
        )
    data = _parse(file)
    skeleton, places = _skeleton(data["categories"], file)
    reader = _Reader(file, skeleton, places, _has_three_states(data))
    frames, images = reader.read(data)
    names = sorted({i.individual for f in frames for i in f.instances if i.individual})
    return LabelSource(
        Labels(skeleton, frames, tuple(names)),
        images,
        notes=tuple(in_words(reader.notes)),
        metadata={"name": file.resolve().parent.name},
    )


def _parse(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_text(file))
    except ValueError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"{file} is not valid JSON: {error}", hint="the file may have been cut off"
        ) from error
    for name in ("images", "annotations", "categories"):
        if not isinstance(data, dict) or not isinstance(data.get(name), list):
            raise FormatError(f"expected a list {name!r} in {file}, as COCO has it")
        for number, item in enumerate(data[name]):
            _check_entry(item, f"entry {number} of {name!r} in {file}", needs_id=name != "annotations")
    if not isinstance(data.get("info") or {}, dict):
        raise FormatError(f"expected an object as 'info' in {file}, got {str(data['info'])[:40]!r}")
    licences = data.get("licenses") or []
    if not isinstance(licences, list) or not all(isinstance(item, dict) for item in licences):
        raise FormatError(f"expected a list of objects as 'licenses' in {file}, got {str(licences)[:40]!r}")
    return data


def _check_entry(item: Any, where: str, *, needs_id: bool) -> None:
    if not isinstance(item, dict):
        raise FormatError(f"expected an object as {where}, got {str(item)[:40]!r}")
    if needs_id and not isinstance(item.get("id"), int | float | str):
        raise FormatError(f"{where} has no 'id', by which COCO's annotations refer to it")
    for field in ("image_id", "category_id"):
        if not isinstance(item.get(field), int | float | str | None):
            raise FormatError(f"expected a number as {field!r} of {where}, got {str(item[field])[:40]!r}")
    if not isinstance(item.get("keypoints") or [], list):
        raise FormatError(f"expected a list as 'keypoints' of {where}, got {str(item['keypoints'])[:40]!r}")


def _has_three_states(data: dict[str, Any]) -> bool:
    return _is_own(data) or any(2 in (a.get("keypoints") or ())[2::3] for a in data["annotations"])


def _is_own(data: dict[str, Any]) -> bool:
    """Tell whether Marey wrote the file."""
    return (data.get("info") or {}).get("visibility") == "0 1 2"


def _filled(items: list[dict[str, Any]]) -> set[str]:
    """Return the names of the fields that hold something in any of the items."""
    return {str(name) for item in items for name, value in item.items() if value not in (None, "", [], {})}


def _skeleton(categories: list[dict[str, Any]], file: Path) -> tuple[Skeleton, dict[Any, list[int]]]:
    """Return the skeleton, and where the keypoints of each category are in it."""
    with_keypoints = [category for category in categories if category.get("keypoints")]
    if not with_keypoints:
        raise FormatError(f"none of the categories in {file} has keypoints", hint="boxes alone are no poses")
    names = tuple(dict.fromkeys(str(name) for c in with_keypoints for name in c["keypoints"]))
    edges: dict[tuple[str, str], None] = {}
    try:
        for category in with_keypoints:
            own = [str(name) for name in category["keypoints"]]
            for a, b in category.get("skeleton") or ():
                edges[own[int(a) - 1], own[int(b) - 1]] = None
    except (IndexError, ValueError, TypeError, OverflowError) as error:
        raise FormatError(f"the skeleton of a category in {file} names no two keypoints: {error}") from error
    name = str(with_keypoints[0].get("name") or "animal")
    skeleton = Skeleton(names, tuple(edge for edge in edges if edge[0] != edge[1]), (), name)
    places = {c["id"]: [names.index(str(n)) for n in c["keypoints"]] for c in with_keypoints}
    return skeleton, places


class _Reader:
    """Turns images and annotations into frames."""

    def __init__(
        self, file: Path, skeleton: Skeleton, places: dict[Any, list[int]], has_three_states: bool
    ) -> None:
        self._file = file
        self._skeleton = skeleton
        self._places = places
        self._seen_from = 2 if has_three_states else 1
        self.notes: Counter[str] = Counter()
        if not has_three_states:
            self.notes["files without the visibility 2, where 1 was taken to mean visible"] = 1
        if len(places) > 1:
            self.notes[
                "categories put into one skeleton, so that it is not kept which animal is of which"
            ] = len(places)

    def read(self, data: dict[str, Any]) -> tuple[list[LabeledFrame], dict[FrameKey, Path]]:
        """Return the frames in the order of the images, and where the images are."""
        by_image: dict[Any, list[dict[str, Any]]] = {image["id"]: [] for image in data["images"]}
        for annotation in data["annotations"]:
            if annotation.get("image_id") not in by_image:
                raise LabelsError(
                    f"annotation {annotation.get('id')} in {self._file} is of image "
                    f"{annotation.get('image_id')}, which the file does not list"
                )
            by_image[annotation["image_id"]].append(annotation)
        self._note_facts(data)
        keys = _frame_keys(data["images"], self._file)
        folder = self._file.parent
        roots = [folder, folder / "images", folder.parent, folder.parent / "images"]
        frames, images = [], {}
        for image, (video, number, name) in zip(data["images"], keys, strict=True):
            frame = LabeledFrame(video, number, self._instances(by_image[image["id"]]), name)
            frames.append(frame)
            found = find_file(str(image["file_name"]), roots)
            if found is not None:
                images[frame.key] = found
        if len(images) < len(frames):
            self.notes["images that were not found"] = len(frames) - len(images)
        return frames, images

    def _note_facts(self, data: dict[str, Any]) -> None:
        """Note what the file says of its images and animals that labels do not hold."""
        licences = [str(item.get("name") or item.get("url")) for item in data.get("licenses") or ()]
        if licences:
            self.notes[f"licences of the images, left out ({', '.join(licences)})"] = len(licences)
        own = {"description", "visibility"} if _is_own(data) else set()
        facts = {"the whole set": _filled([data.get("info") or {}]) - own}
        facts["images"] = _filled(data["images"]) - _IMAGE_FIELDS
        facts["animals"] = _filled(data["annotations"]) - _ANNOTATION_FIELDS
        for subject, names in facts.items():
            if names:
                self.notes[f"facts about {subject}, left out ({', '.join(sorted(names))})"] = len(names)

    def _instances(self, annotations: list[dict[str, Any]]) -> tuple[Instance, ...]:
        if not annotations:
            self.notes["images without annotations, taken as frames without an animal"] += 1
        instances = []
        for annotation in annotations:
            if annotation.get("iscrowd"):
                self.notes["annotations of crowds, each kept as an animal not labelled yet"] += 1
                instances.append(Instance(np.full((len(self._skeleton), 2), np.nan)))
            else:
                instances.append(self._instance(annotation))
        self.notes["animals that share their name with another in the image and lost it"] += (
            drop_repeated_names(instances)
        )
        return tuple(instances)

    def _instance(self, annotation: dict[str, Any]) -> Instance:
        points = np.full((len(self._skeleton), 2), np.nan)
        visibility = np.full(len(self._skeleton), Visibility.UNLABELED)
        places = self._places.get(annotation.get("category_id"))
        values = annotation.get("keypoints")
        if values and places is not None:
            raw = self._triples(annotation, len(places))
            labelled = raw[:, 2] > 0
            points[places] = np.where(labelled[:, None], raw[:, :2], np.nan)
            seen = np.where(raw[:, 2] >= self._seen_from, Visibility.VISIBLE, Visibility.OCCLUDED)
            visibility[places] = np.where(labelled, seen, Visibility.UNLABELED)
            self._count_dropped(raw)
            self._count_boxes(annotation, points)
        else:
            self.notes["annotations with a box but no keypoints, kept as animals not labelled yet"] += 1
        name = annotation.get("individual", annotation.get("track_id"))
        return Instance(points, visibility=visibility, individual=None if name is None else str(name))

    def _triples(self, annotation: dict[str, Any], n_keypoints: int) -> np.ndarray:
        try:
            raw = np.array(annotation["keypoints"], dtype=np.float64).reshape(-1, 3)
        except (TypeError, ValueError) as error:
            raise FormatError(
                f"expected numbers x, y, visibility in annotation {annotation.get('id')} of {self._file}: "
                f"{error}"
            ) from error
        if len(raw) != n_keypoints:
            raise LabelsError(
                f"annotation {annotation.get('id')} in {self._file} has {len(raw)} keypoints, "
                f"but its category has {n_keypoints}"
            )
        return raw

    def _count_boxes(self, annotation: dict[str, Any], points: np.ndarray) -> None:
        """Count boxes that are not those of the points, which is what an export writes."""
        placed = points[np.isfinite(points).all(axis=1)]
        box: Any = annotation.get("bbox")
        is_box = isinstance(box, list) and [isinstance(side, int | float) for side in box] == [True] * 4
        if not len(placed) or not is_box:
            return
        own = [*placed.min(axis=0), *np.ptp(placed, axis=0)]
        if not np.allclose(box, own, atol=1):
            self.notes["boxes drawn around animals, left out: those of the points take their place"] += 1

    def _count_dropped(self, raw: np.ndarray) -> None:
        n_dropped = int(((raw[:, 2] == 0) & (raw[:, :2] != 0).any(axis=1)).sum())
        if n_dropped:
            self.notes["positions with visibility 0 (not labelled), dropped"] += n_dropped


def _frame_keys(images: list[dict[str, Any]], file: Path) -> list[tuple[str, int, str]]:
    """Return (video, frame, image name) of each image; each folder of images is a video."""
    parts = [path_parts(str(image.get("file_name") or "")) for image in images]
    if () in parts:
        raise FormatError(f"image {images[parts.index(())]['id']} in {file} has no 'file_name'")
    folders = list(dict.fromkeys(part[:-1] for part in parts))
    wishes = []
    for folder in folders:
        telling = [name for name in folder if name.lower() not in _GENERIC_FOLDERS and name != ".."]
        wishes.append(telling[-1] if telling else file.resolve().parent.name)
    keys = dict(zip(folders, unique_keys(wishes), strict=True))
    result: list[tuple[str, int, str]] = [("", 0, "")] * len(images)
    for folder, key in keys.items():
        rows = [row for row, part in enumerate(parts) if part[:-1] == folder]
        names = [parts[row][-1] for row in rows]
        for row, name, number in zip(rows, names, image_frame_numbers(names), strict=True):
            result[row] = (key, number, name)
    return result


# --- writing ----------------------------------------------------------------------------------------------


def save_labels(
    labels: Labels,
    path: Path,
    *,
    images: Mapping[FrameKey, Path] | None = None,
    videos: Mapping[str, Path] | None = None,  # noqa: ARG001 - the same for every format
) -> list[str]:
    """Write labels as a folder of ``annotations.json`` and images, or as the JSON alone (``.json``).

    Returns
    -------
    list of str
        What could not be held, in words.
    """
    images = images or {}
    if path.suffix.lower() == ".json":
        names = {
            frame.key: Path(os.path.relpath(images[frame.key], path.parent)).as_posix()
            for frame in labels.frames
            if frame.key in images
        }
        write_json(path, _document(labels, images, names))
    else:
        with atomic_folder(path) as folder:
            for frame in labels.frames:
                if frame.key in images:
                    target = folder / "images" / frame.video / image_name(frame.frame, frame.image)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(images[frame.key], target)
            write_json(folder / FILE_NAME, _document(labels, images, {}))
    return _losses(labels, images)


def _document(
    labels: Labels, images: Mapping[FrameKey, Path], names: Mapping[FrameKey, str]
) -> dict[str, Any]:
    skeleton = labels.skeleton
    category = {
        "id": 1,
        "name": skeleton.name,
        "supercategory": "animal",
        "keypoints": list(skeleton.keypoints),
        "skeleton": (skeleton.edge_indices + 1).tolist(),
    }
    entries: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, frame in enumerate(labels.frames, start=1):
        size = image_size(images[frame.key]) if frame.key in images else (0, 0)
        name = names.get(frame.key, f"{frame.video}/{image_name(frame.frame, frame.image)}")
        entries.append({"id": number, "file_name": name, "width": size[0], "height": size[1]})
        for instance in frame.instances:
            annotation = _annotation(instance, labels.individuals)
            annotations.append({"id": len(annotations) + 1, "image_id": number, **annotation})
    return {
        "info": {"description": "exported by Marey", "visibility": "0 1 2"},
        "licenses": [],
        "images": entries,
        "annotations": annotations,
        "categories": [category],
    }


def _annotation(instance: Instance, individuals: tuple[str, ...]) -> dict[str, Any]:
    points = points_without_guesses(instance)
    placed = np.isfinite(points).all(axis=1)
    states = np.where(placed, np.where(instance.visibility == Visibility.VISIBLE, 2, 1), 0)
    triples = [
        value
        for (x, y), state in zip(points.tolist(), states.tolist(), strict=True)
        for value in ((x, y, state) if state else (0, 0, 0))
    ]
    box = [0.0, 0.0, 0.0, 0.0]
    if placed.any():
        low, high = points[placed].min(axis=0), points[placed].max(axis=0)
        box = [*low.tolist(), *(high - low).tolist()]
    annotation: dict[str, Any] = {
        "category_id": 1,
        "keypoints": triples,
        "num_keypoints": int(placed.sum()),
        "bbox": box,
        "area": box[2] * box[3],
        "iscrowd": 0,
    }
    if instance.individual is not None:
        annotation["individual"] = instance.individual
        if instance.individual in individuals:
            annotation["track_id"] = individuals.index(instance.individual) + 1
    return annotation


def _losses(labels: Labels, images: Mapping[FrameKey, Path]) -> list[str]:
    losses = in_words(
        {
            **unconfirmed_losses(labels),
            "points marked as absent, which became not labelled": count_points(labels, is_absent),
            "animals that lost who placed their points and when": count_animals(labels, is_signed),
            "images that are not here, so that their sizes are written as 0": sum(
                frame.key not in images for frame in labels
            ),
        }
    )
    pairs = {frozenset(pair) for pair in labels.skeleton.symmetries}
    guessed = {frozenset(pair) for pair in guess_symmetries(labels.skeleton.keypoints)}
    if pairs - guessed:
        losses.append("COCO has no place for left/right pairs")
    return losses
