"""Long recordings: tracks are made of poses that stay in their file, and written block by block."""

import h5py
import numpy as np
import pytest
import xarray as xr

from marey import scratch
from marey.errors import AlreadyExistsError, FormatError
from marey.formats import load_poses, native, save_poses
from marey.formats.native import open_poses, save_blocks
from marey.model import create_poses
from marey.tracking import detections, load_animals, track

BODY = np.array([[-20.0, 0.0], [0.0, 6.0], [0.0, -6.0], [20.0, 0.0]])
N_FRAMES = 400


@pytest.fixture(scope="module")
def found():
    """Two animals that meet, each missed for a while, with one keypoint that comes and goes."""
    turn = 0.05 * np.arange(N_FRAMES)[:, None] * [1, -1] + [0, np.pi]
    place = 200 + 120 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    points = place[:, :, None] + BODY + np.random.default_rng(0).normal(0, 0.4, (N_FRAMES, 2, 4, 2))
    points[95:105, 0] = np.nan
    points[196:203, 1] = np.nan
    points[::9, 1, 3] = np.nan
    poses = create_poses(
        points.transpose(0, 3, 2, 1), keypoints=list("abcd"), individuals=["x", "y"], fps=30.0
    )
    return poses.assign(score=(("time", "individual"), np.full((N_FRAMES, 2), 0.9)))


def without_times(attributes):
    return {name: value for name, value in attributes.items() if name != "log"}


@pytest.mark.parametrize("n_rows", [1, 97, 100, 399])
def test_blocks_are_the_whole_in_parts(found, n_rows):
    tracks = track(found, n_animals=2)
    whole = tracks.poses
    assert whole["is_interpolated"].values[95:105].any()
    blocks = list(tracks.rows.blocks(n_rows))
    assert {block.sizes["time"] for block in blocks[:-1]} == {n_rows}
    xr.testing.assert_equal(xr.concat(blocks, "time", join="exact"), whole)
    assert without_times(blocks[-1].attrs) == without_times(whole.attrs)
    n_filled = f'"n_filled": {int(whole["is_interpolated"].sum())}'
    assert n_filled in whole.attrs["log"]
    assert n_filled in blocks[-1].attrs["log"]


def test_a_file_written_in_blocks_is_the_file_written_at_once(found, tmp_path):
    tracks = track(found, n_animals=2)
    save_poses(tracks.poses, tmp_path / "whole.nc")
    save_blocks(tracks.rows.blocks(100), tmp_path / "blocks.nc")
    tracks.save(tmp_path / "saved.nc")
    whole = load_poses(tmp_path / "whole.nc")
    for name in ("blocks", "saved"):
        again = load_poses(tmp_path / f"{name}.nc")
        xr.testing.assert_equal(again, whole)
        assert {n: v.dtype for n, v in again.variables.items()} == {
            n: v.dtype for n, v in whole.variables.items()
        }
        assert without_times(again.attrs) == without_times(whole.attrs)
    with pytest.raises(AlreadyExistsError):
        tracks.save(tmp_path / "saved.nc")


