"""Paths and names of other machines."""

from hypothesis import given
from hypothesis import strategies as st

from marey.formats.source import (
    drop_repeated_names,
    file_name,
    fill_up,
    find_file,
    image_frame_numbers,
    path_parts,
    unique_keys,
    unlabelled_images,
    video_key,
)
from marey.model import Instance, LabeledFrame


def test_paths_of_every_system():
    assert path_parts("D:\\données\\a b.mp4") == ("données", "a b.mp4")
    assert path_parts("/home/x/a.mp4") == ("home", "x", "a.mp4")
    assert path_parts("D:/mixed\\a.mp4") == ("mixed", "a.mp4")
    assert path_parts("\\\\server\\share\\a.mp4") == ("a.mp4",)
    assert path_parts("") == ()
    assert file_name("C:\\x\\clip.1.avi") == "clip.1.avi"
    assert video_key("C:\\x\\clip.1.avi") == "clip.1"


def test_a_moved_file_is_found_by_the_end_of_its_path(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").touch()
    (tmp_path / "a.mp4").touch()
    assert find_file("E:\\old\\videos\\a.mp4", [tmp_path]) == tmp_path / "videos/a.mp4"
    assert find_file("E:\\old\\a.mp4", [tmp_path]) == tmp_path / "a.mp4"
    assert find_file(str(tmp_path / "videos/a.mp4"), []) == tmp_path / "videos/a.mp4"
    assert find_file("nothing.mp4", [tmp_path]) is None


def test_a_suffix_in_capitals_on_one_side_only_is_the_same_file(tmp_path):
    (tmp_path / "a.PNG").touch()
    (tmp_path / "B.mp4").touch()
    assert find_file("x/a.png", [tmp_path]).samefile(tmp_path / "a.PNG")
    assert find_file(str(tmp_path / "a.png"), []).samefile(tmp_path / "a.PNG")
    assert find_file("B.MP4", [tmp_path]).samefile(tmp_path / "B.mp4")
    assert find_file("no suffix", [tmp_path]) is None


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=1, max_size=20))
def test_numbers_in_names_are_found(numbers):
    assert image_frame_numbers([f"cam2_img{n:07d}.png" for n in numbers]) == numbers


def test_numbers_that_are_not_unique_or_are_dates_give_the_rank():
    assert image_frame_numbers(["a_1.png", "b_1.png"]) == [0, 1]
    assert image_frame_numbers(["20260101120000.png", "20260101120001.png"]) == [0, 1]
    assert image_frame_numbers([]) == []


def test_equal_names_are_told_apart():
    assert unique_keys(["a", "a", "", "a"]) == ["a", "a-2", "video", "a-3"]


def test_images_that_wait_have_other_numbers(tmp_path):
    for name in ("img1.png", "img2.png", "img3.jpg", "notes.txt", "logo.png"):
        (tmp_path / name).touch()
    frames = [LabeledFrame("v", 1, (), "img1.png")]
    waiting = unlabelled_images(frames, {("v", 1): tmp_path / "img1.png"})
    assert waiting == {("v", 2): tmp_path / "img2.png", ("v", 3): tmp_path / "img3.jpg"}


def test_names_are_filled_up_with_free_ones():
    assert fill_up(["Ada", "animal 2"], 4, "animal ") == ("Ada", "animal 2", "animal 1", "animal 3")
    assert fill_up(["a", "b"], 1, "x") == ("a", "b")
    assert fill_up([], 0, "x") == ()


def test_the_first_of_a_frame_keeps_a_name():
    animals = [Instance([[1.0, 2.0]], individual=name) for name in ("a", None, "a", "b", None, "a")]
    assert drop_repeated_names(animals) == 2
    assert [animal.individual for animal in animals] == ["a", None, None, "b", None, None]
