"""Points carried along by the pixels."""

import numpy as np
import pytest

from marey.video.flow import carry_points


def scene(shift, size=(120, 160), seed=0):
    """Smooth noise, moved by (dx, dy) whole pixels."""
    import cv2

    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.uniform(0, 255, (200, 240)).astype(np.float32), (0, 0), 2.5)
    noise = (noise - noise.min()) / np.ptp(noise) * 255
    x, y = 40 - shift[0], 40 - shift[1]
    return noise[y : y + size[0], x : x + size[1]].astype(np.uint8)


def test_points_follow_the_picture():
    images = [scene((2 * i, -i)) for i in range(6)]
    points, confidence = carry_points(images, np.array([[80.0, 60.0], [40.0, 70.0]]))
    assert points == pytest.approx(np.array([[90, 55], [50, 65]]), abs=0.1)
    assert (confidence > 0.9).all()


def test_colour_is_as_good_as_grey():
    images = [np.repeat(scene((3 * i, 0))[..., None], 3, axis=2) for i in range(3)]
    points, _ = carry_points(images, np.array([[60.0, 60.0]]))
    assert points == pytest.approx(np.array([[66, 60]]), abs=0.1)


def test_what_leaves_the_picture_or_was_not_there_is_missing():
    images = [scene((5 * i, 0)) for i in range(7)]
    points, confidence = carry_points(images, np.array([[150.0, 60.0], [np.nan, np.nan]]))
    assert np.isnan(points).all()
    assert confidence.tolist() == [0, 0]


def test_a_cut_loses_points():
    points, confidence = carry_points([scene((0, 0)), scene((0, 0), seed=9)], np.array([[80.0, 60.0]] * 3))
    assert np.isnan(points).all()
    assert (confidence == 0).all()


def test_one_image_and_no_points():
    points, confidence = carry_points([scene((0, 0))], np.array([[3.0, 4.0]]))
    assert points.tolist() == [[3, 4]]
    assert confidence.tolist() == [1]
    points, confidence = carry_points([scene((0, 0)), scene((1, 0))], np.empty((0, 2)))
    assert points.shape == (0, 2)
    assert confidence.shape == (0,)
