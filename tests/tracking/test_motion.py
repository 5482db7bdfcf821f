"""The Kalman filter by hand, and the noise that is learned from detections."""

import numpy as np
import pytest

from marey.tracking.motion import MotionModel, learn_motion

MODEL = MotionModel(detection_px=1.0, acceleration_px=2.0, velocity_px=3.0)


def test_prediction_and_correction_as_worked_by_hand() -> None:
    states = MODEL.begin(np.array([[[10.0, 20.0]]]))
    assert states.variance[:, 0, 0].tolist() == [1, 0, 9]
    ahead = MODEL.predict(states)
    # p + 2c + v + a/4, 0.9 (c + v) + a/2, 0.81 v + a, where a is the square of the acceleration
    assert ahead.variance[:, 0, 0] == pytest.approx([11, 10.1, 11.29])
    seen = MODEL.correct(ahead, np.array([[[13.0, 20.0]]]))
    assert seen.points[0, 0] == pytest.approx([10 + 3 * 11 / 12, 20])
    assert seen.velocity[0, 0] == pytest.approx([3 * 10.1 / 12, 0])
    assert seen.variance[:, 0, 0] == pytest.approx([11 / 12, 10.1 / 12, 11.29 - 10.1**2 / 12])
    assert MODEL.predict(seen).points[0, 0] == pytest.approx([10 + 3 * 21.1 / 12, 20])


def test_what_is_not_seen_changes_nothing() -> None:
    ahead = MODEL.predict(MODEL.begin(np.array([[[10.0, 20.0], [np.nan, np.nan]]])))
    after = MODEL.correct(ahead, np.full((1, 2, 2), np.nan))
    assert after.points[0, 0].tolist() == [10, 20]
    np.testing.assert_array_equal(after.variance, ahead.variance)
    known = MODEL.correct(ahead, np.array([[[np.nan, np.nan], [5.0, 6.0]]]))
    assert known.points[0, 1].tolist() == [5, 6]
    assert known.variance[:, 0, 1].tolist() == [1, 0, 9]


def test_a_jump_counts_for_less() -> None:
    ahead = MODEL.predict(MODEL.begin(np.array([[[0.0, 0.0]]])))
    moved = [MODEL.correct(ahead, np.array([[[x, 0.0]]])).points[0, 0, 0] / x for x in (5.0, 50.0, 500.0)]
    assert moved[0] == pytest.approx(11 / 12)
    assert moved[0] > moved[1] > moved[2]


def walk(n: int, noise: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return 100 + np.arange(n)[:, None, None, None] * [0.5, 0.0] + rng.normal(0, noise, (n, 1, 3, 2))


def test_noise_is_learned_from_still_detections() -> None:
    assert learn_motion(walk(2000, 0.4), 50.0).detection_px == pytest.approx(0.4, rel=0.15)
    assert learn_motion(walk(2000, 0.8), 50.0).detection_px == pytest.approx(0.8, rel=0.15)


def test_noise_is_learned_wherever_animals_are_in_a_long_recording() -> None:
    points = np.full((30_000, 1, 3, 2), np.nan)
    points[22_000:] = walk(8000, 0.4)
    assert learn_motion(points, 50.0).detection_px == pytest.approx(0.4, rel=0.15)


def test_without_anything_to_learn_from_the_size_tells() -> None:
    assert learn_motion(np.full((50, 2, 3, 2), np.nan), 100.0).detection_px == 3.0
