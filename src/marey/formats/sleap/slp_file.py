"""The tables inside a ``.slp`` file, as they are.

A ``.slp`` is HDF5: ``frames`` point to ranges of ``instances``, which point to ranges of ``points`` (a
person's) or ``pred_points`` (a model's). Skeletons, tracks and videos are JSON. A package (``.pkg.slp``)
holds the labelled images too. Up to format 1.0 the centre of the top-left pixel was (0.5, 0.5); since 1.1
it is (0, 0).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import FormatError
from marey.formats.hdf5 import json_value, open_hdf5, top_level
from marey.formats.sleap.skeletons import decode_skeletons
from marey.formats.source import FrameKey, file_name, path_parts, unique_keys, video_key
from marey.model import Skeleton

if TYPE_CHECKING:
    import h5py

USER, PREDICTED = 0, 1
# SLEAP scores animals as a whole and their tracks; Marey's poses hold a confidence for each point.
ANIMAL_SCORES = "scores of whole animals, left out"
TRACKING_SCORES = "scores of tracking, left out"
SHARED_TRACKS = "animals that share their track with another in the frame and lost the name"
_CENTRED_PIXELS_SINCE = 1.1


@dataclass(frozen=True)
class SlpVideo:
    """One video of a ``.slp`` file.

    Parameters
    ----------
    number
        What the column ``video`` of the frames says.
    key
        Its key in Marey.
    path
        The path as written, of the source video where images are embedded; "" when unknown.
    image_paths
        The paths as written, for a list of images.
    dataset
        Where embedded images are inside the file, or "".
    """

    number: int
    key: str
    path: str
    image_paths: tuple[str, ...] = ()
    dataset: str = ""


@dataclass(frozen=True)
class SlpFile:
    """What a ``.slp`` file holds; structured arrays as SLEAP names their fields."""

    path: Path
    skeletons: list[Skeleton]
    videos: list[SlpVideo]
    tracks: list[str]
    frames: np.ndarray
    instances: np.ndarray
    points: np.ndarray
    pred_points: np.ndarray
    negative_frames: frozenset[tuple[int, int]] | None
    provenance: dict[str, Any]
    n_suggestions: int = 0
    n_sessions: int = 0

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton; where there are several, all their keypoints."""
        if not self.skeletons:
            return Skeleton(())
        if len(self.skeletons) == 1:
            return self.skeletons[0]
        keypoints = dict.fromkeys(name for item in self.skeletons for name in item.keypoints)
        edges = dict.fromkeys(edge for item in self.skeletons for edge in item.edges)
        symmetries: dict[frozenset[str], tuple[str, str]] = {}
        for item in self.skeletons:
            for pair in item.symmetries:
                if not any(set(pair) & other for other in symmetries):
                    symmetries[frozenset(pair)] = pair
        return Skeleton(tuple(keypoints), tuple(edges), tuple(symmetries.values()), self.skeletons[0].name)

    def points_of(self, instance: np.void) -> np.ndarray:
        """Return the points of one instance, in the order of its skeleton."""
        table = self.points if instance["instance_type"] == USER else self.pred_points
        return table[int(instance["point_id_start"]) : int(instance["point_id_end"])]


def detect(path: Path) -> bool:
    """Tell whether `path` is a ``.slp`` file, by content."""
    return path.is_file() and {"frames", "instances", "points", "metadata"} <= top_level(path)


def read_slp(path: Path) -> SlpFile:
    """Read the tables of a ``.slp`` file.

    Raises
    ------
    FormatError
        The file is damaged or is not a ``.slp``.
    """
    with open_hdf5(path) as file:
        try:
            return _read(file, path)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"{path} is not a .slp file as SLEAP writes it: {error!r}") from error


def _read(file: "h5py.File", path: Path) -> SlpFile:
    metadata_group = file["metadata"]
    metadata = json_value(metadata_group.attrs["json"], f"the metadata of {path}")
    version = float(metadata_group.attrs.get("format_id", 1.0))
    points, pred_points = file["points"][()], file["pred_points"][()]
    if version < _CENTRED_PIXELS_SINCE:
        for table in (points, pred_points):
            table["x"] -= 0.5
            table["y"] -= 0.5
    tracks = [json_value(item, f"the tracks of {path}") for item in file["tracks_json"][()] if item]
    negative = file.get("negative_frames")
    slp = SlpFile(
        path=path,
        skeletons=decode_skeletons(metadata, str(path)),
        videos=_read_videos(file, path),
        tracks=[str(track[1] if isinstance(track, list) else track.get("name")) for track in tracks],
        frames=file["frames"][()],
        instances=file["instances"][()],
        points=points,
        pred_points=pred_points,
        negative_frames=None
        if negative is None
        else frozenset((int(row["video_id"]), int(row["frame_idx"])) for row in negative[()]),
        provenance=metadata.get("provenance") or {},
        n_suggestions=_count_rows(file, "suggestions_json"),
        n_sessions=_count_rows(file, "sessions_json"),
    )
    _check(slp)
    return slp


