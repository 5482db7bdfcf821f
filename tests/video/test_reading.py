"""Frames by number, in every kind of file."""

import hashlib

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from make_videos import (
    HEIGHT,
    KINDS,
    WIDTH,
    draw_frame,
    has_encoder,
    numbered_video,
    read_number,
    turn_by_metadata,
    write_video,
)
from marey.errors import InputError
from marey.video import DecodedFrame, open_video


def digest(image):
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Make a video of a kind, once for all tests of this module."""
    made = {}

    def of_kind(kind):
        name, encoder, write = KINDS[kind]
        if not has_encoder(encoder):
            pytest.skip(f"this FFmpeg has no encoder {encoder}")
        if kind not in made:
            made[kind] = write(tmp_path_factory.mktemp("videos") / name)
        return made[kind]

    return of_kind


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_in_order(self, make, kind):
        with open_video(make(kind)) as video:
            n = 120 if kind == "long-gop" else 40
            assert video.n_frames == n
            frames = list(video.frames())
            assert [number for number, _ in frames] == list(range(n))
            assert [read_number(frame.rgb()) for _, frame in frames] == list(range(n))
            assert [read_number(frame.grey()) for _, frame in frames] == list(range(n))
            assert (video.width, video.height) == (WIDTH, HEIGHT)

    def test_by_number_as_in_order(self, make, kind):
        path = make(kind)
        with open_video(path) as video:
            in_order = [digest(frame.rgb()) for _, frame in video.frames()]
        order = np.random.default_rng(1).permutation(len(in_order))[:40]
        with open_video(path) as video:
            assert [digest(image) for image in video.read_many(order)] == [in_order[i] for i in order]
            part = [(number, digest(frame.rgb())) for number, frame in video.frames(13, 31, 4)]
        assert part == [(i, in_order[i]) for i in (13, 17, 21, 25, 29)]

    def test_glimpses_have_the_right_numbers(self, make, kind):
        with open_video(make(kind)) as video:
            seen = [(number, read_number(frame.rgb())) for number, frame in video.glimpses(10, 35)]
        assert seen
        assert all(10 <= number < 35 and shown == number for number, shown in seen)
        assert [number for number, _ in seen] == sorted({number for number, _ in seen})

    def test_a_box_is_cut_from_the_same_pixels(self, make, kind):
        with open_video(make(kind)) as video:
            _, frame = next(iter(video.frames(7)))
            whole, grey = frame.rgb(), frame.grey()
            for x0, y0, w, h in [(0, 0, WIDTH, HEIGHT), (3, 5, 20, 11), (1, 0, 1, 1), (40, 33, 55, 30)]:
                np.testing.assert_array_equal(frame.rgb((x0, y0, w, h)), whole[y0 : y0 + h, x0 : x0 + w])
                np.testing.assert_array_equal(frame.grey((x0, y0, w, h)), grey[y0 : y0 + h, x0 : x0 + w])

    def test_colours_are_those_of_ffmpeg(self, make, kind):
        with open_video(make(kind)) as video:
            _, frame = next(iter(video.frames(7)))
            theirs = frame.native.to_ndarray(format="rgb24", threads=1).astype(int)
            difference = np.abs(frame.rgb().astype(int) - theirs)
            # FFmpeg's quick way for 4:2:0 rounds down where ours rounds to the nearest.
            # It gives each half of an interlaced picture colours of its own, we those of the whole.
            assert difference.max() <= (8 if kind == "interlaced" else 3)
            assert difference.mean() < 1.5


class TestColours:
    @staticmethod
    def convert(y, u, v, *, full_range=False, bt709=False):
        planes = np.concatenate([np.full((2, 8), value, np.uint8) for value in (y, u, v)])
        native = av.VideoFrame.from_ndarray(planes.reshape(3, 2, 8), format="yuv444p", channel_last=False)
        native.color_range = 2 if full_range else 1
        native.colorspace = 1 if bt709 else 6
        frame = DecodedFrame(native)
        return frame.rgb()[0, 0].tolist(), int(frame.grey()[0, 0])

    def test_black_and_white_of_limited_range(self):
        assert self.convert(16, 128, 128) == ([0, 0, 0], 0)
        assert self.convert(235, 128, 128) == ([255, 255, 255], 255)

    def test_full_range_keeps_luma(self):
        assert self.convert(77, 128, 128, full_range=True) == ([77, 77, 77], 77)

    def test_red_by_hand(self):
        # BT.601, full range: R = 76 + 1.402 · 127 = 254.05, G = 76 - 0.714136 · 127 + 0.344136 · 43 = 0.10,
        # B = 76 - 1.772 · 43 = -0.20.
        assert self.convert(76, 85, 255, full_range=True)[0] == [254, 0, 0]
        # BT.709: R = 76 + 1.5748 · 127 = 276, G = 76 - 0.468124 · 127 + 0.187324 · 43 = 24.6.
        assert self.convert(76, 85, 255, full_range=True, bt709=True)[0] == [255, 25, 0]


class TestTimes:
    def test_constant_rate(self, make):
        with open_video(make("b-frames")) as video:
            assert video.fps == pytest.approx(25)
            assert not video.is_variable_rate
            np.testing.assert_allclose(video.timestamps_s, np.arange(40) / 25, atol=1e-4)
            assert video.problems == ()

    def test_variable_rate_keeps_its_times(self, make):
        with open_video(make("variable")) as video:
            expected = np.array([k / 25 + 0.3 * (k // 7) for k in range(40)])
            np.testing.assert_allclose(video.timestamps_s, expected, atol=1e-3)
            assert video.is_variable_rate
            assert video.fps == pytest.approx(39 / expected[-1], rel=0.03)
            assert "rate varies" in video.problems[0]

    def test_an_edit_list_hides_frames_from_the_numbers_too(self, tmp_path):
        path = numbered_video(
            tmp_path / "edit.mp4",
            skip=5,
            b_frames=2,
            gop=100,
            container_options={"avoid_negative_ts": "disabled"},
        )
        with open_video(path) as video:
            seen = [(number, read_number(frame.rgb())) for number, frame in video.frames()]
            assert seen == [(k, k + 5) for k in range(35)]
            assert video.n_frames == 35
            assert video.problems == ()
            assert read_number(video.read(20)) == 25
            assert read_number(video.read(0)) == 5


class TestShapes:
    def test_odd_sizes(self, tmp_path):
        images = [draw_frame(k, 97, 63) for k in range(5)]
        path = write_video(tmp_path / "odd.mkv", images, codec="ffv1", pix_fmt="yuv420p")
        with open_video(path) as video:
            assert (video.width, video.height) == (97, 63)
            frames = [frame for _, frame in video.frames()]
            assert [frame.rgb().shape for frame in frames] == [(63, 97, 3)] * 5
            np.testing.assert_array_equal(frames[3].rgb((90, 60, 7, 3)), frames[3].rgb()[60:63, 90:97])
            assert read_number(frames[3].rgb()) == 3

    def test_sixteen_bits_are_scaled_to_eight(self, tmp_path):
        image = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
        path = write_video(tmp_path / "deep.mkv", [image] * 2, codec="ffv1", pix_fmt="gray16le")
        with open_video(path) as video:
            assert np.abs(video.read(1)[..., 0] - image / 257).max() <= 1.5
            (_, frame), *_ = video.frames()
            assert np.abs(frame.grey() - image / 257).max() <= 1.5

    def test_turned_by_metadata_comes_upright(self, tmp_path):
        path = turn_by_metadata(numbered_video(tmp_path / "turned.mp4"))
        with open_video(path) as video:
            assert (video.width, video.height) == (HEIGHT, WIDTH)
            _, frame = next(iter(video.frames(9)))
            upright = frame.rgb()
            assert upright.shape == (WIDTH, HEIGHT, 3)
            # Shown turned clockwise; turned back, it carries its number.
            assert read_number(np.rot90(upright)) == 9
            np.testing.assert_array_equal(frame.rgb((10, 20, 30, 40)), upright[20:60, 10:40])
            np.testing.assert_array_equal(video.read(9), upright)

    def test_outside_the_frame_is_black(self, make):
        with open_video(make("b-frames")) as video:
            _, frame = next(iter(video.frames()))
            box = frame.rgb((-10, -4, WIDTH + 25, HEIGHT + 9))
            assert box.shape == (HEIGHT + 9, WIDTH + 25, 3)
            np.testing.assert_array_equal(box[4 : 4 + HEIGHT, 10 : 10 + WIDTH], frame.rgb())
            box[4 : 4 + HEIGHT, 10 : 10 + WIDTH] = 0
            assert not box.any()
            assert not frame.rgb((500, 500, 8, 8)).any()

    def test_resizing_averages(self, make):
        with open_video(make("b-frames")) as video:
            _, frame = next(iter(video.frames(5)))
            small = frame.grey(size=(WIDTH // 4, HEIGHT // 4))
            cells = frame.grey().reshape(HEIGHT // 4, 4, WIDTH // 4, 4).mean(axis=(1, 3))
            assert np.abs(small - cells).max() <= 0.5
            assert frame.rgb((0, 0, 10, 10), (20, 30)).shape == (30, 20, 3)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        x0=st.integers(-20, WIDTH + 5),
        y0=st.integers(-20, HEIGHT + 5),
        w=st.integers(1, 120),
        h=st.integers(1, 90),
    )
    def test_any_box_equals_the_box_of_the_padded_whole(self, make, x0, y0, w, h):
        with open_video(make("open-gop")) as video:
            _, frame = next(iter(video.frames(3)))
            padded = np.pad(frame.rgb(), [(200, 200), (200, 200), (0, 0)])
            expected = padded[200 + y0 : 200 + y0 + h, 200 + x0 : 200 + x0 + w]
            np.testing.assert_array_equal(frame.rgb((x0, y0, w, h)), expected)


class TestAccess:
    def test_reading_by_number_inside_a_loop(self, make):
        with open_video(make("b-frames")) as video:
            seen = []
            for number, frame in video.frames(0, 12):
                seen.append((number, read_number(frame.rgb())))
                assert read_number(video.read(30 - number)) == 30 - number
            assert seen == [(k, k) for k in range(12)]

    def test_two_loops_at_once(self, make):
        with open_video(make("b-frames")) as video:
            pairs = [(a, b) for (a, _), (b, _) in zip(video.frames(0, 9), video.frames(20, 29), strict=True)]
        assert pairs == [(k, k + 20) for k in range(9)]

    @pytest.mark.parametrize("index", [-1, 40, 1000])
    def test_a_frame_that_is_not_there(self, make, index):
        with open_video(make("b-frames")) as video, pytest.raises(InputError, match=r"frames 0 to 39"):
            video.read(index)

    def test_a_range_is_cut_at_the_end(self, make):
        with open_video(make("b-frames")) as video:
            assert [k for k, _ in video.frames(38, 99)] == [38, 39]
            assert list(video.frames(40)) == []
            with pytest.raises(InputError, match="upwards"):
                list(video.frames(5, 2))

    def test_keyframes_are_frames(self, make):
        with open_video(make("b-frames")) as video:
            assert video.keyframes.tolist() == [0, 12, 24, 36]

    @pytest.mark.data
    def test_a_real_recording(self, shared_data):
        with open_video(shared_data / "openfield/videos/m3v1mp4.mp4") as video:
            assert (video.n_frames, video.width, video.height) == (2330, 640, 480)
            in_order = {number: digest(frame.rgb()) for number, frame in video.frames(1000, 1040)}
            for number in (1039, 1003, 1020):
                assert digest(video.read(number)) == in_order[number]


def test_another_reader_of_the_same_video_gives_the_same_frames(tmp_path):
    with open_video(numbered_video(tmp_path / "clip.mp4", 30, gop=10, b_frames=2)) as video:
        first = video.read(20)
        with video.another() as other:
            assert read_number(other.read(7)) == 7
            assert other.n_frames == 30
            assert np.array_equal(other.read(20), first)
        assert read_number(video.read(21)) == 21
