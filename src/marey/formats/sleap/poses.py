"""Poses from and to ``.slp`` files."""

from collections import Counter
from itertools import count
from pathlib import Path

import numpy as np
import xarray as xr

from marey.errors import InputError
from marey.formats.pose_arrays import describe_losses, finish_poses, has_names
from marey.formats.sleap.labels import SlpTables, frame_numbers
from marey.formats.sleap.slp_file import (
    ANIMAL_SCORES,
    PREDICTED,
    SHARED_TRACKS,
    TRACKING_SCORES,
    USER,
    SlpFile,
    SlpVideo,
    read_slp,
)
from marey.formats.source import fill_up
from marey.model import Labels, read_skeleton, standardise_poses


def load_poses(path: Path, *, video: str | None = None) -> xr.Dataset:
    """Read the animals of one video of a ``.slp`` file over time, predicted and corrected.

    Rows are all frames from 0 to the last one of the file, be it one without an animal. Where a person
    corrected a prediction, the correction is taken, without a confidence. Points marked as not visible are
    missing. Of two animals of a frame that share a track, the later one in the file loses its name.

    Parameters
    ----------
    path
        The file.
    video
        The key of the video, where the file holds several.

    Raises
    ------
    InputError
        The file holds several videos, and none or an unknown one was named.
    """
    slp = read_slp(path)
    chosen = _choose_video(slp, video)
    tracks = list(dict.fromkeys(slp.tracks))
    rows = {frame: _places(slp, found, tracks) for frame, found in _instances_of(slp, chosen).items()}
    n_rows = max(rows, default=-1) + 1
    n_places = max([1, len(tracks), *(place + 1 for placed in rows.values() for place, _ in placed)])
    shape = (n_rows, n_places, len(slp.skeleton))
    position, confidence = np.full((*shape, 2), np.nan), np.full(shape, np.nan)
    left_out: Counter[str] = Counter()
    order = [[slp.skeleton.index(name) for name in item.keypoints] for item in slp.skeletons]
    for frame, placed in rows.items():
        for place, row in placed:
            left_out[ANIMAL_SCORES] += int(row["instance_type"] == PREDICTED)
            left_out[TRACKING_SCORES] += _has_tracking_score(row)
            left_out[SHARED_TRACKS] += place >= len(tracks) and _track_of(slp, row) is not None
            raw, points = slp.points_of(row), order[int(row["skeleton"])]
            visible = raw["visible"]
            left_out["points marked as not visible, left out"] += int(
                (np.isfinite(raw["x"]) & ~visible).sum()
            )
            position[frame, place, points, 0] = np.where(visible, raw["x"], np.nan)
            position[frame, place, points, 1] = np.where(visible, raw["y"], np.nan)
            confidence[frame, place, points] = np.nan if row["instance_type"] == USER else raw["score"]
    return finish_poses(
        position.transpose(0, 3, 2, 1),
        confidence.transpose(0, 2, 1),
        keypoints=slp.skeleton.keypoints,
        individuals=_names(tracks, n_places),
        source=path,
        software="SLEAP",
        skeleton=slp.skeleton,
        attributes={"video": chosen.path} if chosen is not None else {},
        left_out=left_out,
    )


def _has_tracking_score(instance: np.void) -> bool:
    names = instance.dtype.names or ()  # old files have none
    return "tracking_score" in names and bool(np.nan_to_num(instance["tracking_score"]))


def _choose_video(slp: SlpFile, video: str | None) -> SlpVideo | None:
    keys = {item.key: item for item in slp.videos}
    if video is not None:
        if video not in keys:
            raise InputError(f"{slp.path} has no video {video!r}", hint=f"it has {', '.join(keys)}")
        return keys[video]
    used = set(slp.frames["video"].tolist())
    with_frames = [item for item in slp.videos if item.number in used]
    if len(with_frames) > 1:
        raise InputError(
            f"{slp.path} holds {len(with_frames)} videos, and poses are of one",
            hint=f"name one of {', '.join(item.key for item in with_frames)}: "
            "--video of `marey convert`, --of of the others",
        )
    return with_frames[0] if with_frames else next(iter(slp.videos), None)


