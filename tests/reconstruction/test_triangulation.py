import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marey.cameras import Camera, Rig
from marey.errors import ConfigError, InputError
from marey.model import read_history
from marey.reconstruction import Sight, TriangulationSettings, gather, triangulate
from marey.reconstruction.consensus import candidate_subsets, find_consensus
from marey.reconstruction.linear import intersect, invert_symmetric
from marey.reconstruction.polish import polish

CHI_SQUARE_90 = 6.251


def test_two_cameras_at_a_right_angle_by_hand():
    # One at the origin looks along z, one at (2, 0, 2) along -x; both have (0, 0, 2) in their middle.
    eye = np.diag([100.0, 100.0, 1.0])
    ahead = Camera("a", (100, 100), eye, np.zeros(5), np.zeros(3), np.zeros(3))
    turn = np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])
    side = ahead.placed(turn, -turn @ [2, 0, 2])
    rig = Rig((ahead, Camera("b", side.size, eye, np.zeros(5), side.rotation, side.translation)))
    sight = Sight.of(rig)
    rays = np.zeros((2, 1, 2))
    np.testing.assert_allclose(intersect(sight, rays, np.ones((2, 1))), [[0, 0, 2]], atol=1e-12)
    found = polish(
        sight, np.zeros((2, 1, 2)), np.ones((2, 1)), np.ones((2, 1), bool), np.array([[0, 0, 2.1]])
    )
    np.testing.assert_allclose(found.points, [[0, 0, 2]], atol=1e-9)
    # At a distance of 2, a pixel is 0.02: x and z are seen by one camera each, y by both.
    np.testing.assert_allclose(np.diag(found.covariance[0]), [4e-4, 2e-4, 4e-4], rtol=1e-9)
    np.testing.assert_allclose(sight.ray_angles(np.array([[0, 0, 2.0]]), np.ones((2, 1), bool)), [90])


def test_exact_points_come_back(rig, make_body, film, points_of):
    body = make_body(20)
    result = triangulate(film(rig, body, sigma=0), rig)
    np.testing.assert_allclose(points_of(result), body, atol=1e-6)
    assert (result["n_cameras"] == 4).all()
    assert float(result["reprojection_error"].max()) < 1e-6
    assert result.attrs["space_unit"] == "mm"
    assert read_history(result)[-1]["cameras"] == ["cam0", "cam1", "cam2", "cam3"]


def test_weights_and_the_polish_come_closer_to_the_truth(rig, make_body, film):
    body = make_body(200)
    sight = Sight.of(rig)
    observations, _ = gather(film(rig, body, sigma=1.0), rig)
    pixels = observations.pixels[:, :, :, 0].reshape(4, -1, 2).copy()
    pixels[0] += np.random.default_rng(1).normal(0, 6, pixels[0].shape)
    sigma = np.ones(pixels.shape[:2])
    sigma[0] = np.hypot(1, 6)
    rays = sight.rays(pixels)
    plain, weighted = intersect(sight, rays, np.ones_like(sigma)), intersect(sight, rays, 1 / sigma)
    polished = polish(sight, pixels, sigma, np.ones(sigma.shape, bool), weighted).points
    error = [np.linalg.norm(p - body.reshape(-1, 3), axis=1).mean() for p in (plain, weighted, polished)]
    assert error[1] < 0.8 * error[0]
    assert error[2] <= error[1] * 1.01


def test_the_covariance_is_the_spread_of_many_draws(rig, film, points_of):
    point = np.broadcast_to([30.0, -20.0, 40.0], (4000, 1, 3))
    result = triangulate(film(rig, point, sigma=1.5), rig)
    spread = np.cov(points_of(result)[:, 0].T)
    told = result["covariance"].to_numpy()[:, :, :, 0, 0].mean(axis=0)
    np.testing.assert_allclose(told, spread, atol=0.08 * np.trace(spread))
    distance = np.linalg.norm(points_of(result)[:, 0] - point[0], axis=1)
    assert float(result["expected_error"].mean()) == pytest.approx(distance.mean(), rel=0.06)


@pytest.mark.parametrize("with_errors", [True, False])
def test_ellipsoids_hold_the_truth_as_often_as_they_say(make_rig, make_body, film, points_of, with_errors):
    rig, body = make_rig(5), make_body(300)
    poses = film(rig, body, sigma=1.3, missing=0.2, gross=0.05, with_errors=with_errors)
    result = triangulate(poses, rig)
    off = points_of(result) - body
    known = np.isfinite(off).all(axis=-1)
    covariance = np.moveaxis(result["covariance"].to_numpy()[..., 0], -1, 1)[known]
    squares = np.einsum("na,nab,nb->n", off[known], np.linalg.inv(covariance), off[known])
    assert 0.85 < (squares < CHI_SQUARE_90).mean() < 0.95
    assert known.mean() > 0.97


