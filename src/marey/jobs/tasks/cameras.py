"""Tasks around several cameras: calibrating them, and triangulating what they saw."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.jobs.tasks import TaskContext

if TYPE_CHECKING:
    import xarray as xr

    from marey.cameras.calibrate import Calibration
    from marey.project.recordings import Recording


def calibrate(context: TaskContext) -> dict[str, Any]:
    """Calibrate from images or videos of a board, and use the result in the project."""
    from dataclasses import replace

    from marey.cameras import calibrate as calibration_of
    from marey.cameras import detect_boards, parse_board, summarise, write_cameras
    from marey.cameras.report import write_report
    from marey.files import write_json
    from marey.project.recordings import calibration_path, use_calibration

    wanted = context.arguments
    project = context.open_project()
    path = calibration_path(project, wanted["name"])
    board = parse_board(wanted["board"])
    sightings = detect_boards(Path(wanted["folder"]), wanted["views"], board, progress=context.progress)
    found = calibration_of(sightings, lens=wanted["lens"], progress=context.progress)
    summary = summarise(found)
    kept = {name: summary[name] for name in ("rms_px", "placed", "n_views", "board", "warnings")}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_cameras(replace(found.rig, metadata=kept), path, overwrite=wanted["overwrite"])
    write_json(path.with_suffix(".json"), describe(found, summary))
    write_report(found, summary, path.with_suffix(".html"))
    use_calibration(project, wanted["name"])
    return {"name": wanted["name"], "rms_px": summary["rms_px"], "warnings": summary["warnings"]}


def describe(found: "Calibration", summary: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a calibration beside the cameras themselves."""
    from marey.cameras.calibrate import rms

    coverage = found.sightings.coverage()
    cameras = {}
    for number, (name, row) in enumerate(summary["cameras"].items()):
        views = [
            {"name": view, "rms_px": rms(residuals)}
            for view, residuals, seen in zip(
                found.sightings.views,
                found.residuals[number],
                found.sightings.is_seen[number],
                strict=True,
            )
            if seen
        ]
        figures = {key: row[key] for key in ("rms_px", "n_views", "n_corners", "covered")}
        cameras[name] = {**figures, "coverage": coverage[number].tolist(), "views": views}
    spacing = summary.get("spacing")
    return {
        "rms_px": summary["rms_px"],
        "held_out_rms_px": summary["held_out_rms_px"],
        "board": str(summary["board"]),
        "spacing": spacing,
        "cameras": cameras,
    }


def triangulate(context: TaskContext) -> dict[str, Any]:
    """Triangulate the predictions of a recording session."""
    from marey.errors import AlreadyExistsError
    from marey.formats import load_poses, save_poses
    from marey.project.recordings import find_recording, poses_3d_path, read_calibration
    from marey.reconstruction import RefinementSettings
    from marey.reconstruction import triangulate as triangulate_poses

    wanted = context.arguments
    project = context.open_project()
    recording = find_recording(project, wanted["session"])
    output = poses_3d_path(project, recording.name)
    if output.exists() and not wanted["overwrite"]:
        raise AlreadyExistsError(f"{output} exists already", hint="replace it, or delete it first")
    poses = {
        camera: on_common_clock(load_poses(project.root / source), recording, camera)
        for camera, source in wanted["poses"].items()
    }
    keypoints = [str(name) for name in next(iter(poses.values()))["keypoint"].to_numpy()]
    edges = tuple(
        (keypoints.index(a), keypoints.index(b))
        for a, b in project.skeleton.edges
        if {a, b} <= set(keypoints)
    )
    result = triangulate_poses(
        poses,
        read_calibration(project),
        refinement=RefinementSettings(edges=edges) if wanted["refine"] else None,
        trim=True,
        progress=context.progress,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    save_poses(result, output, overwrite=wanted["overwrite"])
    return {
        "session": recording.name,
        "output": output.relative_to(project.root).as_posix(),
        "median_reprojection_px": result.attrs.get("median_reprojection_px"),
    }


def on_common_clock(poses: "xr.Dataset", recording: "Recording", camera: str) -> "xr.Dataset":
    """Return the poses of a camera's video with the numbers of the recording's frames."""
    import numpy as np

    frames = poses["frame"].to_numpy() if "frame" in poses.coords else np.arange(poses.sizes["time"])
    n_video = int(frames.max()) + 1 if len(frames) else 0
    n_frames = n_video - recording.offsets.get(camera, 0) + len(recording.dropped.get(camera, ()))
    shown = recording.session().frames_of(camera, max(n_frames, 0), n_video)
    place = np.full(n_video, -1)
    place[shown[shown >= 0]] = np.flatnonzero(shown >= 0)
    numbers = place[frames]
    is_there = numbers >= 0
    return poses.isel(time=is_there).assign_coords(frame=("time", numbers[is_there]))
