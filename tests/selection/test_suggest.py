"""Frames of predicted poses that are worth labelling."""

import numpy as np
import pytest

from make_videos import numbered_video
from marey.errors import InputError
from marey.model import Skeleton, create_poses
from marey.selection import suggest_frames
from marey.selection.surprise import robust_excess
from marey.video import open_video

KEYPOINTS = ("snout", "neck", "tail")
N = 300


@pytest.fixture
def walk():
    """A mouse that walks in a wide circle, its points 20 px apart, known to half a pixel; editable."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, 4 * np.pi, N)
    heading = np.stack([-np.sin(angle), np.cos(angle)])
    centre = 200 + 100 * np.stack([np.cos(angle), np.sin(angle)])
    position = np.stack([centre + k * 20 * heading for k in (1, 0, -1)], axis=-1)
    position = (position + rng.normal(0, 0.5, position.shape))[..., None].transpose(1, 0, 2, 3)
    return position, np.full((N, 3, 1), 0.95)


def suggest(position, confidence, n=1, **settings):
    poses = create_poses(position, keypoints=KEYPOINTS, confidence=confidence, fps=30)
    return suggest_frames(poses, n, **settings)


class TestReasons:
    def test_uncertain(self, walk):
        position, confidence = walk
        confidence[120, 2] = 0.1
        (found,) = suggest(position, confidence)
        assert found.frame == 120
        assert found.reason.startswith("tail is uncertain (confidence 0.10)")
        assert 0.6 < found.score <= 1

    def test_a_jump(self, walk):
        position, confidence = walk
        position[77, :, 0, 0] += [30, 40]
        (found,) = suggest(position, confidence, skeleton=Skeleton(KEYPOINTS, edges=(("neck", "tail"),)))
        assert found.frame == 77
        assert "snout jumps by 50 px" in found.reason

    def test_out_of_shape_for_long(self, walk):
        position, confidence = walk
        # Too slow for a jump: the tail drifts away and back.
        drift = 40 * np.exp(-(((np.arange(N) - 200) / 15.0) ** 2))
        position[:, 0, 2, 0] += drift
        (found,) = suggest(position, confidence, skeleton=Skeleton(KEYPOINTS, edges=(("neck", "tail"),)))
        assert abs(found.frame - 200) < 15
        assert "neck to tail is" in found.reason
        assert "times its usual length" in found.reason

    def test_a_point_that_is_seldom_missing(self, walk):
        position, confidence = walk
        position[50, :, 1] = np.nan
        position[:, :, 2] = np.nan
        confidence[np.isnan(position[:, 0])] = np.nan
        (found,) = suggest(position, confidence)
        assert found.frame == 50
        assert "neck is missing" in found.reason

    def test_a_large_expected_error(self, walk):
        position, _ = walk
        error = np.full((N, 3, 1), 2.0)
        error[10, 0] = 30.0
        poses = create_poses(position, keypoints=KEYPOINTS, expected_error=error, fps=30)
        (found,) = suggest_frames(poses, 1)
        assert found.frame == 10
        assert "snout is expected to be off by 30.0 px" in found.reason

    def test_individuals_are_named(self, walk):
        position, confidence = walk
        confidence = np.repeat(confidence, 2, axis=2)
        confidence[30, 0, 1] = 0.05
        poses = create_poses(
            np.repeat(position, 2, axis=3), keypoints=KEYPOINTS, confidence=confidence, individuals=("a", "b")
        )
        assert "snout of b is uncertain" in suggest_frames(poses, 1)[0].reason

    def test_nothing_unusual(self, walk):
        found = suggest(*walk, n=6)
        assert {item.reason for item in found} == {"nothing unusual: for variety"}
        assert np.diff(sorted(item.frame for item in found)).min() > 10


class TestChoice:
    def test_different_moments_rather_than_neighbours(self, walk):
        position, confidence = walk
        confidence[100:110] = 0.1
        confidence[250] = 0.2
        frames = {item.frame for item in suggest(position, confidence, n=2)}
        assert 250 in frames
        assert frames & set(range(100, 110))

    def test_best_first_and_excluded_never(self, walk):
        position, confidence = walk
        confidence[[20, 140, 260], 0] = [[0.3], [0.1], [0.2]]
        found = suggest(position, confidence, n=3, exclude=[140])
        assert [item.frame for item in found][:2] == [260, 20]
        assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
        assert 140 not in {item.frame for item in found}

    def test_the_same_every_time(self, walk):
        assert suggest(*walk, n=5, seed=4) == suggest(*walk, n=5, seed=4)

    def test_frame_numbers_are_those_of_the_poses(self, walk):
        position, confidence = walk
        confidence[40] = 0.1
        poses = create_poses(
            position, keypoints=KEYPOINTS, confidence=confidence, frames=np.arange(1000, 1000 + N)
        )
        assert suggest_frames(poses, 1)[0].frame == 1040

    def test_moving_the_camera_changes_nothing(self, walk):
        position, confidence = walk
        position[77, :, 0] += 50
        assert [item.frame for item in suggest(position, confidence, n=3)] == [
            item.frame for item in suggest(position + 300, confidence, n=3)
        ]

    def test_more_than_there_are(self, walk):
        position, confidence = walk
        assert len(suggest(position[:4], confidence[:4], n=10)) == 4

    def test_nothing_at_all(self, walk):
        position, confidence = walk
        assert suggest(position[:0], confidence[:0], n=3) == []
        empty = np.full_like(position, np.nan)
        assert len(suggest(empty, np.full_like(confidence, np.nan), n=3)) == 3

    def test_none_asked_for(self, walk):
        with pytest.raises(InputError, match="at least one frame"):
            suggest(*walk, n=0)

    def test_with_the_video(self, walk, tmp_path):
        position, confidence = walk
        confidence[30, 0] = 0.1
        path = numbered_video(tmp_path / "v.mp4", n=60, gop=10)
        with open_video(path) as video:
            found = suggest(position[:60], confidence[:60], n=4, video=video)
        assert found[0].frame == 30
        assert len({item.frame for item in found}) == 4


class TestRobustExcess:
    def test_by_hand(self):
        # Median 2, median absolute deviation 1, so a deviation is 1.4826.
        values = np.array([[1.0], [1.0], [2.0], [3.0], [2.0 + 1.4826 * 6]])
        excess = robust_excess(values, 3.0).ravel()
        np.testing.assert_allclose(excess, [0, 0, 0, 0, 0.5], atol=1e-9)

    def test_nan_is_no_surprise(self):
        assert robust_excess(np.array([[np.nan], [1.0], [2.0]]), 3.0)[0, 0] == 0
        assert not robust_excess(np.full((3, 1), np.nan), 3.0).any()

    def test_a_constant_has_no_surprises(self):
        assert not robust_excess(np.full((5, 2), 7.0), 3.0).any()
