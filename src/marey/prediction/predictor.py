"""From frames to poses: which views a frame is shown through, and what the heatmaps say about it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from marey.networks.decoding import FEATURE_NAMES, Decoded, decode_heatmaps, decode_lower_peaks
from marey.networks.looking import HELPFUL_SHARE, find_centers, is_off_center
from marey.networks.views import View, ViewPlan
from marey.prediction.engines import Engine, Pending
from marey.prediction.frames import Frame, ImageFrame

if TYPE_CHECKING:
    from marey.metrics.reliability import Reliability
    from marey.runs import Run

F = TypeVar("F", bound=Frame)
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class RawPose:
    """What was read off the heatmaps of one frame.

    Parameters
    ----------
    points
        (x, y) in frame pixels, shape (n_keypoints, 2).
    peak
        Height of each peak in (0, 1), shape (n_keypoints,).
    features
        What confidences are computed from, shape (n_keypoints, n_features).
    view
        Through which the frame was measured.
    score
        How surely there is an animal, in [0, 1].
    identity
        The probability of each individual, shape (n_individuals,); None where nobody is told apart.
    lower
        What else the heatmaps had peaks at, in frame pixels; see
        :func:`~marey.networks.decoding.decode_lower_peaks`. None where nobody asked.
    """

    points: np.ndarray
    peak: np.ndarray
    features: np.ndarray
    view: View
    score: float = 1.0
    identity: np.ndarray | None = None
    lower: Decoded | None = None


@dataclass(frozen=True)
class Prediction:
    """Poses of several frames, or of several animals in a frame: one after the other.

    Parameters
    ----------
    points
        (x, y) in frame pixels, shape (n_frames, n_keypoints, 2).
    confidence
        In [0, 1], shape (n_frames, n_keypoints).
    expected_error, error_90
        Expected distance from the true point, and the radius that holds it in 90 % of cases, in frame
        pixels, shape (n_frames, n_keypoints); NaN where the run could not be calibrated.
    features
        Shape (n_frames, n_keypoints, n_features).
    scores
        How surely there is each animal, shape (n_frames,); None where nobody asked.
    identities
        Who each is, as probabilities, shape (n_frames, n_individuals); None where nobody is told apart.
    lower
        Where else each keypoint may be, the surest first: predictions of the lower peaks of the same frames;
        NaN where there is none.
    """

    points: np.ndarray
    confidence: np.ndarray
    expected_error: np.ndarray
    error_90: np.ndarray
    features: np.ndarray
    scores: np.ndarray | None = None
    identities: np.ndarray | None = None
    lower: tuple["Prediction", ...] = ()


class Predictor:
    """Finds one animal in frames; those that find several derive from it.

    Parameters
    ----------
    engine
        Runs the network.
    plan
        The views that the network was trained on.
    keypoints
        Their names.
    stride
        Network pixels per heatmap cell.
    reliability
        Turns features into confidences and expected errors; without it the confidence is the height of the
        peak.

    Attributes
    ----------
    n_animals
        The most animals that are found in a frame.
    n_candidates
        How many peaks of each heatmap are read; the first is the pose.
    """

    n_animals = 1
    n_candidates = 1

    def __init__(
        self,
        engine: Engine,
        plan: ViewPlan,
        keypoints: Sequence[str],
        *,
        stride: int,
        reliability: "Reliability | None" = None,
    ) -> None:
        self.engine = engine
        self.plan = plan
        self.keypoints = tuple(keypoints)
        self.stride = stride
        self.reliability = reliability

    @classmethod
    def of(cls, run: "Run", engine: Engine) -> Self:
        """Return the predictor of a run of one animal; see :func:`marey.prediction.several.predictor_of`."""
        return cls(
            engine,
            run.plan,
            run.skeleton.keypoints,
            stride=run.config.stride,
            reliability=reliability_of(run),
        )

    def predict_images(self, images: Iterable[np.ndarray]) -> Prediction:
        """Find the animal in images that have nothing to do with each other.

        Parameters
        ----------
        images
            uint8 RGB, shape (H, W, 3); sizes may differ.
        """
        return self.judge([pose for _, pose in self.search(map(ImageFrame, images))])

    def predict_animals(self, images: Iterable[np.ndarray]) -> list[Prediction]:
        """Find all animals in each image; what is predicted of one image has a row for each animal."""
        return [self.judge(poses) for _, poses in self.search_all(map(ImageFrame, images))]

    def search_all(self, frames: Iterable[F]) -> Generator[tuple[F, list[RawPose]], None, None]:
        """Find the animals in each frame on its own, in order; the surest animal of a frame is first."""
        with closing(self.search(frames)) as found:
            for frame, pose in found:
                yield frame, [pose]

    def search_video(self, frames: Iterable[F]) -> Generator[tuple[F, list[RawPose]], None, None]:
        """Find the animals in the frames of a video, in order, the first of which begins a block."""
        return self.search_all(frames)

    def search(self, frames: Iterable[F]) -> Generator[tuple[F, RawPose], None, None]:
        """Find the animal in each frame on its own, in order.

        With a plan of kind "crop" the whole frame is looked at coarsely, then a crop around the animal.
        Several frames are on their way through the engine at a time.
        """
        groups = grouped(frames, self.engine.batch_size)
        if self.plan.kind == "crop":
            located = self._measured(groups, self._locate_views)
            measured = self._measured(map(_regroup, located), self._crop_views)
        else:
            measured = self._measured(groups, self._locate_views)
        for group, poses in measured:
            for (frame, _), pose in zip(group, poses, strict=True):
                yield frame, self.settle(frame, pose)

    def settle(self, frame: Frame, pose: RawPose) -> RawPose:
        """Measure a frame once more where its crop turns out to have been placed beside the animal."""
        if self.plan.kind == "whole":
            return pose
        center = self.find_center(pose)
        if not is_off_center(pose.view, center):
            return pose
        return self.start(frame, self.plan.crop_view(center))()

    def start(self, frame: Frame, view: View) -> Callable[[], RawPose]:
        """Begin to measure a frame through a view, and return a function that waits for the pose."""
        pending = self.engine.start(frame.show(view)[None])
        return lambda: self._decode(pending(), [view])[0]

    def locate(self, frame: Frame) -> RawPose:
        """Look at a whole frame coarsely."""
        return self.start(frame, self.plan.locate_view(frame.size))()

    def find_center(self, pose: RawPose, *, with_faint: bool = False) -> np.ndarray:
        """Return the middle (x, y) of the animal in frame pixels; `with_faint` counts unclear keypoints."""
        reach = max(self.plan.size) / self.plan.scale
        share = 0.0 if with_faint else HELPFUL_SHARE
        return find_centers(pose.points[None], pose.peak[None], reach=reach, helpful_share=share)[0]

    def judge(self, poses: Sequence[RawPose]) -> Prediction:
        """Say how far poses can be trusted."""
        judged = self._judge_peaks(poses)
        lower = [
            self._judge_peaks([_lower_peak(pose, i) for pose in poses]) for i in range(self.n_candidates - 1)
        ]
        return replace(judged, lower=tuple(lower))

    def _judge_peaks(self, poses: Sequence[RawPose]) -> Prediction:
        n_keypoints = len(self.keypoints)
        points = np.array([pose.points for pose in poses]).reshape(-1, n_keypoints, 2)
        peak = np.array([pose.peak for pose in poses]).reshape(-1, n_keypoints)
        features = np.array([pose.features for pose in poses]).reshape(-1, n_keypoints, len(FEATURE_NAMES))
        scores = np.array([pose.score for pose in poses], dtype=np.float64)
        if self.reliability is None or not len(poses):
            unknown = np.full(peak.shape, np.nan)
            return Prediction(points, peak, unknown, unknown.copy(), features, scores)
        return Prediction(
            points,
            self.reliability.confidence(features),
            self.reliability.expected_error_px(features),
            self.reliability.error_90_px(features),
            features,
            scores,
        )

    def _measured(
        self,
        groups: Iterable[list[tuple[F, RawPose | None]]],
        choose_views: Callable[[list[tuple[F, RawPose | None]]], list[View]],
    ) -> Iterator[tuple[list[tuple[F, RawPose | None]], list[RawPose]]]:
        """Measure groups of frames, keeping the engine busy."""

        def start(group: list[tuple[F, RawPose | None]]) -> Callable[[], list[RawPose]]:
            views = choose_views(group)
            shown = [frame.show(view) for (frame, _), view in zip(group, views, strict=True)]
            return partial(self._finish, self.engine.start(np.stack(shown)), views)

        yield from pipelined(groups, start, self.engine.n_in_flight)

    def _finish(self, pending: Pending, views: Sequence[View]) -> list[RawPose]:
        return self._decode(pending(), views)

    @property
    def _reads_tops(self) -> bool:
        """Whether points lie at the tops of the hills of heatmaps; see :func:`decode_heatmaps`."""
        return False

    def _decode(self, logits: np.ndarray, views: Sequence[View]) -> list[RawPose]:
        decoded = decode_heatmaps(logits[:, : len(self.keypoints)], self.stride, tops=self._reads_tops)
        poses = [
            RawPose(view.to_frame(points), peak, features, view)
            for view, points, peak, features in zip(
                views, decoded.points, decoded.peak, decoded.features, strict=True
            )
        ]
        if self.n_candidates == 1:
            return poses
        return [
            replace(pose, lower=self._decode_lower(one, pose.view))
            for pose, one in zip(poses, logits, strict=True)
        ]

    def _decode_lower(self, logits: np.ndarray, view: View) -> Decoded:
        lower = decode_lower_peaks(logits[: len(self.keypoints)], self.stride, self.n_candidates - 1)
        return replace(lower, points=view.to_frame(lower.points))

    def _locate_views(self, group: list[tuple[F, RawPose | None]]) -> list[View]:
        return [self.plan.locate_view(frame.size) for frame, _ in group]

    def _crop_views(self, group: list[tuple[F, RawPose | None]]) -> list[View]:
        return [self.plan.crop_view(self.find_center(pose)) for _, pose in group if pose is not None]


def _lower_peak(pose: RawPose, number: int) -> RawPose:
    """Return the pose that consists of the lower peaks of one rank."""
    if pose.lower is None:
        raise ValueError("the pose was measured without its lower peaks")
    lower = pose.lower
    return replace(
        pose,
        points=lower.points[number],
        peak=lower.peak[number],
        features=lower.features[number],
        lower=None,
    )


def reliability_of(run: "Run") -> "Reliability | None":
    """Return what turns a run's features into confidences, or None where it was not calibrated."""
    if run.calibration is None:
        return None
    from marey.metrics.reliability import Reliability

    return Reliability.from_dict(run.calibration)


def pipelined(
    items: Iterable[Item], start: Callable[[Item], Callable[[], Result]], n_in_flight: int
) -> Iterator[tuple[Item, Result]]:
    """Start the work on items ahead of the one whose result is given; results come in order."""
    waiting: deque[tuple[Item, Callable[[], Result]]] = deque()
    for item in items:
        waiting.append((item, start(item)))
        if len(waiting) >= n_in_flight:
            done, finish = waiting.popleft()
            yield done, finish()
    while waiting:
        done, finish = waiting.popleft()
        yield done, finish()


def grouped(frames: Iterable[F], n: int) -> Iterator[list[tuple[F, RawPose | None]]]:
    """Yield frames, not looked at yet, `n` at a time."""
    iterator = iter(frames)
    while group := list(islice(iterator, n)):
        yield [(frame, None) for frame in group]


def _regroup(
    located: tuple[list[tuple[F, RawPose | None]], list[RawPose]],
) -> list[tuple[F, RawPose | None]]:
    group, poses = located
    return [(frame, pose) for (frame, _), pose in zip(group, poses, strict=True)]
