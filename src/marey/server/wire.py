"""Labels of the library to labels of the pages, and back."""

import hashlib
import json
from typing import Any

import numpy as np

from marey.errors import LabelsError
from marey.model import Instance, LabeledFrame, Origin, Visibility
from marey.server.schemas import labels as schema

NO_LABELS = "none"
"""The revision of a frame that has no labels."""


def revision_of(frame: LabeledFrame | None) -> str:
    """Return a text that names the labels of one frame; equal labels have equal revisions."""
    if frame is None:
        return NO_LABELS
    content = [
        [
            instance.individual,
            np.round(instance.points, 6).tolist(),
            instance.visibility.tolist(),
            instance.origin.tolist(),
        ]
        for instance in frame.instances
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def instance_to_wire(instance: Instance, confidence: np.ndarray | None = None) -> schema.Instance:
    """Return one animal as the pages know it.

    Parameters
    ----------
    instance
        The animal.
    confidence
        Of each keypoint, where a model placed it, shape (n_keypoints,).
    """
    points = []
    for i in range(len(instance)):
        has_position = bool(instance.visibility[i] >= Visibility.OCCLUDED)
        sure = None if confidence is None or not np.isfinite(confidence[i]) else float(confidence[i])
        points.append(
            schema.Point(
                visibility=_name(Visibility(int(instance.visibility[i]))),
                origin=_name(Origin(int(instance.origin[i]))),
                position=(float(instance.points[i, 0]), float(instance.points[i, 1]))
                if has_position
                else None,
                confidence=sure,
                author=instance.authors[i],
                time=instance.times[i],
            )
        )
    return schema.Instance(individual=instance.individual, points=points)


def instance_from_wire(instance: schema.Instance, n_keypoints: int) -> Instance:
    """Return one animal as the library knows it.

    Raises
    ------
    LabelsError
        It has another number of points, or a point whose position contradicts its visibility.
    """
    if len(instance.points) != n_keypoints:
        raise LabelsError(
            f"expected {n_keypoints} points for each animal, got {len(instance.points)}",
            hint="the skeleton was changed: load the page again",
        )
    return Instance(
        points=np.array([point.position or (np.nan, np.nan) for point in instance.points], dtype=float),
        visibility=np.array([Visibility[point.visibility.upper()] for point in instance.points]),
        origin=np.array([Origin[point.origin.upper()] for point in instance.points]),
        individual=instance.individual,
        authors=[point.author for point in instance.points],
        times=[point.time for point in instance.points],
    )


def frame_from_wire(
    video: str, frame: int, image: str | None, labels: schema.LabelsWrite, n_keypoints: int
) -> LabeledFrame | None:
    """Return the labels of one frame, or None where they say nothing; animals without points are left out."""
    instances = [instance_from_wire(item, n_keypoints) for item in labels.instances]
    kept = [item for item in instances if (item.visibility != Visibility.UNLABELED).any()]
    if not kept and not labels.no_animal:
        return None
    return LabeledFrame(video, frame, tuple(kept), image)


def state_of(frame: LabeledFrame | None) -> schema.FrameState:
    """Say how far the labels of a frame are, as the queue shows it."""
    if frame is None:
        return "unlabeled"
    visibility = np.array([instance.visibility for instance in frame.instances])
    origin = np.array([instance.origin for instance in frame.instances])
    is_set = visibility != Visibility.UNLABELED
    if not frame.instances:
        return "labeled"  # a person saw no animal
    if (is_set & (origin == Origin.MODEL)).any():
        return "unconfirmed"
    return "labeled" if is_set.all() else "partial"


def _name(value: Visibility | Origin) -> Any:
    return value.name.lower()
