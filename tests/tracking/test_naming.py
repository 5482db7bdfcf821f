"""Tracks are kept apart and named by what a network says of who each animal is."""

import numpy as np
import pytest

from marey.model import create_poses
from marey.tracking import evaluate_tracks, track
from marey.tracking.appearance import Features
from marey.tracking.naming import names_of

BODY = np.array([[-20.0, 0.0], [0.0, 6.0], [0.0, -6.0], [20.0, 0.0]])
NAMES = ["Ada", "Bo"]
GONE = slice(150, 240)


def meeting(n_frames=400):
    """Two animals opposite each other on a circle; after a round unseen each is where the other should be."""
    turn = 0.07 * np.arange(n_frames)[:, None] + np.pi * np.arange(2)
    turn[GONE.stop :] += np.pi
    place = 200 + 120 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    points = place[:, :, None] + BODY
    points[GONE] = np.nan
    return points


def found(points, right, seed=0):
    """Animals in any order, given their own names in so many frames by a network that knows its worth."""
    rng = np.random.default_rng(seed)
    n_frames = len(points)
    is_right = rng.random((n_frames, 2)) < right
    own = np.where(is_right, [0, 1], [1, 0])
    sure = min(right, 0.95)
    chances = np.where(np.arange(2) == own[..., None], sure, 1 - sure)
    chances[np.isnan(points[:, :, 0, 0])] = np.nan
    seen, said = points + rng.normal(0, 0.5, points.shape), chances
    for frame in range(n_frames):
        order = rng.permutation(2)
        seen[frame], said[frame] = seen[frame][order], said[frame][order]
    poses = create_poses(seen.transpose(0, 3, 2, 1), keypoints=list("abcd"), individuals=["x", "y"], fps=30.0)
    return poses.assign(identity_probability=(("time", "individual", "identity"), said)).assign_coords(
        identity=NAMES
    )


def truth_of(points):
    return create_poses(points.transpose(0, 3, 2, 1), keypoints=list("abcd"), individuals=NAMES, fps=30.0)


def test_names_keep_animals_apart_and_are_given_to_their_tracks():
    points = meeting()
    poses = found(points, right=0.85)
    blind = track(poses.drop_vars("identity_probability"), n_animals=2, max_gap_s=0).poses
    assert evaluate_tracks(truth_of(points), blind).idf1 < 0.7
    tracks = track(poses, n_animals=2, max_gap_s=0).poses
    assert evaluate_tracks(truth_of(points), tracks).idf1 > 0.99
    assert sorted(tracks["individual"].values) == NAMES
    of_ada = tracks["position"].sel(individual="Ada").transpose("time", "keypoint", "space").values
    np.testing.assert_allclose(of_ada[0], points[0, 0], atol=3)
    np.testing.assert_allclose(of_ada[-1], points[-1, 0], atol=3)


def test_an_individual_that_is_called_like_a_number_is_no_other():
    frames = np.arange(200)
    chances = np.full((200, 2, 2), 0.5)  # of who is in the second place, nothing is known
    chances[:, 0] = [0.95, 0.05]
    parts = [(frames, np.full(200, place)) for place in range(2)]
    names = names_of([[0], [1]], parts, Features(np.log(chances)), ["track_2", "Bo"])
    assert names == ["track_2", "track_3"]


def test_what_a_network_guesses_names_nobody():
    tracks = track(found(meeting(), right=0.5), n_animals=2, max_gap_s=0).poses
    assert sorted(tracks["individual"].values) == ["track_1", "track_2"]


@pytest.mark.parametrize("n_names", [1, 3])
def test_fewer_and_more_names_than_tracks(n_names):
    poses = found(meeting(), right=1.0)
    said = np.full((400, 2, n_names), 0.02)
    slots = np.argsort(-np.nan_to_num(poses["identity_probability"].values[:, :, 0], nan=0.0), axis=1)[:, 0]
    said[np.arange(400), slots, 0] = 0.9
    wide = poses.drop_vars(["identity_probability", "identity"])
    wide = wide.assign(identity_probability=(("time", "individual", "identity"), said))
    wide = wide.assign_coords(identity=["Ada", "Bo", "Cy"][:n_names])
    tracks = track(wide, n_animals=2, max_gap_s=0).poses
    assert len(set(tracks["individual"].values)) == 2
    if n_names == 3:
        assert "Ada" in tracks["individual"].values
