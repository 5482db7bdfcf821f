import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.formats import load_poses
from marey.model import Skeleton
from marey.networks.views import ViewPlan
from marey.project import Project
from marey.runs import Run, Split, TrainingConfig
from marey.video import VideoWriter


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "5"], "expected A:B"),
        (["--frames", "a:b"], "expected A:B"),
        (["--crop", "1,2,3"], "expected X,Y,W,H"),
    ],
)
def test_wrong_options_are_wrong_usage(tmp_path, arguments, message):
    result = CliRunner().invoke(app, ["predict", str(tmp_path), "a.mp4", "--run", "x", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_a_run_that_is_not_there(tmp_path):
    call = ["predict", str(tmp_path), "a.mp4", "--run", "x"]
    result = CliRunner().invoke(app, call)
    assert (result.exit_code, "expected a project at" in str(result.exception)) == (1, True)
    (tmp_path / "runs").mkdir()
    result = CliRunner().invoke(app, call)
    assert (result.exit_code, "there is no run 'x'" in str(result.exception)) == (1, True)


def test_a_run_is_found_from_inside_its_project(tmp_path):
    Project.create(tmp_path / "p", skeleton=Skeleton(("snout",)))
    (tmp_path / "p" / "runs").mkdir(exist_ok=True)
    (tmp_path / "p" / "videos").mkdir(exist_ok=True)
    call = ["predict", str(tmp_path / "p" / "videos"), "a.mp4", "--run", "x"]
    result = CliRunner().invoke(app, call)
    assert f"there is no run 'x' in {tmp_path / 'p' / 'runs'}" in str(result.exception)


def write_video(path, n_frames=12):
    with VideoWriter(path, fps=30, size=(128, 96)) as writer:
        for i in range(n_frames):
            writer.write(np.full((96, 128, 3), 10 * i, dtype=np.uint8))
    return path


@pytest.fixture
def run(tmp_path):
    """A network that knows nothing, but all parts that a trained one goes through."""
    from safetensors.torch import save_file

    from marey.networks.network import PoseNetwork

    run = Run(tmp_path / "runs" / "first")
    run.path.mkdir(parents=True)
    plan = ViewPlan("crop", (128, 96), 1.0, (64, 64), 0.5, (64, 64))
    run.write_description(TrainingConfig(backbone="lite0"), Skeleton(("nose", "tail")), Split(), plan)
    network = PoseNetwork(2, backbone="lite0", weights="none")
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, run.weights_path)
    return run


@pytest.mark.slow
@pytest.mark.parametrize("named", ["folder", "pattern", "files"])
def test_a_bad_video_among_several_is_in_the_json_with_the_good_ones(run, tmp_path, named):
    folder = tmp_path / "Nacht 1"
    folder.mkdir()
    videos = [write_video(folder / "a.mp4"), folder / "b.mp4", write_video(folder / "c.mp4", 5)]
    videos[1].write_bytes(b"no video at all" * 99)
    names = {"folder": [folder], "pattern": [folder / "*.mp4"], "files": videos}[named]
    call = ["predict", tmp_path, *names, "--run", "first", "--engine", "torch", "--json"]
    done = subprocess.run([sys.executable, "-m", "marey", *map(str, call)], capture_output=True, check=False)
    assert done.returncode == 1
    first, bad, last = json.loads(done.stdout)["videos"]
    assert [first["n_frames"], last["n_frames"]] == [12, 5]
    assert bad["path"] == str(videos[1])
    assert "b.mp4" in bad["error"]
    told = done.stderr.decode("utf-8")
    assert "error: 1 of 3 videos could not be predicted, the others are done:" in told
    assert bad["error"] in told
    assert "c.mp4: 5 frames in" in told


@pytest.mark.slow
def test_predict_and_export_model_from_a_real_run(run, tmp_path):
    video = write_video(tmp_path / "a b.mp4")
    call = ["predict", str(tmp_path), str(video), "--run", "first", "--engine", "torch", "--json"]
    result = CliRunner().invoke(app, [*call, "--frames", "2:10:2", "--output", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    (done,) = json.loads(result.stdout)["videos"]
    assert {"path", "n_frames", "seconds", "frames_per_s", "peak_memory_mb", "engine", "output"} <= set(done)
    assert list(load_poses(done["output"]).frame.values) == [2, 4, 6, 8]
    again = [*call, "--frames", "2:10:2", "--output", str(tmp_path / "out"), "--format", "dlc"]
    told = CliRunner().invoke(app, again).stderr.splitlines()
    assert f"a b.mp4: 4 frames -> {done['output']}" in told
    assert "  done already, and left as it is; --overwrite predicts it again" in told
    exported = [Path(line.removeprefix("  also as ")) for line in told if line.startswith("  also as ")]
    assert [path.suffix for path in exported if path.is_file()] == [".csv", ".h5"]

    pytest.importorskip("onnx")
    model = tmp_path / "model.onnx"
    result = CliRunner().invoke(
        app, ["export-model", str(tmp_path), "--run", "first", "--output", str(model)]
    )
    assert result.exit_code == 0, result.output
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    import torch

    images = np.random.default_rng(0).integers(0, 256, (2, 96, 128, 3), dtype=np.uint8)
    (logits,) = session.run(None, {"images": images})
    with torch.no_grad():
        expected = run.load_network()(torch.from_numpy(images).permute(0, 3, 1, 2).float()).numpy()
    np.testing.assert_allclose(logits, expected, atol=2e-3)
