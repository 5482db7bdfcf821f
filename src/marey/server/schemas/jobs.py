"""Long tasks."""

from typing import Literal

from marey.server.schemas.common import JsonObject, Problem, Wire

JobStatus = Literal["queued", "running", "done", "failed", "cancelled", "stopped", "lost"]
"""``stopped`` can be resumed; ``lost``: its process ended without a word."""


class JobProgress(Wire):
    """What a job is doing right now."""

    stage: str
    done: int
    total: int | None
    values: dict[str, float | None]
    per_second: float | None
    seconds_left: float | None


class Job(Wire):
    """One long task: a process of its own."""

    id: str
    kind: str
    """``train``, ``evaluate``, ``predict``, ``extract``, ``suggest``, ``smooth``, ``import`` and so on."""
    title: str
    """In words: "training first"."""
    project: str | None
    subject: JsonObject
    """What it is about: ``{"run": ...}``, ``{"video": ...}``, ``{"result": ...}``."""
    status: JobStatus
    slot: str | None
    """Where it runs: ``cpu:0``, ``gpu:0``, ``light:1``."""
    created: str
    started: str | None
    finished: str | None
    progress: JobProgress | None
    n_events: int
    error: Problem | None
    result: JsonObject | None
    files: list[str]
    """Names of what it made for the page, at ``jobs/{id}/files/{name}``."""
    can_cancel: bool
    can_retry: bool


class JobEvent(Wire):
    """One event of a job."""

    seq: int
    """Counts from 0 within the job."""
    time: str
    stage: str
    done: int
    total: int | None
    values: dict[str, float | None]
    message: str


class JobEvents(Wire):
    """The events after a given one."""

    job: Job
    events: list[JobEvent]


class JobLog(Wire):
    """The end of a log."""

    text: str
    next_byte: int
