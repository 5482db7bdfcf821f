"""Ultralytics pose data sets."""

import cv2
import numpy as np
import pytest

from marey.errors import FormatError
from marey.formats import load_labels
from marey.model import Visibility

YAML = """path: /somewhere/else
train: images/train
names: {0: mouse}
kpt_shape: [3, 3]
flip_idx: [0, 2, 1]
kpt_names:
  0: [nose, left, right]
"""


def make(folder, yaml=YAML, rows="0 .5 .5 1 1 0.1 0.2 2 0.5 0.5 1 0 0 0\n"):
    for part in ("images/train", "labels/train"):
        (folder / part).mkdir(parents=True)
    for name in ("f2", "f7"):
        picture = cv2.imencode(".png", np.zeros((100, 200), np.uint8))[1]
        (folder / f"images/train/{name}.png").write_bytes(picture.tobytes())
    (folder / "labels/train/f2.txt").write_text(rows)
    (folder / "data.yaml").write_text(yaml)
    return folder


def test_positions_are_in_pixels(tmp_path):
    source = load_labels(make(tmp_path))
    assert [f.key for f in source.labels] == [("train", 2), ("train", 7)]
    instance = source.labels.frames[0].instances[0]
    np.testing.assert_array_equal(instance.points, [[20, 20], [100, 50], [np.nan, np.nan]])
    assert instance.visibility.tolist() == [Visibility.VISIBLE, Visibility.OCCLUDED, Visibility.UNLABELED]
    assert source.labels.skeleton.symmetries == (("left", "right"),)
    assert source.labels.skeleton.name == "mouse"
    assert source.labels.frames[1].instances == ()
    assert len(source.images) == 2


def test_without_visibility_0_0_is_missing(tmp_path):
    yaml = YAML.replace("[3, 3]", "[3, 2]")
    labels = load_labels(make(tmp_path, yaml, "0 .5 .5 1 1 0.1 0.2 0 0 0.5 0.5\n")).labels
    assert labels.frames[0].instances[0].visibility.tolist() == [3, 0, 3]


@pytest.mark.data
def test_the_real_one(shared_data):
    source = load_labels(shared_data / "formats/ultralytics")
    assert [len(f.instances) for f in source.labels] == [1, 2, 1]
    assert any("kpt_names" in note for note in source.notes)
    assert source.labels.skeleton.symmetries == (("keypoint0", "keypoint1"), ("keypoint2", "keypoint3"))


@pytest.mark.parametrize(
    ("yaml", "rows", "message"),
    [
        (YAML, "0 .5 .5 1 1 0.1\n", "expected 14 numbers in line 1"),
        (YAML, "0 .5 .5 1 1 a b 2 0.5 0.5 1 0 0 0\n", "expected numbers in line 1"),
        (YAML.replace("[3, 3]", "17"), "", "expected kpt_shape"),
        (YAML.replace("[0, 2, 1]", "[0, 9, 1]"), "", "names no keypoint"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, yaml, rows, message):
    with pytest.raises(FormatError, match=message):
        load_labels(make(tmp_path, yaml, rows))
