"""Files that are cut off, damaged, or no videos."""

import av
import numpy as np
import pytest

from make_videos import numbered_video, read_number, write_sound
from marey.errors import MareyError, NotFoundError, VideoError
from marey.video import describe_video, open_video
from marey.video.decoding import open_container

FASTSTART = {"movflags": "faststart"}


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def ends_with_a_fault(path):
    """Whether FFmpeg raises an error after the last packet that is whole."""
    with av.open(str(path)) as container:
        try:
            for _ in container.demux(video=0):
                pass
        except av.FFmpegError:
            return True
    return False


class TestCutOff:
    @pytest.mark.parametrize("name", ["cut.mp4", "cut.ts", "cut.mkv", "cut.avi"])
    def test_what_is_there_is_read(self, tmp_path, name):
        settings = {"codec": "mpeg4"} if name.endswith("avi") else {"b_frames": 2}
        options = FASTSTART if name.endswith("mp4") else {}
        path = cut(numbered_video(tmp_path / name, n=120, gop=10, container_options=options, **settings), 0.8)
        with open_video(path) as video:
            frames = {number: frame.rgb() for number, frame in video.frames()}
            assert 10 < len(frames) < 120
            assert len(frames) + video.n_unreadable == video.n_frames
            # All but the last, which may be half there, show what they should.
            whole = sorted(frames)[:-3]
            assert [read_number(frames[k]) for k in whole] == whole
            for number in (whole[-1], 3, whole[-5]):
                np.testing.assert_array_equal(video.read(number), frames[number])

    @pytest.mark.parametrize("name", ["cut.mp4", "cut.avi", "cut.mkv"])
    def test_it_is_said(self, tmp_path, name):
        options = FASTSTART if name.endswith("mp4") else {}
        codec = "mpeg4" if name.endswith("avi") else "libx264"
        path = numbered_video(tmp_path / name, n=120, gop=10, codec=codec, container_options=options)
        assert describe_video(path, decode_all=True)["problems"] == []
        (first, *_) = describe_video(cut(path, 0.6), decode_all=True)["problems"]
        assert first.startswith("the file announces")
        assert first.endswith("it was cut off")

    @pytest.mark.parametrize(
        ("name", "settings"),
        [
            ("cut.ts", {"b_frames": 2}),
            ("cut.m2ts", {"container_options": {"mpegts_m2ts_mode": "1"}}),
            ("cut.mpg", {"codec": "mpeg2video", "b_frames": 2}),
            ("cut.vob", {"codec": "mpeg2video"}),
            ("cut.flv", {"b_frames": 2}),
            ("cut.rm", {"codec": "rv10"}),  # here FFmpeg raises an error in the place of the last packet
            ("fragments.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ],
    )
    def test_it_is_said_of_files_that_announce_no_length(self, tmp_path, name, settings):
        path = numbered_video(tmp_path / name, n=120, gop=10, **settings)
        assert not any("cut off" in problem for problem in describe_video(path)["problems"])
        path.write_bytes(path.read_bytes()[: int(0.55 * path.stat().st_size)])
        (problem, *_) = describe_video(path, decode_all=True)["problems"]
        assert problem == "the file breaks off in the middle of a frame: it was cut off"

    @pytest.mark.parametrize("name", ["cut.ts", "cut.mkv", "cut.mp4"])
    def test_frames_that_are_lost_at_the_end_do_not_make_its_rate_vary(self, tmp_path, name):
        options = FASTSTART if name.endswith("mp4") else {}
        whole = numbered_video(tmp_path / name, n=120, gop=30, b_frames=3, container_options=options)
        data = whole.read_bytes()
        gaps = 0
        for share in (0.5, 0.55, 0.6, 0.65, 0.7):
            path = tmp_path / f"{share}{name}"
            path.write_bytes(data[: int(share * len(data))])
            with open_video(path) as video:
                gaps += np.diff(video.timestamps_s).max() > 0.06
                assert not video.is_variable_rate
                assert video.fps == pytest.approx(25)
        assert gaps, "no cut fell between frames that are stored in another order than they are shown"

    def test_packets_that_cannot_be_decoded_are_counted(self, tmp_path):
        path = cut(
            numbered_video(tmp_path / "cut.mp4", n=120, gop=10, b_frames=2, container_options=FASTSTART), 0.8
        )
        with open_video(path) as video:
            n_read = sum(1 for _ in video.frames())
            assert video.n_unreadable == video.n_frames - n_read > 0
            assert f"frame {video.n_frames - 1} cannot be decoded and is left out" in video.problems[-1]

    @pytest.mark.parametrize("n_threads", [1, 4])
    def test_frames_before_the_one_that_is_cut_are_read_on_any_number_of_cores(
        self, tmp_path, monkeypatch, n_threads
    ):
        """FFmpeg's threads give up those that it holds back to show them in their order."""

        def open_with_threads(path):
            container, stream = open_container(path)
            stream.codec_context.thread_count = n_threads
            return container, stream

        monkeypatch.setattr("marey.video.reader.open_container", open_with_threads)
        path = numbered_video(tmp_path / "cut.mp4", n=120, gop=10, b_frames=2, container_options=FASTSTART)
        with open_video(cut(path, 0.8)) as video:
            last = video.n_frames - 1
            assert [read_number(frame.rgb()) for _, frame in video.frames()] == list(range(last))
            with pytest.raises(VideoError, match=f"frame {last} of .* cannot be decoded"):
                video.read(last)
            assert [read_number(video.read(k)) for k in (last - 1, 3, last - 2)] == [last - 1, 3, last - 2]

    def test_frames_that_wait_to_be_shown_are_read_where_the_container_ends_with_a_fault(self, tmp_path):
        path = numbered_video(tmp_path / "cut.nut", n=120, gop=10, b_frames=2)
        data = path.read_bytes()
        numbers = {}
        for percent in range(50, 90, 2):
            path.write_bytes(data[: len(data) * percent // 100])
            if ends_with_a_fault(path):
                with open_video(path) as video:
                    numbers[video.n_frames] = [read_number(frame.rgb()) for _, frame in video.frames()]
        assert numbers, "no cut made FFmpeg raise an error"
        assert numbers == {n: list(range(n)) for n in numbers}

    def test_without_its_index_it_cannot_be_opened(self, tmp_path):
        path = cut(numbered_video(tmp_path / "no index.mp4"), 0.6)
        with pytest.raises(VideoError, match="cannot be read as a video") as caught:
            open_video(path)
        assert "cut off" in caught.value.hint


class TestDamagedInTheMiddle:
    @pytest.fixture
    def path(self, tmp_path):
        path = numbered_video(tmp_path / "hole.mkv", n=60, gop=10, codec="ffv1")
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[middle : middle + len(data) // 40] = bytes(len(data) // 40)
        path.write_bytes(data)
        return path

    def test_the_rest_keeps_its_numbers(self, path):
        with open_video(path) as video:
            frames = {number: frame.rgb() for number, frame in video.frames()}
            assert video.n_unreadable == video.n_frames - len(frames)
            right = [k for k in frames if read_number(frames[k]) == k]
            assert set(range(20)) <= set(right)
            for number in (5, 15):
                np.testing.assert_array_equal(video.read(number), frames[number])

    def test_a_frame_that_the_decoder_refuses_is_left_out_alone(self, tmp_path):
        path = numbered_video(tmp_path / "one bad.mov", n=20, codec="png", pix_fmt="rgb24")
        with av.open(str(path)) as container:
            packet = [packet for packet in container.demux(video=0) if packet.size][7]
            content = bytes(packet)
        data = path.read_bytes()
        path.write_bytes(data.replace(content, bytes(len(content))))
        with open_video(path) as video:
            assert [read_number(frame.rgb()) for _, frame in video.frames()] == [*range(7), *range(8, 20)]
            assert (video.n_frames, video.n_unreadable) == (20, 1)
            with pytest.raises(VideoError, match=r"frame 7 of .* cannot be decoded"):
                video.read(7)

    def test_a_damaged_keyframe_is_named_and_leaves_the_other_groups_exact(self, tmp_path):
        path = numbered_video(tmp_path / "spot.mp4", n=40, gop=12)
        with av.open(str(path)) as container:
            third = [packet for packet in container.demux(video=0) if packet.is_keyframe][2]
            start, stop = third.pos + third.size // 2, third.pos + third.size * 19 // 20
        data = bytearray(path.read_bytes())
        data[start:stop] = bytes(k * 7 % 251 for k in range(stop - start))
        path.write_bytes(data)
        with open_video(path) as video:
            in_order = {number: frame.rgb() for number, frame in video.frames()}
            assert any("frame 24" in problem and "do not trust" in problem for problem in video.problems)
        with open_video(path) as video:
            for number in reversed(in_order):
                frame = video.read(number)
                # Decoders mend holes in several threads, in an order of chance: there, any picture will do.
                assert frame.shape == in_order[number].shape
                if not 24 <= number < 36:
                    np.testing.assert_array_equal(frame, in_order[number])

    def test_a_frame_lost_from_an_avi_shifts_jumps_as_it_shifts_the_rest(self, tmp_path):
        path = numbered_video(tmp_path / "lost.avi", n=40, codec="mjpeg", pix_fmt="yuvj420p")
        data = bytearray(path.read_bytes())
        chunk = data.index(b"00dc", data.index(b"movi") + len(data) // 3)
        data[chunk : chunk + 8] = bytes(8)
        path.write_bytes(data)
        with open_video(path) as video:
            in_order = {number: frame.rgb() for number, frame in video.frames()}
            assert 35 < len(in_order) < 40
            for number in (38, 30, 2, 25):
                np.testing.assert_array_equal(video.read(number), in_order[number])


class TestNotAVideo:
    @pytest.mark.parametrize(
        ("name", "data", "message"),
        [
            ("empty.mp4", b"", "0 bytes"),
            ("notes.mp4", b"day 1: the mouse was asleep\n" * 50, "cannot be read as a video"),
            ("noise.avi", bytes(range(256)) * 40, "cannot be read as a video"),
        ],
    )
    def test_other_files(self, tmp_path, name, data, message):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(VideoError, match=message) as caught:
            open_video(tmp_path / name)
        assert name in caught.value.message
        assert caught.value.hint

    def test_sound_alone(self, tmp_path):
        with pytest.raises(VideoError, match="holds no video, only audio"):
            open_video(write_sound(tmp_path / "sound.mp4"))

    def test_a_picture_is_a_video_of_one_frame_or_an_error(self, tmp_path):
        (tmp_path / "text.png").write_text("not a picture")
        with pytest.raises(MareyError):
            open_video(tmp_path / "text.png")

    def test_no_such_file(self, tmp_path):
        with pytest.raises(NotFoundError, match="no video at"):
            open_video(tmp_path / "gone.mp4")

    @pytest.mark.parametrize("name", ["video.avi", "video.txt", "video"])
    def test_a_wrong_extension_does_not_matter(self, tmp_path, name):
        path = numbered_video(tmp_path / "video.mp4", n=5).rename(tmp_path / name)
        with open_video(path) as video:
            assert [read_number(frame.rgb()) for _, frame in video.frames()] == list(range(5))

    @pytest.mark.parametrize(
        "name", ["with spaces.mp4", "été à Köln.mp4", "🐁 mouse.mp4", "鼠.mp4", "100%.mp4"]
    )
    def test_any_name(self, tmp_path, name):
        folder = tmp_path / "día 1 🐭"
        folder.mkdir()
        with open_video(numbered_video(folder / name, n=3)) as video:
            assert read_number(video.read(2)) == 2
