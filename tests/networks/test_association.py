import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marey.model import Skeleton
from marey.networks.association import affinity, group_points, merge_pieces, spanning_edges
from marey.networks.targets import field_loss, field_targets

STRIDE = 4
SIZE = (40, 60)
CHAIN = ((0, 1), (1, 2))


def draw_fields(animals: np.ndarray, edges=CHAIN) -> np.ndarray:
    """Fields of animals in network pixels, (n, K, 2), as the training draws them."""
    fields, _ = field_targets(torch.from_numpy(animals)[None], edges, SIZE, stride=STRIDE, width_cells=1.5)
    return fields[0].numpy()


def cells(points: np.ndarray) -> np.ndarray:
    return (points + 0.5) / STRIDE - 0.5


def test_a_field_points_along_its_limb_by_hand():
    animal = np.array([[[17.5, 41.5], [57.5, 41.5], [57.5, 81.5]]])  # cells (4, 10), (14, 10), (14, 20)
    fields, is_limb = field_targets(
        torch.from_numpy(animal)[None], CHAIN, SIZE, stride=STRIDE, width_cells=1.0
    )
    np.testing.assert_allclose(fields[0, 0, :, 10, 8], [1, 0])
    np.testing.assert_allclose(fields[0, 1, :, 15, 14], [0, 1])
    assert is_limb[0, 0].sum() == 3 * 13  # three rows, from one cell before the first point to one after
    assert fields[0, 0, :, 13].abs().sum() == 0


def test_crossing_limbs_are_averaged_and_unknown_ones_left_out():
    x = np.array([[17.5, 41.5], [57.5, 41.5]])
    y = np.array([[37.5, 21.5], [37.5, 61.5]])
    fields, _ = field_targets(
        torch.from_numpy(np.stack([x, y]))[None], [(0, 1)], SIZE, stride=STRIDE, width_cells=1.0
    )
    np.testing.assert_allclose(fields[0, 0, :, 10, 9], [0.5, 0.5])
    y[0] = np.nan
    fields, is_limb = field_targets(
        torch.from_numpy(np.stack([x, y]))[None], [(0, 1)], SIZE, stride=STRIDE, width_cells=1.0
    )
    np.testing.assert_allclose(fields[0, 0, :, 10, 9], [1, 0])
    assert torch.isfinite(fields).all()
    assert is_limb.sum() == 39


def test_the_loss_counts_known_edges_and_limbs_more_than_the_rest():
    targets = torch.zeros(1, 2, 2, 3, 3)
    is_limb = torch.zeros(1, 2, 3, 3)
    is_limb[0, 0, 0, 0] = 1
    off = targets.clone()
    off[0, 0, 0, 0, 0] = 2.0  # on a limb
    off[0, 1, 0, 0, 0] = 3.0  # off it, and of an edge that may be unknown
    assert field_loss(off, targets, is_limb, torch.ones(1, 2)) == pytest.approx((4 + 0.2 * 9) / 2)
    assert field_loss(off, targets, is_limb, torch.tensor([[1.0, 0.0]])) == pytest.approx(4)
    assert field_loss(off, targets, is_limb, torch.zeros(1, 2)) == 0


def test_affinity_is_high_along_the_limb_alone():
    animals = np.array([[[20.0, 20], [60, 20], [60, 60]], [[20.0, 100], [60, 100], [60, 140]]])
    found = affinity(draw_fields(animals)[0], cells(animals[:, 0]), cells(animals[:, 1]))
    assert found.diagonal().min() > 0.9
    assert found[0, 1] < 0.3
    assert affinity(draw_fields(animals)[0], np.empty((0, 2)), cells(animals[:, 1])).shape == (0, 2)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_animals_apart_are_found_whatever_the_order_of_their_points(seed, n_animals):
    rng = np.random.default_rng(seed)
    shape = np.array([[0.0, 0], [25, 5], [40, 30]])
    animals = np.array(
        [shape + np.array([20 + 70 * i, 30]) + rng.uniform(-4, 4, (3, 2)) for i in range(n_animals)]
    )
    orders = [rng.permutation(n_animals) for _ in range(3)]
    points = [cells(animals[order, k]) for k, order in enumerate(orders)]
    found = group_points(points, [np.ones(n_animals)] * 3, draw_fields(animals), CHAIN)
    who = {tuple(orders[k][i] for k, i in enumerate(animal)) for animal in found}
    assert who == {(i, i, i) for i in range(n_animals)}


def test_a_missing_point_in_the_middle_leaves_pieces_that_are_put_together():
    animals = np.array([[[20.0, 20], [60, 20], [60, 60]], [[120.0, 100], [160, 100], [160, 140]]])
    points = [cells(animals[:, 0]), cells(animals[1:, 1]), cells(animals[:, 2])]
    heights = [np.array([0.9, 0.9]), np.array([0.8]), np.array([0.7, 0.7])]
    found = group_points(points, heights, draw_fields(animals), CHAIN)
    assert found.tolist() == [[1, 0, 1], [0, -1, -1], [-1, -1, 0]]
    assert merge_pieces(found, points, n_animals=3).tolist() == found.tolist()
    merged = merge_pieces(np.array([[1, 0, 1], [-1, -1, 0]]), points, n_animals=1)
    assert merged.tolist() == [[1, 0, 1]]  # both have the third keypoint
    lone = [np.array([[5.0, 5.0]]), np.array([[15.0, 5.0]]), np.array([[15.0, 9.0]])]
    assert merge_pieces(np.array([[0, 0, -1], [-1, -1, 0]]), lone, n_animals=1).tolist() == [[0, 0, 0]]
    lone[2][0] = [99.0, 99.0]  # farther off than the animal is long
    assert merge_pieces(np.array([[0, 0, -1], [-1, -1, 0]]), lone, n_animals=1).tolist() == [[0, 0, -1]]


def test_nothing_found_is_no_animal():
    nothing = [np.empty((0, 2))] * 3
    found = group_points(nothing, [np.empty(0)] * 3, np.zeros((2, 2, *SIZE)), CHAIN)
    assert found.shape == (0, 3)
    assert merge_pieces(found, nothing, n_animals=2).shape == (0, 3)


POINTS = np.array([[[0.0, 0], [10, 0], [20, 0], [21, 5]], [[0.0, 0], [0, 11], [0, 19], [np.nan, np.nan]]])


def test_a_skeleton_without_edges_gets_the_tree_of_nearest_keypoints():
    assert spanning_edges(Skeleton(("a", "b", "c", "d")), POINTS) == ((0, 1), (1, 2), (2, 3))


def test_edges_of_the_skeleton_come_first_and_gaps_are_closed():
    skeleton = Skeleton(("a", "b", "c", "d"), edges=(("d", "a"), ("a", "b"), ("b", "d")))
    edges = spanning_edges(skeleton, POINTS)
    assert len(edges) == 3
    assert {frozenset(edge) for edge in edges} >= {frozenset((0, 1)), frozenset((2, 3))}
    reached = {edges[0][0]}
    for a, b in edges:  # each continues what is there
        assert a in reached
        assert b not in reached
        reached.add(b)


def test_keypoints_never_seen_together_are_joined_last():
    points = np.full((2, 3, 2), np.nan)
    points[0, :2] = [[0, 0], [1, 0]]
    assert len(spanning_edges(Skeleton(("a", "b", "c")), points)) == 2
    assert spanning_edges(Skeleton(("a", "b", "c")), np.empty((0, 3, 2)))[0][0] == 0
    assert spanning_edges(Skeleton(("a",)), points[:, :1]) == ()
