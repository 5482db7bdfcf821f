"""A server for tests, with one project of one video."""

import pytest
from fastapi.testclient import TestClient

from make_videos import numbered_video
from marey.model import Skeleton
from marey.project import Project
from marey.server.app import create_app
from marey.server.settings import ServerSettings

TOKEN = "the-key-of-this-test"
MOUSE = Skeleton(
    ("snout", "ear_left", "ear_right", "tail"), edges=(("snout", "ear_left"), ("snout", "ear_right"))
)


@pytest.fixture
def disk(tmp_path):
    """What the server may show."""
    folder = tmp_path / "lab disk 🐭"
    folder.mkdir()
    return folder


@pytest.fixture
def project(disk):
    """A project with the video "day 1" of 40 frames."""
    project = Project.create(disk / "Mäuse", name="Mäuse", skeleton=MOUSE)
    (disk / "videos").mkdir()
    project.add_video(numbered_video(disk / "videos" / "day 1.mp4", 40, gop=12))
    return project


@pytest.fixture
def settings(disk, tmp_path):
    """What the server is started with."""
    return ServerSettings(roots=(disk,), token=TOKEN, port=8765, state_folder=tmp_path / "state")


def make_client(settings, **headers):
    app = create_app(settings, static=settings.state_folder / "static")
    return TestClient(
        app,
        base_url="http://localhost:8765",
        headers={"Authorization": f"Bearer {TOKEN}", **headers},
        raise_server_exceptions=False,
    )


@pytest.fixture
def client(settings):
    """A script with the token."""
    with make_client(settings) as client:
        yield client


@pytest.fixture
def root(client):
    """The id of the only root."""
    return client.get("/api/session").json()["roots"][0]["id"]


@pytest.fixture
def url(client, project, root):
    """The address of the open project."""
    response = client.post("/api/projects/open", json={"root": root, "path": "Mäuse"})
    assert response.status_code == 200, response.text
    return f"/api/projects/{response.json()['id']}"


@pytest.fixture
def finish(client):
    """Wait for a job and return it."""

    def wait(job, timeout_s=600):
        client.app.state.workspace.jobs.wait(job["id"], timeout_s)
        return client.get(f"/api/jobs/{job['id']}").json()

    return wait
