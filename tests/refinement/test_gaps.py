import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marey.errors import ConfigError
from marey.model import create_poses, read_history
from marey.refinement import cut_by_confidence, interpolate_gaps

NAN = np.nan


def x_of(poses):
    return poses["position"].to_numpy()[:, 0, 0, 0]


def test_cutting_removes_all_that_belongs_to_a_point(make_poses):
    errors = np.array([1.0, 2, 3])[:, None, None]
    confidence = np.array([0.9, 0.1, NAN])[:, None, None]
    poses = make_poses([5, 6, 7], confidence=confidence, expected_error=errors, error_90=2 * errors)
    cut = cut_by_confidence(poses, 0.5)
    np.testing.assert_array_equal(x_of(cut), [5, NAN, 7])
    np.testing.assert_array_equal(cut["confidence"].to_numpy().ravel(), [0.9, NAN, NAN])
    np.testing.assert_array_equal(cut["expected_error"].to_numpy().ravel(), [1, NAN, 3])
    np.testing.assert_array_equal(cut["error_90"].to_numpy().ravel(), [2, NAN, 6])
    assert cut["position"].dims == poses["position"].dims
    assert read_history(cut)[-1]["n_cut"] == 1


def test_a_threshold_is_a_confidence(make_poses):
    with pytest.raises(ConfigError, match=r"between 0 and 1, got 60"):
        cut_by_confidence(make_poses([1]), 60)


def test_gaps_are_filled_by_their_length_and_never_beyond_the_ends(make_poses):
    filled = interpolate_gaps(make_poses([NAN, 1, NAN, 3, NAN, NAN, 9, NAN, NAN, NAN, 1, NAN]), 2)
    np.testing.assert_allclose(x_of(filled), [NAN, 1, 2, 3, 5, 7, 9, NAN, NAN, NAN, 1, NAN])


def test_time_counts_not_rows(make_poses):
    poses = make_poses([0, NAN, 10], timestamps_s=np.array([0, 1.0, 10.0]))
    np.testing.assert_allclose(x_of(interpolate_gaps(poses, 1)), [0, 1, 10])


def test_frames_that_have_no_row_count_into_the_gap(make_poses):
    poses = make_poses([0, NAN, 10], frames=np.array([0, 5, 10]), fps=30)
    assert np.isnan(x_of(interpolate_gaps(poses, 8))[1])
    assert x_of(interpolate_gaps(poses, 9))[1] == pytest.approx(5)


def test_pchip_does_not_overshoot(make_poses):
    x = np.array([0, 0, 0, NAN, NAN, 10, 10, 10.0])
    filled = x_of(interpolate_gaps(make_poses(x), 5, "pchip"))
    assert (np.diff(filled) >= 0).all()
    assert filled[3] < 10 / 3 - 0.1, "the slope at both ends is level, unlike the straight line's"


def test_inventions_are_marked_and_a_cut_removes_them_again(make_poses):
    confidence = np.array([0.9, 0.2, 0.8])[:, None, None]
    poses = make_poses([5, 60, 7], confidence=confidence, expected_error=confidence)
    cut = cut_by_confidence(poses, 0.5)
    filled = interpolate_gaps(cut, 3)
    np.testing.assert_array_equal(x_of(filled), [5, 6, 7])
    np.testing.assert_array_equal(filled["is_interpolated"].to_numpy().ravel(), [False, True, False])
    np.testing.assert_array_equal(filled["confidence"].to_numpy().ravel(), [0.9, 0, 0.8])
    assert np.isnan(filled["expected_error"].to_numpy()[1])
    again = cut_by_confidence(filled, 0.5)
    np.testing.assert_array_equal(x_of(again), x_of(cut))
    assert read_history(filled)[-1]["n_filled"] == 1


def test_marks_add_up(make_poses):
    once = interpolate_gaps(make_poses([0, NAN, 2, NAN, NAN, 5]), 1)
    twice = interpolate_gaps(once, 2)
    assert twice["is_interpolated"].to_numpy().ravel().tolist() == [False, True, False, True, True, False]


@pytest.mark.parametrize("x", [[], [NAN], [NAN] * 4, [NAN, 3, NAN]])
def test_nothing_to_fill_from(make_poses, x):
    np.testing.assert_array_equal(x_of(interpolate_gaps(make_poses(x), 10)), x)


def test_settings_are_checked(make_poses):
    with pytest.raises(ConfigError, match="from 0 up, got -1"):
        interpolate_gaps(make_poses([1]), -1)
    with pytest.raises(ConfigError, match="linear or pchip, got 'cubic'"):
        interpolate_gaps(make_poses([1]), 1, "cubic")


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), max_gap=st.integers(0, 6), method=st.sampled_from(["linear", "pchip"]))
def test_points_that_are_there_stay_and_filled_ones_lie_between(seed, max_gap, method):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(15, 2, 2, 1))
    x[(rng.random((15, 1, 2, 1)) < 0.4).repeat(2, axis=1)] = NAN
    filled = interpolate_gaps(create_poses(x, keypoints=["a", "b"]), max_gap, method)["position"].to_numpy()
    there = np.isfinite(x)
    np.testing.assert_array_equal(filled[there], x[there])
    for k in range(2):
        rows = np.flatnonzero(there[:, 0, k, 0])
        for a, b in itertools.pairwise(rows):
            between = filled[a + 1 : b, :, k, 0]
            ends = np.sort(x[[a, b], :, k, 0], axis=0)
            assert np.isnan(between).all() == (b - a - 1 > max_gap or b - a == 1)
            if b - a - 1 <= max_gap:
                assert ((between >= ends[0] - 1e-9) & (between <= ends[1] + 1e-9)).all()
        assert np.isnan(filled[: rows[0] if len(rows) else 15, :, k]).all()
