"""Repairs of tracks: what each does, worked by hand on three tracks of six frames; history and undo."""

import json
import shutil
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import AlreadyExistsError, ConflictError, FormatError, InputError, NotFoundError
from marey.formats import load_poses, save_poses
from marey.model import create_poses, read_history
from marey.tracking import Confirm, Delete, Interpolate, Join, Rename, Split, Swap, TrackEditor, track
from marey.tracking.edits import edit_from_dict, edit_to_dict
from marey.tracking.repair import OpenedTracks

NAMES = ("ada", "bo", "cy")


def three_tracks():
    """Frames 10 to 15; x is 100 × the track's number + the row; ada and cy are never there at once."""
    x = np.arange(6)[:, None] + 100.0 * np.arange(3)
    position = np.stack([x, x + 0.5], axis=1)[:, :, None, :].repeat(2, axis=2)
    position[3:, :, :, 0] = np.nan
    position[:4, :, :, 2] = np.nan
    poses = create_poses(
        position,
        keypoints=["head", "tail"],
        individuals=NAMES,
        frames=np.arange(10, 16),
        confidence=np.where(np.isfinite(position[:, 0]), 0.9, np.nan),
    )
    sure = np.where(np.isfinite(position[:, 0, 0]), 0.6, np.nan)
    return poses.assign(identity_confidence=(("time", "individual"), sure))


def x_of(poses, name):
    return poses["position"].sel(individual=name, keypoint="head", space="x").values


