import numpy as np
import pytest
import torch

from marey.networks.approach import Approach
from marey.networks.identity import IdentityHead, sample_features
from marey.networks.naming import read_scores, to_probabilities


def test_channels_are_split_as_they_are_counted():
    edges = ((0, 1), (1, 2))
    approach = Approach("bottom-up", 3, n_animals=2, edges=edges, individuals=("Ada", "Bo"))
    assert approach.n_channels == 3 + 4 + 2
    logits = np.arange(9.0)[:, None, None] * np.ones((9, 2, 2))
    heat, fields, maps = approach.split_channels(logits)
    assert [part[:, 0, 0].tolist() for part in (heat, fields, maps)] == [[0, 1, 2], [3, 4, 5, 6], [7, 8]]
    assert Approach.from_dict(approach.to_dict()) == approach
    old = {name: value for name, value in approach.to_dict().items() if name != "individuals"}
    assert Approach.from_dict(old).individuals == ()  # runs of before there were individuals


def test_scores_are_read_where_the_animal_is():
    maps = np.zeros((2, 8, 8))
    maps[0, :4], maps[1, 4:] = 6.0, 6.0
    above, below = np.array([[9.5, 5.5], [20.0, 3.0]]), np.array([[9.5, 29.5], [np.nan, np.nan]])
    np.testing.assert_allclose(read_scores(maps, above, np.ones(2), 4), [6, 0])
    np.testing.assert_allclose(read_scores(maps, below, np.ones(2), 4), [0, 6])
    # halfway between two cells, and outside the picture
    np.testing.assert_allclose(read_scores(maps, np.array([[9.5, 15.5]]), np.ones(1), 4), [3, 3])
    np.testing.assert_allclose(read_scores(maps, np.array([[-50.0, 500.0]]), np.ones(1), 4), [0, 6])
    assert np.isnan(read_scores(maps, np.full((2, 2), np.nan), np.ones(2), 4)).all()
    weighted = read_scores(maps, np.array([[9.5, 5.5], [9.5, 29.5]]), np.array([3.0, 1.0]), 4)
    np.testing.assert_allclose(weighted, [4.5, 1.5])


def test_probabilities_add_up_and_nobody_stays_nobody():
    chances = to_probabilities(np.array([[2.0, 0.0], [np.nan, np.nan]]), 2.0)
    assert chances[0].sum() == pytest.approx(1)
    assert chances[0, 0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert np.isnan(chances[1]).all()


def test_what_is_learned_at_points_is_what_the_maps_say_there():
    torch.manual_seed(0)
    head = IdentityHead([5, 7], 3).eval()
    fine, coarse = torch.randn(1, 5, 1, 1).expand(1, 5, 16, 16), torch.randn(1, 7, 1, 1).expand(1, 7, 8, 8)
    points = torch.tensor([[[10.0, 20.0], [50.0, 3.0], [float("nan"), 0.0]]])
    samples = sample_features([fine, coarse], points, (64, 64))
    assert torch.isnan(samples[0, 2]).all()
    maps = head([fine, coarse], (16, 16))
    np.testing.assert_allclose(
        head.at_points(samples[0, :2]).detach(), maps[0, :, 5, 2][None].expand(2, 3).detach(), atol=1e-5
    )


def test_features_are_sampled_at_their_place():
    ramp = torch.arange(16.0)[None, None, None].expand(1, 1, 16, 16)
    samples = sample_features([ramp], torch.tensor([[[21.5, 30.0]]]), (64, 64))
    assert samples[0, 0, 0] == pytest.approx((21.5 + 0.5) / 4 - 0.5)


def test_scaling_is_taken_into_the_weights():
    torch.manual_seed(0)
    head, samples = IdentityHead([4, 6], 2).eval(), torch.randn(9, 10) * 3 + 1
    middle, scale = samples.mean(dim=0), samples.std(dim=0)
    before = head.at_points((samples - middle) / scale)
    head.absorb(middle, scale)
    np.testing.assert_allclose(head.at_points(samples).detach(), before.detach(), atol=1e-4)
