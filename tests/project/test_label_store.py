import gzip
import random
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from marey.errors import ConflictError, FormatError, LabelsError, NotFoundError, StorageError
from marey.model import Instance, LabeledFrame, Labels, Origin
from marey.project import Project

from .conftest import MOUSE, label


def test_labels_come_back_in_their_order(project):
    project.add_video(project.root / "a.mp4", missing_ok=True)
    frames = [label("day1", 9, (1, 2)), LabeledFrame("day1", 3), label("day1", 5, (0.1 + 0.2, 4))]
    project.save_labels("day1", frames)
    project.save_labels("a", [label("a", 1, (5, 6))])
    assert project.load_labels("day1") == Labels(project.skeleton, frames)
    assert [frame.key for frame in project.load_labels()] == [
        ("day1", 9),
        ("day1", 3),
        ("day1", 5),
        ("a", 1),
    ]


def test_a_video_without_labels(project):
    assert len(project.load_labels("day1")) == 0
    assert project.label_revision("day1") == ""
    assert project.labels_history("day1") == []


@pytest.mark.parametrize("call", ["load_labels", "label_revision"])
def test_a_video_that_is_not_in_the_project(project, call):
    with pytest.raises(NotFoundError, match="no video 'x'") as raised:
        getattr(project, call)("x")
    assert raised.value.hint == "its videos are: day1"


class TestHistory:
    def test_every_state_is_kept_and_can_be_restored(self, project):
        states = [[label("day1", i, (i, i))] for i in range(3)]
        ids = [project.save_labels("day1", s, author="ada", note=f"n{i}") for i, s in enumerate(states)]
        history = project.labels_history("day1")
        assert [item.id for item in history] == ids
        assert [(item.number, item.author, item.note, item.n_frames) for item in history] == [
            (1, "ada", "n0", 1),
            (2, "ada", "n1", 1),
            (3, "ada", "n2", 1),
        ]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", item.time) for item in history)
        assert project.restore_labels("day1", 1, author="ben") == ids[0]
        assert project.load_labels("day1").frames[0].frame == 0
        assert project.restore_labels("day1", ids[1]) == ids[1]
        assert project.load_labels("day1").frames[0].frame == 1
        assert [item.note for item in project.labels_history("day1")[3:]] == [
            "restored revision 1",
            f"restored revision {ids[1]}",
        ]

    def test_saving_the_same_again_is_no_new_state(self, project):
        first = project.save_labels("day1", [label("day1", 1, (1, 1))])
        assert project.save_labels("day1", [label("day1", 1, (1, 1))]) == first
        assert len(project.labels_history("day1")) == 1

    def test_an_edit_from_outside_is_kept_before_it_is_replaced(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1))])
        table = project.labels_folder / "day1.csv"
        table.write_text(table.read_text().replace("1.0,1.0", "7.5,1.0"))
        edited = project.label_revision("day1")
        with pytest.raises(ConflictError):
            project.save_labels("day1", [])
        project.save_labels("day1", [], expected_revision=None)
        assert [item.note for item in project.labels_history("day1")] == ["", "changed outside Marey", ""]
        project.restore_labels("day1", edited)
        assert project.load_labels("day1").frames[0].instances[0].points[0].tolist() == [7.5, 1]

    def test_an_unknown_revision(self, project):
        with pytest.raises(NotFoundError, match="no revision 9") as raised:
            project.restore_labels("day1", 9)
        assert raised.value.hint == "nothing has been saved yet"

    def test_a_damaged_state_is_listed_and_cannot_be_restored(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1))])
        (path,) = project.history_folder("day1").iterdir()
        path.write_bytes(path.read_bytes()[:30])
        (item,) = project.labels_history("day1")
        assert item.note == "damaged"
        with pytest.raises(FormatError, match="is damaged"):
            project.restore_labels("day1", 1)

    def test_a_state_of_another_skeleton_is_not_restored(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1))])
        project.set_skeleton(
            type(MOUSE)(("nose", "ear_left", "ear_right", "tail")), renames={"snout": "nose"}
        )
        before = project.label_revision("day1")
        with pytest.raises(LabelsError, match=r"revision 1.*'snout'"):
            project.restore_labels("day1", 1)
        assert project.label_revision("day1") == before

    def test_states_are_plain_compressed_tables(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1))], note="ä")
        (path,) = project.history_folder("day1").iterdir()
        header, _, table = gzip.decompress(path.read_bytes()).decode().partition("\n")
        assert '"note": "ä"' in header
        assert table == (project.labels_folder / "day1.csv").read_text()

    def test_labels_of_a_removed_video_stay_in_the_history(self, project):
        revision = project.save_labels("day1", [label("day1", 1, (1, 1))])
        project.remove_video("day1")
        assert list(project.videos) == []
        assert project.labels_history("day1")[-1].id == revision
        project.add_video(project.root / "day1.mp4", missing_ok=True)
        assert len(project.load_labels()) == 0
        project.restore_labels("day1", revision)
        assert len(project.load_labels()) == 1


