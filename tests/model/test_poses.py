import json

import numpy as np
import pytest

from marey.errors import InputError
from marey.model import (
    SKELETON_ATTRIBUTE,
    Skeleton,
    append_history,
    create_poses,
    read_history,
    read_skeleton,
    standardise_poses,
)

POSITION = np.arange(2 * 2 * 3).reshape(2, 2, 3, 1).astype(float)
KEYPOINTS = ("nose", "ear", "tail")


class TestCreatePoses:
    def test_axes_and_coordinates(self):
        poses = create_poses(POSITION, keypoints=KEYPOINTS, frames=np.array([10, 12]), fps=4)
        assert poses["position"].dims == ("time", "space", "keypoint", "individual")
        assert poses["position"].sel(keypoint="tail", space="y").values.ravel().tolist() == [5, 11]
        assert poses["time"].values.tolist() == [2.5, 3.0]
        assert poses["frame"].values.tolist() == [10, 12]
        assert poses["individual"].values.tolist() == ["animal"]
        assert np.isnan(poses["confidence"]).all()
        assert poses.attrs["time_unit"] == "seconds"
        assert poses.attrs["fps"] == 4.0

    def test_without_a_rate_time_counts_frames(self):
        poses = create_poses(POSITION, keypoints=KEYPOINTS)
        assert poses["time"].values.tolist() == [0, 1]
        assert poses.attrs["time_unit"] == "frames"
        assert "fps" not in poses.attrs

    def test_time_stamps_go_before_the_rate(self):
        poses = create_poses(POSITION, keypoints=KEYPOINTS, fps=4, timestamps_s=np.array([0.0, 0.3]))
        assert poses["time"].values.tolist() == [0.0, 0.3]

    def test_three_dimensions_and_no_frames(self):
        poses = create_poses(np.zeros((0, 3, 3, 1)), keypoints=KEYPOINTS)
        assert poses["space"].values.tolist() == ["x", "y", "z"]
        assert poses.sizes["time"] == 0

    def test_optional_planes(self):
        plane = np.full((2, 3, 1), 0.5)
        poses = create_poses(
            POSITION, keypoints=KEYPOINTS, confidence=plane, expected_error=plane, error_90=plane
        )
        assert set(poses) == {"position", "confidence", "expected_error", "error_90"}
        assert poses["error_90"].dims == ("time", "keypoint", "individual")

    @pytest.mark.parametrize(
        ("position", "values", "message"),
        [
            (np.zeros((2, 3, 2)), {}, r"position must have shape \(n_frames, 2 or 3"),
            (np.zeros((2, 4, 3, 1)), {}, r"position must have shape \(n_frames, 2 or 3"),
            (np.zeros((2, 2, 4, 1)), {}, r"position must have shape \(2, 2, 3, 1\), got \(2, 2, 4, 1\)"),
            (POSITION, {"confidence": np.zeros((2, 3))}, r"confidence must have shape \(2, 3, 1\)"),
            (POSITION, {"error_90": np.zeros((3, 3, 1))}, r"error_90 must have shape \(2, 3, 1\)"),
            (POSITION, {"frames": np.arange(3)}, r"frames must have shape \(2,\), got \(3,\)"),
            (POSITION, {"timestamps_s": np.arange(3)}, r"timestamps_s must have shape \(2,\)"),
        ],
    )
    def test_shapes_that_do_not_fit(self, position, values, message):
        with pytest.raises(InputError, match=message):
            create_poses(position, keypoints=KEYPOINTS, **values)


class TestStandardise:
    def test_plural_names_and_another_order_of_axes(self):
        poses = create_poses(POSITION, keypoints=KEYPOINTS)
        old = poses.rename(keypoint="keypoints", individual="individuals").drop_vars(["frame", "confidence"])
        old = old.transpose("individuals", "keypoints", "space", "time")
        new = standardise_poses(old)
        assert new["position"].dims == poses["position"].dims
        np.testing.assert_array_equal(new["position"], poses["position"])
        assert new["frame"].values.tolist() == [0, 1]
        assert np.isnan(new["confidence"]).all()

    def test_leaves_a_standard_dataset_alone(self):
        poses = create_poses(POSITION, keypoints=KEYPOINTS)
        assert standardise_poses(poses).identical(poses)

    def test_without_a_position(self):
        with pytest.raises(InputError, match=r"have a variable 'position', got \['confidence'\]"):
            standardise_poses(create_poses(POSITION, keypoints=KEYPOINTS).drop_vars("position"))

    def test_without_individuals(self):
        poses = create_poses(POSITION, keypoints=KEYPOINTS).isel(individual=0)
        with pytest.raises(InputError, match="missing: individual"):
            standardise_poses(poses)


def test_history_is_kept_in_order_and_the_dataset_is_not_changed():
    poses = create_poses(POSITION, keypoints=KEYPOINTS)
    smoothed = append_history(append_history(poses, "predict", run="é"), "smooth", window=5)
    assert read_history(poses) == []
    assert [entry["operation"] for entry in read_history(smoothed)] == ["predict", "smooth"]
    assert read_history(smoothed)[0]["run"] == "é"
    assert read_history(smoothed)[1]["window"] == 5


def test_a_skeleton_is_read_as_far_as_the_poses_have_its_keypoints():
    poses = create_poses(POSITION, keypoints=KEYPOINTS)
    assert read_skeleton(poses) == Skeleton(KEYPOINTS)
    whole = Skeleton((*KEYPOINTS, "paw"), (("nose", "tail"), ("nose", "paw")), (("ear", "paw"),), "mouse")
    poses.attrs[SKELETON_ATTRIBUTE] = json.dumps(whole.to_dict())
    assert read_skeleton(poses) == Skeleton(KEYPOINTS, (("nose", "tail"),), (), "mouse")
    for other in ("{", '"mouse"', '{"keypoints": 3}', 7):
        poses.attrs[SKELETON_ATTRIBUTE] = other
        assert read_skeleton(poses) == Skeleton(KEYPOINTS)
