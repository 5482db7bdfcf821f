"""The process of one job: ``python -m marey.jobs.worker FOLDER``."""

import contextlib
import json
import logging
import math
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marey.errors import Interrupted, MareyError
from marey.files import utc_now
from marey.jobs.folder import JobFolder
from marey.jobs.liveness import held
from marey.jobs.tasks import TASKS, TaskContext
from marey.progress import Progress

WRITE_EVERY_S = 0.5

log = logging.getLogger("marey.jobs")


class EventWriter:
    """Appends progress to a job's events: not each one, but every change that a person could see.

    Parameters
    ----------
    path
        The file of events.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", newline="\n")
        self._n_written = 0
        self._stage = ""
        self._stage_began = self._last_written = 0.0
        self._done_at_begin = 0
        self._values: dict[str, float | None] = {}

    def __call__(self, event: Progress) -> None:
        """Take an event."""
        now = time.monotonic()
        is_new = event.stage != self._stage
        if is_new:
            self._stage, self._stage_began, self._done_at_begin = event.stage, now, event.done
        values = {name: _finite(value) for name, value in event.values.items()}
        is_end = event.total is not None and event.done >= event.total
        is_row = values.get("validation_error_px") != self._values.get("validation_error_px")
        if is_new or is_end or is_row or event.message or now - self._last_written >= WRITE_EVERY_S:
            self._write(event, values, now)

    def _write(self, event: Progress, values: dict[str, float | None], now: float) -> None:
        elapsed, gained = now - self._stage_began, event.done - self._done_at_begin
        rate = gained / elapsed if elapsed > 0 and gained > 0 else None
        line = {
            "seq": self._n_written,
            "time": utc_now(),
            "stage": event.stage,
            "done": event.done,
            "total": event.total,
            "values": values,
            "message": event.message,
            "rate": rate,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        self._n_written += 1
        self._last_written, self._values = now, values
        if event.message:
            log.info("%s", event.message)


def run(folder: Path) -> int:
    """Do the job in `folder`, write down how it ended, and return the exit code."""
    job = JobFolder(folder)
    with held(job.alive_path), _signals_become_ctrl_c():
        job.mark_started()
        request = job.request
        log.info("%s (%s)", request.title, json.dumps(request.arguments, ensure_ascii=False))
        context = TaskContext(
            arguments=request.arguments,
            project=None if request.project is None else Path(request.project),
            files=job.files_folder,
            progress=EventWriter(job.events_path),
        )
        try:
            result = TASKS[request.kind].function(context)
        except Interrupted as error:
            job.mark_ended("stopped", error=_describe(error))
            return 1
        except KeyboardInterrupt:
            job.mark_ended("cancelled")
            return 1
        except MareyError as error:
            log.exception("failed")
            job.mark_ended("failed", error=_describe(error))
            return 1
        except Exception as error:
            log.exception("failed")
            job.mark_ended("failed", error=_describe_surprise(error))
            return 1
        job.mark_ended("done", result=_plain(result))
        return 0


@contextlib.contextmanager
def _signals_become_ctrl_c() -> Iterator[None]:
    """Treat a request to end like Ctrl-C, which every long function of the library understands."""

    def interrupt(_number: int, _frame: object) -> None:
        signal.raise_signal(signal.SIGINT)

    if sys.platform == "win32":
        number = signal.SIGBREAK
    else:
        number = signal.SIGTERM
    # Started in the background, a process may have been told to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _describe(error: MareyError) -> dict[str, Any]:
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


def _describe_surprise(error: Exception) -> dict[str, Any]:
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        hint = "close other programs, or choose smaller batches"
        return {"kind": "MemoryError", "message": "there was too little memory", "hint": hint}
    message = f"something unexpected went wrong ({type(error).__name__})"
    return {"kind": "InternalError", "message": message, "hint": "the log of the job says more"}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """Return `value` as JSON can hold it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return _finite(value)
    return value


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", stream=sys.stderr)
    sys.exit(run(Path(sys.argv[1])))
