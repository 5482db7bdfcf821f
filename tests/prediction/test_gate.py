import json

import numpy as np
import pytest

from marey.model import Instance, LabeledFrame, Skeleton
from marey.networks.views import ViewPlan
from marey.prediction import choose_engine, gate, predict, prepare_engines
from marey.prediction.engines import is_installed
from marey.prediction.gate import Trial, _apply_limits, load_verdict
from marey.project import Project
from marey.runs import Split, TrainingConfig

from .blobs import FRAME_SIZE, KEYPOINTS, BlobRun


@pytest.fixture
def project_run(recording, tmp_path) -> BlobRun:
    """A project with twelve labelled frames of the recording, and a run that was validated on ten of them."""
    path, truth = recording
    project = Project.create(tmp_path / "project", skeleton=Skeleton(KEYPOINTS))
    key = project.add_video(path)
    indices = list(range(0, 240, 20))
    project.add_frames(key, indices)
    images = project.frame_images(key)
    frames = [LabeledFrame(key, i, (Instance(truth[i]),), image=images[i]) for i in indices]
    project.save_labels(key, frames, author="test")
    run = BlobRun(project.run_folder("blobs"))
    run.path.mkdir(parents=True)
    split = Split(validation=tuple(frame.image_key for frame in frames[:10]))
    plan = ViewPlan("crop", FRAME_SIZE, 1.0, (128, 128), 0.5, (160, 128))
    run.write_description(TrainingConfig(backbone="blobs"), Skeleton(KEYPOINTS), split, plan)
    run.weights_path.write_bytes(b"weights")
    return run


def test_engines_are_judged_on_the_validation_frames(project_run):
    verdict = prepare_engines(project_run, device="cpu")
    assert verdict.n_frames == 10
    trials = {trial.engine: trial for trial in verdict.trials}
    assert trials["torch"].movement_px == 0
    assert 0 < trials["torch"].error_px < 1
    for name in ("openvino", "onnxruntime"):
        if name in trials and not trials[name].reason:
            assert trials[name].movement_px < 1e-3
    allowed = [trial for trial in verdict.trials if trial.is_allowed]
    assert verdict.engine == max(allowed, key=lambda trial: trial.frames_per_s).engine
    assert verdict.describe()[0] == f"engine {verdict.engine}, chosen on 10 validation frames"
    crop = verdict.adaptive_crop
    assert crop.searched_px < 1
    assert crop.followed_px < 1
    assert crop.lost_share == 0


def test_the_verdict_is_kept_for_this_machine_and_these_weights(project_run):
    verdict = prepare_engines(project_run, device="cpu")
    kept = load_verdict(project_run, "cpu")
    assert kept.engine == verdict.engine
    assert str(kept.trials) == str(verdict.trials), "NaN differs from itself"
    assert kept.adaptive_crop == verdict.adaptive_crop
    assert choose_engine(project_run, device="cpu")[0].name == verdict.engine
    path = project_run.engines_folder / "gate.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["cpu"]["machine"]["processor"] = "another"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert load_verdict(project_run, "cpu") is None


def test_prediction_follows_the_verdict_and_says_so(project_run, recording, tmp_path):
    verdict = prepare_engines(project_run, device="cpu")
    (result,) = predict(project_run, recording[0], tmp_path / "out", device="cpu", stop=20)
    assert result.engine == verdict.engine
    assert any(note.startswith("adaptive crop o") for note in result.notes)


@pytest.mark.parametrize(("speed", "is_shown"), [(24.0, False), (26.0, True)])
def test_a_slow_engine_is_not_shown_the_frames(project_run, monkeypatch, speed, is_shown):
    speeds = {"torch": 100.0, "torch-bf16": speed}
    monkeypatch.setattr(gate, "_time_network", lambda predictor, *_: speeds.get(predictor.engine.name, 60.0))
    verdict = prepare_engines(project_run, device="cpu")
    trials = {trial.engine: trial for trial in verdict.trials}
    assert trials["torch-bf16"].frames_per_s == speed
    assert np.isfinite(trials["torch-bf16"].movement_px) == is_shown
    assert (trials["torch-bf16"].reason == "slower than PyTorch in float32") != is_shown
    assert verdict.engine == "torch"
    described = next(line for line in verdict.describe() if "torch-bf16" in line)
    assert f"torch-bf16: {speed:.0f} frames/s" in described
    assert "nan" not in described
    assert load_verdict(project_run, "cpu").describe() == verdict.describe()


def test_without_validation_frames_only_float32_is_used(run):
    verdict = prepare_engines(run, device="cpu")
    assert verdict.n_frames == 0
    assert "bf16" not in verdict.engine, "nothing says that it gives the same poses"
    assert not verdict.adaptive_crop.is_on
    if is_installed("openvino"):
        reasons = {trial.engine: trial.reason for trial in verdict.trials}
        assert "no validation frames" in reasons["openvino-bf16"]


@pytest.mark.parametrize(
    ("movement_px", "error_px", "is_allowed"),
    [
        (0.25, 2.04, True),
        (0.26, 2.0, False),
        (0.1, 2.05, False),
        (0.1, 1.5, True),
        (float("nan"), 2.0, False),
    ],
)
def test_the_limits(movement_px, error_px, is_allowed):
    reference = Trial("torch", error_px=2.0, movement_px=0.0)
    trial = _apply_limits(
        Trial("openvino-bf16", movement_px=movement_px, error_px=error_px), reference, 0.25, 0.02
    )
    assert trial.is_allowed is is_allowed
    assert bool(trial.reason) is not is_allowed


def test_an_unreadable_verdict_is_made_again(project_run):
    project_run.engines_folder.mkdir()
    (project_run.engines_folder / "gate.json").write_text("{", encoding="utf-8")
    assert load_verdict(project_run, "cpu") is None
    assert np.isfinite(prepare_engines(project_run, device="cpu").trials[0].frames_per_s)
