"""A skeleton with constant limbs, fitted to noisy joints of known truth."""

import numpy as np
import pytest

from marey.errors import InputError
from marey.model import Skeleton, create_poses, read_history
from marey.reconstruction.kinematics import Tree, fit_skeleton

NAMES = ("hip", "knee", "ankle", "spine")
EDGES = (("hip", "knee"), ("knee", "ankle"), ("hip", "spine"))
LENGTHS = {"hip-knee": 30.0, "knee-ankle": 25.0, "hip-spine": 40.0}
SKELETON = Skeleton(NAMES, EDGES)
NOISE = 1.0


def towards(azimuth, height):
    flat = np.cos(height)
    return np.stack([np.cos(azimuth) * flat, np.sin(azimuth) * flat, np.sin(height)], axis=-1)


def walk(n_frames):
    """The joints of an animal that walks in a circle, (n_frames, n_joints, 3)."""
    t = np.arange(n_frames) / 30
    hip = np.stack([100 * np.cos(t / 3), 100 * np.sin(t / 3), 40 + 5 * np.sin(3 * t)], axis=-1)
    knee = hip + 30 * towards(0.5 * np.sin(3 * t), -1 + 0.4 * np.sin(2.2 * t))
    ankle = knee + 25 * towards(1 + 0.6 * np.sin(3 * t + 1), -0.8 + 0.3 * np.cos(2 * t))
    spine = hip + 40 * towards(2 + 0.2 * np.sin(t), 0.3 * np.sin(2 * t))
    return np.stack([hip, knee, ankle, spine], axis=1)


def poses_of(joints, *, sigma=None):
    poses = create_poses(np.moveaxis(joints, -1, 1)[..., None], keypoints=NAMES, fps=30)
    if sigma is None:
        return poses
    covariance = np.zeros((len(joints), 3, 3, len(NAMES), 1)) + sigma**2 * np.eye(3)[:, :, None, None]
    return poses.assign(covariance=(("time", "space", "space_b", "keypoint", "individual"), covariance))


def joints_of(poses):
    return np.moveaxis(poses["position"].to_numpy()[..., 0], 1, -1)


def error(joints, truth):
    return float(np.nanmean(np.linalg.norm(joints - truth, axis=-1)))


@pytest.fixture(scope="module")
def noisy():
    """Truth, and the same with noise, a fifth of the points missing and gross errors in 3 %."""
    rng, truth = np.random.default_rng(3), walk(300)
    joints = truth + rng.normal(scale=NOISE, size=truth.shape)
    wrong = rng.random(truth.shape[:2]) < 0.03
    joints[wrong] += rng.normal(scale=30, size=(wrong.sum(), 3))
    joints[rng.random(truth.shape[:2]) < 0.2] = np.nan
    return truth, joints


@pytest.mark.parametrize("sigma", [NOISE, None])
def test_lengths_are_constant_and_right_and_joints_come_closer_to_the_truth(noisy, sigma):
    truth, joints = noisy
    fitted = fit_skeleton(poses_of(joints, sigma=sigma), SKELETON)
    found = joints_of(fitted)
    assert error(found, truth) < 0.5 * np.sqrt(8 / np.pi) * NOISE < 0.5 * error(joints, truth)
    limbs = np.linalg.norm(found[:, [0, 1, 0]] - found[:, [1, 2, 3]], axis=-1)
    assert np.nanstd(limbs, axis=0).max() < 1e-9
    (lengths,) = read_history(fitted)[-1]["lengths"]
    assert lengths == pytest.approx(LENGTHS, abs=0.3)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(joints))


def test_the_unit_of_the_world_does_not_matter(noisy):
    _, joints = noisy
    in_mm = joints_of(fit_skeleton(poses_of(joints), SKELETON))
    in_m = joints_of(fit_skeleton(poses_of(joints / 1000), SKELETON))
    np.testing.assert_allclose(1000 * in_m, in_mm, atol=0.02)


def test_joints_without_noise_stay():
    truth = walk(60)
    found = joints_of(fit_skeleton(poses_of(truth), SKELETON))
    assert error(found, truth) < 0.01


def test_what_has_no_limb_stays_and_who_was_not_seen_is_not_invented():
    joints = walk(40)
    joints[:, 2] = np.nan  # the ankle
    fitted = fit_skeleton(poses_of(joints), SKELETON)
    np.testing.assert_array_equal(joints_of(fitted), joints)
    assert read_history(fitted)[-1]["lengths"] == [{}]
    without_ankle = Skeleton(NAMES, EDGES[:1])
    np.testing.assert_array_equal(
        joints_of(fit_skeleton(poses_of(walk(40)), without_ankle))[:, 2:], walk(40)[:, 2:]
    )


def test_a_tree_starts_where_most_limbs_meet():
    tree = Tree.of(SKELETON)
    assert tree.joints == (0, 1, 3, 2)
    assert tree.parents == (-1, 0, 0, 1)


def test_skeletons_that_are_no_tree():
    poses = poses_of(walk(10))
    with pytest.raises(InputError, match="needs limbs"):
        fit_skeleton(poses, Skeleton(NAMES))
    with pytest.raises(InputError, match="several pieces: ankle, spine cannot be reached"):
        fit_skeleton(poses, Skeleton(NAMES, (("hip", "knee"), ("ankle", "spine"))))
    flat = create_poses(np.zeros((3, 2, 4, 1)), keypoints=NAMES)
    with pytest.raises(InputError, match="poses in 3D, but these have 2 axes"):
        fit_skeleton(flat, SKELETON)
