import numpy as np
import pytest

from marey.errors import InputError, NotFoundError
from marey.model import create_poses
from marey.reconstruction import calibrate_from_poses
from reconstruction.conftest import SIZE

NAMES = ("snout", "neck", "hip", "tail")


def walk(n_frames=150, seed=0):
    """An animal that wanders through the room, head and tail 80 mm apart."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform([-150, -150, 0], [150, 150, 90], (n_frames, 3))
    along = rng.normal(size=(n_frames, 3)) * [1, 1, 0.4]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return middle[:, None] + np.array([40, 20, -15, -40.0])[:, None] * along[:, None]


def film(rig, points, *, noise=0.4, wrong=0.03, seed=1):
    rng = np.random.default_rng(seed)
    poses = {}
    for camera in rig:
        pixels = camera.project(points.reshape(-1, 3)).reshape(*points.shape[:2], 2)
        pixels = pixels + rng.normal(0, noise, pixels.shape)
        is_wrong = rng.random(pixels.shape[:2]) < wrong
        pixels[is_wrong] += rng.uniform(-150, 150, (is_wrong.sum(), 2))
        pixels[rng.random(pixels.shape[:2]) < 0.1] = np.nan
        poses[camera.name] = create_poses(np.moveaxis(pixels, -1, 1)[..., None], keypoints=NAMES)
    return poses


def distances(rig):
    centres = np.stack([camera.centre for camera in rig])
    return np.linalg.norm(centres[:, None] - centres, axis=-1)


def test_places_cameras_of_known_lenses(make_rig):
    rig = make_rig(4)
    poses = film(rig, walk())
    found = calibrate_from_poses(
        poses, lenses={camera.name: camera for camera in rig}, length=("snout", "tail", 80.0)
    )
    np.testing.assert_allclose(distances(found.rig), distances(rig), rtol=0.004, atol=1e-9)
    assert found.rig.units == "mm"
    np.testing.assert_allclose(found.rig.cameras[0].centre, 0, atol=1e-9)
    summary = found.summarise()
    assert summary["median_px"] < 0.8
    assert not [text for text in summary["warnings"] if "same lens" not in text]  # which these have
    again = calibrate_from_poses(
        poses, lenses={camera.name: camera for camera in rig}, length=("snout", "tail", 80.0)
    )
    assert all(
        np.array_equal(a.translation, b.translation) for a, b in zip(found.rig, again.rig, strict=True)
    )


@pytest.mark.slow
def test_finds_lenses_that_are_not_known(make_rig):
    rig = make_rig(4, distortion=(-0.05, 0, 0, 0, 0))
    found = calibrate_from_poses(
        film(rig, walk(120)), sizes=dict.fromkeys(rig.names, SIZE), length=("snout", "tail", 80.0)
    )
    for camera in found.rig:
        assert camera.matrix[0, 0] == pytest.approx(900, rel=0.03)
    np.testing.assert_allclose(distances(found.rig), distances(rig), rtol=0.04, atol=1e-9)


def test_says_that_nothing_tells_the_scale(make_rig):
    rig = make_rig(3)
    found = calibrate_from_poses(film(rig, walk()), lenses={camera.name: camera for camera in rig})
    assert found.rig.units == "unknown"
    assert [text for text in found.summarise()["warnings"] if "how large the world is" in text]


def test_wrong_input(make_rig):
    rig = make_rig(3)
    lenses = {camera.name: camera for camera in rig}
    poses = film(rig, walk())
    with pytest.raises(InputError, match="lens of cam0, cam1, cam2 is not known"):
        calibrate_from_poses(poses)
    with pytest.raises(InputError, match="2 cameras are too few to find it"):
        calibrate_from_poses(
            {name: poses[name] for name in ("cam0", "cam1")}, sizes=dict.fromkeys(rig.names, SIZE)
        )
    with pytest.raises(InputError, match="at least 60 points"):
        calibrate_from_poses(film(rig, walk(10)), lenses=lenses)
    with pytest.raises(InputError, match="at least 60 points"):
        calibrate_from_poses({name: table * np.nan for name, table in poses.items()}, lenses=lenses)
    with pytest.raises(NotFoundError, match="no keypoint 'tip'"):
        calibrate_from_poses(poses, lenses=lenses, length=("snout", "tip", 80.0))


def test_poses_that_do_not_belong_together(make_rig):
    rig = make_rig(3)
    poses = film(rig, walk())
    poses["cam2"] = film(rig, walk(seed=9))["cam2"]
    with pytest.raises(InputError, match="cam2 cannot be placed"):
        calibrate_from_poses(poses, lenses={camera.name: camera for camera in rig})
