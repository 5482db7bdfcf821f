"""Trainings of several animals: how they are planned, what they refuse, and that they learn."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.errors import ConfigError, InputError, LabelsError
from marey.formats import load_poses
from marey.model import Instance, LabeledFrame, Origin, Skeleton
from marey.prediction.engines import FunctionEngine
from marey.prediction.several import predictor_of
from marey.runs import Run
from marey.training import train
from marey.training.inference import torch_infer
from marey.training.planning import _plan_fields, describe_plan, plan_for, plan_training
from marey.training.validation import FrameCheck

from .conftest import make_project
from .herd import make_herd_project


@pytest.fixture
def herd(tmp_path):
    return make_herd_project(tmp_path / "zwei 🐭🐭")


def plan(project, config, **settings):
    return plan_training(project, list(project.load_labels().confirmed()), config.with_settings(settings))


def test_the_labels_choose_and_the_user_may(herd, config):
    approach, views = plan(herd, config)
    assert (approach.kind, approach.n_animals) == ("bottom-up", 2)  # the frame is hardly larger than a crop
    assert "up to 2 animals" in describe_plan(approach, views)
    assert plan_for(herd, list(herd.load_labels()), config).reason == describe_plan(approach, views)
    approach, views = plan(herd, config, approach="top-down")
    assert (approach.kind, approach.n_animals, views.kind) == ("top-down", 2, "crop")
    approach, views = plan(herd, config, approach="bottom-up")
    assert (approach.kind, approach.edges, views.kind) == ("bottom-up", ((0, 1),), "whole")
    assert approach.reason == "as was asked for"
    approach, _ = plan(herd, config, approach="top-down", anchor="green")
    assert approach.anchor == 1


def test_one_animal_is_planned_as_before(tmp_path, config):
    approach, views = plan(make_project(tmp_path / "one"), config)
    assert (approach.kind, approach.n_channels, views.kind) == ("single", 2, "whole")
    assert describe_plan(approach, views) == views.reason


def test_a_crop_holds_the_animal_however_it_is_turned(herd, config):
    _, views = plan(herd, config, approach="top-down")
    assert views.size[0] / views.scale >= 16 * 1.1
    _, views = plan(herd, config, approach="top-down", crop_side=128)
    assert views.size == (128, 128)


@pytest.mark.parametrize(
    ("length", "view", "whole", "part"),
    [
        (20, "auto", (320, 256), (128, 128)),
        (20, "whole", (320, 256), None),
        (110, "auto", (288, 224), (160, 160)),
        (150, "auto", (256, 192), None),
    ],
)
def test_bottom_up_learns_from_parts_where_animals_are_small(config, length, view, whole, part):
    animals = [np.array([[[50.0, 60.0], [50.0 + length, 60.0]], [[90.0, 80.0], [90.0, 80.0 + length]]])]
    settings = config.with_settings({"view": view, "whole_side": 256, "backbone": "lite0"})
    _, views = _plan_fields(Skeleton(("nose", "tail")), animals, (320, 240), settings)
    assert (views.size, views.locate_size) == (whole, whole), "what is predicted is whole frames"
    assert views.part_size == part
    assert ("parts" in views.reason) == (part is not None)


@pytest.mark.parametrize(
    ("backbone", "has_parts"),
    [
        ("auto", True),
        ("lite0", True),
        ("convnext_tiny", True),
        ("seresnet50", False),
        ("mobilenetv3", False),
        ("dinov2_small", False),
    ],
)
def test_a_backbone_that_looks_at_the_whole_image_learns_from_whole_frames(config, backbone, has_parts):
    animals = [np.array([[[50.0, 60.0], [70.0, 60.0]]])]
    settings = config.with_settings({"backbone": backbone, "whole_side": 256})
    _, views = _plan_fields(Skeleton(("nose", "tail")), animals, (320, 240), settings)
    assert (views.part_size is not None) == has_parts


def test_a_part_is_no_taller_than_a_flat_frame(config):
    animals = [np.array([[[50.0, 60.0], [130.0, 60.0]]])]
    settings = config.with_settings({"backbone": "lite0"})
    _, views = _plan_fields(Skeleton(("nose", "tail")), animals, (640, 64), settings)
    assert views.part_size == (128, 64)
    assert "parts of it of 128×64" in views.reason


def test_settings_that_contradict_each_other_are_refused(herd, config):
    with pytest.raises(ConfigError, match="top-down measures each animal in a crop"):
        plan(herd, config, approach="top-down", view="whole")
    with pytest.raises(ConfigError, match="bottom-up sees the whole frame at once"):
        plan(herd, config, approach="bottom-up", crop_side=64)
    with pytest.raises(LabelsError, match="no keypoint 'nose'"):
        plan(herd, config, approach="top-down", anchor="nose")
    with pytest.raises(InputError, match=r"has 2 labelled animals, but this\s+network finds one"):
        train(herd, "one", config.with_settings({"approach": "single"}))


def test_more_animals_than_the_project_says_are_refused(herd, config):
    herd.set_individuals(("Ada", "Bo"))
    plan(herd, config)
    frames = list(herd.load_labels())
    third = (*frames[5].instances, Instance(np.array([[1.0, 2.0], [3.0, 4.0]])))
    frames[5] = LabeledFrame("day1", 5, third, image=frames[5].image)
    herd.save_labels("day1", frames)
    with pytest.raises(InputError, match="frame 5 of day1 has 3 labelled animals, but the project lists 2"):
        train(herd, "first", config)
    assert not herd.run_folder("first").exists()


def test_a_training_says_that_not_all_animals_are_labelled(herd, config):
    herd.set_individuals(("Ada", "Bo"))
    frames = list(herd.load_labels())
    guess = Instance(np.array([[1.0, 2.0], [3.0, 4.0]]), origin=[Origin.MODEL] * 2)
    frames[5] = LabeledFrame("day1", 5, (*frames[5].instances, guess), image=frames[5].image)
    herd.save_labels("day1", frames)
    said = []
    train(herd, "a", config.with_settings({"steps": 1}), progress=lambda p: said.append(p.message))
    assert any(
        "not all animals are labelled in 1 frame: nothing is learned from them" in m for m in said if m
    )


def test_named_and_unnamed_animals_train_alike(tmp_path, config):
    """The rule: names play no part in finding animals."""
    named = make_herd_project(tmp_path / "named", individuals=("Ada", "Bo"))
    unnamed = make_herd_project(tmp_path / "unnamed")
    runs = [train(project, "a", config.with_settings({"steps": 2})) for project in (named, unnamed)]
    assert runs[0].approach == runs[1].approach
    assert runs[0].provenance["weights_sha256"] == runs[1].provenance["weights_sha256"]


def test_a_run_goes_on_in_the_way_it_was_begun(herd, config):
    run = train(herd, "a", config.with_settings({"steps": 1, "approach": "top-down"}))
    run.weights_path.unlink()
    with pytest.raises(InputError, match="was begun as top-down, and cannot go on as bottom-up"):
        train(herd, "a", config.with_settings({"approach": "bottom-up"}), resume=True)
    assert train(herd, "a", config, resume=True).approach.kind == "top-down"


@pytest.mark.parametrize("kind", ["top-down", "bottom-up"])
def test_every_approach_trains_validates_and_calibrates(herd, config, kind):
    run = train(herd, kind, config.with_settings({"approach": kind, "steps": 3, "validate_every": 3}))
    assert run.approach.kind == kind
    assert Run.open(run.path).load_measuring_network().head.out_channels == run.approach.n_channels
    again = train(
        herd, f"{kind} 2", config.with_settings({"approach": kind, "steps": 3, "validate_every": 3})
    )
    assert run.weights_hash == again.weights_hash  # the same seed


@pytest.mark.parametrize("kind", ["top-down", "bottom-up"])
@pytest.mark.parametrize(
    "backbone",
    [
        "lite0",
        "resnet18",
        "hrnet_w18_small",
        "convnext_atto",
        "tf_efficientnet_b0",
        "dinov2_small",  # patches of 14 pixels
        "vit_tiny_patch16_224",
    ],
)
def test_every_family_of_backbones_learns_and_finds_several_animals(herd, config, backbone, kind):
    settings = {"approach": kind, "backbone": backbone, "steps": 2, "validate_every": 1, "batch_size": 2}
    run = train(herd, "a", config.with_settings(settings))
    with (run.path / "metrics.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 2
    assert all(np.isfinite(float(row["loss"])) for row in rows)
    network = run.load_network()
    assert network.head.out_channels == run.approach.n_channels
    predictor = predictor_of(run, FunctionEngine(torch_infer(network)))
    found = list(predictor.predict_animals(list(herd.read_images(list(herd.load_labels())[:3]))))
    assert len(found) == 3
    assert all(len(one.points) <= 2 and one.points.shape[1:] == (2, 2) for one in found)


def test_an_animal_that_was_missed_counts_as_off_by_its_size(herd, config):
    run = train(herd, "a", config.with_settings({"steps": 1, "approach": "top-down"}))
    frames = list(herd.load_labels())[:3]
    check = FrameCheck(run, herd, frames)
    assert check.frame_rows.tolist() == [0, 0, 1, 1, 2, 2]

    def blind(images):
        return np.full((len(images), 3, images.shape[1] // 4, images.shape[2] // 4), -20.0, np.float32)

    points, features = check.see(blind)
    assert np.isnan(points).all()
    assert np.isnan(features).all()
    assert check.mean_error(blind) == pytest.approx(16.0)  # the blobs of an animal are so far apart


def test_of_one_keypoint_a_missed_animal_counts_as_off_too(tmp_path, config):
    herd = make_herd_project(tmp_path / "points")
    herd.set_skeleton(Skeleton(("red",)), allow_loss=True)
    run = train(herd, "a", config.with_settings({"steps": 1, "approach": "top-down"}))
    check = FrameCheck(run, herd, list(herd.load_labels())[:2])

    def blind(images):
        return np.full((len(images), 2, images.shape[1] // 4, images.shape[2] // 4), -20.0, np.float32)

    assert check.mean_error(blind) == pytest.approx(10.0)  # a twentieth of 96 px would be less


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["top-down", "bottom-up"])
def test_two_animals_are_learned_evaluated_predicted_and_tracked(tmp_path, kind):
    from marey.video import VideoWriter

    from .herd import SIDE, draw, make_truth

    project = make_herd_project(tmp_path / "zwei", n_frames=32)
    video = tmp_path / "new.mp4"
    truth = np.repeat(make_truth(2, seed=9), 15, axis=0)
    with VideoWriter(video, fps=25, size=(SIDE, SIDE)) as writer:
        for i, animals in enumerate(truth[:15]):
            writer.write(draw(animals, i))
    run = CliRunner()
    folder = str(project.root)
    settings = ("augmentation.occluders=0", "validate_every=40", "workers=1", "augmentation.scale=1.1")
    options = [part for setting in settings for part in ("--set", setting)]
    command = [
        "train",
        folder,
        "--run",
        "a",
        "--approach",
        kind,
        "--steps",
        "160",
        "--device",
        "cpu",
        *options,
    ]
    result = run.invoke(app, command)
    assert result.exit_code == 0, result.output
    result = run.invoke(app, ["evaluate", folder, "--run", "a", "--json"])
    assert result.exit_code == 0, result.output
    test = json.loads(result.stdout)["test"]
    assert test["n_true_instances"] == 2 * test["n_frames"]
    assert test["n_missed_instances"] + test["n_matched_instances"] == test["n_true_instances"]
    poses = tmp_path / "poses"
    result = run.invoke(app, ["predict", folder, str(video), "--run", "a", "--output", str(poses)])
    assert result.exit_code == 0, result.output
    found = load_poses(poses / "new.h5")["position"].values.transpose(0, 3, 2, 1)
    apart = np.linalg.norm(found[:, :, None] - truth[:15, None], axis=-1).max(axis=-1)
    assert np.median(np.nanmin(apart, axis=1)) < 4
    tracks = tmp_path / "tracks.nc"
    result = run.invoke(app, ["track", str(poses / "new.h5"), "--n-animals", "2", "--output", str(tracks)])
    assert result.exit_code == 0, result.output
    assert load_poses(tracks).sizes["individual"] == 2
