"""Tracks over HTTP: made, looked through, repaired, turned into labels."""

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from make_videos import numbered_video
from marey.cli.app import app
from marey.formats import load_poses, save_poses
from marey.model import append_history, create_poses
from marey.refinement import interpolate_gaps
from marey.server import proofreading
from marey.tracking import Delete, TrackEditor
from marey.visualisation.pyramid import pyramid_path

N = 40
BODY = np.array([[0.0, 0], [-6, 4], [6, 4], [0, 20]])


def walking(swapped_from=None, n=N):
    """Two animals that walk past each other; from a frame on, their names are exchanged."""
    frames = np.arange(n)
    places = np.stack(
        [
            np.stack([20 + 2.0 * frames, 30 + 0 * frames], 1),
            np.stack([100 - 1.5 * frames, 60 + 0 * frames], 1),
        ]
    )
    points = places[:, :, None] + BODY  # (animals, frames, keypoints, 2)
    if swapped_from is not None:
        points[:, swapped_from:] = points[::-1, swapped_from:].copy()
    return points.transpose(1, 3, 2, 0)


@pytest.fixture
def poses_file(project):
    path = project.predictions_folder / "first" / "day 1.nc"
    path.parent.mkdir(parents=True)
    names = ["snout", "ear_left", "ear_right", "tail"]
    save_poses(
        create_poses(
            walking(25),
            keypoints=names,
            individuals=["a", "b"],
            fps=25,
            attributes={"source_file": "day 1.mp4"},
        ),
        path,
    )
    return path


@pytest.fixture
def tracks(client, url, poses_file):
    (item,) = client.get(f"{url}/results").json()
    return f"{url}/results/{item['id']}"


def swap(client, tracks, **more):
    revision = more.pop("revision", None) or client.get(f"{tracks}/tracks").json()["revision"]
    edit = {"kind": "swap", "first": "a", "second": "b", "start": 25, **more}
    return client.post(
        f"{tracks}/tracks/edits", json={"revision": revision, "edits": [edit], "labeller": "Ada"}
    )


def test_a_swap_is_found_repaired_and_taken_back(client, tracks, poses_file):
    before = client.get(f"{tracks}/tracks").json()
    assert before["names"] == ["a", "b"]
    assert before["is_editable"]
    after = swap(client, tracks).json()
    np.testing.assert_array_equal(load_poses(poses_file)["position"].values, walking())
    assert after["revision"] != before["revision"]
    assert after["suspicions"] == []
    assert after["done"][0]["author"] == "Ada"
    (entry,) = after["done"]
    assert entry["description"] == "exchanged a and b from frame 25 on"
    told = {name: value for name, value in entry["edit"].items() if value is not None}
    assert told == {"kind": "swap", "first": "a", "second": "b", "start": 25}
    undone = client.post(f"{tracks}/tracks/undo", json={"revision": after["revision"]}).json()
    np.testing.assert_array_equal(load_poses(poses_file)["position"].values, walking(25))
    assert (len(undone["done"]), len(undone["undone"])) == (0, 1)
    again = client.post(f"{tracks}/tracks/redo", json={"revision": undone["revision"]}).json()
    np.testing.assert_array_equal(load_poses(poses_file)["position"].values, walking())
    assert len(again["done"]) == 1
    # The state before the first repair is kept beside the file, and is no result of its own.
    assert poses_file.with_name("day 1.original.nc").exists()
    assert len(client.get(tracks.rsplit("/", 1)[0]).json()) == 1


def test_a_second_person_is_told_and_nothing_is_written(client, tracks, poses_file):
    seen = client.get(f"{tracks}/tracks").json()["revision"]
    assert swap(client, tracks, revision=seen).status_code == 200
    content = poses_file.read_bytes()
    refused = swap(client, tracks, revision=seen, start=3)
    assert refused.status_code == 409
    assert "somebody else changed" in refused.json()["error"]["message"]
    assert poses_file.read_bytes() == content


def test_what_somebody_else_did_right_after_a_repair_is_seen(client, tracks, poses_file, monkeypatch):
    """By the command line, between the write and the answer."""

    def look(path):
        monkeypatch.undo()
        TrackEditor(path).apply(Delete("b", 30, 34))
        return pyramid_path(path)

    monkeypatch.setattr(proofreading, "pyramid_path", look)
    mine = swap(client, tracks).json()
    assert swap(client, tracks, revision=mine["revision"], start=3).status_code == 409
    now = client.get(f"{tracks}/tracks").json()
    assert [entry["edit"]["kind"] for entry in now["done"]] == ["swap", "delete"]


