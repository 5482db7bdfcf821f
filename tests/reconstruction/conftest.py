import numpy as np
import pytest

from marey.cameras import Camera, Rig
from marey.model import create_poses

SIZE = (1280, 1024)


def look_at_origin(name, centre, *, focal=900.0, distortion=(-0.25, 0.08, 0.001, -0.0005, 0.0)):
    centre = np.asarray(centre, float)
    ahead = -centre / np.linalg.norm(centre)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    matrix = np.array([[focal, 0, SIZE[0] / 2 - 0.5], [0, focal, SIZE[1] / 2 - 0.5], [0, 0, 1]])
    camera = Camera(name, SIZE, matrix, np.array(distortion), np.zeros(3), np.zeros(3))
    return camera.placed(rotation, -rotation @ centre)


@pytest.fixture
def make_rig():
    """Cameras in a ring that look at the origin."""

    def make(n, **options):
        angles = 2 * np.pi * np.arange(n) / n + 0.3
        centres = [(700 * np.cos(a), 700 * np.sin(a), 500 + 100 * (i % 2)) for i, a in enumerate(angles)]
        cameras = [look_at_origin(f"cam{i}", centre, **options) for i, centre in enumerate(centres)]
        return Rig(tuple(cameras))

    return make


@pytest.fixture
def rig(make_rig):
    return make_rig(4)


@pytest.fixture
def make_body():
    """A smooth motion of a body with three rigid limbs and one free point: (n_frames, 5, 3)."""

    def make(n_frames, seed=0):
        rng = np.random.default_rng(seed)
        t = np.arange(n_frames) / 30

        def wave(size):
            phase, rate = rng.uniform(0, 6, 3), rng.uniform(0.5, 1.5, 3)
            return size * np.sin(t[:, None] * rate + phase)

        joints = [wave(60.0)]
        for parent, length in ((0, 30.0), (1, 25.0), (0, 20.0)):
            along = wave(1.0) + np.array([0.3, 0.2, 1.2])
            joints.append(joints[parent] + length * along / np.linalg.norm(along, axis=1, keepdims=True))
        joints.append(joints[0] + np.array([40, 0, 0]) + wave(15.0))
        return np.stack(joints, axis=1)

    return make


@pytest.fixture
def film():
    """What the cameras of a rig see of points, with noise, missing points and gross errors."""

    def make(rig, points, *, sigma=1.0, missing=0.0, gross=0.0, seed=0, with_errors=True):
        rng = np.random.default_rng(seed)
        n_frames, n_keypoints = points.shape[:2]
        poses = {}
        for camera in rig:
            pixels = camera.project(points.reshape(-1, 3)).reshape(n_frames, n_keypoints, 2)
            pixels = pixels + rng.normal(0, sigma, pixels.shape) if sigma else pixels
            wrong = rng.random(pixels.shape[:2]) < gross
            angle = rng.uniform(0, 2 * np.pi, wrong.sum())
            away = rng.uniform(30, 200, (wrong.sum(), 1))
            pixels[wrong] += away * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
            pixels[rng.random(pixels.shape[:2]) < missing] = np.nan
            plane = np.where(np.isfinite(pixels[..., 0]), 1.0, np.nan)[..., None]
            poses[camera.name] = create_poses(
                np.moveaxis(pixels, -1, 1)[..., None],
                keypoints=[f"k{k}" for k in range(n_keypoints)],
                confidence=0.9 * plane,
                expected_error=sigma * np.sqrt(np.pi / 2) * plane if with_errors and sigma else None,
                fps=30,
            )
        return poses

    return make


@pytest.fixture
def points_of():
    """The position of 3D poses of one animal, (n_frames, n_keypoints, 3)."""
    return lambda poses, i=0: np.moveaxis(poses["position"].to_numpy()[..., i], 1, -1)
