"""A job that is asked to end does end, whatever the libraries make of the Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from marey.jobs.folder import JobFolder, Request

ask_to_end = pytest.mark.skipif(os.name == "nt", reason="a process cannot ask itself to end on Windows")


@pytest.fixture
def run(tmp_path):
    """Do a task of `asked_to_end` as a job, and return how it ended."""

    def run_as_job(task):
        job = JobFolder.create(tmp_path, Request("fake", "a task of this test"))
        program = Path(__file__).parent / "asked_to_end.py"
        process = subprocess.run(
            [sys.executable, str(program), str(job.path), task], capture_output=True, text=True, check=False
        )
        assert job.end is not None, (process.returncode, process.stderr)
        return job.end

    return run_as_job


@ask_to_end
def test_a_swallowed_ctrl_c_is_raised_again(run):
    assert run("swallow_it")["status"] == "cancelled"


@ask_to_end
@pytest.mark.parametrize("task", ["make_an_import_error_of_it", "make_an_input_error_of_it"])
def test_an_error_made_of_the_ctrl_c_is_no_failure(run, task):
    end = run(task)
    assert (end["status"], end["error"]) == ("cancelled", None)


@ask_to_end
def test_who_listens_for_ctrl_c_is_told_once(run):
    end = run("listen")  # a second Ctrl-C would lose what training keeps
    assert end["status"] == "done"
    assert end["result"]["heard"] == [signal.SIGINT]


def test_without_a_request_errors_are_failures(run):
    assert run("fail")["error"] == {
        "kind": "InputError",
        "message": "expected a mouse, got a rat",
        "hint": "take a mouse",
    }
    assert run("report_for_long")["result"] == {"n_reports": 1000}
