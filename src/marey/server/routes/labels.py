"""Frames to label, and their labels."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse

from marey.server import label_checks, prefill, queue
from marey.server.context import ProjectDep
from marey.server.label_desk import LabelConflictError, conflict_of
from marey.server.responses import REFUSALS
from marey.server.schemas.jobs import Job
from marey.server.schemas.labels import (
    Extraction,
    FrameItem,
    FrameLabels,
    FramePicks,
    FramesAdded,
    LabelConflict,
    LabelsWrite,
    Lease,
    LeaseRequest,
    PlacedPoint,
    Prefill,
    Restore,
    Review,
    Revision,
    Suspicion,
)

router = APIRouter(prefix="/projects/{project}", tags=["labels"])


@router.get("/frames")
def list_frames(project: ProjectDep, video: Annotated[str | None, Query()] = None) -> list[FrameItem]:
    """List the frames that were extracted or labelled, by video and time: the queue of the Label page."""
    return queue.list_frames(project, video)


@router.post("/frames")
def add_frames(project: ProjectDep, picks: FramePicks) -> FramesAdded:
    """Extract frames that a person picked."""
    return queue.add_frames(project, picks)


@router.delete("/frames/{video}/{frame}", status_code=204)
def remove_frame(project: ProjectDep, video: str, frame: int) -> None:
    """Take a frame without labels out of the queue; its image is deleted."""
    queue.remove_frame(project, video, frame)


@router.post("/extractions", status_code=202)
def extract_frames(project: ProjectDep, extraction: Extraction) -> Job:
    """Choose frames and extract them."""
    return project.start("extract", extraction.model_dump(), title="choosing frames")


@router.get("/labels/{video}/history")
def list_revisions(project: ProjectDep, video: str) -> list[Revision]:
    """List the saved states of the labels of a video, latest first."""
    return project.labels.history(video)


@router.post("/labels/{video}/restore")
def restore_labels(project: ProjectDep, video: str, restore: Restore) -> list[Revision]:
    """Go back to an earlier state; what is there now stays in the history."""
    return project.labels.restore(video, restore.revision, author=restore.labeller)


@router.get("/labels/{video}/{frame}")
def get_labels(project: ProjectDep, video: str, frame: int) -> FrameLabels:
    """Return the labels of a frame, with the revision to give back when writing."""
    return project.labels.read(video, frame)


@router.put(
    "/labels/{video}/{frame}",
    response_model=FrameLabels,
    responses={409: {"model": LabelConflict, "description": "Somebody else saved first."}, **REFUSALS},
)
def put_labels(
    project: ProjectDep,
    video: str,
    frame: int,
    labels: LabelsWrite,
    if_match: Annotated[
        str | None, Header(description="the revision that these labels were made from")
    ] = None,
) -> FrameLabels | JSONResponse:
    """Save the labels of a frame; it is on disk when this answers."""
    try:
        return project.labels.write(video, frame, labels, if_match)
    except LabelConflictError as error:
        return JSONResponse(conflict_of(error).model_dump(), status_code=409)


@router.post("/labels/{video}/{frame}/review")
def set_review(project: ProjectDep, video: str, frame: int, review: Review) -> FrameLabels:
    """Ask somebody to look at a frame again, or say that it has been done."""
    return project.labels.set_review(video, frame, review)


@router.post("/labels/{video}/{frame}/lease")
def lease_frame(project: ProjectDep, video: str, frame: int, request: LeaseRequest) -> Lease:
    """Say who is looking at a frame; it holds for 30 seconds. Two may look, and both are told."""
    return project.labels.leases.take(video, frame, request)


@router.get("/labels/{video}/{frame}/prefill")
def get_prefill(
    project: ProjectDep,
    video: str,
    frame: int,
    source: Annotated[Literal["model", "flow", "previous"], Query()] = "model",
    run: Annotated[str | None, Query(description="for source=model; by default the latest")] = None,
) -> Prefill:
    """Propose points for a frame; nothing is saved."""
    return prefill.propose(project, video, frame, source=source, run=run)


@router.get("/label-checks")
def check_labels(project: ProjectDep) -> list[Suspicion]:
    """List the labels that look wrong, and why."""
    return label_checks.find_suspicions(project)


@router.get("/points")
def list_points(project: ProjectDep, keypoint: Annotated[str, Query()]) -> list[PlacedPoint]:
    """List every labelled point of a keypoint: its contact sheet."""
    return label_checks.list_points(project, keypoint)
