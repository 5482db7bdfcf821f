import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from marey.demo import DemoPlan, run_demo
from marey.errors import AlreadyExistsError
from marey.project import Project

TINY = DemoPlan(n_recordings=1, train_s=1.0, unseen_s=0.5, labels_per_recording=8, steps=2, size=(320, 240))


def test_recordings_differ_and_the_last_is_the_unseen_one():
    plan = DemoPlan(n_recordings=2, train_s=2.0, unseen_s=3.0)
    specs = [plan.spec(seed=5, number=number) for number in range(3)]
    assert [spec.n_frames for spec in specs] == [60, 60, 90]
    assert len({spec.seed for spec in specs}) == 3
    assert plan.spec(seed=6, number=0).seed not in {spec.seed for spec in specs}


@pytest.mark.slow
def test_the_whole_workflow_in_small(tmp_path):
    stages: dict[str, int] = {}
    folder = tmp_path / "Première démo 🐭"
    result = run_demo(
        folder, plan=TINY, seed=1, progress=lambda event: stages.update({event.stage: event.done})
    )
    for path in (
        result.video,
        result.poses,
        result.smoothed_poses,
        result.labelled_video,
        result.report,
        *result.plots,
    ):
        assert path.stat().st_size > 0, path
        assert path.is_relative_to(folder)
    project = Project.open(result.project)
    labels = project.load_labels()
    assert len(labels) == 8
    assert set(labels.frames[0].instances[0].authors) == {"demo"}
    assert not (project.root / "runs" / "first" / "checkpoint").exists()
    poses, truth = (
        xr.load_dataset(path, engine="h5netcdf")
        for path in (result.poses, folder / "recordings" / "unseen-truth.nc")
    )
    assert poses.sizes["time"] == truth.sizes["time"] == 15
    errors = np.linalg.norm(poses.position.values - truth.position.values, axis=1)
    assert result.predicted.mean_error_px == pytest.approx(float(np.nanmean(errors)))
    assert result.smoothed.n_frames == 15
    assert result.steps == result.planned_steps
    assert {"render", "train", "predict", "total"} <= set(result.seconds)
    assert {"rendering unseen.mp4", "training"} <= set(stages)
    json.dumps(result.to_dict(), default=str)
    assert json.loads((folder / "marey-demo.json").read_text())["finished"] is True


def test_a_folder_with_other_things_stays_as_it_is(tmp_path):
    (tmp_path / "thesis.docx").write_text("five years")
    with pytest.raises(AlreadyExistsError, match="was not made by the demo"):
        run_demo(tmp_path, plan=replace(TINY, steps=1))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
