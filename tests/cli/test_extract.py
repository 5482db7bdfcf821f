"""``marey extract`` and ``marey suggest`` as a user runs them."""

import json
import sys

import numpy as np
import pytest

from make_videos import numbered_video
from marey.cli.app import main
from marey.formats import load_poses, save_poses
from marey.model import Skeleton, append_history, create_poses
from marey.project import Project


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command; return (exit code, stdout, stderr)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["marey", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "my project", skeleton=Skeleton(("snout", "tail")))
    for name, n in (("day1", 60), ("day2", 30)):
        project.add_video(numbered_video(tmp_path / f"{name}.mp4", n=n))
    return project


@pytest.fixture
def predictions(tmp_path):
    position = np.zeros((60, 2, 2, 1)) + np.arange(60)[:, None, None, None]
    confidence = np.full((60, 2, 1), 0.9)
    confidence[[12, 48], 0] = 0.1
    poses = create_poses(position, keypoints=("snout", "tail"), confidence=confidence, fps=25)
    save_poses(poses, tmp_path / "day1.poses.nc")
    return tmp_path / "day1.poses.nc"


class TestExtract:
    def test_a_budget(self, run, project):
        code, out, err = run("extract", project.root, "--n", 9, "--json")
        result = json.loads(out)
        assert code == 0
        assert result["n_new"] == 9
        assert {key: len(paths) for key, paths in result["images"].items()} == {"day1": 6, "day2": 3}
        assert "day1: 6 new frames" in err

    def test_a_list(self, run, project):
        code, _, _ = run("extract", project.root, "--frames", "3,1", "--video", "day2")
        assert code == 0
        _, _, err = run("extract", project.root, "--frames", "7", "--video", "day2")
        assert "day2: 1 new frame in" in err
        assert project.extracted_frames("day2") == [1, 3, 7]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--frames", "1,2"), "one video is needed, but the project has 2"),
            (("--frames", "one", "--video", "day1"), "expected frame numbers"),
            (("--frames", "99", "--video", "day1"), "has the frames 0 to 59"),
            (("--method", "best"), "no way 'best'"),
            (("--video", "day9"), "no video 'day9'"),
        ],
    )
    def test_mistakes(self, run, project, arguments, message):
        code, out, err = run("extract", project.root, *arguments)
        assert (code, out) == (1, "")
        assert message in err
        assert project.extracted_frames("day1") == project.extracted_frames("day2") == []


class TestSuggest:
    def test_without_a_project(self, run, predictions):
        code, out, err = run("suggest", predictions, "--n", 2, "--json")
        assert code == 0
        result = json.loads(out)
        assert result["video"] == "day1.poses.nc"
        assert {item["frame"] for item in result["frames"]} == {12, 48}
        assert "snout is uncertain (confidence 0.10)" in err

    def test_into_a_project(self, run, predictions, project):
        project.add_frames("day1", [12])
        code, _, _ = run("suggest", predictions, "--n", 1, "--project", project.root, "--add")
        assert code == 0
        assert project.extracted_frames("day1") == [12, 48]

    def test_add_needs_a_project(self, run, predictions):
        code, _, err = run("suggest", predictions, "--add")
        assert code == 1
        assert "--project" in err

    @pytest.mark.parametrize("known_by", ["content", "name"])
    def test_the_video_is_found_by_what_the_poses_say(self, run, predictions, project, tmp_path, known_by):
        poses = load_poses(predictions)
        if known_by == "content":
            print_of_video = project.videos["day2"].fingerprint
            poses = append_history(poses, "predict", video="renamed.mp4", video_fingerprint=print_of_video)
        else:
            poses.attrs["source_file"] = "day2.mp4"
        save_poses(poses.isel(time=slice(0, 30)), tmp_path / "day1 again.nc")
        code, out, _ = run(
            "suggest", tmp_path / "day1 again.nc", "--project", project.root, "--n", 1, "--json"
        )
        assert (code, json.loads(out)["video"]) == (0, "day2")

    def test_a_recording_that_is_not_in_the_project(self, run, predictions, project, tmp_path):
        poses = append_history(load_poses(predictions), "predict", video="day3.mp4", video_fingerprint="x")
        save_poses(poses, tmp_path / "day3.nc")
        code, out, err = run("suggest", tmp_path / "day3.nc", "--project", project.root, "--n", 2, "--json")
        assert code == 0
        assert json.loads(out)["video"] == "day3.mp4"
        assert {item["frame"] for item in json.loads(out)["frames"]} == {12, 48}
        assert "day3.mp4, which was predicted, is not among the videos" in err
        code, out, err = run("suggest", tmp_path / "day3.nc", "--project", project.root, "--add")
        assert (code, out) == (1, "")
        assert "add it: marey add-videos" in err
        assert project.extracted_frames("day1") == project.extracted_frames("day2") == []

    def test_which_video(self, run, predictions, project, tmp_path):
        other = predictions.rename(tmp_path / "other.nc")
        code, _, err = run("suggest", other, "--project", project.root)
        assert code == 1
        assert "--video: day1, day2" in err
        assert run("suggest", other, "--project", project.root, "--video", "day1", "--n", 1)[0] == 0
