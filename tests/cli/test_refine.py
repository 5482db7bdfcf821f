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
    assert "1 jump set right" in result.stderr
    poses = load_poses(target)
    np.testing.assert_allclose(poses["position"].to_numpy()[:, 1, 0, 0], 2 * np.arange(61), atol=0.5)
    assert read_history(poses)[-1]["operation"] == "kalman_smooth"


SCORER = "DLC_Resnet50_mazeOct30shuffle6_snapshot_best-20"


@pytest.mark.parametrize("n_animals", [1, 2])
def test_smoothed_poses_are_also_written_under_the_names_that_deeplabcut_looks_for(tmp_path, n_animals):
    walk = np.tile(np.linspace(0, 60, 61)[:, None, None, None], (1, 2, 1, n_animals))
    names = [f"mouse{i}" for i in range(n_animals)] if n_animals > 1 else ["animal"]
    poses = create_poses(
        walk, keypoints=["snout"], confidence=np.full((61, 1, n_animals), 0.9), individuals=names
    )
    tracks = "_el" if n_animals > 1 else ""
    source = tmp_path / f"day 1{SCORER}{tracks}.h5"
    export_poses(poses, source, format="dlc", scorer=SCORER)
    converted, smoothed = tmp_path / "poses.nc", tmp_path / "out" / "smooth.nc"
    smoothed.parent.mkdir()
    run_marey("convert", source, converted)
    result = run_marey("smooth", converted, smoothed, "--format", "dlc", "--json")
    assert result.returncode == 0, result.stderr
    expected = [smoothed.parent / f"day 1{SCORER}{tracks}_filtered{suffix}" for suffix in (".csv", ".h5")]
    assert json.loads(result.stdout)["exports"] == [str(path) for path in expected]
    for path in expected:
        again = load_poses(path)
        assert again.attrs["scorer"] == SCORER
        np.testing.assert_allclose(
            again["position"].values, load_poses(smoothed)["position"].values, rtol=1e-6
        )
    smoothed.unlink()
    result = run_marey("smooth", converted, smoothed, "--format", "dlc")
    assert result.returncode == 1
    assert "_filtered.csv exists already" in result.stderr
    assert not smoothed.exists()
    result = run_marey("smooth", converted, smoothed, "--format", "sleap")
    assert "there is no format 'sleap' to smooth to" in result.stderr


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


@pytest.fixture
def two_views(tmp_path):
    """Three networks' predictions of a point in two cameras, which the second does not see for a while."""
    rng = np.random.default_rng(0)
    t = np.arange(80) / 10
    place = np.stack([20 * np.sin(t), 15 * np.cos(1.3 * t), 10 * np.sin(0.7 * t)], axis=1)
    truth = {"top": 100 + place[:, :2] @ [[1, 0.2], [0, 1]], "côté": 90 + place[:, 1:] @ [[1, 0], [0.3, 1.0]]}
    sources = []
    for seed in range(3):
        for camera, pixels in truth.items():
            seen = pixels + rng.normal(0, 0.5, pixels.shape)
            if camera == "côté":
                seen[30:40] += rng.normal(0, 15, (10, 2))
            path = tmp_path / f"{camera} {seed}.csv"
            export_poses(
                create_poses(
                    seen[:, :, None, None], keypoints=["paw"], confidence=np.full((80, 1, 1), 0.9), fps=10
                ),
                path,
                format="dlc",
            )
            sources.append(f"{camera}={path}")
    return sources, truth


def test_an_ensemble_across_cameras(two_views, tmp_path):
    sources, truth = two_views
    result = run_marey("ensemble", *sources, "--output", tmp_path / "out", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)["cameras"]
    assert told["côté"]["n_members"] == 3
    smooth = load_poses(tmp_path / "out" / "côté.nc")["position"].to_numpy()[:, :, 0, 0]
    assert np.abs(smooth - truth["côté"]).max() < 6, "the other camera knew where it was"
    again = run_marey("ensemble", *sources, "--output", tmp_path / "out")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    mixed = run_marey("ensemble", sources[0], tmp_path / "x.nc", "--output", tmp_path / "other")
    assert mixed.returncode == 1
    assert "expected CAMERA=FILE for all or for none" in mixed.stderr
