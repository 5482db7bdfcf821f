import json

import numpy as np
import pytest

from marey.errors import ConfigError, FormatError, InputError, NotFoundError
from marey.model import Instance, LabeledFrame
from marey.training import make_splits


def frames(**counts: int) -> list[LabeledFrame]:
    instance = Instance(np.zeros((2, 2)))
    return [
        LabeledFrame(video, 10 * i, (instance,), image=f"img{10 * i:04d}.png")
        for video, n in counts.items()
        for i in range(n)
    ]


def parts(split) -> list[tuple[str, ...]]:
    return [split.train, split.validation, split.test]


def numbers(keys) -> list[int]:
    return [int(key[-8:-4]) for key in keys]


def test_blocks_test_the_end_of_the_recording():
    (split,) = make_splits(frames(a=116), "blocks:0.8")
    assert (len(split.train) + len(split.validation), len(split.test)) == (93, 23)
    assert len(split.validation) == round(0.12 * 93)
    assert min(numbers(split.test)) > max(numbers(split.train + split.validation))
    assert split.description == "blocks:0.8"


def test_blocks_take_the_end_of_each_video_in_time_whatever_the_order_of_rows():
    rows = frames(a=10, b=20)
    (split,) = make_splits(rows[::-1], "blocks:0.8")
    assert sorted(split.test) == sorted(f.image_key for f in [*rows[8:10], *rows[26:]])


def test_validation_lies_in_stretches_over_the_whole_training_part():
    (split,) = make_splits(frames(a=100), "blocks:0.8")
    chosen = np.array(numbers(split.validation)) // 10
    assert (np.diff(chosen) == 1).sum() >= len(chosen) - 4  # at most four stretches
    assert chosen.min() < 30
    assert chosen.max() > 50


@pytest.mark.parametrize("rule", ["blocks:0.8", "random:0.7", "videos:0.5", "kfold:4", "all"])
def test_every_frame_is_in_exactly_one_part(rule):
    rows = frames(a=13, b=7, c=4)
    for split in make_splits(rows, rule):
        assert sorted(sum(parts(split), ())) == sorted(f.image_key for f in rows)
        assert split.train
        assert split.validation
        assert bool(split.test) == (rule != "all")


def test_random_depends_on_the_seed_alone():
    rows = frames(a=50)
    assert make_splits(rows, "random:0.8", seed=1) == make_splits(rows, "random:0.8", seed=1)
    assert make_splits(rows, "random:0.8", seed=1) != make_splits(rows, "random:0.8", seed=2)
    assert len(make_splits(rows, "random:0.8")[0].test) == 10


def test_whole_videos_are_tested():
    (split,) = make_splits(frames(a=10, b=10, c=10, d=10), "videos:0.75")
    assert len({key.split("/")[0] for key in split.test}) == 1
    assert len(split.test) == 10
    with pytest.raises(InputError, match="at least two videos, but there is one"):
        make_splits(frames(a=10), "videos:0.8")


def test_folds_test_every_frame_once_in_one_stretch_of_each_video():
    rows = frames(a=20, b=10)
    splits = make_splits(rows, "kfold:5")
    tested = sum((split.test for split in splits), ())
    assert sorted(tested) == sorted(f.image_key for f in rows)
    for split in splits:
        in_a = sorted(n for key, n in zip(split.test, numbers(split.test), strict=True) if key[0] == "a")
        assert in_a == list(range(in_a[0], in_a[0] + 40, 10))
    with pytest.raises(InputError, match="31 folds need at least 31 labelled frames, got 30"):
        make_splits(rows, "kfold:31")


def test_no_validation_frames_if_none_are_wanted():
    (split,) = make_splits(frames(a=10), "blocks:0.8", validation_fraction=0)
    assert split.validation == ()


@pytest.mark.parametrize(
    "names",
    [
        {"train": list(range(6)), "test": [6, 7]},
        {"train": [f"a/img{10 * i:04d}.png" for i in range(6)], "test": ["img0060.png", "x\\a\\img0070.png"]},
        {"train": [f"labeled-data/a/img{10 * i:04d}.png" for i in range(6)], "test": ["a/60", "a/70"]},
    ],
)
def test_a_file_of_rows_or_of_names(names, tmp_path):
    path = tmp_path / "aufteilung ü.json"
    path.write_text(json.dumps(names), encoding="utf-8")
    (split,) = make_splits(frames(a=8), str(path), validation_fraction=0.2)
    assert split.test == ("a/img0060.png", "a/img0070.png")
    assert len(split.train) + len(split.validation) == 6


