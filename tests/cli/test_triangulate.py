import json
import subprocess
import sys

import numpy as np
import pytest

from marey.cameras import Camera, Rig
from marey.cameras.files import read_cameras, write_cameras
from marey.formats import load_poses, save_poses
from marey.model import create_poses
from marey.video import VideoWriter, open_video

NAMES = ("hip", "knee", "ankle")


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "marey", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Two cameras, their poses of a leg and their videos, in a folder with an awkward name."""
    folder = tmp_path_factory.mktemp("séance 1 🐭")
    matrix = np.array([[300, 0, 79.5], [0, 300, 59.5], [0, 0, 1.0]])
    ahead = Camera("left", (160, 120), matrix, np.zeros(5), np.zeros(3), np.array([0, 0, 300.0]))
    turn = np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])
    rig = Rig(
        (
            ahead,
            Camera("right", (160, 120), matrix, np.zeros(5), np.zeros(3), np.zeros(3)).placed(
                turn, [0, 0, 300]
            ),
        )
    )
    write_cameras(rig, folder / "cameras.toml")
    t = np.arange(30) / 10
    hip = np.stack([10 * np.sin(t), np.zeros(30), 5 * np.cos(t)], axis=1)
    knee = hip + 20 * np.stack([np.sin(t), np.cos(t), np.zeros(30)], axis=1)
    ankle = knee + np.array([0, 0, 15.0])
    points = np.stack([hip, knee, ankle], axis=1)
    rng = np.random.default_rng(0)
    for camera in rig:
        pixels = camera.project(points.reshape(-1, 3)).reshape(30, 3, 2) + rng.normal(0, 0.2, (30, 3, 2))
        pixels[4, 2] = np.nan
        poses = create_poses(
            np.moveaxis(pixels, -1, 1)[..., None], keypoints=NAMES, confidence=np.ones((30, 3, 1)), fps=10
        )
        save_poses(poses, folder / f"{camera.name}.nc")
        with VideoWriter(folder / f"{camera.name}.mp4", fps=10, size=(160, 120)) as writer:
            for _ in range(30):
                writer.write(np.full((120, 160, 3), 90, np.uint8))
    return folder, points


def arguments(folder, output, *more):
    poses = [f"left={folder / 'left.nc'}", f"right={folder / 'right.nc'}"]
    return [
        "triangulate",
        "--calibration",
        folder / "cameras.toml",
        "--poses",
        *poses,
        "--output",
        output,
        *more,
    ]


def test_from_two_files_to_angles_a_figure_and_a_video(session, tmp_path):
    folder, points = session
    output = tmp_path / "space.nc"
    result = run(*arguments(folder, output, "--refine", "--json"))
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["n_points"] == 89
    assert summary["n_missing"] == 1
    assert summary["median_reprojection_px"] < 0.5
    poses = load_poses(output)
    position = np.moveaxis(poses["position"].to_numpy()[..., 0], 1, -1)
    assert np.nanmedian(np.linalg.norm(position - points, axis=-1)) < 0.5
    assert "covariance" in poses
    again = run(*arguments(folder, output))
    assert again.returncode == 1
    assert "exists already" in again.stderr

    (tmp_path / "angles.toml").write_text(
        '[angles]\nknee = ["flex", "hip", "knee", "ankle"]\n[limits]\nknee = [0, 10]\n', encoding="utf-8"
    )
    result = run(
        "angles", output, "--config", tmp_path / "angles.toml", "--output", tmp_path / "a.csv", "--json"
    )
    assert result.returncode == 0, result.stderr
    knee = json.loads(result.stdout)["angles"]["knee"]
    assert knee["median"] == pytest.approx(90, abs=3)
    assert knee["n_outside"] == 29
    assert knee["n_missing"] == 1

    video = tmp_path / "space.mp4"
    result = run(
        "render-3d", output, video, "--calibration", folder / "cameras.toml", "--height", "240",
        "--video", f"left={folder / 'left.mp4'}", "--video", f"right={folder / 'right.mp4'}",
        "--edges", "hip-knee",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    with open_video(video) as opened:
        assert opened.n_frames == 30
        frame = opened.read(0)
        assert frame.shape == (240, 160 + 240, 3)
        assert frame[:, :160].max() > 180, "the points are drawn into the videos"
    result = run("plot-3d", output, tmp_path / "space.png")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "space.png").stat().st_size > 10_000


def test_a_camera_that_started_early(session, tmp_path):
    folder, points = session
    rng = np.random.default_rng(1)
    n, late = 120, 7
    steps = np.repeat(rng.gamma(0.5, 2.0, n // 4), 4)[:, None] * rng.normal(0, 0.3, (n, 3)).cumsum(axis=0)
    path = 0.3 * steps[:, None] + points[0]
    files = []
    for camera in read_cameras(folder / "cameras.toml"):
        pixels = camera.project(path.reshape(-1, 3)).reshape(n, 3, 2)
        pixels = pixels[: n - late] if camera.name == "right" else pixels[late:]
        target = tmp_path / f"{camera.name}.nc"
        save_poses(create_poses(np.moveaxis(pixels, -1, 1)[..., None], keypoints=NAMES, fps=10), target)
        files.append(f"{camera.name}={target}")
    output = tmp_path / "space.nc"
    result = run(
        "triangulate", "--calibration", folder / "cameras.toml", "--poses", *files, "--synchronise", "--json",
        "--output", output,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["offsets"] == {"left": 0, "right": late}
    assert summary["n_frames"] == n - 2 * late
    assert summary["median_reprojection_px"] < 0.01


@pytest.mark.parametrize("suffix", [".csv", ".c3d", ".trc", ".h5"])
def test_other_formats(session, tmp_path, suffix):
    folder, _ = session
    output = tmp_path / f"space{suffix}"
    result = run(*arguments(folder, output))
    assert result.returncode == 0, result.stderr
    assert load_poses(output).sizes["space"] == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--fps", "0"], "fps must be above 0"),
        (["--limbs", "hip-knee"], "--no-limbs are about the refinement"),
        (["--smoothness", "2"], "hint: add --refine"),
        (["--poses", "top=x.nc"], "expected a file or folder at x.nc"),
        (["--poses", "nonsense"], "expected CAMERA=... after --poses, got 'nonsense'"),
        (["--poses", "left=again.nc"], "names the camera 'left' twice"),
        (["--method", "ransac"], "expected the method consensus or all"),
        (["--offset", "left=early"], "expected a number of frames"),
        (["--dropped", "left=3,x"], "expected a number of frames after --dropped left=, got 'x'"),
        (["--dropped", "top=3"], "there is no camera 'top' in the calibration"),
        (["--refine", "--limbs", "hip-tail"], "expected two keypoints joined"),
    ],
)
def test_wrong_input(session, tmp_path, more, message):
    folder, _ = session
    result = run(*arguments(folder, tmp_path / "space.nc", *more))
    assert result.returncode == 1
    assert message in result.stderr
    assert not (tmp_path / "space.nc").exists()


def test_poses_without_a_single_point(session, tmp_path):
    folder, _ = session
    for name in ("left", "right"):
        poses = load_poses(folder / f"{name}.nc")
        save_poses(poses.assign(position=poses["position"] * np.nan), tmp_path / f"{name}.nc")
    poses = [f"{name}={tmp_path / name}.nc" for name in ("left", "right")]
    call = ["triangulate", "--calibration", folder / "cameras.toml", "--poses", *poses, "--refine", "--json"]
    result = run(*call, "--output", tmp_path / "space.nc")
    assert result.returncode == 0
    told = json.loads(result.stdout)
    assert (told["n_points"], told["n_missing"], told["median_reprojection_px"]) == (0, 90, None)
    assert "the poses of all cameras are empty" in result.stderr


def test_a_video_of_another_size_than_the_calibration(session, tmp_path):
    folder, _ = session
    assert run(*arguments(folder, tmp_path / "space.nc")).returncode == 0
    call = ["render-3d", tmp_path / "space.nc", tmp_path / "a.mp4", "--calibration", folder / "cameras.toml"]
    for size in ((80, 60), (120, 120)):
        with VideoWriter(tmp_path / f"{size[0]}.mp4", fps=10, size=size) as writer:
            for _ in range(30):
                writer.write(np.full((size[1], size[0], 3), 90, np.uint8))
    assert run(*call, "--video", f"left={tmp_path / '80.mp4'}").returncode == 0, "a smaller copy serves"
    result = run(*call, "--video", f"left={tmp_path / '120.mp4'}", "--overwrite")
    assert result.returncode == 1
    assert "expected images of 160 × 120 from camera 'left', as it was calibrated" in result.stderr


def test_an_output_of_no_known_kind(session, tmp_path):
    folder, _ = session
    result = run(*arguments(folder, tmp_path / "space.txt"))
    assert result.returncode == 1
    assert "expected an output that ends in .nc" in result.stderr


def test_a_skeleton_with_constant_limbs_is_fitted_and_its_lengths_are_told(session, tmp_path):
    folder, _ = session
    assert run(*arguments(folder, tmp_path / "space.nc")).returncode == 0
    (tmp_path / "angles.toml").write_text('[angles]\nknee = ["hip", "knee", "ankle"]\n', encoding="utf-8")
    call = ["angles", tmp_path / "space.nc", "--config", tmp_path / "angles.toml"]
    edges = ["--edges", "hip-knee,knee-ankle"]
    result = run(*call, "--output", tmp_path / "a.nc", "--fit-skeleton", *edges, "--json")
    assert result.returncode == 0, result.stderr
    (limbs,) = json.loads(result.stdout)["limbs"]
    assert limbs["knee-hip"] == pytest.approx(20, abs=0.3)
    assert limbs["knee-ankle"] == pytest.approx(15, abs=0.3)
    assert "animal: limbs knee-hip 20" in result.stderr
    result = run(*call, "--output", tmp_path / "b.nc", *edges)
    assert result.returncode == 1
    assert "--edges says which limbs to fit" in result.stderr
    result = run(*call, "--output", tmp_path / "b.nc", "--fit-skeleton")
    assert "a skeleton to fit needs limbs" in result.stderr
