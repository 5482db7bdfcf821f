"""The demo's annotator: the exact truth, placed with the small errors of a person."""

from collections.abc import Iterable

import numpy as np

from marey.model import Instance, LabeledFrame, Visibility

HAND_ERROR_PX = 0.5
"""Deviation of a careful person's clicks along x and along y; hidden points are judged half as well."""


def label_frames(
    video: str,
    frames: Iterable[int],
    points: np.ndarray,
    visibility: np.ndarray,
    rng: np.random.Generator,
    *,
    hand_error_px: float = HAND_ERROR_PX,
) -> list[LabeledFrame]:
    """Label frames of a rendered recording as a person would.

    Parameters
    ----------
    video
        The key of the video in its project.
    frames
        Which frames.
    points
        The truth of all frames, shape (n_frames, n_animals, n_keypoints, 2).
    visibility
        :class:`~marey.model.Visibility` of all frames, shape (n_frames, n_animals, n_keypoints).
    rng
        The unsteady hand.
    hand_error_px
        Deviation of the placed points along x and along y.
    """
    labelled = []
    for frame in sorted({int(index) for index in frames}):
        hidden = visibility[frame] == Visibility.OCCLUDED
        spread = hand_error_px * np.where(hidden, 2.0, 1.0)[..., None]
        placed = points[frame] + spread * rng.standard_normal(points[frame].shape)
        instances = tuple(
            Instance(place, seen) for place, seen in zip(placed, visibility[frame], strict=True)
        )
        labelled.append(LabeledFrame(video, frame, instances))
    return labelled
