import numpy as np
import pytest

from marey.reconstruction.banded import NormalEquations, apply_diagonals, smoothness_diagonals


def dense_of(equations):
    n = equations.right.size
    flat = equations.bands.reshape(len(equations.bands), -1)
    matrix = np.zeros((n, n))
    for offset in range(min(len(flat), n)):
        matrix[np.arange(offset, n), np.arange(n - offset)] = flat[offset, : n - offset]
    return matrix + np.tril(matrix, -1).T


@pytest.fixture(params=[5, 6])
def system(request):
    rng = np.random.default_rng(0)
    n_frames, n_keypoints = request.param, 3
    half = rng.normal(size=(n_frames, n_keypoints, 3, 3))
    precision = half @ np.swapaxes(half, -1, -2) + 0.5 * np.eye(3)
    equations = NormalEquations.of_points(precision, rng.normal(size=(n_frames, n_keypoints, 3)))
    points = rng.normal(size=(n_frames, n_keypoints, 3))
    time = np.cumsum(rng.uniform(0.5, 1.5, n_frames))
    equations.add_smoothness(smoothness_diagonals(time), np.array([1.0, 2.0, 0.3]), points)
    for a, b in ((0, 2), (2, 1)):
        along = points[:, b] - points[:, a]
        length = np.linalg.norm(along, axis=1)
        equations.add_limb(a, b, along / length[:, None], length - 1.0, np.full(n_frames, 4.0))
    return equations


def test_even_time_gives_the_second_difference():
    # Σ (x0 - 2 x1 + x2)² over two triples of four frames, by hand.
    bands = smoothness_diagonals(np.arange(4.0))
    np.testing.assert_allclose(bands, [[1, 5, 5, 1], [-2, -4, -2, 0], [1, 1, 0, 0]])


def test_too_few_frames_have_no_smoothness():
    assert not smoothness_diagonals(np.arange(2.0)).any()


def test_a_straight_line_costs_nothing_at_uneven_times():
    time = np.array([0.0, 1.0, 3.5, 4.0, 7.0])
    np.testing.assert_allclose(apply_diagonals(smoothness_diagonals(time), 2 * time - 1), 0, atol=1e-12)


def test_the_banded_solution_is_the_dense_one(system):
    dense = np.linalg.solve(dense_of(system), system.right.ravel())
    np.testing.assert_allclose(system.solve().ravel(), dense, atol=1e-10)


def test_the_covariances_are_those_of_the_dense_inverse(system):
    inverse = np.linalg.inv(dense_of(system))
    n_points = system.right.size // 3
    expected = np.stack([inverse[3 * i : 3 * i + 3, 3 * i : 3 * i + 3] for i in range(n_points)])
    np.testing.assert_allclose(system.covariances().reshape(-1, 3, 3), expected, atol=1e-10)


def test_the_right_side_is_the_slope_of_the_cost():
    # One limb of length 3 along x that should be 2, variance 1/4: it pulls both ends with 4·1 inwards.
    equations = NormalEquations.of_points(np.zeros((1, 2, 3, 3)), np.zeros((1, 2, 3)))
    equations.add_limb(0, 1, np.array([[1.0, 0, 0]]), np.array([1.0]), np.array([4.0]))
    np.testing.assert_allclose(equations.right[0], [[4, 0, 0], [-4, 0, 0]])


def test_damping_shortens_the_step(system):
    assert np.linalg.norm(system.solve(damping=10.0)) < np.linalg.norm(system.solve())


def test_points_tied_to_nothing_are_an_error():
    equations = NormalEquations.of_points(np.zeros((3, 1, 3, 3)), np.ones((3, 1, 3)))
    with pytest.raises(np.linalg.LinAlgError):
        equations.solve()
