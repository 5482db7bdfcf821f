"""``marey gui`` as its user runs it: one line when it is ready, and nothing lost when it is killed."""

import json
import os
import signal
import subprocess
import sys
import threading

import httpx
import numpy as np
import pytest

from make_videos import numbered_video
from marey.model import Skeleton
from marey.project import Project

KEYPOINTS = ("snout", "ear", "tail")


@pytest.fixture
def start(tmp_path):
    """Start a server in a process of its own; give the process, a client with its token, the address."""
    running = []

    def start_one(*arguments, port="0"):
        command = [sys.executable, "-m", "marey", "gui", *arguments, "--port", port, "--no-browser", "--json"]
        environment = {**os.environ, "MAREY_STATE": str(tmp_path / "state")}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, encoding="utf-8"
        )
        watchdog = threading.Timer(180, process.kill)
        watchdog.start()
        line = process.stdout.readline()
        watchdog.cancel()
        assert line, process.stderr.read()
        address = httpx.URL(json.loads(line)["url"])
        token = address.params["token"]
        client = httpx.Client(
            base_url=address.copy_with(path="/", query=None),
            headers={"Authorization": f"Bearer {token}"},
            timeout=120,
        )
        running.append((process, client))
        return process, client, str(address)

    yield start_one
    for process, client in running:
        client.close()
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "Mäuse 🐭", skeleton=Skeleton(KEYPOINTS))
    project.add_video(numbered_video(tmp_path / "day1.mp4", 20))
    return project


def labels_at(x, y):
    placed = {"visibility": "visible", "position": [x, y]}
    return {"instances": [{"points": [placed, placed, {"visibility": "unlabeled"}]}], "labeller": "Ada"}


def test_one_line_a_page_and_a_clean_end(start, project):
    process, client, address = start(str(project.root))
    page = httpx.get(address)
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    session = client.get("/api/session").json()
    assert httpx.URL(address).fragment == f"/p/{session['project']}", "the project, not the start page"
    assert client.get(f"/api/projects/{session['project']}").json()["name"] == project.name
    assert session["roots"][0]["path"] == str(project.root)
    second = subprocess.run(
        [sys.executable, "-m", "marey", "gui", str(project.root), "--port", "0", "--no-browser", "--json"],
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert second.returncode != 0
    assert "is open in another server" in second.stderr
    assert "Traceback" not in second.stderr
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert process.stdout.read() == ""
    assert "Traceback" not in process.stderr.read()
    assert not (project.root / ".marey-server.json").exists()


def test_a_stream_of_events_over_the_wire(start, project):
    _, client, _ = start(str(project.root))
    key = client.get("/api/session").json()["project"]
    with client.stream("GET", "/api/jobs/stream") as stream:
        lines = told(stream)
        first = [next(lines) for _ in range(3)]
        assert first[0].startswith("id: ")
        assert first[1] == "event: jobs"
        job = client.post(f"/api/projects/{key}/extractions", json={"n": 2, "method": "uniform"}).json()
        seen, statuses, last_id = [], [], ""
        for line in lines:
            if line.startswith("id: "):
                last_id = line.removeprefix("id: ")
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
                seen.append(kind)
            if line.startswith("data: ") and kind == "job":
                statuses.append(json.loads(line.removeprefix("data: "))["status"])
                if statuses[-1] == "done":
                    break
    assert "event" in seen
    assert statuses[-1] == "done"
    after = client.get(f"/api/jobs/{job['id']}/events", params={"after": -1}).json()
    assert after["events"][-1]["done"] == 2
    job = client.post(f"/api/projects/{key}/extractions", json={"n": 1, "method": "uniform"}).json()
    with client.stream("GET", "/api/jobs/stream", headers={"Last-Event-ID": last_id}) as stream:
        lines = told(stream)
        assert next(lines).startswith("id: ")
        assert next(lines) in ("event: job", "event: event")  # it goes on, and does not begin again


def told(stream):
    """The lines of events, without those that only keep the connection open."""
    return (line for line in stream.iter_lines() if line and not line.startswith(":"))


def test_killed_while_labelling_loses_nothing_that_was_answered(start, project):
    rng = np.random.default_rng(int.from_bytes(b"marey", "big") % 2**32)
    answered = {}
    for _ in range(2):
        process, client, _ = start(str(project.root))
        key = client.get("/api/session").json()["project"]
        for number, position in answered.items():
            found = client.get(f"/api/projects/{key}/labels/day1/{number}").json()
            assert found["instances"][0]["points"][0]["position"] == position
        killer = threading.Timer(float(rng.uniform(0, 0.05)), os.kill, (process.pid, signal.SIGKILL))
        sent = None
        try:
            for i in range(10_000):
                if i == 12:
                    killer.start()
                sent = int(rng.integers(0, 20))
                url = f"/api/projects/{key}/labels/day1/{sent}"
                revision = client.get(url).json()["revision"]
                position = [float(i), float(rng.integers(0, 60))]
                saved = client.put(url, json=labels_at(*position), headers={"If-Match": revision})
                assert saved.status_code == 200
                answered[sent] = position
        except httpx.TransportError:
            answered.pop(sent, None)  # the last one was under way: it may be there or not
        killer.join()
        process.wait()
    assert len(answered) > 5
    process, client, _ = start(str(project.root))
    key = client.get("/api/session").json()["project"]
    for number, position in answered.items():
        found = client.get(f"/api/projects/{key}/labels/day1/{number}").json()
        assert found["instances"][0]["points"][0]["position"] == position
        assert found["instances"][0]["points"][0]["author"] == "Ada"
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    on_disk = {frame.frame: frame.instances[0].points[0].tolist() for frame in project.load_labels()}
    assert answered.items() <= on_disk.items()
    assert not any(finding.severity == "error" for finding in project.check())


def test_what_cannot_be_started(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "marey", "gui", "--no-browser", *arguments],
            capture_output=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )

    result = run(str(tmp_path / "nothing"))
    assert result.returncode == 1
    assert result.stderr.startswith("error: expected a project")
    result = run("--host", "0.0.0.0")
    assert result.returncode == 1
    assert "--allowed-host" in result.stderr
    result = run("--root", str(tmp_path / "nothing"))
    assert result.returncode == 1
    assert "expected a folder for --root" in result.stderr


def test_marey_alone_is_the_application(tmp_path):
    environment = {**os.environ, "MAREY_STATE": str(tmp_path / "state"), "BROWSER": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "marey"], stderr=subprocess.PIPE, env=environment, encoding="utf-8"
    )
    try:
        watchdog = threading.Timer(180, process.kill)
        watchdog.start()
        assert process.stderr.readline().startswith("Marey is at http://127.0.0.1:")
        watchdog.cancel()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stderr.close()
