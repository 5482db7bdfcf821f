import numpy as np
import pytest

from cameras.rigs import ring
from marey.cameras.boards import Chessboard
from marey.cameras.bundle import (
    N_CAMERA,
    BoardProblem,
    PointProblem,
    from_row,
    right_jacobians,
    to_row,
)
from marey.cameras.least_squares import Prior, adjust, robust_sigma

BOARD = Chessboard(7, 5, 30.0)


def scene(n_cameras=3, n_views=12, *, noise=0.0, seed=0, **lens):
    """Boards held up in the middle of a ring of cameras that are above them."""
    rng = np.random.default_rng(seed)
    rig = ring(n_cameras, **lens)
    items = np.concatenate([rng.normal(0, 0.35, (n_views, 3)), rng.uniform(-120, 120, (n_views, 3))], axis=1)
    from scipy.spatial.transform import Rotation

    corners = np.stack(
        [
            rig.project(BOARD.points @ Rotation.from_rotvec(item[:3]).as_matrix().T + item[3:])
            for item in items
        ],
        axis=1,
    )
    return rig, items, corners + noise * rng.normal(size=corners.shape)


def test_a_camera_survives_its_row():
    rig = ring(1, fisheye=True, distortion=(0.1, 0.01, 0.001, 0.0001))
    camera = from_row(to_row(rig["cam1"]), rig["cam1"])
    points = np.random.default_rng(0).uniform(-200, 200, (10, 3))
    np.testing.assert_array_equal(camera.project(points), rig["cam1"].project(points))


def test_right_jacobians_are_slopes():
    from scipy.spatial.transform import Rotation

    for size in (0.0, 1e-5, 0.7, 3.0):
        w = size * np.array([0.6, -0.48, 0.64])
        J = right_jacobians(w)
        for axis, step in enumerate(np.eye(3) * 1e-6):
            change = Rotation.from_rotvec(w).inv() * Rotation.from_rotvec(w + step)
            np.testing.assert_allclose(change.as_rotvec() / 1e-6, J[:, axis], atol=1e-5)


@pytest.mark.parametrize("fisheye", [False, True])
def test_derivatives_are_slopes(fisheye):
    distortion = (
        (0.1, 0.01, 0.001, 0.0001) if fisheye else (-0.2, 0.05, 0.001, -0.001, 0.01, 0.02, 0.01, 0.003)
    )
    rig, items, corners = scene(2, 3, fisheye=fisheye, distortion=distortion)
    problem = BoardProblem.from_corners(corners, BOARD.points, [fisheye] * 2)
    cameras = np.stack([to_row(camera) for camera in rig])
    at = problem.linearise(cameras, items)
    for unknown in range(N_CAMERA - 4 * fisheye):
        unknown += 4 * (fisheye and unknown >= 8)  # noqa: PLW2901
        step = np.zeros(N_CAMERA)
        step[unknown] = 1e-5 * max(1.0, abs(cameras[0, unknown]))
        slope = problem.residuals(cameras - step, items) - problem.residuals(cameras + step, items)
        np.testing.assert_allclose(
            at.by_camera[..., unknown], slope / (2 * step[unknown]), rtol=1e-4, atol=1e-4
        )
    for unknown in range(6):
        step = np.zeros(6)
        step[unknown] = 1e-5
        slope = problem.residuals(cameras, items - step) - problem.residuals(cameras, items + step)
        np.testing.assert_allclose(at.by_item[..., unknown], slope / 2e-5, rtol=1e-4, atol=1e-4)


def free_unknowns(n_cameras):
    free = np.ones((n_cameras, N_CAMERA), dtype=bool)
    free[:, 9:12] = False
    free[0, 12:] = False
    return free


def test_the_truth_comes_back_from_elsewhere():
    rig, items, corners = scene()
    truth = np.stack([to_row(camera) for camera in rig])
    rng = np.random.default_rng(1)
    off = truth * (1 + 0.02 * rng.normal(size=truth.shape))
    off[0, 12:] = truth[0, 12:]
    off[:, 9:12] = 0
    problem = BoardProblem.from_corners(corners, BOARD.points, [False] * 3)
    found = adjust(problem, off, items + rng.normal(0, 0.05, items.shape), free=free_unknowns(3))
    np.testing.assert_allclose(found.cameras[:, :4], truth[:, :4], atol=1e-3)
    np.testing.assert_allclose(found.cameras[:, 12:], truth[:, 12:], atol=1e-3)


