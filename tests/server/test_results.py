"""Files of poses in windows and levels, and what is done with them."""

import cv2
import numpy as np
import pytest

from marey.formats import load_poses, save_poses
from marey.model import append_history, create_poses

from .conftest import MOUSE
from .test_labels import body, point, put


def numbers(response):
    assert response.status_code == 200, response.text
    shape = [int(part) for part in response.headers["x-shape"].split(",")]
    return np.frombuffer(response.content, response.headers["x-dtype"]).reshape(shape)


@pytest.fixture
def poses(project):
    """Poses of the video, of two animals, as a prediction leaves them."""
    rng = np.random.default_rng(0)
    position = rng.uniform(10, 50, (40, 2, 4, 2))
    position[5, :, 1, 0] = np.nan
    confidence = rng.uniform(0.2, 1, (40, 4, 2))
    made = create_poses(
        position,
        keypoints=MOUSE.keypoints,
        individuals=("a", "b"),
        confidence=confidence,
        fps=25,
        attributes={"source_file": "day 1.mp4"},
    )
    made = append_history(made, "predict", run="first", video="day 1.mp4")
    save_poses(made, project.predictions_folder / "first" / "day 1.h5")
    return made


@pytest.fixture
def result(client, url, poses):
    (found,) = client.get(f"{url}/results").json()
    return found


def test_what_is_known_of_a_result(client, url, result):
    assert (result["video"], result["run"], result["n_frames"]) == ("day 1", "first", 40)
    assert (result["path"], result["is_smoothed"]) == ("predictions/first/day 1.h5", False)
    detail = client.get(f"{url}/results/{result['id']}").json()
    assert detail["variables"] == ["position", "confidence"]
    assert (detail["first_frame"], detail["last_frame"], detail["is_contiguous"]) == (0, 39, True)
    assert detail["edges"] == [["snout", "ear_left"], ["snout", "ear_right"]]
    assert detail["history"][0]["operation"] == "predict"
    assert client.get(f"{url}/results/nothing").status_code == 404


def test_rows_as_they_are(client, url, result, poses):
    query = {"start": 4, "stop": 8}
    found = numbers(client.get(f"{url}/results/{result['id']}/values", params=query))
    assert np.array_equal(found, poses["position"].to_numpy()[4:8].astype("f4"), equal_nan=True)
    query["variable"] = "confidence"
    found = numbers(client.get(f"{url}/results/{result['id']}/values", params=query))
    assert np.array_equal(found, poses["confidence"].to_numpy()[4:8].astype("f4"))
    for wrong in (
        {"start": 8, "stop": 8},
        {"start": 0, "stop": 9000},
        {"start": 0, "stop": 4, "variable": "x"},
    ):
        assert client.get(f"{url}/results/{result['id']}/values", params=wrong).status_code == 422
    frames = numbers(client.get(f"{url}/results/{result['id']}/frames"))
    assert frames.tolist() == list(range(40))


def test_levels(client, url, result, poses):
    address = f"{url}/results/{result['id']}/levels/0"
    whole = numbers(client.get(address))
    assert whole.shape == (3, 3, 2, 4, 2)
    expected = poses["position"].to_numpy()[16:32, 1, 3, 1].astype("f4")
    assert whole[1, 1, :, 3, 1].tolist() == [expected.min(), expected.max()]
    some = numbers(
        client.get(address, params={"keypoints": "3,0", "individuals": "1", "start": 1, "stop": 2})
    )
    assert np.array_equal(some, whole[1:2][..., [3, 0], :][..., [1]])
    assert client.get(address, params={"keypoints": "9"}).status_code == 422
    assert client.get(address, params={"keypoints": "x"}).status_code == 422
    assert client.get(f"{url}/results/{result['id']}/levels/7").status_code == 422
    detail = client.get(f"{url}/results/{result['id']}").json()
    assert detail["levels"] == [{"level": 0, "frames_per_bin": 16, "n_bins": 3}]


def test_smoothing_shows_before_it_writes(client, url, result, poses, project, finish):
    settings = {"method": "median", "window": 5}
    preview = numbers(
        client.post(
            f"{url}/results/{result['id']}/smoothing-preview", json={**settings, "start": 0, "stop": 40}
        )
    )
    job = finish(client.post(f"{url}/results/{result['id']}/smooth", json=settings).json())
    assert job["status"] == "done", job
    smoothed = load_poses(project.root / job["result"]["output"])
    assert np.allclose(preview, smoothed["position"].to_numpy(), atol=1e-3, equal_nan=True)
    found = client.get(f"{url}/results").json()
    assert {item["is_smoothed"] for item in found} == {True, False}


