"""What tracking does with input that nobody wishes for, as the page on tracking several animals says."""

import numpy as np
import pytest
import xarray as xr

from marey.model import create_poses
from marey.tracking import evaluate_tracks, track

BODY = np.array([[-10.0, 0.0], [0.0, 3.0], [10.0, 0.0]])


def lanes(n_animals: int, n_frames: int) -> np.ndarray:
    """Return animals that walk in lanes of their own, (n_frames, n_animals, n_keypoints, 2)."""
    rng = np.random.default_rng(0)
    places = np.zeros((n_frames, n_animals, 1, 2))
    places[..., 0, 0] = np.arange(n_frames)[:, None] * 1.5
    places[..., 0, 1] = np.arange(n_animals)[None] * 40.0
    return places + BODY + rng.normal(0, 0.3, (n_frames, n_animals, len(BODY), 2))


def poses_of(points: np.ndarray) -> xr.Dataset:
    return create_poses(
        points.transpose(0, 3, 2, 1),
        keypoints=list("abc"),
        individuals=[f"slot{i}" for i in range(points.shape[1])],
        fps=30.0,
    )


def test_more_animals_than_there_are_said_to_be() -> None:
    result = track(poses_of(lanes(3, 60)), n_animals=2)
    assert result.poses.sizes["individual"] == 2
    assert np.isfinite(result.poses["position"].values).all()
    assert (result.n_doubles, result.n_left_out) == (0, 60)


def test_two_detections_of_one_animal_are_one() -> None:
    points = lanes(2, 60)
    doubled = np.concatenate([points, points[:, :1] + 0.2], axis=1)
    doubled[:, 2, 2] = np.nan  # the one with fewer points is left out
    result = track(poses_of(doubled))
    assert result.poses.sizes["individual"] == 2
    assert evaluate_tracks(poses_of(points), result.poses).idf1 == 1
    assert (result.n_doubles, result.n_left_out) == (60, 0)


@pytest.mark.parametrize("value", [1e300, -1e12, np.inf])
@pytest.mark.parametrize("max_gap_s", [0, 1])
def test_points_that_are_nowhere_are_missing(value: float, max_gap_s: float) -> None:
    points = lanes(2, 60)
    holed = points.copy()
    holed[30, 0, 1] = np.nan
    points[30, 0, 1, 0] = value
    result = track(poses_of(points), n_animals=2, max_gap_s=max_gap_s)
    assert result.poses.equals(track(poses_of(holed), n_animals=2, max_gap_s=max_gap_s).poses)


def test_animals_of_a_single_frame_are_kept() -> None:
    points = np.full((5, 3, 3, 2), np.nan)
    points[2] = lanes(3, 1)
    result = track(poses_of(points))
    assert (result.poses.sizes["individual"], result.n_left_out) == (3, 0)
    assert np.isfinite(result.poses["position"].values[2]).all()


def test_nobody_for_a_long_time() -> None:
    points = lanes(2, 600)
    points[100:500] = np.nan
    known = track(poses_of(points), n_animals=2).poses
    assert known.sizes["individual"] == 2
    assert np.isnan(known["position"].values[100:500]).all()
    assert evaluate_tracks(poses_of(points), known).idf1 == 1
    open_ = track(poses_of(points), can_leave=True)
    assert open_.n_animals is None
    assert open_.poses.sizes["individual"] == 4  # who comes after 13 seconds is somebody new


def test_a_number_limits_animals_that_come_and_go_too() -> None:
    points = lanes(4, 300)
    points[:, 2, :, 1] += 500
    points[:, 3, :, 1] += 1000
    points[200:, 0] = np.nan  # one leaves, another comes
    points[:200, 2] = np.nan
    points[:, 3][np.r_[0:50, 56:300]] = np.nan  # what is found for six frames is one too many
    result = track(poses_of(points), n_animals=2, can_leave=True)
    there = np.isfinite(result.poses["position"].values).all(axis=(1, 2))
    assert (there.sum(axis=1) <= 2).all()
    assert (result.n_animals, result.n_left_out) == (None, 6)
    free = track(poses_of(points), can_leave=True)
    assert (free.poses.sizes["individual"], free.n_left_out) == (4, 0)
    enough = track(poses_of(points), n_animals=4, can_leave=True)
    assert np.array_equal(enough.poses["position"], free.poses["position"], equal_nan=True)


def test_places_are_taken_by_one_after_the_other() -> None:
    points = lanes(4, 400)
    points[:, 2:, :, 1] += 500
    points[195:, :2] = np.nan
    points[:200, 2:] = np.nan
    result = track(poses_of(points), n_animals=2, can_leave=True)
    assert (result.poses.sizes["individual"], result.n_left_out) == (4, 0)
    assert evaluate_tracks(poses_of(points), result.poses).idf1 == 1


def test_animals_that_cannot_leave_have_a_number_though_no_frame_says_it() -> None:
    points = lanes(4, 300)
    rng = np.random.default_rng(0)
    points[rng.random((300, 4)) < 0.4] = np.nan  # a third of all frames at most have the same number
    assert track(poses_of(points)).n_animals is None
    result = track(poses_of(points), can_leave=False)
    assert (result.n_animals, result.poses.sizes["individual"]) == (4, 4)


def test_tracks_of_different_lengths_are_compared() -> None:
    truth = lanes(2, 50)
    shorter = truth.copy()
    shorter[30:, 1] = np.nan
    scores = evaluate_tracks(poses_of(truth), poses_of(shorter))
    assert (scores.n_missed, scores.n_extra, scores.id_switches) == (20, 0, 0)
    ended = evaluate_tracks(poses_of(truth), poses_of(truth[:30]))
    assert (ended.n_missed, ended.n_frames) == (40, 50)


def test_a_hundred_animals_in_slots_that_change() -> None:
    points = lanes(100, 40)
    rng = np.random.default_rng(1)
    mixed = np.stack([frame[rng.permutation(100)] for frame in points])
    mixed[rng.random(mixed.shape[:2]) < 0.01] = np.nan
    mixed[20] = np.nan  # and a frame without any
    result = track(poses_of(mixed), n_animals=100)
    assert result.poses.sizes["individual"] == 100
    scores = evaluate_tracks(poses_of(points), result.poses)
    assert (scores.id_switches, scores.idf1 > 0.97) == (0, True)
