import numpy as np
import pytest

from marey.model import create_poses
from marey.tracking import evaluate_tracks, track
from marey.tracking.mending import mend

KEYPOINTS = ["nose", "middle", "tail"]
BODY = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])


def two_animals(n: int = 60) -> np.ndarray:
    """Two animals that walk side by side, 200 px apart; (n_frames, 2, n_keypoints, n_individuals)."""
    places = np.stack([np.arange(n) * 2.0, np.full(n, 50.0)], axis=1)
    points = np.stack([places[:, None] + BODY, places[:, None] + BODY + [0.0, 200.0]], axis=1)
    return points.transpose(0, 3, 2, 1)


def poses_of(position: np.ndarray):
    n_frames, _, n_keypoints, n_slots = position.shape
    confidence = np.where(np.isfinite(position[:, 0]), 0.9, np.nan).reshape(n_frames, n_keypoints, n_slots)
    names = list("abc"[:n_slots])
    return create_poses(position, confidence=confidence, keypoints=KEYPOINTS, individuals=names, fps=30)


def test_a_piece_goes_to_the_animal_that_lacks_it():
    position = two_animals()
    expected = position.copy()
    position[30, :, 2, 0], position[30, :, 2, 1] = position[30, :, 2, 1].copy(), np.nan  # b's tail is a's
    expected[30, :, 2, 0] = np.nan
    mended, n = mend(poses_of(position), 2)
    assert n == 1
    np.testing.assert_array_equal(mended["position"].values, expected)
    assert mended["confidence"].values[30, 2].tolist() == pytest.approx([np.nan, 0.9], nan_ok=True)


def test_two_animals_found_as_one_become_two():
    truth = two_animals()
    found = truth.copy()
    found[30, :, 2, 0] = truth[30, :, 2, 1]
    found[30, :, :, 1] = np.nan
    mended, n = mend(poses_of(found), 2)
    assert n == 1
    np.testing.assert_array_equal(mended["position"].values[30, :, :2, 0], truth[30, :, :2, 0])
    np.testing.assert_array_equal(mended["position"].values[30, :, 2, 1], truth[30, :, 2, 1])
    assert np.isnan(mended["position"].values[30, :, :2, 1]).all()
    # With a single animal, the smaller piece is a mistake; so it is where nobody knows their number.
    for number in (1, None):
        alone, _ = mend(poses_of(found[..., :1]), number)
        assert alone.sizes["individual"] == 1
        assert np.isnan(alone["position"].values[30, :, 2, 0]).all()


def test_a_slot_is_added_where_there_is_none():
    found = two_animals()[..., :1]
    found[30, :, 2, 0] += [0.0, 200.0]
    mended, _ = mend(poses_of(found), 2)
    assert mended.sizes["individual"] == 2
    assert np.isfinite(mended["position"].values[30, :, 2, 1]).all()
    assert np.isfinite(mended["position"].values[..., 1]).sum() == 2


def test_what_fits_is_not_touched():
    poses = poses_of(two_animals())
    mended, n = mend(poses, 2)
    assert n == 0
    assert mended is poses
    one_keypoint = create_poses(np.zeros((5, 2, 1, 1)), keypoints=["nose"])
    assert mend(one_keypoint, 2) == (one_keypoint, 0)


def test_tracks_are_right_through_moments_in_which_animals_were_mixed():
    truth = two_animals(200)
    mixed = truth.copy()
    rng = np.random.default_rng(0)
    for frame in np.flatnonzero(rng.random(200) < 0.2):
        mixed[frame, :, 0] = truth[frame, :, 0, ::-1]
    for frame in np.flatnonzero(rng.random(200) < 0.5):
        mixed[frame] = mixed[frame][..., ::-1].copy()
    found = track(poses_of(mixed), n_animals=2, take_apart=True)
    assert found.n_taken_apart > 50
    assert evaluate_tracks(poses_of(truth), found.poses).idf1 == 1
    np.testing.assert_allclose(np.sort(found.poses["position"].values), np.sort(truth), atol=1e-6)
    untouched = track(poses_of(mixed), n_animals=2)
    assert untouched.n_taken_apart == 0


def test_what_is_about_a_whole_animal_stays_with_its_slot():
    position = two_animals()
    position[30, :, 2, 0], position[30, :, 2, 1] = position[30, :, 2, 1].copy(), position[30, :, 2, 0].copy()
    poses = poses_of(position)
    chances = np.broadcast_to([[0.95, 0.05], [0.05, 0.95]], (60, 2, 2))
    poses = poses.assign(
        score=(("time", "individual"), np.broadcast_to([0.9, 0.3], (60, 2))),
        identity_probability=(("time", "individual", "identity"), chances),
    )
    mended, n = mend(poses, 2)
    assert n == 2
    np.testing.assert_array_equal(mended["position"].values, two_animals())  # each has its own tail back
    np.testing.assert_array_equal(mended["score"].values, poses["score"].values)
    np.testing.assert_array_equal(mended["identity_probability"].values, chances)
