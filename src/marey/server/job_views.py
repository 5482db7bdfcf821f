"""Jobs as the pages see them, and the stream that tells of every change."""

import asyncio
import json
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.jobs.folder import JobFolder
from marey.jobs.queue import ACTIVE, JobQueue
from marey.server.recents import identify
from marey.server.schemas.common import Problem
from marey.server.schemas.jobs import Job, JobEvent, JobEvents, JobLog, JobProgress

if TYPE_CHECKING:
    from marey.server.context import Workspace

MAX_LOG_BYTES = 256 << 10
LOOK_EVERY_S = 0.4
KEPT_MESSAGES = 4000
KEEP_ALIVE_S = 15.0
LISTED_AT_MOST = 100


def list_jobs(workspace: "Workspace", project: str | None) -> list[Job]:
    """Return the jobs, latest first; of one project, or of all."""
    jobs = [describe_job(job) for job in workspace.jobs.jobs()[:LISTED_AT_MOST]]
    return [job for job in jobs if project in (None, job.project)]


def describe(workspace: "Workspace", job_id: str) -> Job:
    """Return one job; what an import or the demo made is also given as a place to open."""
    job = describe_job(workspace.jobs.get(job_id))
    made = (job.result or {}).get("path")
    if made is not None:
        place = workspace.roots.locate(Path(made))
        job.result = {**(job.result or {}), "place": None if place is None else place.model_dump()}
    return job


def describe_job(job: JobFolder) -> Job:
    """Return a job as the pages see it."""
    request, status = job.request, job.status
    end, start, claim, last = job.end or {}, job.start or {}, job.claim or {}, job.last_event()
    return Job(
        id=job.id,
        kind=request.kind,
        title=request.title,
        project=None if request.project is None else identify(Path(request.project)),
        subject=request.subject,
        status=status,
        slot=claim.get("slot"),
        created=job.created,
        started=start.get("time"),
        finished=end.get("time"),
        progress=None if last is None else _describe_progress(last),
        n_events=0 if last is None else last["seq"] + 1,
        error=None if end.get("error") is None else Problem(**end["error"]),
        result=end.get("result"),
        files=job.file_names(),
        can_cancel=status in ACTIVE and not job.is_cancel_wanted,
        can_retry=status in ("failed", "cancelled", "stopped", "lost"),
    )


def _describe_progress(event: dict[str, Any]) -> JobProgress:
    rate, total = event.get("rate"), event["total"]
    left = (total - event["done"]) / rate if rate and total is not None else None
    return JobProgress(
        stage=event["stage"],
        done=event["done"],
        total=total,
        values=event["values"],
        per_second=rate,
        seconds_left=left,
    )


def _describe_event(event: dict[str, Any]) -> JobEvent:
    return JobEvent(**{name: event[name] for name in JobEvent.model_fields})


def read_events(workspace: "Workspace", job_id: str, after: int) -> JobEvents:
    """Return the events of a job with a number above `after`."""
    job = workspace.jobs.get(job_id)
    events = [_describe_event(event) for event in job.events(after)]
    return JobEvents(job=describe(workspace, job_id), events=events)


def read_log(workspace: "Workspace", job_id: str, after_byte: int) -> JobLog:
    """Return the log of a job from a byte on; without one, its end."""
    path = workspace.jobs.get(job_id).log_path
    if not path.exists():
        return JobLog(text="", next_byte=0)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = after_byte if 0 < after_byte <= size else max(0, size - MAX_LOG_BYTES)
        file.seek(start)
        data = file.read(MAX_LOG_BYTES)
    return JobLog(text=data.decode("utf-8", errors="replace"), next_byte=start + len(data))


@dataclass(frozen=True)
class _Message:
    number: int
    kind: str
    data: str


class JobFeed:
    """Looks at all active jobs, once for all pages, and keeps what changed.

    Parameters
    ----------
    jobs
        The queue.
    """

    def __init__(self, jobs: JobQueue) -> None:
        self._jobs = jobs
        self.life = secrets.token_hex(4)
        """Numbers of messages are good within one life of the server."""
        self._messages: deque[_Message] = deque(maxlen=KEPT_MESSAGES)
        self._n = 0
        self._seen: dict[str, tuple[str, int]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, name="marey-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    @property
    def is_stopped(self) -> bool:
        """Whether the server is going down."""
        return self._stop.is_set()

    @property
    def number(self) -> int:
        """The number of the newest message."""
        return self._n

    def after(self, number: int) -> list[_Message] | None:
        """Return the messages after one, or None where they are not kept any more."""
        messages = list(self._messages)
        if number > self._n or (messages and number < messages[0].number - 1):
            return None
        return [message for message in messages if message.number > number]

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Look once."""
        watched = {job.id: job for job in self._jobs.active()}
        for job_id in [job_id for job_id in self._seen if job_id not in watched]:
            self._tell(self._jobs.folder / job_id)
            del self._seen[job_id]
        for job in watched.values():
            self._tell(job.path)

    def _tell(self, path: Path) -> None:
        job = JobFolder(path)
        try:
            described = describe_job(job)
        except OSError:  # it was forgotten
            return
        status, n_told = self._seen.get(job.id, ("", 0))
        for event in job.events(n_told - 1) if described.n_events > n_told else []:
            body = {"job": job.id, **_describe_event(event).model_dump()}
            self._add("event", json.dumps(body))
        if (described.status, described.n_events) != (status, n_told):
            self._add("job", described.model_dump_json())
        self._seen[job.id] = described.status, described.n_events

    def _add(self, kind: str, data: str) -> None:
        self._n += 1
        self._messages.append(_Message(self._n, kind, data))


async def follow(
    workspace: "Workspace", last_event_id: str | None, is_disconnected: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """Give the stream of server-sent events: what there is, and then every change.

    After a break it goes on with what came after `last_event_id`, as far as that is kept; otherwise it
    begins again with a list of all jobs.
    """
    feed = workspace.feed
    number = _number_of(feed, last_event_id)
    if number is None or feed.after(number) is None:
        number = feed.number
        jobs = await asyncio.to_thread(list_jobs, workspace, None)
        yield _write(feed, number, "jobs", json.dumps([job.model_dump() for job in jobs]))
    quiet_s = 0.0
    while not feed.is_stopped:
        messages = feed.after(number)
        if messages is None:
            return  # this page is far behind: it comes back and gets the list
        for message in messages:
            number = message.number
            yield _write(feed, number, message.kind, message.data)
        quiet_s = 0.0 if messages else quiet_s + LOOK_EVERY_S
        if quiet_s >= KEEP_ALIVE_S:
            quiet_s = 0.0
            yield ": still here\n\n"
        if await is_disconnected():
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _number_of(feed: JobFeed, event_id: str | None) -> int | None:
    life, _, number = (event_id or "").partition(".")
    return int(number) if life == feed.life and number.isdigit() else None


def _write(feed: JobFeed, number: int, kind: str, data: str) -> str:
    return f"id: {feed.life}.{number}\nevent: {kind}\ndata: {data}\n\n"
