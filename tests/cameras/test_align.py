"""The world is where, and as large as, a user says; what the cameras see stays the same."""

import numpy as np
import pytest

from marey.cameras.align import (
    align_to_axes,
    align_to_file,
    align_to_floor,
    align_to_points,
    scale_to_length,
)
from marey.errors import FormatError, InputError, NotFoundError

from .rigs import ring

FLOOR = np.array([[0, 0, 0], [300, 0, 0], [0, 200, 0], [250, 220, 0], [-120, 80, 0.0]])


@pytest.fixture
def truth():
    return ring(3)


@pytest.fixture
def rig(truth):
    """The same cameras in the frame of the first, in units that nobody knows."""
    first = truth.cameras[0]
    return truth.aligned(first.rotation_matrix, first.translation, 0.37, units="unknown")


def in_first(truth, points):
    """Points of the true world in the frame of the fixture `rig`."""
    return 0.37 * truth.cameras[0].rotation_matrix @ points.T + truth.cameras[0].translation[:, None]


def seen(rig, points):
    return np.stack([camera.project(points) for camera in rig])


def table(path, truth, points, names, *, cameras=None, known=False):
    rows = ["point,camera,x,y" + (",X,Y,Z" if known else "")]
    for name, point in zip(names, points, strict=True):
        for camera in truth:
            if cameras is None or camera.name in cameras:
                x, y = camera.project(point[None])[0]
                end = f",{point[0]},{point[1]},{point[2]}" if known else ""
                rows.append(f"{name},{camera.name},{x},{y}{end}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_known_points_give_place_direction_and_scale(truth, rig, tmp_path):
    points = np.vstack([FLOOR, [[10, 20, 90.0]]])
    path = table(tmp_path / "punkte 🐭.csv", truth, points, "abcdef", known=True)
    found = align_to_file(rig, path, units="mm")
    assert found.units == "mm"
    for camera in found:
        np.testing.assert_allclose(camera.centre, truth[camera.name].centre, atol=1e-3)
        np.testing.assert_allclose(camera.rotation_matrix, truth[camera.name].rotation_matrix, atol=1e-6)
    np.testing.assert_allclose(seen(found, points), seen(truth, points), atol=1e-3)


def test_three_points_make_the_axes(truth, rig, tmp_path):
    path = table(tmp_path / "axes.csv", truth, FLOOR[:3], ("origin", "x", "y"))
    found = scale_to_length(
        align_to_file(rig, path), np.zeros(3), np.array([0.37 * 300, 0, 0]), 300, units="mm"
    )
    for camera in found:
        np.testing.assert_allclose(camera.centre, truth[camera.name].centre, atol=1e-3)


def test_points_on_the_floor_are_at_height_zero_below_the_cameras(truth, rig, tmp_path):
    path = table(tmp_path / "floor.csv", truth, FLOOR, "abcde")
    found = align_to_file(rig, path)
    for camera in found:
        height = truth[camera.name].centre[2]
        assert camera.centre[2] == pytest.approx(0.37 * height, abs=1e-3)


def test_a_plane_is_found_amid_noise():
    truth = ring(3)
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-200, 200, (400, 2)), rng.normal(0, 1.0, 400)])
    points[3] = np.nan
    found = align_to_floor(truth, points)
    for camera in found:
        assert camera.centre[2] == pytest.approx(truth[camera.name].centre[2], abs=2)


def test_a_mirrored_world_is_not_made():
    rig = ring(3)
    points = np.random.default_rng(0).normal(size=(6, 3))
    found = align_to_points(rig, points, points * [1, 1, -1])
    assert all(np.linalg.det(camera.rotation_matrix) > 0 for camera in found)


def test_points_that_say_too_little(truth, rig, tmp_path):
    with pytest.raises(InputError, match="not on one line"):
        align_to_axes(rig, np.zeros(3), np.ones(3), 2 * np.ones(3))
    with pytest.raises(InputError, match="at least three points on the floor, got 2"):
        align_to_floor(rig, FLOOR[:2])
    with pytest.raises(InputError, match="not on one line"):
        align_to_floor(rig, np.outer(np.arange(4.0), [1, 2, 3]))
    with pytest.raises(InputError, match="known points that are not on one line"):
        align_to_points(rig, np.outer(np.arange(4.0), [1, 2, 3]), FLOOR[:4])
    with pytest.raises(InputError, match="at least three points that two cameras see, got 2"):
        align_to_points(rig, FLOOR[:2], FLOOR[:2])
    with pytest.raises(InputError, match="two different points and a length above 0"):
        scale_to_length(rig, FLOOR[0], FLOOR[0], 10, units="mm")
    path = table(tmp_path / "one.csv", truth, FLOOR[:3], "abc", cameras={"cam1"})
    with pytest.raises(InputError, match="in two cameras or more; not so a, b, c"):
        align_to_file(rig, path)


def test_tables_that_are_none(rig, tmp_path):
    with pytest.raises(NotFoundError, match="expected a table of points at"):
        align_to_file(rig, tmp_path / "no.csv")
    path = tmp_path / "points.csv"
    path.write_text("point,camera,x\na,cam1,3\n", encoding="utf-8")
    with pytest.raises(FormatError, match="the columns point, camera, x, y"):
        align_to_file(rig, path)
    path.write_text("point,camera,x,y\na,cam1,3,left\n", encoding="utf-8")
    with pytest.raises(FormatError, match="expected numbers in line 2"):
        align_to_file(rig, path)
    path.write_text("point,camera,x,y\na,attic,3,4\n", encoding="utf-8")
    with pytest.raises(NotFoundError, match="attic"):
        align_to_file(rig, path)
