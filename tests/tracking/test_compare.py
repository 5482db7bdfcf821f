"""Poses against true ones: animals that are hard to size, and poses that cannot be compared."""

import numpy as np
import pytest

from marey.errors import InputError
from marey.model import create_poses
from marey.tracking.compare import evaluate_instances, evaluate_tracks

ROW = np.array([[0.0, 5.0], [30.0, 5.0], [70.0, 5.0]])
ONE_POINT = np.array([[np.nan, np.nan], [40.0, 90.0], [np.nan, np.nan]])


def poses_of(points):
    """Poses of points (n_frames, n_animals, n_keypoints, n_space)."""
    points = np.asarray(points)
    names = [f"animal {i}" for i in range(points.shape[1])]
    return create_poses(points.transpose(0, 3, 2, 1), keypoints=["head", "back", "tail"], individuals=names)


@pytest.mark.parametrize("turned", [False, True])
def test_animals_in_a_row_and_of_one_point_are_found_where_they_are(turned):
    animals = np.stack([ROW, ROW + 200.0, ONE_POINT])
    truth = poses_of([animals[..., ::-1] if turned else animals] * 2)
    near = truth.copy(deep=True)
    near["position"] = near["position"] + 0.4
    scores = evaluate_instances(truth, near)
    assert (scores.n_matched, scores.n_missed, scores.n_extra) == (6, 0, 0)
    assert evaluate_instances(truth, truth).precision.mean_ap == 1.0
    assert evaluate_tracks(truth, near).n_missed == 0


@pytest.mark.parametrize("compare", [evaluate_instances, evaluate_tracks])
def test_poses_in_space_are_refused(compare):
    flat, deep = poses_of([[ROW]]), poses_of([[np.column_stack([ROW, [1.0, 2.0, 3.0]])]])
    with pytest.raises(InputError, match="poses in 2D to compare, got 3"):
        compare(deep, deep)
    with pytest.raises(InputError, match="poses in 2D to compare, got 3"):
        compare(flat, deep)


def test_animals_of_one_keypoint_are_as_large_as_they_step_far() -> None:
    rng = np.random.default_rng(0)
    points = 100 + np.cumsum(rng.normal(0, 2, (200, 2, 1, 2)), axis=0) + [[[0, 0]], [[150, 0]]]
    truth, near, far = (
        create_poses(each.transpose(0, 3, 2, 1), keypoints=["middle"], individuals=["a", "b"])
        for each in (points, points + 1.0, points + 40.0)
    )
    assert evaluate_tracks(truth, near).idf1 == 1
    assert evaluate_tracks(truth, far).idf1 == 0
    # Poses are judged by the same size, about 20 px: 1 px in x and y is exp(-2 / (2 · 400 · 0.05²)) = 0.37.
    assert evaluate_instances(truth, near).n_matched == 400
    assert evaluate_instances(truth, far).n_matched == 0
    # In frames that are apart, what lies between them is no step: those of the tracks count.
    few = truth.isel(time=slice(0, None, 40))
    assert evaluate_instances(few, near).n_matched == 10
    assert evaluate_tracks(few, near).idf1 == 1
    assert evaluate_tracks(few, far).idf1 == 0
    # Without any, an animal is 10 px large: exp(-2 / (2 · 100 · 0.05²)) = 0.02.
    assert evaluate_instances(few, near.isel(time=slice(0, None, 20))).n_matched == 0


def test_points_that_are_nowhere_are_missing() -> None:
    truth = poses_of([np.stack([ROW, ROW + 200.0])] * 3)
    for value in (1e300, -1e300, 1e8, np.inf):
        odd = truth.copy(deep=True)
        odd["position"][1, 0, 2, 0] = value
        assert evaluate_instances(truth, odd).errors.n_points == 17
        assert evaluate_instances(odd, truth).errors.n_points == 17
        assert evaluate_tracks(truth, odd).idf1 == evaluate_tracks(odd, truth).idf1 == 1
