"""Several animals against the truth, whoever is who: worked by hand on animals of two keypoints."""

import numpy as np
import pytest

from marey.metrics import (
    animal_areas,
    are_others,
    box_area,
    find_truth,
    lone_size,
    match_instances,
    match_truth,
    score_instances,
    stout_area,
    take_matched,
)

NAMES = ["head", "tail"]
# A box of 30 by 40 px: area 1,200. With σ = 0.1, an error d gives exp(-d² / (2 · 1200 · 0.04)),
# which is exp(-d² / 96).
ANIMAL = np.array([[0.0, 0.0], [30.0, 40.0]])


def score(predicted, truth, scores=None):
    scores = np.ones(len(predicted)) if scores is None else np.asarray(scores, float)
    return score_instances([(np.asarray(predicted), scores, np.asarray(truth))], NAMES, sigma=0.1)


def test_all_right():
    found = score([ANIMAL, ANIMAL + 200], [ANIMAL + 200, ANIMAL])
    assert (found.n_true, found.n_predicted, found.n_matched) == (2, 2, 2)
    assert (found.n_missed, found.n_extra, found.n_frames_missed) == (0, 0, 0)
    assert found.precision.mean_ap == found.precision.mean_ar == 1
    assert found.errors.mean_error_px == 0


def test_one_missed_and_one_too_many():
    found = score([ANIMAL + 3, ANIMAL + 500], [ANIMAL, ANIMAL + 200], scores=[0.9, 0.8])
    assert (found.n_matched, found.n_missed, found.n_extra, found.n_frames_missed) == (1, 1, 1, 1)
    assert found.errors.mean_error_px == pytest.approx(np.sqrt(18))
    # exp(-18 / 96) = 0.829: a hit at the thresholds 0.5 to 0.8, of one animal in two.
    assert found.precision.mean_ar == pytest.approx(0.7 * 0.5)
    assert found.precision.mean_ap == pytest.approx(0.7 * 51 / 101)  # recall reaches 0 to 0.5


def test_a_part_of_the_keypoints_is_judged_by_the_size_of_the_whole_animal():
    heads, found = ANIMAL[None, :1], ANIMAL[None, :1] + [6.0, 0.0]
    frame = [(found, np.ones(1), heads)]
    alone = score_instances(frame, ["head"], sigma=0.1)
    assert alone.n_matched == 0  # a single point has no size
    whole = score_instances(frame, ["head"], sigma=0.1, areas=[np.array([1200.0])])
    assert whole.n_matched == 1
    assert whole.precision.mean_ar == pytest.approx(0.4)  # exp(-36 / 96) = 0.687: at 0.5 to 0.65


def test_a_missing_point_of_a_matched_animal_is_told_by_keypoint():
    without_tail = np.array([[0.0, 6.0], [np.nan, np.nan]])
    found = score([without_tail], [ANIMAL])
    assert found.n_matched == 1
    assert (found.keypoint_errors["head"].n_points, found.keypoint_errors["head"].mean_error_px) == (1, 6.0)
    assert (found.keypoint_errors["tail"].n_points, found.keypoint_errors["tail"].n_missing) == (0, 1)


def test_matching_takes_the_best_total():
    # Greedy by similarity would take 0.9 and leave the second alone; together 0.8 + 0.7 is more.
    rows, columns = match_instances(np.array([[0.9, 0.8], [0.7, 0.05]]))
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == {(0, 1), (1, 0)}


def test_nothing_and_nobody():
    nobody = np.empty((0, 2, 2))
    empty = score_instances([(nobody, np.empty(0), nobody)], NAMES)
    assert (empty.n_true, empty.n_predicted) == (0, 0)
    assert np.isnan(empty.precision.mean_ap)
    assert score(nobody, [ANIMAL]).n_missed == 1
    assert score([ANIMAL], nobody).n_extra == 1
    assert score([np.full((2, 2), np.nan)], [ANIMAL]).n_predicted == 0


def test_the_json_names():
    plain = score([ANIMAL], [ANIMAL]).to_dict()
    assert {"oks_map", "oks_mar", "n_missed", "n_extra", "errors", "keypoint_errors"} <= set(plain)


def test_every_true_animal_is_given_its_prediction_or_none():
    far = ANIMAL + 500.0
    assert match_truth(np.stack([far, ANIMAL]), np.stack([ANIMAL, ANIMAL + 200.0, far])).tolist() == [
        1,
        -1,
        0,
    ]
    assert match_truth(np.empty((0, 2, 2)), ANIMAL[None]).tolist() == [-1]
    assert match_truth(ANIMAL[None], np.empty((0, 2, 2))).tolist() == []


