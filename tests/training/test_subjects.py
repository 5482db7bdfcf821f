from dataclasses import replace

import numpy as np
import pytest

from marey.errors import InputError
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton
from marey.networks import Approach, ViewPlan
from marey.training.samples import Samples
from marey.training.subjects import (
    AllAnimals,
    EachAnimal,
    OneAnimal,
    animals_of,
    frame_targets,
    frames_to_learn,
    subjects_of,
)

from .herd import KEYPOINTS, SIDE, make_herd_project

SIZE = (100, 80)
TOP_DOWN = Approach("top-down", 2, n_animals=2)
BOTTOM_UP = Approach("bottom-up", 2, n_animals=2)
WHOLE = ViewPlan("whole", (SIDE, SIDE), 1.0, (SIDE, SIDE), 1.0, (SIDE, SIDE))
CROPS = ViewPlan("crop", (SIDE, SIDE), 1.0, (64, 64), 0.5, (64, 64))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def animal(x: float, y: float, **options) -> Instance:
    return Instance(np.array([[x - 5, y], [x + 5, y]]), **options)


FRAMES = [
    LabeledFrame("a", 0, (animal(20, 20), animal(60, 60))),
    LabeledFrame("a", 1, ()),
    LabeledFrame("a", 2, (animal(30, 30, origin=[Origin.MODEL, Origin.PERSON]),)),
]


def test_each_animal_is_drawn_and_so_is_a_frame_without_one():
    subjects = EachAnimal(FRAMES, TOP_DOWN, crop_px=64)
    assert subjects.n_draws == 4
    assert sorted(subjects.frame_of(draw) for draw in range(4)) == [0, 0, 1, 2]


def test_from_afar_the_anchors_of_all_are_asked_and_nothing_else():
    answer = EachAnimal(FRAMES, TOP_DOWN, crop_px=64).answer(0, SIZE, is_located=True, rng=rng())
    assert answer.center is None
    np.testing.assert_array_equal(answer.points[:, 2], [[20, 20], [60, 60]])
    assert np.isnan(answer.points[:, :2]).all()
    assert answer.counts.tolist() == [0, 0, 1]


def test_in_a_crop_only_the_animal_in_the_middle_is_asked():
    subjects = EachAnimal(FRAMES, TOP_DOWN, crop_px=64)
    answer = subjects.answer(1, SIZE, is_located=False, rng=rng())
    np.testing.assert_array_equal(answer.center, [60, 60])
    np.testing.assert_array_equal(answer.points[:, :2], [[[55, 60], [65, 60]]])
    assert np.isnan(answer.points[:, 2]).all()
    assert answer.counts.tolist() == [1, 1, 0]
    unsure = subjects.answer(2, SIZE, is_located=False, rng=rng())
    assert unsure.counts.tolist() == [0, 1, 0]  # what only a model placed is not known


def test_empty_crops_are_learned_where_no_animal_is_near():
    subjects = EachAnimal(FRAMES, TOP_DOWN, crop_px=20)
    nothing = [subjects.answer(3, SIZE, is_located=False, rng=rng(seed)) for seed in range(5)]
    assert all(np.isnan(answer.points).all() and answer.counts.tolist() == [1, 1, 0] for answer in nothing)
    answers = [subjects.answer(0, SIZE, is_located=False, rng=rng(seed)) for seed in range(400)]
    away = [answer for answer in answers if np.isnan(answer.points).all()]
    assert 0 < len(away) < 40
    anchors = np.array([[20, 20], [60, 60]])
    assert all(np.linalg.norm(anchors - answer.center, axis=1).min() >= 11 for answer in away)


def test_bottom_up_asks_for_all_and_leaves_out_what_is_unknown_of_one():
    subjects = AllAnimals(
        [*FRAMES, LabeledFrame("a", 3, (*FRAMES[0].instances, *FRAMES[2].instances))], BOTTOM_UP
    )
    both, none, _, mixed = (subjects.answer(d, SIZE, is_located=True, rng=rng()) for d in range(4))
    np.testing.assert_array_equal(both.points[:, 0], [[15, 20], [55, 60]])
    assert both.counts.tolist() == [1, 1]
    assert np.isnan(none.points).all()
    assert none.counts.tolist() == [1, 1]
    assert len(mixed.points) == 3
    assert mixed.counts.tolist() == [0, 1]


GUESS = [Origin.MODEL, Origin.MODEL]
NOBODY_SAID = Instance(np.full((2, 2), np.nan))


def to_learn(*instances) -> LabeledFrame:
    (frame,) = frames_to_learn(Labels(Skeleton(("a", "b")), [LabeledFrame("v", 0, instances)]))
    return frame


