"""Tracks over HTTP: made, looked through, repaired, turned into labels."""

import numpy as np
import pytest

from marey.formats import load_poses, save_poses
from marey.model import append_history, create_poses
from marey.refinement import interpolate_gaps

N = 40
BODY = np.array([[0.0, 0], [-6, 4], [6, 4], [0, 20]])


def walking(swapped_from=N):
    """Two animals that walk past each other; from a frame on, their names are exchanged."""
    frames = np.arange(N)
    places = np.stack(
        [
            np.stack([20 + 2.0 * frames, 30 + 0 * frames], 1),
            np.stack([100 - 1.5 * frames, 60 + 0 * frames], 1),
        ]
    )
    points = places[:, :, None] + BODY  # (animals, frames, keypoints, 2)
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
    assert "exchange" in after["done"][0]["description"]
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


def test_repairs_that_do_not_fit(client, tracks, poses_file):
    content = poses_file.read_bytes()
    unknown = swap(client, tracks, first="c")
    assert unknown.status_code in (400, 404, 422)
    assert "c" in unknown.json()["error"]["message"]
    nothing = client.get(f"{tracks}/tracks").json()["revision"]
    refused = client.post(f"{tracks}/tracks/undo", json={"revision": nothing})
    assert "nothing to undo" in refused.json()["error"]["message"]
    assert poses_file.read_bytes() == content


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
