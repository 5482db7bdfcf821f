"""Labels: saved when answered, never overwritten in silence, never lost."""

import json

import numpy as np
import pytest

from marey.model import Instance, LabeledFrame, Origin, Visibility
from marey.project import Project
from marey.server.label_journal import LabelJournal
from marey.server.wire import frame_from_wire, instance_to_wire, revision_of

from .conftest import MOUSE, make_client


def point(x=None, y=None, visibility="visible", origin="person"):
    if x is None:
        return {"visibility": "unlabeled"}
    return {"visibility": visibility, "origin": origin, "position": [x, y]}


def body(*points, labeller="Ada", **more):
    filled = [*points, *[point()] * (len(MOUSE) - len(points))]
    return {"instances": [{"points": filled}], "labeller": labeller, **more}


def put(client, url, frame, labels, revision="none", video="day%201"):
    return client.put(f"{url}/labels/{video}/{frame}", json=labels, headers={"If-Match": f'"{revision}"'})


class TestReadingAndWriting:
    def test_a_frame_without_labels(self, client, url):
        labels = client.get(f"{url}/labels/day%201/7").json()
        assert labels["revision"] == "none"
        assert labels["instances"] == []
        assert labels["no_animal"] is False

    def test_what_is_saved_is_there_again_with_who_and_when(self, client, url):
        saved = put(client, url, 7, body(point(3.25, 4), point(5, 6, "occluded"), {"visibility": "absent"}))
        assert saved.status_code == 200
        again = client.get(f"{url}/labels/day%201/7").json()
        assert again == saved.json()
        (instance,) = again["instances"]
        assert [p["visibility"] for p in instance["points"]] == ["visible", "occluded", "absent", "unlabeled"]
        assert instance["points"][0]["position"] == [3.25, 4]
        assert [p["author"] for p in instance["points"]] == ["Ada", "Ada", "Ada", ""]
        assert again["number"] == 1

    def test_the_project_has_them_as_soon_as_something_else_wants_them(self, client, url, project):
        put(client, url, 7, body(point(3, 4)))
        client.get(f"{url}/labels/day%201/history")
        (frame,) = Project.open(project.root).load_labels("day 1")
        assert frame.frame == 7
        assert frame.instances[0].points[0].tolist() == [3, 4]
        assert frame.instances[0].authors[0] == "Ada"

    def test_saving_the_same_again_changes_nothing(self, client, url):
        first = put(client, url, 7, body(point(3, 4))).json()
        again = put(client, url, 7, body(point(3, 4), labeller="Eve"), first["revision"]).json()
        assert again == first

    def test_labels_can_be_taken_away_and_no_animal_be_stated(self, client, url, project):
        first = put(client, url, 7, body(point(3, 4))).json()
        none = put(client, url, 7, {"instances": [], "no_animal": True}, first["revision"]).json()
        assert none["no_animal"] is True
        gone = put(client, url, 7, {"instances": []}, none["revision"]).json()
        assert gone["revision"] == "none"
        client.get(f"{url}/labels/day%201/history")
        assert len(Project.open(project.root).load_labels()) == 0

    def test_frames_stay_in_order(self, client, url, project):
        for frame in (9, 3, 7):
            put(client, url, frame, body(point(frame, frame)))
        client.get(f"{url}/labels/day%201/history")
        assert [frame.frame for frame in Project.open(project.root).load_labels()] == [3, 7, 9]

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ({"instances": [{"points": [point(1, 2)]}]}, "expected 4 points for each animal, got 1"),
            (body({"visibility": "visible"}), "is visible but its position"),
            (body({"visibility": "absent", "position": [1, 2]}), "is absent but its position"),
            (body({"visibility": "hidden"}), "visibility"),
        ],
    )
    def test_what_is_no_label_is_refused(self, client, url, labels, message):
        response = put(client, url, 7, labels)
        assert response.status_code == 422
        assert message in response.json()["error"]["message"]

    def test_a_frame_beyond_the_end(self, client, url):
        response = put(client, url, 40, body(point(1, 2)))
        assert response.status_code == 422
        assert "frames 0 to 39, got 40" in response.json()["error"]["message"]


