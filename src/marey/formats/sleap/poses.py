"""Poses from and to ``.slp`` files."""

from collections import Counter
from pathlib import Path

import numpy as np
import xarray as xr

from marey.errors import InputError
from marey.formats.pose_arrays import describe_losses, finish_poses, has_names
from marey.formats.sleap.labels import SlpTables, frame_numbers
from marey.formats.sleap.slp_file import (
    ANIMAL_SCORES,
    PREDICTED,
    TRACKING_SCORES,
    USER,
    SlpFile,
    SlpVideo,
    read_slp,
)
from marey.model import Labels, read_skeleton, standardise_poses


def load_poses(path: Path, *, video: str | None = None) -> xr.Dataset:
    """Read the animals of one video of a ``.slp`` file over time, predicted and corrected.

    Rows are all frames from 0 to the last one that has an animal. Where a person corrected a prediction, the
    correction is taken, without a confidence. Points marked as not visible are missing.

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
    rows = _rows_of(slp, chosen)
    tracks = list(dict.fromkeys(slp.tracks))
    n_rows = max((frame for frame, _ in rows), default=-1) + 1
    n_places = _n_places(rows, len(tracks))
    shape = (n_rows, n_places, len(slp.skeleton))
    position, confidence = np.full((*shape, 2), np.nan), np.full(shape, np.nan)
    left_out: Counter[str] = Counter()
    order = [[slp.skeleton.index(name) for name in item.keypoints] for item in slp.skeletons]
    for frame, instances in rows:
        left_out[ANIMAL_SCORES] += int((instances["instance_type"] == PREDICTED).sum())
        left_out[TRACKING_SCORES] += _n_tracking_scores(instances)
        for place, row in _places(slp, instances, tracks):
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


def _n_tracking_scores(instances: np.ndarray) -> int:
    names = instances.dtype.names or ()  # old files have none
    return (
        int(np.count_nonzero(np.nan_to_num(instances["tracking_score"]))) if "tracking_score" in names else 0
    )


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


def _rows_of(slp: SlpFile, video: SlpVideo | None) -> list[tuple[int, np.ndarray]]:
    """Return (frame, instances) for the frames of one video, without predictions that were corrected."""
    if video is None:
        return []
    numbers = frame_numbers(video)
    rows = []
    for frame in slp.frames[slp.frames["video"] == video.number]:
        instances = slp.instances[int(frame["instance_id_start"]) : int(frame["instance_id_end"])]
        users = instances[instances["instance_type"] == USER]
        taken = np.isin(instances["instance_id"], users["from_predicted"])
        replaced = np.isin(instances["track"], users["track"][users["track"] >= 0])
        keep = (instances["instance_type"] == USER) | ~(taken | replaced)
        index = int(frame["frame_idx"])
        rows.append((numbers[index] if numbers is not None else index, instances[keep]))
    return rows


def _n_places(rows: list[tuple[int, np.ndarray]], n_tracks: int) -> int:
    untracked = [int((instances["track"] < 0).sum()) for _, instances in rows]
    return max(1, n_tracks + max(untracked, default=0))


def _places(slp: SlpFile, instances: np.ndarray, tracks: list[str]) -> list[tuple[int, np.void]]:
    placed, free = [], len(tracks)
    for row in instances:
        if row["track"] >= 0:
            placed.append((tracks.index(slp.tracks[int(row["track"])]), row))
        else:
            placed.append((free, row))
            free += 1
    return placed


def _names(tracks: list[str], n_places: int) -> tuple[str, ...]:
    if not tracks and n_places == 1:
        return ()
    names = list(tracks)
    number = 1
    while len(names) < n_places:
        if f"animal{number}" not in names:
            names.append(f"animal{number}")
        number += 1
    return tuple(names)


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
