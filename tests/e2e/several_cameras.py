"""A rendered recording by several cameras, with exact truth, as a project for the browser."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from make_videos import write_video
from marey.cameras import Camera, Rig, write_cameras
from marey.formats import save_poses
from marey.model import append_history
from marey.project import Project
from marey.project.recordings import import_calibration, set_pattern
from marey.synthesis import Recording, RecordingSpec
from marey.synthesis.camera import Camera as Eye
from marey.synthesis.recording import Scene

SIZE = (480, 360)
N_FRAMES = 16
PATTERN = "{session}-{camera}.mp4"
EARLY = {"left": 2}
"""The frames by which a camera was switched on before the others."""


def look_at(name: str, centre, target=(0, 0, 15), *, focal=560.0) -> Eye:
    """A camera at `centre` that looks at `target`."""
    centre, target = np.asarray(centre, dtype=float), np.asarray(target, dtype=float)
    forward = (target - centre) / np.linalg.norm(target - centre)
    up = np.array([0, 0, 1.0]) if abs(forward[2]) < 0.97 else np.array([0, 1.0, 0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    matrix = np.array([[focal, 0, (SIZE[0] - 1) / 2], [0, focal, (SIZE[1] - 1) / 2], [0, 0, 1]])
    return Eye(matrix, rotation, -rotation @ centre, SIZE)


def make_eyes(reach_mm: float) -> dict[str, Eye]:
    """Three cameras: one above, two from obliquely above."""
    return {
        "top": look_at("top", (0, 0, 1.9 * reach_mm)),
        "left": look_at("left", (-0.9 * reach_mm, -0.7 * reach_mm, 1.4 * reach_mm), focal=575.0),
        "right": look_at("right", (1.0 * reach_mm, -0.6 * reach_mm, 1.3 * reach_mm), focal=545.0),
    }


def make_study(folder: Path) -> Path:
    """Render a mouse, and make the project: videos, poses with noise, calibration; return it."""
    spec = RecordingSpec(n_frames=N_FRAMES + max(EARLY.values()), size=SIZE, seed=4)
    scene = Scene.build(spec)
    project = Project.create(folder / "study", name="Three views", skeleton=spec.body.skeleton)
    (folder / "videos").mkdir(parents=True)
    rng = np.random.default_rng(0)
    cameras = []
    for name, eye in make_eyes(max(spec.usual_arena.visible_field_mm())).items():
        recording = Recording(spec, camera=eye, scene=scene)
        first = max(EARLY.values()) - EARLY.get(name, 0)
        images = (recording.frame(i).image for i in range(first, spec.n_frames))
        project.add_video(write_video(folder / "videos" / f"run-{name}.mp4", images, gop=12))
        poses = recording.poses().isel(time=slice(first, None))
        n = poses.sizes["time"]
        noise = rng.normal(0, 0.4, poses["position"].shape)
        poses = poses.assign_coords(time=np.arange(n) / spec.fps, frame=("time", np.arange(n)))
        poses = poses.assign(position=poses["position"] + noise)
        poses.attrs["source_file"] = f"run-{name}.mp4"
        poses = append_history(poses, "predict", run="first", video=f"run-{name}.mp4")
        save_poses(poses, project.predictions_folder / "first" / f"run-{name}.h5")
        turn = Rotation.from_matrix(eye.rotation).as_rotvec()
        cameras.append(Camera(name, SIZE, eye.matrix, np.zeros(5), turn, eye.translation))
    write_cameras(Rig(tuple(cameras)), folder / "rig.toml")
    set_pattern(project, PATTERN)
    import_calibration(project, folder / "rig.toml", "rig")
    return project.root