def test_what_somebody_else_did_while_tracks_were_read_is_seen(client, tracks, poses_file, monkeypatch):
    def read_late(path):
        poses = load_poses(path)
        monkeypatch.undo()
        TrackEditor(path).apply(Delete("b", 30, 34))
        return poses

    monkeypatch.setattr("marey.tracking.repair.load_poses", read_late)
    before = client.get(f"{tracks}/tracks").json()
    assert before["done"] == []
    assert swap(client, tracks, revision=before["revision"]).status_code == 409
    (entry,) = client.get(f"{tracks}/tracks").json()["done"]
    assert entry["description"].startswith("deleted b")


def test_repairs_that_do_not_fit(client, tracks, poses_file):
    content = poses_file.read_bytes()
    unknown = swap(client, tracks, first="c")
    assert unknown.status_code in (400, 404, 422)
    assert "c" in unknown.json()["error"]["message"]
    nothing = client.get(f"{tracks}/tracks").json()["revision"]
    refused = client.post(f"{tracks}/tracks/undo", json={"revision": nothing})
    assert "nothing to undo" in refused.json()["error"]["message"]
    assert poses_file.read_bytes() == content


def edit(client, tracks, *edits):
    revision = client.get(f"{tracks}/tracks").json()["revision"]
    return client.post(f"{tracks}/tracks/edits", json={"revision": revision, "edits": edits})


def test_a_renamed_track_keeps_its_place(client, tracks, poses_file):
    done = edit(client, tracks, {"kind": "rename", "track": "a", "name": "Mäuschen 🐁"}).json()
    assert done["names"] == ["Mäuschen 🐁", "b"]
    assert client.get(tracks).json()["individuals"] == ["Mäuschen 🐁", "b"]
    assert done["done"][0]["edit"]["name"] == "Mäuschen 🐁"
    undone = client.post(f"{tracks}/tracks/undo", json={"revision": done["revision"]}).json()
    assert undone["names"] == ["a", "b"]
    content = poses_file.read_bytes()
    for name, what in (
        ("b", "a new name for a, got 'b'"),
        ("c ", "without blanks around it"),
        ("", "got ''"),
    ):
        refused = edit(client, tracks, {"kind": "rename", "track": "a", "name": name})
        assert refused.status_code == 422
        assert what in refused.json()["error"]["message"]
    assert poses_file.read_bytes() == content


def test_the_list_of_results_says_which_are_tracks(client, url, tracks, poses_file, finish):
    def listed():
        return {item["name"]: item["is_tracked"] for item in client.get(f"{url}/results").json()}

    assert listed() == {"day 1": True}, "another tool named several animals"
    save_poses(append_history(load_poses(poses_file), "predict", run="first"), poses_file)
    assert listed() == {"day 1": False}
    finish(client.post(f"{tracks}/track", json={"n_animals": 2}).json())
    assert listed() == {"day 1": False, "day 1-tracks": True}
    edit(client, tracks, {"kind": "delete", "track": "b"})
    assert listed() == {"day 1": True, "day 1-tracks": True}, "repaired, though one is left"


def test_one_animal_that_nobody_followed_is_no_track(client, url, poses_file):
    save_poses(load_poses(poses_file).isel(individual=[0]), poses_file)
    assert not client.get(f"{url}/results").json()[0]["is_tracked"]


def test_only_the_places_of_a_prediction_name_nobody(client, tracks, poses_file):
    assert client.get(f"{tracks}/tracks").json()["is_tracked"]
    poses = append_history(load_poses(poses_file), "predict", run="first")
    save_poses(poses, poses_file)
    assert not client.get(f"{tracks}/tracks").json()["is_tracked"]
    assert swap(client, tracks).json()["is_tracked"]  # who repairs tracks knows who is who


def test_lanes_say_when_each_is_there(client, tracks, poses_file):
    poses = load_poses(poses_file)
    poses["position"].values[10:20, :, :, 1] = np.nan
    save_poses(poses, poses_file)
    answer = client.get(f"{tracks}/tracks/lanes", params={"bins": 4})
    lanes = np.frombuffer(answer.content, "<f4").reshape(4, 2)
    np.testing.assert_array_equal(lanes, [[1, 1], [1, np.nan], [1, 1], [1, 1]])
    part = client.get(f"{tracks}/tracks/lanes", params={"start": 8, "stop": 12})
    assert (
        np.isnan(np.frombuffer(part.content, "<f4").reshape(4, 2)).tolist()
        == [[False] * 2] * 2 + [[False, True]] * 2
    )


