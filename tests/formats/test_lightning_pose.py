"""Lightning Pose folders, both ways."""

import numpy as np
import pytest

from marey.errors import InputError, LabelsError
from marey.formats import load_labels, save_labels
from marey.model import Visibility

TABLE = """scorer,rick,rick,rick,rick
bodyparts,nose,nose,tail,tail
coords,x,y,x,y
labeled-data/vid/img00000012.png,1,2,3,4
labeled-data/vid/img00000009.png,5,6,,
"""


def make(folder, table=TABLE, name="CollectedData.csv"):
    (folder / "labeled-data/vid").mkdir(parents=True, exist_ok=True)
    (folder / "videos").mkdir(exist_ok=True)
    (folder / "videos/test.mp4").touch()
    for number in (9, 12, 30):
        (folder / f"labeled-data/vid/img{number:08d}.png").touch()
    (folder / name).write_text(table)
    return folder


def test_frames_images_and_videos(tmp_path):
    source = load_labels(make(tmp_path))
    assert [f.key for f in source.labels] == [("vid", 12), ("vid", 9)]
    assert set(source.images) == {("vid", 12), ("vid", 9), ("vid", 30)}
    assert source.notes == ("images without a row, waiting to be labelled: 1",)
    assert source.videos == {"test": tmp_path / "videos/test.mp4"}


@pytest.mark.data
def test_the_mouse_on_its_wheel(shared_data):
    source = load_labels(shared_data / "mirror_mouse")
    assert len(source.labels) == 90
    assert len(source.labels.skeleton) == 17
    assert source.labels.frames[0].image_key == "mirror_mouse/img01.png"
    assert np.isnan(source.labels.to_array()).mean() == pytest.approx(0.088, abs=0.001)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("1", "0"), [Visibility.VISIBLE, Visibility.OCCLUDED]),
        (("2", "1"), [Visibility.VISIBLE, Visibility.OCCLUDED]),
        (("1", "1"), [Visibility.VISIBLE, Visibility.VISIBLE]),
    ],
)
def test_a_column_of_visibility(tmp_path, flags, expected):
    table = (
        "scorer,r,r,r,r,r,r\nbodyparts,nose,nose,nose,tail,tail,tail\ncoords,x,y,visible,x,y,visible\n"
        f"labeled-data/vid/img00000012.png,1,2,{flags[0]},3,4,{flags[1]}\n"
    )
    labels = load_labels(make(tmp_path, table)).labels
    assert labels.frames[0].instances[0].visibility.tolist() == expected


def test_columns_that_are_no_coordinates_are_left_out(tmp_path):
    lines = TABLE.splitlines()
    extra = ["set", "", "", "train", "train"]
    table = "\n".join(f"{line},{cell}" for line, cell in zip(lines, extra, strict=True)) + "\n"
    source = load_labels(make(tmp_path, table))
    assert source.labels.skeleton.keypoints == ("nose", "tail")
    assert any("columns that are no coordinates, left out: 1" in note for note in source.notes)


def test_a_second_table_must_have_the_same_keypoints(tmp_path):
    make(tmp_path, TABLE, "CollectedData_train.csv")
    make(tmp_path, TABLE.replace("tail", "paw").replace("000000", "000001"), "CollectedData_val.csv")
    with pytest.raises(LabelsError, match="keypoint 'paw'"):
        load_labels(tmp_path)


def test_round_trip(single_labels, tmp_path):
    losses = save_labels(single_labels, tmp_path / "lp", format="lightning-pose", scorer="ada")
    assert any("without an image here" in loss for loss in losses)
    assert load_labels(tmp_path / "lp").labels.frames == single_labels.frames


def test_several_animals_have_no_place(pair_labels, tmp_path):
    with pytest.raises(InputError, match="one animal"):
        save_labels(pair_labels, tmp_path / "lp", format="lightning-pose")
    assert not (tmp_path / "lp").exists()
