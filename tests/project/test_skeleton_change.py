import json

import numpy as np
import pytest

from marey.errors import ConfigError, LabelsError
from marey.model import LabeledFrame, Skeleton, Visibility
from marey.project import Project, edit_skeleton, skeleton_change

from .conftest import MOUSE, label


@pytest.fixture
def labelled(project):
    frames = [label("day1", 4, (1, 2), (3, 4), (5, 6)), LabeledFrame("day1", 2)]
    project.save_labels("day1", frames, author="ada")
    project.add_video(project.root / "empty.mp4", missing_ok=True)
    return project


def positions(project: Project) -> dict[str, list[float]]:
    instance = project.load_labels("day1").frames[0].instances[0]
    points = zip(project.skeleton.keypoints, instance.points.tolist(), strict=True)
    return {name: point for name, point in points if not np.isnan(point).any()}


def test_rename_add_and_reorder(labelled):
    new = Skeleton(("paw", "tail", "ear_right", "ear_left", "nose"))
    labelled.set_skeleton(new, renames={"snout": "nose"}, author="ben")
    opened = Project.open(labelled.root)
    assert opened.skeleton == labelled.skeleton == new
    assert positions(opened) == {"nose": [1, 2], "ear_left": [3, 4], "ear_right": [5, 6]}
    frames = opened.load_labels("day1").frames
    assert [frame.frame for frame in frames] == [4, 2]
    assert frames[0].instances[0].authors == ["", "", "ada", "ada", "ada"]
    last = opened.labels_history("day1")[-1]
    assert (last.author, last.note) == ("ben", "the skeleton was changed")
    assert not opened.labels_folder.joinpath("empty.csv").exists()


def test_two_names_can_be_exchanged(labelled):
    exchange = {"ear_left": "ear_right", "ear_right": "ear_left"}
    labelled.set_skeleton(labelled.skeleton, renames=exchange)
    assert positions(labelled) == {"snout": [1, 2], "ear_left": [5, 6], "ear_right": [3, 4]}
    labelled.set_skeleton(labelled.skeleton, renames=exchange)
    assert positions(labelled) == {"snout": [1, 2], "ear_left": [3, 4], "ear_right": [5, 6]}


def test_an_old_name_can_be_given_to_a_new_keypoint(labelled):
    new = Skeleton(("nose_tip", "snout"))
    labelled.set_skeleton(new, renames={"snout": "nose_tip"}, allow_loss=True)
    assert positions(labelled) == {"nose_tip": [1, 2]}


def test_labels_are_not_dropped_without_being_told(labelled):
    before = labelled.label_revision("day1")
    with pytest.raises(LabelsError, match="no 'ear_right', which is labelled in frame 4 of day1"):
        labelled.set_skeleton(Skeleton(("snout", "ear_left")))
    assert labelled.label_revision("day1") == before
    assert Project.open(labelled.root).skeleton == labelled.skeleton
    labelled.set_skeleton(Skeleton(("snout", "ear_left")), allow_loss=True)
    assert positions(labelled) == {"snout": [1, 2], "ear_left": [3, 4]}
    assert before in {item.id for item in labelled.labels_history("day1")}


def test_what_is_absent_or_of_a_model_stays_so(labelled):
    frames = labelled.load_labels("day1").frames
    frames[0].instances[0].visibility[3] = Visibility.ABSENT
    labelled.save_labels("day1", frames)
    labelled.set_skeleton(Skeleton(("tail", "snout", "ear_left", "ear_right")))
    visibility = labelled.load_labels("day1").frames[0].instances[0].visibility
    assert visibility[0] == Visibility.ABSENT


@pytest.mark.parametrize(
    ("renames", "message"),
    [
        ({"paw": "snout"}, "no keypoint 'paw'"),
        ({"snout": "paw"}, "no keypoint 'paw'"),
        ({"snout": "tail", "ear_left": "tail"}, "two keypoints cannot get the same name"),
    ],
)
def test_bad_renames_change_nothing(labelled, renames, message):
    before = (labelled.root / "project.yaml").read_bytes()
    with pytest.raises(LabelsError, match=message):
        labelled.set_skeleton(MOUSE, renames=renames)
    assert (labelled.root / "project.yaml").read_bytes() == before


@pytest.mark.parametrize("n_done", [0, 1, 2])
def test_a_change_that_was_cut_off_is_finished_by_the_next_who_opens(labelled, n_done, monkeypatch):
    """The process dies after the plan is written, and `n_done` of its three steps are done."""
    labelled.add_video(labelled.root / "day2.mp4", missing_ok=True)
    labelled.save_labels("day2", [label("day2", 1, (7, 8))])
    steps = 0

    def die_after(function):
        def run(*args, **values):
            nonlocal steps
            if steps == n_done:
                raise KeyboardInterrupt
            steps += 1
            return function(*args, **values)

        return run

    with monkeypatch.context() as patch:
        store = type(labelled._labels)
        patch.setattr(store, "put_in_place", die_after(store.put_in_place))
        patch.setattr(skeleton_change, "write_project_file", die_after(skeleton_change.write_project_file))
        with pytest.raises(KeyboardInterrupt):
            labelled.set_skeleton(
                Skeleton(("nose", "ear_right", "ear_left")),
                renames={"snout": "nose", "ear_left": "ear_right", "ear_right": "ear_left"},
            )
    opened = Project.open(labelled.root)
    assert opened.skeleton.keypoints == ("nose", "ear_right", "ear_left")
    assert positions(opened) == {"nose": [1, 2], "ear_right": [3, 4], "ear_left": [5, 6]}
    assert opened.load_labels("day2").frames[0].instances[0].points[0].tolist() == [7, 8]
    assert not (opened.root / skeleton_change.PLAN_NAME).exists()


def test_a_damaged_plan_is_named(labelled):
    (labelled.root / skeleton_change.PLAN_NAME).write_text("{")
    with pytest.raises(ConfigError, match=r"skeleton-change\.json is damaged"):
        Project.open(labelled.root)


def test_the_plan_names_states_that_are_in_the_history(labelled, monkeypatch):
    monkeypatch.setattr(skeleton_change, "_apply", lambda *_: None)
    labelled_history = len(labelled.labels_history("day1"))
    skeleton_change.change_skeleton(
        labelled.root, labelled._labels, Skeleton(MOUSE.keypoints[::-1]), {}, allow_loss=False, author=""
    )
    plan = json.loads((labelled.root / skeleton_change.PLAN_NAME).read_text("utf-8"))
    history = labelled.labels_history("day1")
    assert len(history) == labelled_history + 1
    assert plan["tables"] == {"day1": history[-1].id}


class TestEditSkeleton:
    def test_edges_and_pairs_follow(self):
        mouse = Skeleton(
            ("a", "l", "r", "z"), edges=(("a", "l"), ("r", "z")), symmetries=(("l", "r"),), name="mouse"
        )
        edited = edit_skeleton(mouse, renames={"l": "left", "a": "b"}, add=["new"], remove=["z"])
        assert edited == Skeleton(
            ("b", "left", "r", "new"), edges=(("b", "left"),), symmetries=(("left", "r"),), name="mouse"
        )

    def test_unknown_names(self):
        with pytest.raises(LabelsError, match="no keypoint 'paw'"):
            edit_skeleton(MOUSE, remove=["paw"])
        with pytest.raises(LabelsError, match="'snout' occurs twice"):
            edit_skeleton(MOUSE, add=["snout"])
