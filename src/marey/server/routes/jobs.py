"""Long tasks: list, follow, cancel, repeat."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response, StreamingResponse

from marey.server import job_views
from marey.server.context import WorkspaceDep
from marey.server.files import stream_file
from marey.server.responses import NEVER_KEPT, binary
from marey.server.schemas.jobs import Job, JobEvents, JobLog

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def list_jobs(workspace: WorkspaceDep, project: Annotated[str | None, Query()] = None) -> list[Job]:
    """List the jobs, latest first."""
    return job_views.list_jobs(workspace, project)


@router.get("/stream", responses=binary("text/event-stream", "Server-sent events."))
async def stream_jobs(
    workspace: WorkspaceDep,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Follow all jobs: ``jobs`` (a list, at the start), ``job`` (one that changed), ``event`` (its event).

    Read it with ``fetch``, so that a bearer token can go along; give Last-Event-ID to go on after a break.
    """
    events = job_views.follow(workspace, last_event_id, request.is_disconnected)
    headers = {"Cache-Control": NEVER_KEPT, "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@router.get("/{job}")
def get_job(workspace: WorkspaceDep, job: str) -> Job:
    """Say how a job is doing."""
    return job_views.describe(workspace, job)


@router.delete("/{job}", status_code=204)
def forget_job(workspace: WorkspaceDep, job: str) -> None:
    """Forget a job that has ended, with its log."""
    workspace.jobs.forget(job)


@router.get("/{job}/events")
def get_events(workspace: WorkspaceDep, job: str, after: Annotated[int, Query(ge=-1)] = -1) -> JobEvents:
    """Return the events with a number above `after`: the fallback where streams do not get through."""
    return job_views.read_events(workspace, job, after)


@router.get("/{job}/log")
def get_log(workspace: WorkspaceDep, job: str, after_byte: Annotated[int, Query(ge=0)] = 0) -> JobLog:
    """Return the log from a byte on, at most 256 KiB."""
    return job_views.read_log(workspace, job, after_byte)


@router.post("/{job}/cancel")
def cancel_job(workspace: WorkspaceDep, job: str) -> Job:
    """Stop a job: it is asked first, and killed when it does not obey. A training can be resumed."""
    workspace.jobs.cancel(job)
    return job_views.describe(workspace, job)


@router.post("/{job}/retry", status_code=202)
def retry_job(workspace: WorkspaceDep, job: str) -> Job:
    """Do again what failed or was stopped; what can be resumed is."""
    return job_views.describe(workspace, workspace.jobs.retry(job))


@router.get("/{job}/files/{name}", responses=binary("application/octet-stream", "What the job made."))
def get_job_file(workspace: WorkspaceDep, job: str, name: str, request: Request) -> Response:
    """Return something that a job made for the page."""
    return stream_file(workspace.jobs.get(job).file(name), request)
