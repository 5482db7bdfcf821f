"""The commands around the project folder."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from make_videos import numbered_video
from marey.cli.app import app
from marey.errors import AlreadyExistsError, InputError, LabelsError, NotFoundError, VideoError
from marey.model import Instance, LabeledFrame
from marey.project import Project


@pytest.fixture
def run():
    def invoke(*arguments, code=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def folder(run, tmp_path):
    """A project with one video that is not there, and two saved states of its labels."""
    folder = tmp_path / "Mäuse"
    run("new", folder, "--keypoints", "snout, ear_left,ear_right", "--edges", "snout-ear_left")
    project = Project.open(folder)
    project.add_video(tmp_path / "day1.mp4", missing_ok=True)
    for x in (1.0, 2.0):
        points = np.array([(x, 5), (np.nan, np.nan), (np.nan, np.nan)])
        project.save_labels("day1", [LabeledFrame("day1", 7, (Instance(points),))], author="ada")
    return folder


class TestNew:
    def test_from_names(self, folder):
        project = Project.open(folder)
        assert project.skeleton.keypoints == ("snout", "ear_left", "ear_right")
        assert project.skeleton.edges == (("snout", "ear_left"),)
        assert project.skeleton.symmetries == (("ear_left", "ear_right"),)

    def test_from_a_template(self, run, tmp_path):
        result = run(
            "new", tmp_path / "p", "--template", "fly", "--individuals", "f,m", "--name", "Pairs", "--json"
        )
        summary = json.loads(result.stdout)
        assert (summary["name"], summary["individuals"]) == ("Pairs", ["f", "m"])
        assert summary["skeleton"]["name"] == "fly"
        assert summary["symmetries_confirmed"] is True
        assert summary["videos"] == {}

    def test_names_with_hyphens_can_be_joined(self, run, tmp_path):
        run("new", tmp_path / "p", "--keypoints", "ear-left,nose,a", "--edges", "ear-left-nose,nose-a")
        assert Project.open(tmp_path / "p").skeleton.edges == (("ear-left", "nose"), ("nose", "a"))

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ([], InputError, "either --keypoints or --template"),
            (["--keypoints", "a", "--template", "fly"], InputError, "either --keypoints or --template"),
            (["--template", "unicorn"], NotFoundError, "no skeleton template 'unicorn'"),
            (["--keypoints", "a,a"], LabelsError, "'a' occurs twice"),
            (["--keypoints", "a,b", "--edges", "a-c"], InputError, "two keypoints joined by '-', got 'a-c'"),
            (["--keypoints", "a,b", "--condition", "drug"], InputError, "expected NAME=VALUE, got 'drug'"),
        ],
    )
    def test_bad_wishes_make_nothing(self, run, tmp_path, arguments, error, message):
        with pytest.raises(error, match=message):
            run("new", tmp_path / "p", *arguments)
        assert not (tmp_path / "p").exists()

    def test_a_video_that_cannot_be_read_makes_no_project(self, run, tmp_path):
        (tmp_path / "day1.mp4").write_text("no video")
        for video, error in (("day1.mp4", VideoError), ("day2.mp4", NotFoundError)):
            with pytest.raises(error, match=video):
                run("new", tmp_path / "p", "--template", "fly", "--video", tmp_path / video)
        assert not (tmp_path / "p").exists()

    def test_never_over_another_project(self, run, folder):
        with pytest.raises(AlreadyExistsError):
            run("new", folder, "--keypoints", "a")


def test_videos_are_added_by_folder_and_pattern(run, folder, tmp_path):
    (tmp_path / "vidéos").mkdir()
    for n, name in enumerate(("a 1.mp4", "a 2.mp4", "b.avi"), start=2):
        numbered_video(tmp_path / "vidéos" / name, n=n)
    run("add-videos", folder, tmp_path / "vidéos" / "a*.mp4")
    assert list(Project.open(folder).videos) == ["day1", "a 1", "a 2"]
    (tmp_path / "vidéos" / "c.mp4").write_text("no video")
    with pytest.raises(VideoError, match=r"c\.mp4"):
        run("add-videos", folder, tmp_path / "vidéos" / "b.avi", tmp_path / "vidéos" / "c.mp4")
    assert list(Project.open(folder).videos) == ["day1", "a 1", "a 2"], "all or none"


def test_info(run, folder):
    summary = json.loads(run("info", folder, "--json").stdout)
    assert summary["videos"]["day1"]["n_labelled"] == 1
    assert summary["videos"]["day1"]["n_extracted"] == 0
    text = run("info", folder).stderr
    assert "day1: not seen yet, 0 extracted, 1 labelled" in text
    assert run("info", folder).stdout == ""


class TestCheck:
    def test_what_does_not_work_exits_with_1(self, run, folder):
        result = run("check", folder, "--json", code=1)
        findings = json.loads(result.stdout)["findings"]
        assert (findings[0]["severity"], findings[0]["code"], findings[0]["frame"]) == (
            "error",
            "no-image",
            7,
        )
        assert [f["severity"] for f in findings if f["code"] == "video-missing"] == ["warning"]
        text = run("check", folder, code=1).stderr
        assert text.startswith("error: day1, frame 7: has labels, but its image is not in the project")
        assert "warning: day1: the video 'day1' is not at" in text
        assert f'hint: put it back, or say where to look: marey check "{folder}" --search FOLDER' in text
        n = [sum(f["severity"] == kind for f in findings) for kind in ("error", "warning", "info")]
        assert n[0] == 1
        assert n[1] > 1
        assert text.splitlines()[-1].startswith(f"1 error, {n[1]} warnings")

    def test_warnings_are_no_failure(self, run, tmp_path):
        run("new", tmp_path / "p", "--keypoints", "ear_left,ear_right")
        findings = json.loads(run("check", tmp_path / "p", "--json").stdout)["findings"]
        assert [finding["code"] for finding in findings] == ["no-videos", "symmetries"]
        severities = [finding["severity"] for finding in findings]
        told = run("check", tmp_path / "p").stderr.splitlines()[-1]
        assert "error" not in told
        assert told.startswith(f"{severities.count('warning')} warning")

    def test_many_of_a_kind_are_counted(self, run, folder):
        project = Project.open(folder)
        frames = [LabeledFrame("day1", i, (Instance(np.full((3, 2), float(i))),)) for i in range(8)]
        project.save_labels("day1", frames)
        text = run("check", folder, code=1).stderr
        assert "and 19 more of this kind (coinciding)" in text


class TestSkeleton:
    def test_shows_and_confirms(self, run, folder):
        assert (
            "left/right pairs (guessed, not confirmed): ear_left/ear_right" in run("skeleton", folder).stderr
        )
        shown = json.loads(run("skeleton", folder, "--confirm-pairs", "--json").stdout)
        assert shown["symmetries_confirmed"] is True
        assert shown["symmetries"] == [["ear_left", "ear_right"]]

    def test_changes(self, run, folder):
        run(
            *("skeleton", folder, "--rename", "snout=nose", "--add", "tail", "--remove", "ear_right"),
            *("--edges", "nose-tail", "--author", "ben"),
        )
        project = Project.open(folder)
        assert project.skeleton.keypoints == ("nose", "ear_left", "tail")
        assert project.skeleton.edges == (("nose", "tail"),)
        assert project.load_labels().frames[0].instances[0].points[0].tolist() == [2, 5]
        assert project.labels_history("day1")[-1].author == "ben"

    def test_labels_are_dropped_only_when_told(self, run, folder):
        with pytest.raises(LabelsError, match="'snout', which is labelled"):
            run("skeleton", folder, "--remove", "snout")
        run("skeleton", folder, "--remove", "snout", "--drop-labels")
        assert Project.open(folder).skeleton.keypoints == ("ear_left", "ear_right")

    def test_pairs_can_be_stated(self, run, folder):
        run("skeleton", folder, "--pairs", "ear_right-snout")
        project = Project.open(folder)
        assert project.skeleton.symmetries == (("ear_right", "snout"),)
        assert project.symmetries_confirmed


class TestLabels:
    def test_history_restore_and_show(self, run, folder):
        history = json.loads(run("labels", "history", folder, "day1", "--json").stdout)
        assert [revision["number"] for revision in history["revisions"]] == [1, 2]
        assert history["present"] == history["revisions"][1]["id"]
        assert "*    2" in run("labels", "history", folder, "day1").stderr
        run("labels", "restore", folder, "day1", "1", "--author", "ben")
        assert ",snout,1.0,5.0,visible,person,ada," in run("labels", "show", folder, "day1").stdout
        shown = json.loads(run("labels", "show", folder, "day1", "--json").stdout)
        assert shown["frames"][0]["instances"][0]["points"] == [[1, 5], [None, None], [None, None]]
        assert len(Project.open(folder).labels_history("day1")) == 3
