"""The queue of suspicions: each kind is found where it was put, and the costly come first."""

import json

import numpy as np
import pytest

from marey.formats import save_poses
from marey.model import create_poses
from marey.tracking import (
    Confirm,
    Delete,
    Interpolate,
    Join,
    Rename,
    Split,
    Swap,
    TrackEditor,
    find_suspicions,
)

SHAPE = np.array([[-10.0, 0.0], [0.0, 0.0], [10.0, 0.0]])


def poses_of(paths, names=None):
    """Poses of animals 20 px long whose centres are at `paths`, (n_frames, n_animals, 2)."""
    points = np.asarray(paths, float)[:, :, None] + SHAPE
    names = names or [f"m{i + 1}" for i in range(points.shape[1])]
    return create_poses(points.transpose(0, 3, 2, 1), keypoints=["a", "b", "c"], individuals=names)


def apart(n_frames=200):
    """Two animals that walk side by side, far from each other."""
    x = np.arange(n_frames, dtype=float)
    return np.stack([np.stack([x, 0 * x], -1), np.stack([x, 0 * x + 300], -1)], axis=1)


def crossing(*, is_exchanged):
    """Two animals that go straight through each other; exchanged, each takes up the other's way."""
    x = np.arange(-100, 101, dtype=float)
    one, two = np.stack([x, x], -1), np.stack([x, -x], -1)
    if is_exchanged:
        return np.stack([np.where(x[:, None] > 0, two, one), np.where(x[:, None] > 0, one, two)], axis=1)
    return np.stack([one, two], axis=1)


def test_nothing_is_wrong():
    assert find_suspicions(poses_of(apart())) == []


def test_nobody_is_there():
    assert find_suspicions(poses_of(np.full((10, 2, 2), np.nan))) == []


def test_a_gap_is_found():
    paths = apart()
    paths[50:60, 1] = np.nan
    (gap,) = find_suspicions(poses_of(paths))
    assert (gap.kind, gap.start, gap.stop, gap.tracks) == ("gap", 50, 59, ("m2",))
    assert gap.likelihood == 1
    assert gap.priority == pytest.approx(0.2 * 10)


def test_a_gap_that_is_filled_is_none():
    poses = poses_of(apart())
    marks = np.zeros((200, 3, 2), dtype=bool)
    marks[50:60, :, 1] = True
    assert find_suspicions(poses.assign(is_interpolated=(("time", "keypoint", "individual"), marks))) == []
    # What is filled in is no observation all the same: the way over a gap is no jump.
    poses["position"].values[60:, 0, :, 1] += 80
    assert find_suspicions(poses.assign(is_interpolated=(("time", "keypoint", "individual"), marks))) == []


def test_a_gap_beside_what_is_filled_is_found():
    paths = apart()
    paths[100:110, 1] = np.nan
    marks = np.full((200, 3, 2), np.nan)
    marks[50:60, :, 1] = 1
    poses = poses_of(paths).assign(is_interpolated=(("time", "keypoint", "individual"), marks))
    assert [(gap.kind, gap.start, gap.stop) for gap in find_suspicions(poses)] == [("gap", 100, 109)]


def test_a_gap_that_a_person_filled_is_not_asked_again(tmp_path):
    paths = apart()
    paths[60:70, 1] = np.nan
    save_poses(poses_of(paths), tmp_path / "a.nc")
    editor = TrackEditor(tmp_path / "a.nc")
    (gap,) = find_suspicions(editor.poses)
    assert find_suspicions(editor.apply(Interpolate("m2", gap.start, gap.stop))) == []
    editor.undo()
    assert [item.kind for item in find_suspicions(editor.poses)] == ["gap"]


def test_a_jump_is_found_and_costs_what_comes_after_it():
    paths = apart()
    paths[150:, 0] += 80
    (jump,) = find_suspicions(poses_of(paths))
    assert (jump.kind, jump.start, jump.stop, jump.tracks) == ("jump", 149, 150, ("m1",))
    assert jump.cost == 50