class TestConflicts:
    def test_who_does_not_say_what_was_changed_is_refused(self, client, url):
        response = client.put(f"{url}/labels/day%201/7", json=body(point(1, 2)))
        assert response.status_code == 428

    def test_two_labellers_never_overwrite_each_other(self, client, url):
        put(client, url, 7, body(point(1, 2)))
        late = put(client, url, 7, body(point(8, 9), labeller="Eve"))
        assert late.status_code == 409
        assert "changed by Ada" in late.json()["error"]["message"]
        current = late.json()["current"]
        assert current["instances"][0]["points"][0]["position"] == [1, 2]
        merged = put(
            client, url, 7, body(point(1, 2), point(5, 5), labeller="Eve"), current["revision"]
        ).json()
        assert [p["author"] for p in merged["instances"][0]["points"]] == ["Ada", "Eve", "", ""]

    def test_a_change_from_outside_is_seen(self, client, url, project):
        first = put(client, url, 7, body(point(1, 2))).json()
        client.get(f"{url}/labels/day%201/history")
        other = Project.open(project.root)
        other.save_labels(
            "day 1", [LabeledFrame("day 1", 7, (Instance(np.full((4, 2), 6.0)),))], author="Eve"
        )
        late = put(client, url, 7, body(point(3, 3)), first["revision"])
        assert late.status_code == 409
        assert late.json()["current"]["instances"][0]["points"][0]["position"] == [6, 6]

    def test_a_change_from_outside_and_one_from_here_are_both_kept(self, client, url, project):
        put(client, url, 7, body(point(1, 2)))
        other = Project.open(project.root)
        other.save_labels(
            "day 1", [LabeledFrame("day 1", 9, (Instance(np.full((4, 2), 6.0)),))], author="Eve"
        )
        client.get(f"{url}/labels/day%201/history")
        assert [frame.frame for frame in Project.open(project.root).load_labels()] == [7, 9]

    def test_leases_say_who_is_here(self, client, url):
        ada, eve = ({"labeller": name, "page": name * 2} for name in ("Ada", "Eve"))
        taken = client.post(f"{url}/labels/day%201/7/lease", json=ada).json()
        assert (taken["is_yours"], taken["labeller"], taken["others"]) == (True, "Ada", [])
        other = client.post(f"{url}/labels/day%201/7/lease", json=eve).json()
        assert (other["is_yours"], other["labeller"], other["others"]) == (False, "Ada", ["Ada"])
        again = client.post(f"{url}/labels/day%201/7/lease", json=ada).json()
        assert (again["is_yours"], again["others"]) == (True, ["Eve"])  # who came first hears of it, too
        client.post(f"{url}/labels/day%201/8/lease", json=ada)  # a page looks at one frame
        alone = client.post(f"{url}/labels/day%201/7/lease", json=eve).json()
        assert (alone["is_yours"], alone["others"]) == (True, [])
        window = client.post(f"{url}/labels/day%201/7/lease", json={"labeller": "Eve", "page": "2"}).json()
        assert window["others"] == ["Eve"]


class TestHistory:
    def test_going_back_keeps_what_was_there(self, client, url):
        first = put(client, url, 7, body(point(1, 2))).json()
        states = client.get(f"{url}/labels/day%201/history").json()
        put(client, url, 7, body(point(8, 9)), first["revision"])
        client.get(f"{url}/labels/day%201/history")
        restored = client.post(
            f"{url}/labels/day%201/restore", json={"revision": states[0]["id"], "labeller": "Ada"}
        ).json()
        assert len(restored) == 3
        assert [state["is_present"] for state in restored].count(True) >= 1
        now = client.get(f"{url}/labels/day%201/7").json()
        assert now["instances"][0]["points"][0]["position"] == [1, 2]
        assert now["revision"] == first["revision"]

    def test_review_marks(self, client, url):
        put(client, url, 7, body(point(1, 2)))
        marked = client.post(
            f"{url}/labels/day%201/7/review", json={"needs_review": True, "note": "tail?"}
        ).json()
        assert (marked["needs_review"], marked["review_note"]) == (True, "tail?")
        (item,) = client.get(f"{url}/frames").json()
        assert item["needs_review"] is True
        client.post(f"{url}/labels/day%201/7/review", json={"needs_review": False})
        assert client.get(f"{url}/labels/day%201/7").json()["needs_review"] is False


