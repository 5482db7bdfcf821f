import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.rigs import look_at, ring
from marey.cameras import Camera, lens
from marey.errors import InputError

PLAIN = Camera("a", (640, 480), [[500, 0, 320], [0, 500, 240], [0, 0, 1]], [], [0] * 3, [0] * 3)


def test_a_point_by_hand():
    assert PLAIN.project([[1, 2, 10]]).tolist() == [[370, 340]]


def test_radial_distortion_by_hand():
    camera = Camera("a", (640, 480), PLAIN.matrix, [0.1], [0] * 3, [0] * 3)
    # x = 0.5, y = 0: r² = 0.25, so x becomes 0.5 · 1.025
    assert camera.project([[5, 0, 10]]) == pytest.approx(np.array([[320 + 500 * 0.5125, 240]]))


def test_tangential_distortion_by_hand():
    camera = Camera("a", (640, 480), PLAIN.matrix, [0, 0, 0.01, 0.02], [0] * 3, [0] * 3)
    # x = 1, y = 1: r² = 2; x + 2 p1 + p2 (2 + 2) = 1.1; y + p1 (2 + 2) + 2 p2 = 1.08
    assert camera.project([[1, 1, 1]]) == pytest.approx(np.array([[320 + 550, 240 + 540]]))


def test_fisheye_by_hand():
    camera = Camera("a", (640, 480), PLAIN.matrix, [], [0] * 3, [0] * 3, fisheye=True)
    # 45° off the axis lands at an angle of π/4 instead of a tangent of 1
    assert camera.project([[1, 0, 1]]) == pytest.approx(np.array([[320 + 500 * np.pi / 4, 240]]))


@pytest.mark.parametrize(
    ("fisheye", "distortion"),
    [
        (False, [-0.3, 0.1, 0.001, -0.002, 0.01]),
        (False, [0.2, 0.1, 0.001, -0.002, 0.01, 0.3, 0.05, 0.01]),
        (True, [0.05, -0.01, 0.003, -0.001]),
    ],
)
class TestEveryLens:
    def camera(self, fisheye, distortion):
        return look_at("a", (300, -700, 400), fisheye=fisheye, distortion=distortion)

    def test_opencv_agrees(self, fisheye, distortion):
        import cv2

        camera = self.camera(fisheye, distortion)
        points = np.random.default_rng(0).uniform(-200, 200, (50, 3))
        project = cv2.fisheye.projectPoints if fisheye else cv2.projectPoints
        if fisheye:
            expected = project(
                points[:, None], camera.rotation, camera.translation, camera.matrix, camera.distortion
            )
        else:
            expected = project(points, camera.rotation, camera.translation, camera.matrix, camera.distortion)
        np.testing.assert_allclose(camera.project(points), expected[0].reshape(-1, 2), atol=1e-9)

    def test_undistort_undoes_project(self, fisheye, distortion):
        camera = self.camera(fisheye, distortion)
        points = np.random.default_rng(1).uniform(-200, 200, (50, 3))
        local = camera.to_camera(points)
        rays = camera.undistort(camera.project(points))
        np.testing.assert_allclose(rays, local[:, :2] / local[:, 2:], atol=1e-10)

    def test_jacobian_is_the_slope(self, fisheye, distortion):
        camera = self.camera(fisheye, distortion)
        points = np.random.default_rng(2).uniform(-200, 200, (20, 3))
        _, jacobian = camera.project_with_jacobian(points)
        for axis, step in enumerate(np.eye(3) * 1e-4):
            slope = (camera.project(points + step) - camera.project(points - step)) / 2e-4
            np.testing.assert_allclose(jacobian[:, :, axis], slope, rtol=1e-5, atol=1e-7)

    def test_rays_meet_the_points(self, fisheye, distortion):
        camera = self.camera(fisheye, distortion)
        points = np.random.default_rng(3).uniform(-200, 200, (20, 3))
        away = points - camera.centre
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        np.testing.assert_allclose(camera.rays(camera.project(points)), away, atol=1e-9)


def test_missing_points_stay_missing():
    assert np.isnan(PLAIN.project([[np.nan, 1, 1]])).all()
    assert np.isnan(PLAIN.undistort([[np.nan, 1]])).all()
    assert PLAIN.project(np.empty((0, 3))).shape == (0, 2)