ROW = np.array([[0.0, 5.0], [30.0, 5.0]])


def test_an_animal_whose_points_lie_in_a_row_has_an_area_all_the_same():
    assert box_area(ROW) == 0.0
    assert stout_area(ROW) == pytest.approx(300.0)
    assert animal_areas(ROW) == pytest.approx(90.0)
    assert stout_area(np.array([[[0.0, 0.0], [30.0, 20.0]]])).tolist() == [600.0]
    assert stout_area(np.full((1, 2, 2), np.nan)).tolist() == [0.0]
    moved = ROW[None] + 1.0
    assert match_truth(moved, ROW[None]).tolist() == [-1]
    assert match_truth(moved, ROW[None], area=stout_area(ROW[None])).tolist() == [0]


def test_what_was_found_is_given_to_the_true_animals():
    points = np.stack([ANIMAL, ANIMAL + 5.0])
    np.testing.assert_array_equal(
        take_matched(points, np.array([1, -1, 0])), [ANIMAL + 5.0, np.full((2, 2), np.nan), ANIMAL]
    )
    assert take_matched(points[:0], np.array([-1])).shape == (1, 2, 2)
    assert take_matched(points, np.empty(0, dtype=int)).shape == (0, 2, 2)


def test_areas_keep_the_axes_in_front():
    animals = np.stack([ANIMAL, ROW, ANIMAL + 7.0, ROW + 7.0]).reshape(2, 2, 2, 2)
    np.testing.assert_allclose(box_area(animals), [[1200, 0], [1200, 0]])
    np.testing.assert_allclose(stout_area(animals), [[1200, 300], [1200, 300]])
    assert stout_area(np.empty((3, 0, 2, 2))).shape == (3, 0)


def test_an_animal_of_one_point_is_as_large_as_the_others():
    lone = np.array([[4.0, 5.0], [np.nan, np.nan]])
    np.testing.assert_allclose(
        animal_areas(np.stack([ANIMAL, lone, 2 * ANIMAL, ANIMAL])), [1200] * 2 + [4800, 1200]
    )
    assert animal_areas(lone[None]).tolist() == [100.0]  # where nothing says how large they are: 10 px
    assert animal_areas(np.stack([lone, lone]), lone_px=20.0).tolist() == [400.0, 400.0]
    assert animal_areas(np.empty((0, 2, 2))).shape == (0,)


def test_an_animal_of_one_keypoint_is_a_twentieth_of_the_frame():
    assert lone_size((640, 1280)) == 64.0
    assert lone_size((96, 64)) == 10.0


def test_what_was_found_of_several_frames_is_told_by_the_animals_of_all():
    lone = np.array([[4.0, 5.0], [np.nan, np.nan]])
    truths = [np.stack([ANIMAL, ANIMAL + 200]), np.empty((0, 2, 2)), lone[None]]
    # The lone point is off by 10 px: exp(-100 / 96) = 0.35 by the size of the others, 0 by its own.
    predicted = [ANIMAL[None] + 203, ANIMAL[None], lone[None] + [6.0, 8.0]]
    rows = find_truth(predicted, truths)
    assert [found.tolist() for found in rows] == [[-1, 0], [], [0]]
    assert [found.tolist() for found in find_truth(predicted, truths, threshold=0.4)] == [[-1, 0], [], [-1]]
    assert find_truth([], []) == []
    one = [np.zeros((1, 1, 2))]
    assert find_truth([one[0] + 6.0], one)[0].tolist() == [-1]
    assert find_truth([one[0] + 6.0], one, lone_px=50.0)[0].tolist() == [0]


def test_guesses_at_animals_that_are_known_are_no_others():
    nowhere = np.full((2, 2), np.nan)
    guesses = np.stack([ANIMAL + 4, ANIMAL + 200, nowhere])
    assert are_others(guesses, ANIMAL[None]).tolist() == [False, True, True]
    assert are_others(guesses, nowhere[None]).tolist() == [True] * 3
    assert are_others(guesses, np.empty((0, 2, 2))).tolist() == [True] * 3
    assert are_others(guesses[:0], ANIMAL[None]).shape == (0,)


def test_animals_in_a_row_are_found_where_they_are():
    found = score([ROW + 200, ROW], [ROW, ROW + 200])
    assert (found.n_matched, found.precision.mean_ap) == (2, 1.0)


def test_every_frame_needs_its_areas():
    frame = (ANIMAL[None], np.ones(1), ANIMAL[None])
    with pytest.raises(ValueError, match="shorter"):
        score_instances([frame] * 3, NAMES, areas=[np.array([1200.0])])
