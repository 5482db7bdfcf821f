import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marey.errors import ConfigError
from marey.model import create_poses, read_history
from marey.refinement import kalman_smooth, spline

NAN = np.nan


def forward_backward(time, measured, precision, lam):
    """The textbook: Kalman filter and the backward pass of Rauch, Tung and Striebel; -2 log likelihood."""
    n = len(time)
    means, covs, predicted_means, predicted_covs, transitions = [], [], [], [], []
    mean, cov, deviance = np.zeros(2), np.eye(2) * 1e9, 0.0
    for t in range(n):
        if t:
            dt = time[t] - time[t - 1]
            step = np.array([[1, dt], [0, 1]])
            process = lam * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
            mean, cov = step @ mean, step @ cov @ step.T + process
            transitions.append(step)
        predicted_means.append(mean)
        predicted_covs.append(cov)
        if precision[t] > 0:
            spread = cov[0, 0] + 1 / precision[t]
            gain = cov[:, 0] / spread
            deviance += np.log(spread) + (measured[t] - mean[0]) ** 2 / spread
            mean = mean + gain * (measured[t] - mean[0])
            left = np.eye(2) - np.outer(gain, [1, 0])
            cov = left @ cov @ left.T + np.outer(gain, gain) / precision[t]
        means.append(mean)
        covs.append(cov)
    smoothed = [means[-1]]
    for t in range(n - 2, -1, -1):
        gain = covs[t] @ transitions[t].T @ np.linalg.inv(predicted_covs[t + 1])
        smoothed.append(means[t] + gain @ (smoothed[-1] - predicted_means[t + 1]))
    return np.array(smoothed[::-1])[:, 0], deviance


@pytest.fixture
def uneven():
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.uniform(0.5, 2.0, 40))
    precision = rng.uniform(0.2, 3.0, 40) * (rng.random(40) > 0.2)
    precision[[0, -1]] = 1
    return time, np.cumsum(rng.normal(0, 1, 40)), precision


@pytest.mark.parametrize("lam", [1e-3, 0.1, 10.0])
def test_the_banded_solution_is_the_forward_backward_smoother(uneven, lam):
    time, measured, precision = uneven
    expected, _ = forward_backward(time, measured, precision, lam)
    smoothed = spline.solve(spline.coupling(time), measured[:, None], precision, lam)[:, 0]
    np.testing.assert_allclose(smoothed, expected, atol=1e-4)


def test_the_likelihood_is_the_filter_s(uneven):
    # With the noise variance at its best value, s² = J / (n - 2), the last term is the constant n - 2.
    time, measured, precision = uneven
    band = spline.coupling(time)
    values, variance = zip(
        *(spline.deviance(band, measured[:, None], precision, lam) for lam in (0.05, 0.5)), strict=True
    )
    n = (precision > 0).sum()
    textbook = []
    for lam, s2 in zip((0.05, 0.5), variance, strict=True):
        # Noise s²/m and process s²·λ: rescale the data instead, and correct the log of the scale.
        _, deviance = forward_backward(time, measured / np.sqrt(s2), precision, lam)
        textbook.append(deviance + (n - 2) * np.log(s2))
    assert values[0] - values[1] == pytest.approx(textbook[0] - textbook[1], abs=1e-3)


def test_three_points_by_hand():
    # Least squares for λ -> 0 is the straight line through (0, 0), (1, 3), (2, 0): level at their mean, 1.
    band = spline.coupling(np.arange(3.0))
    smoothed = spline.solve(band, np.array([[0.0], [3.0], [0.0]]), np.ones(3), 1e-7)
    np.testing.assert_allclose(smoothed[:, 0], 1, atol=1e-5)


def test_it_finds_the_noise_and_comes_closer_to_the_truth(recording, make_poses):
    truth, noisy, sigma = recording
    smoothed = kalman_smooth(make_poses(noisy, fps=30))
    distance = np.linalg.norm(smoothed["position"].to_numpy()[..., 0] - truth, axis=1)
    raw = np.linalg.norm(noisy - truth, axis=1)
    assert distance.mean() < 0.4 * raw.mean()
    assert np.median(distance) < 0.5 * np.median(raw)
    assert distance.max() < 12, "a jump pulled the result along"
    entry = read_history(smoothed)[-1]
    assert entry["operation"] == "kalman_smooth"
    np.testing.assert_allclose(np.ravel(entry["noise"]), sigma, rtol=0.15)
    assert all(20 <= n <= 40 for n in np.ravel(entry["n_outliers"]))


