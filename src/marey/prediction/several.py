"""Finding several animals in frames: whoever is who."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from marey.metrics.oks import object_keypoint_similarity, stout_area
from marey.networks.approach import Approach
from marey.networks.association import group_points, merge_pieces
from marey.networks.decoding import FEATURE_NAMES, find_peaks, read_peaks
from marey.networks.naming import read_scores, to_probabilities
from marey.networks.views import View, ViewPlan
from marey.prediction.engines import Engine
from marey.prediction.frames import Frame, ImageFrame
from marey.prediction.predictor import Prediction, Predictor, RawPose, grouped, pipelined, reliability_of
from marey.prediction.remembering import remember
from marey.prediction.turning import AS_IT_IS, TURNS, Turn, mean_logits, show_turned

if TYPE_CHECKING:
    from marey.metrics.reliability import Reliability
    from marey.runs import Run

F = TypeVar("F", bound=Frame)

# The least height of an anchor's clear peak, and its least share of the highest one in the frame.
ANCHOR_PEAK = 0.1
ANCHOR_SHARE = 0.3
# Where animals are missing, fainter peaks are looked at, too; there must be an animal as its points show.
FAINT_PEAK = 0.02
FAINT_POSE = 0.3
# The least height of the peak of a point that may belong to some animal.
POINT_PEAK = 0.1
# The least share of its points that an animal must have.
LEAST_SHARE = 0.25
# Two poses at least so similar are of the same animal; they are compared more loosely than poses are judged.
DUPLICATE_OKS = 0.5
DUPLICATE_SIGMA = 0.05
# More places are measured than there can be animals, because two of them may turn out to be the same.
SPARE_PLACES = 2


@dataclass(frozen=True)
class Place:
    """Where an animal may be.

    Parameters
    ----------
    center
        (x, y) in frame pixels.
    height
        Of the anchor's peak, in (0, 1).
    is_clear
        Whether the peak alone says that there is an animal.
    """

    center: np.ndarray
    height: float
    is_clear: bool


class SeveralPredictor(Predictor):
    """What finding several animals has in common.

    Parameters
    ----------
    engine, plan, keypoints, stride, reliability
        As for :class:`~marey.prediction.predictor.Predictor`.
    approach
        What the network's channels mean, and the most animals in a frame.
    temperature
        What scores of identity are divided by before they become probabilities.
    """

    def __init__(
        self,
        engine: Engine,
        plan: ViewPlan,
        keypoints: Sequence[str],
        *,
        approach: Approach,
        stride: int,
        reliability: "Reliability | None" = None,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(engine, plan, keypoints, stride=stride, reliability=reliability)
        self.approach = approach
        self.temperature = temperature
        self.n_animals = approach.n_animals

    @classmethod
    def of(cls, run: "Run", engine: Engine) -> Self:
        """Return the predictor of a run of several animals."""
        return cls(
            engine,
            run.plan,
            run.skeleton.keypoints,
            approach=run.approach,
            stride=run.config.stride,
            reliability=reliability_of(run),
            temperature=1.0 if run.identity is None else run.identity.temperature,
        )

    def predict_images(self, images: Iterable[np.ndarray]) -> Prediction:
        """Find the surest animal in each image; NaN where there is none."""
        found = self.search_all(map(ImageFrame, images))
        return self.judge([poses[0] if poses else self._nothing() for _, poses in found])

    def judge(self, poses: Sequence[RawPose]) -> Prediction:
        """Say how far poses can be trusted, and who they are of."""
        judged = super().judge(poses)
        n_individuals = len(self.approach.individuals)
        if not n_individuals:
            return judged
        nobody = np.full(n_individuals, np.nan)
        names = [nobody if pose.identity is None else pose.identity for pose in poses]
        return replace(judged, identities=np.array(names).reshape(-1, n_individuals))

    def name(self, pose: RawPose, maps: np.ndarray) -> RawPose:
        """Say who an animal is, from the maps of identity of the view that it was measured in."""
        if not len(maps):
            return pose
        scores = read_scores(maps, pose.view.to_view(pose.points), pose.peak, self.stride)
        return replace(pose, identity=to_probabilities(scores, self.temperature))

    def _nothing(self) -> RawPose:
        n = len(self.keypoints)
        missing = np.full((n, len(FEATURE_NAMES)), np.nan)
        view = self.plan.locate_view(self.plan.frame_size)
        return RawPose(np.full((n, 2), np.nan), np.full(n, np.nan), missing, view, score=0.0)

    def keep_best(self, poses: Sequence[RawPose]) -> list[RawPose]:
        """Return the surest poses, each animal once."""
        return without_duplicates(sorted(poses, key=lambda pose: -pose.score))[: self.n_animals]


class TopDownPredictor(SeveralPredictor):
    """Finds animals in the whole frame, then measures each in a crop."""

    turns: Sequence[Turn] = (AS_IT_IS,)
    """How each crop is shown each time that it is looked at; see :mod:`.turning`."""

    @classmethod
    def of(cls, run: "Run", engine: Engine) -> Self:
        """Return the predictor of a run, which looks at crops as often as its configuration says."""
        predictor = super().of(run, engine)
        if run.config.turned_crops:
            predictor.turns = TURNS
        return predictor

    def search_all(self, frames: Iterable[F]) -> Generator[tuple[F, list[RawPose]], None, None]:
        """Find the animals in each frame; several frames and crops are on their way at a time."""
        located = pipelined(
            ([frame for frame, _ in group] for group in grouped(frames, self.engine.batch_size)),
            self._start_locating,
            self.engine.n_in_flight,
        )
        measured = pipelined(located, self._start_measuring, self.engine.n_in_flight)
        for (group, _), found in measured:
            for frame, poses in zip(group, found, strict=True):
                yield frame, self.keep_best(poses)

    def search_video(self, frames: Iterable[F]) -> Generator[tuple[F, list[RawPose]], None, None]:
        """Find the animals in the frames of a video, in order; see :mod:`marey.prediction.remembering`."""

        def complete(frame: Frame, poses: list[RawPose], places: Sequence[np.ndarray]) -> list[RawPose]:
            faint = [Place(center, FAINT_PEAK, is_clear=False) for center in places]
            return self.keep_best([*poses, *self._start_measuring(([frame], [faint]))()[0]])

        with closing(self.search_all(frames)) as found:
            yield from remember(found, self.approach, complete)

    def find_places(self, logits: np.ndarray, view: View) -> list[Place]:
        """Return where animals may be, the surest first: clear peaks, and faint ones for who is missing."""
        heat = logits[len(self.keypoints)].astype(np.float32)
        row, column = find_peaks(heat, threshold=FAINT_PEAK, n_most=self.n_animals + SPARE_PLACES)
        if not len(row):
            return []
        read = read_peaks(np.broadcast_to(heat, (len(row), *heat.shape)), row, column, self.stride)
        least = max(ANCHOR_PEAK, ANCHOR_SHARE * float(read.peak.max()))
        n_clear = int((read.peak >= least).sum())
        peaks = zip(view.to_frame(read.points), read.peak.tolist(), strict=True)
        places = [Place(center, height, height >= least) for center, height in peaks]
        return places[: max(n_clear, self.n_animals)]

    @property
    def _reads_tops(self) -> bool:
        return len(self.turns) > 1

    def _decode(self, logits: np.ndarray, views: Sequence[View]) -> list[RawPose]:
        found = super()._decode(logits, views)
        return [
            self.name(pose, self.approach.split_channels(one)[2])
            for pose, one in zip(found, logits, strict=True)
        ]

    def _start_locating(self, group: list[F]) -> Callable[[], list[list[Place]]]:
        views = [self.plan.locate_view(frame.size) for frame in group]
        shown = np.stack([frame.show(view) for frame, view in zip(group, views, strict=True)])
        pending = self.engine.start(shown)
        return lambda: [self.find_places(*pair) for pair in zip(pending(), views, strict=True)]

    def _start_measuring(
        self, located: tuple[Sequence[Frame], list[list[Place]]]
    ) -> Callable[[], list[list[RawPose]]]:
        group, places = located
        jobs = [(i, place) for i, found in enumerate(places) for place in found]
        views = [self.plan.crop_view(place.center) for _, place in jobs]
        size = self.engine.batch_size
        started = []
        for first in range(0, len(jobs), size):
            part = slice(first, first + size)
            pairs = zip(jobs[part], views[part], strict=True)
            shown = [show_turned(group[i], view, self.turns) for (i, _), view in pairs]
            turned = [self.engine.start(np.stack(crops)) for crops in zip(*shown, strict=True)]
            started.append((turned, views[part]))

        def finish() -> list[list[RawPose]]:
            poses = []
            for turned, shown_views in started:
                logits = mean_logits([end() for end in turned], self.turns, self.approach.n_heatmaps)
                poses += self._decode(logits, shown_views)
            found: list[list[RawPose]] = [[] for _ in group]
            for (i, place), pose in zip(jobs, poses, strict=True):
                if place.is_clear or pose.peak.mean() >= FAINT_POSE:
                    found[i].append(replace(pose, score=place.height * float(pose.peak.mean())))
            return found

        return finish


class BottomUpPredictor(SeveralPredictor):
    """Finds all points of the whole frame, then joins them into animals."""

    def search_all(self, frames: Iterable[F]) -> Generator[tuple[F, list[RawPose]], None, None]:
        """Find the animals in each frame; several frames are on their way at a time."""
        groups = ([frame for frame, _ in group] for group in grouped(frames, self.engine.batch_size))
        for group, found in pipelined(groups, self._start, self.engine.n_in_flight):
            for frame, poses in zip(group, found, strict=True):
                yield frame, self.keep_best(poses)

    def read(self, logits: np.ndarray, view: View) -> list[RawPose]:
        """Read the animals off the channels of one frame, shape (n_channels, height, width)."""
        n_keypoints = len(self.keypoints)
        heat = logits[:n_keypoints].astype(np.float32)
        n_most = self.n_animals + SPARE_PLACES
        found = [find_peaks(one, threshold=POINT_PEAK, n_most=n_most) for one in heat]
        numbers = [len(rows) for rows, _ in found]
        row, column = (np.concatenate([cells[i] for cells in found]) for i in (0, 1))
        if not len(row):
            return []
        peaks = read_peaks(heat[np.repeat(np.arange(n_keypoints), numbers)], row, column, self.stride)
        ends = np.cumsum(numbers)[:-1]
        cells = np.split((peaks.points + 0.5) / self.stride - 0.5, ends)
        heights, features = np.split(peaks.peak, ends), np.split(peaks.features, ends)
        _, fields, identities = self.approach.split_channels(logits)
        fields = fields.reshape(-1, 2, *heat.shape[1:])
        animals = group_points(cells, heights, fields, self.approach.edges)
        animals = merge_pieces(animals, cells, n_animals=self.n_animals)
        in_frame = np.split(view.to_frame(peaks.points), ends)
        return [
            self.name(_pose_of(animal, in_frame, heights, features, view), identities)
            for animal in animals
            if (animal >= 0).sum() >= LEAST_SHARE * n_keypoints
        ]

    def _start(self, group: list[F]) -> Callable[[], list[list[RawPose]]]:
        views = [self.plan.locate_view(frame.size) for frame in group]
        pending = self.engine.start(np.stack([f.show(view) for f, view in zip(group, views, strict=True)]))
        return lambda: [self.read(*pair) for pair in zip(pending(), views, strict=True)]


def _pose_of(
    animal: np.ndarray,
    points: Sequence[np.ndarray],
    heights: Sequence[np.ndarray],
    features: Sequence[np.ndarray],
    view: View,
) -> RawPose:
    """Collect the points of one animal, by their numbers; what it lacks is NaN."""
    n_keypoints = len(animal)
    pose = RawPose(
        np.full((n_keypoints, 2), np.nan),
        np.zeros(n_keypoints),
        np.full((n_keypoints, features[0].shape[1]), np.nan),
        view,
    )
    for keypoint, number in enumerate(animal):
        if number >= 0:
            pose.points[keypoint] = points[keypoint][number]
            pose.peak[keypoint] = heights[keypoint][number]
            pose.features[keypoint] = features[keypoint][number]
    return replace(pose, score=float(pose.peak.mean()))


def without_duplicates(poses: Sequence[RawPose]) -> list[RawPose]:
    """Return poses, the surest first, without those that are of an animal that was there before."""
    kept: list[RawPose] = []
    for pose in poses:
        if kept:
            others = np.stack([other.points for other in kept])
            similarity = object_keypoint_similarity(
                pose.points[None], others, sigma=DUPLICATE_SIGMA, area=stout_area(others)
            )
            if np.nanmax(similarity, initial=0.0) >= DUPLICATE_OKS:
                continue
        kept.append(pose)
    return kept


def predictor_of(run: "Run", engine: Engine) -> Predictor:
    """Return what finds the animals of a run, by its approach."""
    return _KINDS[run.approach.kind].of(run, engine)


_KINDS: Mapping[str, type[Predictor]] = {
    "single": Predictor,
    "top-down": TopDownPredictor,
    "bottom-up": BottomUpPredictor,
}
