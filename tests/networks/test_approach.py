import numpy as np
import pytest

from marey.networks.approach import Approach, recommend

NAN = np.nan


def animals(*centers, side: float = 40.0) -> np.ndarray:
    """Animals of three points, in boxes of `side` around `centers`."""
    shape = np.array([[-0.5, -0.5], [0.5, -0.5], [0.0, 0.5]]) * side
    return np.array([np.array(center) + shape for center in centers]).reshape(-1, 3, 2)


def choose(frames, size=(1000, 1000), crop_px=96.0**2, locate_px=256.0**2):
    return recommend(frames, size, crop_px=crop_px, locate_px=locate_px)


def test_channels_by_hand():
    assert Approach("single", 5).n_channels == 5
    assert Approach("top-down", 5, 2).n_channels == 6
    bottom_up = Approach("bottom-up", 3, 2, edges=((0, 1), (1, 2)))
    assert (bottom_up.n_heatmaps, bottom_up.n_channels) == (3, 7)
    assert Approach.from_dict(bottom_up.to_dict()) == bottom_up


def test_anchors_are_means_of_what_is_seen_or_the_chosen_keypoint():
    points = np.array([[[0.0, 0.0], [4.0, 2.0], [NAN, NAN]], [[NAN, NAN]] * 3])
    np.testing.assert_array_equal(Approach("top-down", 3).anchors(points), [[2, 1], [NAN, NAN]])
    np.testing.assert_array_equal(Approach("top-down", 3, anchor=1).anchors(points)[0], [4, 2])
    np.testing.assert_array_equal(Approach("top-down", 3, anchor=2).anchors(points)[0], [2, 1])


def test_one_animal_needs_nothing_else():
    assert choose([animals((50, 50)), animals()])[0] == "single"
    assert choose([])[0] == "single"


def test_few_animals_apart_are_measured_one_by_one():
    kind, reason = choose([animals((100, 100), (400, 400))] * 5)
    assert kind == "top-down"
    assert "up to 2 animals of 40 px in frames of 1000×1000, 0% of them too close" in reason


def test_animals_on_top_of_each_other_are_joined_from_points():
    together, apart = animals((100, 100), (103, 104)), animals((100, 100), (400, 400))
    kind, reason = choose([together, apart, apart, apart])
    assert kind == "bottom-up"
    assert "25% of them too close" in reason


def test_many_animals_in_a_small_frame_cost_less_at_once():
    grid = animals(*[(50 * x, 50 * y) for x in range(1, 6) for y in range(1, 6)])
    kind, reason = choose([grid], size=(300, 300))
    assert kind == "bottom-up"
    assert "25 crops" in reason


@pytest.mark.parametrize("points", [np.full((2, 3, 2), NAN), np.array([[[5.0, 5.0]], [[90.0, 5.0]]])])
def test_animals_without_extent_are_no_trouble(points):
    assert choose([points])[0] in {"top-down", "bottom-up"}
