"""How unusual each frame of predicted poses is, and in what way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from marey.model import Skeleton

# Standard deviations that are still usual: movement and posture have long tails.
USUAL_JUMP = 6.0
USUAL_LENGTH = 4.0
USUAL_ERROR = 3.0
# Positions are never better known than this, so that a still animal does not make noise look like a jump.
NOISE_PX = 1.0
MAX_PAIRS = 150


@dataclass(frozen=True)
class Surprise:
    """One way in which frames can be unusual.

    Parameters
    ----------
    scores
        In [0, 1], shape (n_frames,).
    culprits
        Which of `names` is worst, int64, shape (n_frames,).
    values
        What was measured of the worst, shape (n_frames,).
    names
        Points or lengths.
    words
        A sentence with the places ``{name}`` and ``{value}``.
    """

    scores: np.ndarray
    culprits: np.ndarray
    values: np.ndarray
    names: tuple[str, ...]
    words: str

    def explain(self, row: int) -> str:
        """Return what is unusual about the frame in a row, in words."""
        return self.words.format(name=self.names[self.culprits[row]], value=self.values[row])


def find_surprises(poses: "xr.Dataset", skeleton: "Skeleton | None" = None) -> list[Surprise]:
    """Return in what ways the frames of poses are unusual: uncertain, lost, jumping, out of shape.

    Every measure is compared with what is usual in the same poses, by median and median absolute deviation.

    Parameters
    ----------
    poses
        In the schema of :mod:`marey.model.poses`.
    skeleton
        Its edges are the lengths that are watched; without edges, all pairs of keypoints.
    """
    found = [*_uncertain(poses), _lost(poses), _jumping(poses)]
    lengths = _out_of_shape(poses, skeleton)
    return found if lengths is None else [*found, lengths]


def robust_excess(values: np.ndarray, usual: float, *, floor: float = 0.0) -> np.ndarray:
    """Return how far values lie above what is usual, in [0, 1): 0 up to `usual` deviations, 0.5 at twice.

    Parameters
    ----------
    values
        Shape (n_frames, ...), each column by itself; NaN gives 0.
    usual
        Standard deviations above the median, estimated from the median absolute deviation.
    floor
        The standard deviation is taken to be at least this.
    """
    if not len(values):
        return np.zeros(values.shape)
    centre = _median(values)
    spread = np.maximum(1.4826 * _median(np.abs(values - centre)), floor)
    above = (values - centre) / np.where(spread > 0, spread, np.inf) - usual
    above = np.nan_to_num(np.maximum(above, 0), nan=0.0, posinf=1e9)
    return above / (above + usual)


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median of each column without its NaN, and NaN for a column of nothing else."""
    masked = np.ma.masked_invalid(values)
    return np.ma.filled(np.ma.median(masked, axis=0).astype(np.float64), np.nan)


def _point_names(poses: "xr.Dataset") -> tuple[str, ...]:
    keypoints = [str(name) for name in poses["keypoint"].values]
    individuals = [str(name) for name in poses["individual"].values]
    if len(individuals) == 1:
        return tuple(keypoints)
    return tuple(f"{keypoint} of {individual}" for keypoint in keypoints for individual in individuals)


def _points(poses: "xr.Dataset") -> np.ndarray:
    """Return positions, shape (n_frames, n_points, n_space), a point being a keypoint of an individual."""
    position = poses["position"].transpose("time", "keypoint", "individual", "space").to_numpy()
    return position.reshape(len(position), -1, position.shape[-1])


def _of_points(poses: "xr.Dataset", variable: str) -> np.ndarray:
    values = poses[variable].transpose("time", "keypoint", "individual").to_numpy()
    return values.reshape(len(values), -1)


def _worst(scores: np.ndarray, values: np.ndarray, names: tuple[str, ...], words: str) -> Surprise:
    """Judge each frame by its worst point, and a little by the others; arrays of (n_frames, n_points)."""
    culprits = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    total = 0.75 * scores[rows, culprits] + 0.25 * scores.mean(axis=1)
    return Surprise(total, culprits, values[rows, culprits], names, words)


