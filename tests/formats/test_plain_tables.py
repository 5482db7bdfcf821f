"""Plain tables of labels and poses."""

import numpy as np
import pytest
import xarray as xr

from marey.errors import FormatError, InputError
from marey.formats import detect_format, export_poses, load_labels, load_poses, save_labels
from marey.model import create_poses

POSES = """frame,individual,keypoint,x,y,confidence
3,ann,nose,1,2,0.5
3,ann,tail,3,4,0.25
5,ann,nose,5,6,1
"""


def write(path, text):
    path.write_text(text)
    return path


def test_labels_round_trip_as_a_folder_without_any_loss(pair_labels, single_labels, tmp_path):
    for number, labels in enumerate((pair_labels, single_labels)):
        target = tmp_path / f"labels {number}"
        assert save_labels(labels, target, format="table") == []
        assert detect_format(target, "load_labels").name == "table"
        assert load_labels(target).labels == labels


def test_labels_of_one_video_as_one_file(pair_labels, tmp_path):
    losses = save_labels(pair_labels, tmp_path / "duo.csv", format="table")
    assert "no edges" in losses[0]
    again = load_labels(tmp_path / "duo.csv").labels
    assert again.frames == pair_labels.frames
    assert again.skeleton.keypoints == pair_labels.skeleton.keypoints


def test_several_videos_do_not_fit_into_one_file(single_labels, tmp_path):
    with pytest.raises(InputError, match="one table holds one video"):
        save_labels(single_labels, tmp_path / "l.csv", format="table")


def test_poses_round_trip(pair_poses, tmp_path):
    path = tmp_path / "p.csv"
    assert export_poses(pair_poses, path, format="table") == []
    assert detect_format(path, "load_poses").name == "table"
    again = load_poses(path)
    xr.testing.assert_equal(again, pair_poses)
    assert again.attrs["fps"] == pytest.approx(30)


def test_errors_and_three_dimensions_are_kept(tmp_path):
    poses = create_poses(
        np.arange(6.0).reshape(1, 3, 2, 1),
        keypoints=["a", "b"],
        expected_error=np.full((1, 2, 1), 1.5),
        error_90=np.full((1, 2, 1), 4.0),
    )
    export_poses(poses, tmp_path / "p.csv", format="table")
    again = load_poses(tmp_path / "p.csv")
    assert again["expected_error"].values.tolist() == [[[1.5], [1.5]]]
    np.testing.assert_array_equal(again["position"], poses["position"])


def test_missing_rows_are_missing_points(tmp_path):
    poses = load_poses(write(tmp_path / "p.csv", POSES))
    assert poses["frame"].values.tolist() == [3, 5]
    assert np.isnan(poses["position"].sel(keypoint="tail").values[1]).all()


def test_decimal_commas(tmp_path):
    text = POSES.replace(",", ";").replace("0.5", "0,5").replace("0.25", "0,25")
    assert load_poses(write(tmp_path / "p.csv", text))["confidence"].values[0, 0, 0] == 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (POSES.replace("5,6", "x,6"), "line 4, column 'x', .*'x'"),
        (POSES.replace("5,ann", "3,ann"), "keypoint 'nose' of frame 3 in several rows"),
        (POSES.replace("5,ann", ",ann"), "a frame and a keypoint in every row"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        load_poses(write(tmp_path / "p.csv", text))
