"""NWB with ndx-pose: read without pynwb, written with it."""

import builtins
from dataclasses import replace

import h5py
import numpy as np
import pytest

from marey.errors import FormatError, InputError, MissingExtraError
from marey.formats import export_poses, load_labels, load_poses, save_labels
from marey.model import Labels, Visibility


@pytest.mark.data
def test_poses_in_the_skeletons_order_with_gaps(shared_data):
    poses = load_poses(shared_data / "formats/nwb/minimal.pose.nwb")
    assert poses["individual"].values.tolist() == ["1", "2"]
    assert poses["keypoint"].values.tolist() == ["A", "B"]
    first = poses["position"].sel(individual="1", keypoint="A", space="x")
    assert first.values.tolist() == [10, 11, 12]
    second = poses["position"].sel(individual="2")
    assert second.sel(keypoint="A", space="y").values[:2].tolist() == [60, 61]
    assert np.isnan(second.values[2]).all()
    assert np.isnan(second.sel(keypoint="B").values).all()


@pytest.mark.data
def test_labels(shared_data):
    source = load_labels(shared_data / "formats/nwb/minimal.annotations.nwb")
    assert [f.key for f in source.labels] == [("minimal_annot_src", 0), ("minimal_annot_src", 5)]
    second = source.labels.frames[0].instances[1]
    assert second.visibility.tolist() == [Visibility.VISIBLE, Visibility.VISIBLE, Visibility.UNLABELED]
    assert source.labels.skeleton.edges == (("a", "b"), ("b", "c"))


def test_poses_round_trip(pair_poses, tmp_path):
    pytest.importorskip("ndx_pose")
    export_poses(pair_poses, tmp_path / "p.nwb", format="nwb")
    again = load_poses(tmp_path / "p.nwb")
    np.testing.assert_array_equal(again["position"], pair_poses["position"])
    np.testing.assert_array_equal(again["confidence"], pair_poses["confidence"])
    np.testing.assert_allclose(again["time"], pair_poses["time"], atol=1e-9)
    assert again["frame"].values.tolist() == [0, 1, 2, 3, 4]
    assert again.attrs["fps"] == pytest.approx(30)
    assert again["keypoint"].values.tolist() == ["snout", "ear_left", "ear_right"]


def test_frame_numbers_are_not_taken_for_seconds(pair_poses, tmp_path):
    pytest.importorskip("ndx_pose")
    attributes = {key: value for key, value in pair_poses.attrs.items() if key != "fps"}
    poses = pair_poses.assign_coords(time=pair_poses["frame"].values.astype(float) + 7)
    poses = poses.assign_coords(frame=("time", pair_poses["frame"].values + 7))
    poses.attrs = {**attributes, "time_unit": "frames"}
    export_poses(poses, tmp_path / "p.nwb", format="nwb")
    again = load_poses(tmp_path / "p.nwb")
    assert "fps" not in again.attrs
    assert again.attrs["time_unit"] == "frames"
    assert np.array_equal(again["frame"], poses["frame"])
    assert np.array_equal(again["time"], poses["time"])


def test_labels_round_trip(pair_labels, tmp_path):
    pytest.importorskip("ndx_pose")
    losses = save_labels(pair_labels, tmp_path / "l.nwb", format="nwb")
    assert losses == [
        "frames that lost the name of their image: 2",
        "NWB has no place for left/right pairs",
    ]
    again = load_labels(tmp_path / "l.nwb").labels
    assert again.individuals == ("ann", "bob")
    assert [f.key for f in again] == [f.key for f in pair_labels]
    assert again.frames[0].instances == pair_labels.frames[0].instances
    assert again.skeleton.edges == pair_labels.skeleton.edges


def test_names_that_objects_in_nwb_cannot_have_are_changed_and_said(pair_poses, pair_labels, tmp_path):
    pytest.importorskip("ndx_pose")
    renames = {"keypoint": ["a/b", "a:b", 'été, "x"'], "individual": ["ann/1", "bob"]}
    losses = export_poses(pair_poses.assign_coords(renames), tmp_path / "p.nwb", format="nwb")
    assert losses[:2] == [
        "names with '/' or ':' in them, changed: a/b to a_b, a:b to a_b-2",
        "names with '/' or ':' in them, changed: ann/1 to ann_1",
    ]
    again = load_poses(tmp_path / "p.nwb")
    assert again["keypoint"].values.tolist() == ["a_b", "a_b-2", 'été, "x"']
    assert again["individual"].values.tolist() == ["ann_1", "bob"]
    np.testing.assert_array_equal(again["position"], pair_poses["position"])

    renamed = [
        replace(i, individual=f"{i.individual}/{i.individual}") for i in pair_labels.frames[0].instances
    ]
    labels = Labels(pair_labels.skeleton, [replace(pair_labels.frames[0], instances=tuple(renamed))])
    assert (
        "changed: ann/ann to ann_ann, bob/bob to bob_bob"
        in save_labels(labels, tmp_path / "l.nwb", format="nwb")[0]
    )
    assert load_labels(tmp_path / "l.nwb").labels.individuals == ("ann_ann", "bob_bob")


def test_without_the_extra_the_error_says_what_to_install(pair_poses, tmp_path, monkeypatch):
    real_import = builtins.__import__

    def without_pynwb(name, *rest):
        if name in ("pynwb", "ndx_pose"):
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pynwb)
    with pytest.raises(MissingExtraError, match="marey\\[nwb\\]"):
        export_poses(pair_poses, tmp_path / "p.nwb", format="nwb")
    assert list(tmp_path.iterdir()) == []


def make_nwb(path, modules):
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        for module in modules:
            group = file.create_group(f"processing/{module}/mouse")
            group.attrs["neurodata_type"] = "PoseEstimation"
            series = group.create_group("nose")
            series.attrs["neurodata_type"] = "PoseEstimationSeries"
            series["data"] = [[1.0, 2.0], [3.0, 4.0]]
            series["timestamps"] = [0.5, 0.6]
    return path


def test_times_become_frames(tmp_path):
    poses = load_poses(make_nwb(tmp_path / "p.nwb", ["cam"]))
    assert poses["frame"].values.tolist() == [5, 6]
    assert poses["time"].values.tolist() == [0.5, 0.6]
    assert np.isnan(poses["confidence"]).all()


def test_of_several_modules_one_must_be_named(tmp_path):
    path = make_nwb(tmp_path / "p.nwb", ["cam1", "cam2"])
    with pytest.raises(InputError, match="2 processing modules"):
        load_poses(path)
    assert load_poses(path, video="cam2").sizes["time"] == 2
    with pytest.raises(InputError, match="'cam3'"):
        load_poses(path, video="cam3")


def test_series_that_do_not_fit(tmp_path):
    path = make_nwb(tmp_path / "p.nwb", ["cam"])
    with h5py.File(path, "r+") as file:
        del file["processing/cam/mouse/nose/timestamps"]
        file["processing/cam/mouse/nose/timestamps"] = [0.5]
    with pytest.raises(FormatError, match="2 points, 2 confidences, 1 times"):
        load_poses(path)
