"""Tracks of simulated animals whose identity is known."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from marey.errors import ConfigError, InputError
from marey.formats import load_poses
from marey.model import create_poses, read_history
from marey.tracking import doubts_of, evaluate_tracks, track

BODY = np.array([[-20.0, 0.0], [0.0, 6.0], [0.0, -6.0], [20.0, 0.0]])


def walking(
    n_animals: int, n_frames: int, *, seed: int = 0, lengths: list[float] | None = None
) -> xr.Dataset:
    """Return animals that wander through an arena of 600 pixels, at rest now and then."""
    rng = np.random.default_rng(seed)
    points = np.empty((n_frames, 2, len(BODY), n_animals))
    for animal in range(n_animals):
        place, heading = rng.uniform(100, 500, 2), rng.uniform(0, 2 * np.pi)
        for frame in range(n_frames):
            heading += rng.normal(0, 0.15)
            place = place + 3.0 * np.array([np.cos(heading), np.sin(heading)])
            if (place < 50).any() or (place > 550).any():
                heading, place = heading + np.pi, np.clip(place, 50, 550)
            turn = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])
            scale = lengths[animal] if lengths else 1.0
            points[frame, :, :, animal] = (scale * BODY @ turn.T + place).T
    return create_poses(
        points,
        keypoints=["head", "left", "right", "tail"],
        individuals=[f"a{i}" for i in range(n_animals)],
        fps=30.0,
    )


def seen(truth: xr.Dataset, *, seed: int = 1, noise: float = 0.8, missed: float = 0.01) -> xr.Dataset:
    """Return the animals as a detector finds them: noisy, in any order, now and then not at all."""
    rng = np.random.default_rng(seed)
    result = truth.copy(deep=True)
    values = result["position"].values
    values += rng.normal(0, noise, values.shape)
    for frame in values:
        frame[:] = frame[:, :, rng.permutation(frame.shape[-1])]
        frame[:, :, rng.random(frame.shape[-1]) < missed] = np.nan
    return result


def test_wandering_animals_keep_their_identity() -> None:
    truth = walking(4, 600)
    result = track(seen(truth), n_animals=4, max_gap_s=0)
    scores = evaluate_tracks(truth, result.poses)
    assert result.poses.sizes["individual"] == 4
    assert scores.idf1 > 0.97
    confidence = result.poses["identity_confidence"].values
    is_there = np.isfinite(result.poses["position"].values).all(axis=1).any(axis=1)
    assert np.array_equal(np.isfinite(confidence), is_there)
    assert np.nanmin(confidence) >= 0
    assert np.nanmax(confidence) <= 1


def test_the_number_of_animals_is_found() -> None:
    assert track(seen(walking(3, 200))).n_animals == 3


def test_no_detection_is_used_twice_or_moved() -> None:
    detections = seen(walking(3, 200), missed=0.1)
    result = track(detections, n_animals=3, max_gap_s=0).poses
    given, kept = (p["position"].transpose("time", "individual", ...).values for p in (detections, result))
    for row in range(len(given)):
        before, after = (one[row][np.isfinite(one[row]).all(axis=(1, 2))] for one in (given, kept))
        assert len(np.unique(after, axis=0)) == len(after)
        assert all((before == one).all(axis=(1, 2)).any() for one in after)


def test_the_order_of_detections_does_not_matter() -> None:
    truth = walking(3, 150)
    one, other = track(seen(truth, missed=0), n_animals=3), track(seen(truth, missed=0), n_animals=3)
    turned = seen(truth, missed=0).isel(individual=[2, 0, 1])
    turned = turned.assign_coords(individual=["x", "y", "z"])
    again = track(turned, n_animals=3)
    assert one.poses.identical(other.poses.assign_attrs(one.poses.attrs))
    assert evaluate_tracks(one.poses, again.poses).idf1 == 1


def test_body_length_tells_animals_apart_after_a_long_absence() -> None:
    truth = walking(2, 700, seed=3, lengths=[1.0, 1.3])
    detections = seen(truth, missed=0)
    detections["position"].values[300:400] = np.nan
    scores = evaluate_tracks(truth.isel(time=np.r_[0:300, 400:700]), track(detections, n_animals=2).poses)
    assert scores.idf1 > 0.99


def test_animals_that_come_and_go() -> None:
    truth = walking(2, 300)
    truth["position"].values[:150, :, :, 1] = np.nan
    result = track(seen(truth, missed=0), can_leave=True)
    assert result.n_animals is None
    assert evaluate_tracks(truth, result.poses).idf1 == 1


def test_a_false_detection_now_and_then_is_left_out() -> None:
    truth = walking(2, 300)
    detections = seen(truth, missed=0.02)
    position = np.full((300, 2, 4, 3), np.nan)
    position[..., :2] = detections["position"].values
    position[50:53, :, :, 2] = np.array([500.0, 20.0])[:, None] + BODY.T
    crowded = create_poses(position, keypoints=list(truth["keypoint"].values), individuals=["a", "b", "c"])
    result = track(crowded, n_animals=2)
    assert result.poses.sizes["individual"] == 2
    assert evaluate_tracks(truth, result.poses).idf1 > 0.97


def test_one_animal_and_empty_frames() -> None:
    truth = walking(1, 100)
    truth["position"].values[40:60] = np.nan
    result = track(truth, max_gap_s=0)
    assert result.poses.sizes["individual"] == 1
    assert np.isnan(result.poses["position"].values[40:60]).all()


def test_short_absences_are_filled_in_and_marked() -> None:
    truth = walking(1, 100)
    truth["position"].values[40:45] = np.nan
    poses = track(truth).poses
    assert np.isfinite(poses["position"].values[40:45]).all()
    assert poses["is_interpolated"].values[40:45].all()
    assert (poses["confidence"].values[40:45] == 0).all()


def test_an_exchange_is_listed_where_two_touch() -> None:
    # Two look-alikes run towards each other, hide each other for a second, and come out where they had met.
    n = 90
    points = np.full((n, 2, 4, 2), np.nan)
    for frame in range(n):
        for animal, sign in ((0, -1.0), (1, 1.0)):
            x = 300 + sign * max(0.0, abs(frame - 45) - 15) * 4.0
            if frame < 45:
                x = 300 + sign * max(0.0, 30 - frame) * 4.0
            is_hidden = 30 <= frame < 60
            if not (is_hidden and animal == 1):
                points[frame, :, :, animal] = (BODY + np.array([x, 300.0])).T
    result = track(
        create_poses(points, keypoints=list("abcd"), individuals=["a", "b"], fps=30.0), n_animals=2
    )
    assert result.doubts
    assert result.doubts[0].tracks == (0, 1)
    assert result.doubts[0].probability > 0.01
    assert 25 <= result.doubts[0].frame <= 62


def test_nothing_in_the_poses() -> None:
    empty = create_poses(np.full((5, 2, 2, 2), np.nan), keypoints=["a", "b"], individuals=["x", "y"])
    with pytest.raises(InputError, match="not one point"):
        track(empty)


def test_the_number_of_animals_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="at least one animal"):
        track(walking(1, 5), n_animals=0)


def test_files_without_a_common_keypoint() -> None:
    one = create_poses(np.zeros((3, 2, 1, 1)), keypoints=["a"])
    other = create_poses(np.zeros((3, 2, 1, 1)), keypoints=["b"])
    with pytest.raises(InputError, match="no keypoint in common"):
        evaluate_tracks(one, other)


@pytest.mark.data
def test_flies_of_another_tool(shared_data: Path) -> None:
    truth = load_poses(shared_data / "fly_pair/clip.slp")
    found = load_poses(shared_data / "fly_pair/clip.predictions.slp")
    rng = np.random.default_rng(0)
    for name in ("position", "confidence"):
        values = found[name].values
        for row in np.flatnonzero(rng.random(len(values)) < 0.5):
            values[row] = values[row][..., ::-1].copy()
    theirs = evaluate_tracks(truth, load_poses(shared_data / "fly_pair/clip.predictions.slp"))
    ours = evaluate_tracks(truth, track(found, n_animals=2).poses)
    assert ours.hota >= theirs.hota
    assert ours.idf1 >= theirs.idf1
    assert ours.mota >= theirs.mota
    assert ours.id_switches <= theirs.id_switches
    assert ours.n_matched >= theirs.n_matched
    assert ours.fragmentations <= theirs.fragmentations
    assert ours.n_missed <= theirs.n_missed
    assert ours.n_extra <= theirs.n_extra
    assert ours.idp >= theirs.idp
    assert ours.idr >= theirs.idr


@pytest.mark.parametrize("fps", [0.0, -30.0, np.inf, np.nan, "thirty", 1e9])
def test_a_frame_rate_that_is_none_is_refused(fps: float | str) -> None:
    with pytest.raises(InputError, match="frames a second, but the poses say"):
        track(walking(1, 5).assign_attrs(fps=fps))


def test_more_animals_than_anybody_has_take_no_more_room() -> None:
    assert track(walking(2, 30), n_animals=10**6).poses.sizes["individual"] == 2


def test_frames_that_are_not_in_the_file_are_missing_ones() -> None:
    poses = walking(2, 300)
    few = track(poses.isel(time=[*range(100), *range(200, 300)]), n_animals=2, max_gap_s=0).poses
    assert few["frame"].values.tolist() == list(range(300))
    assert np.isnan(few["position"].values[100:200]).all()
    assert len(doubts_of(few)) > 0


def test_the_history_says_how_tracks_were_made() -> None:
    found = track(walking(2, 30), n_animals=2, can_leave=True, min_frames=5, take_apart=True)
    made = read_history(found.poses)[-1]
    assert (made["operation"], made["n_animals"], made["can_leave"]) == ("track", 2, True)
    assert (made["min_frames"], made["take_apart"]) == (5, True)
    assert made["told_apart"] == {"names": False, "features": False, "looks": False}
