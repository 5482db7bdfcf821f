"""Evaluation of a run of several animals, with a predictor whose mistakes are known."""

import csv
import json

import cv2
import numpy as np
import pytest

from marey.evaluation import evaluate, pool_folds, write_report
from marey.evaluation.gallery import worst_frames
from marey.evaluation.part import part_of_one, part_of_several, unlabelled_animals
from marey.metrics import lone_size
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton, Visibility
from marey.networks import Approach
from marey.networks.views import plan_views
from marey.prediction import Prediction
from marey.project import Project
from marey.runs import Run, Split, TrainingConfig

N_FRAMES = 8
BODY = np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 30.0]])
KEYPOINTS = ("snout", "back", "tail")


def moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
    return points + np.array([x, y])


def truth(frame: int) -> np.ndarray:
    """Two animals in every frame but frame 3, which has none."""
    if frame == 3:
        return np.empty((0, 3, 2))
    return np.stack([moved(BODY, 5.0 + frame, 5.0), moved(BODY, 50.0, 50.0 + frame)])


def key(frame: int) -> str:
    return f"day1/img{frame:05d}.png"


class KnownPredictor:
    """Finds both animals 1 px off, the second first; misses one in frame 1, and invents one in frame 2."""

    def predict_images(self, images):
        raise AssertionError("these frames have several animals")

    def predict_animals(self, images) -> list[Prediction]:
        return [self._look(int(image[0, 0, 0])) for image in images]

    def _look(self, frame: int) -> Prediction:
        points = moved(truth(frame)[::-1], 0.6, 0.8)
        if frame == 1:
            points = points[:1]
        if frame == 2:
            points = np.concatenate([points, [moved(BODY[::-1], 70.0, 0.0)]])
        shape = points.shape[:2]
        return Prediction(
            points, np.full(shape, 0.9), np.full(shape, 1.0), np.full(shape, 2.0), np.zeros((*shape, 4)),
            np.linspace(0.9, 0.5, len(points)),
        )  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """Animals are named in frame 0 alone: names play no part."""
    skeleton = Skeleton(KEYPOINTS)
    project = Project.create(tmp_path / "Fliegen 🪰", skeleton=skeleton, individuals=("Bo", "Ada"))
    project.add_video(tmp_path / "day1.mp4", missing_ok=True)
    frames = []
    for frame in range(N_FRAMES):
        names = ("Ada", "Bo") if frame == 0 else (None, None)
        animals = tuple(
            Instance(points, individual=name) for points, name in zip(truth(frame), names, strict=False)
        )
        frames.append(LabeledFrame("day1", frame, animals, image=f"img{frame:05d}.png"))
        image = project.root / "frames" / key(frame)
        image.parent.mkdir(parents=True, exist_ok=True)
        _, png = cv2.imencode(".png", np.full((96, 96, 3), frame, np.uint8))
        image.write_bytes(png.tobytes())
    project.save_labels("day1", frames)
    return project


def make_run(project, name="first", test=range(6)) -> Run:
    run = Run(project.run_folder(name))
    rest = [i for i in range(N_FRAMES) if i not in test]
    split = Split(tuple(map(key, rest[1:])), tuple(map(key, rest[:1])), tuple(map(key, test)), "by hand")
    plan = plan_views(np.zeros((0, 4)), (96, 96), whole_side=64)
    approach = Approach("top-down", 3, n_animals=2, reason="made for a test")
    run.write_description(TrainingConfig(), project.skeleton, split, plan, approach)
    (run.path / "weights.safetensors").write_bytes(b"weights")
    facts = {
        "steps": 1,
        "training_seconds": 1.0,
        "device": "cpu",
        "selected_step": 1,
        "marey": "0",
        "torch": "2",
    }
    (run.path / "provenance.json").write_text(json.dumps(facts), encoding="utf-8")
    return Run(run.path)


