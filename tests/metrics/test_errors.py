import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import InputError
from marey.metrics import euclidean_errors, pck, reference_length, summarise_errors

NAN = np.nan


def test_distances_by_hand_and_missing_on_either_side():
    predicted = np.array([[[3.0, 4.0], [1.0, 1.0], [NAN, NAN]]])
    truth = np.array([[[0.0, 0.0], [NAN, NAN], [2.0, 2.0]]])
    np.testing.assert_array_equal(euclidean_errors(predicted, truth), [[5.0, NAN, NAN]])


def test_shapes_must_agree():
    with pytest.raises(InputError, match=r"predicted has shape \(2, 2\), but truth has \(3, 2\)"):
        euclidean_errors(np.zeros((2, 2)), np.zeros((3, 2)))


def test_summary_by_hand():
    errors = np.array([[3.0, 4.0], [NAN, 12.0]])
    summary = summarise_errors(errors, has_truth=np.ones((2, 2), bool), reference_px=40.0)
    assert (summary.n_points, summary.n_missing) == (3, 1)
    assert summary.mean_error_px == pytest.approx(19 / 3)
    assert summary.median_error_px == 4.0
    assert summary.rmse_px == pytest.approx(np.sqrt(169 / 3))
    assert summary.percentiles_px["50"] == 4.0
    # The point that was not found is wrong at every threshold.
    assert summary.pck["5px"] == pytest.approx(2 / 4)
    assert summary.pck["0.1ref"] == pytest.approx(2 / 4)
    assert summary.pck["0.05ref"] == 0.0


def test_where_no_size_is_known_nothing_is_said_relative_to_it():
    assert set(summarise_errors(np.ones((2, 1)), reference_px=NAN).pck) == {"1px", "2px", "5px", "10px"}


def test_a_summary_of_nothing_is_unknown_and_still_counts_the_missing():
    summary = summarise_errors(np.full((2, 3), NAN), has_truth=np.ones((2, 3), bool))
    assert summary.n_missing == 6
    assert np.isnan(summary.mean_error_px)
    assert np.isnan(pck(np.array([]), 5.0))


def test_reference_length_by_box_and_by_pair():
    truth = np.array([[[0, 0], [3, 4], [NAN, NAN]], [[0, 0], [6, 8], [1, 1]]], dtype=float)
    assert reference_length(truth) == 7.5
    assert reference_length(truth, pair=(0, 1)) == 7.5
    assert reference_length(truth, pair=(0, 2)) == pytest.approx(np.sqrt(2))
    assert np.isnan(reference_length(np.full((2, 3, 2), NAN)))


@given(st.floats(0, 2 * np.pi), st.floats(-1e3, 1e3), st.integers(0, 999))
def test_errors_do_not_change_when_everything_moves(angle, shift, seed):
    predicted, truth = np.random.default_rng(seed).uniform(-50, 50, (2, 4, 3, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = euclidean_errors(predicted @ turn.T + shift, truth @ turn.T + shift)
    np.testing.assert_allclose(moved, euclidean_errors(predicted, truth), atol=1e-9)