def test_what_was_filled_in_is_as_sure_as_what_was_seen_before_it(client, tracks, poses_file):
    poses = load_poses(poses_file)
    sure = np.full((N, 2), 0.5)
    sure[10:20, 1] = np.nan
    save_poses(poses.assign(identity_confidence=(("time", "individual"), sure)), poses_file)
    answer = client.get(f"{tracks}/tracks/lanes", params={"bins": 4})
    np.testing.assert_array_equal(np.frombuffer(answer.content, "<f4").reshape(4, 2), np.full((4, 2), 0.5))


def test_animals_are_followed_into_a_file_of_their_own(client, url, tracks, finish):
    job = client.post(f"{tracks}/track", json={"n_animals": 2}).json()
    done = finish(job)
    assert done["status"] == "done", done
    names = {item["name"]: item["id"] for item in client.get(f"{url}/results").json()}
    made = client.get(f"{url}/results/{names['day 1-tracks']}/tracks").json()
    assert made["is_tracked"]
    assert made["suspicions"] == []
    again = finish(client.post(f"{tracks}/track", json={"n_animals": 2}).json())
    assert again["status"] == "failed"  # repairs are not replaced without being asked for


def test_animals_are_followed_with_the_choices_of_the_command_line(client, url, tracks, finish):
    choices = {"can_leave": False, "max_gap_s": 0, "take_apart": True, "appearance": "auto"}
    done = finish(client.post(f"{tracks}/track", json={"n_animals": 2, **choices}).json())
    assert done["status"] == "done", done
    assert "nobody met or was lost" in done["result"]["appearance"]


@pytest.fixture
def fast(project, disk):
    """Poses without a rate of a video of 100 frames/s, in which an animal is gone for 35 frames."""
    project.add_video(numbered_video(disk / "videos" / "fast.mp4", 160, fps=100))
    points = walking(n=160)
    points[80:115, :, :, 1] = np.nan
    path = project.predictions_folder / "fast.nc"
    path.parent.mkdir(exist_ok=True)
    names = ["snout", "ear_left", "ear_right", "tail"]
    poses = create_poses(points, keypoints=names, individuals=["a", "b"])
    save_poses(poses.assign_attrs(source_file="fast.mp4"), path)
    return path


