"""A queue of this test's own, with nothing left behind."""

import contextlib
import os
import signal

import pytest

from marey.jobs.queue import JobQueue


@pytest.fixture
def queue(tmp_path):
    """A running queue with one heavy and one light slot."""
    slots = {"heavy": ["cpu:0"], "light": ["light:0"]}
    queue = JobQueue(tmp_path / "state" / "jobs", slots=slots, grace_s=3)
    queue.start()
    yield queue
    queue.stop()
    for job in queue.jobs():
        if job.is_alive and (start := job.start):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(start["process"], signal.SIGKILL)