class TestCrash:
    """What the journal is for: the process is gone between a change and the table."""

    def test_what_was_answered_is_there_after_a_crash(self, settings, disk, project, tmp_path):
        journal = LabelJournal(project.labels_folder / ".journal" / "day 1.jsonl", "day 1")
        frame = LabeledFrame(
            "day 1", 7, (Instance(np.full((4, 2), 2.5), authors=["Ada"] * 4, times=["t"] * 4),)
        )
        journal.append(7, frame, MOUSE.keypoints)
        journal.append(9, frame, MOUSE.keypoints)
        journal.append(9, None, MOUSE.keypoints)
        with journal.path.open("ab") as file:
            file.write(b'{"frame": 11, "image": null, "inst')  # nobody was told that this was saved
        with make_client(settings) as client:
            root = client.get("/api/session").json()["roots"][0]["id"]
            opened = client.post("/api/projects/open", json={"root": root, "path": "Mäuse"}).json()
            assert opened["n_labelled"] == 1
            labels = client.get(f"/api/projects/{opened['id']}/labels/day%201/7").json()
            assert labels["number"] == 3
            put(client, f"/api/projects/{opened['id']}", 12, body(point(1, 1)))
        frames = Project.open(project.root).load_labels().frames
        assert [item.frame for item in frames] == [7, 12]
        assert frames[0] == frame

    def test_a_journal_follows_the_skeleton(self, tmp_path):
        journal = LabelJournal(tmp_path / "v.jsonl", "v")
        journal.append(3, LabeledFrame("v", 3, (Instance(np.array([[1.0, 2], [3, 4]])),)), ("snout", "tail"))
        (frame,) = LabelJournal(tmp_path / "v.jsonl", "v").read(("tail", "ear")).values()
        assert frame.instances[0].points[0].tolist() == [3, 4]
        assert frame.instances[0].visibility.tolist() == [Visibility.VISIBLE, Visibility.UNLABELED]

    def test_a_torn_line_does_not_swallow_the_next_one(self, tmp_path):
        journal = LabelJournal(tmp_path / "v.jsonl", "v")
        journal.begin(("snout",))
        with journal.path.open("ab") as file:
            file.write(b'{"frame": 1')
        again = LabelJournal(tmp_path / "v.jsonl", "v")
        again.read(("snout",))
        again.append(2, LabeledFrame("v", 2), ("snout",))
        assert list(LabelJournal(tmp_path / "v.jsonl", "v").read(("snout",))) == [2]