def test_a_swap_exchanges_only_its_range():
    before = three_tracks()
    after = Swap("ada", "bo", 11, 12).apply(before)
    np.testing.assert_array_equal(x_of(after, "ada"), [0, 101, 102, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(x_of(after, "bo"), [100, 1, 2, 103, 104, 105])
    np.testing.assert_array_equal(x_of(before, "ada"), [0, 1, 2, np.nan, np.nan, np.nan])


def test_a_swap_takes_everything_along():
    after = Swap("ada", "bo").apply(three_tracks())
    sure = after["identity_confidence"].sel(individual="bo").values
    np.testing.assert_array_equal(sure, [0.6, 0.6, 0.6, np.nan, np.nan, np.nan])


@given(st.integers(10, 15), st.integers(10, 15))
def test_a_swap_done_twice_is_nothing(a, b):
    swap = Swap("bo", "cy", min(a, b), max(a, b))
    before = three_tracks()
    assert swap.apply(swap.apply(before)).equals(before)


def test_a_split_and_its_join_are_nothing():
    before = three_tracks()
    parted = Split("bo", 13, "dot").apply(before)
    np.testing.assert_array_equal(x_of(parted, "bo"), [100, 101, 102, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(x_of(parted, "dot"), [np.nan, np.nan, np.nan, 103, 104, 105])
    assert Join("bo", "dot").apply(parted).equals(before)


def test_a_join_of_tracks_that_are_both_there():
    with pytest.raises(InputError, match="both there in 3 frames, from 10 to 12"):
        Join("ada", "bo").apply(three_tracks())


def test_found_points_displace_interpolated_ones():
    poses = Swap("bo", "cy", 12, 12).apply(three_tracks())  # bo has a gap in frame 12, cy one point there
    filled = Interpolate("bo").apply(poses)
    assert x_of(filled, "bo")[2] == pytest.approx(102)
    lone = Split("cy", 14, "late").apply(filled)
    joined = Join("bo", "cy").apply(lone)
    assert not joined["is_interpolated"].sel(individual="bo").values[2].any()
    assert joined["confidence"].sel(individual="bo").values[2].tolist() == [0.9, 0.9]


def test_deleting_a_range_and_a_track():
    poses = three_tracks()
    np.testing.assert_array_equal(
        x_of(Delete("bo", 11, 14).apply(poses), "bo"), [100, np.nan, np.nan, np.nan, np.nan, 105]
    )
    assert Delete("bo").apply(poses)["individual"].values.tolist() == ["ada", "cy"]


def test_the_last_track_stays():
    one = three_tracks().isel(individual=[0])
    with pytest.raises(InputError, match="ada is the only track"):
        Delete("ada").apply(one)


def test_interpolated_points_say_so():
    poses = Delete("bo", 12, 13).apply(three_tracks())
    filled = Interpolate("bo", 13, 13).apply(poses)
    np.testing.assert_allclose(x_of(filled, "bo"), [100, 101, np.nan, 103, 104, 105])
    assert filled["confidence"].sel(individual="bo").values[3].tolist() == [0, 0]
    assert filled["is_interpolated"].sel(individual="bo").values[:, 0].tolist() == [0, 0, 0, 1, 0, 0]
    with pytest.raises(InputError, match="nothing to fill in ada in all frames"):
        Interpolate("ada").apply(poses)


def test_a_confirmed_range_is_certain():
    sure = Confirm(("ada",), 11, 12).apply(three_tracks())["identity_confidence"].sel(individual="ada")
    np.testing.assert_array_equal(sure.values, [0.6, 1, 1, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("name", ["mouse A", "Mäuschen", "鼠 一", "👩\u200d🔬", "track_1"])
def test_a_renamed_track_is_the_same_under_another_name(name):
    before = three_tracks()
    after = Rename("bo", name).apply(before)
    assert after["individual"].values.tolist() == ["ada", name, "cy"]
    assert before["individual"].values.tolist() == ["ada", "bo", "cy"]
    assert Rename(name, "bo").apply(after).equals(before)


def test_a_name_that_a_join_left_is_free():
    joined = Join("ada", "cy").apply(three_tracks())
    assert Rename("bo", "cy").apply(joined)["individual"].values.tolist() == ["ada", "cy"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Swap("a", "b", 4), "exchanged a and b from frame 4 on"),
        (Split("a", 4, "c"), "split a at frame 4; the second part is c"),
        (Join("a", "b"), "joined b to a"),
        (Delete("a", None, 7), "deleted a up to frame 7"),
        (Interpolate("a", 1, 2), "interpolated a in frames 1 to 2"),
        (Confirm(("a", "b")), "confirmed a and b in all frames"),
        (Rename("track_3", "mouse A"), "renamed track_3 to mouse A"),
    ],
)
def test_a_repair_is_told_as_done(edit, words):
    assert edit.describe() == words


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Swap("ada", "eve"), "there is no track 'eve'"),
        (Swap("ada", "ada"), "two different tracks, got 'ada' twice"),
        (Swap("ada", "bo", 30, 40), "nothing in frames 30 to 40\nhint: the frames are 10 to 15"),
        (Swap("ada", "bo", 13, 11), "ends after it begins, got frames 13 to 11"),
        (Split("ada", 14, "dot"), "ada has no point from frame 14 on"),
        (Split("ada", 10, "dot"), "ada has no point before frame 10"),
        (Split("ada", 11, "bo"), "a new name for the second part, got 'bo'"),
        (Split("ada", 11, " "), "a new name"),
        (Rename("eve", "dot"), "there is no track 'eve'"),
        (Rename("ada", "bo"), "a new name for ada, got 'bo'\nhint: taken are ada, bo, cy"),
        (Rename("ada", "ada"), "a new name for ada, got 'ada'"),
        (Rename("ada", ""), "a new name for ada, got ''"),
        (Rename("ada", " dot"), "without blanks around it .* got ' dot'\nhint: leave them out"),
        (Rename("ada", "dot\u3000"), "without blanks around it"),
        (Rename("ada", "do\tt"), r"without control characters, got 'do\\tt'"),
        (Rename("ada", "do\udc80t"), "without control characters"),
    ],
)
def test_repairs_that_do_not_fit(edit, message):
    with pytest.raises(InputError, match=message):
        edit.apply(three_tracks())


EDITS = (
    Swap("a", "b", 1, None),
    Split("a", 4, "c"),
    Join("a", "b"),
    Delete("a", None, 7),
    Interpolate("ü🐭", 1, 2),
    Confirm(("a", "b")),
    Rename("a", "souris é 🐭"),
)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_can_be_written_down(edit):
    assert edit_from_dict(json.loads(json.dumps(edit_to_dict(edit)))) == edit


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "rotate"}, "of the kind swap, split, .* got 'rotate'"),
        ({"kind": "swap", "first": "a"}, "a swap needs"),
        ({"kind": "join", "first": "a", "second": "b", "force": True}, "a join has no field 'force'"),
    ],
)
def test_an_edit_that_is_none(data, message):
    with pytest.raises(InputError, match=message):
        edit_from_dict(data)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "día 1 🐁" / "tracks.nc"
    path.parent.mkdir()
    save_poses(three_tracks(), path)
    return path


