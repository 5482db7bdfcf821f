"""Object keypoint similarity, and average precision and recall over it (COCO keypoint evaluation)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DEFAULT_SIGMA = 0.025
THRESHOLDS = np.arange(0.5, 0.951, 0.05)
RECALL_POINTS = np.linspace(0, 1, 101)
# Boxes that are flatter count as so wide, as a share of their length: below what the boxes of animals have,
# whose similarity is that of COCO's formula.
LEAST_WIDTH = 0.1
# For coarser questions: whether an animal was found at all.
STOUT_WIDTH = 1 / 3
# Animals of which no more than one point is ever known are no smaller than that, ...
LEAST_SIZE_PX = 10.0
# ... and where nothing but the frame says how large they may be, of this share of its longer side.
LONE_SHARE = 1 / 20


def object_keypoint_similarity(
    predicted: np.ndarray,
    truth: np.ndarray,
    *,
    sigma: float | np.ndarray = DEFAULT_SIGMA,
    area: np.ndarray | None = None,
) -> np.ndarray:
    """Return the similarity of every predicted animal with every true one.

    ``OKS = mean over true keypoints of exp(-d² / (2 · area · (2σ)²))``, as in COCO's keypoint evaluation
    (https://cocodataset.org/#keypoints-eval). A true keypoint that was not predicted counts as 0.

    Parameters
    ----------
    predicted
        (x, y), shape (n_predicted, n_keypoints, 2), with NaN.
    truth
        Shape (n_true, n_keypoints, 2), with NaN.
    sigma
        Per-keypoint fall-off: a number, or shape (n_keypoints,).
    area
        Area of each true animal in square pixels, shape (n_true,); left out: as :func:`animal_areas` says.

    Returns
    -------
    ndarray
        Shape (n_predicted, n_true); NaN for a true animal without points.
    """
    if area is None:
        area = animal_areas(truth)
    distance2 = ((predicted[:, None] - truth[None]) ** 2).sum(axis=-1)
    similarity = np.nan_to_num(np.exp(-distance2 / _scale(area, sigma, truth.shape[1])), nan=0.0)
    is_true = np.isfinite(truth).all(axis=-1)
    n_true_points = is_true.sum(axis=1)
    total = (similarity * is_true[None]).sum(axis=-1)
    return np.where(n_true_points > 0, total / np.maximum(n_true_points, 1), np.nan)


def expected_similarity(
    points: np.ndarray, expected_error: np.ndarray, *, sigma: float | np.ndarray = DEFAULT_SIGMA
) -> np.ndarray:
    """Return the similarity to the truth that the stated errors of predicted animals lead to expect.

    Parameters
    ----------
    points
        (x, y), shape (n_animals, n_keypoints, 2), with NaN; such a keypoint counts as 0.
    expected_error
        Pixels, shape (n_animals, n_keypoints).
    sigma
        As in :func:`object_keypoint_similarity`.

    Returns
    -------
    ndarray
        Shape (n_animals,), in [0, 1].
    """
    distance2 = np.where(np.isfinite(points).all(axis=-1), expected_error, np.inf) ** 2
    similarity = np.exp(-distance2 / _scale(animal_areas(points), sigma, points.shape[1]))
    return np.nan_to_num(similarity, nan=0.0).mean(axis=-1)


def _scale(area: np.ndarray, sigma: float | np.ndarray, n_keypoints: int) -> np.ndarray:
    return 2 * np.maximum(area, 1.0)[:, None] * (2 * np.broadcast_to(sigma, n_keypoints)) ** 2


def box_area(points: np.ndarray) -> np.ndarray:
    """Return the area of the box around the points of each animal, square pixels; 0 where it has none.

    Parameters
    ----------
    points
        (x, y), shape (..., n_keypoints, 2), with NaN.

    Returns
    -------
    ndarray
        Shape (...).
    """
    return _sides(points).prod(axis=-1)


def stout_area(points: np.ndarray, *, least_width: float = STOUT_WIDTH) -> np.ndarray:
    """Return the area of the box around each animal, but at least as if it were `least_width` of its length.

    The box around an animal whose points lie in a row has no area, and nothing would be similar to it.

    Parameters
    ----------
    points
        (x, y), shape (..., n_keypoints, 2), with NaN.
    least_width
        The least width of a box, as a share of its length.

    Returns
    -------
    ndarray
        Square pixels, shape (...); 0 where there are fewer than two points.
    """
    sides = _sides(points)
    return np.maximum(sides.prod(axis=-1), least_width * sides.max(axis=-1) ** 2)


def animal_areas(
    points: np.ndarray, *, least_width: float = LEAST_WIDTH, lone_px: float = LEAST_SIZE_PX
) -> np.ndarray:
    """Return the areas that the similarity to these animals is measured by: see :func:`stout_area`.

    One point does not say how large an animal is: such an animal has the median area of the others. Where
    there are no others, as in a skeleton of one keypoint, it is `lone_px` long and wide. Tracks say by the
    steps from frame to frame how much that is (:func:`marey.tracking.evaluate_tracks`); labelled frames that
    are apart do not, and :func:`lone_size` of the frame stands for it.

    Parameters
    ----------
    points
        (x, y) of all animals of a recording or a data set, shape (..., n_keypoints, 2), with NaN.
    least_width
        The least width of a box, as a share of its length.
    lone_px
        The size of animals where none has two points, pixels.

    Returns
    -------
    ndarray
        Square pixels, shape (...).
    """
    areas = stout_area(points, least_width=least_width)
    is_known = areas > 0
    return np.where(is_known, areas, np.median(areas[is_known]) if is_known.any() else lone_px**2)


def lone_size(frame_size: Sequence[int]) -> float:
    """Return the size that an animal of a single keypoint is taken to have in a frame, pixels.

    Nothing says how large it is: a twentieth of the frame's longer side, and at least 10 px, is a convention.

    Parameters
    ----------
    frame_size
        (width, height) in pixels.
    """
    return max(LEAST_SIZE_PX, LONE_SHARE * max(frame_size))


def _sides(points: np.ndarray) -> np.ndarray:
    """Return width and height of the box around each animal, (..., 2); 0 where it has no points."""
    low = np.where(np.isnan(points), np.inf, points).min(axis=-2)
    high = np.where(np.isnan(points), -np.inf, points).max(axis=-2)
    return np.maximum(high - low, 0.0)


@dataclass(frozen=True)
class AveragePrecision:
    """Mean average precision and recall over OKS thresholds 0.5, 0.55, ... 0.95."""

    mean_ap: float
    mean_ar: float
    ap_50: float
    ap_75: float


def mean_average_precision(
    similarities: Sequence[np.ndarray], scores: Sequence[np.ndarray]
) -> AveragePrecision:
    """Return mAP and mAR after COCO: greedy matching by score within each frame, 101-point precision.

    Parameters
    ----------
    similarities
        For each frame the OKS of predicted and true animals, shape (n_predicted, n_true).
        NaN columns, of animals without points, count for nothing.
    scores
        For each frame the confidence of the predicted animals, shape (n_predicted,).
    """
    # An animal without a labelled point can be neither found nor missed.
    n_true = sum(int((~np.isnan(similarity)).all(axis=0).sum()) for similarity in similarities)
    if n_true == 0:
        nan = float("nan")
        return AveragePrecision(nan, nan, nan, nan)
    curves = [_average_precision(similarities, scores, t, n_true) for t in THRESHOLDS]
    precision, recall = np.array(curves).T
    return AveragePrecision(
        float(precision.mean()), float(recall.mean()), float(precision[0]), float(precision[5])
    )


def _average_precision(
    similarities: Sequence[np.ndarray], scores: Sequence[np.ndarray], threshold: float, n_true: int
) -> tuple[float, float]:
    is_hit, score = [], []
    for similarity, frame_scores in zip(similarities, scores, strict=True):
        free = np.ones(similarity.shape[1], dtype=bool)
        for row in np.argsort(-frame_scores, kind="stable"):
            candidates = np.where(free, np.nan_to_num(similarity[row], nan=-1), -1)
            best = int(candidates.argmax()) if len(candidates) else -1
            hit = best >= 0 and candidates[best] >= threshold
            if hit:
                free[best] = False
            is_hit.append(hit)
            score.append(frame_scores[row])
    if not is_hit:
        return 0.0, 0.0
    hits = np.array(is_hit)[np.argsort(-np.array(score), kind="stable")]
    true_positives = np.cumsum(hits)
    recall = true_positives / n_true
    precision = true_positives / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(recall, RECALL_POINTS - 1e-12, side="left")
    sampled = np.where(place < len(envelope), envelope[np.minimum(place, len(envelope) - 1)], 0.0)
    return float(sampled.mean()), float(recall[-1])
