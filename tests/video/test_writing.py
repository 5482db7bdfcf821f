"""Writing videos, changing them, and what happens when the disk is full."""

import numpy as np
import pytest

from make_videos import HEIGHT, WIDTH, draw_frame, numbered_video, read_number, write_video
from marey.errors import AlreadyExistsError, InputError, StorageError
from marey.video import VideoWriter, open_video, transform_video


def names(folder):
    return [path.name for path in folder.iterdir()]


def write(path, images, fps=25.0, times_s=None, size=(WIDTH, HEIGHT)):
    with VideoWriter(path, fps=fps, size=size) as writer:
        for k, image in enumerate(images):
            writer.write(image, time_s=None if times_s is None else times_s[k])
    return path


class TestWriter:
    @pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.avi", "out.mov", "été 🐁 out.mp4"])
    def test_round_trip(self, tmp_path, name):
        path = write(tmp_path / name, (draw_frame(k) for k in range(30)))
        with open_video(path) as video:
            assert [read_number(frame.rgb()) for _, frame in video.frames()] == list(range(30))
            assert video.fps == pytest.approx(25, rel=1e-3)
            assert np.abs(video.read(3).astype(int) - draw_frame(3)).mean() < 12
        assert names(tmp_path) == [name]

    def test_times_are_kept(self, tmp_path):
        times = np.cumsum([0, 0.1, 0.1, 0.5, 0.02, 0.3])
        path = write(tmp_path / "v.mp4", (draw_frame(k) for k in range(6)), fps=10, times_s=times)
        with open_video(path) as video:
            np.testing.assert_allclose(video.timestamps_s, times, atol=2e-4)
            assert video.is_variable_rate

    def test_odd_sizes_are_made_even(self, tmp_path):
        path = write(tmp_path / "odd.mp4", [draw_frame(1, 97, 63)] * 3, size=(97, 63))
        with open_video(path) as video:
            assert (video.width, video.height) == (98, 64)
            assert read_number(video.read(0)) == 1

    @pytest.mark.parametrize(
        ("image", "got"),
        [
            (np.zeros((HEIGHT, WIDTH), np.uint8), r"uint8 of \(64, 96\)"),
            (np.zeros((HEIGHT, WIDTH, 3)), "float64"),
            (np.zeros((HEIGHT, WIDTH + 2, 3), np.uint8), r"\(64, 98, 3\)"),
        ],
    )
    def test_a_wrong_frame(self, tmp_path, image, got):
        with pytest.raises(InputError, match=got):
            write(tmp_path / "out.mp4", [image])
        assert names(tmp_path) == []

    def test_nothing_is_left_of_a_video_that_was_given_up(self, tmp_path):
        (tmp_path / "out.mp4").write_text("the one before")
        with pytest.raises(ZeroDivisionError):
            write(tmp_path / "out.mp4", (draw_frame(1 // (3 - k)) for k in range(9)))
        assert (tmp_path / "out.mp4").read_text() == "the one before"
        assert names(tmp_path) == ["out.mp4"]

    def test_no_frames(self, tmp_path):
        with pytest.raises(InputError, match="no frames were written"):
            write(tmp_path / "out.mp4", [])
        assert names(tmp_path) == []

    @pytest.mark.parametrize(("fps", "size"), [(0, (8, 8)), (-1, (8, 8)), (5, (0, 8))])
    def test_senseless_settings(self, tmp_path, fps, size):
        with pytest.raises(InputError, match="positive"):
            VideoWriter(tmp_path / "out.mp4", fps=fps, size=size)

    @pytest.mark.parametrize("n_frames", [3, 200])
    def test_a_full_disk(self, tmp_path, full_disk, n_frames):
        rng = np.random.default_rng(0)
        images = [rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(n_frames)]
        (tmp_path / "out.mp4").write_text("the one before")
        with full_disk(8_000), pytest.raises(StorageError, match=r"could not be written|could not write"):
            write(tmp_path / "out.mp4", images)
        assert (tmp_path / "out.mp4").read_text() == "the one before"
        assert names(tmp_path) == ["out.mp4"]

    def test_an_unknown_suffix(self, tmp_path):
        with pytest.raises(StorageError, match="could not be written"):
            write(tmp_path / "out.nonsense", [draw_frame(0)])
        assert names(tmp_path) == []


class TestTransform:
    @pytest.fixture
    def source(self, tmp_path):
        return numbered_video(tmp_path / "source.mp4", b_frames=2)

    @pytest.fixture
    def out(self, tmp_path):
        return tmp_path / "out.mp4"

    def numbers(self, path):
        with open_video(path) as video:
            return [read_number(frame.rgb()) for _, frame in video.frames()]

    def test_trim_by_frames(self, source, out):
        transform_video(source, out, start=5, stop=12)
        assert self.numbers(out) == list(range(5, 12))

    def test_trim_by_seconds(self, source, out):
        transform_video(source, out, start=0.2, stop=0.48)
        assert self.numbers(out) == list(range(5, 12))

    def test_crop(self, source, out):
        transform_video(source, out, crop=(0, 32, 40, 20))
        with open_video(source) as a, open_video(out) as b:
            assert (b.width, b.height, b.n_frames) == (40, 20, 40)
            cut = a.read(9)[32:52, :40].astype(int)
            assert np.abs(b.read(9) - cut).mean() < 6

    @pytest.mark.parametrize("crop", [(0, 0, 97, 10), (-1, 0, 10, 10), (0, 0, 0, 5)])
    def test_a_crop_outside(self, source, out, crop):
        with pytest.raises(InputError, match="lies within 0,0,96,64"):
            transform_video(source, out, crop=crop)
        assert not out.exists()

    def test_turns(self, source, out):
        transform_video(source, out, quarter_turns=3)
        with open_video(out) as video:
            assert (video.width, video.height) == (HEIGHT, WIDTH)
            assert read_number(np.rot90(video.read(11))) == 11

    def test_smaller(self, source, out):
        transform_video(source, out, scale=0.5)
        with open_video(out) as video:
            assert (video.width, video.height) == (48, 32)
        transform_video(source, out, size=(60, 20), overwrite=True)
        with open_video(out) as video:
            assert (video.width, video.height) == (60, 20)
        with pytest.raises(InputError, match="got both"):
            transform_video(source, out, scale=0.5, size=(6, 6), overwrite=True)

    def test_fewer_frames(self, source, out):
        transform_video(source, out, fps=12.5)
        assert self.numbers(out) == list(range(0, 40, 2))
        with open_video(out) as video:
            assert video.fps == pytest.approx(12.5, rel=1e-3)

    @pytest.mark.parametrize("suffix", [".mp4", ".avi"])
    @pytest.mark.parametrize("rate", [30000 / 1001, 30.0003])
    def test_a_rate_that_is_nearly_a_whole_part_gives_even_steps(self, tmp_path, rate, suffix):
        times = [k / rate for k in range(2050)]
        images = (np.full((16, 16, 3), k % 256, np.uint8) for k in range(2050))
        source = write_video(tmp_path / "source.mp4", images, times_s=times)
        out = transform_video(source, tmp_path / f"out{suffix}", fps=15)
        with open_video(out) as video:
            assert video.n_frames == 1025
            assert not video.is_variable_rate
            assert video.fps == pytest.approx(rate / 2, rel=1e-4)

    def test_variable_times_are_kept(self, tmp_path, out):
        times = [k / 25 + 0.3 * (k // 7) for k in range(40)]
        source = numbered_video(tmp_path / "vfr.mp4", times_s=times)
        transform_video(source, out, start=10)
        with open_video(out) as video:
            np.testing.assert_allclose(video.timestamps_s, np.array(times[10:]) - times[10], atol=2e-3)

    def test_nothing_is_overwritten(self, source, out):
        out.write_text("mine")
        with pytest.raises(AlreadyExistsError):
            transform_video(source, out)
        assert out.read_text() == "mine"

    @pytest.mark.parametrize(
        "change", [{"start": 40}, {"start": 9, "stop": 9}, {"start": 99.0}, {"scale": 0}, {"fps": -1}]
    )
    def test_nothing_left_or_senseless(self, source, out, change):
        with pytest.raises(InputError):
            transform_video(source, out, **change)
        assert not out.exists()

    def test_its_source_may_be_its_output(self, source):
        transform_video(source, source, stop=3, overwrite=True)
        assert self.numbers(source) == [0, 1, 2]
