"""Sessions, calibrations and poses in 3D over HTTP."""

import shutil

import numpy as np
import pytest

from cameras.rigs import ring
from make_videos import numbered_video
from marey.cameras import read_cameras, write_cameras
from marey.formats import load_poses, save_poses
from marey.jobs.tasks.cameras import on_common_clock
from marey.model import create_poses
from marey.project.recordings import Recording

from .conftest import MOUSE
from .test_results import numbers

PATTERN = "{session}-{camera}.mp4"


@pytest.fixture
def points():
    """Four points that move, shape (10, 4, 3), mm."""
    rng = np.random.default_rng(3)
    return rng.uniform(-80, 80, (4, 3)) + np.linspace(0, 40, 10)[:, None, None]


@pytest.fixture
def recording(project, disk, points):
    """The session "day" by three cameras, of which the second began two frames early, with poses."""
    rig = ring(3)
    write_cameras(rig, disk / "rig.toml")
    for camera, early, gop in zip(rig, (0, 2, 0), (12, 12, 5), strict=True):
        name = f"day-{camera.name}"
        project.add_video(numbered_video(disk / "videos" / f"{name}.mp4", 10 + early, gop=gop))
        pixels = camera.project(points.reshape(-1, 3)).reshape(10, 4, 2)
        pixels = np.concatenate([np.full((early, 4, 2), np.nan), pixels])
        poses = create_poses(
            np.moveaxis(pixels, -1, 1)[..., None],
            keypoints=MOUSE.keypoints,
            individuals=("mouse",),
            confidence=np.ones((10 + early, 4, 1)),
            fps=25,
            attributes={"source_file": f"{name}.mp4"},
        )
        save_poses(poses, project.predictions_folder / f"{name}.h5")
    return rig


def state_of(response):
    assert response.status_code == 200, response.text
    return response.json()


def use_everything(client, url, root):
    state_of(client.patch(f"{url}/cameras", json={"pattern": PATTERN}))
    body = {"place": {"root": root, "path": "rig.toml"}, "name": "rig"}
    return client.post(f"{url}/cameras/calibrations", json=body)


def test_a_pattern_is_tried_before_it_is_kept(client, url, recording):
    assert state_of(client.get(f"{url}/cameras"))["sessions"] == []
    tried = state_of(client.get(f"{url}/cameras", params={"pattern": PATTERN}))
    assert tried["sessions"][0]["videos"]["cam2"] == "day-cam2"
    assert tried["unmatched"] == ["day 1"]
    assert state_of(client.get(f"{url}/cameras"))["pattern"] == ""
    refused = client.get(f"{url}/cameras", params={"pattern": "{session}.mp4"})
    assert refused.status_code in (400, 422)
    assert "{camera}" in refused.json()["error"]["message"]


def test_what_is_in_the_way_is_said_in_words(client, url, root, recording):
    state = state_of(client.patch(f"{url}/cameras", json={"pattern": PATTERN}))
    assert state["sessions"][0]["problems"] == ["there is no calibration in use"]
    use_everything(client, url, root)
    problems = state_of(client.get(f"{url}/cameras"))["sessions"][0]["problems"]
    assert problems[0].startswith("camera cam1 was calibrated at 1280 × 1024 pixels, its video day-cam1 has")


def test_a_calibration_comes_as_the_pages_project_with_it(client, url, root, recording):
    detail = use_everything(client, url, root).json()
    assert (detail["name"], detail["is_used"], detail["warnings"]) == ("rig", True, [])
    sent, camera = detail["cameras"][1], recording["cam2"]
    assert np.allclose(sent["rotation"], camera.rotation_matrix)
    assert np.allclose(sent["centre"], camera.centre)
    assert sent["rms_px"] is None
    assert client.get(f"{url}/cameras/calibrations/nothing").status_code == 404


def test_calibrations_come_from_the_servers_folders_only(client, url, root, recording, tmp_path):
    write_cameras(recording, tmp_path / "outside.toml")
    for path in ("../outside.toml", str(tmp_path / "outside.toml")):
        body = {"place": {"root": root, "path": path}, "name": "rig"}
        assert client.post(f"{url}/cameras/calibrations", json=body).status_code == 403
    body = {"place": {"root": root, "path": "rig.toml"}, "name": "../../rig"}
    assert client.post(f"{url}/cameras/calibrations", json=body).status_code in (400, 422)


