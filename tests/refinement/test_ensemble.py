import numpy as np
import pytest

from marey.errors import ConfigError, InputError
from marey.formats import load_poses
from marey.model import create_poses, read_history
from marey.refinement import combine_ensemble, ensemble_smooth, ensemble_smooth_views

NAN = np.nan


@pytest.fixture
def make_members(make_poses):
    """Five predictions of a smooth path; in some frames the networks disagree wildly."""

    def make(n_frames=600, n_members=5, seed=0, shape=None):
        rng = np.random.default_rng(seed)
        t = np.arange(n_frames) / 20
        truth = (
            np.stack([40 * np.sin(t), 30 * np.cos(0.7 * t)], axis=1)[:, :, None] if shape is None else shape
        )
        n_keypoints = truth.shape[2]
        hard = rng.random((n_frames, 1, n_keypoints)) < 0.15
        spread = np.where(hard, 15.0, 1.0)
        return truth, [make_poses(truth + rng.normal(size=truth.shape) * spread) for _ in range(n_members)]

    return make


def distance(poses, truth):
    return np.linalg.norm(poses["position"].to_numpy()[..., 0] - truth, axis=1)


def test_median_and_spread_by_hand(make_poses):
    members = [make_poses([x, x]) for x in (1.0, 2.0, 6.0)]
    members[2]["position"].values[1] = NAN
    result = combine_ensemble(members)
    np.testing.assert_allclose(result["position"].to_numpy()[:, 0, 0, 0], [2, 1.5])
    # Squares about the median are 1 + 0 + 16 along x and 0 along y, over 2 axes times 2 degrees of freedom.
    expected = np.sqrt(np.pi / 2 * np.array([17 / 4, 0.5 / 2]))
    np.testing.assert_allclose(result["expected_error"].to_numpy()[:, 0, 0], expected)


def test_a_point_needs_half_of_the_networks(make_poses):
    members = [make_poses([1.0, 1.0, NAN]), make_poses([1.0, NAN, NAN]), make_poses([1.0, NAN, NAN])]
    assert np.isnan(combine_ensemble(members)["position"].to_numpy()[:, 0, 0, 0]).tolist() == [
        False,
        True,
        True,
    ]


def test_the_smoother_beats_the_median_and_every_network(make_members):
    truth, members = make_members()
    smooth = distance(ensemble_smooth(members), truth).mean()
    assert smooth < 0.6 * distance(combine_ensemble(members), truth).mean()
    assert smooth < 0.4 * min(distance(member, truth).mean() for member in members)


def test_points_that_move_as_one_share_what_they_know(make_members):
    rng = np.random.default_rng(2)
    t = np.arange(600) / 20
    centre, radius = np.stack([20 * np.sin(t), 10 * np.cos(t)], 1), 8 + 2 * np.sin(0.3 * t)
    ring = np.array([[0, 1], [1, 0], [0, -1], [-1, 0.0]])
    truth = np.stack([centre + radius[:, None] * r for r in ring], axis=2)
    truth, members = make_members(shape=truth + rng.normal(0, 0.01, truth.shape))
    together, alone = ensemble_smooth(members, n_latents=3), ensemble_smooth(members)
    assert distance(together, truth).mean() < 0.9 * distance(alone, truth).mean()
    assert read_history(together)[-1]["n_latents"] == 3


def noisy_members(make_poses, views, n, rng):
    """Of each view, poses by `n` networks: its points (n_frames, 2) with noise of a pixel."""
    return {
        name: [make_poses((seen + rng.normal(0, 1, seen.shape))[:, :, None]) for _ in range(n)]
        for name, seen in views.items()
    }


def test_a_camera_that_sees_a_point_well_helps_the_others(make_poses):
    rng = np.random.default_rng(1)
    t = np.arange(500) / 15
    space = np.stack([30 * np.sin(t), 20 * np.cos(1.3 * t), 25 * np.sin(0.6 * t)], axis=1)
    views = {name: space @ rng.normal(size=(3, 2)) for name in ("left", "right", "top")}
    members = noisy_members(make_poses, views, 4, rng)
    hidden = slice(200, 260)
    for member in members["left"]:
        member["position"].values[hidden, :, 0, 0] += rng.normal(0, 25, (60, 2))
    shared = ensemble_smooth_views(members)
    error = [
        np.linalg.norm(p["position"].to_numpy()[hidden, :, 0, 0] - views["left"][hidden], axis=1).mean()
        for p in (shared["left"], ensemble_smooth(members["left"]))
    ]
    assert error[0] < 0.5 * error[1]