def _count_rows(file: "h5py.File", name: str) -> int:
    return len(file[name]) if name in file else 0


def _check(slp: SlpFile) -> None:
    tables = (("points", slp.points, USER), ("pred_points", slp.pred_points, PREDICTED))
    for name, table, kind in tables:
        ends = slp.instances["point_id_end"][slp.instances["instance_type"] == kind]
        if len(ends) and int(ends.max()) > len(table):
            raise FormatError(
                f"{slp.path} refers to {int(ends.max())} rows of {name}, but holds only {len(table)}",
                hint="the file is not complete; save it again in SLEAP",
            )
    if len(slp.frames) and int(slp.frames["instance_id_end"].max()) > len(slp.instances):
        raise FormatError(f"{slp.path} refers to more instances than it holds")


def _read_videos(file: "h5py.File", path: Path) -> list[SlpVideo]:
    entries = [json_value(item, f"the videos of {path}") for item in file["videos_json"][()] if item]
    found = []
    for position, entry in enumerate(entries):
        backend = entry.get("backend", entry)
        dataset = str(backend.get("dataset") or "")
        number, source = position, backend
        if dataset and str(backend.get("filename")) == ".":
            group = dataset.split("/", maxsplit=1)[0]
            digits = group.removeprefix("video")
            number = int(digits) if digits.isdigit() else position
            source = _source_video(file, group) or backend
        images = tuple(str(name) for name in source.get("filenames") or ())
        name = images[0] if images else str(source.get("filename") or "")
        if not images and isinstance(source.get("filename"), list):
            images = tuple(str(item) for item in source["filename"])
            name = images[0] if images else ""
        found.append((number, "" if name == "." else name, images, dataset))
    keys = unique_keys(_key(name, images) for _, name, images, _ in found)
    return [
        SlpVideo(number, key, name, images, dataset)
        for key, (number, name, images, dataset) in zip(keys, found, strict=True)
    ]


def _source_video(file: "h5py.File", group: str) -> dict[str, Any] | None:
    source = file.get(f"{group}/source_video")
    if source is None or "json" not in source.attrs:
        return None
    entry = json_value(source.attrs["json"], f"{group}/source_video")
    return entry.get("backend", entry)


def _key(name: str, images: tuple[str, ...]) -> str:
    if images:
        parts = path_parts(name)
        return parts[-2] if len(parts) > 1 else "images"
    return video_key(file_name(name))


class EmbeddedImages(Mapping[FrameKey, bytes]):
    """The images inside a package, encoded as PNG or JPEG; each is read when it is asked for."""

    def __init__(self, slp: SlpFile) -> None:
        self._path = slp.path
        self._places: dict[FrameKey, tuple[str, int]] = {}
        with open_hdf5(slp.path) as file:
            for video in slp.videos:
                if video.dataset and video.dataset in file:
                    for row, frame in enumerate(_embedded_frames(file, video.dataset)):
                        self._places[video.key, frame] = (video.dataset, row)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[FrameKey]:
        return iter(self._places)

    def __getitem__(self, key: FrameKey) -> bytes:
        dataset, row = self._places[key]
        with open_hdf5(self._path) as file:
            images = file[dataset]
            if images.ndim == 4:
                return _encode_png(images[row])
            return np.asarray(images[row]).tobytes()


def _embedded_frames(file: "h5py.File", dataset: str) -> list[int]:
    numbers = file.get(f"{dataset.rpartition('/')[0]}/frame_numbers")
    if numbers is None:
        return list(range(len(file[dataset])))
    return [int(number) for number in numbers[()]]


def _encode_png(image: np.ndarray) -> bytes:
    import cv2

    pixels = np.ascontiguousarray(image[..., ::-1] if image.shape[-1] == 3 else image)
    return cv2.imencode(".png", pixels)[1].tobytes()
