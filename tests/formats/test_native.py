"""Marey's own file of poses."""

import numpy as np
import pytest
import xarray as xr

from marey.errors import FormatError, VersionError
from marey.formats import load_poses, native, save_poses
from marey.model import append_history, create_poses, read_history


def test_a_round_trip_keeps_every_bit(pair_poses, tmp_path):
    poses = append_history(pair_poses, "predict", run="first")
    path = tmp_path / "souris é 🐭.nc"
    save_poses(poses, path)
    again = load_poses(path)
    xr.testing.assert_identical(again[["position", "confidence"]].drop_attrs(), poses.drop_attrs())
    assert read_history(again) == read_history(poses)
    assert again.attrs["fps"] == 30.0


def test_plain_xarray_reads_it_and_time_can_grow(pair_poses, tmp_path):
    save_poses(pair_poses, tmp_path / "poses.h5")
    with xr.open_dataset(tmp_path / "poses.h5", engine="h5netcdf") as opened:
        assert opened["position"].dims == ("time", "space", "keypoint", "individual")
        assert opened.encoding["unlimited_dims"] == {"time"}
        assert opened["frame"].values.tolist() == [0, 1, 2, 3, 4]


def test_optional_variables_and_odd_attributes_are_kept(tmp_path):
    poses = create_poses(
        np.zeros((2, 2, 1, 1)),
        keypoints=["nose"],
        expected_error=np.full((2, 1, 1), 1.5),
        attributes={"is_filtered": True, "crop": [1, 2, 3], "note": None, "words": ["a", "b"]},
    )
    save_poses(poses, tmp_path / "p.nc")
    again = load_poses(tmp_path / "p.nc")
    assert again["expected_error"].values.tolist() == [[[1.5]], [[1.5]]]
    assert again.attrs["is_filtered"] == 1
    assert list(again.attrs["crop"]) == [1, 2, 3]


def test_no_frames_is_a_file_too(tmp_path):
    poses = create_poses(np.empty((0, 2, 3, 1)), keypoints=["a", "b", "c"])
    save_poses(poses, tmp_path / "empty.nc")
    assert load_poses(tmp_path / "empty.nc").sizes == poses.sizes


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_plural_names_of_older_movement_are_accepted(pair_poses, tmp_path, engine):
    old = pair_poses.rename(keypoint="keypoints", individual="individuals").drop_vars("frame")
    old.to_netcdf(tmp_path / "old.nc", engine=engine)
    again = load_poses(tmp_path / "old.nc")
    assert again["position"].dims == ("time", "space", "keypoint", "individual")
    np.testing.assert_array_equal(again["position"], pair_poses["position"])


def test_the_dataset_that_is_saved_is_left_alone(pair_poses, tmp_path):
    before = pair_poses.copy(deep=True)
    save_poses(pair_poses, tmp_path / "p.nc")
    xr.testing.assert_identical(pair_poses, before)


def test_a_file_of_a_newer_version_is_refused(pair_poses, tmp_path):
    path = tmp_path / "new.nc"
    pair_poses.assign_attrs({native.SCHEMA_ATTRIBUTE: native.SCHEMA_VERSION + 1}).to_netcdf(
        path, engine="h5netcdf"
    )
    with pytest.raises(VersionError, match=r"version 2 .*reads up to 1"):
        load_poses(path)


def test_a_cut_file_is_said_to_be_damaged(pair_poses, tmp_path):
    path = tmp_path / "cut.nc"
    save_poses(pair_poses, path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(FormatError, match="damaged or incomplete"):
        load_poses(path)


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "empty.nc").touch()
    with pytest.raises(FormatError, match="is empty"):
        load_poses(tmp_path / "empty.nc")


def test_what_is_not_compressed_is_the_same(tmp_path):
    poses = create_poses(np.zeros((3000, 2, 3, 2)), keypoints=["a", "b", "c"], individuals=["x", "y"])
    save_poses(poses, tmp_path / "small.nc")
    native.save_poses(poses, tmp_path / "large.nc", is_compressed=False)
    assert load_poses(tmp_path / "large.nc").equals(load_poses(tmp_path / "small.nc"))
    assert (tmp_path / "large.nc").stat().st_size > 5 * (tmp_path / "small.nc").stat().st_size
