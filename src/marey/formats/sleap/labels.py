"""Labels from and to ``.slp`` files."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.formats.hdf5 import atomic_hdf5
from marey.formats.notes import (
    count_animals,
    count_points,
    in_words,
    is_absent,
    is_guess,
    is_occluded,
    is_signed,
    points_without_guesses,
)
from marey.formats.sleap.packages import embed_images, is_package, package_entry
from marey.formats.sleap.skeletons import encode_skeleton
from marey.formats.sleap.slp_file import (
    PREDICTED,
    SHARED_TRACKS,
    USER,
    EmbeddedImages,
    SlpFile,
    SlpVideo,
    read_slp,
)
from marey.formats.source import (
    FrameKey,
    LabelSource,
    drop_repeated_names,
    file_name,
    find_file,
    image_frame_numbers,
)
from marey.model import Instance, LabeledFrame, Labels, Origin, Visibility

if TYPE_CHECKING:
    import h5py

FORMAT_ID = 1.2

FRAME = np.dtype(
    [
        ("frame_id", "u8"),
        ("video", "u4"),
        ("frame_idx", "u8"),
        ("instance_id_start", "u8"),
        ("instance_id_end", "u8"),
    ]
)
INSTANCE = np.dtype(
    [
        ("instance_id", "i8"),
        ("instance_type", "u1"),
        ("frame_id", "u8"),
        ("skeleton", "u4"),
        ("track", "i4"),
        ("from_predicted", "i8"),
        ("score", "f4"),
        ("point_id_start", "u8"),
        ("point_id_end", "u8"),
        ("tracking_score", "f4"),
    ]
)
POINT = np.dtype([("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")])
PREDICTED_POINT = np.dtype([*POINT.descr, ("score", "f8")])


# --- reading ----------------------------------------------------------------------------------------------


def load_labels(path: Path) -> LabelSource:
    """Read the labels of a ``.slp`` file or package.

    What a person placed is a person's; what a person took over from a prediction unchanged is accepted; what
    is only predicted stays a model's. Points marked as not visible are occluded where they have a position,
    and confirmed by nobody: it is where a template or a neighbouring frame put them before they were marked,
    and SLEAP neither learns from it nor measures by it.

    Raises
    ------
    FormatError
        The file is damaged or is not a ``.slp``.
    """
    slp = read_slp(path)
    reader = _FrameReader(slp)
    frames = reader.frames()
    names = dict.fromkeys(i.individual for f in frames for i in f.instances if i.individual)
    individuals = tuple(name for name in slp.tracks if name in names)
    labels = Labels(slp.skeleton, frames, tuple(dict.fromkeys(individuals)))
    images, videos = _locate(slp, frames)
    reader.notes["suggested frames, left out"] = slp.n_suggestions
    reader.notes["groups of cameras with their calibration, left out"] = slp.n_sessions
    return LabelSource(
        labels,
        images,
        videos,
        tuple(in_words(reader.notes)),
        {"name": path.name.removesuffix(".slp").removesuffix(".pkg"), **_plain(slp.provenance)},
        EmbeddedImages(slp) if any(video.dataset for video in slp.videos) else {},
    )


def _plain(provenance: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in provenance.items() if isinstance(value, str | int | float)}


def frame_numbers(video: SlpVideo) -> list[int] | None:
    """Return the frame number of each image of a list of images; None for a video."""
    if not video.image_paths:
        return None
    return image_frame_numbers([file_name(path) for path in video.image_paths])


class _FrameReader:
    """Turns the tables of one file into labelled frames."""

    def __init__(self, slp: SlpFile) -> None:
        self._slp = slp
        self._videos = {video.number: video for video in slp.videos}
        self._numbers = {video.number: frame_numbers(video) for video in slp.videos}
        self._order = [[slp.skeleton.index(name) for name in item.keypoints] for item in slp.skeletons]
        self.notes: Counter[str] = Counter()

    def frames(self) -> list[LabeledFrame]:
        """Return the frames in the file's order."""
        frames: dict[FrameKey, LabeledFrame] = {}
        for row in self._slp.frames:
            frame = self._frame(row)
            if frame is None:
                continue
            if frame.key in frames:
                self.notes["frames that occur twice, whose animals were put together"] += 1
                earlier = frames[frame.key]
                frame = replace(earlier, instances=(*earlier.instances, *frame.instances))
                self.notes[SHARED_TRACKS] += drop_repeated_names(frame.instances)
            frames[frame.key] = frame
        return list(frames.values())

    def _frame(self, row: np.void) -> LabeledFrame | None:
        slp, video = self._slp, self._videos[int(row["video"])]
        rows = slp.instances[int(row["instance_id_start"]) : int(row["instance_id_end"])]
        is_negative = slp.negative_frames is not None and (video.number, int(row["frame_idx"])) in (
            slp.negative_frames
        )
        if not len(rows) and not is_negative:
            self.notes["frames without an animal that are not marked as empty, left out"] += 1
            return None
        frame, image = int(row["frame_idx"]), None
        numbers = self._numbers[video.number]
        if numbers is not None and frame < len(numbers):
            image = file_name(video.image_paths[frame])
            frame = numbers[frame]
        instances = self._instances(rows)
        self.notes[SHARED_TRACKS] += drop_repeated_names(instances)
        return LabeledFrame(video.key, frame, instances, image)

    def _instances(self, rows: np.ndarray) -> tuple[Instance, ...]:
        """Return a person's instances, and those predictions that no person has taken over."""
        users = rows[rows["instance_type"] == USER]
        taken = set(users["from_predicted"].tolist())
        tracks = {track for track in users["track"].tolist() if track >= 0}
        kept = []
        for row in rows:
            if row["instance_type"] == PREDICTED:
                if int(row["instance_id"]) in taken or int(row["track"]) in tracks:
                    continue
                self.notes["predicted animals, kept as a model's without their scores"] += 1
            kept.append(self._instance(row))
        return tuple(kept)

    def _instance(self, row: np.void) -> Instance:
        raw = self._slp.points_of(row)
        xy = np.stack([raw["x"], raw["y"]], axis=1).astype(np.float64)
        placed = np.isfinite(xy).all(axis=1)
        visibility = np.where(
            placed, np.where(raw["visible"], Visibility.VISIBLE, Visibility.OCCLUDED), Visibility.UNLABELED
        )
        is_user = row["instance_type"] == USER
        origin = np.full(len(xy), Origin.PERSON if is_user else Origin.MODEL)
        predicted_id = int(row["from_predicted"])
        if is_user and 0 <= predicted_id < len(self._slp.instances):
            predicted = self._slp.points_of(self._slp.instances[predicted_id])
            if len(predicted) == len(raw):
                same = (predicted["x"] == raw["x"]) & (predicted["y"] == raw["y"])
                origin[same] = Origin.ACCEPTED
        hidden = visibility == Visibility.OCCLUDED
        origin[hidden] = Origin.MODEL
        if is_user:
            self.notes["points marked as not visible, kept but not learned from, as in SLEAP"] += hidden.sum()
        return self._spread(xy, visibility, origin, row)

    def _spread(self, xy: np.ndarray, visibility: np.ndarray, origin: np.ndarray, row: np.void) -> Instance:
        """Put the points of one of the skeletons in the places of the common one."""
        n, places = len(self._slp.skeleton), self._order[int(row["skeleton"])]
        points = np.full((n, 2), np.nan)
        all_visibility = np.full(n, Visibility.UNLABELED)
        all_origin = np.full(n, Origin.PERSON)
        points[places], all_visibility[places], all_origin[places] = xy, visibility, origin
        track = int(row["track"])
        name = self._slp.tracks[track] if 0 <= track < len(self._slp.tracks) else None
        return Instance(points, visibility=all_visibility, origin=all_origin, individual=name)