def test_undo_gives_the_file_back(file):
    before = load_poses(file)
    editor = TrackEditor(file, author="Ada")
    editor.apply(Swap("ada", "bo", 11, 12))
    editor.apply(Delete("cy"))
    assert [entry.edit.kind for entry in TrackEditor(file).history.done] == ["swap", "delete"]
    assert TrackEditor(file).history.done[0].author == "Ada"
    editor.undo()
    assert load_poses(file).equals(Swap("ada", "bo", 11, 12).apply(before))
    editor.undo()
    assert load_poses(file).equals(before)
    assert read_history(load_poses(file)) == read_history(before)
    with pytest.raises(InputError, match="nothing to undo"):
        editor.undo()
    editor.redo()
    TrackEditor(file).redo()
    assert load_poses(file)["individual"].values.tolist() == ["ada", "bo"]
    with pytest.raises(InputError, match="nothing to do again"):
        TrackEditor(file).redo()


def test_a_rename_is_undone_and_done_again_among_other_repairs(file):
    before = load_poses(file)
    editor = TrackEditor(file)
    editor.apply(Rename("bo", "mouse é"))
    editor.apply(Delete("mouse é", 11, 12), Rename("ada", "bo"))
    assert editor.poses["individual"].values.tolist() == ["bo", "mouse é", "cy"]
    for _ in range(3):
        editor.undo()
    assert load_poses(file).equals(before)
    for _ in range(3):
        editor.redo()
    after = load_poses(file)
    assert after["individual"].values.tolist() == ["bo", "mouse é", "cy"]
    np.testing.assert_array_equal(x_of(after, "mouse é"), [100, np.nan, np.nan, 103, 104, 105])


def test_a_history_that_was_written_earlier_still_opens(file):
    """As files have it that were repaired before tracks could be renamed; names were less strict then."""
    done = [
        {
            "kind": "swap",
            "first": "ada",
            "second": "bo",
            "start": 11,
            "stop": 12,
            "time": "2026-01-02T03:04:05Z",
        },
        {"kind": "split", "track": "bo", "start": 13, "name": "dot ", "time": "", "author": "Eve"},
    ]
    before = load_poses(file)
    save_poses(before.assign_attrs(kept_for_undo=1), file.with_name("tracks.original.nc"))
    repaired = Split("bo", 13, "dot ").apply(Swap("ada", "bo", 11, 12).apply(before))
    save_poses(repaired.assign_attrs(edits=json.dumps({"done": done, "undone": []})), file)
    editor = TrackEditor(file)
    assert [entry.author for entry in editor.history.done] == ["", "Eve"]
    editor.apply(Rename("dot ", "dot"))
    for _ in range(3):
        editor.undo()
    assert load_poses(file).equals(before)


def test_the_provenance_tells_the_repairs_once(file):
    editor = TrackEditor(file)
    editor.apply(Swap("ada", "bo"))
    editor.apply(Delete("cy"))
    operations = [entry["operation"] for entry in read_history(load_poses(file))]
    assert operations == ["repair tracks"]
    assert read_history(editor.poses)[0]["edits"] == [
        "exchanged ada and bo in all frames",
        "deleted cy in all frames",
    ]


def test_several_repairs_are_done_all_or_not_at_all(file):
    content = file.read_bytes()
    with pytest.raises(InputError, match="no track 'eve'"):
        TrackEditor(file).apply(Swap("ada", "bo"), Delete("eve"))
    assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == ["tracks.nc"]


def test_somebody_else_was_faster(file):
    mine, yours = TrackEditor(file), TrackEditor(file)
    yours.apply(Swap("ada", "bo"))
    content = file.read_bytes()
    with pytest.raises(ConflictError, match=r"somebody else changed tracks\.nc"):
        mine.apply(Delete("cy"))
    assert file.read_bytes() == content


def test_of_two_at_the_same_moment_one_is_told(file, monkeypatch):
    """Both have looked at the file before either has written."""
    began, write = threading.Event(), TrackEditor._write

    def slowly(self, *state):
        began.set()
        threading.Event().wait(0.3)
        write(self, *state)

    monkeypatch.setattr(TrackEditor, "_write", slowly)
    mine, yours = TrackEditor(file), TrackEditor(file)
    thread = threading.Thread(target=yours.apply, args=(Swap("ada", "bo"),))
    thread.start()
    began.wait()
    with pytest.raises(ConflictError, match=r"somebody else changed tracks\.nc"):
        mine.apply(Delete("cy"))
    thread.join()
    assert [entry.edit for entry in TrackEditor(file).history.done] == [Swap("ada", "bo")]


