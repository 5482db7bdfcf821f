import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from marey.errors import ConfigError, InputError
from marey.model import create_poses, read_history
from marey.refinement import median_filter, savgol_filter

NAN = np.nan


def x_of(poses):
    return poses["position"].to_numpy()[:, 0, 0, 0]


def test_median_by_hand(make_poses):
    smoothed = median_filter(make_poses([1, 9, 2, 3, 4]), 3)
    np.testing.assert_array_equal(x_of(smoothed), [5, 2, 3, 3, 3.5])


def test_median_leaves_missing_points_missing_and_uncounted(make_poses):
    smoothed = median_filter(make_poses([1, NAN, 3, 100, 5]), 3)
    np.testing.assert_array_equal(x_of(smoothed), [1, NAN, 51.5, 5, 52.5])


@pytest.mark.parametrize("function", [median_filter, savgol_filter])
def test_points_with_half_a_position_are_missing(function):
    position = np.ones((9, 2, 1, 1))
    position[4, 0] = NAN
    position[4, 1] = 1e6
    smoothed = function(create_poses(position, keypoints=["a"]), 5)["position"].to_numpy()
    np.testing.assert_allclose(np.delete(smoothed, 4, axis=0), 1)


@pytest.mark.parametrize("function", [median_filter, savgol_filter])
@pytest.mark.parametrize("x", [[], [7.0], [NAN] * 5])
def test_too_little_to_smooth_comes_back_as_it_is(function, x, make_poses):
    np.testing.assert_array_equal(x_of(function(make_poses(x), 3, *([1] * (function is savgol_filter)))), x)


def test_savgol_keeps_polynomials_of_its_order_at_the_ends_too(make_poses):
    t = np.arange(30.0)
    x = 0.1 * t**2 - 3 * t + 5
    np.testing.assert_allclose(x_of(savgol_filter(make_poses(x), 7, 2)), x, atol=1e-10)


def test_savgol_by_hand(make_poses):
    # The published weights for 5 points and a parabola are (-3, 12, 17, 12, -3) / 35.
    smoothed = x_of(savgol_filter(make_poses([0, 0, 0, 0, 35, 0, 0, 0, 0]), 5, 2))
    np.testing.assert_allclose(smoothed[2:7], [-3, 12, 17, 12, -3], atol=1e-10)


def test_savgol_treats_every_stretch_alone(make_poses):
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    x[[10, 13, 20, 21, 26, 59]] = NAN
    smoothed = x_of(savgol_filter(make_poses(x), 7, 2))
    expected = x.copy()
    for start, stop in ((0, 10), (14, 20), (22, 26), (27, 59)):
        n = stop - start
        window = min(7, n if n % 2 else n - 1)
        expected[start:stop] = signal.savgol_filter(x[start:stop], window, 2, mode="interp")
    np.testing.assert_allclose(smoothed, expected, atol=1e-10)


@pytest.mark.parametrize("window", [0, 4, -3])
def test_windows_are_odd(make_poses, window):
    with pytest.raises(ConfigError, match=f"odd window .* got {window}"):
        median_filter(make_poses([1, 2]), window)
    with pytest.raises(ConfigError, match="odd window"):
        savgol_filter(make_poses([1, 2]), window)


def test_the_order_fits_the_window(make_poses):
    with pytest.raises(ConfigError, match=r"from 0 to 4 \(window - 1\), got 5"):
        savgol_filter(make_poses([1, 2]), 5, 5)


def test_time_must_increase(make_poses):
    poses = make_poses([1, 2, 3], timestamps_s=np.array([0, 0.2, 0.2]))
    with pytest.raises(InputError, match=r"row 2 has 0\.2 after 0\.2"):
        median_filter(poses, 3)


def test_what_was_done_is_recorded_and_the_input_is_untouched(make_poses):
    poses = make_poses([1, 9, 2, 3, 4])
    before = poses.copy(deep=True)
    smoothed = savgol_filter(median_filter(poses, 3), 5, 1)
    assert [(e["operation"], e["window"]) for e in read_history(smoothed)] == [
        ("median_filter", 3),
        ("savgol_filter", 5),
    ]
    assert poses.identical(before)


@settings(deadline=None)
@given(shift=st.floats(-1e4, 1e4), window=st.sampled_from([1, 3, 5]), seed=st.integers(0, 10**6))
def test_shifting_and_reversing_commute_with_filtering(shift, window, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 3, 2, 2))
    x[rng.random(x.shape) < 0.1] = NAN
    names = {"keypoints": ["a", "b"], "individuals": ["m", "n"]}
    for function in (median_filter, lambda p, w: savgol_filter(p, w, 0)):
        plain = function(create_poses(x, **names), window)["position"].to_numpy()
        moved = function(create_poses(x + shift, **names), window)["position"].to_numpy()
        reversed_ = function(create_poses(x[::-1], **names), window)["position"].to_numpy()
        present = np.isfinite(x).all(axis=1, keepdims=True) & np.ones_like(x, dtype=bool)
        np.testing.assert_allclose(moved[present], (plain + shift)[present], atol=1e-8)
        np.testing.assert_allclose(reversed_[::-1][present], plain[present], atol=1e-10)
