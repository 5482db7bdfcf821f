import numpy as np
import pytest

from marey.model import create_poses


@pytest.fixture
def make_poses():
    """Poses of one keypoint from x (y is 0), or of several from (n_frames, n_space, n_keypoints)."""

    def make(x, **options):
        x = np.asarray(x, dtype=float)
        if x.ndim == 1:
            x = np.stack([x, np.where(np.isnan(x), np.nan, 0.0)], axis=1)[:, :, None]
        keypoints = [f"point{i}" for i in range(x.shape[2])]
        return create_poses(x[..., None], keypoints=keypoints, **options)

    return make


@pytest.fixture
def recording():
    """A smooth random path of two keypoints with noise and jumps: (truth, noisy, noise sigma)."""
    rng = np.random.default_rng(3)
    velocity = np.zeros((2, 2))
    truth = np.zeros((1500, 2, 2))
    for i in range(1, len(truth)):
        velocity = 0.95 * velocity + rng.normal(0, 0.3, velocity.shape)
        truth[i] = truth[i - 1] + velocity
    noisy = truth + rng.normal(0, 2.0, truth.shape)
    jumps = rng.choice(len(truth), 30, replace=False)
    noisy[jumps] += rng.normal(0, 100, (30, 2, 2))
    return truth, noisy, 2.0
