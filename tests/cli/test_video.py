"""``marey video`` as a user runs it."""

import json
import sys

import pytest

from make_videos import numbered_video, read_number
from marey.cli.app import main
from marey.video import open_video


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command; return (exit code, stdout, stderr)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["marey", "video", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def source(tmp_path):
    return numbered_video(tmp_path / "día 1.mp4")


def first_number(path):
    with open_video(path) as video:
        return read_number(video.read(0))


def test_info(run, source):
    code, out, err = run("info", source.parent, "--deep", "--json")
    (found,) = json.loads(out)["videos"]
    assert code == 0
    assert found["path"] == str(source)
    assert (found["width"], found["height"], found["n_frames"], found["fps"]) == (96, 64, 40, 25)
    assert found["duration_s"] == pytest.approx(1.6, abs=0.01)
    assert (found["n_unreadable"], found["problems"]) == (0, [])
    assert "96×64, 40 frames, 25 frames/s" in err


def test_trim_by_frames_and_seconds(run, source, tmp_path):
    code, out, _ = run("trim", source, tmp_path / "a.mp4", "--start", 10, "--stop", "1.0s", "--json")
    assert code == 0
    assert json.loads(out)["n_frames"] == 15
    assert first_number(tmp_path / "a.mp4") == 10


@pytest.mark.parametrize(
    ("command", "options", "size"),
    [
        ("crop", ("--box", "0,0,96,34"), (96, 34)),
        ("downsample", ("--scale", "0.5"), (48, 32)),
        ("downsample", ("--size", "60x40", "--fps", "5"), (60, 40)),
        ("rotate", ("--degrees", "90"), (64, 96)),
    ],
)
def test_changes(run, source, tmp_path, command, options, size):
    code, out, err = run(command, source, tmp_path / "out.mp4", *options, "--json")
    result = json.loads(out)
    assert (code, result["width"], result["height"]) == (0, *size)
    assert "wrote" in err


def test_rotation_is_clockwise(run, source, tmp_path):
    run("rotate", source, tmp_path / "out.mp4", "--degrees", "90")
    with open_video(source) as a, open_video(tmp_path / "out.mp4") as b:
        # What was at the bottom left is at the top left.
        assert abs(int(b.read(0)[2, 2, 1]) - int(a.read(0)[-3, 2, 1])) < 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trim", "--start", "soon"), "expected a frame such as 300"),
        (("trim", "--start", "41"), "no frames of día 1.mp4 are left"),
        (("crop", "--box", "1,2,3"), "expected X,Y,W,H in whole pixels"),
        (("crop", "--box", "90,0,20,20"), "lies within 0,0,96,64"),
        (("downsample",), "nothing to change"),
        (("rotate", "--degrees", "45"), "90, 180 or 270"),
    ],
)
def test_mistakes(run, source, tmp_path, arguments, message):
    command, *options = arguments
    code, out, err = run(command, source, tmp_path / "out.mp4", *options)
    assert (code, out) == (1, "")
    assert message in err
    assert not (tmp_path / "out.mp4").exists()


def test_nothing_is_overwritten_unasked(run, source, tmp_path):
    (tmp_path / "out.mp4").write_text("mine")
    code, _, err = run("trim", source, tmp_path / "out.mp4")
    assert (code, (tmp_path / "out.mp4").read_text()) == (1, "mine")
    assert "--overwrite" in err
    assert run("trim", source, tmp_path / "out.mp4", "--overwrite")[0] == 0