def test_one_frame_as_in_the_labelled_video(client, url, result, project, finish):
    style = {"names": "none", "scale": 2}
    response = client.post(f"{url}/results/{result['id']}/render-preview", json={"frame": 7, "style": style})
    assert response.headers["content-type"] == "image/jpeg"
    picture = cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (128, 192, 3)
    assert client.post(f"{url}/results/{result['id']}/render-preview", json={"frame": 99}).status_code == 422
    request = {"style": style, "start": 5, "stop": 10, "is_preview": True}
    job = finish(client.post(f"{url}/results/{result['id']}/render", json=request).json())
    assert job["status"] == "done", job
    assert job["files"] == ["preview.mp4"]
    clip = client.get(f"/api/jobs/{job['id']}/files/preview.mp4", headers={"Range": "bytes=0-99"})
    assert (clip.status_code, clip.headers["content-type"]) == (206, "video/mp4")


def test_lines_are_the_projects_where_poses_have_none(client, url, result):
    def preview(*, skeleton):
        request = {"frame": 7, "style": {"names": "none", "skeleton": skeleton}}
        return client.post(f"{url}/results/{result['id']}/render-preview", json=request).content

    assert preview(skeleton=True) != preview(skeleton=False)


def test_worth_labelling(client, url, result, finish):
    assert client.get(f"{url}/suggestions").json() == {"job": None, "made": None, "suggestions": []}
    job = finish(client.post(f"{url}/suggestions", json={"n": 4}).json())
    assert job["status"] == "done", job
    found = client.get(f"{url}/suggestions").json()["suggestions"]
    assert len(found) == 4
    assert {item["video"] for item in found} == {"day 1"}
    assert all(item["reason"] for item in found)
    frame = found[0]["frame"]
    client.post(f"{url}/frames", json={"video": "day 1", "frames": [frame]})
    again = client.get(f"{url}/suggestions").json()["suggestions"]
    assert [item["is_extracted"] for item in again if item["frame"] == frame] == [True]
    # ... and they are labelled with what the network said as a start.
    (first, _) = client.get(f"{url}/frames").json()[0], None
    assert first["confidence"] is not None


def test_the_queue_knows_what_the_network_was_unsure_of(client, url, result, poses):
    put(client, url, 6, body(point(1, 2)))
    (item,) = client.get(f"{url}/frames").json()
    assert item["confidence"] == pytest.approx(float(np.nanmin(poses["confidence"].to_numpy()[6])), abs=1e-6)


def test_every_animal_of_a_result_is_proposed(client, url, result, poses):
    """Under the names of the project where it has some: its own, or the next that is free."""

    def proposed(individuals):
        client.patch(url, json={"individuals": individuals})
        answer = client.get(f"{url}/labels/day%201/6/prefill", params={"source": "model", "run": "first"})
        return [(item["individual"], item["points"][0]["position"]) for item in answer.json()["instances"]]

    position = poses["position"].to_numpy()[6, :, 0]
    a, b = (pytest.approx(position[:, i], abs=1e-3) for i in range(2))
    assert proposed([]) == [(None, a), (None, b)]
    assert proposed(["b", "Ada"]) == [("Ada", a), ("b", b)]
    assert proposed(["Eve"]) == [("Eve", a)]


def test_nothing_to_look_at(client, url):
    assert client.get(f"{url}/results").json() == []
    assert client.post(f"{url}/suggestions", json={"n": 4}).status_code == 422
    assert client.post(f"{url}/analyses", json={"run": "none", "videos": ["day 1"]}).status_code == 404


def test_a_result_is_deleted_with_its_timeline(client, url, result, project):
    client.get(f"{url}/results/{result['id']}/levels/0")
    assert client.delete(f"{url}/results/{result['id']}").status_code == 204
    assert list((project.predictions_folder / "first").iterdir()) == []


def test_export(client, url, result, finish):
    job = finish(client.post(f"{url}/results/{result['id']}/export", json={"format": "dlc"}).json())
    assert job["status"] == "done", job
    assert "exports" in job["result"]["path"]
