"""Two processes on the CPU do what one would: the same code, over another backend, serves graphics cards."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from marey.errors import ConfigError, MareyError
from marey.networks import ViewPlan
from marey.networks.two_views import OF_CROPS
from marey.project import Project
from marey.runs import Run, TrainingConfig
from marey.training import train
from marey.training.loop import Trainer
from marey.training.samples import Samples
from marey.training.team import Team, teamed, with_synchronised_statistics

from .conftest import KEYPOINTS, SIDE

PLAN = ViewPlan("whole", (SIDE, SIDE), 1.0, (SIDE, SIDE), 1.0, (SIDE, SIDE))


def fitted(project: Project, config: TrainingConfig, folder: Path, team: Team) -> Trainer:
    """Train a network without batch normalisation, whose batches are then only sums over images."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, kernel_size=5, stride=4, padding=2), nn.ReLU(), nn.Conv2d(8, 2, kernel_size=1)
    )
    samples = Samples(
        project,
        list(project.load_labels()),
        PLAN,
        config,
        flip_indices=np.arange(len(KEYPOINTS)),
        is_flip_allowed=False,
        share=(team.rank, team.size),
    )
    trainer = Trainer(
        network,
        samples,
        config,
        device=torch.device("cpu"),
        validate=lambda _network: float("nan"),
        checkpoint_folder=folder,
        progress=lambda _event: None,
        show_row=lambda _row: None,
        team=team,
    )
    trainer.fit()
    return trainer


def help_to_fit(root: Path, config: TrainingConfig, folder: Path, team: Team) -> None:
    fitted(Project.open(root), config, folder, team)


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_whole_batch(project, config, tmp_path):
    config = config.with_settings({"steps": 5, "validate_every": 1})
    # Half of the answers of one frame are unknown, so that the halves of a batch weigh differently.
    frames = list(project.load_labels())
    frames[3].instances[0].points[0] = np.nan
    alone = fitted(project, config, tmp_path / "alone", Team())
    helper = partial(help_to_fit, project.root, config, tmp_path / "two")
    with teamed(2, "cpu", helper) as team:
        both = fitted(project, config, tmp_path / "two", team)
    losses = [[row["loss"] for row in trainer.state.history] for trainer in (alone, both)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert losses[0][0] > losses[0][-1]
    for name, value in alone.network.state_dict().items():
        torch.testing.assert_close(both.network.state_dict()[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_run_of_two_processes_is_a_run_like_any_other(project, config):
    run = train(project, "two", config.with_settings({"n_gpus": 2, "steps": 4}))
    assert (run.provenance["steps"], run.config.n_gpus) == (4, 2)
    assert sorted(path.name for path in run.path.glob("*.csv")) == ["metrics.csv"]
    names = {name for name in load_file(run.weights_path) if not name.startswith(OF_CROPS)}
    assert names == set(Run.open(run.path).create_network(weights="none").state_dict())


def fail(team: Team) -> None:
    raise ValueError(f"no images for process {team.rank}")


@pytest.mark.slow
def test_a_process_that_fails_ends_the_training_and_is_told():
    message = r"(?s)one of the 2 training processes failed.*no images for process 1"
    with pytest.raises(MareyError, match=message), teamed(2, "cpu", fail) as team:
        team.sum(1.0)


def test_alone_nothing_is_started_or_changed():
    network = nn.Linear(2, 2)
    with teamed(1, "cpu", fail) as team:
        assert team.shared(network, torch.device("cpu")) is network
        assert team.sum(0.1) == 0.1
        assert team.as_the_first_says(3, 1) == [3, 1]
        assert team.own(torch.device("cuda")) == torch.device("cuda")
    assert Team(2, 4).own(torch.device("cuda")) == torch.device("cuda", 2)


def test_synchronised_statistics_keep_the_weights_names(config):
    from marey.networks.network import PoseNetwork

    network = PoseNetwork(2, backbone="mobilenetv3_small_050", weights="none", width=8)
    names = set(network.state_dict())
    converted = with_synchronised_statistics(network)
    assert set(converted.state_dict()) == names
    kinds = {type(part).__name__ for part in converted.modules()}
    assert not any(kind.startswith("BatchNorm") for kind in kinds)
    assert any(kind.startswith("SyncBatchNorm") for kind in kinds)


@pytest.mark.skipif(torch.cuda.device_count() > 6, reason="this machine has them")
def test_more_graphics_cards_than_there_are_is_refused(project, config):
    device = "cuda" if torch.cuda.is_available() else "auto"
    with pytest.raises(ConfigError, match="training on 7 graphics cards was asked for, but there are"):
        train(project, "first", config.with_settings({"n_gpus": 7, "device": device, "batch_size": 7}))
    assert not project.run_folder("first").exists()
