"""Truth and prediction on one part of a split, brought together animal by animal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from marey.metrics import (
    InstanceScores,
    box_area,
    euclidean_errors,
    expected_similarity,
    match_truth,
    score_instances,
)

if TYPE_CHECKING:
    from marey.model import Labels
    from marey.prediction import Prediction

FrameAnimals = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of one frame: predicted points (n, K, 2), their scores (n,), true points (m, K, 2), and areas (m,)."""


@dataclass(frozen=True)
class Part:
    """Truth and prediction on one part of a split.

    Arrays have one row per labelled animal in the order of time, and one per frame without any: `truth` and
    `points` (n, K, 2), `confidence`, `expected_error` and `error_90` (n, K). An animal that was missed has no
    points. `keys` and `videos` are the rows' frames.

    `area` (n,) is that of the box around a labelled animal, square pixels. `animals` is given where the run
    finds several. `visible` is the same part without the points that were placed although something covers
    them; None where there are no such points.
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


def instance_figures(scores: InstanceScores) -> dict[str, float]:
    """Return the averages over OKS, and how many animals were found, missed and made up, for JSON."""
    names = ("true", "predicted", "matched", "missed", "extra")
    return {
        "oks_map": scores.precision.mean_ap,
        "oks_mar": scores.precision.mean_ar,
        **{f"n_{name}_instances": getattr(scores, f"n_{name}") for name in names},
        "n_frames_with_missed_instances": scores.n_frames_missed,
    }


def part_of_one(labels: "Labels", prediction: "Prediction") -> Part:
    """Bring the labelled and the predicted points of a single animal together, a row for each frame."""
    truth, seen = (wanted.to_array()[:, 0] for wanted in (labels, labels.visible()))
    part = Part(
        keys=tuple(frame.image_key for frame in labels.frames),
        videos=tuple(frame.video for frame in labels.frames),
        truth=truth,
        area=box_area(truth),
        points=prediction.points,
        confidence=prediction.confidence,
        expected_error=prediction.expected_error,
        error_90=prediction.error_90,
    )
    if np.array_equal(seen, truth, equal_nan=True):
        return part
    return replace(part, visible=replace(part, truth=seen))


def part_of_several(labels: "Labels", predictions: "Sequence[Prediction]") -> Part:
    """Give every labelled animal the prediction that is most similar to it, each once.

    Who the animals are (their names, if some have one) plays no part. Predictions are ranked by the
    similarity to the truth that their stated errors lead to expect; where a run states none, by their scores.

    Parameters
    ----------
    labels
        With confirmed points only.
    predictions
        All animals found in each frame.
    """
    truths, seen = _animals_of(labels), _animals_of(labels.visible())
    keys, videos, rows = [], [], []
    for frame, found, truth in zip(labels.frames, predictions, truths, strict=True):
        matches = match_truth(found.points, truth) if len(truth) else [-1]
        rows += [_row(found, match) for match in matches]
        keys += [frame.image_key] * len(matches)
        videos += [frame.video] * len(matches)
    values = {name: np.stack([row[name] for row in rows]) for name in _FIELDS}
    part = Part(
        keys=tuple(keys),
        videos=tuple(videos),
        truth=_rows_of(truths),
        area=box_area(_rows_of(truths)),
        points=values["points"],
        confidence=values["confidence"],
        expected_error=values["expected_error"],
        error_90=values["error_90"],
        animals=_compared(predictions, truths, truths),
    )
    if np.array_equal(_rows_of(seen), part.truth, equal_nan=True):
        return part
    return replace(
        part, visible=replace(part, truth=_rows_of(seen), animals=_compared(predictions, seen, truths))
    )


_FIELDS = ("points", "confidence", "expected_error", "error_90")


def _row(found: "Prediction", match: int) -> dict[str, np.ndarray]:
    """Return what was found of one animal; NaN where `match` is -1."""
    if match >= 0:
        return {name: getattr(found, name)[match] for name in _FIELDS}
    return {name: np.full(getattr(found, name).shape[1:], np.nan) for name in _FIELDS}


def _animals_of(labels: "Labels") -> list[np.ndarray]:
    """Return the points of the animals of each frame, (m, K, 2)."""
    shape = (-1, len(labels.skeleton), 2)
    return [np.array([i.points for i in frame.instances]).reshape(shape) for frame in labels.frames]


def _rows_of(animals: list[np.ndarray]) -> np.ndarray:
    """Return a row for each animal, and one of NaN for each frame without."""
    nobody = [np.full((1, *one.shape[1:]), np.nan) for one in animals]
    return np.concatenate([one if len(one) else none for one, none in zip(animals, nobody, strict=True)])


def _compared(
    predictions: "Sequence[Prediction]", truths: list[np.ndarray], whole: list[np.ndarray]
) -> tuple[FrameAnimals, ...]:
    return tuple(
        (found.points, _ranks(found), truth, box_area(all_points))
        for found, truth, all_points in zip(predictions, truths, whole, strict=True)
    )


def rank(points: np.ndarray, expected_error: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Return the similarity to the truth that stated errors lead to expect, (n,); `otherwise` without any."""
    return expected_similarity(points, expected_error) if np.isfinite(expected_error).any() else otherwise


def _ranks(found: "Prediction") -> np.ndarray:
    scores = np.ones(len(found.points)) if found.scores is None else found.scores
    return rank(found.points, found.expected_error, scores)