def test_many_that_come_and_go_take_no_more_room_than_who_is_there(tmp_path, monkeypatch):
    n_visits, stay = 40, 30
    n_frames = n_visits * stay
    points = np.full((n_frames, 2, 4, 2), np.nan)
    for visit in range(n_visits):  # the next one comes elsewhere, before this one has left
        place = np.array([100.0 + 300 * (visit % 7), 100.0 + 400 * (visit % 3)])
        points[visit * stay : (visit + 1) * stay + 8, visit % 2] = place + BODY
        points[visit * stay + 12 : visit * stay + 15, visit % 2] = np.nan
    poses = create_poses(points.transpose(0, 3, 2, 1), keypoints=list("abcd"), individuals=["x", "y"])
    tracks = track(poses, can_leave=True)
    whole = tracks.poses
    assert whole.sizes["individual"] == n_visits > native.CHUNK_INDIVIDUALS
    assert whole["is_interpolated"].sum() == n_visits * 3 * 4
    monkeypatch.setattr(detections, "BLOCK_POINTS", 1)
    monkeypatch.setattr(detections, "LEAST_ROWS", 70)
    assert [len(block["time"]) for block in tracks.rows.blocks()] == [*[70] * 17, 10]
    xr.testing.assert_equal(xr.concat(tracks.rows.blocks(), "time", join="exact"), whole)
    tracks.save(tmp_path / "tracks.nc")
    again = load_poses(tmp_path / "tracks.nc")
    xr.testing.assert_equal(again, whole)
    assert again["is_interpolated"].dtype == bool
    with h5py.File(tmp_path / "tracks.nc") as file:
        position = file["position"]
        lengths = np.array(position.shape) / position.chunks
        assert position.id.get_num_chunks() < np.ceil(lengths).prod()


def test_poses_in_a_file_are_tracked_like_those_in_memory(found, tmp_path):
    save_poses(found, tmp_path / "found.nc")
    in_memory = track(load_animals(tmp_path / "found.nc"), n_animals=2).poses
    with load_animals(tmp_path / "found.nc", in_memory=False) as animals:
        assert not animals["position"].variable._in_memory
        from_file = track(animals, n_animals=2).poses
        assert not animals["position"].variable._in_memory
    xr.testing.assert_equal(from_file, in_memory)


def test_a_file_that_is_damaged_in_the_middle(found, tmp_path):
    path = tmp_path / "found.nc"
    save_poses(found, path)
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 4)
    path.write_bytes(data)
    with pytest.raises(FormatError):  # noqa: SIM117 - whichever of the two finds it
        with open_poses(path) as animals:
            track(animals, n_animals=2).save(tmp_path / "tracks.nc")
    assert not (tmp_path / "tracks.nc").exists()


@pytest.mark.parametrize("is_disk_full", [False, True])
def test_arrays_on_disk_change_nothing(found, monkeypatch, is_disk_full):
    expected = track(found, n_animals=2).poses
    monkeypatch.setattr(scratch, "LEAST_BYTES", 0)
    kinds = []

    def reserve(file, n_bytes, real=scratch._reserve):
        kinds.append(n_bytes)
        if is_disk_full:
            raise OSError(28, "No space left on device")
        real(file, n_bytes)

    monkeypatch.setattr(scratch, "_reserve", reserve)
    xr.testing.assert_equal(track(found, n_animals=2).poses, expected)
    assert kinds
    array = scratch.scratch_array((3, 5))
    assert isinstance(array, np.memmap) is not is_disk_full
    array[:] = np.arange(15).reshape(3, 5)
    scratch.let_go(array)
    assert array.sum() == 105


def test_a_disk_without_room_is_noticed_before_it_is_written_to(monkeypatch, full_disk):
    """Otherwise the process would end at the first page that the disk does not take."""
    monkeypatch.setattr(scratch, "LEAST_BYTES", 0)
    with full_disk(4096):
        assert isinstance(scratch.scratch_array((4096,), np.uint8), np.memmap)
        assert not isinstance(scratch.scratch_array((4097,), np.uint8), np.memmap)


@pytest.mark.parametrize("max_gap_s", [0.0, 1.0])
def test_what_was_filled_in_before_is_not_taken_for_found(found, tmp_path, max_gap_s):
    before = track(found, n_animals=2).poses
    again = track(before, n_animals=2, max_gap_s=max_gap_s).poses
    filled = before["is_interpolated"].values
    assert filled.any()
    if max_gap_s:
        xr.testing.assert_equal(again["position"], before["position"])
        np.testing.assert_array_equal(again["is_interpolated"].values, filled)
    else:
        assert "is_interpolated" not in again
        assert np.isnan(
            again["position"].transpose("time", "keypoint", "individual", "space").values[filled]
        ).all()