def test_gross_errors_hardly_matter_and_noise_is_told():
    rig, items, corners = scene(n_views=30, noise=0.2)
    corners[1, 3] += 40.0
    corners[:, :, ::17, 0] += 15.0
    truth = np.stack([to_row(camera) for camera in rig])
    problem = BoardProblem.from_corners(corners, BOARD.points, [False] * 3)
    found = adjust(problem, truth, items, free=free_unknowns(3))
    assert found.sigma_px == pytest.approx(0.2, rel=0.1)
    sd = np.sqrt(np.diag(found.covariance)).reshape(3, -1)
    off = (found.cameras - truth)[free_unknowns(3)] / sd[free_unknowns(3)]
    assert np.abs(off).max() < 5


def test_stated_uncertainty_is_the_spread_over_repetitions():
    found = []
    for seed in range(12):
        rig, items, corners = scene(2, 6, seed=0)
        corners = corners + 0.3 * np.random.default_rng(100 + seed).normal(size=corners.shape)
        problem = BoardProblem.from_corners(corners, BOARD.points, [False] * 2)
        truth = np.stack([to_row(camera) for camera in rig])
        found.append(adjust(problem, truth, items, free=free_unknowns(2)))
    spread = np.std([solution.cameras for solution in found], axis=0)
    stated = np.sqrt(np.mean([np.diag(solution.covariance) for solution in found], axis=0)).reshape(2, -1)
    ratio = spread[free_unknowns(2)] / stated[free_unknowns(2)]
    assert 0.75 < np.median(ratio) < 1.33


def test_a_prior_holds():
    rig, items, corners = scene(1, 4)
    truth = to_row(rig["cam1"])[None]
    prior = Prior(truth + 5.0 * (np.arange(N_CAMERA) == 0), 1e12 * np.diag(np.arange(N_CAMERA) == 0)[None])
    problem = BoardProblem.from_corners(corners, BOARD.points, [False])
    found = adjust(problem, truth, items, free=free_unknowns(1), prior=prior)
    assert found.cameras[0, 0] == pytest.approx(truth[0, 0] + 5, abs=0.01)


def test_free_points_are_adjusted_too():
    rig = ring(3)
    rng = np.random.default_rng(3)
    points = rng.uniform(-150, 150, (40, 3))
    pixels = rig.project(points)
    pixels[0, :5] = np.nan
    truth = np.stack([to_row(camera) for camera in rig])
    free = np.zeros_like(truth, dtype=bool)
    free[1:, 12:] = True
    free[1, 15] = False  # the scale
    off = truth + 0.01 * rng.normal(size=truth.shape) * free
    problem = PointProblem.from_pixels(pixels, [False] * 3)
    found = adjust(problem, off, points + rng.normal(0, 2, points.shape), free=free)
    np.testing.assert_allclose(found.cameras, truth, atol=1e-5)
    np.testing.assert_allclose(found.items, points, atol=1e-3)


def test_nothing_seen_leaves_everything():
    rig, items, corners = scene(2, 2)
    problem = BoardProblem.from_corners(corners * np.nan, BOARD.points, [False] * 2)
    truth = np.stack([to_row(camera) for camera in rig])
    found = adjust(problem, truth, items, free=free_unknowns(2))
    np.testing.assert_array_equal(found.cameras, truth)
    assert robust_sigma(np.empty((0, 5, 2))) == 1e-3


def test_the_same_twice():
    rig, items, corners = scene(noise=0.3)
    problem = BoardProblem.from_corners(corners, BOARD.points, [False] * 3)
    start = np.stack([to_row(camera) for camera in rig])
    first, second = (adjust(problem, start, items, free=free_unknowns(3)).cameras for _ in range(2))
    np.testing.assert_array_equal(first, second)
