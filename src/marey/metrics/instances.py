"""How well the poses of several animals are, whoever is who: matched, missed and extra instances."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from marey.metrics.errors import ErrorSummary, euclidean_errors, summarise_errors
from marey.metrics.oks import (
    DEFAULT_SIGMA,
    LEAST_SIZE_PX,
    STOUT_WIDTH,
    AveragePrecision,
    animal_areas,
    mean_average_precision,
    object_keypoint_similarity,
)

# From this similarity on, a predicted and a true animal are taken for the same one.
MATCH_OKS = 0.1
# Whether an animal was found at all is a coarser question than how well its keypoints are placed.
FOUND_SIGMA = 0.1
# From this similarity on, by that fall-off, what a model found is an animal that is known already.
SAME_ANIMAL_OKS = 0.5


@dataclass(frozen=True)
class InstanceScores:
    """What :func:`score_instances` finds.

    Parameters
    ----------
    precision
        OKS mAP and mAR.
    errors
        Of the matched instances' points; what a matched instance lacks counts as missing.
    keypoint_errors
        The same for every keypoint, by its name.
    n_true, n_predicted, n_matched, n_missed, n_extra
        Instances summed over frames.
    n_frames_missed
        Frames in which at least one animal was missed.
    """

    precision: AveragePrecision
    errors: ErrorSummary
    keypoint_errors: dict[str, ErrorSummary]
    n_true: int
    n_predicted: int
    n_matched: int
    n_missed: int
    n_extra: int
    n_frames_missed: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, the averages as ``oks_map`` and ``oks_mar``."""
        plain = asdict(self)
        precision = plain.pop("precision")
        names = {"mean_ap": "oks_map", "mean_ar": "oks_mar", "ap_50": "oks_ap_50", "ap_75": "oks_ap_75"}
        return {**{names[name]: value for name, value in precision.items()}, **plain}


def match_instances(similarity: np.ndarray, threshold: float = MATCH_OKS) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs (predicted, true) of the largest total similarity, none below `threshold`.

    Parameters
    ----------
    similarity
        Shape (n_predicted, n_true); NaN where an animal has no point.

    Examples
    --------
    >>> rows, columns = match_instances(np.array([[0.9, 0.8], [0.7, 0.0]]))
    >>> list(zip(rows.tolist(), columns.tolist()))
    [(0, 1), (1, 0)]
    """
    allowed = np.where(similarity >= threshold, similarity, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    is_match = allowed[rows, columns] > 0
    return rows[is_match], columns[is_match]


def match_truth(
    predicted: np.ndarray,
    truth: np.ndarray,
    *,
    sigma: float | np.ndarray = DEFAULT_SIGMA,
    threshold: float = MATCH_OKS,
    area: np.ndarray | None = None,
) -> np.ndarray:
    """Return which prediction is of each true animal, -1 where it was missed, int64, shape (n_true,).

    Parameters
    ----------
    predicted
        (x, y), shape (n_predicted, n_keypoints, 2), with NaN.
    truth
        Shape (n_true, n_keypoints, 2), with NaN.
    sigma, threshold
        Fall-off of OKS, and the least of a match.
    area
        Of each true animal, square pixels, shape (n_true,); left out: as :func:`animal_areas` says.
    """
    found = np.full(len(truth), -1, dtype=np.int64)
    if len(predicted) and len(truth):
        similarity = object_keypoint_similarity(predicted, truth, sigma=sigma, area=area)
        rows, columns = match_instances(similarity, threshold)
        found[columns] = rows
    return found


def find_truth(
    predicted: Sequence[np.ndarray],
    truths: Sequence[np.ndarray],
    *,
    threshold: float = MATCH_OKS,
    lone_px: float = LEAST_SIZE_PX,
) -> list[np.ndarray]:
    """Return for each frame which prediction is of each true animal, -1 where it was not found at all.

    How well its keypoints are placed is another question: here the fall-off is :data:`FOUND_SIGMA`, and boxes
    around animals are no flatter than :func:`stout_area` has them.

    Parameters
    ----------
    predicted, truths
        (x, y) of each frame, shapes (n_predicted, n_keypoints, 2) and (n_true, n_keypoints, 2), with NaN.
    threshold
        The least similarity.
    lone_px
        The size of animals where none has two points; see :func:`animal_areas`.

    Returns
    -------
    list of ndarray
        int64, shape (n_true,) each.
    """
    if not len(truths):
        return []
    areas = animal_areas(np.concatenate(truths), least_width=STOUT_WIDTH, lone_px=lone_px)
    of_frames = np.split(areas, np.cumsum([len(truth) for truth in truths])[:-1])
    return [
        match_truth(found, truth, sigma=FOUND_SIGMA, threshold=threshold, area=area)
        for found, truth, area in zip(predicted, truths, of_frames, strict=True)
    ]


def are_others(guesses: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return which animals of a frame that nobody confirmed are none of the true ones, bool, shape (n,).

    Parameters
    ----------
    guesses
        What a model found, or NaN where it is only known that there is an animal, (n, n_keypoints, 2).
    truth
        Shape (n_true, n_keypoints, 2), with NaN.
    """
    area = animal_areas(truth, least_width=STOUT_WIDTH)
    similarity = object_keypoint_similarity(guesses, truth, sigma=FOUND_SIGMA, area=area)
    return np.all(~(similarity >= SAME_ANIMAL_OKS), axis=1)


