"""Jobs are processes: they end as told, survive their server, and their death is noticed."""

import os
import signal
import time

import pytest

from make_videos import numbered_video
from marey.errors import ConflictError, InputError, NotFoundError
from marey.jobs.folder import JobFolder, Request
from marey.jobs.queue import JobQueue
from marey.model import Skeleton
from marey.project import Project


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "Mäuse 🐭", skeleton=Skeleton(("snout", "tail")))
    project.add_video(numbered_video(tmp_path / "day 1.mp4", 30))
    return project


def extraction(project, **arguments):
    return Request(
        "extract", "choosing frames", {"n": 3, "method": "uniform", **arguments}, str(project.root)
    )


def demo(tmp_path, name="demo"):
    """Something that takes minutes."""
    return Request("demo", "the demo", {"folder": str(tmp_path / name), "minutes": 5.0})


def until(condition, timeout_s=300.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_job_does_what_the_library_does(queue, project):
    job = queue.wait(queue.submit(extraction(project)).id)
    assert job.status == "done"
    assert job.end["result"] == {"n_new": 3, "by_video": {"day 1": 3}}
    assert project.extracted_frames("day 1") == [5, 15, 25]
    events = job.events()
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[-1] == job.last_event()
    assert (events[-1]["done"], events[-1]["total"]) == (3, 3)
    assert job.events(after=events[-1]["seq"]) == []
    assert "choosing frames" in job.log_path.read_text("utf-8")


def test_a_failure_is_told_in_words_and_its_traceback_is_in_the_log(queue, project):
    job = queue.wait(queue.submit(extraction(project, videos=["day 7"])).id)
    assert job.status == "failed"
    assert job.end["error"]["kind"] == "NotFoundError"
    assert "day 7" in job.end["error"]["message"]
    assert "its videos are day 1" in job.end["error"]["hint"]
    assert "Traceback" in job.log_path.read_text("utf-8")


def test_a_task_that_is_not_there(queue):
    with pytest.raises(InputError, match="no task 'fly'"):
        queue.submit(Request("fly", "flying"))
    with pytest.raises(NotFoundError, match="no job"):
        queue.get("../../etc")


def test_what_failed_is_done_again(queue, project):
    failed = queue.wait(queue.submit(extraction(project, videos=["day 2"])).id)
    numbered_video(project.root.parent / "day 2.mp4", 12)
    project.add_video(project.root.parent / "day 2.mp4")
    again = queue.wait(queue.retry(failed.id))
    assert again.status == "done"
    assert again.id > failed.id


def test_one_slot_is_for_one_job_and_light_jobs_do_not_wait(queue, project, tmp_path):
    first, second = (queue.submit(demo(tmp_path, name)) for name in ("one", "two"))
    until(lambda: first.status == "running" and first.is_alive)
    assert queue.wait(queue.submit(extraction(project)).id).status == "done"
    assert second.status == "queued"
    with pytest.raises(ConflictError, match="has not ended"):
        queue.forget(first.id)
    queue.cancel(second.id)
    queue.cancel(first.id)
    assert queue.wait(second.id).status == "cancelled"
    assert queue.wait(first.id).status == "cancelled"
    queue.forget(first.id)
    assert first.id not in [job.id for job in queue.jobs()]


def test_jobs_go_on_without_their_server_and_are_found_again(queue, tmp_path):
    job = queue.submit(demo(tmp_path))
    until(lambda: job.last_event() is not None)
    queue.stop()
    other = JobQueue(queue.folder, slots=queue.slots, grace_s=3)
    assert [(item.id, item.status) for item in other.active()] == [(job.id, "running")]
    other.start()
    other.cancel(job.id)
    assert other.wait(job.id).status == "cancelled"
    other.stop()


def test_a_job_that_was_killed_is_noticed(queue, tmp_path):
    job = queue.submit(demo(tmp_path))
    until(lambda: job.start is not None and job.is_alive)
    os.killpg(job.start["process"], signal.SIGKILL)
    assert queue.wait(job.id).status == "lost"
    assert "ran out of memory" in job.end["error"]["message"]


def test_a_job_that_does_not_obey_is_killed(queue, tmp_path):
    job = queue.submit(demo(tmp_path))
    until(lambda: job.last_event() is not None)
    os.kill(job.start["process"], signal.SIGSTOP)  # it hears nothing any more
    queue.cancel(job.id)
    assert queue.wait(job.id).status == "cancelled"
    assert not job.is_alive


def test_what_is_half_written_is_not_an_event(tmp_path):
    job = JobFolder.create(tmp_path, Request("extract", "choosing"))
    job.events_path.write_bytes(b'{"seq": 0}\n{"seq": 1}\n{"se')
    assert [event["seq"] for event in job.events()] == [0, 1]
    assert job.last_event() == {"seq": 1}


def test_only_the_first_end_counts(tmp_path):
    job = JobFolder.create(tmp_path, Request("extract", "choosing"))
    assert job.status == "queued"
    job.mark_ended("cancelled")
    job.mark_ended("done")
    assert job.status == "cancelled"
