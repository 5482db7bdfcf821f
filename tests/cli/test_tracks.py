"""``marey tracks`` as its user types it."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.errors import ConfigError, FormatError, InputError
from marey.formats import export_poses, load_poses, save_labels, save_poses
from marey.model import Instance, LabeledFrame, Labels, Skeleton, create_poses


def run(*arguments):
    return CliRunner().invoke(app, ["tracks", *map(str, arguments)])


@pytest.fixture
def file(tmp_path):
    """Two animals in 30 frames; the second is lost in frames 10 to 12."""
    position = np.zeros((30, 2, 2, 2))
    position[:, 0] += np.arange(30.0)[:, None, None]
    position[:, 1, 1] += 10
    position[:, 1, :, 1] += 500
    position[10:13, ..., 1] = np.nan
    path = tmp_path / "mes souris 🐁" / "day 1.nc"
    path.parent.mkdir()
    poses = create_poses(position, keypoints=["head", "tail"], individuals=["ada", "bo"])
    save_poses(poses, path)
    return path


def test_a_repair_its_history_and_undo(file):
    before = load_poses(file)
    done = run("swap", file, "ada", "bo", "--from", 5, "--to", 9, "--author", "Eve", "--json")
    assert done.exit_code == 0
    (entry,) = json.loads(done.stdout)["done"]
    assert {name: entry[name] for name in ("kind", "first", "second", "start", "stop", "author")} == {
        "kind": "swap", "first": "ada", "second": "bo", "start": 5, "stop": 9, "author": "Eve",
    }  # fmt: skip
    assert "exchanged ada and bo in frames 5 to 9" in done.stderr
    assert load_poses(file)["position"].values[5, 1, 0, 0] == 500
    assert "Eve" in run("history", file).stderr
    undone = json.loads(run("undo", file, "--json").stdout)
    assert (len(undone["done"]), len(undone["undone"])) == (0, 1)
    assert load_poses(file).equals(before)
    assert len(json.loads(run("redo", file, "--json").stdout)["done"]) == 1


def test_a_track_is_renamed_and_called_so_from_then_on(file):
    done = run("rename", file, "bo", "souris é 🐁", "--json")
    assert done.exit_code == 0
    assert "done: renamed bo to souris é 🐁; take it back with" in done.stderr
    (entry,) = json.loads(done.stdout)["done"]
    assert (entry["kind"], entry["track"], entry["name"]) == ("rename", "bo", "souris é 🐁")
    assert load_poses(file)["individual"].values.tolist() == ["ada", "souris é 🐁"]
    (gap,) = json.loads(run("review", file, "--json").stdout)
    assert gap["tracks"] == ["souris é 🐁"]
    assert "undone: renamed bo to" in run("undo", file).stderr
    with pytest.raises(InputError, match="a new name for bo, got 'ada'"):
        raise run("rename", file, "bo", "ada").exception


def test_every_repair_can_be_called(file):
    for arguments in (
        ["interpolate", file, "bo", "--from", 10, "--to", 12],
        ["split", file, "ada", "cy", "--at", 20],
        ["join", file, "ada", "cy"],
        ["delete", file, "bo", "--from", 29],
        ["confirm", file, "ada", "bo", "--to", 8],
        ["rename", file, "bo", "mouse A"],
    ):
        assert run(*arguments).exit_code == 0, arguments
    kinds = [entry["kind"] for entry in json.loads(run("history", file, "--json").stdout)["done"]]
    assert kinds == ["interpolate", "split", "join", "delete", "confirm", "rename"]


def test_the_list_of_what_to_look_at(file, tmp_path):
    result = run("review", file, "--json")
    (gap,) = json.loads(result.stdout)
    assert (gap["kind"], gap["start"], gap["stop"], gap["tracks"]) == ("gap", 10, 12, ["bo"])
    assert "bo is not found in 3 frames" in result.stderr
    other = tmp_path / "poses.h5"
    export_poses(load_poses(file), other, format="dlc")
    assert json.loads(run("review", other, "--json").stdout)[0]["kind"] == "gap"
    with pytest.raises(FormatError, match="in another one"):
        raise run("undo", other).exception


def test_labels_are_looked_through_too_video_by_video(tmp_path):
    body = np.array([[10.0, 10.0], [20.0, 20.0]])
    frames = [
        LabeledFrame(video, frame, (Instance(body + frame, individual="ada"),))
        for video in ("day 1", "day 2")
        for frame in (range(20) if video == "day 1" else (*range(8), *range(12, 20)))
    ]
    save_labels(Labels(Skeleton(("head", "tail")), frames, ("ada",)), tmp_path / "a.slp", format="sleap")
    with pytest.raises(InputError, match="holds 2 videos") as refusal:
        raise run("review", tmp_path / "a.slp").exception
    assert "--of" in refusal.value.hint
    assert json.loads(run("review", tmp_path / "a.slp", "--of", "day 1", "--json").stdout) == []
    (gap,) = json.loads(run("review", tmp_path / "a.slp", "--of", "day 2", "--json").stdout)
    assert (gap["kind"], gap["start"], gap["stop"]) == ("gap", 8, 11)


def test_what_cannot_be_done_changes_nothing(file):
    content = file.read_bytes()
    with pytest.raises(InputError, match="there is no track 'eve'"):
        raise run("swap", file, "ada", "eve").exception
    with pytest.raises(ConfigError, match="--limit of at least 1"):
        raise run("review", file, "--limit", 0).exception
    assert file.read_bytes() == content
    assert run("history", file).stderr.strip() == "no repairs yet"
