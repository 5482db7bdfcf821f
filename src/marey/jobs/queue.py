"""The queue: starts jobs when a slot is free, ends them when somebody wants it, notices those that died.

Everything it knows is on disk. Several servers of one user share the queue of one computer; a server that is
started again finds the jobs that went on without it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from marey.errors import ConflictError, InputError, MareyError, NotFoundError
from marey.files import locked
from marey.jobs.devices import environment_of, list_slots
from marey.jobs.folder import JobFolder, Request
from marey.jobs.tasks import TASKS

LOOK_EVERY_S = 0.5
GRACE_S = 20.0
"""How long a job that was asked to end may take for it before it is killed."""
KEPT_JOBS = 300
# A group of its own: a job must outlive the server and not get its Ctrl-C. POSIX has a session for that.
_NEW_GROUP = 0
if sys.platform == "win32":
    _NEW_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP
ACTIVE = ("queued", "running")


class JobQueue:
    """The jobs of one user on one computer.

    Parameters
    ----------
    folder
        Where the jobs lie.
    slots
        Names of slots by the weight of the jobs that they take; by default what the computer has.
    grace_s
        How long a job that was asked to end may take for it.
    """

    def __init__(
        self, folder: Path, *, slots: dict[str, list[str]] | None = None, grace_s: float = GRACE_S
    ) -> None:
        self.folder = folder
        self.grace_s = grace_s
        self._slots = slots
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, JobFolder] = {}
        self._wake, self._is_stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._step_lock = threading.Lock()

    @property
    def slots(self) -> dict[str, list[str]]:
        """Names of slots by the weight of the jobs that they take."""
        if self._slots is None:
            self._slots = list_slots()
        return self._slots

    def start(self) -> None:
        """Begin to look after the jobs, in a thread."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._is_stopping.clear()
        self._thread = threading.Thread(target=self._look_after, name="marey-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; the jobs go on."""
        self._is_stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        for child in self._children.values():
            if child.poll() is None:
                child.returncode = 0  # it goes on, and nobody here will wait for it
        self._children.clear()

    def submit(self, request: Request) -> JobFolder:
        """Put a job into the queue.

        Raises
        ------
        InputError
            There is no such task.
        """
        if request.kind not in TASKS:
            raise InputError(f"there is no task {request.kind!r}", hint=f"tasks: {', '.join(TASKS)}")
        request = replace(request, weight=TASKS[request.kind].weight)
        job = JobFolder.create(self.folder, request)
        self._wake.set()
        return job

    def jobs(self) -> list[JobFolder]:
        """Return all jobs, latest first."""
        try:
            names = sorted(
                (p.name for p in self.folder.iterdir() if not p.name.startswith(".")), reverse=True
            )
        except FileNotFoundError:
            return []
        return [self._ended.get(name) or JobFolder(self.folder / name) for name in names]

    def active(self) -> list[JobFolder]:
        """Return the jobs that have not ended, oldest first."""
        active = []
        for job in reversed(self.jobs()):
            if job.id in self._ended:
                continue
            if job.end is None:
                active.append(job)
            else:
                self._ended[job.id] = job
        return active

    def get(self, job_id: str) -> JobFolder:
        """Return one job.

        Raises
        ------
        NotFoundError
            There is none of this id.
        """
        is_plain = bool(job_id) and not job_id.startswith(".") and not set("/\\\0") & set(job_id)
        if not is_plain or not (self.folder / job_id / "job.json").is_file():
            raise NotFoundError(f"there is no job {job_id!r}", hint="it may have been forgotten")
        return JobFolder(self.folder / job_id)

    def cancel(self, job_id: str) -> None:
        """Ask a job to end; it is killed when it takes too long."""
        job = self.get(job_id)
        if job.status in ACTIVE:
            job.ask_to_end()
            self._wake.set()

    def retry(self, job_id: str) -> str:
        """Put what a job was to do into the queue again, going on where that is possible; return its id.

        Raises
        ------
        ConflictError
            It has not ended.
        """
        job = self.get(job_id)
        if job.status in ACTIVE:
            raise ConflictError(f"the job {job.request.title!r} has not ended", hint="cancel it first")
        request = job.request
        resumed = TASKS[request.kind].resumed(request.arguments)
        return self.submit(replace(request, arguments=resumed)).id

    def forget(self, job_id: str) -> None:
        """Delete a job that has ended, with its log.

        Raises
        ------
        ConflictError
            It has not ended.
        """
        job = self.get(job_id)
        if job.status in ACTIVE:
            raise ConflictError(f"the job {job.request.title!r} has not ended", hint="cancel it first")
        self._ended.pop(job_id, None)
        shutil.rmtree(job.path, ignore_errors=True)

    def wait(self, job_id: str, timeout_s: float = 600.0) -> JobFolder:
        """Return a job when it has ended; for scripts and tests.

        Raises
        ------
        ConflictError
            It has not ended in time.
        """
        deadline = time.monotonic() + timeout_s
        while (job := self.get(job_id)).end is None:
            if time.monotonic() > deadline:
                raise ConflictError(f"the job {job.request.title!r} has not ended after {timeout_s:.0f} s")
            time.sleep(0.05)
        return job

    def _look_after(self) -> None:
        self._prune()
        while not self._is_stopping.is_set():
            with contextlib.suppress(MareyError, OSError):  # a full disk now is no reason to stop looking
                self.step()
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def step(self) -> None:
        """Look once: end, notice and start what is due."""
        with self._step_lock:
            self._reap()
            active = self.active()
            for job in active:
                self._attend(job)
            if any(job.claim is None and job.end is None for job in active):
                with locked(self.folder / ".schedule.lock"):
                    self._start_what_fits()

    def _reap(self) -> None:
        for job_id, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[job_id]
                self._end_dead(JobFolder(self.folder / job_id))

    def _attend(self, job: JobFolder) -> None:
        """End a job that somebody wants to end, and notice one that died."""
        if job.end is not None:
            return
        if job.claim is None:
            if job.is_cancel_wanted:
                job.mark_ended("cancelled")
            return
        if not job.is_alive:
            if job.id not in self._children and job.status == "lost":
                self._end_dead(job)
            return
        if job.is_cancel_wanted:
            asked_s = time.time() - (job.path / "cancel").stat().st_mtime
            _signal(job, kill=asked_s > self.grace_s)

    def _end_dead(self, job: JobFolder) -> None:
        """Note the end of a job whose process is gone without having noted it."""
        if job.end is not None or job.is_alive:
            return
        if job.is_cancel_wanted:
            job.mark_ended("stopped" if TASKS[job.request.kind].can_resume else "cancelled")
            return
        hint = "its log says more; try again" if job.log_path.exists() else "try again"
        message = "the process ended without a word: it was killed, or the computer ran out of memory"
        job.mark_ended("lost", error={"kind": "LostError", "message": message, "hint": hint})

    def _start_what_fits(self) -> None:
        active = self.active()
        used = {claim["slot"] for job in active if (claim := job.claim) is not None}
        for job in active:
            if job.claim is not None:
                continue
            free = [slot for slot in self.slots[job.request.weight] if slot not in used]
            if free and job.try_claim(free[0]):
                used.add(free[0])
                self._spawn(job, free[0])

    def _spawn(self, job: JobFolder, slot: str) -> None:
        environment = {**os.environ, **environment_of(slot), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "marey.jobs.worker", str(job.path)]
        with job.log_path.open("ab") as log:
            self._children[job.id] = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=job.path,
                start_new_session=True,
                creationflags=_NEW_GROUP,
            )

    def _prune(self) -> None:
        for job in self.jobs()[KEPT_JOBS:]:
            if job.end is not None:
                shutil.rmtree(job.path, ignore_errors=True)


def _signal(job: JobFolder, *, kill: bool) -> None:
    """Ask the process of a job to end, once, or kill it with all its children."""
    start = job.start
    if start is None:
        return
    process = int(start["process"])
    with contextlib.suppress(OSError):  # it has ended
        if kill:
            _kill(process)
        elif not (job.path / "asked").exists():
            (job.path / "asked").touch()
            _ask(process)


def _ask(process: int) -> None:
    if sys.platform == "win32":
        os.kill(process, signal.CTRL_BREAK_EVENT)
    else:
        os.kill(process, signal.SIGTERM)


def _kill(process: int) -> None:
    if sys.platform == "win32":
        os.kill(process, signal.SIGTERM)  # which is the end there, without a question
    else:
        os.killpg(process, signal.SIGKILL)
