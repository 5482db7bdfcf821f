"""``marey track`` and ``marey evaluate-tracks`` as their users type them."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from make_videos import numbered_video
from marey.cli.app import app
from marey.errors import AlreadyExistsError, ConfigError, FormatError, InputError, LabelsError, NotFoundError
from marey.formats import export_poses, load_poses, save_labels, save_poses
from marey.model import Instance, LabeledFrame, Labels, Skeleton, create_poses

BODY = np.array([[-12.0, 0.0], [0.0, 5.0], [0.0, -5.0], [14.0, 0.0]])
NAMES = ["tail", "left", "right", "head"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def circling(n_frames=120):
    """Two animals on circles that never meet."""
    turn = np.arange(n_frames) * 0.05
    centers = np.stack([100 + 40 * np.cos(turn), 100 + 40 * np.sin(turn)], -1)
    points = np.stack([centers[:, None] + BODY, centers[:, None] + BODY + 200], axis=1)
    return create_poses(points.transpose(0, 3, 2, 1), keypoints=NAMES, individuals=["ada", "bo"])


def shuffled(poses):
    rng = np.random.default_rng(0)
    result = poses.copy(deep=True).assign_coords(individual=["slot1", "slot2"])
    for frame in result["position"].values:
        frame[:] = frame[:, :, rng.permutation(2)]
    return result


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mes souris 🐁"
    place.mkdir()
    save_poses(circling(), place / "truth.nc")
    return place


@pytest.mark.parametrize(("format_", "name"), [("marey", "in.nc"), ("dlc", "in.h5"), ("sleap", "in.slp")])
def test_poses_of_any_tool_are_tracked(folder, format_, name):
    export_poses(shuffled(circling()), folder / name, format=format_)
    done = run("track", folder / name, "--n-animals", 2, "--output", folder / "out.nc", "--json")
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    assert (found["n_tracks"], found["n_animals"], found["n_frames"], found["doubts"]) == (2, 2, 120, [])
    tracks = load_poses(folder / "out.nc")
    assert (tracks["identity_confidence"].values == 1).all()
    scores = json.loads(run("evaluate-tracks", folder / "truth.nc", folder / "out.nc", "--json").stdout)
    assert (scores["idf1"], scores["mota"], scores["id_switches"], scores["fragmentations"]) == (1, 1, 0, 0)
    assert scores["hota"] > 0.99
    assert scores["poses"]["oks_map"] == 1


def test_labels_are_tracked_too(folder):
    poses = shuffled(circling(60))
    points = poses["position"].transpose("time", "individual", "keypoint", "space").values
    frames = [LabeledFrame("clip", i, tuple(map(Instance, animals))) for i, animals in enumerate(points)]
    save_labels(Labels(Skeleton(tuple(NAMES)), frames), folder / "coco", format="coco")
    source = folder / "coco" / "annotations.json" if (folder / "coco").is_dir() else folder / "coco"
    done = run("track", source, "--output", folder / "out.nc", "--json")
    assert done.exit_code == 0, done.exception
    scores = json.loads(run("evaluate-tracks", folder / "truth.nc", folder / "out.nc", "--json").stdout)
    assert (scores["id_switches"], scores["n_missed"]) == (0, 120)  # 60 frames of two animals are left
    with pytest.raises(LabelsError, match="some animal has none in 60 frames, the first of them 0"):
        raise run("evaluate-tracks", source, folder / "out.nc").exception


def test_labels_of_a_tool_that_also_has_poses_are_tracked(folder):
    poses = shuffled(circling(6))
    points = poses["position"].transpose("time", "individual", "keypoint", "space").values
    frames = [
        LabeledFrame("clip", i, (Instance(ada, individual="ada"), Instance(bo, individual="bo")))
        for i, (ada, bo) in enumerate(points)
    ]
    labels = Labels(Skeleton(tuple(NAMES)), frames, individuals=("ada", "bo"))
    save_labels(labels, folder / "project", format="dlc")
    source = next((folder / "project").rglob("CollectedData*.csv"))
    done = run("track", source, "--output", folder / "out.nc", "--json")
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    assert (found["n_tracks"], found["n_animals"], found["n_doubles"], found["n_left_out"]) == (2, 2, 0, 0)


def test_what_was_left_out_is_said(folder):
    poses = circling()
    twice = poses.isel(individual=[0, 1, 1]).assign_coords(individual=["ada", "bo", "bo again"])
    save_poses(twice, folder / "twice.nc")
    done = run("track", folder / "twice.nc", "--output", folder / "out.nc")
    assert "2 tracks of 2 animals in 120 frames" in done.stderr
    assert "left out: 120 detections of animals that were found twice" in done.stderr
    done = run("track", folder / "truth.nc", "--n-animals", 1, "--output", folder / "one.nc")
    assert "1 track of 1 animal in 120 frames" in done.stderr
    assert "left out: 120 detections (more than there are animals" in done.stderr


def test_the_frame_rate_comes_from_the_video(folder):
    video = numbered_video(folder / "clip.mp4", 120)
    export_poses(shuffled(circling()), folder / "in.h5", format="dlc")
    done = run("track", folder / "in.h5", "--video", video, "--output", folder / "out.nc")
    assert done.exit_code == 0, done.exception
    tracks = load_poses(folder / "out.nc")
    assert tracks.attrs["fps"] > 0
    assert tracks["time"].values[1] == pytest.approx(1 / tracks.attrs["fps"], rel=0.01)
    short = numbered_video(folder / "short.mp4", 20)
    with pytest.raises(InputError, match=r"go up to frame 119, but .*short\.mp4 has only 20 frames"):
        raise run("track", folder / "in.h5", "--video", short, "--output", folder / "two.nc").exception


def test_looks_are_used_only_where_they_help_and_are_wanted(folder):
    video = numbered_video(folder / "clip.mp4", 120)
    export_poses(shuffled(circling()), folder / "in.h5", format="dlc")
    given = ("track", folder / "in.h5", "--output", folder / "out.nc", "--overwrite", "--json")
    found = json.loads(run(*given, "--video", video, "--appearance", "auto").stdout)["appearance"]
    assert (found["n_looks"], found["separation"]) == (0, None)
    assert "no need to look" in found["note"]
    assert json.loads(run(*given, "--video", video).stdout)["appearance"] is None
    with pytest.raises(ConfigError, match="there is no video to see them in"):
        raise run(*given, "--appearance", "on").exception


def test_what_is_refused(folder):
    source, output = folder / "truth.nc", folder / "out.nc"
    cases = [
        (("--output", folder / "out.csv"), ConfigError, r"ends in \.nc or \.h5"),
        (("--output", source), AlreadyExistsError, "exists already"),
        (("--output", output, "--n-animals", 0), ConfigError, "at least one animal, got 0"),
        (("--output", output, "--max-gap", -1), ConfigError, "from 0 up, got -1"),
        (("--output", output, "--max-gap", "nan"), ConfigError, "from 0 up, got nan"),
        (("--output", output, "--max-gap", "inf"), ConfigError, "from 0 up, got inf"),
    ]
    for arguments, kind, message in cases:
        with pytest.raises(kind, match=message):
            raise run("track", source, *arguments).exception
    with pytest.raises(NotFoundError, match="there is none"):
        raise run("track", folder / "nothing.slp", "--output", output).exception
    (folder / "notes.txt").write_text("a line")
    with pytest.raises(FormatError, match=r"no format of poses or labels .*\n.*SLEAP.*COCO keypoints"):
        raise run("track", folder / "notes.txt", "--output", output).exception
    (folder / "empty.csv").write_text("")
    with pytest.raises(FormatError, match=r"empty\.csv is empty"):
        raise run("track", folder / "empty.csv", "--output", output).exception
    for sigma in (-1, "nan"):
        with pytest.raises(ConfigError, match="--sigma above 0"):
            raise run("evaluate-tracks", source, source, "--sigma", sigma).exception
    assert not output.exists()


def test_tracks_that_cannot_be_compared(folder):
    other = circling().assign_coords(keypoint=["a", "b", "c", "d"])
    save_poses(other, folder / "other.nc")
    with pytest.raises(InputError, match="no keypoint in common: tail, left, right, head against a, b, c, d"):
        raise run("evaluate-tracks", folder / "truth.nc", folder / "other.nc").exception
    later = circling(10)
    save_poses(later.assign_coords(frame=("time", np.arange(500, 510))), folder / "later.nc")
    with pytest.raises(InputError, match="no frame in common"):
        raise run("evaluate-tracks", folder / "truth.nc", folder / "later.nc").exception