def told(messages):
    return lambda event: messages.append(event.message)


def test_rows_count_frames_without_labels_which_are_left_out_and_named(tmp_path):
    path = tmp_path / "split.json"
    labelled = frames(a=6)
    rows = ["b/img0000.png", *(frame.image_key for frame in labelled[:4]), "a/img0099.png"]
    names = {"train": [1, 2, 5, "a/img0040.png", "img0099.png"], "test": [4, "b/img0000.png", "a/new1.png"]}
    path.write_text(json.dumps(names), encoding="utf-8")
    messages = []
    (split,) = make_splits(
        labelled,
        str(path),
        validation_fraction=0,
        rows=rows,
        unlabelled=["a/new1.png", "b/img0010.png"],
        progress=told(messages),
    )
    assert split.train == ("a/img0000.png", "a/img0010.png", "a/img0040.png")
    assert split.test == ("a/img0030.png",)
    names_told = "3 (a/img0099.png, b/img0000.png, a/new1.png)"
    assert messages == [f"{path} names frames without labels, which were left out: {names_told}"]
    path.write_text('{"train": ["img0010.png", 0], "test": [6]}', encoding="utf-8")
    with pytest.raises(InputError, match="names row 6, but the project has the rows 0 to 5"):
        make_splits(labelled, str(path), rows=rows)
    path.write_text('{"train": ["img0010.png"], "test": []}', encoding="utf-8")
    (split,) = make_splits(labelled, str(path), rows=rows, unlabelled=["b/img0010.png"])
    assert split.train == ("a/img0010.png",)  # the frame that has labels is the one that is meant
    path.write_text('{"train": [0, "a/img0099.png"], "test": [1]}', encoding="utf-8")
    with pytest.raises(InputError, match="leaves no frame to train on"):
        make_splits(labelled, str(path), rows=rows)


def test_of_many_frames_left_out_some_are_named(tmp_path):
    path = tmp_path / "split.json"
    path.write_text('{"train": [0, 1], "test": ' + str(list(range(2, 32))) + "}", encoding="utf-8")
    messages = []
    labelled = frames(a=2)
    rows = [frame.image_key for frame in frames(a=32)]
    make_splits(labelled, str(path), rows=rows, progress=told(messages))
    assert messages[0].endswith("a/img0200.png, a/img0210.png and 10 more)")
    assert "left out: 30 (" in messages[0]


def test_the_split_of_another_run_is_kept_with_its_validation_frames(tmp_path):
    path = tmp_path / "split.json"
    first = make_splits(frames(a=20), "blocks:0.8")[0]
    parts_by_name = {"train": first.train, "validation": first.validation, "test": first.test}
    path.write_text(json.dumps(parts_by_name), encoding="utf-8-sig")
    (again,) = make_splits(frames(a=20), str(path), seed=9)
    assert parts(again) == parts(first)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ('{"train": [0, 1], "validation": [1], "test": [2]}', InputError, "into the training and validation"),
        ('{"train": [0, 1], "validation": [2], "test": [2]}', InputError, "into the training and the test"),
        ("{", FormatError, "should hold"),
        ("[1, 2]", FormatError, "should hold"),
        ('{"train": [0]}', FormatError, "'test'"),
        ('{"train": [0], "test": [99]}', InputError, "names row 99, but the project has the rows 0 to 15"),
        ('{"train": [0], "test": ["no.png"]}', InputError, "'no.png', which fits 0 frames"),
        ('{"train": [0], "test": ["img0010.png"]}', InputError, "fits 2 frames .* instead of one"),
        ('{"train": [0, 1], "test": [1]}', InputError, "puts a/img0010.png into the training and the test"),
        ('{"train": [], "test": [1]}', InputError, "leaves no frame to train on"),
    ],
)
def test_a_wrong_file_is_explained(content, error, message, tmp_path):
    path = tmp_path / "split.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error, match=message):
        make_splits(frames(a=8, b=8), str(path))


def test_rules_that_cannot_be():
    rows = frames(a=10)
    with pytest.raises(ConfigError, match="'halves' is not a way to split frames"):
        make_splits(rows, "halves")
    for rule in ("blocks:80", "random:x", "kfold:1", "kfold:2.5", "videos:nan"):
        with pytest.raises(ConfigError, match=f"the split '{rule}' needs a number from"):
            make_splits(rows, rule)
    with pytest.raises(NotFoundError, match="expected a split file at"):
        make_splits(rows, "nowhere.json")
    with pytest.raises(InputError, match="at least two labelled frames, got 1"):
        make_splits(rows[:1], "blocks:0.8")