def test_found_missed_and_extra_animals_by_hand(project):
    figures = evaluate(project, make_run(project), predictor=KnownPredictor()).to_dict()
    test = figures["test"]
    assert figures["approach"] == "top-down"
    assert test["n_frames"] == 6
    counts = {
        name: test[f"n_{name}_instances"] for name in ("true", "predicted", "matched", "missed", "extra")
    }
    assert counts == {"true": 10, "predicted": 10, "matched": 9, "missed": 1, "extra": 1}
    assert test["n_frames_with_missed_instances"] == 1
    assert (test["n_points"], test["n_missing"]) == (27, 3)
    assert test["median_error_px"] == pytest.approx(1.0)
    # 9 of 10 animals are found with OKS exp(-1 / (2 · 900 · 0.05²)) = 0.80; the invented one ranks below.
    assert test["oks_mar"] == pytest.approx(0.9 * 7 / 10)
    assert 0.5 < test["oks_map"] <= test["oks_mar"] + 0.01
    assert test["per_keypoint"]["tail"]["n_missing"] == 1
    assert test["per_video"]["day1"]["n_frames"] == 6
    assert test["interval_coverage_90"] == 1.0


def test_points_that_were_covered_are_also_told_apart(project):
    assert (
        "occluded" not in evaluate(project, make_run(project), predictor=KnownPredictor()).to_dict()["test"]
    )
    frames = list(project.load_labels())
    first, second = frames[0].instances
    covered = Instance(  # the tail: 30 px from where it is found
        first.points + np.array([[0, 0], [0, 0], [0, 30]]), [Visibility.VISIBLE] * 2 + [Visibility.OCCLUDED]
    )
    frames[0] = LabeledFrame("day1", 0, (covered, second), image=frames[0].image)
    project.save_labels("day1", frames)
    evaluation = evaluate(project, make_run(project), predictor=KnownPredictor())
    test = evaluation.to_dict()["test"]
    assert test["occluded"]["n_points"] == 1
    assert test["occluded"]["mean_error_px"] == pytest.approx(np.hypot(0.6, 29.2))
    assert (test["visible"]["n_points"], test["visible"]["n_missing"]) == (26, 3)
    assert test["visible"]["mean_error_px"] == pytest.approx(1.0)
    assert test["n_points"] == 27
    assert test["mean_error_px"] > 1.9
    # As above, but the box of the animal with the covered tail is twice as large: its OKS is 0.89.
    assert test["visible"]["oks_mar"] == pytest.approx((8 * 7 + 8) / 100)
    assert test["oks_mar"] < test["visible"]["oks_mar"]
    pooled = pool_folds([evaluation])["test"]
    assert pooled["occluded"] == test["occluded"]
    assert pooled["visible"]["oks_map"] == pytest.approx(test["visible"]["oks_map"])


def test_every_animal_has_its_lines_and_a_missed_one_no_position(project):
    run = make_run(project)
    evaluate(project, run, predictor=KnownPredictor())
    with (run.evaluation_folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["image"] == key(1)]
    assert [(row["animal"], row["keypoint"]) for row in rows[2:4]] == [("1", "tail"), ("2", "snout")]
    assert [bool(row["x"]) for row in rows] == [False] * 3 + [True] * 3
    assert all(row["true_x"] for row in rows)