def test_consensus_leaves_out_the_camera_that_is_wrong_and_keeps_the_others(rig, make_body, film):
    body = make_body(50)
    poses = film(rig, body, sigma=0.5)
    poses["cam2"]["position"].values[:, 0] += 60
    found, plain = (
        triangulate(poses, rig, settings=TriangulationSettings(method=m)) for m in ("consensus", "all")
    )
    assert (found["n_cameras"] == 3).mean() > 0.99
    assert float(found["reprojection_error"].median()) < 1
    assert float(plain["reprojection_error"].median()) > 5
    assert found.attrs["median_reprojection_px"] < plain.attrs["median_reprojection_px"]


def test_consensus_does_not_prefer_few_cameras(rig, make_body, film):
    # Any two cameras agree better with each other than four: noise alone must not drop cameras.
    result = triangulate(film(rig, make_body(200), sigma=3.0), rig)
    assert (result["n_cameras"] == 4).mean() > 0.99


def test_two_cameras_that_contradict_each_other_give_no_point(make_rig, make_body, film):
    rig, body = make_rig(2), make_body(60)
    poses = film(rig, body, sigma=0.5)
    poses["cam0"]["position"].values[10, 1, 0] += 80
    result = triangulate(poses, rig)
    assert result["position"][10, :, 0].isnull().all()
    assert int(result["n_cameras"][10, 0, 0]) == 0
    assert result["position"][11].notnull().all()


def test_what_fewer_than_two_cameras_see_stays_missing(rig, make_body, film):
    poses = film(rig, make_body(30), sigma=0.5)
    for name in ("cam0", "cam1", "cam2"):
        poses[name]["position"][5, :, 1] = np.nan
    poses["cam3"]["position"][6] = np.nan
    result = triangulate(poses, rig)
    missing = result["position"].isnull().all("space").to_numpy()[..., 0]
    assert np.argwhere(missing).tolist() == [[5, 1]]
    for name in ("covariance", "reprojection_error", "expected_error", "confidence"):
        assert result[name].sel(keypoint="k1")[5].isnull().all()
    strict = triangulate(poses, rig, settings=TriangulationSettings(min_cameras=4))
    assert strict["position"][6].isnull().all()
    assert strict["position"][7].notnull().all()


def test_parallel_rays_give_no_point(make_body, film, rig):
    twins = Rig(
        (
            rig["cam0"],
            Camera(
                "twin",
                *[
                    getattr(rig["cam0"], f)
                    for f in ("size", "matrix", "distortion", "rotation", "translation")
                ],
            ),
        )
    )
    result = triangulate(film(twins, make_body(20), sigma=0.3), twins)
    assert result["position"].isnull().all()


def test_nothing_but_missing_points(rig, film):
    result = triangulate(film(rig, np.full((6, 3, 3), np.nan), sigma=0), rig)
    assert result["position"].isnull().all()
    assert "median_reprojection_px" not in result.attrs


def test_the_noise_is_learned_where_nobody_tells_it(rig, make_body, film):
    told = triangulate(film(rig, make_body(300), sigma=2.0), rig)
    learned = triangulate(film(rig, make_body(300), sigma=2.0, with_errors=False), rig)
    ratio = learned["expected_error"] / told["expected_error"]
    assert float(ratio.median()) == pytest.approx(1, abs=0.05)


def test_expected_errors_that_are_too_small_are_scaled(rig, make_body, film):
    poses = film(rig, make_body(300), sigma=2.0)
    shy = {name: table.assign(expected_error=table["expected_error"] / 4) for name, table in poses.items()}
    ratio = triangulate(shy, rig)["expected_error"] / triangulate(poses, rig)["expected_error"]
    assert float(ratio.median()) == pytest.approx(1, abs=0.05)


def test_the_same_input_gives_the_same_bits(rig, make_body, film):
    poses = film(rig, make_body(40), missing=0.2, gross=0.1)
    first, second = triangulate(poses, rig), triangulate(poses, rig)
    for name in ("position", "covariance", "n_cameras"):
        np.testing.assert_array_equal(first[name], second[name])


def test_offsets_line_up_cameras_that_started_early(rig, make_body, film, points_of):
    body = make_body(40)
    poses = film(rig, body, sigma=0)
    late = poses | {"cam1": film(rig, body[5:], sigma=0)["cam1"]}
    with pytest.raises(InputError, match=r"not of the same length: .*cam1 has frames 0 to 34"):
        triangulate(late, rig)
    result = triangulate(late, rig, offsets={"cam1": -5}, trim=True)
    np.testing.assert_array_equal(result["frame"], np.arange(5, 40))
    np.testing.assert_allclose(points_of(result), body[5:], atol=1e-6)


