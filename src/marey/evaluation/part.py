"""Truth and prediction on one part of a split, brought together animal by animal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from marey.metrics import (
    InstanceScores,
    animal_areas,
    are_others,
    euclidean_errors,
    expected_similarity,
    find_truth,
    match_truth,
    score_instances,
    take_matched,
)
from marey.metrics.instances import SAME_ANIMAL_OKS
from marey.metrics.oks import LEAST_SIZE_PX

if TYPE_CHECKING:
    from marey.model import LabeledFrame, Labels
    from marey.prediction import Prediction

FrameAnimals = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of one frame: predicted points (n, K, 2), their scores (n,), true points (m, K, 2), and areas (m,)."""


@dataclass(frozen=True)
class Part:
    """Truth and prediction on one part of a split.

    Arrays have one row per labelled animal in the order of time, and one per frame without any: `truth` and
    `points` (n, K, 2), `confidence`, `expected_error` and `error_90` (n, K). An animal that was missed has no
    points. `keys` and `videos` are the rows' frames.

    `area` (n,) is what the similarity to a labelled animal is measured by, square pixels. `animals` is given
    where the run finds several; it lacks `n_ignored` predictions on animals that nobody labelled. `visible`
    is the same part without the points that were placed although something covers them; None where there are
    no such points.
    """

    keys: tuple[str, ...]
    videos: tuple[str, ...]
    truth: np.ndarray
    area: np.ndarray
    points: np.ndarray
    confidence: np.ndarray
    expected_error: np.ndarray
    error_90: np.ndarray
    animals: tuple[FrameAnimals, ...] | None = None
    n_ignored: int = 0
    visible: "Part | None" = None

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return len(set(self.keys))

    @property
    def errors(self) -> np.ndarray:
        """Distances in pixels, shape (n, K); NaN where there is no truth."""
        return euclidean_errors(self.points, self.truth)

    @property
    def has_truth(self) -> np.ndarray:
        """Where a person placed a point, bool, shape (n, K)."""
        return np.isfinite(self.truth).all(axis=-1)

    @property
    def offset(self) -> tuple[float, float]:
        """How far the predictions as a whole lie beside the labels: medians of x and of y in pixels.

        A network that learned from turned images hardly makes such an error. Labels do, which a program
        moved, or a person placed beside the parts that they name.
        """
        apart = (self.points - self.truth)[np.isfinite(self.errors)]
        x, y = np.median(apart, axis=0) if len(apart) else (np.nan, np.nan)
        return float(x), float(y)

    @property
    def is_missed(self) -> np.ndarray:
        """Which labelled animals were not found at all, bool, shape (n,)."""
        return self.has_truth.any(axis=1) & np.isnan(self.points).all(axis=(1, 2))

    @cached_property
    def instances(self) -> InstanceScores | None:
        """How many animals were found, missed and made up; None where the run finds one."""
        return None if self.animals is None else score_animals(self.animals, self.truth.shape[1])


def score_animals(animals: Sequence[FrameAnimals], n_keypoints: int) -> InstanceScores:
    """Compare predicted with true animals of several frames, whoever is who."""
    names = [str(i) for i in range(n_keypoints)]
    return score_instances([frame[:3] for frame in animals], names, areas=[frame[3] for frame in animals])


def instance_figures(scores: InstanceScores, n_ignored: int) -> dict[str, float]:
    """Return the averages over OKS, and how many animals were found, missed and made up, for JSON.

    Predictions are matched or extra, but for the `n_ignored` on animals that nobody labelled.
    """
    names = ("true", "predicted", "matched", "missed", "extra")
    return {
        "oks_map": scores.precision.mean_ap,
        "oks_mar": scores.precision.mean_ar,
        **{f"n_{name}_instances": getattr(scores, f"n_{name}") for name in names},
        "n_ignored_instances": n_ignored,
        "n_frames_with_missed_instances": scores.n_frames_missed,
    }


def part_of_one(labels: "Labels", prediction: "Prediction", *, lone_px: float = LEAST_SIZE_PX) -> Part:
    """Bring the labelled and the predicted points of a single animal together, a row for each frame.

    `lone_px` is as in :func:`part_of_several`.
    """
    truth, seen = (wanted.to_array()[:, 0] for wanted in (labels, labels.visible()))
    part = Part(
        keys=tuple(frame.image_key for frame in labels.frames),
        videos=tuple(frame.video for frame in labels.frames),
        truth=truth,
        area=animal_areas(truth, lone_px=lone_px),
        points=prediction.points,
        confidence=prediction.confidence,
        expected_error=prediction.expected_error,
        error_90=prediction.error_90,
    )
    if np.array_equal(seen, truth, equal_nan=True):
        return part
    return replace(part, visible=replace(part, truth=seen))


