"""Tracks: made of poses, looked through, repaired."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from marey.server import proofreading, results, track_labels
from marey.server.context import ProjectDep
from marey.server.responses import FLOATS, NEVER_KEPT, numbers
from marey.server.schemas.jobs import Job
from marey.server.schemas.tracks import (
    TrackChange,
    TrackEdits,
    TrackingRequest,
    TrackLabels,
    TrackLabelsAdded,
    Tracks,
)

router = APIRouter(prefix="/projects/{project}/results/{result}", tags=["tracks"])


@router.post("/track", status_code=202)
def track_result(project: ProjectDep, result: str, request: TrackingRequest) -> Job:
    """Find out who is who; the tracks are a file of their own beside the poses."""
    return proofreading.start_tracking(project, result, request)


@router.get("/tracks")
def get_tracks(project: ProjectDep, result: str) -> Tracks:
    """Say what may be wrong with the tracks, and what was done about it."""
    return project.proofreading.describe(results.find(project, result).path)


@router.get("/tracks/lanes", response_class=Response, responses=FLOATS)
def get_lanes(
    project: ProjectDep,
    result: str,
    start: Annotated[int, Query(ge=0, description="first row")] = 0,
    stop: Annotated[int | None, Query(ge=1, description="the row after the last")] = None,
    bins: Annotated[int, Query(ge=1, le=4096)] = 1024,
) -> Response:
    """Return how sure each track is at the least: float32, (n_bins, n_tracks); NaN where it is not there."""
    path = results.find(project, result).path
    return numbers(project.proofreading.lanes(path, start, stop, bins), cache=NEVER_KEPT)


@router.post("/tracks/edits")
def edit_tracks(project: ProjectDep, result: str, edits: TrackEdits) -> Tracks:
    """Repair tracks; all repairs or none, and only from the state that the page has seen."""
    return project.proofreading.change(results.find(project, result).path, edits)


@router.post("/tracks/undo")
def undo_track_edit(project: ProjectDep, result: str, change: TrackChange) -> Tracks:
    """Take the last repair back."""
    return project.proofreading.undo(results.find(project, result).path, change)


@router.post("/tracks/redo")
def redo_track_edit(project: ProjectDep, result: str, change: TrackChange) -> Tracks:
    """Do again what was undone last."""
    return project.proofreading.redo(results.find(project, result).path, change)


@router.post("/tracks/labels")
def add_track_labels(project: ProjectDep, result: str, frames: TrackLabels) -> TrackLabelsAdded:
    """Make repaired poses labels to learn from."""
    return track_labels.add_labels(project, result, frames)
