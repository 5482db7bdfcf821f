"""Who is who, learned from labels that name animals."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file

from marey.errors import ConfigError
from marey.model import Instance, LabeledFrame, Skeleton
from marey.networks.approach import Approach
from marey.prediction.engines import FunctionEngine
from marey.prediction.several import predictor_of
from marey.project import Project
from marey.runs import Run, TrainingConfig
from marey.training import train
from marey.training.identity import FEWEST_FRAMES, names_to_learn
from marey.training.inference import torch_infer

from .herd import KEYPOINTS, SIDE, draw, make_truth

NAMES = ("Ada", "Bo")


def make_named_project(folder, *, n_frames=48, is_right=True):
    """Two animals, of which Bo's middle is blue; names are right, or drawn by chance."""
    project = Project.create(folder, skeleton=Skeleton(KEYPOINTS), individuals=NAMES)
    project.add_video(folder.parent / "day1.mp4", missing_ok=True)
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:SIDE, :SIDE]
    frames = []
    for i, animals in enumerate(make_truth(n_frames)):
        turned = rng.permutation(2)  # who is where says nothing
        ada, bo = animals[turned]
        image = draw(np.stack([ada, bo]), i).astype(float)
        middle = bo.mean(axis=0)
        image[..., 2] += 150 * np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (2 * 4.0**2))
        image = project.add_image("day1", i, image.clip(0, 255).astype(np.uint8))
        names = NAMES if is_right else tuple(rng.permutation(NAMES))
        instances = tuple(Instance(p, individual=n) for p, n in zip((ada, bo), names, strict=True))
        frames.append(LabeledFrame("day1", i, instances, image=image.name))
    project.save_labels("day1", frames)
    return project


def settings(config, kind, **more):
    return config.with_settings({"approach": kind, "steps": 2, "validation_fraction": 0.3, **more})


def frames_named(named, unnamed=0):
    points = np.zeros((2, 2))
    frames = [
        LabeledFrame("v", i, (Instance(points, individual="Ada"), Instance(points + 9, individual="Bo")))
        for i in range(named)
    ]
    return frames + [
        LabeledFrame("v", 1000 + i, (Instance(points), Instance(points + 9))) for i in range(unnamed)
    ]


def test_names_are_learned_where_most_animals_have_one():
    config, approach = TrainingConfig(), Approach("top-down", 2, n_animals=2)
    n = FEWEST_FRAMES
    assert names_to_learn(frames_named(n), config, approach) == NAMES
    assert names_to_learn(frames_named(n - 1), config, approach) == ()
    assert names_to_learn(frames_named(n, n), config, approach) == NAMES
    assert names_to_learn(frames_named(n, n + 1), config, approach) == ()
    asked = config.with_settings({"identity": "on"})
    assert names_to_learn(frames_named(n, 10 * n), asked, approach) == NAMES
    assert names_to_learn(frames_named(n), config.with_settings({"identity": "off"}), approach) == ()
    assert names_to_learn(frames_named(n), config, replace(approach, kind="single")) == ()
    with pytest.raises(ConfigError, match="labels name 0 individuals in at least 8 frames"):
        names_to_learn(frames_named(n - 1), asked, approach)


@pytest.mark.parametrize("kind", ["top-down", "bottom-up"])
def test_a_network_learns_who_is_who_and_its_poses_stay_the_same(tmp_path, config, kind):
    project = make_named_project(tmp_path / "zwei")
    run = train(project, "named", settings(config, kind))
    assert run.identity is not None
    assert run.identity.individuals == run.approach.individuals == NAMES
    assert run.identity.accuracy > 0.9
    without = train(project, "nameless", settings(config, kind, identity="off"))
    assert without.identity is None
    ours, theirs = load_file(run.weights_path), load_file(without.weights_path)
    assert set(ours) - set(theirs) == {name for name in ours if name.startswith("identity.")}
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    # what is learned at keypoints is read at keypoints
    predictor = predictor_of(run, FunctionEngine(torch_infer(run.load_network())))
    frames = list(project.load_labels().confirmed())
    keys = {frame.image_key: frame for frame in frames}
    told = [keys[key] for key in run.split.validation]
    n_right = 0
    for image, frame in zip(project.read_images(told), told, strict=True):
        for animal in frame.instances:
            center = animal.points.mean(axis=0)
            is_crop = kind == "top-down"
            view = run.plan.crop_view(center) if is_crop else run.plan.locate_view(image.shape[1::-1])
            (logits,) = torch_infer(run.load_network())(view.cut(image)[None])
            maps = run.approach.split_channels(logits)[2]
            assert len(maps) == 2
            pose = replace(predictor._nothing(), points=animal.points, peak=np.ones(2), view=view)
            n_right += NAMES[int(np.argmax(predictor.name(pose, maps).identity))] == animal.individual
    assert n_right >= 0.85 * sum(len(frame.instances) for frame in told)


def test_names_that_say_nothing_are_not_carried(tmp_path, config):
    project = make_named_project(tmp_path / "zwei", is_right=False)
    run = train(project, "named", settings(config, "top-down"))
    assert run.identity is None
    assert run.approach.individuals == ()
    assert not [name for name in load_file(run.weights_path) if name.startswith("identity.")]
    Run.open(run.path).load_network()