def part_of_several(
    labels: "Labels",
    predictions: "Sequence[Prediction]",
    *,
    unlabelled: Sequence[np.ndarray] | None = None,
    lone_px: float = LEAST_SIZE_PX,
) -> Part:
    """Give every labelled animal the prediction that is most similar to it, each once.

    Who the animals are (their names, if some have one) plays no part. Predictions are ranked by the
    similarity to the truth that their stated errors lead to expect; where a run states none, by their scores.

    A prediction on an animal that is in the labels, but of which nothing is confirmed, is neither right nor
    extra, and left out: where a model's guess says where that animal is, a prediction that is similar to the
    guess; where nothing does, the surest one that is of no other animal. COCO ignores predictions on
    crowds and on people without keypoints likewise. A frame without such animals is taken to be labelled
    completely, however many animals the project lists: what is found besides is extra.

    Parameters
    ----------
    labels
        With confirmed points only.
    predictions
        All animals found in each frame.
    unlabelled
        For each frame the animals of which nothing is confirmed, from :func:`unlabelled_animals`.
    lone_px
        The size of animals where none has two points; see :func:`marey.metrics.animal_areas`.
    """
    truths, seen = _animals_of(labels), _animals_of(labels.visible())
    row_areas = animal_areas(_rows_of(truths), lone_px=lone_px)
    areas = _areas_of(truths, row_areas)
    keys, videos, matches = [], [], []
    for frame, found, truth, area in zip(labels.frames, predictions, truths, areas, strict=True):
        rows = match_truth(found.points, truth, area=area) if len(truth) else np.array([-1])
        matches.append(rows)
        keys += [frame.image_key] * len(rows)
        videos += [frame.video] * len(rows)
    values = {
        name: np.concatenate(
            [
                take_matched(getattr(found, name), rows)
                for found, rows in zip(predictions, matches, strict=True)
            ]
        )
        for name in _FIELDS
    }
    nobody = [np.empty((0, len(labels.skeleton), 2))] * len(truths)
    judged = _judged(predictions, matches, nobody if unlabelled is None else unlabelled, lone_px)
    part = Part(
        keys=tuple(keys),
        videos=tuple(videos),
        truth=_rows_of(truths),
        area=row_areas,
        points=values["points"],
        confidence=values["confidence"],
        expected_error=values["expected_error"],
        error_90=values["error_90"],
        animals=_compared(predictions, judged, truths, areas),
        n_ignored=int(sum((~is_judged).sum() for is_judged in judged)),
    )
    if np.array_equal(_rows_of(seen), part.truth, equal_nan=True):
        return part
    animals = _compared(predictions, judged, seen, areas)
    return replace(part, visible=replace(part, truth=_rows_of(seen), animals=animals))


_FIELDS = ("points", "confidence", "expected_error", "error_90")


def unlabelled_animals(frame: "LabeledFrame", n_keypoints: int) -> np.ndarray:
    """Return the animals of a frame of which nothing is confirmed, (m, K, 2).

    They are where a model took them to be, NaN where nothing says. What a model found where a person
    labelled an animal is no further one.
    """
    confirmed, others = (
        np.array([i.points for i in frame.instances if i.is_confirmed.any() == wanted]).reshape(
            -1, n_keypoints, 2
        )
        for wanted in (True, False)
    )
    return others[are_others(others, confirmed)]


def _judged(
    predictions: "Sequence[Prediction]",
    matches: list[np.ndarray],
    unlabelled: Sequence[np.ndarray],
    lone_px: float,
) -> list[np.ndarray]:
    """Return which predictions of each frame are judged, bool (n,): all but those on unlabelled animals."""
    placed = [animals[np.isfinite(animals[..., 0]).any(axis=1)] for animals in unlabelled]
    free = [
        np.setdiff1d(np.flatnonzero(np.isfinite(found.points[..., 0]).any(axis=1)), rows)
        for found, rows in zip(predictions, matches, strict=True)
    ]
    of_placed = find_truth(
        [found.points[rows] for found, rows in zip(predictions, free, strict=True)],
        placed,
        threshold=SAME_ANIMAL_OKS,
        lone_px=lone_px,
    )
    judged = []
    for found, rows, near, animals in zip(predictions, free, of_placed, unlabelled, strict=True):
        is_judged = np.ones(len(found.points), dtype=bool)
        is_judged[rows[near[near >= 0]]] = False
        rest = rows[is_judged[rows]]
        surest = np.argsort(-_ranks(found)[rest], kind="stable")
        is_judged[rest[surest[: len(animals) - len(near)]]] = False  # these animals may be anywhere
        judged.append(is_judged)
    return judged


def _animals_of(labels: "Labels") -> list[np.ndarray]:
    """Return the points of the animals of each frame, (m, K, 2)."""
    shape = (-1, len(labels.skeleton), 2)
    return [np.array([i.points for i in frame.instances]).reshape(shape) for frame in labels.frames]


def _rows_of(animals: list[np.ndarray]) -> np.ndarray:
    """Return a row for each animal, and one of NaN for each frame without."""
    nobody = [np.full((1, *one.shape[1:]), np.nan) for one in animals]
    return np.concatenate([one if len(one) else none for one, none in zip(animals, nobody, strict=True)])


def _areas_of(animals: list[np.ndarray], row_areas: np.ndarray) -> list[np.ndarray]:
    """Return the areas of the animals of each frame, (m,), from those of the rows of :func:`_rows_of`."""
    starts = np.cumsum([max(len(one), 1) for one in animals])[:-1]
    return [area[: len(one)] for one, area in zip(animals, np.split(row_areas, starts), strict=True)]


def _compared(
    predictions: "Sequence[Prediction]",
    judged: list[np.ndarray],
    truths: list[np.ndarray],
    areas: list[np.ndarray],
) -> tuple[FrameAnimals, ...]:
    return tuple(
        (found.points[is_judged], _ranks(found)[is_judged], truth, area)
        for found, is_judged, truth, area in zip(predictions, judged, truths, areas, strict=True)
    )


def rank(points: np.ndarray, expected_error: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Return the similarity to the truth that stated errors lead to expect, (n,); `otherwise` without any."""
    return expected_similarity(points, expected_error) if np.isfinite(expected_error).any() else otherwise


def _ranks(found: "Prediction") -> np.ndarray:
    scores = np.ones(len(found.points)) if found.scores is None else found.scores
    return rank(found.points, found.expected_error, scores)
