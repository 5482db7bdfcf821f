import numpy as np

from marey.demo.labelling import label_frames
from marey.model import Visibility


def test_labels_scatter_around_the_truth_by_the_hands_error():
    rng = np.random.default_rng(0)
    points = np.full((400, 1, 3, 2), 100.0)
    visibility = np.full((400, 1, 3), Visibility.VISIBLE, dtype=np.int8)
    visibility[:, 0, 2] = Visibility.OCCLUDED
    frames = label_frames("arena", range(400), points, visibility, rng, hand_error_px=0.5)
    placed = np.array([frame.instances[0].points for frame in frames]) - 100
    spread = placed.std(axis=(0, 2))
    np.testing.assert_allclose(spread, [0.5, 0.5, 1.0], rtol=0.1)
    assert (frames[0].instances[0].visibility == visibility[0, 0]).all()


def test_a_steady_hand_gives_the_truth_of_the_right_frame():
    points = np.arange(5 * 2 * 2 * 2, dtype=float).reshape(5, 2, 2, 2)
    visibility = np.full((5, 2, 2), Visibility.VISIBLE, dtype=np.int8)
    frames = label_frames("arena", [3, 1, 3], points, visibility, np.random.default_rng(0), hand_error_px=0)
    assert [frame.key for frame in frames] == [("arena", 1), ("arena", 3)]
    np.testing.assert_array_equal(frames[1].instances[1].points, points[3, 1])