def test_expected_errors_are_used(make_poses):
    rng = np.random.default_rng(5)
    truth = np.stack([60 * np.sin(np.arange(600) / 25), np.arange(600.0)], axis=1)[:, :, None]
    sigma = np.where(np.arange(600) % 3 == 0, 0.5, 6.0)[:, None, None]
    noisy = truth + rng.normal(0, 1, truth.shape) * sigma
    with_errors = kalman_smooth(make_poses(noisy, expected_error=sigma))
    without = kalman_smooth(make_poses(noisy))
    error = [
        np.linalg.norm(p["position"].to_numpy()[..., 0] - truth, axis=1).mean()
        for p in (with_errors, without)
    ]
    assert error[0] < 0.6 * error[1]
    by_confidence = kalman_smooth(make_poses(noisy, confidence=0.5 / sigma))
    np.testing.assert_allclose(by_confidence["position"], with_errors["position"], atol=1e-6)


def test_uneven_time_is_respected(make_poses):
    time = np.cumsum(np.random.default_rng(2).choice([0.02, 0.1], 400))
    rng = np.random.default_rng(4)
    truth = 100 * np.sin(time)
    x = truth + rng.normal(0, 1, 400)
    timed = kalman_smooth(make_poses(x, timestamps_s=time))["position"].to_numpy()[:, 0, 0, 0]
    untimed = kalman_smooth(make_poses(x))["position"].to_numpy()[:, 0, 0, 0]
    assert np.abs(timed - truth).mean() < 0.8 * np.abs(untimed - truth).mean()


def test_missing_points_stay_missing_except_in_short_gaps(make_poses):
    x = np.arange(30.0)
    x[[0, 10, 11, 20, 21, 22, 29]] = NAN
    smoothed = kalman_smooth(make_poses(x))
    np.testing.assert_array_equal(np.isnan(smoothed["position"].to_numpy()[:, 0, 0, 0]), np.isnan(x))
    assert "is_interpolated" not in smoothed
    filled = kalman_smooth(make_poses(x, confidence=np.ones((30, 1, 1))), max_gap=2)
    expected = np.arange(30.0)
    expected[[0, 20, 21, 22, 29]] = NAN
    np.testing.assert_allclose(filled["position"].to_numpy()[:, 0, 0, 0], expected, atol=1e-5)
    assert np.flatnonzero(filled["is_interpolated"].to_numpy()).tolist() == [10, 11]
    assert filled["confidence"].to_numpy()[10, 0, 0] == 0


@pytest.mark.parametrize("x", [[], [4.0], [NAN] * 6, [NAN, 1, 2, 5, NAN], [3.0, 3.0, 3.0, 3.0, 3.0]])
def test_too_little_to_smooth_comes_back_as_it_is(make_poses, x):
    np.testing.assert_allclose(kalman_smooth(make_poses(x))["position"].to_numpy()[:, 0, 0, 0], x)


def test_exact_motion_is_not_changed(make_poses):
    t = np.arange(200.0)
    x = np.stack([50 * np.sin(t / 9), 50 * np.cos(t / 9), t], axis=1)[:, :, None]
    smoothed = kalman_smooth(make_poses(x))["position"].to_numpy()[..., 0]
    assert np.abs(smoothed - x).max() < 0.05


def test_a_negative_gap(make_poses):
    with pytest.raises(ConfigError, match="from 0 up"):
        kalman_smooth(make_poses([1]), max_gap=-1)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), angle=st.floats(0, 6.3), shift=st.floats(-1e3, 1e3))
def test_time_reversal_shift_and_rotation_commute_with_smoothing(seed, angle, shift):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=(120, 2)), axis=0) + rng.normal(0, 1, (120, 2))
    x[rng.random(120) < 0.1] = NAN
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def smooth(points):
        poses = create_poses(points[:, :, None, None], keypoints=["a"], fps=50)
        return kalman_smooth(poses, max_gap=3)["position"].to_numpy()[:, :, 0, 0]

    plain = smooth(x)
    np.testing.assert_allclose(smooth(x[::-1])[::-1], plain, atol=1e-2)
    np.testing.assert_allclose(smooth(x + shift), plain + shift, atol=1e-2)
    # The first guess looks at each axis, so it may differ a little with the axes; the result hardly does.
    np.testing.assert_allclose(smooth(x @ turn.T), plain @ turn.T, atol=0.3)
