import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from marey.reconstruction.angles import axis_rotation, chain_rotations, cross_axis_rotation, flexion

WORLD = np.eye(3)


def test_flexion_by_hand():
    a, b = np.array([1.0, 0, 0]), np.zeros(3)
    ends = np.array([[2.0, 0, 0], [-1, 0, 0], [0, 5, 0], [1, np.sqrt(3), 0]])
    np.testing.assert_allclose(flexion(a, b, ends), [0, 180, 90, 60], atol=1e-12)


def test_a_nearly_straight_limb_keeps_its_precision():
    bend = 1e-7
    end = np.array([-np.cos(bend), np.sin(bend), 0])
    assert 180 - flexion(np.array([1.0, 0, 0]), np.zeros(3), end) == pytest.approx(np.degrees(bend), rel=1e-4)


@pytest.mark.parametrize(
    ("c", "expected"), [([-1, 0, 0], 0), ([0, -1, 0], 90), ([1, 0, 5], 180), ([1, -1, 0], 135)]
)
def test_rotation_about_the_vertical_by_hand(c, expected):
    # The axis points up, so zero is x and 90 is y, of the direction from c to b.
    value = axis_rotation(np.array([0.0, 0, 1]), np.zeros(3), np.array(c, float), WORLD)
    assert abs(value) == pytest.approx(expected)


def test_cross_axis_by_hand():
    # The three points lie in the xy plane; the normal is z or -z, the line from a to c is along y.
    a, b, c = np.array([0.0, 0, 0]), np.array([1.0, 0, 0]), np.array([0.0, 1, 0])
    assert abs(cross_axis_rotation(a, b, c, WORLD)) == pytest.approx(90)


def test_an_axis_along_the_zero_direction_is_not_defined():
    assert np.isnan(axis_rotation(np.array([1.0, 0, 0]), np.zeros(3), np.array([0, 1.0, 0]), WORLD))


def test_a_missing_or_repeated_point_gives_no_angle():
    point = np.array([1.0, 0, 0])
    assert np.isnan(flexion(point, np.full(3, np.nan), point))
    assert np.isnan(flexion(point, point, np.zeros(3)))


def test_a_planar_zigzag_chain_by_hand():
    # Down, then bent by 90° one way, then by 90° the other way.
    points = np.array([[0.0, 0, 0], [0, 0, -1], [1, 0, -1], [1, 0, -2]])
    found = chain_rotations(points, np.array([1, 1, 1, 1]), WORLD)
    np.testing.assert_allclose(found["flex"][1:], [90, 90])
    np.testing.assert_allclose(found["rot"][1], 0, atol=1e-9)
    assert np.isnan(found["rot"][2])
    assert np.isnan(found["abduct"][1:]).all()


def test_a_joint_that_bends_the_other_way_has_a_negative_flexion():
    points = np.array([[0.0, 0, 0], [0, 0, -1], [1, 0, -2], [1, 0, -4]])
    plain = chain_rotations(points, np.array([1, 1, 1, 1]), WORLD)
    turned = chain_rotations(points, np.array([1, -1, 1, 1]), WORLD)
    np.testing.assert_allclose(plain["flex"][1], 135)
    np.testing.assert_allclose(turned["flex"][1], -135)


def test_the_first_limb_is_split_into_abduction_flexion_and_rotation():
    abduct, flex, rotation = 20.0, 35.0, -50.0
    turn = Rotation.from_euler("zyx", [rotation, flex, abduct], degrees=True).as_matrix()
    # A limb along the turned z axis, bent at its end towards the turned x axis.
    points = np.stack([np.zeros(3), turn[:, 2], turn[:, 2] + turn[:, 0]])
    found = chain_rotations(points, np.array([1, 1, 1]), WORLD)
    assert found["abduct"][0] == pytest.approx(abduct)
    assert found["flex"][0] == pytest.approx(flex)
    assert found["rot"][0] == pytest.approx(rotation)


def test_a_twist_of_the_limb_is_found():
    # The plane of the second bend is turned by 30° about the second limb.
    twist = np.radians(30)
    points = np.array([[0.0, 0, 0], [0, 0, 1], [1, 0, 1], [1, np.sin(twist), 1 + np.cos(twist)]])
    found = chain_rotations(points, np.array([1, 1, 1, 1]), WORLD)
    assert abs(found["rot"][1]) == pytest.approx(30)


@given(seed=st.integers(0, 10**6), turn=st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3)))
def test_angles_do_not_change_when_points_and_frame_turn_together(seed, turn):
    p = np.random.default_rng(seed).normal(size=(4, 3))
    rotation = Rotation.from_rotvec(turn).as_matrix()
    q = p @ rotation.T + 3.0

    def measured(p, frame):
        chain = chain_rotations(p, np.array([1, -1, 1, 1]), frame)
        plain = [flexion(*p[:3]), axis_rotation(*p[:3], frame), cross_axis_rotation(*p[:3], frame)]
        return np.concatenate([plain, chain["flex"], chain["rot"][:2], chain["abduct"][:1]])

    difference = measured(p, WORLD) - measured(q, rotation)
    np.testing.assert_allclose((difference + 180) % 360 - 180, 0, atol=1e-5)
