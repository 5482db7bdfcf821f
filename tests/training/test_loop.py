"""What the training loop does with the two views of a network that measures in crops."""

import numpy as np
import pytest
import torch
from torch import nn

from marey.networks import ViewPlan
from marey.training.loop import Trainer
from marey.training.samples import Samples
from marey.training.team import Team

from .conftest import KEYPOINTS, SIDE

CROPS = ViewPlan("crop", (SIDE, SIDE), 1.0, (32, 32), 0.5, (32, 32))


@pytest.mark.parametrize(("share", "are_learned"), [(1.0, False), (0.0, True)])
def test_statistics_are_those_of_crops(project, config, tmp_path, share, are_learned):
    config = config.with_settings({"locate_share": share, "steps": 3})
    norm = nn.BatchNorm2d(8, momentum=0.3)
    network = nn.Sequential(nn.Conv2d(3, 8, 5, stride=4, padding=2), norm, nn.ReLU(), nn.Conv2d(8, 2, 1))
    samples = Samples(
        project,
        list(project.load_labels()),
        CROPS,
        config,
        flip_indices=np.arange(len(KEYPOINTS)),
        is_flip_allowed=False,
    )
    weights = norm.weight.detach().clone()
    Trainer(
        network,
        samples,
        config,
        device=torch.device("cpu"),
        validate=lambda _network: float("nan"),
        checkpoint_folder=tmp_path,
        progress=lambda _event: None,
        show_row=lambda _row: None,
        team=Team(),
    ).fit()
    assert not torch.equal(norm.weight, weights)  # what is learned by gradients is learned from both
    assert torch.equal(norm.running_mean, torch.zeros(8)) is not are_learned
    assert torch.equal(norm.running_var, torch.ones(8)) is not are_learned
