import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.model import Skeleton
from marey.project.anatomy import MIN_ANIMALS, find_coinciding, find_long_limbs, find_swaps

MOUSE = Skeleton(
    ("snout", "ear_left", "ear_right", "tail"),
    symmetries=(("ear_left", "ear_right"),),
)
BODY = np.array([(0, 0), (10, 8), (10, -8), (60, 0)], dtype=float)


def scatter(n: int, seed: int = 0) -> np.ndarray:
    """The same animal in `n` places, directions and sizes, a little bent; shape (n, 4, 2)."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)]), np.stack([np.sin(angle), np.cos(angle)])])
    scale = rng.uniform(0.8, 1.2, (n, 1, 1))
    return scale * np.einsum("ijn,kj->nki", turn, BODY) + rng.normal(0, 1, (n, 4, 2)) + 200


class TestSwaps:
    def test_a_swapped_pair_is_found_and_no_other(self):
        points = scatter(40)
        points[[3, 17]] = points[[3, 17]][:, MOUSE.flip_indices]
        assert find_swaps(points, MOUSE) == [(3, 0), (17, 0)]

    def test_missing_points_are_no_obstacle(self):
        points = scatter(40)
        points[::2, 3] = np.nan
        points[5] = np.nan
        points[7, 1] = np.nan
        points[4] = points[4][MOUSE.flip_indices]
        assert find_swaps(points, MOUSE) == [(4, 0)]

    def test_a_view_in_which_the_sides_have_no_order_gives_nothing(self):
        points = scatter(40)
        points[::2] = points[::2][:, MOUSE.flip_indices]
        assert find_swaps(points, MOUSE) == []

    def test_too_few_animals_show_nothing(self):
        points = scatter(MIN_ANIMALS - 1)
        points[0] = points[0][MOUSE.flip_indices]
        assert find_swaps(points, MOUSE) == []

    @pytest.mark.parametrize("n", [0, 40])
    def test_without_pairs_or_points(self, n):
        assert find_swaps(np.full((n, 4, 2), np.nan), MOUSE) == []
        assert find_swaps(scatter(n), Skeleton(MOUSE.keypoints)) == []

    @given(st.integers(0, 1000), st.floats(0, 6.28), st.floats(0.1, 10), st.booleans())
    def test_neither_place_nor_direction_nor_size_nor_a_mirror_matter(self, seed, angle, scale, mirrored):
        points = scatter(30, seed)
        points[11] = points[11][MOUSE.flip_indices]
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = scale * points @ turn.T - 1000
        if mirrored:
            moved[..., 0] *= -1
        assert find_swaps(moved, MOUSE) == find_swaps(points, MOUSE) == [(11, 0)]

    @pytest.mark.data
    def test_finds_the_swapped_label_of_the_open_field_set(self, shared_data):
        """Image 102 of this well-known set has its ears exchanged: they lie mirrored in all 115 others."""
        pandas = pytest.importorskip("pandas")
        path = next((shared_data / "openfield").rglob("CollectedData*.csv"))
        table = pandas.read_csv(path, header=[0, 1, 2], index_col=0)
        skeleton = Skeleton(
            ("snout", "leftear", "rightear", "tailbase"), symmetries=(("leftear", "rightear"),)
        )
        points = table.to_numpy(float).reshape(-1, 4, 2)
        assert find_swaps(points, skeleton) == [(102, 0)]


class TestLongLimbs:
    def test_one_that_is_stretched_is_found(self):
        points = scatter(40)
        points[9, 3] += 2 * (points[9, 3] - points[9, 0])
        ((animal, limb, ratio),) = find_long_limbs(points, [(0, 1), (0, 3)])
        assert (animal, limb) == (9, 1)
        assert ratio == pytest.approx(3, rel=0.3)

    def test_a_short_one_may_point_at_the_camera(self):
        points = scatter(40)
        points[9, 3] = points[9, 0] + 0.1
        assert find_long_limbs(points, [(0, 3)]) == []

    def test_the_ratio_is_worked_out_by_hand(self):
        points = np.zeros((7, 2, 2))
        points[:, 1, 0] = [10, 10, 10, 10, 10, 10, 20]
        assert find_long_limbs(points, [(0, 1)]) == [(6, 0, pytest.approx(2.0))]

    def test_missing_points(self):
        points = np.full((10, 2, 2), np.nan)
        assert find_long_limbs(points, [(0, 1)]) == []
        assert find_long_limbs(points[:0], [(0, 1)]) == []


class TestCoinciding:
    def test_two_keypoints_in_one_place(self):
        points = scatter(3)
        points[1, 2] = points[1, 0] + 0.1
        assert find_coinciding(points) == [(1, 0, 2)]

    def test_missing_points_do_not_coincide(self):
        assert find_coinciding(np.full((3, 4, 2), np.nan)) == []
