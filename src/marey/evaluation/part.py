"""Truth and prediction on one part of a split, brought together animal by animal."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from marey.metrics import (
    InstanceScores,
    euclidean_errors,
    expected_similarity,
    match_truth,
    score_instances,
)

if TYPE_CHECKING:
    from marey.model import LabeledFrame
    from marey.prediction import Prediction

FrameAnimals = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of one frame: predicted points (n, K, 2), their scores (n,), and true points (m, K, 2)."""


@dataclass(frozen=True)
class Part:
    """Truth and prediction on one part of a split.

    Arrays have one row per labelled animal in the order of time, and one per frame without any: `truth` and
    `points` (n, K, 2), `confidence`, `expected_error` and `error_90` (n, K). An animal that was missed has no
    points. `keys` and `videos` are the rows' frames.

    `animals` holds of each frame the predicted points (n, K, 2), their scores (n,) and the true points, where
    the run finds several animals.
    """

    keys: tuple[str, ...]
    videos: tuple[str, ...]
    truth: np.ndarray
    points: np.ndarray
    confidence: np.ndarray
    expected_error: np.ndarray
    error_90: np.ndarray
    animals: tuple[FrameAnimals, ...] | None = None

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
    return score_instances(animals, [str(i) for i in range(n_keypoints)])


def instance_figures(scores: InstanceScores) -> dict[str, float]:
    """Return the averages over OKS, and how many animals were found, missed and made up, for JSON."""
    names = ("true", "predicted", "matched", "missed", "extra")
    return {
        "oks_map": scores.precision.mean_ap,
        "oks_mar": scores.precision.mean_ar,
        **{f"n_{name}_instances": getattr(scores, f"n_{name}") for name in names},
        "n_frames_with_missed_instances": scores.n_frames_missed,
    }


def part_of_several(
    frames: "Sequence[LabeledFrame]", predictions: "Sequence[Prediction]", n_keypoints: int
) -> Part:
    """Give every labelled animal the prediction that is most similar to it, each once.

    Who the animals are (their names, if some have one) plays no part. Predictions are ranked by the
    similarity to the truth that their stated errors lead to expect; where a run states none, by their scores.

    Parameters
    ----------
    frames
        With confirmed points only.
    predictions
        All animals found in each frame.
    """
    rows: list[tuple[LabeledFrame, np.ndarray, dict[str, np.ndarray]]] = []
    animals = []
    for frame, found in zip(frames, predictions, strict=True):
        truth = np.array([i.points for i in frame.instances]).reshape(-1, n_keypoints, 2)
        animals.append((found.points, _ranks(found), truth))
        if not len(truth):
            rows.append((frame, np.full((n_keypoints, 2), np.nan), _nothing(n_keypoints)))
        for points, match in zip(truth, match_truth(found.points, truth), strict=True):
            rows.append((frame, points, _nothing(n_keypoints) if match < 0 else _row(found, match)))
    return Part(
        keys=tuple(frame.image_key for frame, _, _ in rows),
        videos=tuple(frame.video for frame, _, _ in rows),
        truth=np.stack([truth for _, truth, _ in rows]),
        animals=tuple(animals),
        **{name: np.stack([values[name] for _, _, values in rows]) for name in _FIELDS},
    )


_FIELDS = ("points", "confidence", "expected_error", "error_90")


def _ranks(found: "Prediction") -> np.ndarray:
    if np.isfinite(found.expected_error).any():
        return expected_similarity(found.points, found.expected_error)
    return np.ones(len(found.points)) if found.scores is None else found.scores


def _row(found: "Prediction", match: int) -> dict[str, np.ndarray]:
    return {name: getattr(found, name)[match] for name in _FIELDS}


def _nothing(n_keypoints: int) -> dict[str, np.ndarray]:
    unknown = np.full(n_keypoints, np.nan)
    return {**dict.fromkeys(_FIELDS, unknown), "points": np.full((n_keypoints, 2), np.nan)}