def test_the_browser_and_the_command_line_track_alike(client, url, fast, disk, tmp_path, finish):
    (item,) = client.get(f"{url}/results").json()
    done = finish(client.post(f"{url}/results/{item['id']}/track", json={"n_animals": 2}).json())
    assert done["status"] == "done", done
    by_browser = load_poses(fast.with_name("fast-tracks.nc"))
    other = tmp_path / "by hand.nc"
    video = disk / "videos" / "fast.mp4"
    arguments = ["track", str(fast), "--video", str(video), "--n-animals", "2", "--output", str(other)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    by_hand = load_poses(other)
    xr.testing.assert_equal(by_browser, by_hand)
    same = set(by_hand.attrs) - {"log"}
    assert {name: by_browser.attrs[name] for name in same} == {name: by_hand.attrs[name] for name in same}
    assert by_browser.attrs["fps"] == 100
    assert by_browser["time"].values[[0, -1]].tolist() == pytest.approx([0, 1.59])
    assert by_browser["is_interpolated"].sum() == 35 * 4  # less than a second at this rate only


def test_poses_are_not_tracked_by_a_video_that_is_shorter(client, url, tracks, poses_file, finish):
    poses = load_poses(poses_file)
    save_poses(poses.assign_coords(frame=("time", np.arange(1, N + 1))), poses_file)
    failed = finish(client.post(f"{tracks}/track", json={"n_animals": 2}).json())
    assert "go up to frame 40" in failed["error"]["message"]


def test_where_the_video_is_gone_the_rate_of_the_poses_counts(client, url, tracks, fast, disk, finish):
    for video in (disk / "videos").iterdir():
        video.unlink()
    ids = {item["name"]: item["id"] for item in client.get(f"{url}/results").json()}
    ask = f"{url}/results/{{}}/track"
    assert finish(client.post(ask.format(ids["day 1"]), json={"n_animals": 2}).json())["status"] == "done"
    refused = {
        "fast": {"n_animals": 2},
        "day 1": {"n_animals": 2, "appearance": "on", "overwrite": True},
    }
    for name, choices in refused.items():
        failed = finish(client.post(ask.format(ids[name]), json=choices).json())
        assert failed["error"]["kind"] == "NotFoundError", name


def test_looks_need_a_video(client, url, tracks, project):
    project.remove_video("day 1")
    refused = client.post(f"{tracks}/track", json={"appearance": "on"})
    assert refused.status_code == 422
    assert "there is no video to see them in" in refused.json()["error"]["message"]


def test_repaired_frames_become_labels(client, url, tracks, project):
    answer = client.post(f"{tracks}/tracks/labels", json={"frames": [3, 30], "labeller": "Ada"})
    assert answer.json() == {"video": "day 1", "added": [3, 30], "skipped": []}
    frame = client.get(f"{url}/labels/day 1/30").json()
    assert len(frame["instances"]) == 2
    assert {point["origin"] for point in frame["instances"][0]["points"]} == {"accepted"}
    again = client.post(f"{tracks}/tracks/labels", json={"frames": [3, 4]})
    assert again.json() == {"video": "day 1", "added": [4], "skipped": [3]}
    refused = client.post(f"{tracks}/tracks/labels", json={"frames": [400]})
    assert "do not have frame 400" in refused.json()["error"]["message"]


def test_keypoints_that_tracks_lack_are_left_to_be_placed(client, url, tracks, project, poses_file):
    fewer = interpolate_gaps(load_poses(poses_file).sel(keypoint=["tail", "snout"]), 5)
    save_poses(fewer, poses_file)
    assert client.post(f"{tracks}/tracks/labels", json={"frames": [3]}).json()["added"] == [3]
    points = client.get(f"{url}/labels/day 1/3").json()["instances"][0]["points"]
    assert [point["visibility"] for point in points] == ["visible", "unlabeled", "unlabeled", "visible"]
    snout, tail = (points[project.skeleton.keypoints.index(name)]["position"] for name in ("snout", "tail"))
    assert (snout, tail) == ([26.0, 30.0], [26.0, 50.0])
    save_poses(fewer.assign_coords(keypoint=["tail", "beak"]), poses_file)
    refused = client.post(f"{tracks}/tracks/labels", json={"frames": [4]})
    assert "keypoints that the project lacks: beak" in refused.json()["error"]["message"]


def test_labels_keep_the_names_that_the_project_knows(client, url, tracks, project):
    project.set_individuals(["a", "mia"])
    client.post(f"{tracks}/tracks/labels", json={"frames": [3], "labeller": "Ada"})
    instances = client.get(f"{url}/labels/day 1/3").json()["instances"]
    assert sorted(instance["individual"] or "" for instance in instances) == ["", "a"]


def test_the_frames_of_repairs_are_those_to_learn_from(client, tracks):
    assert client.get(f"{tracks}/tracks").json()["corrected"] == []
    swap(client, tracks)
    swap(client, tracks, start=10, stop=12)
    revision = client.get(f"{tracks}/tracks").json()["revision"]
    edits = [
        {"kind": "split", "track": "a", "start": 18, "name": "c"},
        {"kind": "delete", "track": "c"},
        {"kind": "delete", "track": "b", "start": 30, "stop": 34},
        {"kind": "interpolate", "track": "b", "start": 30, "stop": 34},
    ]
    done = client.post(f"{tracks}/tracks/edits", json={"revision": revision, "edits": edits}).json()
    assert done["corrected"] == [10, 12, 18, 25, 32], "an animal that was taken out may be there"
    undone = client.post(f"{tracks}/tracks/undo", json={"revision": done["revision"]}).json()
    assert undone["corrected"] == [10, 12, 18, 25]


def test_what_was_filled_in_is_proposed_and_not_accepted(client, url, tracks, project):
    project.set_individuals(["a", "b"])
    revision = client.get(f"{tracks}/tracks").json()["revision"]
    edits = [
        {"kind": "delete", "track": "b", "start": 30, "stop": 34},
        {"kind": "interpolate", "track": "b", "start": 30, "stop": 34},
    ]
    client.post(f"{tracks}/tracks/edits", json={"revision": revision, "edits": edits})
    client.post(f"{tracks}/tracks/labels", json={"frames": [32], "labeller": "Ada"})
    instances = client.get(f"{url}/labels/day 1/32").json()["instances"]
    origins = {animal["individual"]: {point["origin"] for point in animal["points"]} for animal in instances}
    assert origins == {"a": {"accepted"}, "b": {"model"}}
