"""The adaptive crop: look where the animal must be, and search the whole frame only when it is lost.

The crop of frame i is placed by the poses up to frame i − :data:`LAG`, carried on by their velocity, so that
several frames are on their way through the engine at a time. Nothing depends on timing, and every block of
:data:`BLOCK_FRAMES` frames begins anew with a search of the whole frame. So a resumed prediction gives the
same poses as an uninterrupted one, and a crop that follows the wrong thing does so for seconds at most. Where
a keypoint is not seen, the whole frame is searched for it now and then: it may lie outside the crop.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Generic, TypeVar

import numpy as np

from marey.prediction.frames import Frame
from marey.prediction.predictor import Predictor, RawPose

F = TypeVar("F", bound=Frame)

BLOCK_FRAMES = 256
LAG = 4
VELOCITY_FRAMES = 3
# The share of the motion since the last known pose that is expected to go on.
PERSISTENCE = 0.7
# Keypoints this near to the edge of the crop, as a share of its side, may be cut off.
EDGE_SHARE = 0.03
# A keypoint counts as seen from this height of its peak on; one that is seen is enough to follow.
SEEN_PEAK = 0.3
# So many frames pass before the rest of an animal is looked for again where that was of no use.
PATIENCE_FRAMES = 32


@dataclass
class _OnItsWay(Generic[F]):
    frame: F
    finish: Callable[[], RawPose]
    is_searched: bool


class Follower:
    """Predicts the frames of a video in order, each crop placed by the poses before it.

    Parameters
    ----------
    predictor
        With a plan of kind "crop".
    size
        (width, height) of the crop that follows, in network pixels; by default that of the plan.

    Attributes
    ----------
    n_searched
        Frames for which the whole frame was searched so far.
    """

    def __init__(self, predictor: Predictor, size: tuple[int, int] | None = None) -> None:
        self.predictor = predictor
        self.plan = replace(predictor.plan, size=size or predictor.plan.size)
        self.n_searched = 0

    def follow(self, frames: Iterable[F]) -> Generator[tuple[F, RawPose], None, None]:
        """Yield each frame with its pose, in order; the first frame begins a block."""
        iterator = iter(frames)
        for first in iterator:
            yield from self._follow_block(chain([first], islice(iterator, BLOCK_FRAMES - 1)))

    def _follow_block(self, frames: Iterable[F]) -> Iterator[tuple[F, RawPose]]:
        # Centres of the animal in the latest frames, None where it was not found.
        centers: deque[np.ndarray | None] = deque(maxlen=VELOCITY_FRAMES + 1)
        waiting: deque[_OnItsWay[F]] = deque()
        patience = 0

        def resolve() -> tuple[F, RawPose]:
            nonlocal patience
            job = waiting.popleft()
            pose = job.finish()
            if job.is_searched:
                pose = self.predictor.settle(job.frame, pose)
            elif is_lost(pose, job.frame.size):
                pose = self.predictor.settle(job.frame, self._search(job.frame)())
            if is_seen(pose) and n_seen(pose) < len(pose.peak):
                patience -= 1
                if patience < 0:
                    pose, is_better = self._look_for_the_rest(job.frame, pose)
                    patience = 0 if is_better else PATIENCE_FRAMES
            centers.append(self.predictor.find_center(pose) if is_seen(pose) else None)
            return job.frame, pose

        for frame in frames:
            if len(waiting) == LAG:
                yield resolve()
            waiting.append(self._start(frame, expect_center(centers)))
        while waiting:
            yield resolve()

    def _start(self, frame: F, center: np.ndarray | None) -> _OnItsWay[F]:
        if center is None:
            return _OnItsWay(frame, self._search(frame), is_searched=True)
        view = self.plan.crop_view(center)
        return _OnItsWay(frame, self.predictor.start(frame, view), is_searched=False)

    def _look_for_the_rest(self, frame: Frame, pose: RawPose) -> tuple[RawPose, bool]:
        """Measure once more with the crop around all keypoints, however faint; return the better pose.

        A crop that lies around the clear keypoints alone, such as those of a head, hides the others from all
        crops that are placed by it.
        """
        other = self._search(frame, with_faint=True)()
        return (other, True) if n_seen(other) > n_seen(pose) else (pose, False)

    def _search(self, frame: Frame, *, with_faint: bool = False) -> Callable[[], RawPose]:
        self.n_searched += 1
        center = self.predictor.find_center(self.predictor.locate(frame), with_faint=with_faint)
        return self.predictor.start(frame, self.predictor.plan.crop_view(center))


def expect_center(centers: deque[np.ndarray | None]) -> np.ndarray | None:
    """Return where the animal is expected :data:`LAG` frames after the last of `centers`, or None."""
    if not centers or centers[-1] is None:
        return None
    known = [center for center in centers if center is not None]
    if len(known) <= VELOCITY_FRAMES:
        return centers[-1]
    return centers[-1] + PERSISTENCE * LAG * (centers[-1] - known[0]) / VELOCITY_FRAMES


def n_seen(pose: RawPose) -> int:
    """Return how many keypoints have a clear peak."""
    return int((pose.peak >= SEEN_PEAK).sum())


def is_seen(pose: RawPose) -> bool:
    """Say whether any keypoint has a clear peak."""
    return n_seen(pose) > 0


def is_lost(pose: RawPose, frame_size: tuple[int, int]) -> bool:
    """Say whether a crop missed the animal: no keypoint is seen, or one at an edge inside the frame."""
    if not is_seen(pose):
        return True
    x0, y0, width, height = pose.view.box
    points = pose.points[pose.peak >= SEEN_PEAK]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = EDGE_SHARE * np.array([width, height])
    corner, far = np.array([x0, y0]), np.array([x0 + width - 1, y0 + height - 1])
    # Beyond the edge of the frame there is nothing that could have been cut off.
    is_cut_low = (low < corner + margin) & (corner > 0)
    is_cut_high = (high > far - margin) & (far < np.array(frame_size) - 1)
    return bool(np.any(is_cut_low | is_cut_high))