def _locate(slp: SlpFile, frames: list[LabeledFrame]) -> tuple[dict[FrameKey, Path], dict[str, Path]]:
    """Find the images and the videos that the file names; videos that are not found keep their path."""
    roots = [slp.path.parent, *list(slp.path.resolve().parents)[1:3]]
    videos: dict[str, Path] = {}
    images: dict[FrameKey, Path] = {}
    for video in slp.videos:
        if video.image_paths:
            by_name = {file_name(path): path for path in video.image_paths}
            of_video = [frame for frame in frames if frame.video == video.key and frame.image]
            located = {frame.key: find_file(by_name[frame.image or ""], roots) for frame in of_video}
            images |= {key: found for key, found in located.items() if found is not None}
        elif video.path:
            videos[video.key] = find_file(video.path, roots) or Path(video.path)
    return images, videos


# --- writing ----------------------------------------------------------------------------------------------


def save_labels(
    labels: Labels,
    path: Path,
    *,
    images: Mapping[FrameKey, Path] | None = None,
    videos: Mapping[str, Path] | None = None,
) -> list[str]:
    """Write labels as a ``.slp`` file.

    A video that is known is referred to by its path; one of which only images are known becomes SLEAP's list
    of images. A file that ends in ``.pkg.slp`` is a package: it holds the images themselves.

    Returns
    -------
    list of str
        What the file could not hold, in words.
    """
    tables = SlpTables(labels.individuals)
    images, video_entries, embeddings = images or {}, [], []
    for number, key in enumerate(labels.videos):
        frames = [frame for frame in labels.frames if frame.video == key]
        known = {} if is_package(path) else images
        entry, places = _video_entry(key, frames, known, (videos or {}).get(key))
        if is_package(path):
            embeddings.append(
                partial(embed_images, number=number, frames=frames, images=images, source=entry)
            )
            entry = package_entry(number)
        video_entries.append(entry)
        for frame in frames:
            tables.add_frame(number, places[frame.frame], frame)
    tables.write(path, labels, video_entries, embeddings)
    losses = _losses(labels)
    if is_package(path) and (n := sum(frame.key not in images for frame in labels)):
        losses.append(f"frames without an image, which the package lacks: {n}")
    return losses


