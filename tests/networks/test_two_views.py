"""Crops and whole frames are normalised by statistics of their own, with the same weights."""

import pytest
import torch

from marey.networks.network import PoseNetwork
from marey.networks.two_views import TwoViewNetwork, statistics_of
from two_views import pose_network, shifted, two_view_network


def test_images_of_the_size_of_crops_are_crops():
    network = two_view_network((96, 64))
    crop, turned = torch.rand(1, 3, 64, 96) * 255, torch.rand(1, 3, 96, 64) * 255
    with torch.inference_mode():
        assert torch.equal(network(crop), network.crops(crop))
        assert torch.equal(network(turned), network.whole(turned))
        assert torch.equal(network.whole(crop), pose_network()(crop))
        assert not torch.allclose(network(crop), pose_network()(crop))


def test_the_weights_are_the_same_tensors():
    network = two_view_network((64, 64))
    for mine, other in zip(network.whole.parameters(), network.crops.parameters(), strict=True):
        assert mine is other
    statistics = statistics_of(network.crops)
    assert all(torch.equal(statistics[name], value) for name, value in shifted(pose_network()).items())


def test_statistics_of_another_network_are_refused():
    other = PoseNetwork(2, backbone="lite0", weights="none")
    with pytest.raises(ValueError, match="statistics of crops"):
        TwoViewNetwork(pose_network(), statistics_of(other), crop_size=(64, 64))
