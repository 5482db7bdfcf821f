"""The process of one job: ``python -m marey.jobs.worker FOLDER``."""

import contextlib
import json
import logging
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
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

    def close(self) -> None:
        """Close the file."""
        self._file.close()

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
    with (
        held(job.alive_path),
        _signals_become_ctrl_c() as is_asked_to_end,
        contextlib.closing(EventWriter(job.events_path)) as events,
    ):
        job.mark_started()
        request = job.request
        log.info("%s (%s)", request.title, json.dumps(request.arguments, ensure_ascii=False))

        def progress(event: Progress) -> None:
            events(event)
            if is_asked_to_end() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                signal.raise_signal(signal.SIGINT)  # a library swallowed the first

        context = TaskContext(
            arguments=request.arguments,
            project=None if request.project is None else Path(request.project),
            files=job.files_folder,
            progress=progress,
        )
        try:
            result = TASKS[request.kind].function(context)
        except Interrupted as error:
            job.mark_ended("stopped", error=_describe(error))
            return 1
        except KeyboardInterrupt:
            job.mark_ended("cancelled")
            return 1
        except Exception as error:
            log.exception("failed")
            if is_asked_to_end():  # a library made an error of its own of the Ctrl-C
                job.mark_ended("cancelled")
            else:
                job.mark_ended("failed", error=_describe(error))
            return 1
        job.mark_ended("done", result=_plain(result))
        return 0


@contextlib.contextmanager
def _signals_become_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Treat a request to end like Ctrl-C, which every long function of the library understands.

    Give a function that says whether the request came: libraries that are being imported, or that are called
    back from C, now and then swallow the Ctrl-C or make another error of it.
    """
    asked = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        asked.set()
        signal.raise_signal(signal.SIGINT)

    if sys.platform == "win32":
        number = signal.SIGBREAK
    else:
        number = signal.SIGTERM
    # Started in the background, a process may have been told to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.signal(number, interrupt)
    try:
        yield asked.is_set
    finally:
        signal.signal(number, before)


def _describe(error: Exception) -> dict[str, Any]:
    if isinstance(error, MareyError):
        return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
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
