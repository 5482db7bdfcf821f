"""A job that is asked to end does end, whatever the libraries make of the Ctrl-C."""

import os
import signal

import pytest

from marey.errors import InputError
from marey.jobs import worker
from marey.jobs.folder import JobFolder, Request
from marey.progress import Progress

ask_to_end = pytest.mark.skipif(os.name == "nt", reason="a process cannot ask itself to end on Windows")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a function as a job in this process, and return how it ended."""

    def run_as_job(function):
        task = type("FakeTask", (), {"function": staticmethod(function)})
        monkeypatch.setattr(worker, "TASKS", {"fake": task})
        job = JobFolder.create(tmp_path, Request("fake", "a task of this test"))
        before = signal.getsignal(signal.SIGINT)
        try:
            worker.run(job.path)
        finally:
            signal.signal(signal.SIGINT, before)
        return job.end

    return run_as_job


def report_for_ever(context):
    for done in range(1000):
        context.progress(Progress("working", done, 1000))
    return {"n_reports": 1000}


@ask_to_end
def test_a_swallowed_ctrl_c_is_raised_again(run):
    def swallow(context):
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            return report_for_ever(context)
        raise AssertionError("nothing was raised")

    assert run(swallow)["status"] == "cancelled"


@ask_to_end
@pytest.mark.parametrize("made_of_it", [ImportError("no module"), InputError("unreadable")])
def test_an_error_made_of_the_ctrl_c_is_no_failure(run, made_of_it):
    def make_another(_context):
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            raise made_of_it from None

    end = run(make_another)
    assert (end["status"], end["error"]) == ("cancelled", None)


@ask_to_end
def test_who_listens_for_ctrl_c_is_told_once(run):
    """Training ends its step and keeps its state; a second Ctrl-C would lose it."""
    heard = []

    def listen(context):
        before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
        try:
            signal.raise_signal(signal.SIGTERM)
            return report_for_ever(context)
        finally:
            signal.signal(signal.SIGINT, before)

    assert run(listen)["status"] == "done"
    assert heard == [signal.SIGINT]


def test_without_a_request_errors_are_failures(run):
    def fail(_context):
        raise InputError("expected a mouse, got a rat", hint="take a mouse")

    assert run(fail)["error"] == {
        "kind": "InputError",
        "message": "expected a mouse, got a rat",
        "hint": "take a mouse",
    }
    assert run(report_for_ever)["result"] == {"n_reports": 1000}
