"""Poses in space, in the formats of Anipose and of biomechanics."""

import numpy as np
import pytest

from marey.errors import FormatError, InputError
from marey.formats import detect_format, export_poses, load_poses, save_poses
from marey.formats.anipose import load_angles, save_angles
from marey.formats.conversion import convert
from marey.model import create_poses, with_rate
from marey.reconstruction.angle_config import parse_angle_config
from marey.reconstruction.angle_series import compute_angles

NAMES = ("hip", "knee", "ankle")


def make_poses(n_frames=12, n_individuals=1, keypoints=NAMES, first=5):
    rng = np.random.default_rng(0)
    position = rng.normal(0, 100, (n_frames, 3, len(keypoints), n_individuals))
    position[n_frames // 4, :, 1, 0] = np.nan
    missing = np.isnan(position).any(axis=1)
    plane = np.where(missing, np.nan, rng.uniform(0, 5, missing.shape))
    return create_poses(
        position,
        keypoints=keypoints,
        individuals=[f"i{i}" for i in range(n_individuals)] if n_individuals > 1 else ["animal"],
        confidence=np.where(missing, np.nan, 0.5),
        reprojection_error=plane,
        n_cameras=np.where(missing, 0, 3),
        frames=np.arange(first, first + n_frames),
        fps=50,
        attributes={"space_unit": "mm"},
    )


@pytest.mark.parametrize(("name", "suffix"), [("c3d", ".c3d"), ("trc", ".trc"), ("anipose", ".csv")])
def test_poses_come_back(tmp_path, name, suffix):
    poses, path = make_poses(), tmp_path / f"tag 1 äöü 🐭{suffix}"
    losses = export_poses(poses, path, format=name)
    assert losses
    assert detect_format(path, "load_poses").name == name
    again = load_poses(path)
    np.testing.assert_allclose(again["position"], poses["position"], rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(again["frame"], poses["frame"])
    assert list(again["keypoint"].to_numpy()) == list(NAMES)
    if name != "anipose":
        assert again.attrs["space_unit"] == "mm"
        assert again.attrs["fps"] == 50
    if name != "trc":
        np.testing.assert_allclose(again["reprojection_error"], poses["reprojection_error"], atol=0.026)
    if name == "anipose":
        np.testing.assert_array_equal(again["n_cameras"], poses["n_cameras"])
        np.testing.assert_allclose(again["confidence"], poses["confidence"])


@pytest.mark.parametrize(("suffix", "name"), [(".c3d", "c3d"), (".trc", "trc"), (".csv", "anipose")])
def test_the_suffix_says_where_poses_in_space_go(tmp_path, suffix, name):
    save_poses(make_poses(), tmp_path / "in.nc")
    report = convert(tmp_path / "in.nc", tmp_path / f"out{suffix}")
    assert report.target_format == name
    assert detect_format(tmp_path / f"out{suffix}", "load_poses").name == name
    flat = make_poses().isel(space=slice(2))
    save_poses(flat, tmp_path / "flat.nc")
    assert convert(tmp_path / "flat.nc", tmp_path / "flat.csv").target_format == "dlc"


@pytest.mark.parametrize("name", ["c3d", "trc"])
def test_a_rate_that_nobody_knows_is_told(tmp_path, name):
    poses = make_poses()
    del poses.attrs["fps"]
    assert any("says 1" in loss for loss in export_poses(poses, tmp_path / f"a.{name}", format=name))
    known = with_rate(poses, 50)
    assert not any("says 1" in loss for loss in export_poses(known, tmp_path / f"b.{name}", format=name))
    assert load_poses(tmp_path / f"b.{name}").attrs["fps"] == 50


@pytest.mark.parametrize("name", ["c3d", "trc"])
def test_several_animals_and_many_markers(tmp_path, name):
    poses = make_poses(4, 2, [f"k{i}" for i in range(140)])  # 280 labels: more than one list of C3D holds
    path = tmp_path / f"a.{name}"
    export_poses(poses, path, format=name)
    again = load_poses(path)
    assert again["individual"].to_numpy().tolist() == ["i0", "i1"]
    np.testing.assert_allclose(again["position"], poses["position"], rtol=1e-6, atol=1e-4)


def test_every_row_of_a_trc_has_all_cells_for_opensim(tmp_path):
    """OpenSim splits at tabs and does not count an empty piece after the last one."""
    poses = make_poses()
    poses["position"][4, :, -1] = np.nan
    export_poses(poses, tmp_path / "a.trc", format="trc")
    for line in (tmp_path / "a.trc").read_text().splitlines()[6:]:
        pieces = line.split("\t")
        assert len(pieces[:-1] if not pieces[-1] else pieces) == 2 + 3 * len(NAMES)
    np.testing.assert_allclose(load_poses(tmp_path / "a.trc")["position"], poses["position"], atol=1e-4)


def test_the_header_of_a_c3d_by_hand(tmp_path):
    export_poses(make_poses(), tmp_path / "a.c3d", format="c3d")
    content = (tmp_path / "a.c3d").read_bytes()
    assert len(content) % 512 == 0
    assert content[1] == 0x50
    words = np.frombuffer(content[:24], "<u2")
    assert words[1] == 3  # markers
    assert words[3:5].tolist() == [6, 17]  # frames count from 1
    assert np.frombuffer(content[20:24], "<f4")[0] == 50
    start = 512 * (words[8] - 1)
    frame = np.frombuffer(content, "<f4", 12, start + 3 * 48).reshape(3, 4)
    assert frame[1].tolist() == [0, 0, 0, -1], "a missing marker has the residual -1"
    # The manual: the fourth number, made an integer, is a byte of cameras and one of the residual.
    fourth, step = int(frame[0, 3]), abs(float(np.frombuffer(content[12:16], "<f4")[0]))
    assert frame[0, 3] == fourth
    assert fourth >> 8 == 0
    error = float(make_poses()["reprojection_error"][3, 0, 0])
    assert (fourth & 0xFF) * step == pytest.approx(error, abs=step / 2)


def test_a_marker_whose_fourth_word_is_no_number_is_missing(tmp_path):
    path = tmp_path / "a.c3d"
    export_poses(make_poses(), path, format="c3d")
    content = bytearray(path.read_bytes())
    start = 512 * (int.from_bytes(content[16:18], "little") - 1)
    content[start + 12 : start + 16] = np.array([np.nan], "<f4").tobytes()
    content[start + 28 : start + 32] = np.array([1e30], "<f4").tobytes()
    path.write_bytes(content)
    position = load_poses(path)["position"].to_numpy()[0, :, :, 0]
    assert np.isnan(position[:, 0]).all()
    assert np.isfinite(position[:, 1:]).all()


def test_a_long_recording_does_not_fit_into_16_bits(tmp_path):
    poses = make_poses(70_000, 1, ["a", "b"])
    export_poses(poses, tmp_path / "a.c3d", format="c3d")
    again = load_poses(tmp_path / "a.c3d")
    assert again.sizes["time"] == 70_000
    assert int(again["frame"][0]) == 5


@pytest.mark.parametrize(("name", "suffix"), [("c3d", ".c3d"), ("trc", ".trc"), ("anipose", ".csv")])
def test_flat_poses_do_not_fit(tmp_path, name, suffix):
    flat = create_poses(np.zeros((2, 2, 1, 1)), keypoints=["a"])
    with pytest.raises(InputError, match="3D, but these poses have 2 axes"):
        export_poses(flat, tmp_path / f"a{suffix}", format=name)
    assert not (tmp_path / f"a{suffix}").exists()


@pytest.mark.parametrize("name", ["c3d", "trc"])
def test_files_that_are_cut_off(tmp_path, name):
    path = tmp_path / f"a.{name}"
    export_poses(make_poses(), path, format=name)
    content = path.read_bytes()
    path.write_bytes(content[:1100] if name == "c3d" else content[:60])
    with pytest.raises(FormatError):
        load_poses(path)


def test_a_table_of_anipose_that_is_none(tmp_path):
    (tmp_path / "a.csv").write_text("a_x,a_y,a_z,a_error,fnum\n1,2,x,4,0\n")
    with pytest.raises(FormatError, match="not a table of numbers"):
        load_poses(tmp_path / "a.csv", format="anipose")
    with pytest.raises(InputError, match="holds one animal, but there are 2: i0, i1"):
        export_poses(make_poses(3, 2), tmp_path / "b.csv", format="anipose")
    assert export_poses(make_poses(3, 2), tmp_path / "b.csv", format="anipose", individual="i1")


def test_angles_come_back(tmp_path):
    angles = compute_angles(make_poses(), parse_angle_config({"angles": {"knee": list(NAMES)}}))
    assert save_angles(angles, tmp_path / "angles.csv") == []
    header = (tmp_path / "angles.csv").read_text().splitlines()[0]
    assert header == "knee,fnum"
    np.testing.assert_allclose(load_angles(tmp_path / "angles.csv")["degrees"], angles["degrees"])
