import numpy as np
import pytest

from marey.errors import InputError
from marey.networks.views import cut_box
from marey.training.upright import Upright

BODY = np.array([[30.0, 0.0], [12.0, 9.0], [12.0, -9.0], [-20.0, 0.0], [-60.0, 0.0]])


class Picture:
    """A frame in memory."""

    def __init__(self, image):
        self.image = image

    def rgb(self, crop=None, size=None):
        return self.image if crop is None else cut_box(self.image, crop)


def turned(angle, place):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return BODY @ turn.T + place


def herd(n=60, noise=0.3, seed=0):
    """Bodies in all directions, with a last keypoint that wags."""
    rng = np.random.default_rng(seed)
    points = np.stack([turned(rng.uniform(0, 7), rng.uniform(80, 200, 2)) for _ in range(n)])
    points[:, 4] += rng.normal(0, 25, (n, 2))
    return points + rng.normal(0, noise, points.shape)


def test_bodies_are_laid_on_each_other_whatever_their_direction():
    upright = Upright.learn(herd(), width=96)
    assert upright.size[0] == 96
    maps = upright.place(np.stack([turned(0.3, (100, 90)), turned(3.0, (150, 120))]))
    placed = [points @ m[:, :2].T + m[:, 2] for points, m in zip(
        (turned(0.3, (100, 90)), turned(3.0, (150, 120))), maps, strict=True)]  # fmt: skip
    np.testing.assert_allclose(placed[0][:4], placed[1][:4], atol=0.3)
    # the trunk fills the picture, what wags does not count
    assert placed[0][0, 0] > 70
    assert 5 < placed[0][3, 0] < 30
    assert placed[0][4, 0] < 0


def test_missing_points_are_done_without_and_one_point_has_no_direction():
    upright = Upright.learn(herd(), width=96)
    points = np.stack([turned(1.0, (100, 100))] * 3)
    points[1, [1, 4]] = np.nan
    points[2, 1:] = np.nan
    whole, part, none = upright.place(points)
    np.testing.assert_allclose(whole, part, atol=0.05, rtol=0.02)
    assert np.isnan(none).all()


def test_size_is_kept_because_it_tells_animals_apart():
    upright = Upright.learn(herd(), width=96)
    small, large = upright.place(np.stack([turned(1.0, (100, 100)), 1.5 * turned(1.0, (100, 100))]))
    scales = [np.linalg.norm(one[0, :2]) for one in (small, large)]
    assert scales[0] == pytest.approx(scales[1])


def test_pictures_show_the_same_part_of_a_turned_animal():
    upright = Upright.learn(herd(), width=96)
    rows, columns = np.mgrid[:260, :260]
    pictures = []
    for angle in (0.4, 2.9):
        points = turned(angle, (130, 130))
        at = points[:4].mean(axis=0) + 0.5 * (points[0] - points[:4].mean(axis=0))
        image = np.full((260, 260, 3), 60, np.uint8)
        image[(columns - at[0]) ** 2 + (rows - at[1]) ** 2 < 6**2] = (220, 40, 40)
        pictures.append(upright.show(Picture(image), upright.place(points[None]))[0])
    assert pictures[0].shape == (upright.size[1], 96, 3)
    assert (pictures[0][..., 0] > 150).sum() > 50
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() < 3


def test_beyond_the_edge_there_is_black_and_beside_the_animal_grey():
    upright = Upright.learn(herd(), width=96)
    image = np.full((200, 200, 3), 200, np.uint8)
    (shown,) = upright.show(Picture(image), upright.place(turned(0.0, (0, 100))[None]))
    middle = shown[shown.shape[0] // 2, :, 0]
    assert middle[80] == 200
    assert middle[12] == 0
    assert (shown[[0, 0, -1, -1], [0, -1, 0, -1]] == 128).all()


def test_a_body_takes_at_least_one_animal_with_two_keypoints():
    lone = np.full((3, 5, 2), np.nan)
    lone[:, 0] = 10.0
    for nobody in (lone, lone[:0]):
        with pytest.raises(InputError, match="at least one animal with two keypoints"):
            Upright.learn(nobody, width=96)
