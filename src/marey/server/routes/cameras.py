"""Several cameras: sessions, calibrations, poses in 3D."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from marey.server import cameras
from marey.server.context import ProjectDep, WorkspaceDep
from marey.server.responses import FLOATS, SHORT_LIVED, numbers
from marey.server.schemas.cameras import (
    CalibrationDetail,
    CalibrationImport,
    CalibrationRequest,
    CamerasChange,
    CamerasState,
    Reconstruction,
    Timing,
    TriangulationRequest,
)
from marey.server.schemas.jobs import Job

router = APIRouter(prefix="/projects/{project}/cameras", tags=["cameras"])


@router.get("")
def get_cameras(
    project: ProjectDep,
    pattern: Annotated[str | None, Query(description="only look what this pattern would find")] = None,
) -> CamerasState:
    """Say which videos belong together, and which calibrations there are."""
    return cameras.describe_state(project, pattern=pattern)


@router.patch("")
def change_cameras(project: ProjectDep, change: CamerasChange) -> CamerasState:
    """Change the pattern or the calibration in use."""
    return cameras.change(project, change)


@router.put("/timing")
def set_timing(project: ProjectDep, timing: Timing, session: Annotated[str, Query()] = "") -> CamerasState:
    """State how the videos of a session correspond."""
    return cameras.set_timing(project, session, timing)


@router.post("/calibrations", status_code=201)
def import_calibration(
    workspace: WorkspaceDep, project: ProjectDep, wanted: CalibrationImport
) -> CalibrationDetail:
    """Copy a calibration of Anipose, OpenCV, Qualisys or DeepLabCut into the project, and use it."""
    return cameras.import_calibration(workspace, project, wanted)


@router.post("/calibrations/run", status_code=202)
def run_calibration(workspace: WorkspaceDep, project: ProjectDep, wanted: CalibrationRequest) -> Job:
    """Calibrate from images or videos of a board."""
    return cameras.start_calibration(workspace, project, wanted)


@router.get("/calibrations/{name}")
def get_calibration(project: ProjectDep, name: str) -> CalibrationDetail:
    """Look into a calibration."""
    return cameras.describe_calibration(project, name)


@router.post("/reconstructions", status_code=202)
def reconstruct(project: ProjectDep, wanted: TriangulationRequest) -> Job:
    """Triangulate the predictions of a session."""
    return cameras.start_triangulation(project, wanted)


@router.get("/reconstructions/{name}")
def get_reconstruction(project: ProjectDep, name: str) -> Reconstruction:
    """Look into the poses in 3D of a session."""
    return cameras.describe_reconstruction(project, name)


@router.get("/reconstructions/{name}/values", response_class=Response, responses=FLOATS)
def get_reconstruction_values(
    project: ProjectDep,
    name: str,
    start: Annotated[int, Query(ge=0, description="first row")],
    stop: Annotated[int, Query(ge=1, description="the row after the last; at most 4096 at a time")],
    variable: Annotated[
        str, Query(pattern="^(position|confidence|expected_error|reprojection_error)$")
    ] = "position",
) -> Response:
    """Return rows as they are: float32, (n, 3, n_keypoints, n_individuals), or without the 3."""
    return numbers(cameras.read_values(project, name, variable, start, stop), cache=SHORT_LIVED)
