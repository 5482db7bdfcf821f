"""``marey train``: what its options mean, and what it refuses before it begins."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.errors import ConfigError, MareyError
from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project

QUICK = ["--backbone", "mobilenetv3_small_050", "--device", "cpu", "--steps", "1"]
SETTINGS = ("weights=none", "batch_size=2", "pyramid_width=8", "workers=1", "validate_every=1")


@pytest.fixture
def project(tmp_path) -> Project:
    project = Project.create(tmp_path / "mäuse 🐭", skeleton=Skeleton(("snout", "tail")))
    project.add_video(tmp_path / "day1.mp4", missing_ok=True)
    frames = []
    for i, shift in enumerate(np.linspace(0, 20, 10)):
        image = project.add_image("day1", i, np.full((64, 64, 3), 10 * i, np.uint8))
        points = np.array([[15.0, 20.0], [40.0, 30.0]]) + shift
        frames.append(LabeledFrame("day1", i, (Instance(points),), image=image.name))
    project.save_labels("day1", frames)
    return project


def train(project, *arguments: str):
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    arguments = ["train", str(project.root), "--run", "first", *QUICK, *settings, *arguments]
    return CliRunner().invoke(app, arguments, catch_exceptions=True)


def test_a_summary_as_json_and_the_next_step(project):
    result = train(project, "--seed", "3", "--set", "augmentation.scale=1.5", "--json")
    assert result.exit_code == 0, result.output
    (run,) = json.loads(result.stdout)["runs"]
    assert run["name"] == "first"
    assert run["steps"] == 1
    assert run["n_frames"] == {"train": 7, "validation": 1, "test": 2}
    assert run["views"]["kind"] == "whole"
    assert f'next: marey evaluate "{project.root}" --run first' in result.stderr
    from marey.runs import Run

    config = Run.open(project.run_folder("first")).config
    assert (config.seed, config.augmentation.scale, config.preset) == (3, 1.5, "balanced")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "batchsize=3"], "batchsize in the settings"),
        (["--set", "batch_size"], "--set takes name=value, got 'batch_size'"),
        (["--set", "batch_size=[1"], "batch_size=.*is not a value"),
        (["--preset", "best"], "there is no preset 'best'"),
        (["--backbone", "nonsense"], "there is no backbone 'nonsense'"),
        (["--split", "halves"], "is not a way to split"),
        (["--run", "../elsewhere"], "the name of a run"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(project, arguments, message):
    result = train(project, *arguments)
    assert isinstance(result.exception, MareyError)
    with pytest.raises(MareyError, match=message):
        raise result.exception
    assert not project.run_folder("first").exists()


def test_an_unknown_setting_is_a_mistake_of_configuration(project):
    assert isinstance(train(project, "--set", "x=1").exception, ConfigError)


def test_the_approach_is_said_and_can_be_set(project):
    result = train(project, "--approach", "top-down", "--json")
    assert result.exit_code == 0, result.output
    (run,) = json.loads(result.stdout)["runs"]
    assert (run["approach"]["kind"], run["approach"]["reason"]) == ("top-down", "as was asked for")
    assert "first: top-down, as was asked for; animals are found in the whole frame" in result.stderr
    with pytest.raises(ConfigError, match="approach in the settings"):
        raise train(project, "--approach", "sideways").exception
