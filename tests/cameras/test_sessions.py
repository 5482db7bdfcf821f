import numpy as np
import pytest

from marey.cameras.naming import find_named
from marey.cameras.sessions import Session, dropped_from_times, find_sessions
from marey.errors import InputError, NotFoundError


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_sessions_by_pattern(tmp_path):
    make(tmp_path, "jour 1/côté.mp4", "jour 1/top.mp4", "jour 2/côté.mp4", "jour 2/top.mp4", "notes.txt")
    first, second = find_sessions(tmp_path, "{session}/{camera}.mp4")
    assert (first.name, second.name) == ("jour 1", "jour 2")
    assert first.cameras == ("côté", "top")
    assert second.video("top") == tmp_path / "jour 2" / "top.mp4"


def test_a_missing_camera_is_told(tmp_path):
    make(tmp_path, "a/left.mp4", "a/right.mp4", "b/left.mp4")
    with pytest.raises(InputError, match="session 'b' has no video of right; it has left"):
        find_sessions(tmp_path, "{session}/{camera}.mp4")
    with pytest.raises(NotFoundError, match="no camera 'top', only left, right"):
        find_sessions(tmp_path / "a", "{camera}.mp4")[0].video("top")


def test_two_videos_of_one_camera(tmp_path):
    make(tmp_path, "left_1.mp4", "left_2.mp4")
    with pytest.raises(InputError, match="one video of camera 'left'"):
        find_sessions(tmp_path, "{camera}_*.mp4")


def test_names_of_images(tmp_path):
    make(tmp_path, "left01.jpg", "left02.jpg", "right01.jpg", "top/top-7.jpg")
    found = find_named(tmp_path, "{camera}[0-9][0-9].jpg")
    assert [(file.camera, file.view) for file in found] == [("left", "01"), ("left", "02"), ("right", "01")]
    (image,) = find_named(tmp_path, "{camera}/*.jpg")
    assert (image.camera, image.view) == ("top", "7")


def test_frames_with_offset_and_drops_by_hand():
    session = Session("", {"a": "a.mp4"}, offsets={"a": 2}, dropped={"a": [1]})
    # the recording's frames 0 .. 4 are the video's 2, none, 3, 4 and, after its end, none
    assert session.frames_of("a", 5, 5).tolist() == [2, -1, 3, 4, -1]


def test_drops_from_time_stamps():
    assert dropped_from_times(np.array([0, 0.1, 0.3, 0.4, 0.7]), 10) == [2, 5, 6]
    with pytest.raises(InputError, match="rise by about"):
        dropped_from_times(np.array([0, 0.1, 0.1]), 10)