def _instances_of(slp: SlpFile, video: SlpVideo | None) -> dict[int, np.ndarray]:
    """Return the instances of each frame of one video, without predictions that were corrected."""
    if video is None:
        return {}
    numbers = frame_numbers(video)
    found: dict[int, list[np.ndarray]] = {}
    for row in slp.frames[slp.frames["video"] == video.number]:
        frame = int(row["frame_idx"])
        if numbers is not None and frame < len(numbers):
            frame = numbers[frame]
        instances = slp.instances[int(row["instance_id_start"]) : int(row["instance_id_end"])]
        found.setdefault(frame, []).append(instances)
    return {frame: _current(np.concatenate(parts)) for frame, parts in found.items()}


def _current(instances: np.ndarray) -> np.ndarray:
    """Return a person's instances, and those predictions that no person has taken over."""
    is_user = instances["instance_type"] == USER
    users = instances[is_user]
    is_taken = np.isin(instances["instance_id"], users["from_predicted"])
    is_replaced = np.isin(instances["track"], users["track"][users["track"] >= 0])
    return instances[is_user | ~(is_taken | is_replaced)]


def _track_of(slp: SlpFile, instance: np.void) -> str | None:
    number = int(instance["track"])
    return slp.tracks[number] if 0 <= number < len(slp.tracks) else None


def _places(slp: SlpFile, instances: np.ndarray, tracks: list[str]) -> list[tuple[int, np.void]]:
    """Give each animal of a frame the place of its track, or a free one behind those of the tracks."""
    placed: dict[int, np.void] = {}
    free = count(len(tracks))
    for row in instances:
        track = _track_of(slp, row)
        place = next(free) if track is None or tracks.index(track) in placed else tracks.index(track)
        placed[place] = row
    return list(placed.items())


def _names(tracks: list[str], n_places: int) -> tuple[str, ...]:
    """Return the names of all places; none where a single animal has none."""
    return fill_up(tracks, n_places, "animal") if tracks or n_places > 1 else ()


def save_poses(dataset: xr.Dataset, path: Path, *, video: str | None = None) -> list[str]:
    """Write poses as the predictions of a ``.slp`` file.

    Parameters
    ----------
    dataset
        The poses, in two dimensions.
    path
        The file.
    video
        The path of the video; by default what the poses say of it.

    Returns
    -------
    list of str
        What the file could not hold.
    """
    dataset = standardise_poses(dataset)
    if dataset.sizes["space"] != 2:
        raise InputError("SLEAP's files hold positions in an image, but these poses are in 3D")
    individuals = [str(name) for name in dataset["individual"].values]
    is_named = has_names(dataset)
    tables = SlpTables(tuple(individuals) if is_named else ())
    position = dataset["position"].transpose("time", "individual", "keypoint", "space").values
    confidence = dataset["confidence"].transpose("time", "individual", "keypoint").values
    for row, frame in enumerate(dataset["frame"].values.tolist()):
        start = tables.n_instances
        for i, name in enumerate(individuals):
            if np.isfinite(position[row, i]).any():
                tables.add_predicted(position[row, i], confidence[row, i], name if is_named else None)
        if tables.n_instances > start:
            tables.close_frame(0, frame, start)
    name = video or str(dataset.attrs.get("video") or f"{path.stem}.mp4")
    backend = {
        "filename": name,
        "grayscale": None,
        "bgr": True,
        "dataset": "",
        "input_format": "channels_last",
    }
    tables.write(path, Labels(read_skeleton(dataset)), [{"backend": backend}])
    losses = describe_losses(dataset, "SLEAP's .slp", keeps_edges=True, keeps_pairs=True)
    if np.isnan(confidence[np.isfinite(position).all(axis=-1)]).any():
        losses.append("points without a confidence got the score 0")
    return losses