def test_points_behind_are_not_seen():
    assert np.isnan(PLAIN.project([[0, 0, -1], [0, 0, 0]])).all()


def test_pixels_beyond_the_fold_have_no_ray():
    camera = Camera("a", (640, 480), PLAIN.matrix, [-0.3], [0] * 3, [0] * 3)
    # r + k r³ has its greatest value at r² = 1 / 0.9: 0.703; a pixel at 0.8 lies beyond it
    assert np.isnan(camera.undistort([[320 + 500 * 0.8, 240]])).all()
    assert np.isfinite(camera.undistort([[320 + 500 * 0.7, 240]])).all()


def test_a_place_where_a_lens_is_flat_is_reached_by_no_ray_and_stops_nobody():
    """A Newton step from there has no direction, which a solver takes as an error."""
    coefficients = np.array([-0.14853751842635451, 0.030068511429460584, 0, 0])
    places = np.array([[1.1265150614313801, -0.6666193873532569], [0.1, 0.2]])
    rays = lens.undistort(places, coefficients, fisheye=True)
    assert np.isnan(rays[0]).all()
    assert np.isfinite(rays[1]).all()


def test_cropping_moves_pixels():
    camera = look_at("a", (300, -700, 400))
    point = [[10, 20, 30]]
    np.testing.assert_allclose(
        camera.cropped(100, 50, (200, 200)).project(point), camera.project(point) - [100, 50]
    )


def test_resizing_keeps_corners_of_pixels():
    small = look_at("a", (300, -700, 400)).resized((640, 512))
    point = [[10, 20, 30]]
    full = look_at("a", (300, -700, 400)).project(point)
    np.testing.assert_allclose(small.project(point) + 0.5, (full + 0.5) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"matrix": np.zeros((3, 3))},
            "expected positive focal lengths in the matrix of camera 'a', got 0 and 0",
        ),
        ({"matrix": np.eye(2)}, "expected matrix of camera 'a' to be 3 × 3 finite numbers"),
        ({"rotation": [0, np.nan, 0]}, "expected rotation of camera 'a' to be 3 finite numbers"),
        ({"size": (640, 0)}, "expected the width and the height of the images of camera 'a' in pixels"),
        ({"size": (np.inf, 480)}, r"the images of camera 'a' in pixels, got \[inf, 480.0\]"),
        ({"distortion": np.ones(12)}, "at most 8 finite distortion coefficients of camera 'a'"),
        (
            {"distortion": np.ones(5), "fisheye": True},
            "at most 4 finite distortion coefficients of camera 'a'",
        ),
    ],
)
def test_impossible_cameras(change, message):
    given_fields = {
        "name": "a",
        "size": (640, 480),
        "matrix": np.eye(3),
        "distortion": [],
        "rotation": [0] * 3,
        "translation": [0] * 3,
    }
    with pytest.raises(InputError, match=message):
        Camera(**(given_fields | change))


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(0.1, 10))
def test_another_world_shows_the_same_pixels(rotation, scale):
    from scipy.spatial.transform import Rotation

    rig = ring(3)
    turn, shift = Rotation.from_rotvec(rotation).as_matrix(), np.array([10.0, -20, 30])
    points = np.array([[10.0, 20, 30], [-50, 40, 10]])
    moved = rig.aligned(turn, shift, scale, units="cm")
    assert moved.units == "cm"
    np.testing.assert_allclose(moved.project(scale * points @ turn.T + shift), rig.project(points), atol=1e-6)


def test_a_mirror_is_not_a_rotation():
    with pytest.raises(InputError, match="without mirroring"):
        ring(2).aligned(np.diag([1.0, 1, -1]), [0, 0, 0])


def test_a_rig_knows_its_cameras():
    from marey.errors import NotFoundError

    rig = ring(3)
    assert rig.names == ("cam1", "cam2", "cam3")
    assert rig.select(["cam3", "cam1"]).names == ("cam3", "cam1")
    with pytest.raises(NotFoundError, match=r"\(cam1, cam2, cam3\), got 'cam9'"):
        rig["cam9"]
    with pytest.raises(InputError, match="different names, got cam1, cam1"):
        type(rig)((rig["cam1"], rig["cam1"]))
