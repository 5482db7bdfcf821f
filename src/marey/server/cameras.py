"""Several cameras: which videos belong together, how good the calibration is, and poses in 3D."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import InputError, MareyError, NotFoundError
from marey.formats.windows import read_rows, summarise_poses
from marey.project import recordings
from marey.server import results
from marey.server.schemas import cameras as schema

if TYPE_CHECKING:
    from marey.cameras.camera import Camera
    from marey.cameras.rig import Rig
    from marey.server.context import OpenProject, Workspace
    from marey.server.schemas.jobs import Job

MIN_CAMERAS = 2


def describe_state(project: "OpenProject", *, pattern: str | None = None) -> schema.CamerasState:
    """Return what a project knows of several cameras, or what another pattern would find."""
    opened = project.project
    found = recordings.find_recordings(opened, pattern=pattern)
    rig = _rig_or_none(project)
    matched = {key for item in found for key in item.videos.values()}
    return schema.CamerasState(
        pattern=opened.cameras.pattern if pattern is None else pattern,
        calibration=recordings.calibration_name(opened),
        calibrations=recordings.list_calibrations(opened),
        sessions=[_describe_session(project, item, rig) for item in found],
        unmatched=[key for key in opened.videos if key not in matched],
    )


def _rig_or_none(project: "OpenProject") -> "Rig | None":
    try:
        return recordings.read_calibration(project.project)
    except MareyError:
        return None


def _describe_session(
    project: "OpenProject", recording: recordings.Recording, rig: "Rig | None"
) -> schema.RecordingSession:
    videos = project.project.videos
    path = recordings.poses_3d_path(project.project, recording.name)
    return schema.RecordingSession(
        name=recording.name,
        videos=dict(recording.videos),
        offsets=dict(recording.offsets),
        dropped={camera: list(frames) for camera, frames in recording.dropped.items()},
        n_frames=recording.n_frames({key: video.n_frames for key, video in videos.items()}),
        problems=_find_problems(project, recording, rig),
        reconstruction=path.stem if path.is_file() else None,
    )


def _find_problems(project: "OpenProject", recording: recordings.Recording, rig: "Rig | None") -> list[str]:
    problems = []
    if len(recording.videos) < MIN_CAMERAS:
        problems.append(f"it has one camera only ({', '.join(recording.videos)}); 3D needs two")
    if rig is None:
        return [*problems, "there is no calibration in use"]
    for camera, key in recording.videos.items():
        if camera not in rig:
            known = ", ".join(rig.names)
            problems.append(f"the calibration has no camera {camera!r}; it has {known}")
            continue
        entry, size = project.project.videos[key], rig[camera].size
        if entry.width and entry.height and (entry.width, entry.height) != size:
            problems.append(
                f"camera {camera} was calibrated at {size[0]} × {size[1]} pixels, its video {key} has "
                f"{entry.width} × {entry.height}"
            )
    return problems


def change(project: "OpenProject", wanted: schema.CamerasChange) -> schema.CamerasState:
    """Change the pattern or the calibration in use."""
    if wanted.pattern is not None:
        recordings.set_pattern(project.project, wanted.pattern)
    if wanted.calibration is not None:
        recordings.use_calibration(project.project, wanted.calibration)
    return describe_state(project)


def set_timing(project: "OpenProject", session: str, timing: schema.Timing) -> schema.CamerasState:
    """State how the videos of a session correspond."""
    recordings.set_timing(project.project, session, offsets=timing.offsets, dropped=timing.dropped)
    return describe_state(project)


def import_calibration(
    workspace: "Workspace", project: "OpenProject", wanted: schema.CalibrationImport
) -> schema.CalibrationDetail:
    """Copy a calibration into the project and use it."""
    source = workspace.roots.resolve(wanted.place)
    recordings.import_calibration(project.project, source, wanted.name, overwrite=wanted.overwrite)
    path = recordings.calibration_path(project.project, wanted.name)
    path.with_suffix(".json").unlink(missing_ok=True)  # the figures of another one of this name
    return describe_calibration(project, wanted.name)


def start_calibration(
    workspace: "Workspace", project: "OpenProject", wanted: schema.CalibrationRequest
) -> "Job":
    """Calibrate from views of a board.

    Raises
    ------
    InputError
        No board is described, or one that cannot be.
    """
    from marey.cameras import parse_board

    folder = workspace.roots.resolve(wanted.folder)
    board = str(workspace.roots.resolve(wanted.board_file)) if wanted.board_file else wanted.board
    is_described = ":" in wanted.board or wanted.board_file is not None
    if not is_described:
        raise InputError(
            f"expected a board such as chessboard:8x6:25, or a file that describes it, got {wanted.board!r}",
            hint="count the inner corners of a chessboard, and measure the side of a square in mm",
        )
    parse_board(board)
    path = recordings.calibration_path(project.project, wanted.name)
    if path.exists() and not wanted.overwrite:
        raise InputError(f"the project has a calibration {wanted.name!r}", hint="choose another name")
    arguments = {**wanted.model_dump(exclude={"folder", "board_file"}), "folder": str(folder)}
    title = f"calibrating {wanted.name}"
    return project.start("calibrate", {**arguments, "board": board}, title=title)


def describe_calibration(project: "OpenProject", name: str) -> schema.CalibrationDetail:
    """Look into a calibration of the project."""
    from marey.cameras import check_rig, read_cameras

    path = recordings.calibration_path(project.project, name)
    rig = read_cameras(path)
    figures = _read_figures(path.with_suffix(".json"))
    of_camera = figures.get("cameras", {})
    return schema.CalibrationDetail(
        name=name,
        is_used=recordings.calibration_name(project.project) == name,
        units=rig.units,
        is_placed=bool(rig.metadata.get("placed", True)),
        cameras=[_describe_camera(camera, of_camera.get(camera.name, {})) for camera in rig],
        rms_px=_number(figures.get("rms_px", rig.metadata.get("rms_px", rig.metadata.get("error")))),
        held_out_rms_px=_number(figures.get("held_out_rms_px")),
        board=str(figures.get("board", "")),
        warnings=check_rig(rig),
    )


def _describe_camera(camera: "Camera", figures: Mapping[str, Any]) -> schema.CalibratedCamera:
    def rows(matrix: np.ndarray) -> Any:
        return tuple(tuple(row) for row in matrix.tolist())

    return schema.CalibratedCamera(
        name=camera.name,
        size=camera.size,
        matrix=rows(camera.matrix),
        distortion=camera.distortion.tolist(),
        fisheye=camera.fisheye,
        rotation=rows(camera.rotation_matrix),
        translation=tuple(camera.translation.tolist()),
        centre=tuple(camera.centre.tolist()),
        rms_px=_number(figures.get("rms_px")),
        n_views=figures.get("n_views"),
        covered=_number(figures.get("covered")),
        coverage=figures.get("coverage", []),
        views=[
            schema.BoardView(name=view["name"], rms_px=_number(view["rms_px"]))
            for view in figures.get("views", [])
        ],
    )


def _read_figures(path: Path) -> dict[str, Any]:
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a calibration that was imported has none
    return figures if isinstance(figures, dict) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def start_triangulation(project: "OpenProject", wanted: schema.TriangulationRequest) -> "Job":
    """Triangulate the newest predictions of each video of a session.

    Raises
    ------
    InputError
        Fewer than two of its videos have been analysed.
    """
    recording = recordings.find_recording(project.project, wanted.session)
    recordings.read_calibration(project.project)
    sources = {}
    for camera, key in recording.videos.items():
        file = results.newest_of_video(project, key)
        if file is not None:
            sources[camera] = file.path.relative_to(project.project.root).as_posix()
    if len(sources) < MIN_CAMERAS:
        missing = ", ".join(camera for camera in recording.videos if camera not in sources)
        raise InputError(
            f"expected poses of at least two cameras, but {missing} has none",
            hint="analyse the videos of this session first",
        )
    return project.start(
        "triangulate",
        {**wanted.model_dump(), "poses": sources},
        title=f"finding {wanted.session or 'the recording'} in 3D",
        subject={"session": wanted.session},
    )


def describe_reconstruction(project: "OpenProject", name: str) -> schema.Reconstruction:
    """Look into the poses in 3D of a session."""
    path = _path_of(project, name)
    summary = summarise_poses(path)
    known = set(summary.keypoints)
    sessions = recordings.find_recordings(project.project)
    session = next(
        (s.name for s in sessions if recordings.poses_3d_path(project.project, s.name) == path), ""
    )
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return schema.Reconstruction(
        id=name,
        session=session,
        path=path.relative_to(project.project.root).as_posix(),
        n_frames=summary.n_rows,
        first_frame=summary.frames[0],
        fps=summary.fps,
        keypoints=list(summary.keypoints),
        individuals=list(summary.individuals),
        edges=[edge for edge in project.project.skeleton.edges if set(edge) <= known],
        units=str(summary.attributes.get("space_unit", "unknown")),
        median_reprojection_px=_number(summary.attributes.get("median_reprojection_px")),
        modified=modified.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )


def read_values(project: "OpenProject", name: str, variable: str, start: int, stop: int) -> np.ndarray:
    """Return rows of one variable of poses in 3D, float32."""
    if stop - start > results.MAX_ROWS:
        raise InputError(f"expected at most {results.MAX_ROWS} rows at a time, got {stop - start}")
    return read_rows(_path_of(project, name), variable, start, stop)


def _path_of(project: "OpenProject", name: str) -> Path:
    folder = project.project.root / recordings.POSES_3D
    for path in folder.glob("*.nc"):
        if path.stem == name:
            return path
    raise NotFoundError("these poses in 3D are not there any more", hint="find the session in 3D again")
