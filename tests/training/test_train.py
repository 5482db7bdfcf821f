import csv
import itertools
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from make_videos import numbered_video
from marey.errors import AlreadyExistsError, ConfigError, InputError, StorageError
from marey.model import Instance, LabeledFrame, Origin
from marey.runs import Run, Split
from marey.training import train, train_folds
from marey.training.planning import plan_for
from marey.training.train import CHECKPOINT


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def history(run) -> list[dict[str, float]]:
    with (run.path / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def weights(run) -> dict[str, torch.Tensor]:
    return load_file(run.weights_path)


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_a_training_learns_where_the_blobs_are(project, config):
    config = config.with_settings(
        {"backbone": "lite0", "weights": "default", "steps": 120, "batch_size": 8, "validate_every": 20}
    )
    run = train(project, "erster Lauf 🐭", config.with_settings({"augmentation.occluders": 0}))
    errors = [row["validation_error_px"] for row in history(run)]
    assert errors[-1] < 4
    assert errors[-1] < 0.6 * errors[0]
    assert history(run)[-1]["loss"] < 0.7 * history(run)[0]["loss"]
    assert run.provenance["steps"] == 120
    assert run.provenance["labels_sha256"].keys() == {"day1"}


def test_a_run_has_all_its_files_and_its_own_settings(project, config):
    run = train(project, "first", config)
    assert not (run.path / CHECKPOINT).exists()
    assert run.config.backbone == "mobilenetv3_small_050"
    assert run.config.device == "cpu"
    assert len(run.split.train) + len(run.split.validation) + len(run.split.test) == 24
    assert [row["step"] for row in history(run)] == [4, 8, 12]
    assert run.provenance["weights_sha256"] == run.weights_hash
    network = run.load_network()
    with torch.inference_mode():
        assert torch.isfinite(network(torch.zeros(1, 3, 64, 64))).all()


def test_the_table_of_metrics_grows_while_it_trains(project, config):
    seen = []

    def look(event):
        table = project.run_folder("first") / "metrics.csv"
        if event.stage == "training" and event.done == 8:
            seen.append([row["step"] for row in history(Run(table.parent))])

    train(project, "first", config, progress=look)
    assert seen[-1] == [4, 8]


def test_the_same_seed_gives_the_same_weights(project, config):
    first, again, other = (
        train(project, name, config.with_settings({"seed": seed}))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert_same(weights(first), weights(again))
    assert not torch.equal(weights(first)["head.weight"], weights(other)["head.weight"])


SCRIPT = """
import sys, torch
from pathlib import Path
from marey.cli.app import main
torch.set_num_threads(1)
sys.argv = ["marey", *sys.argv[1:]]
main()
"""


def start(project, config, *more: str) -> subprocess.Popen:
    names = ("backbone", "weights", "pyramid_width", "batch_size", "validate_every", "workers", "patience")
    options = [part for name in names for part in ("--set", f"{name}={getattr(config, name)}")]
    options += ["--set", "augmentation.rotation_degrees=20", "--device", "cpu", "--steps", str(config.steps)]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "train", str(project.root), *options, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def wait_for(path, process, timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stop_in_the_middle(project, config, name: str, number: signal.Signals) -> tuple[int, str]:
    process = start(project, config, "--run", name)
    wait_for(project.run_folder(name) / CHECKPOINT / "state.pt", process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert not (project.run_folder(name) / "weights.safetensors").exists()
    return process.returncode, errors


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_training_that_was_stopped_ends_with_the_same_weights(project, config):
    config = config.with_settings({"steps": 32, "patience": 1000})
    whole = train(project, "whole", config)
    for name, number in (("killed", signal.SIGKILL), ("stopped", signal.SIGINT)):
        code, errors = stop_in_the_middle(project, config, name, number)
        if number == signal.SIGINT:
            assert code == 1
            assert "training was stopped at step" in errors
            assert "--resume" in errors
        again = start(project, config, "--run", name, "--resume")
        _, errors = again.communicate(timeout=300)
        assert again.returncode == 0, errors
        run = Run.open(project.run_folder(name))
        assert_same(weights(whole), weights(run))
        assert [without_time(row) for row in history(run)] == [without_time(row) for row in history(whole)]
        assert not (run.path / CHECKPOINT).exists()


def without_time(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name != "seconds"}


def test_resuming_what_is_finished_changes_nothing(project, config):
    run = train(project, "first", config)
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    train(project, "first", config.with_settings({"steps": 99}), resume=True)
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


def test_a_training_goes_on_after_a_full_disk(project, config, full_disk):
    config = config.with_settings({"steps": 1})
    with full_disk(50_000), pytest.raises(StorageError, match=r"could not write .*state\.pt: the disk"):
        train(project, "full", config)
    run = train(project, "full", config, resume=True)
    assert_same(weights(run), weights(train(project, "undisturbed", config)))


def test_a_run_is_not_replaced_unless_asked_and_not_by_a_wrong_setting(project, config):
    run = train(project, "first", config.with_settings({"steps": 1}))
    with pytest.raises(AlreadyExistsError, match="there is a run 'first' already"):
        train(project, "first", config)
    with pytest.raises(ConfigError, match="not a way to split"):
        train(project, "first", config, split="halves", overwrite=True)
    assert run.weights_path.is_file()
    again = train(project, "first", config.with_settings({"steps": 2}), overwrite=True)
    assert again.provenance["steps"] == 2


@pytest.mark.slow
def test_a_time_limit_shortens_the_schedule(project, config):
    config = config.with_settings({"steps": 100_000, "time_limit_minutes": 0.2, "validate_every": 10_000})
    run = train(project, "short", config.with_settings({"batch_size": 1}))
    assert run.provenance["training_seconds"] < 1.5 * 12
    assert 30 < run.provenance["steps"] < 100_000
    # The learning rate came down to nothing: the schedule was fitted, not cut off.
    assert history(run)[-1]["learning_rate"] < 0.05 * config.learning_rate


def test_a_time_limit_of_no_time_still_gives_a_run(project, config):
    run = train(project, "hasty", config.with_settings({"steps": 1000, "time_limit_minutes": 1e-9}))
    assert run.provenance["steps"] == 1
    assert [row["step"] for row in history(run)] == [1]
    with torch.inference_mode():
        assert torch.isfinite(run.load_network()(torch.zeros(1, 3, 64, 64))).all()


def test_a_time_limit_of_a_few_steps_brings_the_learning_rate_down(project, config, monkeypatch):
    # The clock of a machine that takes ten seconds a step: a limit of two minutes holds twelve.
    ticks = itertools.count(0.0, 10.0)
    clock = SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr("marey.training.loop.time", clock)
    run = train(project, "slow", config.with_settings({"steps": 1000, "time_limit_minutes": 2}))
    assert run.provenance["steps"] == 11
    assert history(run)[-1]["learning_rate"] < 0.05 * config.learning_rate


@pytest.mark.parametrize(
    ("n_slow", "least", "most"),
    [(5, 125, 142), (12, 66, 78)],  # what fills the time is the most; 17 and 18 fit while steps are slow
    ids=["at the start", "beyond half of the time"],
)
def test_what_else_is_running_does_not_shorten_a_training_for_good(
    project, config, monkeypatch, n_slow, least, most
):
    # Some steps of ten seconds while something else is running, then one second a step.
    ticks = itertools.accumulate(
        itertools.chain([0.0], itertools.repeat(10.0, n_slow), itertools.repeat(1.0))
    )
    monkeypatch.setattr("marey.training.loop.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    monkeypatch.setattr("marey.training.loop.WARM_AFTER", 2)
    monkeypatch.setattr("marey.training.loop.SPEED_IS_KNOWN_AFTER", 4)
    config = config.with_settings({"steps": 1000, "time_limit_minutes": 200 / 60, "validate_every": 1000})
    run = train(project, "slow start", config)
    assert least < run.provenance["steps"] <= most
    assert history(run)[-1]["learning_rate"] < 0.05 * config.learning_rate


def test_the_loss_of_a_row_is_the_mean_over_its_steps(project, config):
    config = config.with_settings({"steps": 6})
    every = train(project, "every", config.with_settings({"validate_every": 1}))
    third = train(project, "third", config.with_settings({"validate_every": 3}))
    losses = [row["loss"] for row in history(every)]
    assert [row["loss"] for row in history(third)] == pytest.approx(
        [sum(losses[:3]) / 3, sum(losses[3:]) / 3], rel=1e-4
    )


def test_tensorboard_shows_the_rows_where_it_is_installed(project, config):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train(project, "first", config)
    shown = EventAccumulator(str(run.path / "tensorboard")).Reload()
    assert [(event.step, event.value) for event in shown.Scalars("loss")] == [
        (row["step"], pytest.approx(row["loss"], rel=1e-4)) for row in history(run)
    ]


def test_patience_ends_a_training_that_gets_no_better(project, config):
    config = config.with_settings({"steps": 400, "learning_rate": 1e-12, "validate_every": 2, "patience": 3})
    run = train(project, "stuck", config)
    assert run.provenance["steps"] < 400
    assert run.provenance["selected_step"] < run.provenance["steps"]


def test_without_validation_frames_the_last_weights_are_kept(project, config):
    run = train(project, "all", config.with_settings({"validation_fraction": 0}), split="all")
    assert run.split.validation == ()
    assert run.provenance["selected_step"] == 12
    assert run.calibration is None


def test_folds_are_runs_of_their_own(project, config):
    runs = train_folds(project, "cv", config.with_settings({"steps": 1}), split="kfold:2")
    assert [run.name for run in runs] == ["cv-fold1", "cv-fold2"]
    assert not set(runs[0].split.test) & set(runs[1].split.test)
    with pytest.raises(InputError, match="'kfold:2' makes 2 splits"):
        train(project, "cv", config, split="kfold:2")


def test_frames_that_only_a_model_labelled_do_not_train(project, config):
    labels = list(project.load_labels())
    labels[0] = LabeledFrame(
        "day1",
        0,
        (Instance(labels[0].instances[0].points, origin=[Origin.MODEL] * 2),),
        image=labels[0].image,
    )
    project.save_labels("day1", labels)
    run = train(project, "first", config.with_settings({"steps": 1}))
    split = run.split
    assert labels[0].image_key not in (*split.train, *split.validation, *split.test)


def test_a_split_file_counts_and_names_frames_that_wait_for_labels(project, config, tmp_path):
    labels = list(project.load_labels())
    waiting = project.add_image("day1", 40, project.read_image(labels[0])).name
    labels[1] = LabeledFrame("day1", 1, (Instance([[float("nan")] * 2] * 2),), image=labels[1].image)
    project.save_labels("day1", labels)
    path = tmp_path / "split.json"
    path.write_text(f'{{"train": [0, 1, 2, 3], "test": [4, "{waiting}"]}}', encoding="utf-8")
    messages = []
    run = train(
        project,
        "first",
        config.with_settings({"steps": 1}),
        split=str(path),
        progress=lambda event: messages.append(event.message),
    )
    assert {*run.split.train, *run.split.validation} == {labels[i].image_key for i in (0, 2, 3)}
    assert run.split.test == (labels[4].image_key,)
    assert sum("left out: 2 " in message for message in messages) == 1


def test_a_project_without_labels_or_with_labels_gone_is_refused(project, config):
    key = next(iter(project.load_labels())).image_key
    missing = Split(train=(key, "day1/img99999.png"))
    with pytest.raises(InputError, match=r"names day1/img99999\.png, which has no labels any more"):
        train(project, "gone", config, split=missing)
    project.save_labels("day1", [])
    with pytest.raises(InputError, match="has no labelled frames"):
        train(project, "first", config)


def test_labels_beyond_the_end_of_their_video_are_refused_before_anything_is_written(
    project, config, tmp_path
):
    project.add_video(numbered_video(tmp_path / "short.mp4", 10))
    body = (Instance(np.array([[10.0, 10.0], [20.0, 20.0]])),)
    frames = [LabeledFrame("short", number, body) for number in (2, 9, 10, 31)]
    project.save_labels("short", frames)
    with pytest.raises(InputError, match=r"'short' is shorter .*: frame 10 is beyond its end, with 1 more"):
        train(project, "first", config)
    assert not project.run_folder("first").exists()
    for frame in frames[2:]:  # an image of its own will do
        frame.image = project.add_image("short", frame.frame, np.zeros((64, 64, 3), np.uint8)).name
    project.save_labels("short", frames)
    assert project.beyond_the_end(project.load_labels()) == []


def test_views_are_as_asked(project, config):
    frames = list(project.load_labels())
    assert plan_for(project, frames, config.with_settings({"view": "whole"})).kind == "whole"
    assert plan_for(project, frames, config).frame_size == (64, 64)
    with pytest.raises(InputError, match="a crop around the animal was asked for, but the animal measures"):
        plan_for(project, frames, config.with_settings({"view": "crop"}))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"backbone": "nonsense"}, "there is no backbone 'nonsense'"),
        ({"n_gpus": 3}, "a batch of 4 cannot be shared evenly by 3"),
        ({"crop_side": 64}, "a crop around the animal was asked for, but the animal measures"),
        ({"crop_side": 64, "view": "whole"}, "a crop .* was asked for, but the whole frame is measured"),
    ],
)
def test_what_cannot_be_trained_writes_nothing(project, config, setting, message):
    with pytest.raises(InputError, match=message):
        train(project, "first", config.with_settings(setting))
    assert not project.run_folder("first").exists()
