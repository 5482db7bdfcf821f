"""``marey render`` and ``marey plot``, as their user calls them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from marey.formats import save_poses
from marey.model import create_poses
from marey.video import VideoWriter, open_video


def run_marey(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "marey", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def recording(tmp_path):
    """A video of 12 frames and its poses, in a folder with an awkward name."""
    folder = tmp_path / "Käfig 🐭 1"
    folder.mkdir()
    with VideoWriter(folder / "day.mp4", fps=30, size=(160, 120)) as writer:
        for _ in range(12):
            writer.write(np.full((120, 160, 3), 90, np.uint8))
    walk = np.stack([np.linspace(20, 100, 12), np.full(12, 60)], axis=1)
    position = np.stack([walk, walk + 30], axis=-1)[..., None]
    save_poses(create_poses(position, keypoints=["snout", "tail"], fps=30), folder / "day.nc")
    return folder


def test_render(recording):
    out = recording / "labelled.mp4"
    call = ("render", recording / "day.mp4", recording / "day.nc", out)
    options = ("--edges", "snout-tail", "--trail", 0.2, "--scale", 2, "--stop", 8, "--time", "--json")
    result = run_marey(*call, *options)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"output": str(out)}
    with open_video(out) as video:
        assert (video.n_frames, video.width, video.height) == (8, 320, 240)
    again = run_marey(*call)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_render_says_what_is_wrong(recording):
    call = ("render", recording / "day.mp4", recording / "day.nc", recording / "o.mp4")
    for options, message in (
        (("--palette", "jet"), "okabe-ito"),
        (("--edges", "snout-nose"), "snout, tail"),
        (("--start", 99), "the video has 12 frames"),
    ):
        result = run_marey(*call, *options)
        assert result.returncode == 1
        assert message in result.stderr
    assert not (recording / "o.mp4").exists()


def test_plot(recording):
    result = run_marey(
        "plot", recording / "day.nc", recording / "figures", "--video", recording / "day.mp4", "--json"
    )
    assert result.returncode == 0, result.stderr
    names = ["trajectory", "coordinates", "confidence", "steps", "heatmap"]
    assert json.loads(result.stdout)["figures"] == [str(recording / "figures" / f"{n}.png") for n in names]
    assert len(list((recording / "figures").iterdir())) == 5
    result = run_marey("plot", recording / "day.nc", recording / "figures", "--kind", "steps")
    assert result.returncode == 1
    result = run_marey(
        "plot", recording / "day.nc", recording / "figures", "--kind", "steps", "--format", "pdf"
    )
    assert (recording / "figures" / "steps.pdf").read_bytes().startswith(b"%PDF")
