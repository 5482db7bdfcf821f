"""Projects, videos, skeletons and frames over HTTP."""

import io

import cv2
import numpy as np
import pytest

from make_videos import numbered_video, read_number
from marey.files import write_json
from marey.project import Project

from .conftest import MOUSE, make_client
from .test_labels import body, point, put


def decode(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/jpeg"
    return cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


class TestProjects:
    def test_a_new_one_from_a_template(self, client, root, disk):
        names = [template["name"] for template in client.get("/api/templates").json()]
        assert {"mouse-top", "fly", "fish", "person"} <= set(names)
        new = {"parent": {"root": root, "path": ""}, "name": "Flügel 🪰", "template": "fly"}
        made = client.post("/api/projects", json=new)
        assert made.status_code == 201
        assert made.json()["next_action"]["step"] == "videos"
        assert "thorax" in Project.open(disk / "Flügel 🪰").skeleton.keypoints
        assert client.post("/api/projects", json=new).status_code == 409

    def test_recents_are_kept_and_open_again_after_a_restart(self, client, url, settings, disk):
        (recent,) = client.get("/api/recents").json()
        assert (recent["name"], recent["exists"]) == ("Mäuse", True)
        client.app.state.workspace.stop()
        with make_client(settings) as restarted:
            assert restarted.get(url).json()["name"] == "Mäuse"
            restarted.delete(f"/api/recents/{recent['id']}")
            assert restarted.get("/api/recents").json() == []

    def test_one_server_owns_a_project(self, client, url, project):
        owner = project.root / ".marey-server.json"
        assert owner.exists()
        client.post(f"{url}/close")
        assert not owner.exists()
        # Process 1 is always there, and is not this server.
        from marey.files import this_machine

        write_json(owner, {"process": 1, "host": "here", "machine": this_machine(), "since": "today"})
        refused = client.get(url)
        assert refused.status_code == 409
        assert "open in another server: process 1 on here" in refused.json()["error"]["message"]
        write_json(owner, {"process": 2**22 + 1, "host": "here", "machine": this_machine()})
        assert client.get(url).status_code == 200  # that one is gone

    def test_the_next_action_follows_what_is_there(self, client, url, project):
        assert client.get(url).json()["next_action"]["step"] == "skeleton"
        client.put(f"{url}/skeleton", json={**skeleton_of(client, url), "symmetries_confirmed": True})
        assert client.get(url).json()["next_action"]["step"] == "frames"
        client.post(f"{url}/frames", json={"video": "day 1", "frames": [1, 2]})
        assert client.get(url).json()["next_action"]["step"] == "label"
        for frame in (1, 2):
            put(client, url, frame, body(*[point(i, i) for i in range(4)]))
        overview = client.get(url).json()
        assert overview["next_action"]["step"] == "train"
        assert [step["state"] for step in overview["steps"]][:5] == [
            "done",
            "done",
            "done",
            "done",
            "current",
        ]
        assert overview["steps"][0]["text"] == "1 video, 40 frames"

    def test_a_change_of_the_file_by_others_is_seen(self, client, url, project):
        Project.open(project.root).set_name("Rats")
        assert client.get(url).json()["name"] == "Rats"
        assert client.patch(url, json={"individuals": ["Ada", "Eve"]}).json()["individuals"] == ["Ada", "Eve"]

    def test_health_in_plain_words(self, client, url):
        codes = [finding["code"] for finding in client.get(f"{url}/checks").json()["findings"]]
        assert "nothing-labelled" in codes

    def test_a_new_project_is_not_ill(self, client, root):
        parent = {"root": root, "path": ""}
        made = client.post("/api/projects", json={"parent": parent, "name": "new", "template": "mouse-top"})
        found = client.get(f"/api/projects/{made.json()['id']}/checks").json()["findings"]
        assert not any("marey " in (finding["hint"] or "") for finding in found)
        assert not any(finding["code"] == "no-videos" for finding in found)

    def test_import(self, client, root, disk, project, finish):
        job = client.post(f"{client_url(client, root)}/export", json={"format": "coco"}).json()
        assert finish(job)["status"] == "failed"  # there are no labels
        url = client_url(client, root)
        put(client, url, 3, body(point(10, 11)))
        job = finish(client.post(f"{url}/export", json={"format": "coco"}).json())
        assert job["status"] == "done", job
        source = {"root": root, "path": "Mäuse/exports/labels-coco.json"}
        request = {"source": source, "parent": {"root": root, "path": ""}, "name": "again"}
        done = finish(client.post("/api/projects/import", json=request).json())
        assert done["status"] == "done", done
        opened = client.post("/api/projects/open", json=done["result"]["place"]).json()
        assert (opened["name"], opened["n_labelled"]) == ("again", 1)


def client_url(client, root):
    opened = client.post("/api/projects/open", json={"root": root, "path": "Mäuse"}).json()
    return f"/api/projects/{opened['id']}"


def skeleton_of(client, url):
    found = client.get(f"{url}/skeleton").json()
    return {name: found[name] for name in ("name", "keypoints", "edges", "symmetries", "colours")}


class TestSkeleton:
    def test_rename_order_colour_and_add_with_the_labels_following(self, client, url, project):
        put(client, url, 3, body(point(10, 11), point(20, 21), point(30, 31), point(40, 41)))
        change = {
            "keypoints": ["tail", "nose", "ear_left", "ear_right", "neck"],
            "edges": [["nose", "neck"]],
            "symmetries": [["ear_left", "ear_right"]],
            "renames": {"snout": "nose"},
            "colours": {"nose": "#FF0000"},
            "symmetries_confirmed": True,
        }
        changed = client.put(f"{url}/skeleton", json=change)
        assert changed.status_code == 200, changed.text
        assert changed.json()["colours"]["nose"] == "#ff0000"
        assert set(changed.json()["colours"]) == set(change["keypoints"])
        assert changed.json()["symmetries_confirmed"] is True
        (instance,) = client.get(f"{url}/labels/day%201/3").json()["instances"]
        positions = [p["position"] for p in instance["points"]]
        assert positions == [[40, 41], [10, 11], [20, 21], [30, 31], None]

    def test_labels_are_not_dropped_unasked(self, client, url):
        put(client, url, 3, body(point(10, 11)))
        change = {"keypoints": ["ear_left", "ear_right", "tail"]}
        refused = client.put(f"{url}/skeleton", json=change)
        assert refused.status_code == 422
        assert "snout" in refused.json()["error"]["message"]
        assert client.put(f"{url}/skeleton", json={**change, "allow_loss": True}).status_code == 200

    def test_what_is_no_skeleton(self, client, url):
        wrong = {"keypoints": list(MOUSE.keypoints), "edges": [["snout", "wing"]]}
        assert "wing" in client.put(f"{url}/skeleton", json=wrong).json()["error"]["message"]


class TestVideos:
    def test_many_at_once_and_one_bad_does_not_matter(self, client, url, root, disk):
        numbered_video(disk / "videos" / "day 2.mp4", 12)
        (disk / "videos" / "broken.mp4").write_text("no video")
        places = [
            {"root": root, "path": f"videos/{name}"} for name in ("day 2.mp4", "broken.mp4", "day 1.mp4")
        ]
        answer = client.post(f"{url}/videos", json={"places": places, "metadata": {"drug": "saline"}}).json()
        assert [video["key"] for video in answer["added"]] == ["day 2"]
        assert answer["added"][0]["metadata"] == {"drug": "saline"}
        assert [item["place"]["path"] for item in answer["refused"]] == [
            "videos/broken.mp4",
            "videos/day 1.mp4",
        ]
        assert [video["key"] for video in client.get(f"{url}/videos").json()] == ["day 1", "day 2"]
        assert client.delete(f"{url}/videos/day%202").status_code == 204

    def test_one_that_was_moved_is_found_by_its_content(self, client, url, root, disk):
        here, there = disk / "one" / "two" / "three", disk / "a long way" / "off"
        here.mkdir(parents=True)
        there.mkdir(parents=True)
        numbered_video(here / "day 9.mp4", 8)
        place = {"root": root, "path": "one/two/three/day 9.mp4"}
        client.post(f"{url}/videos", json={"places": [place]})
        (here / "day 9.mp4").rename(there / "renamed.mp4")
        assert client.get(f"{url}/videos/day 9").json()["is_missing"]
        wrong = client.post(f"{url}/videos/day 9/find", json={"root": root, "path": "one"})
        assert wrong.status_code == 404
        assert "marey " not in wrong.json()["error"]["hint"]
        found = client.post(f"{url}/videos/day 9/find", json={"root": root, "path": "a long way"}).json()
        assert not found["is_missing"]
        assert found["path"].endswith("renamed.mp4")
        assert client.get(f"{url}/videos/day 9/frames/3.jpg").status_code == 200

    def test_details_crop_and_metadata(self, client, url):
        video = client.get(f"{url}/videos/day%201").json()
        assert (video["n_frames"], video["width"], video["height"], video["fps"]) == (40, 96, 64, 25)
        assert video["duration_s"] == pytest.approx(1.6)
        assert (video["can_play"], video["is_variable_rate"], video["is_missing"]) == (True, False, False)
        video = client.patch(f"{url}/videos/day%201", json={"crop": [4, 6, 40, 30]}).json()
        assert video["crop"] == [4, 6, 40, 30]
        assert client.patch(f"{url}/videos/day%201", json={"clear_crop": True}).json()["crop"] is None

    def test_frame_k_is_frame_k_in_any_order(self, client, url):
        rng = np.random.default_rng(0)
        for k in rng.integers(0, 40, 60).tolist():
            assert read_number(decode(client.get(f"{url}/videos/day%201/frames/{k}.jpg"))) == k

    @pytest.mark.parametrize(
        "settings_of", [{"gop": 250}, {"gop": 1}, {"gop": 30, "b_frames": 3}, "variable"]
    )
    def test_of_every_kind_of_video(self, client, url, root, disk, settings_of):
        if settings_of == "variable":
            settings_of = {"times_s": np.cumsum(np.random.default_rng(1).uniform(0.02, 0.2, 60)).tolist()}
        numbered_video(disk / "videos" / "other.mp4", 60, **settings_of)
        client.post(f"{url}/videos", json={"places": [{"root": root, "path": "videos/other.mp4"}]})
        for k in np.random.default_rng(2).permutation(60)[:25].tolist():
            assert read_number(decode(client.get(f"{url}/videos/other/frames/{k}.jpg"))) == k
        times = np.frombuffer(client.get(f"{url}/videos/other/times").content, "<f8")
        assert len(times) == 60
        assert (np.diff(times) > 0).all()

    def test_pictures_may_be_kept_only_with_the_present_stamp(self, client, url):
        stamp = client.get(f"{url}/videos/day%201").json()["stamp"]
        kept = client.get(f"{url}/videos/day%201/frames/3.jpg", params={"stamp": stamp})
        assert "immutable" in kept.headers["cache-control"]
        for query in ({}, {"stamp": "old"}):
            fresh = client.get(f"{url}/videos/day%201/frames/3.jpg", params=query)
            assert fresh.headers["cache-control"] == "no-store"

    def test_parts_and_thumbnails(self, client, url, root):
        whole = decode(client.get(f"{url}/videos/day%201/frames/5.jpg"))
        part = decode(client.get(f"{url}/videos/day%201/frames/5.jpg", params={"box": "16,0,32,32"}))
        assert part.shape == (32, 32, 3)
        assert np.abs(part.astype(int) - whole[:32, 16:48]).mean() < 6
        beyond = decode(client.get(f"{url}/videos/day%201/frames/5.jpg", params={"box": "-8,-8,16,16"}))
        assert beyond[:7, :7].max() < 20
        small = decode(client.get(f"{url}/videos/day%201/frames/5.jpg", params={"width": 48}))
        assert small.shape == (32, 48, 3)
        query = {"root": root, "path": "videos/day 1.mp4"}
        assert decode(client.get("/api/files/thumbnail", params=query)).shape[1] == 96
        assert client.get("/api/files/probe", params=query).json()["n_frames"] == 40

    def test_a_frame_that_is_not_there(self, client, url):
        response = client.get(f"{url}/videos/day%201/frames/40.jpg")
        assert response.status_code == 422
        assert "frames 0 to 39" in response.json()["error"]["message"]

    def test_labelled_images_are_shown_without_their_video(self, client, url, disk):
        client.post(f"{url}/frames", json={"video": "day 1", "frames": [7]})
        client.app.state.workspace.find(url.rsplit("/", 1)[1]).videos.close()
        (disk / "videos" / "day 1.mp4").unlink()
        assert read_number(decode(client.get(f"{url}/videos/day%201/frames/7.jpg"))) == 7
        assert client.get(f"{url}/videos/day%201").json()["is_missing"] is True
        assert client.get(f"{url}/videos/day%201/frames/8.jpg").status_code == 404

    def test_the_file_in_parts_for_playback(self, client, url, disk):
        data = (disk / "videos" / "day 1.mp4").read_bytes()
        whole = client.get(f"{url}/videos/day%201/file")
        assert whole.content == data
        assert whole.headers["content-type"] == "video/mp4"
        for span, expected in (("bytes=5-9", data[5:10]), ("bytes=-4", data[-4:]), ("bytes=7-", data[7:])):
            part = client.get(f"{url}/videos/day%201/file", headers={"Range": span})
            assert (part.status_code, part.content) == (206, expected)
        part = client.get(f"{url}/videos/day%201/file", headers={"Range": "bytes=5-9"})
        assert part.headers["content-range"] == f"bytes 5-9/{len(data)}"
        assert client.get(f"{url}/videos/day%201/file", headers={"Range": "bytes=999999-"}).status_code == 416

    def test_the_browser_of_files(self, client, root, project, disk):
        (disk / "images").mkdir()
        for i in range(3):
            cv2.imwrite(str(disk / "images" / f"{i}.png"), np.zeros((8, 8, 3), np.uint8))
        (disk / ".hidden").mkdir()
        listing = client.get("/api/files", params={"root": root}).json()
        kinds = {entry["name"]: entry["kind"] for entry in listing["entries"]}
        assert kinds == {"images": "images", "Mäuse": "project", "videos": "folder"}
        inner = client.get("/api/files", params={"root": root, "path": "videos"}).json()
        assert [crumb["name"] for crumb in inner["crumbs"]] == [disk.name, "videos"]
        assert inner["entries"][0]["kind"] == "video"
        assert client.get("/api/files", params={"root": root, "path": "nothing"}).status_code == 404


def test_jobs_are_told_as_they_go(client, url, finish):
    job = client.post(f"{url}/extractions", json={"n": 3, "method": "uniform"}).json()
    assert (job["kind"], job["project"]) == ("extract", url.rsplit("/", 1)[1])
    done = finish(job)
    assert (done["status"], done["result"]["n_new"]) == ("done", 3)
    assert done["progress"]["done"] == 3
    events = client.get(f"/api/jobs/{job['id']}/events", params={"after": -1}).json()["events"]
    assert [event["seq"] for event in events] == list(range(done["n_events"]))
    assert (
        client.get(f"/api/jobs/{job['id']}/events", params={"after": events[-1]["seq"]}).json()["events"]
        == []
    )
    log = client.get(f"/api/jobs/{job['id']}/log").json()
    assert "choosing frames" in log["text"]
    assert client.get("/api/jobs", params={"project": "other"}).json() == []
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 204
    assert client.get(f"/api/jobs/{job['id']}").status_code == 404


def test_numbers_are_what_their_headers_say(client, url):
    response = client.get(f"{url}/videos/day%201/times")
    assert (response.headers["x-shape"], response.headers["x-dtype"]) == ("40", "float64")
    assert np.load(io.BytesIO(npy(response))).shape == (40,)


def npy(response):
    buffer = io.BytesIO()
    shape = [int(part) for part in response.headers["x-shape"].split(",")]
    np.save(buffer, np.frombuffer(response.content, response.headers["x-dtype"]).reshape(shape))
    return buffer.getvalue()