def test_tracks_of_tracks_do_not_take_their_repairs_along(file, tmp_path):
    TrackEditor(file).apply(Swap("ada", "bo"))
    again = track(load_poses(file), n_animals=2)
    again.save(tmp_path / "again.nc")
    assert not TrackEditor(tmp_path / "again.nc").history.done


def test_an_exchange_is_its_own_opposite_and_needs_no_original(file):
    before = load_poses(file)
    editor = TrackEditor(file)
    editor.apply(Delete("cy", 14, 14))
    editor.apply(Swap("ada", "bo", 11, 12))
    editor.original_path.unlink()
    editor.undo()
    assert load_poses(file).equals(Delete("cy", 14, 14).apply(before))


def test_a_file_that_was_read_already_is_not_read_again(file):
    opened = OpenedTracks.load(file)
    editor = TrackEditor(file, opened=opened)
    assert editor.poses is opened.poses
    editor.apply(Swap("ada", "bo", 11, 12))
    assert load_poses(file).equals(Swap("ada", "bo", 11, 12).apply(opened.poses))
    assert editor.opened.is_of(file)
    assert not opened.is_of(file)


def test_a_repair_between_reading_and_opening_is_not_lost(file):
    opened = OpenedTracks.load(file)
    TrackEditor(file).apply(Swap("ada", "bo"))
    with pytest.raises(ConflictError, match=r"somebody else changed tracks\.nc"):
        TrackEditor(file, opened=opened).apply(Delete("cy"))
    assert [entry.edit for entry in TrackEditor(file).history.done] == [Swap("ada", "bo")]


def test_a_repair_while_the_file_is_read_is_not_lost(file, monkeypatch):
    def read_late(path):
        poses = load_poses(path)
        monkeypatch.undo()
        TrackEditor(path).apply(Swap("ada", "bo"))
        return poses

    monkeypatch.setattr("marey.tracking.repair.load_poses", read_late)
    mine = TrackEditor(file)
    with pytest.raises(ConflictError, match=r"somebody else changed tracks\.nc"):
        mine.apply(Delete("cy"))
    assert [entry.edit for entry in TrackEditor(file).history.done] == [Swap("ada", "bo")]


def test_a_file_of_ones_own_is_not_replaced_by_the_original(file):
    own = file.with_name("tracks.original.nc")
    for content in (b"mine", file.read_bytes()):
        own.write_bytes(content)
        with pytest.raises(AlreadyExistsError, match=r"tracks\.original\.nc is in the way"):
            TrackEditor(file).apply(Swap("ada", "bo"))
        assert own.read_bytes() == content
    own.unlink()
    before = file.read_bytes()
    TrackEditor(file).apply(Swap("ada", "bo"))
    file.write_bytes(before)  # made anew: what was kept of the earlier one may go
    editor = TrackEditor(file)
    editor.apply(Delete("bo", 10, 11))
    editor.undo()
    assert load_poses(file)["position"].equals(three_tracks()["position"])
    assert "kept_for_undo" not in editor.poses.attrs


def test_the_original_was_moved_away(file):
    editor = TrackEditor(file)
    editor.apply(Delete("cy", 14, 14))
    editor.original_path.unlink()
    with pytest.raises(NotFoundError, match=r"tracks\.original\.nc"):
        editor.undo()


def test_tracks_made_anew_begin_a_new_history(file):
    TrackEditor(file).apply(Delete("cy"))
    fresh = Swap("ada", "bo").apply(three_tracks())
    save_poses(fresh, file)
    editor = TrackEditor(file)
    editor.apply(Delete("bo"))
    editor.undo()
    assert load_poses(file).equals(fresh)


def test_files_that_cannot_be_repaired(file, tmp_path):
    with pytest.raises(NotFoundError, match="there is none"):
        TrackEditor(tmp_path / "nothing.nc")
    other = tmp_path / "table.csv"
    other.write_text("frame,x\n1,2\n", "utf-8")
    with pytest.raises(FormatError, match=r"table\.csv is in another one\nhint: convert"):
        TrackEditor(other)
    broken = shutil.copy(file, tmp_path / "broken.nc")
    save_poses(three_tracks().assign_attrs(edits='{"done": [{"kind": "fly"}]}'), broken)
    with pytest.raises(FormatError, match="history of edits in these poses is damaged"):
        TrackEditor(broken)