def test_two_that_take_each_others_place_are_one_exchange():
    paths = apart()
    paths[150:] = paths[150:, ::-1].copy()
    (swap,) = find_suspicions(poses_of(paths))
    assert (swap.kind, swap.start, swap.stop, swap.tracks) == ("swap", 150, 150, ("m1", "m2"))
    assert swap.likelihood > 0.99
    assert swap.cost == 2 * 50
    assert find_suspicions(Swap("m1", "m2", swap.start).apply(poses_of(paths))) == []


def test_two_that_jump_elsewhere_at_once_are_two_jumps():
    paths = apart()
    paths[150:] += [[[0, 80], [0, -80]]]
    assert [item.kind for item in find_suspicions(poses_of(paths))] == ["jump", "jump"]


def test_three_that_change_places_in_a_ring_are_jumps():
    paths = np.concatenate([apart(), apart()[:, :1] + [0, 600]], axis=1)
    paths[150:] = paths[150:, [1, 2, 0]].copy()
    assert [item.kind for item in find_suspicions(poses_of(paths))] == ["jump"] * 3


def test_a_short_track_is_found():
    paths = np.concatenate([apart(), np.full((200, 1, 2), np.nan)], axis=1)
    paths[100:105, 2] = 900
    (short,) = find_suspicions(poses_of(paths))
    assert (short.kind, short.tracks, short.cost) == ("short", ("m3",), 5)
    assert short.likelihood == pytest.approx(0.5)  # 5 frames where 10 are the limit


def test_an_exchange_is_likelier_than_a_crossing():
    (right,) = find_suspicions(poses_of(crossing(is_exchanged=False)))
    wrong = find_suspicions(poses_of(crossing(is_exchanged=True)))[0]
    assert right.kind == wrong.kind == "swap"
    assert right.likelihood < 0.2
    assert wrong.likelihood > 0.8
    assert wrong.start <= 100 <= wrong.stop


def test_the_costly_come_first_and_the_list_can_be_cut():
    paths = apart()
    paths[20:22, 1] = np.nan
    paths[100:, 0] += 80
    found = find_suspicions(poses_of(paths))
    assert [item.kind for item in found] == ["jump", "gap"]
    assert found[0].priority > found[1].priority
    assert find_suspicions(poses_of(paths), limit=1) == found[:1]


def test_the_trackers_own_doubts_count_for_swaps():
    doubt = {"start": 40, "stop": 44, "tracks": ["m1", "m2"], "probability": 0.3, "reason": "they touch"}
    poses = poses_of(apart()).assign_attrs(identity_doubts=json.dumps([doubt]))
    (swap,) = find_suspicions(poses)
    assert (swap.kind, swap.start, swap.stop, swap.likelihood) == ("swap", 40, 44, 0.3)
    assert swap.cost == 2 * 44


def test_a_doubt_is_settled_by_an_exchange_at_that_moment(tmp_path):
    doubts = [
        {
            "start": frame,
            "stop": frame + 4,
            "tracks": ["m1", "m2"],
            "probability": 0.3,
            "reason": "they touch",
        }
        for frame in (40, 120)
    ]
    file = tmp_path / "tracks.nc"
    paths = apart()
    paths[42:] = paths[42:, ::-1].copy()
    save_poses(poses_of(paths).assign_attrs(identity_doubts=json.dumps(doubts)), file)
    after = TrackEditor(file).apply(Swap("m1", "m2", 42))
    assert [item.start for item in find_suspicions(after) if item.kind == "swap"] == [120]


def test_where_there_is_no_animal_there_is_nothing_to_look_at():
    assert find_suspicions(poses_of(np.empty((10, 0, 2)))) == []


DOUBT = {"start": 120, "stop": 124, "tracks": ["m1", "m2"], "probability": 0.3, "reason": "they touch"}