def test_poses_that_do_not_fit_the_calibration(rig, make_body, film):
    poses = film(rig, make_body(10))
    with pytest.raises(InputError, match="no camera 'left' in the calibration"):
        triangulate({"left": poses["cam0"], "cam1": poses["cam1"]}, rig)
    with pytest.raises(InputError, match=r"at least two cameras, got 1 \(cam0\)"):
        triangulate({"cam0": poses["cam0"]}, rig)
    with pytest.raises(InputError, match="different keypoints: only one of them has k4"):
        triangulate(poses | {"cam1": poses["cam1"].isel(keypoint=slice(4))}, rig)
    with pytest.raises(InputError, match="'cam1' have no frames"):
        triangulate(poses | {"cam1": poses["cam1"].isel(time=slice(0))}, rig)
    with pytest.raises(InputError, match="no frame in common"):
        triangulate(poses, rig, offsets={"cam0": 500}, trim=True)
    space = triangulate(poses, rig)
    with pytest.raises(InputError, match="expected 2D poses of camera 'cam0', got 3 axes"):
        triangulate(poses | {"cam0": space}, rig)


def test_cameras_without_poses_are_left_out_and_order_does_not_matter(rig, make_body, film):
    poses = film(rig, make_body(10))
    some = {name: poses[name] for name in ("cam3", "cam0", "cam2")}
    result = triangulate(some, rig)
    assert result.attrs["cameras"] == "cam0, cam2, cam3"
    again = triangulate(dict(reversed(some.items())), rig)
    np.testing.assert_array_equal(result["position"], again["position"])


def test_low_confidence_counts_as_not_seen(rig, make_body, film):
    poses = film(rig, make_body(10))
    poses["cam0"]["confidence"][:] = 0.1
    assert int(triangulate(poses, rig, min_confidence=0.5)["n_cameras"].max()) == 3


@pytest.mark.parametrize(
    "options", [{"method": "ransac"}, {"min_cameras": 1}, {"threshold": 0.0}, {"min_angle_deg": 90.0}]
)
def test_settings_out_of_range(options):
    with pytest.raises(ConfigError, match="expected"):
        TriangulationSettings(**options)


def test_candidate_subsets():
    assert candidate_subsets(2) == [(0, 1)]
    assert candidate_subsets(4)[:2] == [(1, 2, 3), (0, 2, 3)]
    assert len(candidate_subsets(6)) == 6 + 15
    assert len(candidate_subsets(30)) == 60


def test_two_wrong_cameras_of_six_are_found(make_rig):
    rig = make_rig(6)
    sight, rng = Sight.of(rig), np.random.default_rng(3)
    points = rng.uniform(-80, 80, (300, 3))
    pixels = sight.project(points) + rng.normal(0, 1, (6, 300, 2))
    pixels[1] += rng.uniform(40, 90, (300, 2))
    pixels[4] -= rng.uniform(40, 90, (300, 2))
    _, used = find_consensus(sight, sight.rays(pixels), np.ones((6, 300)), threshold=4.0)
    np.testing.assert_array_equal(used.mean(axis=1).round(1), [1, 0, 1, 1, 0, 1])


def test_singular_matrices_have_no_inverse():
    matrices = np.stack([np.eye(3) * 2, np.diag([1.0, 1, 0]), np.full((3, 3), np.nan)])
    inverse = invert_symmetric(matrices)
    np.testing.assert_allclose(inverse[0], np.eye(3) / 2)
    assert np.isnan(inverse[1:]).all()


@given(x=st.floats(-150, 150), y=st.floats(-150, 150), z=st.floats(-150, 150), shift=st.floats(-1e4, 1e4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_triangulation_undoes_projection_wherever_the_world_is(rig, x, y, z, shift):
    moved = rig.aligned(np.eye(3), np.full(3, shift))
    sight = Sight.of(moved)
    point = np.array([[x, y, z]]) + shift
    rays = sight.rays(sight.project(point))
    np.testing.assert_allclose(intersect(sight, rays, np.ones((4, 1))), point, atol=1e-5)


def test_frames_that_a_camera_dropped():
    from marey.reconstruction.observations import _frames_of_session

    # by hand: of frames 0 .. 6 of the session, 2 and 3 were dropped
    assert _frames_of_session(np.arange(5), [3, 2]).tolist() == [0, 1, 4, 5, 6]
    assert _frames_of_session(np.arange(-1, 2), []).tolist() == [-1, 0, 1]
