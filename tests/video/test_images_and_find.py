"""Folders of images read like a video, and which videos a user means."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from make_videos import HEIGHT, WIDTH, draw_frame, numbered_video, read_number
from marey.errors import InputError, NotFoundError, VideoError
from marey.video import ImageFolder, find_videos, open_video, transform_video


def save(path, image):
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images é"
    folder.mkdir()
    for k in range(12):
        save(folder / f"img{k}.png", draw_frame(k)[..., ::-1])
    return folder


class TestImageFolder:
    def test_natural_order(self, folder):
        with open_video(folder) as images:
            assert isinstance(images, ImageFolder)
            assert (images.n_frames, images.width, images.height) == (12, WIDTH, HEIGHT)
            assert [read_number(frame.rgb()) for _, frame in images.frames()] == list(range(12))
            assert images.fps is None
            np.testing.assert_array_equal(images.read(10), draw_frame(10))
            assert [k for k, _ in images.frames(2, 9, 3)] == [2, 5, 8]

    def test_boxes(self, folder):
        with open_video(folder) as images:
            _, frame = next(iter(images.frames(4)))
            np.testing.assert_array_equal(frame.rgb((3, 4, 20, 10)), draw_frame(4)[4:14, 3:23])
            assert frame.rgb((-5, -5, 10, 10))[:5].max() == 0
            assert frame.grey(size=(48, 32)).shape == (32, 48)

    def test_kinds_of_images(self, folder):
        save(folder / "img12.tif", (draw_frame(12)[..., 0].astype(np.uint16) * 257))
        save(folder / "img13.jpg", draw_frame(13)[..., ::-1])
        save(
            folder / "img14.png",
            np.dstack([draw_frame(14)[..., ::-1], np.full((HEIGHT, WIDTH), 9, np.uint8)]),
        )
        (folder / "notes.txt").write_text("not an image")
        with open_video(folder) as images:
            assert [read_number(images.read(k)) for k in (12, 13, 14)] == [12, 13, 14]
            np.testing.assert_array_equal(images.read(12)[..., 1], draw_frame(12)[..., 0])
            np.testing.assert_array_equal(images.read(14), draw_frame(14))

    def test_another_size_is_an_error_that_names_the_image(self, folder):
        save(folder / "img5.png", draw_frame(5, 100, 80))
        with open_video(folder) as images, pytest.raises(VideoError, match=r"img5.png is 100×80"):
            images.read(5)

    def test_a_damaged_image(self, folder):
        (folder / "img7.png").write_bytes(b"")
        with open_video(folder) as images, pytest.raises(VideoError, match=r"img7.png cannot be read"):
            list(images.frames())

    def test_no_images(self, tmp_path):
        with pytest.raises(VideoError, match="no images"):
            open_video(tmp_path)

    def test_beyond_the_end(self, folder):
        with open_video(folder) as images, pytest.raises(InputError, match="0 to 11"):
            images.read(12)

    def test_a_video_can_be_made_of_it(self, folder, tmp_path):
        out = transform_video(folder, tmp_path / "out.mp4", fps=10)
        with open_video(out) as video:
            assert [read_number(frame.rgb()) for _, frame in video.frames()] == list(range(12))
            assert video.fps == pytest.approx(10, rel=1e-3)


class TestFind:
    @pytest.fixture
    def videos(self, tmp_path):
        for name in ("day10.mp4", "day2.mp4", "Day1.AVI", "notes.txt", ".hidden.mp4", "deep/day3.mkv"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        return tmp_path

    def names(self, found):
        return [path.name for path in found]

    def test_a_folder_in_natural_order(self, videos):
        assert self.names(find_videos([videos])) == ["Day1.AVI", "day2.mp4", "day10.mp4"]
        assert self.names(find_videos(videos, recursive=True)) == [
            "Day1.AVI",
            "day2.mp4",
            "day10.mp4",
            "day3.mkv",
        ]

    def test_patterns_and_files_without_repetition(self, videos):
        found = find_videos([videos / "day*.mp4", videos / "day2.mp4", videos / "notes.txt"])
        assert self.names(found) == ["day2.mp4", "day10.mp4", "notes.txt"]

    def test_a_folder_of_images_is_a_video(self, folder):
        assert find_videos([folder]) == [folder]

    def test_brackets_in_a_name_are_no_pattern(self, tmp_path):
        path = numbered_video(tmp_path / "mouse [1].mp4", n=2)
        assert find_videos([path]) == [path]

    @pytest.mark.parametrize("name", ["gone.mp4", "x*.mp4", "empty"])
    def test_nothing_there(self, tmp_path, name):
        (tmp_path / "empty").mkdir()
        with pytest.raises(NotFoundError, match="no video"):
            find_videos([tmp_path / name])

    def test_a_link_to_nothing_says_where_it_leads(self, tmp_path):
        link = tmp_path / "day1.mp4"
        try:
            link.symlink_to("unplugged drive.mp4")
        except OSError:
            pytest.skip("links cannot be made here")
        with pytest.raises(NotFoundError, match=r"day1.mp4 is a link to .*unplugged drive.mp4"):
            find_videos([link])
        with pytest.raises(NotFoundError, match="no video"):
            find_videos([tmp_path / "*.mp4x"])

    @pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no such device")
    def test_a_device_is_no_video(self):
        with pytest.raises(NotFoundError, match="no video at /dev/null"):
            find_videos(["/dev/null"])

    def test_nothing_named(self):
        with pytest.raises(NotFoundError, match="no videos were named"):
            find_videos([])