def take_matched(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what was found of each true animal, NaN where it was missed, shape (n_true, ...).

    Parameters
    ----------
    values
        Of each prediction, shape (n_predicted, ...).
    rows
        From :func:`match_truth`, shape (n_true,).
    """
    taken = np.full((len(rows), *values.shape[1:]), np.nan)
    taken[rows >= 0] = values[rows[rows >= 0]]
    return taken


def score_instances(
    frames: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
    keypoints: list[str],
    *,
    sigma: float | np.ndarray = DEFAULT_SIGMA,
    threshold: float = MATCH_OKS,
    reference_px: float | None = None,
    areas: Iterable[np.ndarray] | None = None,
) -> InstanceScores:
    """Compare predicted with true poses, frame by frame, whoever is who.

    Parameters
    ----------
    frames
        For each frame the predicted points, shape (n_predicted, n_keypoints, 2), their scores,
        (n_predicted,), and the true points, (n_true, n_keypoints, 2). Instances without a point are not
        there.
    keypoints
        Their names.
    sigma
        Fall-off of OKS.
    threshold
        The least OKS of a match; see :func:`match_instances`.
    reference_px
        A length that the relative thresholds of PCK are fractions of.
    areas
        For each frame the area of each true animal, square pixels, (n_true,); by default as
        :func:`animal_areas` says of that frame. For points that are only a part of the animal.
    """
    similarities, all_scores, errors, has_truth = [], [], [], []
    counts = np.zeros(4, dtype=int)  # true, predicted, matched, frames with a miss
    sizes: Iterable[np.ndarray | None] = repeat(None) if areas is None else areas
    for (all_predicted, frame_scores, all_true), area in zip(frames, sizes, strict=areas is not None):
        is_there, is_true = _has_points(all_predicted), _has_points(all_true)
        predicted, truth = all_predicted[is_there], all_true[is_true]
        similarity = object_keypoint_similarity(
            predicted, truth, sigma=sigma, area=None if area is None else area[is_true]
        )
        rows, columns = match_instances(similarity, threshold)
        similarities.append(similarity)
        all_scores.append(np.nan_to_num(frame_scores[is_there], nan=0.0))
        errors.append(euclidean_errors(predicted[rows], truth[columns]))
        has_truth.append(np.isfinite(truth[columns]).all(axis=-1))
        counts += len(truth), len(predicted), len(rows), len(rows) < len(truth)
    error = np.concatenate([np.empty((0, len(keypoints))), *errors])
    known = np.concatenate([np.empty((0, len(keypoints)), dtype=bool), *has_truth])
    n_true, n_predicted, n_matched, n_frames_missed = counts.tolist()
    return InstanceScores(
        precision=mean_average_precision(similarities, all_scores),
        errors=summarise_errors(error, has_truth=known, reference_px=reference_px),
        keypoint_errors={
            name: summarise_errors(error[:, i], has_truth=known[:, i], reference_px=reference_px)
            for i, name in enumerate(keypoints)
        },
        n_true=n_true,
        n_predicted=n_predicted,
        n_matched=n_matched,
        n_missed=n_true - n_matched,
        n_extra=n_predicted - n_matched,
        n_frames_missed=n_frames_missed,
    )


def _has_points(points: np.ndarray) -> np.ndarray:
    return np.isfinite(points).all(axis=-1).any(axis=-1)