class TestTwoWriters:
    def test_the_second_is_told_and_nothing_is_overwritten(self, project):
        first, second = Project.open(project.root), Project.open(project.root)
        expected = second.label_revision("day1")
        first.save_labels("day1", [label("day1", 1, (1, 1))], author="ada", expected_revision="")
        with pytest.raises(ConflictError, match=r"changed by ada at .*; nothing was written") as raised:
            second.save_labels("day1", [], expected_revision=expected)
        assert raised.value.hint
        assert len(project.load_labels("day1")) == 1
        assert len(project.labels_history("day1")) == 1

    def test_they_are_told_without_asking_for_it(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1)), label("day1", 2, (2, 2))])
        first, second = Project.open(project.root), Project.open(project.root)
        frames = [list(each.load_labels("day1")) for each in (first, second)]
        first.save_labels("day1", frames[0][:1])
        with pytest.raises(ConflictError, match="nothing was written"):
            second.save_labels("day1", frames[1][1:])
        assert [frame.frame for frame in project.load_labels("day1")] == [1]
        first.save_labels("day1", [])  # its own last state is the present one
        second.load_labels()
        second.save_labels("day1", frames[1][1:])
        assert [frame.frame for frame in project.load_labels("day1")] == [2]

    def test_of_many_at_once_exactly_one_wins_each_round(self, project):
        outcomes = []

        def save(i: int) -> None:
            try:
                mine = Project.open(project.root)
                mine.save_labels("day1", [label("day1", i, (i, i))], expected_revision="")
                outcomes.append("saved")
            except ConflictError:
                outcomes.append("told")

        threads = [threading.Thread(target=save, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["saved"] + ["told"] * 7
        assert len(project.labels_history("day1")) == 1

    def test_somebody_who_still_has_the_old_keypoints(self, project):
        other = Project.open(project.root)
        project.set_skeleton(type(MOUSE)((*MOUSE.keypoints, "paw")))
        with pytest.raises(ConflictError, match="keypoints of the project were changed"):
            other.save_labels("day1", [label("day1", 1, (1, 1))])
        assert project.label_revision("day1") == ""


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("frames", "message"),
        [
            ([label("day2", 1, (1, 1))], "expected frames of 'day1', got frame 1 of 'day2'"),
            ([label("day1", 1), label("day1", 1)], "labelled twice"),
            ([LabeledFrame("day1", 1, (Instance(np.zeros((3, 2))),))], "instance of 3 keypoints"),
        ],
    )
    def test_labels_that_do_not_fit(self, project, frames, message):
        with pytest.raises(LabelsError, match=message):
            project.save_labels("day1", frames)
        assert project.label_revision("day1") == ""

    def test_a_table_with_a_bad_cell(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1))])
        table = project.labels_folder / "day1.csv"
        table.write_text(table.read_text().replace("1.0,1.0", "l.0,1.0"))
        with pytest.raises(FormatError, match=r"day1.csv, line 2, column 'x': expected a number, got 'l.0'"):
            project.load_labels()


def test_a_full_disk_leaves_everything_as_it_was(project, full_disk):
    kept = project.save_labels("day1", [label("day1", 1, (1, 1))])
    before = sorted(project.root.rglob("*"))
    points = np.random.default_rng(0).normal(size=(50, 2))
    unchanged = "What was there before is unchanged"
    with full_disk(1000), pytest.raises(StorageError, match=unchanged) as raised:
        project.save_labels("day1", [label("day1", i, p) for i, p in enumerate(points)])
    assert raised.value.hint
    assert project.label_revision("day1") == kept
    assert [item.id for item in project.labels_history("day1")] == [kept]
    assert sorted(project.root.rglob("*")) == before


