"""Tracks from one file into another; the two doors to it are in tests/cli and tests/server."""

import numpy as np
import pytest

from make_videos import numbered_video
from marey.errors import AlreadyExistsError, ConfigError, InputError
from marey.formats import load_poses, save_poses
from marey.model import create_poses
from marey.tracking.files import track_file

BODY = np.array([[-12.0, 0.0], [0.0, 5.0], [0.0, -5.0], [14.0, 0.0]])


def walking(first=0, n=20):
    """Two animals side by side, in frames from `first` on."""
    x = np.arange(n, dtype=float)
    centers = np.stack([np.stack([50 + x, 50 + 0 * x], 1), np.stack([50 + x, 150 + 0 * x], 1)], axis=1)
    points = centers[:, :, None] + BODY  # (frames, animals, keypoints, 2)
    frames = np.arange(first, first + n)
    return create_poses(
        points.transpose(0, 3, 2, 1), keypoints=list("abcd"), individuals=["m", "f"], frames=frames
    )


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "día 1 🐁" / "poses.nc"
    path.parent.mkdir()
    save_poses(walking(), path)
    return path


def test_the_times_are_those_of_the_frames(source, tmp_path):
    times = np.cumsum(np.where(np.arange(30) % 2, 0.01, 0.03)) - 0.03
    video = numbered_video(tmp_path / "uneven.mp4", 30, times_s=times)
    save_poses(walking(first=10), source)
    found = track_file(source, tmp_path / "tracks.nc", video=video)
    tracks = load_poses(tmp_path / "tracks.nc")
    np.testing.assert_allclose(tracks["time"], times[10:], atol=1e-3)
    assert tracks.attrs["fps"] == pytest.approx(50, rel=0.05)
    assert (found.n_animals, tracks.sizes["individual"]) == (2, 2)


def test_a_video_that_ends_before_the_poses(source, tmp_path):
    video = numbered_video(tmp_path / "short.mp4", 19)
    with pytest.raises(InputError, match=r"go up to frame 19, but .*short\.mp4 has only 19 frames"):
        track_file(source, tmp_path / "tracks.nc", video=video)
    assert not (tmp_path / "tracks.nc").exists()


def test_a_file_can_be_replaced_by_its_tracks(source):
    with pytest.raises(AlreadyExistsError, match="exists already, and may hold repairs"):
        track_file(source, source)
    track_file(source, source, overwrite=True)
    assert load_poses(source)["individual"].values.tolist() == ["track_1", "track_2"]


@pytest.mark.parametrize(
    ("name", "max_gap_s", "message"),
    [
        ("tracks.csv", 1, r"ends in \.nc or \.h5, got .*tracks\.csv"),
        ("tracks.nc", -1, "seconds from 0 up, got -1"),
        ("tracks.nc", float("inf"), "seconds from 0 up, got inf"),
    ],
)
def test_what_is_refused(source, name, max_gap_s, message):
    with pytest.raises(ConfigError, match=message):
        track_file(source, source.with_name(name), max_gap_s=max_gap_s)
    assert [path.name for path in source.parent.iterdir()] == ["poses.nc"]


def test_poses_that_begin_before_the_video(source, tmp_path):
    video = numbered_video(tmp_path / "a.mp4", 30)
    save_poses(walking(first=-5), source)
    with pytest.raises(InputError, match="begin at frame -5, but videos begin at frame 0"):
        track_file(source, tmp_path / "tracks.nc", video=video)
