"""``marey import``, ``marey export`` and ``marey convert`` as a user calls them."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.errors import MareyError
from marey.formats import load_poses, save_labels, save_poses
from marey.model import Instance, LabeledFrame, Labels, Skeleton, create_poses
from marey.project import Project

RUN = CliRunner()


@pytest.fixture
def labels_file(tmp_path):
    frame = LabeledFrame("clip", 3, (Instance([[1, 2], [3, 4], [5, 6]]),), "img003.png")
    save_labels(Labels(Skeleton(("nose", "ear_l", "ear_r")), [frame]), tmp_path / "l.csv", format="dlc")
    return tmp_path / "l.csv"


def test_import_and_export(labels_file, tmp_path):
    result = RUN.invoke(app, ["import", "dlc", str(labels_file), str(tmp_path / "project"), "--json"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["n_frames"], data["format"], data["keypoints"]) == (1, "dlc", ["nose", "ear_l", "ear_r"])
    assert "confirm them in project.yaml" in result.stderr
    assert "ear_l/ear_r" in result.stderr
    assert "1 labelled frame, 0 of them with images, 1 video, 0 of them found" in result.stderr
    assert len(Project.open(tmp_path / "project").load_labels()) == 1

    result = RUN.invoke(
        app,
        ["export", str(tmp_path / "project"), "--format", "sleap", "-o", str(tmp_path / "o.slp"), "--json"],
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["format"] == "sleap"
    assert (tmp_path / "o.slp").is_file()


def test_the_format_can_be_found_out(labels_file, tmp_path):
    result = RUN.invoke(app, ["import", "auto", str(labels_file), str(tmp_path / "project")])
    assert result.exit_code == 0, result.output
    assert result.stdout == ""


def test_convert(tmp_path):
    save_poses(create_poses(np.ones((3, 2, 1, 1)), keypoints=["nose"]), tmp_path / "in.nc")
    result = RUN.invoke(
        app, ["convert", str(tmp_path / "in.nc"), str(tmp_path / "out.csv"), "--fps", "25", "--json"]
    )
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["kind"], data["from"], data["to"], data["n_frames"]) == ("poses", "marey", "dlc", 3)
    assert load_poses(tmp_path / "out.csv").sizes["time"] == 3
    again = RUN.invoke(app, ["convert", str(tmp_path / "in.nc"), str(tmp_path / "out.csv")])
    assert isinstance(again.exception, MareyError)
    assert "--overwrite" in str(again.exception)
    forced = RUN.invoke(app, ["convert", str(tmp_path / "in.nc"), str(tmp_path / "out.csv"), "--overwrite"])
    assert forced.exit_code == 0


@pytest.mark.parametrize("command", ["import", "export", "convert"])
def test_help_has_an_example(command):
    result = RUN.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: marey {command}" in result.output