def test_a_session_is_found_in_3d(client, url, root, recording, finish, points):
    use_everything(client, url, root)
    timing = {"offsets": {"cam2": 2}}
    state = state_of(client.put(f"{url}/cameras/timing", params={"session": "day"}, json=timing))
    assert state["sessions"][0]["n_frames"] == 10
    started = client.post(f"{url}/cameras/reconstructions", json={"session": "day", "refine": False})
    assert started.status_code == 202, started.text
    job = finish(started.json())
    assert job["status"] == "done", job["error"]
    name = state_of(client.get(f"{url}/cameras"))["sessions"][0]["reconstruction"]
    found = state_of(client.get(f"{url}/cameras/reconstructions/{name}"))
    assert (found["session"], found["n_frames"], found["first_frame"]) == ("day", 10, 0)
    assert found["edges"] == [["snout", "ear_left"], ["snout", "ear_right"]]
    query = {"start": 0, "stop": 10}
    values = numbers(client.get(f"{url}/cameras/reconstructions/{name}/values", params=query))
    assert np.abs(np.moveaxis(values[..., 0], 1, -1) - points).max() < 0.01
    query["variable"] = "reprojection_error"
    errors = numbers(client.get(f"{url}/cameras/reconstructions/{name}/values", params=query))
    assert errors.max() < 0.01
    # 3D poses are not among those that lie over one video
    assert len(client.get(f"{url}/results").json()) == 3


def test_a_session_without_poses_is_refused_in_words(client, url, root, project, recording):
    use_everything(client, url, root)
    for path in project.predictions_folder.glob("*.h5"):
        path.unlink()
    refused = client.post(f"{url}/cameras/reconstructions", json={"session": "day"})
    assert "at least two cameras" in refused.json()["error"]["message"]
    assert client.get(f"{url}/cameras/reconstructions/day").status_code == 404


def test_a_board_must_be_described(client, url, root, disk):
    body = {"folder": {"root": root, "path": "videos"}, "views": "{camera}/*.png", "name": "new"}
    for board, words in (("", "expected a board"), ("chessboard:8", "chessboard")):
        refused = client.post(f"{url}/cameras/calibrations/run", json={**body, "board": board})
        assert refused.status_code in (400, 422)
        assert words in refused.json()["error"]["message"]


def test_frames_of_a_video_become_frames_of_the_recording():
    poses = create_poses(np.arange(10.0).reshape(5, 2, 1, 1), keypoints=("nose",), individuals=("a",))
    recording = Recording("", {"top": "t", "side": "s"}, {"top": 1}, {"top": [2]})
    moved = on_common_clock(poses, recording, "top")
    # the video's frame 0 was before the recording; frame 2 of the recording was dropped
    assert moved["frame"].to_numpy().tolist() == [0, 1, 3, 4]
    assert moved["position"].to_numpy()[:, 0, 0, 0].tolist() == [2.0, 4.0, 6.0, 8.0]
    assert on_common_clock(poses, recording, "side")["frame"].to_numpy().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.data
@pytest.mark.slow
def test_boards_are_calibrated_as_a_job(client, url, root, disk, shared_data, project, finish):
    shutil.copytree(shared_data / "stereo_boards", disk / "boards")
    body = {"views": "**/{camera}*.jpg", "board": "chessboard:9x6:30", "name": "neu"}
    started = client.post(
        f"{url}/cameras/calibrations/run", json={**body, "folder": {"root": root, "path": "boards"}}
    )
    assert started.status_code == 202, started.text
    job = finish(started.json(), 120)
    assert job["status"] == "done", job["error"]
    detail = state_of(client.get(f"{url}/cameras/calibrations/neu"))
    assert detail["is_used"]
    assert detail["rms_px"] < 0.5
    camera = detail["cameras"][0]
    assert camera["n_views"] == len(camera["views"]) > 8
    assert sum(map(sum, camera["coverage"])) > 400


def test_what_the_project_holds_is_read_again(client, url, root, recording, project):
    use_everything(client, url, root)
    assert read_cameras(project.root / "calibrations" / "rig.toml").names == recording.names
    assert load_poses(project.predictions_folder / "day-cam1.h5").sizes["time"] == 10
