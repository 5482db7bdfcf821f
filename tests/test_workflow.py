"""The whole workflow on real data, through the command line, as a user would run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.data, pytest.mark.slow]


def marey(*arguments: object, ok: bool = True) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "marey", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    if ok:
        assert result.returncode == 0, result.stderr[-3000:]
    return result


@pytest.fixture(scope="module")
def project(shared_data, tmp_path_factory) -> Path:
    """The open-field project, imported and trained for a few steps, in a folder with an awkward name."""
    folder = tmp_path_factory.mktemp("workflow") / "mäuse 🐭 im Feld"
    marey("import", "dlc", shared_data / "openfield", folder)
    marey("train", folder, "--run", "first", "--preset", "fast", "--steps", 60, "--seed", 1)
    return folder


def test_evaluate_keeps_the_parts_apart(project):
    metrics = json.loads(marey("evaluate", project, "--run", "first", "--json").stdout)
    assert metrics["test"]["n_frames"] == 23
    assert metrics["train"]["n_frames"] + metrics["validation"]["n_frames"] == 93
    assert 0 < metrics["test"]["mean_error_px"] < 60
    assert 0 <= metrics["test"]["interval_coverage_90"] <= 1
    assert set(metrics["test"]["per_keypoint"]) == {"snout", "leftear", "rightear", "tailbase"}


def test_from_video_to_figures(project, shared_data, tmp_path):
    video = shared_data / "openfield" / "videos" / "m3v1mp4.mp4"
    out = tmp_path / "poses"
    result = marey(
        "predict", project, video, "--run", "first", "--output", out,
        "--frames", "0:120", "--format", "dlc", "--json",
    )  # fmt: skip
    (done,) = json.loads(result.stdout)["videos"]
    assert done["n_frames"] == 120
    assert done["frames_per_s"] > 0
    poses = Path(done["output"])
    assert list(out.glob("*.csv"))

    smooth = tmp_path / "smooth.h5"
    marey("smooth", poses, smooth, "--max-gap", 5)
    labelled = tmp_path / "labelled.mp4"
    marey("render", video, smooth, labelled)
    assert labelled.stat().st_size > 10_000
    marey("plot", smooth, tmp_path / "figures")
    assert len(list((tmp_path / "figures").iterdir())) >= 5
    table = tmp_path / "poses.csv"
    marey("convert", smooth, table)
    assert table.read_text(encoding="utf-8").count("\n") > 120

    suggested = json.loads(marey("suggest", poses, "--project", project, "--n", 5, "--json").stdout)
    assert len(suggested["frames"]) == 5
    assert all(item["reason"] for item in suggested["frames"])


def test_done_work_is_not_done_again_or_overwritten(project, shared_data, tmp_path):
    video = shared_data / "openfield" / "videos" / "m3v1mp4.mp4"
    call = ("predict", project, video, "--run", "first", "--output", tmp_path, "--frames", "0:20", "--json")
    first = json.loads(marey(*call).stdout)["videos"][0]
    before = Path(first["output"]).read_bytes()
    marey(*call)
    assert Path(first["output"]).read_bytes() == before
    again = marey("train", project, "--run", "first", "--steps", 5, ok=False)
    assert again.returncode == 1
    assert "first" in again.stderr