@pytest.mark.parametrize("other", [NOBODY_SAID, animal(60, 60, origin=GUESS)])
def test_an_animal_that_nobody_labelled_is_no_background(other):
    frame = to_learn(other, animal(20, 20))
    points, known = animals_of(frame, 2)
    np.testing.assert_array_equal(points, [[[15, 20], [25, 20]]])
    assert known.tolist() == [[True, True], [False, False]]
    everything = AllAnimals([frame], BOTTOM_UP).answer(0, SIZE, is_located=True, rng=rng())
    assert everything.counts.tolist() == [0, 0]
    assert len(everything.points) == 1
    subjects = EachAnimal([frame], TOP_DOWN, crop_px=20)
    assert subjects.n_draws == 1
    assert subjects.answer(0, SIZE, is_located=True, rng=rng()).counts.tolist() == [0, 0, 0]
    crops = [subjects.answer(0, SIZE, is_located=False, rng=rng(seed)) for seed in range(200)]
    assert all(crop.center.tolist() == [20, 20] for crop in crops), (
        "nowhere is it known that nothing is there"
    )
    assert all(crop.counts.tolist() == [1, 1, 0] for crop in crops)
    points, counts = frame_targets([frame], 2)
    assert (points[0].tolist(), counts.tolist()) == ([[15, 20], [25, 20]], [[1, 1]])


def test_a_guess_where_an_animal_was_labelled_is_no_further_animal():
    frame = to_learn(animal(20, 20), animal(20.5, 20, origin=GUESS), animal(60, 60))
    assert [instance.points[0, 0] for instance in frame.instances] == [15, 55]


def test_frames_in_which_all_is_labelled_or_nothing_is_there_stay_as_they_are():
    labels = Labels(Skeleton(("a", "b")), [*FRAMES, LabeledFrame("a", 3, (NOBODY_SAID,))])
    assert frames_to_learn(labels) == labels.confirmed().frames


def test_a_network_for_one_animal_is_not_taught_two():
    with pytest.raises(InputError, match="has 2 labelled animals"):
        frame_targets([to_learn(animal(20, 20), animal(60, 60), NOBODY_SAID)], 2)


def test_parts_of_frames_lie_around_animals_and_now_and_then_anywhere():
    subjects = AllAnimals(FRAMES, BOTTOM_UP)
    answers = [subjects.answer(0, SIZE, is_located=False, rng=rng(seed)) for seed in range(400)]
    centers = np.array([answer.center for answer in answers])
    shares = [(centers == place).all(axis=1).mean() for place in ((20, 20), (60, 60))]
    assert 0.3 < min(shares) <= max(shares) < 0.5
    assert 0.1 < 1 - sum(shares) < 0.3
    assert all(len(answer.points) == 2 for answer in answers), "all animals are asked for, wherever it is"
    empty = [subjects.answer(1, SIZE, is_located=False, rng=rng(seed)).center for seed in range(9)]
    assert len({tuple(center) for center in empty}) == 9


def test_the_approach_decides_what_is_drawn():
    kinds = {
        kind: type(subjects_of(FRAMES[1:], Approach(kind, 2), crop_px=64))
        for kind in ("single", "top-down", "bottom-up")
    }
    assert kinds == {"single": OneAnimal, "top-down": EachAnimal, "bottom-up": AllAnimals}
    assert animals_of(FRAMES[1], 2)[0].shape == (0, 2, 2)


@pytest.mark.parametrize(
    ("kind", "plan"),
    [("top-down", CROPS), ("bottom-up", WHOLE), ("bottom-up", replace(WHOLE, part_size=(64, 64)))],
)
def test_batches_of_several_animals_show_what_they_ask_for(tmp_path, config, kind, plan):
    project = make_herd_project(tmp_path / "herd", n_frames=6)
    settings = {"augmentation.occluders": 0, "augmentation.noise": 0, "augmentation.flip": True}
    approach = Approach(kind, 2, n_animals=2)
    samples = Samples(
        project, list(project.load_labels()), plan, config.with_settings(settings), approach=approach,
        flip_indices=np.array([1, 0]), is_flip_allowed=True,
    )  # fmt: skip
    n_seen = 0
    for step in range(6):
        batch = samples.batch(step)
        assert batch.points.shape[2:] == (approach.n_heatmaps, 2)
        assert plan.part_size is None or batch.images.shape[1:] == (64, 64, 3)
        for image, points in zip(batch.images, batch.points, strict=True):
            for pair in points[:, : len(KEYPOINTS)]:
                inside = np.isfinite(pair).all() and (pair > 4).all() and (pair < image.shape[0] - 5).all()
                if inside:  # where the blobs are, it is red or green
                    colours = image[tuple(pair.round().astype(int).T[::-1])].astype(int)
                    assert (colours[:, :2].max(axis=1) > colours[:, 2] + 30).all()
                    n_seen += 1
    assert n_seen > 10
