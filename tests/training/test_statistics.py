"""When training is over, crops get statistics of batch normalisation of their own."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from marey.training.statistics import N_CROPS, with_statistics_of_crops


class Crops:
    """Batches of noise, each of its own brightness."""

    def __init__(self, batch_size: int) -> None:
        self.config = SimpleNamespace(batch_size=batch_size)
        self.made: list[np.ndarray] = []

    def crops(self, number: int) -> np.ndarray:
        rng = np.random.default_rng(number)
        shape = (self.config.batch_size, 8, 8, 3)
        self.made.append(rng.integers(number % 100, 150, shape, dtype=np.uint8))
        return self.made[-1]


@pytest.mark.parametrize("batch_size", [1, 7, 16])
def test_statistics_are_those_of_the_crops_and_the_weights_stay(batch_size):
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).train()
    with torch.no_grad():
        network(torch.rand(4, 3, 8, 8) * 1000)  # what training left
    before = {name: value.clone() for name, value in network.state_dict().items()}
    crops = Crops(batch_size)
    after = with_statistics_of_crops(network, before, crops)
    assert sum(len(batch) for batch in crops.made) >= N_CROPS
    pixels = np.stack(crops.made).reshape(len(crops.made), -1, 3).astype(float)
    np.testing.assert_allclose(after["crops.0.running_mean"], pixels.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(
        after["crops.0.running_var"], pixels.var(axis=1, ddof=1).mean(axis=0), rtol=1e-4
    )
    assert after["crops.2.running_mean"].shape == (4,)
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())


def test_a_network_without_batch_normalisation_stays_as_it_is():
    network, crops = nn.Conv2d(3, 4, 3), Crops(8)
    after = with_statistics_of_crops(network, network.state_dict(), crops)
    assert crops.made == []
    assert set(after) == {"weight", "bias"}
