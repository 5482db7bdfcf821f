"""Pose files of JABS."""

import h5py
import numpy as np
import pytest

from marey.errors import FormatError, InputError
from marey.formats import export_poses, load_labels, load_poses


@pytest.mark.data
def test_one_mouse_stored_as_y_x(shared_data):
    poses = load_poses(shared_data / "formats/jabs/example_pose_est_v2.h5")
    assert dict(poses.sizes) == {"time": 100, "space": 2, "keypoint": 12, "individual": 1}
    nose = poses["position"].sel(keypoint="NOSE").values[0, :, 0]
    assert nose.tolist() == [267, 371]  # the file has [371, 267]
    assert float(poses["confidence"].max()) == 1.0


@pytest.mark.data
def test_four_mice_by_identity(shared_data):
    path = shared_data / "formats/jabs/example_pose_est_v5.h5"
    poses = load_poses(path)
    assert poses["individual"].values.tolist() == ["1", "2", "3", "4"]
    with h5py.File(path) as file:
        slot = int(np.flatnonzero(file["poseest/instance_embed_id"][7] == 3)[0])
        expected = file["poseest/points"][7, slot, 0][::-1]
    np.testing.assert_array_equal(poses["position"].sel(individual="3", keypoint="NOSE").values[7], expected)
    assert poses.attrs["mm_per_px"] == pytest.approx(0.7928, abs=1e-4)
    labels = load_labels(path).labels
    assert len(labels.confirmed()) == 0


def make(path, points, confidence, **more):
    with h5py.File(path, "w") as file:
        file["poseest/points"] = np.asarray(points, dtype=np.uint16)
        file["poseest/confidence"] = np.asarray(confidence, dtype=np.float32)
        for name, values in more.items():
            file[f"poseest/{name}"] = values
    return path


def test_tracks_of_version_3_count_from_0(tmp_path):
    points = np.zeros((2, 2, 12, 2))
    points[0, 0], points[0, 1], points[1, 0] = (2, 1), (4, 3), (6, 5)
    path = make(
        tmp_path / "p.h5",
        points,
        np.ones((2, 2, 12)),
        instance_track_id=np.array([[0, 1], [1, 0]]),
        instance_count=np.array([2, 1]),
    )
    poses = load_poses(path)
    nose = poses["position"].sel(keypoint="NOSE").values
    np.testing.assert_array_equal(nose[..., 0], [[1, 2], [np.nan, np.nan]])
    np.testing.assert_array_equal(nose[..., 1], [[3, 4], [5, 6]])


def test_confidence_0_is_missing(tmp_path):
    confidence = np.ones((1, 12))
    confidence[0, 3] = 0
    poses = load_poses(make(tmp_path / "p.h5", np.ones((1, 12, 2)), confidence))
    assert np.isnan(poses["position"].values[0, :, :, 0]).any(axis=0).nonzero()[0].tolist() == [3]


def test_other_keypoints_are_refused(tmp_path):
    with pytest.raises(FormatError, match="expected 12 keypoints"):
        load_poses(make(tmp_path / "p.h5", np.ones((1, 5, 2)), np.ones((1, 5))))


def test_it_is_read_and_not_written(pair_poses, tmp_path):
    with pytest.raises(InputError, match="JABS cannot be used to save poses"):
        export_poses(pair_poses, tmp_path / "p.h5", format="jabs")
