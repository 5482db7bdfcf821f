"""Several animals in a video: who is not found from afar is looked for where it was last.

Every block of :data:`~marey.prediction.following.BLOCK_FRAMES` frames begins without a memory, so that a
resumed prediction gives the same poses as an uninterrupted one.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from marey.prediction.following import BLOCK_FRAMES, SEEN_PEAK
from marey.prediction.frames import Frame

if TYPE_CHECKING:
    from marey.networks.approach import Approach
    from marey.prediction.predictor import RawPose

F = TypeVar("F", bound=Frame)
Complete = Callable[[Frame, "list[RawPose]", Sequence[np.ndarray]], "list[RawPose]"]
"""Adds to the animals of a frame those that are at the places, (x, y), if any are."""


def remember(
    found: Iterable[tuple[F, "list[RawPose]"]], approach: "Approach", complete: Complete
) -> Generator[tuple[F, "list[RawPose]"], None, None]:
    """Add animals that were there in the frame before, and are where they were.

    Parameters
    ----------
    found
        The frames of a video in order, each with its animals; the first frame begins a block.
    approach
        What stands for an animal.
    complete
        Is given the frame, who is there, and the last places of those who are missing.
    """
    before: list[RawPose] = []
    for number, (frame, there) in enumerate(found):
        if number % BLOCK_FRAMES == 0:
            before = []
        is_missing = len(there) < len(before)
        before = complete(frame, there, last_places(before, there, approach)) if is_missing else there
        yield frame, before


def last_places(
    before: Sequence["RawPose"], now: Sequence["RawPose"], approach: "Approach"
) -> list[np.ndarray]:
    """Return where those were, (x, y), who are farthest from everybody that is there now."""
    from scipy.optimize import linear_sum_assignment

    old = [_anchor(pose, approach) for pose in before]
    new = [_anchor(pose, approach) for pose in now]
    if not new:
        return old
    apart = np.linalg.norm(np.array(old)[:, None] - np.array(new)[None], axis=-1)
    there, _ = linear_sum_assignment(apart)
    return [place for i, place in enumerate(old) if i not in there]


def _anchor(pose: "RawPose", approach: "Approach") -> np.ndarray:
    """Return the anchor of the points that are seen, or the middle of the crop where none is."""
    points = np.where((pose.peak >= SEEN_PEAK)[:, None], pose.points, np.nan)
    anchor = approach.anchors(points)
    x0, y0, width, height = pose.view.box
    middle = np.array([x0 + (width - 1) / 2, y0 + (height - 1) / 2])
    return anchor if np.isfinite(anchor).all() else middle