def test_perspective_does_not_mislead_the_cameras(make_poses):
    """Near and far, left and right: what moves in space bends in the images."""
    rng = np.random.default_rng(3)
    t = np.arange(600) / 15
    space = np.stack([150 * np.sin(t), 120 * np.cos(1.3 * t), 150 * np.sin(0.6 * t)], axis=1)
    views = {}
    for name, turn in (("left", 0.0), ("right", 1.9), ("top", 3.8)):
        x, y = space[:, 0] * np.cos(turn) + space[:, 1] * np.sin(turn), space[:, 2]
        depth = 1000 - space[:, 0] * np.sin(turn) + space[:, 1] * np.cos(turn)
        views[name] = 1500 * np.stack([x, y], axis=1) / depth[:, None]
    members = noisy_members(make_poses, views, 5, rng)
    hidden = slice(200, 240)
    for member in members["left"]:
        member["position"].values[hidden, :, 0, 0] += rng.normal(8, 20, (40, 2))

    def errors(poses):
        off = np.linalg.norm(poses["position"].to_numpy()[..., 0, 0] - views["left"], axis=1)
        return off[hidden].mean(), np.delete(off, np.arange(600)[hidden]).mean()

    shared, alone = errors(ensemble_smooth_views(members)["left"]), errors(ensemble_smooth(members["left"]))
    assert shared[0] < 0.4 * alone[0]
    assert shared[1] < 1.5 * alone[1]


def test_more_latents_than_there_are_directions(make_members):
    """A point that moves along a line in both views has one latent; the others are nothing."""
    line = np.sin(np.arange(200) / 10)[:, None, None] * np.array([20.0, 10.0])[None, :, None]
    truth, members = make_members(200, shape=line)
    shared = ensemble_smooth_views({"a": members, "b": members}, n_latents=4)
    assert distance(shared["a"], truth).mean() < distance(combine_ensemble(members), truth).mean()


def test_what_does_not_fit(make_members, make_poses):
    _, members = make_members(20)
    with pytest.raises(InputError, match="at least two predictions, got 1"):
        combine_ensemble(members[:1])
    with pytest.raises(InputError, match="same frames"):
        combine_ensemble([members[0], make_poses([1.0])])
    with pytest.raises(ConfigError, match="from 1 to 2 latent coordinates, got 3"):
        ensemble_smooth(members, n_latents=3)
    with pytest.raises(InputError, match="at least two cameras, got 1"):
        ensemble_smooth_views({"a": members})


def test_nothing_seen(make_poses):
    poses = ensemble_smooth([make_poses([NAN] * 30)] * 3, n_latents=1)
    assert poses["position"].isnull().all()


def test_other_quantities_do_not_stay_behind():
    one = create_poses(np.ones((3, 2, 1, 1)), keypoints=["a"], error_90=np.ones((3, 1, 1)))
    assert "error_90" not in combine_ensemble([one, one])


@pytest.mark.data
def test_diameters_of_a_pupil_agree_better_than_those_of_the_networks(shared_data):
    # The pupil is round: its height and its width, measured by different keypoints, should say the same.
    files = sorted((shared_data / "ensembles" / "ibl-pupil").glob("*.csv"))
    members = [load_poses(file) for file in files]

    def agreement(poses):
        p = poses["position"].to_numpy()[..., 0]
        names = [str(name) for name in poses["keypoint"].to_numpy()]
        top, right, bottom, left = (
            p[:, :, names.index(f"pupil_{side}_r")] for side in ("top", "right", "bottom", "left")
        )
        return np.corrcoef(np.linalg.norm(top - bottom, axis=1), np.linalg.norm(left - right, axis=1))[0, 1]

    alone = max(agreement(member) for member in members)
    assert agreement(ensemble_smooth(members)) > alone
    assert agreement(ensemble_smooth(members, n_latents=3)) > 0.95
