"""Choosing frames of a video."""

import numpy as np
import pytest

from make_videos import draw_frame, numbered_video, write_video
from marey.errors import ConfigError, InputError
from marey.selection import METHODS, select_frames
from marey.selection.kmeans import nearest_to_centres
from marey.selection.thumbnails import choose_candidates, make_thumbnails
from marey.video import open_video


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return numbered_video(tmp_path_factory.mktemp("v") / "video.mp4", n=90, gop=15)


@pytest.fixture
def video(path):
    with open_video(path) as opened:
        yield opened


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_different_frames_in_order_and_the_same_every_time(self, video, path, method):
        chosen = select_frames(video, 12, method=method, seed=3)
        assert len(chosen) == 12
        assert chosen == sorted(set(chosen))
        assert all(type(number) is int and 0 <= number < 90 for number in chosen)
        with open_video(path) as again:
            assert select_frames(again, 12, method=method, seed=3) == chosen

    def test_part_and_exclusion(self, video, method):
        exclude = set(range(20, 60, 2))
        chosen = select_frames(video, 20, method=method, start=20, stop=60, exclude=exclude)
        assert chosen == list(range(21, 60, 2))

    def test_one_and_all(self, video, method):
        assert len(select_frames(video, 1, method=method)) == 1
        assert select_frames(video, 90, method=method) == list(range(90))

    def test_too_few_are_left(self, video, method):
        with pytest.raises(InputError, match=r"5 frames of video.mp4 were asked for, but only 3 are left"):
            select_frames(video, 5, method=method, start=80, stop=85, exclude=[80, 81])

    def test_pictures_that_are_all_the_same(self, tmp_path, method):
        path = write_video(tmp_path / "still.mkv", [draw_frame(7)] * 20, codec="ffv1")
        with open_video(path) as still:
            assert len(set(select_frames(still, 6, method=method))) == 6

    def test_progress_ends_at_the_total(self, video, method):
        events = []
        select_frames(video, 4, method=method, progress=events.append)
        assert all(event.done == event.total for event in events[-1:])
        assert bool(events) == (method != "uniform")


def test_uniform_by_hand(video):
    # Ten parts of nine frames: the middles are 4, 13, 22, ...
    assert select_frames(video, 10, method="uniform") == list(range(4, 90, 9))


def test_kmeans_finds_every_scene(tmp_path):
    scenes = [np.full((64, 96, 3), level, np.uint8) for level in (10, 80, 150, 220)]
    lengths = [50, 3, 20, 2]
    images = [scene for scene, n in zip(scenes, lengths, strict=True) for _ in range(n)]
    with open_video(write_video(tmp_path / "scenes.mkv", images, codec="ffv1")) as video:
        chosen = select_frames(video, 4, seed=0)
    starts = np.cumsum([0, *lengths])
    assert np.searchsorted(starts, chosen, side="right").tolist() == [1, 2, 3, 4]


def test_motion_finds_the_moments_of_change(tmp_path):
    images = [np.full((64, 96, 3), 200 if 30 <= k < 70 else 40, np.uint8) for k in range(100)]
    with open_video(write_video(tmp_path / "flash.mkv", images, codec="ffv1")) as video:
        assert select_frames(video, 2, method="motion") == [30, 70]


def test_an_unknown_method(video):
    with pytest.raises(ConfigError, match="no way 'best'") as caught:
        select_frames(video, 3, method="best")
    assert "kmeans" in caught.value.hint


@pytest.mark.parametrize(("n", "start"), [(0, 0), (3, -1)])
def test_senseless_numbers(video, n, start):
    with pytest.raises(InputError, match="at least one frame"):
        select_frames(video, n, start=start)


def test_hours_are_looked_at_in_jumps():
    class Hours:
        keyframes = np.arange(0, 200_000, 250)

    candidates = choose_candidates(Hours(), np.arange(200_000), 20)
    assert len(candidates) == 600
    assert not (candidates % 250).any()
    few = choose_candidates(Hours(), np.arange(200_000), 1000)
    assert len(few) == 1000
    assert candidates[-1] > 190_000


def test_thumbnails_are_means_of_cells(video):
    numbers, thumbnails = make_thumbnails(video, [4, 50])
    assert numbers.tolist() == [4, 50]
    grey = next(iter(video.frames(50)))[1].grey()
    # 96 pixels in about 30 cells: cells of 3 × 3, 32 columns and 21 rows in the middle.
    cells = grey[:63].reshape(21, 3, 32, 3).mean(axis=(1, 3)).ravel()
    np.testing.assert_allclose(thumbnails[1], cells, atol=0.51)


class TestKMeans:
    def test_by_hand(self):
        vectors = np.array([[0.0], [1.0], [2.0], [100.0], [104.0], [105.0]])
        assert nearest_to_centres(vectors, 2, np.random.default_rng(0)).tolist() == [1, 4]

    def test_fewer_different_vectors_than_groups(self):
        vectors = np.array([[0.0], [0.0], [5.0]])
        rows = nearest_to_centres(vectors, 3, np.random.default_rng(0))
        assert vectors[rows].ravel().tolist() == [0, 5]

    def test_moving_all_vectors_changes_nothing(self):
        vectors = np.random.default_rng(1).normal(size=(50, 3))
        one = nearest_to_centres(vectors, 5, np.random.default_rng(0))
        np.testing.assert_array_equal(one, nearest_to_centres(vectors + 1000, 5, np.random.default_rng(0)))


@pytest.mark.data
def test_a_real_recording(shared_data):
    with open_video(shared_data / "mirror_mouse/videos/test_vid.mp4") as video:
        chosen = select_frames(video, 20)
        assert len(set(chosen)) == 20
        assert np.ptp(chosen) > 500
