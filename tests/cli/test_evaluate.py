"""``marey evaluate``: folds are pooled, runs compared, reports written where they are asked for."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.cli.evaluate import _tell_animals
from marey.errors import AlreadyExistsError
from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project
from marey.runs import TrainingConfig
from marey.training import train, train_folds

QUICK = {
    "backbone": "mobilenetv3_small_050",
    "device": "cpu",
    "steps": 1,
    "weights": "none",
    "batch_size": 2,
    "pyramid_width": 8,
    "workers": 1,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A project with the two folds of ``cv``, a run ``cv-folded`` that is none of them, and ``random``."""
    folder = tmp_path_factory.mktemp("evaluate")
    project = Project.create(folder / "mäuse 🐭", skeleton=Skeleton(("snout", "tail")))
    project.add_video(folder / "day1.mp4", missing_ok=True)
    frames = []
    for i, shift in enumerate(np.linspace(0, 20, 10)):
        image = project.add_image("day1", i, np.full((64, 64, 3), 10 * i, np.uint8))
        points = np.array([[15.0, 20.0], [40.0, 30.0]]) + shift
        frames.append(LabeledFrame("day1", i, (Instance(points),), image=image.name))
    project.save_labels("day1", frames)
    config = TrainingConfig().with_settings(QUICK)
    train_folds(project, "cv", config, split="kfold:2")
    for name, split in (("cv-folded", "blocks:0.8"), ("random", "random:0.8")):
        train(project, name, config, split=split)
    return project


def evaluate(project, *arguments: object):
    result = CliRunner().invoke(app, ["evaluate", str(project.root), *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.slow
def test_folds_are_pooled_in_words_in_json_and_in_the_report(project):
    result = evaluate(project, "--run", "cv", "--json")
    figures = json.loads(result.stdout)
    assert figures["test"]["n_frames"] == 10
    assert set(figures["runs"]) == {"cv-fold1", "cv-fold2"}
    assert set(figures) == {*figures["runs"]["cv-fold1"], "n_folds", "runs"}
    assert figures["train"]["n_points"] == sum(fold["train"]["n_points"] for fold in figures["runs"].values())
    means = [fold["test"]["mean_error_px"] for fold in figures["runs"].values()]
    counts = [fold["test"]["n_points"] for fold in figures["runs"].values()]
    assert figures["test"]["mean_error_px"] == pytest.approx(np.average(means, weights=counts))
    assert "all 2 folds together" in result.stderr
    for name in figures["runs"]:
        page = (project.run_folder(name) / "evaluation" / "report.html").read_text(encoding="utf-8")
        assert "all 2 folds" in page
        assert "cannot be compared" not in page


@pytest.mark.slow
def test_runs_are_compared_and_one_report_is_written_where_it_was_asked_for(project, tmp_path):
    report = tmp_path / "report.html"
    result = evaluate(project, "--run", "cv-folded", "--run", "random", "--report", report)
    assert result.stderr.count("90 % interval covers") == 2
    assert result.stderr.count("report: ") == 1
    page = report.read_text(encoding="utf-8")
    assert "<td>cv-folded</td>" in page
    assert "<td>random</td>" in page
    assert "their figures cannot be compared" in page
    with pytest.raises(AlreadyExistsError, match="exists already"):
        evaluate(project, "--run", "random", "--report", report)
    assert report.read_text(encoding="utf-8") == page


def test_poses_that_were_left_out_are_said(capsys):
    counts = {"true": 4, "matched": 3, "missed": 1, "extra": 2}
    figures = {f"n_{name}_instances": n for name, n in counts.items()} | {"oks_map": 0.5, "oks_mar": 0.6}
    _tell_animals(figures | {"n_ignored_instances": 2})
    told = capsys.readouterr().err
    assert "3 of 4 animals found, 1 missed, 2 extra; OKS mAP 0.500" in told
    assert "left out: 2 poses on animals that nobody labelled" in told
    _tell_animals(figures | {"n_ignored_instances": 0})
    assert "left out" not in capsys.readouterr().err
