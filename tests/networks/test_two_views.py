"""Crops and whole frames are normalised by statistics of their own, with the same weights."""

import pytest
import torch

from marey.networks.network import PoseNetwork
from marey.networks.two_views import TwoViewNetwork, statistics_of


@pytest.fixture
def pose_network():
    torch.manual_seed(0)
    return PoseNetwork(2, backbone="mobilenetv3_small_050", weights="none").eval()


def shifted(network: PoseNetwork) -> dict[str, torch.Tensor]:
    return {name: value + 0.1 for name, value in statistics_of(network).items()}


def test_images_of_the_size_of_crops_are_crops(pose_network):
    network = TwoViewNetwork(pose_network, shifted(pose_network), crop_size=(96, 64)).eval()
    crop, turned = torch.rand(1, 3, 64, 96) * 255, torch.rand(1, 3, 96, 64) * 255
    with torch.inference_mode():
        assert torch.equal(network(crop), network.crops(crop))
        assert torch.equal(network(turned), network.whole(turned))
        assert torch.equal(network.whole(crop), pose_network(crop))
        assert not torch.allclose(network(crop), pose_network(crop))


def test_the_weights_are_the_same_tensors(pose_network):
    network = TwoViewNetwork(pose_network, shifted(pose_network), crop_size=(64, 64))
    for mine, other in zip(network.whole.parameters(), network.crops.parameters(), strict=True):
        assert mine is other
    statistics = statistics_of(network.crops)
    assert all(torch.equal(statistics[name], value) for name, value in shifted(pose_network).items())


def test_statistics_of_another_network_are_refused(pose_network):
    other = PoseNetwork(2, backbone="lite0", weights="none")
    with pytest.raises(ValueError, match="statistics of crops"):
        TwoViewNetwork(pose_network, statistics_of(other), crop_size=(64, 64))
