"""What a calibration warns of, on corners of simulated boards."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from marey.cameras import Rig, calibrate, summarise
from marey.cameras.align import align_to_board
from marey.cameras.boards import Chessboard
from marey.cameras.sightings import Sightings
from marey.errors import InputError, NotFoundError

from .rigs import ring

BOARD = Chessboard(8, 5, 40.0)
NOISE_PX = 0.15


def show(rigs, *, spread=150.0, seed=1):
    """Corners of a board that is held up once for each rig, in the middle of it."""
    rng = np.random.default_rng(seed)
    middle = np.append(BOARD.points[:, :2].max(axis=0) / 2, 0)
    corners = np.full((len(rigs[0]), len(rigs), len(BOARD.points), 2), np.nan)
    for view, rig in enumerate(rigs):
        turn = Rotation.from_euler("zyx", [rng.uniform(-0.5, 0.5), *rng.uniform(-0.45, 0.45, 2)])
        turn = turn * Rotation.from_euler("x", np.pi)
        points = turn.apply(BOARD.points - middle) + rng.uniform(-spread, spread, 3)
        for number, camera in enumerate(rig):
            pixels = camera.project(points)
            if ((pixels > 0) & (pixels < camera.size)).all():
                corners[number, view] = pixels + rng.normal(0, NOISE_PX, pixels.shape)
    names = tuple(camera.name for camera in rigs[0])
    sizes = np.array([camera.size for camera in rigs[0]])
    return Sightings(BOARD, names, sizes, tuple(f"view{i:02d}" for i in range(len(rigs))), corners)


def warnings_of(sightings, **options):
    return summarise(calibrate(sightings, **options))["warnings"]


@pytest.fixture(scope="module")
def rig():
    return ring(3, height=900)


@pytest.fixture(scope="module")
def good(rig):
    return calibrate(show([rig] * 24, spread=250))


def test_a_good_calibration_finds_the_truth_and_has_little_to_warn_of(rig, good):
    summary = summarise(good)
    assert summary["rms_px"] == pytest.approx(NOISE_PX * np.sqrt(2), rel=0.1)
    for found, true in zip(good.rig, rig, strict=True):
        assert found.matrix[0, 0] == pytest.approx(true.matrix[0, 0], abs=3)
    assert all("covers only" in warning for warning in summary["warnings"])


def test_the_world_is_the_board_of_a_view(good):
    found = align_to_board(good, "view03")
    board = found.undistort(good.sightings.corners[:, 3])
    rows = [camera.extrinsic_matrix() for camera in found]
    for rays, matrix in zip(board, rows, strict=True):
        local = BOARD.points @ matrix[:, :3].T + matrix[:, 3]
        # z points to the cameras, so the board may lie with its y axis reversed.
        mirrored = (BOARD.points * [1, -1, 1]) @ matrix[:, :3].T + matrix[:, 3]
        off = min(np.nanmax(np.abs(p[:, :2] / p[:, 2:] - rays)) for p in (local, mirrored))
        assert off < 0.002
    assert all(camera.centre[2] > 0 for camera in found)
    with pytest.raises(NotFoundError, match="expected the name of a view that was used, got 'view99'"):
        align_to_board(good, "view99")


def test_too_few_views_and_a_board_in_the_centre_only(rig):
    told = warnings_of(show([rig] * 3, spread=20))
    assert "camera cam1: the board is in only 3 views; 8 or more are wanted" in told
    assert sum("the board covers only" in warning for warning in told) == 3
    assert any("camera cam2 is linked to the others by only 3 views" in warning for warning in told)


def test_a_camera_that_moved(rig):
    first, second, third = rig
    turned = Rotation.from_rotvec([0, 0.004, 0]).as_matrix() @ second.rotation_matrix
    after = Rig((first, second.placed(turned, second.translation + np.array([3, 0, 0])), third))
    told = warnings_of(show([rig] * 12 + [after] * 12))
    (moved,) = (warning for warning in told if "moved" in warning)
    assert moved.startswith("camera cam2 seems to have moved, by about")
    assert "before view view12" in moved


def test_two_cameras_with_the_same_images(rig):
    sightings = show([rig] * 12)
    sightings.corners[1] = sightings.corners[0]
    told = warnings_of(sightings)
    assert any("cameras cam1 and cam2 show the same images" in warning for warning in told)
    assert any("cam1 and cam2 are the same in place and direction" in warning for warning in told)


def test_lenses_that_are_known_are_held(rig):
    sightings = show([rig] * 12, spread=200)
    found = calibrate(sightings, known={camera.name: camera for camera in rig})
    for camera, true in zip(found.rig, rig, strict=True):
        np.testing.assert_array_equal(camera.matrix, true.matrix)
        np.testing.assert_array_equal(camera.distortion, true.distortion)
    apart = [np.linalg.norm(r.cameras[0].centre - r.cameras[1].centre) for r in (found.rig, rig)]
    assert apart[0] == pytest.approx(apart[1], abs=1)
    small = rig["cam2"].resized((640, 512))
    with pytest.raises(InputError, match=r"expected images of 640 × 512 from camera 'cam2'.*got 1280 × 1024"):
        calibrate(sightings, known={"cam2": small})


def test_fisheye_lenses():
    truth = ring(3, height=900, focal=330, distortion=(0.08, -0.02, 0.004, -0.001), fisheye=True)
    found = calibrate(show([truth] * 24, spread=500), lens="fisheye")
    assert found.rms_px == pytest.approx(NOISE_PX * np.sqrt(2), rel=0.1)
    for camera, true in zip(found.rig, truth, strict=True):
        assert camera.fisheye
        assert camera.matrix[0, 0] == pytest.approx(true.matrix[0, 0], abs=2)
    apart = [np.linalg.norm(r.cameras[0].centre - r.cameras[1].centre) for r in (found.rig, truth)]
    assert apart[0] == pytest.approx(apart[1], abs=2)


def radius(camera, angle):
    """How far from the middle a ray at this angle from the axis lands, pixels."""
    x, y = camera.placed(np.zeros(3), np.zeros(3)).project([[np.tan(angle), 0, 1]])[0]
    return np.hypot(x - camera.matrix[0, 2], y - camera.matrix[1, 2])


def test_a_board_in_the_middle_does_not_bend_the_rest_of_a_fisheye():
    truth = ring(
        3, height=700, focal=280, size=(640, 512), distortion=(0.06, -0.02, 0.004, -0.001), fisheye=True
    )
    found = calibrate(show([truth] * 12, spread=200), lens="fisheye")
    assert found.rms_px == pytest.approx(NOISE_PX * np.sqrt(2), rel=0.1)
    for camera, true in zip(found.rig, truth, strict=True):
        assert radius(camera, 0.5) == pytest.approx(radius(true, 0.5), abs=1)
        assert radius(camera, 1.2) == pytest.approx(radius(true, 1.2), abs=20)
