"""Keypoint tables to labelled frames, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from marey.errors import LabelsError
from marey.formats.deeplabcut.tables import SINGLE, Column, KeypointTable
from marey.formats.notes import (
    authors_of,
    count_animals,
    count_points,
    in_words,
    is_absent,
    is_by_model,
    is_occluded,
)
from marey.formats.source import FrameKey, fill_up, find_file, image_frame_numbers, image_name, path_parts
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton, Visibility

_NOT_A_VIDEO = ("labeled-data", "labeled_data", "images", "")


@dataclass
class TableFrames:
    """The frames of one table, and their images."""

    frames: list[LabeledFrame] = field(default_factory=list)
    images: dict[FrameKey, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def frames_of_table(
    table: KeypointTable, skeleton: Skeleton, *, default_video: str, roots: Sequence[Path]
) -> TableFrames:
    """Turn the rows of a table of labels into frames, in their order.

    A row without any point becomes a frame whose one animal is not labelled yet, so that row numbers keep
    their meaning. Points that come with a likelihood are a model's.

    Parameters
    ----------
    table
        The table.
    skeleton
        The keypoints; every keypoint of the table must be among them.
    default_video
        The video's key where the rows do not name one.
    roots
        Folders in which the images' paths are looked up.

    Raises
    ------
    LabelsError
        A keypoint is unknown, or an image has two rows.
    """
    _check(table, skeleton)
    result = TableFrames(notes=list(table.notes))
    keys = _frame_keys(table, default_video)
    points = _points(table, skeleton)
    if n_half := int((np.isfinite(points).sum(axis=-1) == 1).sum()):
        result.notes.append(f"points with only one of x and y, taken as missing: {n_half}")
        points[~np.isfinite(points).all(axis=-1)] = np.nan
    visibility = _visibility(table, skeleton, points)
    origin = Origin.MODEL if _is_of_model(table) else Origin.PERSON
    n_empty = 0
    for row, (video, frame, image) in enumerate(keys):
        instances = tuple(
            _instance(points[row, i], visibility[row, i], name, table.scorer, origin)
            for i, name in enumerate(table.individuals)
            if np.isfinite(points[row, i]).any()
        )
        if not instances:
            n_empty += 1
            instances = (Instance(np.full((len(skeleton), 2), np.nan)),)
        result.frames.append(LabeledFrame(video, frame, instances, image))
        if image is not None:
            path = find_file(table.index[row], roots)
            if path is not None:
                result.images[video, frame] = path
    if n_empty:
        result.notes.append(f"rows without any point, kept as frames not labelled yet: {n_empty}")
    n_missing = sum(image is not None for _, _, image in keys) - len(result.images)
    if n_missing:
        result.notes.append(
            f"images of {Path(table.where).name} that were not found: {n_missing} of {len(keys)}"
        )
    return result


def _check(table: KeypointTable, skeleton: Skeleton) -> None:
    unknown = [name for name in table.keypoints if name not in skeleton.keypoints]
    if unknown:
        raise LabelsError(
            f"{table.where} labels the keypoint {unknown[0]!r}, which the project does not have",
            hint=f"the project's keypoints are {', '.join(skeleton.keypoints)}; "
            "add it there, or take its columns out of the file",
        )
    seen: set[str] = set()
    for entry in table.index:
        if entry in seen:
            raise LabelsError(f"{table.where} has two rows for {entry}", hint="remove the row that is wrong")
        seen.add(entry)


def _frame_keys(table: KeypointTable, default_video: str) -> list[tuple[str, int, str | None]]:
    """Return (video, frame, image) of each row."""
    if table.has_frame_numbers:
        return [(default_video, int(entry), None) for entry in table.index]
    videos, images = [], []
    for entry in table.index:
        parts = path_parts(entry)
        parent = parts[-2] if len(parts) > 1 else ""
        videos.append(default_video if parent.lower() in _NOT_A_VIDEO else parent)
        images.append(parts[-1])
    numbers: dict[int, int] = {}
    for video in dict.fromkeys(videos):
        rows = [row for row, name in enumerate(videos) if name == video]
        numbers.update(zip(rows, image_frame_numbers([images[row] for row in rows]), strict=True))
    return [(videos[row], numbers[row], images[row]) for row in range(len(videos))]


def _points(table: KeypointTable, skeleton: Skeleton) -> np.ndarray:
    """Return (n_rows, n_individuals, n_keypoints, 2) in the skeleton's order of keypoints."""
    places = [skeleton.index(name) for name in table.keypoints]
    points = np.full((len(table.index), len(table.individuals), len(skeleton), 2), np.nan)
    for axis, name in enumerate("xy"):
        points[:, :, places, axis] = table.plane(name).transpose(0, 2, 1)
    return points