class TestQueueAndChecks:
    def test_states_of_frames(self, client, url):
        client.post(f"{url}/frames", json={"video": "day 1", "frames": [1, 2, 3, 4]})
        full = [point(i, i) for i in range(4)]
        put(client, url, 1, body(*full))
        put(client, url, 2, body(point(1, 1)))
        put(client, url, 3, body(point(1, 1, origin="model")))
        put(client, url, 9, {"instances": [], "no_animal": True})
        items = client.get(f"{url}/frames", params={"video": "day 1"}).json()
        assert [(item["frame"], item["state"]) for item in items] == [
            (1, "labeled"), (2, "partial"), (3, "unconfirmed"), (4, "unlabeled"), (9, "labeled"),
        ]  # fmt: skip
        assert items[0]["image"] == "img00001.png"
        assert items[2]["time_s"] == pytest.approx(3 / 25)
        assert items[4]["image"] is None

    def test_a_picked_frame_can_be_put_back_while_it_has_no_labels(self, client, url):
        added = client.post(f"{url}/frames", json={"video": "day 1", "frames": [5, 6]}).json()["added"]
        assert [item["frame"] for item in added] == [5, 6]
        put(client, url, 5, body(point(1, 1)))
        assert client.delete(f"{url}/frames/day%201/5").status_code == 409
        assert client.delete(f"{url}/frames/day%201/6").status_code == 204
        assert client.delete(f"{url}/frames/day%201/6").status_code == 404
        assert [item["frame"] for item in client.get(f"{url}/frames").json()] == [5]

    def test_suspicious_labels_have_reasons(self, client, url):
        put(client, url, 1, body(point(10, 10), point(300, 20)))
        (found,) = client.get(f"{url}/label-checks").json()
        assert (found["code"], found["frame"], found["keypoints"]) == ("outside-image", 1, ["ear_left"])
        assert "outside the 96x64 image" in found["message"]

    def test_contact_sheet(self, client, url):
        put(client, url, 3, body(point(10, 11), point(20, 21)))
        put(client, url, 1, body(point(12, 13)))
        points = client.get(f"{url}/points", params={"keypoint": "snout"}).json()
        assert [(p["frame"], p["position"]) for p in points] == [(1, [12, 13]), (3, [10, 11])]
        assert client.get(f"{url}/points", params={"keypoint": "wing"}).status_code == 422


class TestPrefill:
    def test_as_in_the_frame_before(self, client, url):
        put(client, url, 3, body(point(10, 11), point(20, 21, "occluded")))
        found = client.get(f"{url}/labels/day%201/9/prefill", params={"source": "previous"}).json()
        (instance,) = found["instances"]
        assert found["from_frame"] == 3
        assert [p["origin"] for p in instance["points"][:2]] == ["model", "model"]
        assert [p["visibility"] for p in instance["points"]] == [
            "visible",
            "occluded",
            "unlabeled",
            "unlabeled",
        ]
        before = client.get(f"{url}/labels/day%201/2/prefill", params={"source": "previous"}).json()
        assert (before["instances"], before["note"]) == ([], "no frame before this one has labels")

    def test_optical_flow_from_the_nearest_labels(self, client, url):
        # The blocks of a numbered video stand still: points on their corners do, too.
        put(client, url, 6, body(point(16, 16)))
        found = client.get(f"{url}/labels/day%201/4/prefill", params={"source": "flow"}).json()
        assert found["from_frame"] == 6
        for instance in found["instances"]:
            assert instance["points"][0]["position"] == pytest.approx([16, 16], abs=2)
            assert 0 <= instance["points"][0]["confidence"] <= 1

    def test_without_a_network(self, client, url):
        found = client.get(f"{url}/labels/day%201/4/prefill", params={"source": "model"}).json()
        assert found["instances"] == []
        assert "no network has been trained" in found["note"]


def test_labels_go_over_the_wire_and_back():
    instance = Instance(
        np.array([[1.5, 2], [np.nan, np.nan], [3, 4], [np.nan, np.nan]]),
        visibility=np.array([3, 1, 2, 0]),
        origin=np.array([Origin.PERSON, Origin.PERSON, Origin.ACCEPTED, Origin.PERSON]),
        individual="Ada",
        authors=["a", "b", "c", ""],
        times=["1", "2", "3", ""],
    )
    from marey.server.schemas.labels import LabelsWrite

    sent = LabelsWrite(instances=[instance_to_wire(instance)])
    back = frame_from_wire("v", 3, "i.png", LabelsWrite(**json.loads(sent.model_dump_json())), 4)
    assert back == LabeledFrame("v", 3, (instance,), "i.png")
    assert revision_of(back) == revision_of(LabeledFrame("v", 8, (instance,)))
    assert revision_of(back) != revision_of(LabeledFrame("v", 3))