def test_a_disk_that_fills_up_after_the_history_leaves_the_table_as_it_was(project, full_disk):
    """What repeats itself is small in the history, which is compressed, and too large for the table."""
    kept = project.save_labels("day1", [label("day1", 1, (1, 1))])
    with full_disk(1000), pytest.raises(StorageError, match="What was there before is unchanged"):
        project.save_labels("day1", [label("day1", i, (1, 1)) for i in range(60)])
    assert project.label_revision("day1") == kept
    assert [frame.frame for frame in project.load_labels("day1")] == [1]
    assert len(project.labels_history("day1")) == 2


class TestWhoAndWhen:
    def test_new_and_changed_points_get_the_author(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1), (2, 2))], author="ada")
        frames = project.load_labels("day1").frames
        frames[0].instances[0].points[1] = (5, 5)
        project.save_labels("day1", frames, author="ben")
        instance = project.load_labels("day1").frames[0].instances[0]
        assert instance.authors == ["ada", "ben", "", ""]
        assert [bool(t) for t in instance.times] == [True, True, False, False]

    def test_what_says_who_set_it_is_left_alone(self, project):
        given = label(
            "day1", 1, (1, 1), authors=["eve", "", "", ""], times=["2020-01-01T00:00:00Z", "", "", ""]
        )
        project.save_labels("day1", [given], author="ada")
        assert project.load_labels("day1").frames == [given]

    def test_labels_of_unknown_origin_do_not_get_an_author_by_being_saved_again(self, project):
        project.save_labels("day1", [label("day1", 1, (1, 1))])
        frames = [*project.load_labels("day1").frames, label("day1", 2, (2, 2))]
        project.save_labels("day1", frames, author="ada")
        first, second = project.load_labels("day1").frames
        assert first.instances[0].authors[0] == ""
        assert second.instances[0].authors[0] == "ada"

    def test_accepting_a_point_counts_as_a_change(self, project):
        model = label("day1", 1, (1, 1), origin=[Origin.MODEL] * 4, authors=["net", "", "", ""])
        project.save_labels("day1", [model])
        frames = project.load_labels("day1").frames
        frames[0].instances[0].origin[0] = Origin.ACCEPTED
        project.save_labels("day1", frames, author="ada")
        assert project.load_labels("day1").frames[0].instances[0].authors[0] == "ada"

    def test_named_animals_are_compared_by_name(self, project):
        ben, anna = (
            label("day1", 1, (i, i), individual=n).instances[0] for i, n in enumerate(["ben", "anna"])
        )
        project.save_labels("day1", [LabeledFrame("day1", 1, (ben, anna))], author="ada")
        ben, anna = project.load_labels("day1").frames[0].instances
        project.save_labels("day1", [LabeledFrame("day1", 1, (anna, ben))], author="ben")
        assert [i.authors[0] for i in project.load_labels("day1").frames[0].instances] == ["ada", "ada"]


SAVE_FOREVER = """
import sys
import numpy as np
from marey.model import Instance, LabeledFrame
from marey.project import Project

project = Project.open(sys.argv[1])
for i in range(1, 10**9):
    points = np.full((4, 2), float(i))
    frames = [LabeledFrame("day1", n, (Instance(points),)) for n in range(60)]
    project.save_labels("day1", frames)
    print(i, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_at_any_moment_the_labels_are_the_old_or_the_new_ones(project):
    """The process is killed in the middle of its saves, again and again."""
    rng = random.Random(0)
    saved = 0
    for _ in range(4):
        command = [sys.executable, "-c", SAVE_FOREVER, str(project.root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline(), "nothing was saved"
            time.sleep(rng.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
            rest = process.stdout.read().split()
        saved = int(rest[-1]) if rest else 1
        frames = project.load_labels("day1").frames
        values = {float(x) for frame in frames for x in frame.instances[0].points.ravel()}
        assert len(frames) == 60
        assert values in ({float(saved)}, {float(saved + 1)})
        assert project.label_revision("day1") in {item.id for item in project.labels_history("day1")}
        assert all(item.note != "damaged" for item in project.labels_history("day1"))
    assert saved >= 1
