"""``marey smooth``, as its user calls it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from marey.formats import export_poses, load_poses
from marey.model import create_poses, read_history


def run_marey(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "marey", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def prediction(tmp_path):
    """Poses of a straight walk with a gap and a jump, as DeepLabCut would write them."""
    x = np.linspace(0, 60, 61)
    position = np.stack([x, 2 * x], axis=1)[:, :, None, None]
    position[20:22] = np.nan
    position[40] += 300
    confidence = np.where(np.isnan(position[:, 0]), np.nan, 0.9)
    poses = create_poses(position, keypoints=["snout"], confidence=confidence, fps=30)
    path = tmp_path / "Wäldchen 🐭" / "prediction.csv"
    path.parent.mkdir()
    export_poses(poses, path, format="dlc")
    return path


def test_smooth_from_another_tool_s_file(prediction, tmp_path):
    target = tmp_path / "smooth 🐭.nc"
    result = run_marey("smooth", prediction, target, "--max-gap", 3, "--json")
    assert result.returncode == 0, result.stderr
    (step,) = json.loads(result.stdout)["steps"]
    assert (step["operation"], step["n_filled"]) == ("kalman_smooth", 2)
    assert "2 points filled in" in result.stderr
    assert "1 jumps set right" in result.stderr
    poses = load_poses(target)
    np.testing.assert_allclose(poses["position"].to_numpy()[:, 1, 0, 0], 2 * np.arange(61), atol=0.5)
    assert read_history(poses)[-1]["operation"] == "kalman_smooth"


def test_nothing_is_overwritten_or_written_in_a_format_that_cannot_hold_it(prediction, tmp_path):
    target = tmp_path / "out.nc"
    target.write_text("mine")
    result = run_marey("smooth", prediction, target)
    assert (result.returncode, target.read_text()) == (1, "mine")
    assert "exists already" in result.stderr
    result = run_marey("smooth", prediction, tmp_path / "out.csv")
    assert result.returncode == 1
    assert "marey convert" in result.stderr
    result = run_marey("smooth", prediction, target, "--overwrite", "--method", "gaussian")
    assert (result.returncode, target.read_text()) == (1, "mine")
    assert "kalman, median, savgol, viterbi" in result.stderr
    assert run_marey("smooth", prediction, target, "--overwrite").returncode == 0
