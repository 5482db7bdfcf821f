"""Tasks that are asked to end, and a program that does one as a job: its own process gets the signal."""

import signal
import sys
from pathlib import Path
from types import SimpleNamespace

from marey.errors import InputError
from marey.jobs import worker
from marey.progress import Progress


def report_for_long(context):
    for done in range(1000):
        context.progress(Progress("working", done, 1000))
    return {"n_reports": 1000}


def swallow_it(context):
    """Do what a module does that catches everything while it is imported."""
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        return report_for_long(context)
    raise AssertionError("nothing was raised")


def make_an_import_error_of_it(_context):
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        raise ImportError("no module") from None


def make_an_input_error_of_it(_context):
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        raise InputError("unreadable") from None


def listen(context):
    """Do what training does, which ends its step and keeps its state."""
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        signal.raise_signal(signal.SIGTERM)
        return {**report_for_long(context), "heard": heard}
    finally:
        signal.signal(signal.SIGINT, before)


def fail(_context):
    raise InputError("expected a mouse, got a rat", hint="take a mouse")


if __name__ == "__main__":
    folder, name = sys.argv[1:]
    worker.TASKS["fake"] = SimpleNamespace(function=globals()[name])
    sys.exit(worker.run(Path(folder)))