def test_the_report_and_the_worst_frames_show_what_was_missed(project, tmp_path):
    evaluation = evaluate(project, make_run(project), predictor=KnownPredictor())
    report = write_report(evaluation, project, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h2>Animals</h2>" in report
    assert "<td>test</td><td>10</td><td>9</td><td>1</td><td>1</td>" in report
    assert "<strong>missed</strong>" in report
    cards = worst_frames(evaluation.parts["test"], project, KEYPOINTS)
    assert (cards[0]["key"], cards[0]["keypoint"]) == (key(1), "")
    assert cards[1]["error_px"] == pytest.approx(1.0)


def test_folds_are_pooled_animal_by_animal(project):
    folds = [
        evaluate(project, make_run(project, f"cv-fold{i}", test), predictor=KnownPredictor())
        for i, test in enumerate([range(4), range(4, 8)])
    ]
    pooled = pool_folds(folds)["test"]
    assert (pooled["n_frames"], pooled["n_points"]) == (8, 39)
    assert (pooled["n_missed_instances"], pooled["n_extra_instances"]) == (1, 1)
    assert pooled["oks_mar"] == pytest.approx(13 / 14 * 7 / 10)


def test_a_part_without_a_single_animal_has_rows_of_nothing():
    frames = [LabeledFrame("day1", 3, (), image="img00003.png")]
    labels = Labels(Skeleton(KEYPOINTS), frames)
    part = part_of_several(labels, [KnownPredictor()._look(3)])
    assert np.isnan(part.truth).all()
    assert part.instances.n_true == 0
    assert not part.is_missed.any()


def test_animals_in_a_row_or_of_one_point_are_found_where_they_are():
    row, lone = np.array([[5.0, 9.0], [35.0, 9.0], [60.0, 9.0]]), np.full((3, 2), np.nan)
    lone[1] = [20.0, 70.0]
    animals = [row, row[:, ::-1], lone]
    labels = Labels(Skeleton(KEYPOINTS), [LabeledFrame("day1", 0, tuple(map(Instance, animals)))])
    plane = np.ones((3, 3))
    found = Prediction(np.stack(animals) + 0.5, plane, plane, plane, np.zeros((3, 3, 4)), np.ones(3))
    part = part_of_several(labels, [found])
    assert not part.is_missed.any()
    assert (part.instances.n_matched, part.instances.n_missed, part.instances.n_extra) == (3, 0, 0)
    assert part.area.min() > 0


def guess(points) -> Instance:
    return Instance(points, origin=[Origin.MODEL] * len(points))


NOWHERE = Instance(np.full((3, 2), np.nan))


@pytest.mark.parametrize(
    ("second", "third", "n_extra", "n_ignored"),
    [
        (guess(moved(BODY, 52.0, 52.0)), None, 0, 1),  # where the second animal is found, about
        (guess(moved(BODY, 75.0, 75.0)), None, 1, 0),  # somewhere else
        (guess(moved(BODY, 5.0, 6.0)), None, 1, 0),  # on the first animal: no further one
        (NOWHERE, None, 0, 1),
        (NOWHERE, NOWHERE, 0, 1),
        (None, None, 1, 0),  # as far as the labels say, all are labelled
    ],
)
def test_what_is_found_on_an_animal_that_nobody_labelled_is_neither_right_nor_extra(
    project, second, third, n_extra, n_ignored
):
    frames = list(project.load_labels())
    animals = [animal for animal in (frames[0].instances[0], second, third) if animal is not None]
    frames[0] = LabeledFrame("day1", 0, tuple(animals), image=frames[0].image)
    project.save_labels("day1", frames)
    evaluation = evaluate(project, make_run(project, test=[0]), predictor=KnownPredictor())
    test = evaluation.to_dict()["test"]
    counts = {name: test[f"n_{name}_instances"] for name in ("true", "predicted", "matched", "missed")}
    assert counts == {"true": 1, "predicted": 1 + n_extra, "matched": 1, "missed": 0}
    assert (test["n_extra_instances"], test["n_ignored_instances"]) == (n_extra, n_ignored)
    assert test["n_points"] == 3
    # The surest prediction is of the second animal: where it counts, it is a false one before the right one.
    assert test["oks_map"] == pytest.approx(0.7 / (1 + n_extra))
    assert pool_folds([evaluation])["test"]["n_ignored_instances"] == n_ignored
    report = write_report(evaluation, project, project.root / "report.html").read_text(encoding="utf-8")
    assert ("1 pose on animals that nobody labelled left out" in report) == bool(n_ignored)


def test_of_animals_that_may_be_anywhere_the_surest_predictions_are_ignored():
    points = np.stack([moved(BODY, 100.0 * i, 0.0) for i in range(4)])
    plane = np.full((4, 3), np.nan)
    found = Prediction(points, plane, plane, plane, np.zeros((4, 3, 4)), np.array([0.9, 0.5, 0.8, 0.7]))
    labels = Labels(Skeleton(KEYPOINTS), [LabeledFrame("day1", 0, (Instance(points[0]),))])
    part = part_of_several(labels, [found], unlabelled=[np.full((2, 3, 2), np.nan)])
    assert (part.instances.n_matched, part.instances.n_extra, part.n_ignored) == (1, 1, 2)
    np.testing.assert_array_equal(part.animals[0][0], points[:2])


def test_unlabelled_animals_of_a_frame():
    first = Instance(BODY)
    assert unlabelled_animals(LabeledFrame("a", 0, ()), 3).shape == (0, 3, 2)
    assert unlabelled_animals(LabeledFrame("a", 0, (first,)), 3).shape == (0, 3, 2)
    others = unlabelled_animals(LabeledFrame("a", 0, (NOWHERE, first, guess(BODY + 200), guess(BODY + 1))), 3)
    np.testing.assert_array_equal(others, [NOWHERE.points, BODY + 200])
    np.testing.assert_array_equal(unlabelled_animals(LabeledFrame("a", 0, (guess(BODY),)), 3), [BODY])


def test_an_animal_of_one_keypoint_is_as_large_as_a_part_of_the_frame():
    points = np.array([[[40.0, 50.0]], [[300.0, 200.0]]])
    labels = Labels(Skeleton(("middle",)), [LabeledFrame("day1", 0, tuple(map(Instance, points)))])
    plane = np.ones((2, 1))
    found = Prediction(points + np.array([1.8, 2.4]), plane, plane, plane, np.zeros((2, 1, 4)), np.ones(2))
    size = lone_size((640, 480))
    part = part_of_several(labels, [found], lone_px=size)
    assert (part.instances.n_matched, part.instances.n_extra) == (2, 0)
    # 3 px off, 32 px large: exp(-9 / (2 · 32² · 0.05²)) = 0.17, which is a match and below all of mAP.
    assert part.area.tolist() == [1024.0, 1024.0]
    assert part.instances.precision.mean_ap == 0
    assert part_of_several(labels, [found]).instances.n_matched == 0
    lone = Labels(labels.skeleton, [LabeledFrame("day1", 0, (Instance(points[0]),))])
    of_one = Prediction(points[:1], plane[:1], plane[:1], plane[:1], np.zeros((1, 1, 4)))
    assert part_of_one(lone, of_one, lone_px=size).area.tolist() == [1024.0]


class BlindPredictor(KnownPredictor):
    """Finds nothing."""

    def _look(self, frame: int) -> Prediction:
        plane = np.empty((0, 3))
        return Prediction(np.empty((0, 3, 2)), plane, plane, plane, np.empty((0, 3, 4)), np.empty(0))


def test_a_network_that_finds_nothing_is_said_to(project, tmp_path):
    evaluation = evaluate(project, make_run(project), predictor=BlindPredictor())
    test = evaluation.to_dict()["test"]
    assert (test["n_missed_instances"], test["n_extra_instances"], test["oks_map"]) == (10, 0, 0.0)
    report = write_report(evaluation, project, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Not one labelled point was found on 6 test frames" in report
    assert "nan" not in report.lower().split("</style>")[1].replace("nanmean", "")


def test_a_fold_that_found_nothing_is_pooled_all_the_same(project):
    blind = evaluate(project, make_run(project, "cv-fold0", range(4)), predictor=BlindPredictor())
    good = evaluate(project, make_run(project, "cv-fold1", range(4, 8)), predictor=KnownPredictor())
    pooled = pool_folds([blind, good])["test"]
    assert np.isnan(pooled["per_fold_mean_error_px"][0])
    assert (pooled["n_missed_instances"], pooled["mean_error_px"]) == (6, pytest.approx(1.0))