@pytest.mark.parametrize(
    ("edits", "tracks"),
    [
        ([Delete("m2")], None),
        ([Delete("m2", 100, 140)], None),
        ([Delete("m2", 10, 40)], ("m1", "m2")),
        ([Swap("m1", "m3", 60)], ("m3", "m2")),
        ([Swap("m1", "m3", 60, 100)], ("m1", "m2")),
        ([Split("m1", 60, "late")], ("late", "m2")),
        ([Rename("m2", "mouse A")], ("m1", "mouse A")),
        ([Swap("m1", "m3", 60), Rename("m1", "ada"), Rename("m3", "m1")], ("m1", "m2")),
        ([Delete("m3", 0, 130), Delete("m2", 131), Join("m3", "m2")], ("m1", "m3")),
        ([Delete("m2", 0, 119), Split("m2", 150, "late"), Delete("m1", 120), Join("m1", "m2")], None),
    ],
)
def test_a_doubt_is_about_tracks_as_they_are_called_since_repairs(tmp_path, edits, tracks):
    file = tmp_path / "tracks.nc"
    paths = np.concatenate([apart(), apart()[:, :1] + 600], axis=1)
    save_poses(poses_of(paths).assign_attrs(identity_doubts=json.dumps([DOUBT])), file)
    after = TrackEditor(file).apply(*edits)
    doubts = [item.tracks for item in find_suspicions(after) if item.reason == "they touch"]
    assert doubts == ([] if tracks is None else [tracks])


def test_what_was_confirmed_stays_so_when_its_track_gets_another_name(tmp_path):
    paths = apart()
    paths[100:110, 1] = np.nan
    file = tmp_path / "tracks.nc"
    save_poses(poses_of(paths), file)
    after = TrackEditor(file).apply(Confirm(("m2",), 100, 109), Swap("m1", "m2", 50))
    gaps = [item.tracks for item in find_suspicions(after) if item.kind == "gap"]
    assert gaps == []
    after = TrackEditor(file).apply(Rename("m1", "mouse A"))
    assert [item.tracks for item in find_suspicions(after) if item.kind == "gap"] == []


def confirmed(tmp_path, paths, *edits):
    """What is left to look at after repairs."""
    file = tmp_path / "tracks.nc"
    save_poses(poses_of(paths), file)
    return [(item.kind, item.start) for item in find_suspicions(TrackEditor(file).apply(*edits))]


@pytest.mark.parametrize(
    ("tracks", "frames", "left"),
    [
        (("m2",), (50, 59), [("jump", 149)]),  # just the gap
        (("m1",), (149, 150), [("gap", 50)]),
        (("m1",), (100, None), [("gap", 50)]),
        (("m2",), (40, 70), [("jump", 149), ("gap", 50)]),  # who looked at identities has not seen the gap
        (("m1", "m2"), (0, 199), [("jump", 149), ("gap", 50)]),  # nor whether one of the two is right
    ],
)
def test_what_a_person_confirmed_is_not_asked_again(tmp_path, tracks, frames, left):
    paths = apart()
    paths[50:60, 1] = np.nan
    paths[150:, 0] += 80
    assert confirmed(tmp_path, paths, Confirm(tracks, *frames)) == left


def test_only_an_exchange_of_the_confirmed_is_right(tmp_path):
    paths = np.concatenate([apart(), apart()[:, :1] + [0, 600]], axis=1)
    for start, pair in ((60, [0, 1]), (120, [1, 2])):
        paths[start:, pair] = paths[start:, pair[::-1]].copy()
    assert confirmed(tmp_path, paths, Confirm(("m2", "m1"), 50, 150)) == [("swap", 120)]


def test_a_short_track_that_is_right_is_not_asked_again(tmp_path):
    paths = np.concatenate([apart(), np.full((200, 1, 2), np.nan)], axis=1)
    paths[100:105, 2] = 900
    assert confirmed(tmp_path, paths, Confirm(("m3",), 0, 199)) == [("short", 100)]
    assert confirmed(tmp_path, paths, Confirm(("m3",), 100, 104)) == []
