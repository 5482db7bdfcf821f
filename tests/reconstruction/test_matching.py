"""Several animals of a rendered scene, seen by several cameras that each number them as they like."""

import numpy as np
import pytest

from marey.model import create_poses
from marey.reconstruction import triangulate
from marey.synthesis.recording import RecordingSpec, Scene


def scene(n_animals, n_frames, seed):
    """World points, (n_frames, n_keypoints, n_animals, 3), mm."""
    spec = RecordingSpec(n_frames=n_frames, seed=seed, n_animals=n_animals)
    return np.moveaxis(Scene.build(spec).keypoints_mm, 1, 2)


def film(rig, truth, rng, *, hidden=0.05, missing=0.2, gross=0.05):
    """Poses by camera: noise of 1 px, gross errors of up to 150 px, points and whole animals not seen."""
    n_frames, n_keypoints, n_animals = truth.shape[:3]
    poses = {}
    for camera in rig:
        pixels = camera.project(truth.reshape(-1, 3)).reshape(*truth.shape[:3], 2)
        pixels += rng.normal(size=pixels.shape)
        wrong = rng.random(truth.shape[:3]) < gross
        pixels[wrong] += rng.uniform(-150, 150, (wrong.sum(), 2))
        pixels[rng.random(truth.shape[:3]) < missing] = np.nan
        away = rng.random((n_frames, n_animals)) < hidden
        pixels[np.broadcast_to(away[:, None], truth.shape[:3])] = np.nan
        for t in range(n_frames):
            pixels[t] = pixels[t][:, rng.permutation(n_animals)]
        poses[camera.name] = create_poses(
            np.moveaxis(pixels, -1, 1),
            keypoints=[f"k{i}" for i in range(n_keypoints)],
            individuals=[f"a{i}" for i in range(n_animals)],
            fps=30,
        )
    return poses


def who_is_where(found, truth):
    """For each frame and found animal, the true one whose points are nearest; -1 where nobody was found."""
    points = np.moveaxis(found["position"].to_numpy(), 1, -1)
    away = np.linalg.norm(points[:, :, :, None] - truth[:, :, None], axis=-1)
    known = np.isfinite(away)
    middle = np.ma.median(np.ma.masked_array(away, ~known), axis=1).filled(np.inf)
    return np.where(known.any(axis=(1, 3)), middle.argmin(axis=-1), -1)


@pytest.mark.parametrize(("n_cameras", "n_animals", "seed"), [(2, 3, 2), (4, 3, 1)])
def test_identities_are_kept(make_rig, n_cameras, n_animals, seed):
    n_frames = 170
    truth = scene(n_animals, 300, seed)[300 - n_frames :] if seed == 1 else scene(n_animals, n_frames, seed)
    rig = make_rig(n_cameras)
    rng = np.random.default_rng(seed)
    found = triangulate(film(rig, truth, rng), rig)
    who = who_is_where(found, truth)
    assert (who >= 0).mean() > 0.85
    for animal in range(n_animals):
        seen = who[:, animal][who[:, animal] >= 0]
        assert len(set(seen.tolist())) == 1, "it was the same animal all the time"
    assert len({int(who[:, animal].max()) for animal in range(n_animals)}) == n_animals


def test_what_one_camera_alone_sees_of_two_animals_makes_no_third(make_rig):
    """Each camera lost another animal: their rays may meet, but nobody is there."""
    truth, rig = scene(2, 40, 5), make_rig(2)
    poses = film(rig, truth, np.random.default_rng(0), hidden=0, missing=0, gross=0)
    for number, camera in enumerate(rig):
        # The animals keep their places here, so that we know whom to hide.
        pixels = camera.project(truth.reshape(-1, 3)).reshape(*truth.shape[:3], 2)
        pixels[20:, :, number] = np.nan
        poses[camera.name] = poses[camera.name].assign(
            position=(("time", "space", "keypoint", "individual"), np.moveaxis(pixels, -1, 1))
        )
    found = triangulate(poses, rig)
    assert found["position"].isel(time=slice(20)).notnull().mean() > 0.99
    assert not found["position"].isel(time=slice(20, 30)).notnull().any()


def test_animals_that_nobody_sees(make_rig):
    truth, rig = scene(2, 5, 5), make_rig(2)
    poses = film(rig, truth, np.random.default_rng(0), missing=1)
    assert not triangulate(poses, rig)["position"].notnull().any()