def _uncertain(poses: "xr.Dataset") -> Iterator[Surprise]:
    names = _point_names(poses)
    confidence = _of_points(poses, "confidence")
    if not np.isnan(confidence).all():
        doubt = np.nan_to_num(1 - confidence, nan=0.0).clip(0, 1)
        yield _worst(doubt, confidence, names, "{name} is uncertain (confidence {value:.2f})")
    if "expected_error" in poses:
        error = _of_points(poses, "expected_error")
        scores = robust_excess(error, USUAL_ERROR, floor=0.1 * NOISE_PX)
        yield _worst(scores, error, names, "{name} is expected to be off by {value:.1f} px")


def _lost(poses: "xr.Dataset") -> Surprise:
    """Judge missing points by how seldom they are missing."""
    is_missing = np.isnan(_points(poses)).any(axis=2)
    usual = 1 - is_missing.mean(axis=0) if len(is_missing) else np.zeros(is_missing.shape[1])
    scores = np.where(is_missing, 0.8 * usual, 0.0)
    return _worst(scores, scores, _point_names(poses), "{name} is missing")


def _jumping(poses: "xr.Dataset") -> Surprise:
    """Judge how far a point lies from the middle of where it is in the frames before and after."""
    points, frames = _points(poses), poses["frame"].to_numpy()
    distance = np.full(points.shape[:2], np.nan)
    if len(points) > 2:
        is_next = (np.diff(frames)[:-1] == 1) & (np.diff(frames)[1:] == 1)
        middle = (points[:-2] + points[2:]) / 2
        distance[1:-1] = np.where(is_next[:, None], np.linalg.norm(points[1:-1] - middle, axis=2), np.nan)
    scores = robust_excess(distance, USUAL_JUMP, floor=NOISE_PX)
    return _worst(scores, distance, _point_names(poses), "{name} jumps by {value:.0f} px")


def _out_of_shape(poses: "xr.Dataset", skeleton: "Skeleton | None") -> Surprise | None:
    """Judge how far lengths between keypoints of one animal are from the usual ones, as ratios."""
    keypoints = [str(name) for name in poses["keypoint"].values]
    individuals = [str(name) for name in poses["individual"].values]
    pairs = list(_watched_pairs(keypoints, skeleton))
    if not pairs or not poses.sizes["time"]:
        return None
    points = _points(poses).reshape(poses.sizes["time"], len(keypoints), len(individuals), -1)
    names = []
    scores = np.empty((len(points), len(pairs) * len(individuals)), dtype=np.float32)
    ratios = np.empty_like(scores)
    for column, ((a, b), i) in enumerate((pair, i) for pair in pairs for i in range(len(individuals))):
        length = np.linalg.norm(points[:, a, i] - points[:, b, i], axis=1)
        usual = float(_median(length[:, None])[0])
        # Compared as ratios, so that too short counts like too long; a pixel is the least that matters.
        log_ratio = np.abs(np.log((length + NOISE_PX) / (usual + NOISE_PX)))
        scores[:, column] = robust_excess(log_ratio, USUAL_LENGTH, floor=0.05)
        ratios[:, column] = length / max(usual, NOISE_PX)
        whose = "" if len(individuals) == 1 else f" of {individuals[i]}"
        names.append(f"{keypoints[a]} to {keypoints[b]}{whose}")
    return _worst(scores, ratios, tuple(names), "{name} is {value:.1f} times its usual length")


def _watched_pairs(keypoints: list[str], skeleton: "Skeleton | None") -> Iterable[tuple[int, int]]:
    edges = [] if skeleton is None else [e for e in skeleton.edges if set(e) <= set(keypoints)]
    if edges:
        return [(keypoints.index(a), keypoints.index(b)) for a, b in edges]
    every = list(combinations(range(len(keypoints)), 2))
    return every[:: -(-len(every) // MAX_PAIRS) or 1]