def _is_of_model(table: KeypointTable) -> bool:
    """Tell whether a table holds predictions. Labels that began as such may have kept their likelihood."""
    return "likelihood" in table.coordinates and not Path(table.where).name.startswith("CollectedData")


def _visibility(table: KeypointTable, skeleton: Skeleton, points: np.ndarray) -> np.ndarray:
    """Return (n_rows, n_individuals, n_keypoints) of :class:`Visibility`.

    A column ``visible`` counts as in COCO where it reaches 2 (0 not labelled, 1 hidden, 2 seen), else as
    yes or no.
    """
    placed = np.isfinite(points).all(axis=-1)
    visibility = np.where(placed, Visibility.VISIBLE, Visibility.UNLABELED)
    if "visible" not in table.coordinates:
        return visibility
    places = [skeleton.index(name) for name in table.keypoints]
    flags = np.full(placed.shape, np.nan)
    flags[:, :, places] = table.plane("visible").transpose(0, 2, 1)
    seen = 2 if np.nanmax(flags, initial=0) >= 2 else 1
    return np.where(placed & (flags < seen), Visibility.OCCLUDED, visibility)


def _instance(
    points: np.ndarray, visibility: np.ndarray, individual: str, author: str, origin: Origin
) -> Instance:
    placed = visibility >= Visibility.OCCLUDED
    return Instance(
        points,
        visibility=visibility,
        origin=np.where(placed, origin, Origin.PERSON),
        individual=individual or None,
        authors=[author if is_placed else "" for is_placed in placed],
    )


def table_of_labels(
    labels: Labels, *, scorer: str, index: Sequence[str] | None = None, where: str = "labels"
) -> tuple[KeypointTable, list[str]]:
    """Turn labels into a table with one row per frame; only what a person confirmed is written.

    Parameters
    ----------
    labels
        The labels.
    scorer
        The name in the header.
    index
        The rows' names; by default ``labeled-data/<video>/<image>``.
    where
        The file, for messages.

    Returns
    -------
    table, losses
        The table, and what it could not hold, in words.
    """
    if index is None:
        index = [f"labeled-data/{f.video}/{image_name(f.frame, f.image)}" for f in labels.frames]
    individuals = _individual_names(labels)
    confirmed = Labels(
        labels.skeleton,
        [
            LabeledFrame(f.video, f.frame, tuple(_confirmed(i) for i in f.instances), f.image)
            for f in labels.frames
        ],
        individuals if len(individuals) > 1 else labels.individuals,
    )
    points = confirmed.to_array()
    columns: list[Column] = []
    values = []
    unique = _unique_keypoints(points, individuals)
    for i, individual in enumerate(individuals):
        for k, keypoint in enumerate(labels.skeleton.keypoints):
            if unique is not None and (k in unique) != (individual == SINGLE):
                continue
            for axis, name in enumerate("xy"):
                columns.append((individual, keypoint, name))
                values.append(points[:, i, k, axis])
    table = KeypointTable(columns, list(index), np.stack(values, axis=1), scorer=scorer, where=where)
    return table, _losses(labels, individuals)


def _individual_names(labels: Labels) -> tuple[str, ...]:
    n = max(labels.max_instances, len(labels.individuals))
    named = dict.fromkeys(i.individual for f in labels.frames for i in f.instances if i.individual)
    if n <= 1 and not named and not labels.individuals:
        return ("",)
    return fill_up([*labels.individuals, *named], n, "individual")


def _confirmed(instance: Instance) -> Instance:
    return Instance(instance.confirmed_points(), individual=instance.individual)


def _unique_keypoints(points: np.ndarray, individuals: tuple[str, ...]) -> set[int] | None:
    if SINGLE not in individuals:
        return None
    single = points[:, individuals.index(SINGLE)]
    return {k for k in range(points.shape[2]) if np.isfinite(single[:, k]).any()}


def _losses(labels: Labels, individuals: tuple[str, ...]) -> list[str]:
    """Say what of these labels such a table cannot hold."""
    losses = in_words(
        {
            "points that only a model placed, left out": count_points(labels, is_by_model),
            "occluded points, which became plain points": count_points(labels, is_occluded),
            "points marked as absent, which became empty cells": count_points(labels, is_absent),
            "frames without an animal, which became rows without points, as if not labelled": sum(
                not frame.instances for frame in labels
            ),
            "animals that lost the times at which their points were placed": count_animals(
                labels, lambda instance: any(instance.times)
            ),
        }
    )
    n_nameless = count_animals(labels, lambda i: i.individual is None and bool(i.has_position.any()))
    if len(individuals) > 1 and n_nameless:
        losses.append("animals without a name were numbered in their order in each frame")
    if len({author for frame in labels for author in authors_of(frame.instances)}) > 1:
        losses.append("all points are under one scorer, although several people placed them")
    return losses
