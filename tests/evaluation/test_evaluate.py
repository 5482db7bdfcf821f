"""Evaluation of a run whose predictor is exact but for a known offset."""

import csv
import json

import cv2
import numpy as np
import pytest

from marey.errors import InputError, NotFoundError
from marey.evaluation import evaluate, load_evaluation, offset_warning, pool_folds
from marey.files import write_json
from marey.model import Instance, LabeledFrame, Origin, Skeleton, Visibility
from marey.networks.views import plan_views
from marey.prediction import Prediction
from marey.project import Project
from marey.runs import Run, Split, TrainingConfig

N_FRAMES = 12
OFFSET = np.array([3.0, 4.0])


class OffsetPredictor:
    """Knows where the animal is from the brightness of the image, and is 5 px off."""

    def predict_images(self, images) -> Prediction:
        frames = [int(image[0, 0, 0]) for image in images]
        points = np.array([truth(frame) + OFFSET for frame in frames])
        shape = points.shape[:2]
        return Prediction(
            points, np.full(shape, 0.8), np.full(shape, 4.0), np.tile([4.0, 6.0], (len(points), 1)),
            np.zeros((*shape, 4)),
        )  # fmt: skip


def truth(frame: int) -> np.ndarray:
    return np.array([[10.0 + frame, 20.0], [40.0 + frame, 60.0]])


def key(frame: int) -> str:
    return f"day1/img{frame:05d}.png"


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "Mäuse 🐭", skeleton=Skeleton(("snout", "tail")))
    project.add_video(tmp_path / "day1.mp4", missing_ok=True)
    frames = []
    for frame in range(N_FRAMES):
        origin = [Origin.PERSON, Origin.MODEL if frame == 0 else Origin.PERSON]
        instance = Instance(truth(frame), origin=origin)
        frames.append(LabeledFrame("day1", frame, (instance,), image=f"img{frame:05d}.png"))
        image = project.root / "frames" / key(frame)
        image.parent.mkdir(parents=True, exist_ok=True)
        _, png = cv2.imencode(".png", np.full((80, 80, 3), frame, np.uint8))
        image.write_bytes(png.tobytes())
    project.save_labels("day1", frames)
    return project


def make_run(project, name="first", test=range(8), skeleton=None) -> Run:
    run = Run(project.run_folder(name))
    rest = [i for i in range(N_FRAMES) if i not in test]
    split = Split(tuple(map(key, rest[1:])), tuple(map(key, rest[:1])), tuple(map(key, test)), "by hand")
    plan = plan_views(np.zeros((0, 4)), (80, 80), whole_side=64)
    run.write_description(TrainingConfig(), skeleton or project.skeleton, split, plan)
    return Run(run.path)


def test_figures_by_hand_and_parts_apart(project):
    run = make_run(project)
    evaluation = evaluate(project, run, predictor=OffsetPredictor(), confidence_cut=0.9)
    figures = evaluation.to_dict()
    test = figures["test"]
    assert (test["n_frames"], test["n_points"]) == (8, 15)  # the point that only a model placed is no truth
    assert figures["train"]["n_frames"] == 3
    assert test["mean_error_px"] == test["rmse_px"] == pytest.approx(5.0)
    assert test["offset_px"] == [3.0, 4.0]
    assert test["pck"]["2px"] == 0.0
    assert test["pck"]["10px"] == 1.0
    assert test["intervals_95"]["mean_error_px"] == pytest.approx([5.0, 5.0])
    assert test["interval_coverage_90"] == pytest.approx(7 / 15)
    assert test["per_keypoint"]["snout"]["interval_coverage_90"] == 0.0
    assert test["per_video"]["day1"]["n_frames"] == 8
    assert test["with_confidence_cut"]["kept"] == 0.0
    assert figures["reference_length_px"] == pytest.approx(50.0)
    assert not set(evaluation.parts["test"].keys) & set(evaluation.parts["train"].keys)


def test_points_of_one_animal_that_were_covered_are_told_apart(project):
    frames = list(project.load_labels())
    covered = Instance(truth(2) + np.array([[0, 0], [0, 5]]), [Visibility.VISIBLE, Visibility.OCCLUDED])
    frames[2] = LabeledFrame("day1", 2, (covered,), image=frames[2].image)
    project.save_labels("day1", frames)
    test = evaluate(project, make_run(project), predictor=OffsetPredictor()).to_dict()["test"]
    assert (test["visible"]["n_points"], test["occluded"]["n_points"]) == (14, 1)
    assert test["visible"]["mean_error_px"] == pytest.approx(5.0)
    assert test["occluded"]["mean_error_px"] == pytest.approx(np.hypot(3, 1))


