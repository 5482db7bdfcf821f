"""Two files of tracks, or tracks and the truth, compared."""

from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.metrics import (
    FrameSimilarity,
    InstanceScores,
    TrackScores,
    animal_areas,
    object_keypoint_similarity,
    score_instances,
    score_tracks,
)
from marey.metrics.oks import DEFAULT_SIGMA, LEAST_WIDTH, STOUT_WIDTH
from marey.tracking.detections import animal_size, points_of, scores_of

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
        They are not in 2D, or share no keypoint, or no frame.
    """
    shared = _shared_keypoints(truth, tracks)
    frames, _, track_rows = np.intersect1d(truth["frame"].values, tracks["frame"].values, return_indices=True)
    if not len(frames):
        raise InputError("the two have no frame in common")
    tracks = tracks.sel(keypoint=shared)
    areas = _areas_of(truth, tracks, least_width=STOUT_WIDTH)
    true_points, track_points = (
        points_of(poses, only_found=False) for poses in (truth.sel(keypoint=shared), tracks)
    )
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
        They are not in 2D, or share no keypoint, or no frame.
    """
    shared = _shared_keypoints(truth, predicted)
    frames, true_rows, rows = np.intersect1d(
        truth["frame"].values, predicted["frame"].values, return_indices=True
    )
    if not len(frames):
        raise InputError("the two have no frame in common")
    predicted = predicted.sel(keypoint=shared)
    points, scores = points_of(predicted, only_found=False)[rows], scores_of(predicted)[rows]
    true_points = points_of(truth.sel(keypoint=shared), only_found=False)[true_rows]
    areas = _areas_of(truth, predicted, least_width=LEAST_WIDTH)[true_rows]
    return score_instances(zip(points, scores, true_points, strict=True), shared, sigma=sigma, areas=areas)


def _shared_keypoints(truth: "xr.Dataset", tracks: "xr.Dataset") -> list[str]:
    for poses in (truth, tracks):
        if poses.sizes["space"] != 2:
            raise InputError(
                f"expected poses in 2D to compare, got {poses.sizes['space']} coordinates for each point",
                hint="compare the poses in each camera's image",
            )
    names = [str(name) for name in tracks["keypoint"].values]
    shared = [str(name) for name in truth["keypoint"].values if str(name) in names]
    if not shared:
        raise InputError(
            "the two have no keypoint in common: "
            f"{', '.join(map(str, truth['keypoint'].values))} against {', '.join(names)}"
        )
    return shared


def _areas_of(truth: "xr.Dataset", tracks: "xr.Dataset", *, least_width: float) -> np.ndarray:
    """Return the areas of true animals, (n_frames, n_individuals); of single keypoints, what steps say.

    Where few frames of the truth follow each other, the steps are those of the tracks.
    """
    points = points_of(truth, only_found=False)
    if points.shape[2] > 1:
        return animal_areas(points, least_width=least_width)
    follows = np.diff(truth["frame"].values) == 1
    stepping = truth if 2 * follows.sum() > len(follows) else tracks
    steps = points_of(stepping, only_found=False)
    apart = np.flatnonzero(np.diff(stepping["frame"].values) > 1) + 1  # from before to after is no step
    steps = np.insert(steps, apart, np.nan, axis=0) if len(apart) else steps
    return animal_areas(points, least_width=least_width, lone_px=animal_size(steps))


def _seen(points: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.isfinite(points[..., 0]).any(axis=1))
