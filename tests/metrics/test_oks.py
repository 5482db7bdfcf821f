import numpy as np
import pytest

from marey.metrics import expected_similarity, mean_average_precision, object_keypoint_similarity

NAN = np.nan
SQUARE = np.array([[[0.0, 0.0], [10.0, 10.0]]])


def test_similarity_by_hand():
    predicted = SQUARE + np.array([[[0.5, 0.0], [0.0, 0.0]]])
    # Area 100, sigma 0.025: exp(-0.25 / (2 · 100 · 0.05²)) = exp(-0.5) for the first, 1 for the second.
    expected = (np.exp(-0.5) + 1) / 2
    assert object_keypoint_similarity(predicted, SQUARE)[0, 0] == pytest.approx(expected)


def test_a_true_point_that_was_not_found_counts_as_zero_and_one_without_truth_not_at_all():
    lost = SQUARE.copy()
    lost[0, 1] = NAN
    assert object_keypoint_similarity(lost, SQUARE)[0, 0] == pytest.approx(0.5)
    assert object_keypoint_similarity(SQUARE, lost, area=np.array([100.0]))[0, 0] == pytest.approx(1.0)
    assert np.isnan(object_keypoint_similarity(SQUARE, np.full((1, 2, 2), NAN))[0, 0])


def test_every_pair_of_animals_gets_a_similarity():
    assert object_keypoint_similarity(np.zeros((3, 2, 2)), np.zeros((2, 2, 2))).shape == (3, 2)
    assert object_keypoint_similarity(np.zeros((0, 2, 2)), SQUARE).shape == (0, 1)


def test_precision_by_hand():
    # Two animals; the surest prediction is wrong, the next finds the first animal, the second is missed.
    similarity = np.array([[0.0, 0.0], [0.72, 0.0]])
    found = mean_average_precision([similarity], [np.array([0.9, 0.8])])
    # Precision is 1/2 up to a recall of 1/2: 51 of 101 recall points; at thresholds 0.5 to 0.7 only.
    at_50 = 0.5 * 51 / 101
    assert found.ap_50 == pytest.approx(at_50)
    assert found.ap_75 == 0.0
    assert found.mean_ap == pytest.approx(at_50 * 5 / 10)
    assert found.mean_ar == pytest.approx(0.5 * 5 / 10)


def test_an_animal_is_matched_once():
    found = mean_average_precision([np.array([[1.0], [0.99]])], [np.array([0.5, 0.9])])
    assert found.mean_ar == 1.0
    assert found.mean_ap == 1.0  # the duplicate comes after full recall


def test_animals_without_points_count_for_nothing():
    perfect = mean_average_precision([np.array([[1.0, NAN]])], [np.array([1.0])])
    assert perfect.mean_ap == perfect.mean_ar == 1.0
    assert np.isnan(mean_average_precision([np.array([[NAN]])], [np.array([1.0])]).mean_ap)
    assert mean_average_precision([np.zeros((0, 1))], [np.zeros(0)]).mean_ap == 0.0


def test_an_animal_is_expected_to_be_as_similar_as_its_errors_say():
    errors = np.array([[0.3, 1.2]])
    moved = SQUARE + np.stack([errors, np.zeros_like(errors)], axis=-1)
    stated = expected_similarity(SQUARE, errors)
    assert stated == pytest.approx(object_keypoint_similarity(moved, SQUARE)[:, 0])
    without_one = np.where([[[False], [True]]], NAN, SQUARE)
    assert expected_similarity(without_one, errors)[0] < stated[0]
    assert expected_similarity(SQUARE, np.full((1, 2), NAN)) == 0