def test_labels_that_were_moved_are_told_from_a_network_that_is_off():
    moved = {"offset_px": [3.0, -4.0], "median_error_px": 5.5, "n_points": 20}
    assert "+3.0, -4.0 px" in offset_warning(moved)
    assert offset_warning(moved | {"median_error_px": 12.0}) is None
    assert offset_warning(moved | {"offset_px": [0.5, 0.1], "median_error_px": 0.6}) is None
    assert offset_warning({"offset_px": [np.nan, np.nan], "median_error_px": np.nan, "n_points": 0}) is None


def test_what_is_written_can_be_read_again(project):
    run = make_run(project)
    evaluate(project, run, predictor=OffsetPredictor())
    assert load_evaluation(run)["test"]["mean_error_px"] == pytest.approx(5.0)
    json.dumps(load_evaluation(run), allow_nan=False)
    with (run.evaluation_folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * N_FRAMES
    first, unconfirmed = rows[0], rows[1]
    assert (first["part"], first["image"], first["keypoint"]) == ("test", key(0), "snout")
    assert float(first["x"]) - float(first["true_x"]) == 3.0
    assert (unconfirmed["true_x"], unconfirmed["error_px"]) == ("", "")


def test_folds_are_pooled_and_runs_on_the_same_frames_are_not(project):
    folds = [
        evaluate(project, make_run(project, f"cv-fold{i}", test), predictor=OffsetPredictor())
        for i, test in enumerate([range(6), range(6, 12)])
    ]
    pooled = pool_folds(folds, "cv")
    assert (pooled["run"], pooled["n_folds"]) == ("cv", 2)
    assert (pooled["test"]["n_frames"], pooled["test"]["n_points"]) == (12, 23)
    assert pooled["test"]["mean_error_px"] == pytest.approx(5.0)
    with pytest.raises(InputError, match="tested by several"):
        pool_folds([folds[0], folds[0]])


def test_each_part_of_folds_is_pooled_for_itself_in_the_shape_of_one_run(project):
    """A network that is 1 px off where it was tested, 2 where it was selected, 3 where it learned."""
    offsets = {"test": 1.0, "validation": 2.0, "train": 3.0}

    class KnowsItsPart(OffsetPredictor):
        def predict_images(self, images) -> Prediction:
            images = list(images)
            found = super().predict_images(images)
            frames = [int(image[0, 0, 0]) for image in images]
            part = next(part for part in offsets if key(frames[0]) in getattr(run.split, part))
            found.points[:] = [truth(frame) + np.array([0.0, offsets[part]]) for frame in frames]
            found.error_90[:] = [0.5, 2.5]
            return found

    folds = []
    for i, test in enumerate([range(4), range(4, 8), range(8, 12)]):
        run = make_run(project, f"cv-fold{i}", test)
        write_json(run.path / "calibration.json", {"threshold_px": 1.5 + i})
        folds.append(evaluate(project, Run(run.path), predictor=KnowsItsPart()))
    pooled = pool_folds(folds, "cv")
    one = folds[0].to_dict()
    assert set(pooled) == {*one, "n_folds"}
    for part, offset in offsets.items():
        assert set(pooled[part]) == {*one[part], "per_fold_mean_error_px"}
        assert pooled[part]["mean_error_px"] == pytest.approx(offset)
        assert pooled[part]["intervals_95"]["mean_error_px"] == pytest.approx([offset, offset])
        assert pooled[part]["per_fold_mean_error_px"] == pytest.approx([offset] * 3)
    assert [pooled[part]["n_frames"] for part in offsets] == [12, 2, 11]
    assert pooled["test"]["interval_coverage_90"] == pytest.approx(11 / 23)
    assert pooled["confidence_means_within_px"] == pytest.approx(2.5)
    # 2 px are wrong in the words of the first fold, which has two of the four points.
    curve = pooled["validation"]["reliability"]
    assert np.average(curve["accuracy"], weights=curve["count"]) == pytest.approx(0.5)


def test_a_run_of_other_keypoints_or_without_frames_is_refused(project):
    other = make_run(project, skeleton=Skeleton(("nose", "tail")))
    with pytest.raises(InputError, match="nose"):
        evaluate(project, other, predictor=OffsetPredictor())
    gone = make_run(project, "gone")
    (gone.path / "split.json").write_text('{"test": ["day9/img00001.png"]}', encoding="utf-8")
    with pytest.raises(NotFoundError, match="has labels"):
        evaluate(project, Run(gone.path), predictor=OffsetPredictor())
    with pytest.raises(NotFoundError, match="has not been evaluated"):
        load_evaluation(gone)