def _video_entry(
    key: str, frames: list[LabeledFrame], images: Mapping[FrameKey, Path], video: Path | None
) -> tuple[dict[str, Any], dict[int, int]]:
    """Return the JSON of one video, and SLEAP's frame number for each of ours."""
    known = [images.get(frame.key) for frame in frames]
    if video is None and all(known):
        names = [str(image) for image in known]
        images_entry = {"filename": names[0], "filenames": names, "type": "ImageVideo"}
        return {"backend": images_entry}, {frame.frame: i for i, frame in enumerate(frames)}
    entry = {
        "filename": str(video) if video is not None else f"{key}.mp4",
        "grayscale": None,
        "bgr": True,
        "dataset": "",
        "input_format": "channels_last",
    }
    return {"backend": entry}, {frame.frame: frame.frame for frame in frames}


class SlpTables:
    """The rows of a ``.slp`` file that is being written."""

    def __init__(self, tracks: tuple[str, ...]) -> None:
        self._tracks = list(tracks)
        self._frames: list[tuple] = []
        self._instances: list[tuple] = []
        self._points: list[tuple] = []
        self._predicted: list[tuple] = []
        self._negative: list[tuple[int, int]] = []

    def add_frame(self, video: int, frame_index: int, frame: LabeledFrame) -> None:
        """Add one frame of a person's labels."""
        start = len(self._instances)
        for instance in frame.instances:
            self._add_instance(instance)
        if not frame.instances:
            self._negative.append((video, frame_index))
        self.close_frame(video, frame_index, start)

    @property
    def n_instances(self) -> int:
        """How many instances there are so far."""
        return len(self._instances)

    def close_frame(self, video: int, frame_index: int, start: int) -> None:
        """Say that the instances from `start` on belong to this frame."""
        self._frames.append((len(self._frames), video, frame_index, start, len(self._instances)))

    def _add_instance(self, instance: Instance) -> None:
        if _is_prediction(instance):
            self.add_predicted(instance.points, np.zeros(len(instance)), instance.individual)
            return
        start = len(self._points)
        visible = instance.visibility == Visibility.VISIBLE
        xy = points_without_guesses(instance)
        complete = instance.is_confirmed
        self._points += [(*p, bool(v), bool(c)) for p, v, c in zip(xy, visible, complete, strict=True)]
        self._append(USER, instance.individual, np.nan, start, len(self._points))

    def add_predicted(self, points: np.ndarray, scores: np.ndarray, track: str | None) -> None:
        """Add one instance that a model made: points (n_keypoints, 2), scores (n_keypoints,)."""
        start = len(self._predicted)
        self._predicted += [
            (*p, bool(np.isfinite(p).all()), False, float(np.nan_to_num(s)))
            for p, s in zip(points, scores, strict=True)
        ]
        placed = np.isfinite(points).all(axis=1)
        score = float(np.nan_to_num(scores)[placed].mean()) if placed.any() else 0.0
        self._append(PREDICTED, track, score, start, len(self._predicted))

    def _append(self, kind: int, track: str | None, score: float, start: int, end: int) -> None:
        number = -1
        if track is not None:
            if track not in self._tracks:
                self._tracks.append(track)
            number = self._tracks.index(track)
        self._instances.append(
            (len(self._instances), kind, len(self._frames), 0, number, -1, score, start, end, 0.0)
        )

    def write(
        self,
        path: Path,
        labels: Labels,
        videos: list[dict[str, Any]],
        embeddings: Sequence[Callable[["h5py.File"], None]] = (),
    ) -> None:
        """Write the file, atomically; `embeddings` add their images to it."""
        import h5py

        graph, nodes = encode_skeleton(labels.skeleton)
        metadata = {
            "version": "2.0.0",
            "skeletons": [graph],
            "nodes": nodes,
            "videos": [],
            "tracks": [],
            "suggestions": [],
            "negative_anchors": {},
            "provenance": {"writer": "marey"},
        }
        with atomic_hdf5(path) as whole, h5py.File(whole, "w") as file:
            group = file.create_group("metadata")
            group.attrs["format_id"] = FORMAT_ID
            group.attrs["json"] = np.bytes_(json.dumps(metadata, separators=(",", ":")))
            file["videos_json"] = _json_rows(videos)
            file["tracks_json"] = _json_rows([[0, name] for name in self._tracks])
            file["suggestions_json"] = _json_rows([])
            file["frames"] = np.array(self._frames, dtype=FRAME)
            file["instances"] = np.array(self._instances, dtype=INSTANCE)
            file["points"] = np.array(self._points, dtype=POINT)
            file["pred_points"] = np.array(self._predicted, dtype=PREDICTED_POINT)
            if self._negative:
                dtype = [("video_id", "u4"), ("frame_idx", "u8")]
                file["negative_frames"] = np.array(self._negative, dtype=dtype)
            for embed in embeddings:
                embed(file)


def _json_rows(rows: list[Any]) -> np.ndarray:
    encoded = [json.dumps(row, separators=(",", ":")).encode() for row in rows]
    return np.array(encoded) if encoded else np.empty(0)


def _losses(labels: Labels) -> list[str]:
    return in_words(
        {
            "animals that only a model placed, written as predictions with score 0": count_animals(
                labels, _is_prediction
            ),
            "points that only a model placed in animals that a person corrected, left out": count_points(
                labels, lambda i: is_guess(i) & (not _is_prediction(i))
            ),
            "points that a person judged although something covers them, which SLEAP does not learn from": (
                count_points(labels, lambda i: is_occluded(i) & i.is_confirmed)
            ),
            "points marked as absent, which became unlabelled": count_points(labels, is_absent),
            "animals that lost who placed their points and when": count_animals(labels, is_signed),
            "animals that lost that a person accepted points which a model placed": count_animals(
                labels, lambda i: bool((i.origin == Origin.ACCEPTED).any())
            ),
        }
    )


def _is_prediction(instance: Instance) -> bool:
    return bool(instance.has_position.any() and not instance.is_confirmed.any())
