"""Two files of tracks, or tracks and the truth, compared."""

from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.metrics import (
    FrameSimilarity,
    InstanceScores,
    TrackScores,
    object_keypoint_similarity,
    score_instances,
    score_tracks,
)
from marey.metrics.oks import DEFAULT_SIGMA, box_area

if TYPE_CHECKING:
    import xarray as xr

# Whether a track is on an animal is a coarser question than how well its keypoints are placed.
TRACKING_SIGMA = 0.1


def evaluate_tracks(
    truth: "xr.Dataset", tracks: "xr.Dataset", *, sigma: float = TRACKING_SIGMA, threshold: float = 0.5
) -> TrackScores:
    """Compare tracks with true ones, by the keypoints that both have, on the frames of the truth.

    Parameters
    ----------
    truth, tracks
        Poses in 2D. A track that has none of the shared keypoints in a frame is not there.
    sigma
        Fall-off of the object keypoint similarity.
    threshold
        From this similarity on a track may be an animal, for MOTA and IDF1.

    Raises
    ------
    InputError
        They share no keypoint, or no frame.
    """
    shared = _shared_keypoints(truth, tracks)
    frames, _, track_rows = np.intersect1d(truth["frame"].values, tracks["frame"].values, return_indices=True)
    if not len(frames):
        raise InputError("the two have no frame in common")
    areas = _areas(_points(truth, None))
    true_points, track_points = _points(truth, shared), _points(tracks, shared)
    known_frames = set(frames.tolist())
    compared = []
    for row, frame in enumerate(truth["frame"].values.tolist()):
        there = _seen(true_points[row])
        if frame not in known_frames:  # the tracks end before the truth does: all are missed
            compared.append(FrameSimilarity(there, np.empty(0, dtype=int), np.empty((len(there), 0))))
            continue
        other = track_points[track_rows[np.searchsorted(frames, frame)]]
        found = _seen(other)
        similarity = object_keypoint_similarity(
            other[found], true_points[row, there], sigma=sigma, area=areas[row, there]
        ).T
        compared.append(FrameSimilarity(there, found, np.nan_to_num(similarity, nan=0.0)))
    return score_tracks(compared, truth.sizes["individual"], tracks.sizes["individual"], threshold=threshold)


def evaluate_instances(
    truth: "xr.Dataset", predicted: "xr.Dataset", *, sigma: float = DEFAULT_SIGMA
) -> InstanceScores:
    """Compare poses with true ones, whoever is who, on the frames and keypoints that both have.

    Parameters
    ----------
    truth, predicted
        Poses in 2D.
    sigma
        Fall-off of the object keypoint similarity.

    Raises
    ------
    InputError
        They share no keypoint, or no frame.
    """
    shared = _shared_keypoints(truth, predicted)
    frames, true_rows, rows = np.intersect1d(
        truth["frame"].values, predicted["frame"].values, return_indices=True
    )
    if not len(frames):
        raise InputError("the two have no frame in common")
    true_points, points = _points(truth, shared)[true_rows], _points(predicted, shared)[rows]
    confidence = predicted["confidence"].sel(keypoint=shared).transpose("time", "individual", "keypoint")
    known = np.isfinite(confidence.values)
    scores = np.where(known, confidence.values, 0).sum(axis=2) / np.maximum(known.sum(axis=2), 1)
    scores = np.where(known.any(axis=2), scores, 1.0)[rows]
    areas = [box_area(animals) for animals in _points(truth, None)[true_rows]]
    return score_instances(zip(points, scores, true_points, strict=True), shared, sigma=sigma, areas=areas)


def _shared_keypoints(truth: "xr.Dataset", tracks: "xr.Dataset") -> list[str]:
    names = [str(name) for name in tracks["keypoint"].values]
    shared = [str(name) for name in truth["keypoint"].values if str(name) in names]
    if not shared:
        raise InputError(
            "the two have no keypoint in common: "
            f"{', '.join(map(str, truth['keypoint'].values))} against {', '.join(names)}"
        )
    return shared


def _points(poses: "xr.Dataset", keypoints: list[str] | None) -> np.ndarray:
    position = poses["position"]
    if keypoints is not None:
        position = position.sel(keypoint=keypoints)
    values = position.transpose("time", "individual", "keypoint", "space").values
    return np.where(np.isfinite(values).all(axis=-1, keepdims=True), values, np.nan)


def _seen(points: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.isfinite(points[..., 0]).any(axis=1))


def _areas(points: np.ndarray) -> np.ndarray:
    """Return the area of the box around each animal, square pixels; flat ones count as a third as wide."""
    known = np.isfinite(points)
    low = np.where(known, points, np.inf).min(axis=2)
    high = np.where(known, points, -np.inf).max(axis=2)
    extent = np.where(np.isfinite(high - low), high - low, 0.0)
    return np.maximum(extent.prod(axis=-1), extent.max(axis=-1) ** 2 / 3)
