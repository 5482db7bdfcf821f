import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import FormatError, InputError
from marey.metrics import (
    Reliability,
    expected_calibration_error,
    harrell_davis_quantile,
    interval_coverage,
    reliability_curve,
)

NAMES = ("peak_logit", "log_spread")


def draw(seed: int, n_frames: int = 12, n_keypoints: int = 4, harder: float = 1.0):
    """Errors whose size the features tell in part, that run together within frames, with heavy tails."""
    rng = np.random.default_rng(seed)
    shape = (n_frames, n_keypoints)
    difficulty = 0.5 * rng.standard_normal(shape) + 0.2 * rng.standard_normal((n_frames, 1))
    features = difficulty[..., None] * [-1.5, 0.4] + 0.2 * rng.standard_normal((*shape, 2))
    tail = np.exp(0.2 * rng.standard_normal((n_frames, 1)) + 0.12 * rng.standard_t(2.5, shape))
    return features, 2 * harder * rng.rayleigh(1, shape) * tail * np.exp(0.8 * difficulty)


def fit(seed: int = 0, **options) -> Reliability:
    return Reliability.fit(*draw(seed, **options), feature_names=NAMES, threshold_px=5.0)


@pytest.mark.parametrize(("n_frames", "n_keypoints"), [(9, 4), (14, 17)])
@pytest.mark.parametrize("harder", [1.0, 1.15])
def test_intervals_hold_on_new_frames(n_frames, n_keypoints, harder):
    found = []
    for seed in range(60):
        fitted = fit(2 * seed, n_frames=n_frames, n_keypoints=n_keypoints)
        features, errors = draw(2 * seed + 1, n_frames=30, n_keypoints=n_keypoints, harder=harder)
        found.append(interval_coverage(fitted.error_90_px(features), errors))
    assert 0.86 <= np.mean(found) <= 0.95


def test_confidence_and_expected_error_are_true_on_average():
    fitted = fit(n_frames=60)
    features, errors = draw(1, n_frames=400)
    confidence = fitted.confidence(features)
    assert expected_calibration_error(confidence.ravel(), errors.ravel() < 5.0) < 0.05
    assert fitted.expected_error_px(features).mean() == pytest.approx(errors.mean(), rel=0.15)
    surest = confidence > np.quantile(confidence, 0.7)
    assert errors[surest].mean() < 0.7 * errors.mean()


def test_surer_peaks_are_never_stated_as_worse():
    fitted = fit()
    features = np.zeros((50, 4, 2))
    features[..., 0] = np.linspace(-9, 9, 50)[:, None]
    assert (np.diff(fitted.confidence(features), axis=0) >= 0).all()
    assert (np.diff(fitted.error_90_px(features), axis=0) <= 0).all()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_statements_stay_sane_for_features_never_seen(peak, spread):
    fitted = fit()
    features = np.broadcast_to([peak, spread], (1, 4, 2))
    confidence, radius = fitted.confidence(features), fitted.error_90_px(features)
    assert ((confidence > 0) & (confidence < 1)).all()
    assert ((radius > 0) & (radius < 1e4)).all()


def test_a_keypoint_that_was_not_found_is_not_stated_to_be_sure():
    features, errors = draw(3, n_frames=12)
    features = 0.2 * features + [2.0, 0.7]  # all of them clear: they hardly tell how errors grow
    fitted = Reliability.fit(features, errors / 2, feature_names=NAMES, threshold_px=5.0)
    clear, faint, none = (np.full((1, 4, 2), [logit, 0.7]) for logit in (2.0, -1.0, -12.0))
    assert fitted.confidence(clear).min() > 0.8
    assert fitted.confidence(none).max() < 0.1
    assert fitted.expected_error_px(none).min() > 50 * fitted.expected_error_px(clear).max()
    assert (fitted.error_90_px(faint) > 3 * fitted.error_90_px(clear)).all()


def test_a_keypoint_that_errs_more_is_stated_to_err_more():
    features, errors = draw(4, n_frames=14)
    errors[:, 2] *= 4
    fitted = Reliability.fit(features, errors, feature_names=NAMES, threshold_px=5.0)
    assert fitted.error_90_px(np.zeros((1, 4, 2)))[0].argmax() == 2


def test_missing_truth_is_left_out_and_a_keypoint_without_any_is_like_the_others():
    features, errors = draw(4)
    errors[:, 3] = np.nan
    fitted = Reliability.fit(features, errors, feature_names=NAMES, threshold_px=5.0)
    assert len(fitted.ratios) == 36
    assert fitted.keypoint_offsets[3] == 0
    assert np.isfinite(fitted.error_90_px(features)).all()


def test_perfect_labels_and_a_single_frame_do_not_break_it():
    for features, errors in ((draw(0)[0], np.zeros((12, 4))), draw(0, n_frames=1, n_keypoints=9)):
        fitted = Reliability.fit(features, errors, feature_names=NAMES, threshold_px=5.0)
        assert (fitted.error_90_px(features) > 0).all()


def test_it_survives_a_file():
    fitted = fit()
    again = Reliability.from_dict(json.loads(json.dumps(fitted.to_dict())))
    features, _ = draw(8)
    np.testing.assert_array_equal(again.confidence(features), fitted.confidence(features))
    np.testing.assert_array_equal(again.error_90_px(features), fitted.error_90_px(features))
    assert again.feature_names == NAMES


def test_a_damaged_or_newer_file_is_refused():
    data = fit().to_dict()
    with pytest.raises(FormatError, match="schema 2"):
        Reliability.from_dict(data | {"schema_version": 2})
    del data["weights"]
    with pytest.raises(FormatError, match="without weights"):
        Reliability.from_dict(data)


def test_too_few_points_and_wrong_shapes_are_refused():
    features, errors = draw(0, n_frames=1, n_keypoints=7)
    with pytest.raises(InputError, match=r"at least 8 labelled points .* got 7"):
        Reliability.fit(features, errors, feature_names=NAMES, threshold_px=5.0)
    with pytest.raises(InputError, match=r"got \(1, 7, 2\) and \(7,\)"):
        Reliability.fit(features, errors[0], feature_names=NAMES, threshold_px=5.0)


def test_quantile_by_hand():
    # For n = 1 the only value; for n = 2 and the median both weigh the same, so their geometric mean.
    assert harrell_davis_quantile(np.array([3.0]), 0.9) == pytest.approx(3.0)
    assert harrell_davis_quantile(np.array([1.0, 4.0]), 0.5) == pytest.approx(2.0)
    many = np.random.default_rng(0).exponential(size=4000)
    assert harrell_davis_quantile(many, 0.9) == pytest.approx(np.quantile(many, 0.9), rel=0.01)


def test_coverage_and_calibration_by_hand():
    nan = np.nan
    assert interval_coverage(np.array([1.0, 2.0, 3.0, nan]), np.array([0.5, 2.0, 9.0, 1.0])) == pytest.approx(
        2 / 3
    )
    assert np.isnan(interval_coverage(np.array([nan]), np.array([1.0])))
    confidence = np.array([0.9, 0.1, nan, 0.9, 0.1])
    is_right = np.array([True, False, True, False, False])
    curve = reliability_curve(confidence, is_right, n_bins=2)
    np.testing.assert_allclose(curve["confidence"], [0.1, 0.9])
    np.testing.assert_allclose(curve["accuracy"], [0.0, 0.5])
    assert curve["count"].tolist() == [2, 2]
    assert expected_calibration_error(confidence, is_right, n_bins=2) == pytest.approx(0.25)
    assert np.isnan(expected_calibration_error(np.array([nan]), np.array([True])))
