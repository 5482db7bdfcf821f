"""Who may talk to the server, and what it never says."""

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from marey.server.app import create_app
from marey.server.settings import ServerSettings

from .conftest import TOKEN


@pytest.fixture
def stranger(client):
    """Somebody who can reach the server and has no token."""
    return TestClient(client.app, base_url="http://localhost:8765", raise_server_exceptions=False)


def kind_and_status(response):
    return response.status_code, response.json()["error"]["kind"]


class TestToken:
    @pytest.mark.parametrize("path", ["/api/session", "/api/openapi.json", "/api/jobs", "/api/nothing"])
    def test_without_it_nothing_is_given(self, stranger, path):
        assert kind_and_status(stranger.get(path)) == (401, "ForbiddenError")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Authorization": "Bearer "},
            {"Cookie": "marey-8765=wrong"},
            {"Cookie": f"marey-1234={TOKEN}"},
            {"Cookie": "=;;\x7f"},
        ],
    )
    def test_a_wrong_one_is_none(self, stranger, headers):
        assert stranger.get("/api/session", headers=headers).status_code == 401

    def test_the_page_gets_a_cookie_for_it(self, stranger):
        page = stranger.get(f"/?token={TOKEN}")
        cookie = page.headers["set-cookie"]
        assert f"marey-8765={TOKEN}" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert stranger.get("/api/session").status_code == 200

    def test_a_wrong_one_gets_none(self, stranger):
        assert "set-cookie" not in stranger.get("/?token=wrong").headers
        assert "set-cookie" not in stranger.get("/").headers

    def test_each_server_has_its_own(self, tmp_path):
        assert ServerSettings(roots=()).token != ServerSettings(roots=()).token
        assert len(ServerSettings(roots=()).token) > 40
        assert ServerSettings(roots=(tmp_path,)).token not in repr(ServerSettings(roots=(tmp_path,)))


class TestHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[", "10.0.0.7"]
    )
    def test_a_foreign_one_is_refused(self, client, host):
        assert kind_and_status(client.get("/api/session", headers={"Host": host})) == (403, "ForbiddenError")
        assert client.get("/", headers={"Host": host}).status_code == 403

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8765", "[::1]:8765"])
    def test_the_loopback_has_names(self, client, host):
        assert client.get("/api/session", headers={"Host": host}).status_code == 200

    def test_one_that_was_allowed(self, settings):
        from dataclasses import replace

        app = create_app(replace(settings, allowed_hosts=("gpu.lab.example",)))
        with TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            assert client.get("/api/session", headers={"Host": "gpu.lab.example:8765"}).status_code == 200
            assert client.get("/api/session", headers={"Host": "other.lab.example"}).status_code == 403


class TestOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:9999"},
            {"Origin": "http://localhost:8765", "Sec-Fetch-Site": "cross-site"},
        ],
    )
    def test_a_foreign_page_changes_nothing(self, client, project, root, headers):
        response = client.post("/api/projects/open", json={"root": root, "path": "Mäuse"}, headers=headers)
        assert kind_and_status(response) == (403, "ForbiddenError")

    def test_our_own_page_may(self, client, project, root):
        headers = {"Origin": "http://localhost:8765", "Sec-Fetch-Site": "same-origin"}
        response = client.post("/api/projects/open", json={"root": root, "path": "Mäuse"}, headers=headers)
        assert response.status_code == 200

    def test_behind_a_proxy_whose_name_was_allowed(self, settings, disk):
        from dataclasses import replace

        app = create_app(replace(settings, allowed_hosts=("hub.example",)))
        with TestClient(app, base_url="http://localhost:8765") as client:
            headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "https://hub.example"}
            answer = client.post("/api/files/resolve", json={"path": str(disk)}, headers=headers)
            assert answer.status_code == 200

    def test_a_form_cannot_send_json(self, client):
        headers = {"Content-Type": "text/plain"}
        response = client.post("/api/files/resolve", content='{"path": "/"}', headers=headers)
        assert response.status_code == 422


class TestFiles:
    @pytest.fixture
    def secret(self, tmp_path):
        path = tmp_path / "secret"
        path.mkdir()
        (path / "key.txt").write_text("do not read")
        return path

    @pytest.mark.parametrize(
        "path",
        [
            "..",
            "../secret",
            "videos/../../secret",
            "/etc",
            "//etc/passwd",
            "C:\\Windows",
            "\\\\host\\share",
            "../../..",
        ],
    )
    @pytest.mark.parametrize("route", ["files", "files/probe", "files/thumbnail"])
    def test_what_leads_out_of_the_root_is_refused(self, client, root, project, secret, path, route):
        response = client.get(f"/api/{route}", params={"root": root, "path": path})
        assert kind_and_status(response) == (403, "ForbiddenError")

    def test_a_link_that_leaves_the_root_is_refused_and_not_even_listed(self, client, root, disk, secret):
        (disk / "link").symlink_to(secret)
        (disk / "inner").mkdir()
        (disk / "inner link").symlink_to(disk / "inner")
        response = client.get("/api/files", params={"root": root, "path": "link"})
        assert kind_and_status(response) == (403, "ForbiddenError")
        names = [entry["name"] for entry in client.get("/api/files", params={"root": root}).json()["entries"]]
        assert names == ["inner", "inner link"]

    def test_projects_and_videos_cannot_come_from_outside(self, client, url, root, secret):
        (secret.parent / "lab disk 🐭" / "out").symlink_to(secret)
        for place in ({"root": root, "path": "out"}, {"root": root, "path": "../secret"}):
            assert client.post("/api/projects/open", json=place).status_code == 403
            added = client.post(f"{url}/videos", json={"places": [place]}).json()
            assert added["added"] == []
            assert len(added["refused"]) == 1
        new = {"parent": {"root": root, "path": "out"}, "name": "x", "template": "fly"}
        assert client.post("/api/projects", json=new).status_code == 403
        new["parent"]["path"], new["name"] = "", "../x"
        assert client.post("/api/projects", json=new).status_code == 422

    def test_a_pasted_path_outside_is_refused(self, client, root, secret, disk):
        assert client.post("/api/files/resolve", json={"path": str(secret)}).status_code == 403
        assert client.post("/api/files/resolve", json={"path": f' "{disk}" '}).json() == {
            "root": root,
            "path": "",
        }
        assert client.post("/api/files/resolve", json={"path": "videos"}).status_code == 422

    def test_an_unknown_root(self, client):
        assert kind_and_status(client.get("/api/files", params={"root": "x"})) == (404, "NotFoundError")

    @pytest.mark.parametrize("name", ["%2e%2e%2f", "..%2f..%2fjob.json", "job.json"])
    def test_files_of_jobs(self, client, url, finish, name):
        job = finish(client.post(f"{url}/extractions", json={"n": 1, "method": "uniform"}).json())
        assert client.get(f"/api/jobs/{job['id']}/files/{name}").status_code in (404, 422)
        assert client.get("/api/jobs/%2e%2e/log").status_code == 404

    @pytest.mark.parametrize("path", ["/../secret/key.txt", "/%2e%2e/secret/key.txt", "//etc/passwd"])
    def test_static_files(self, client, secret, path):
        assert "do not read" not in client.get(path).text


def test_what_pages_may_load(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    for path in ("/", "/api/session", "/api/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_surprise_says_nothing_of_the_inside(client, url, project, caplog):
    (project.root / "project.yaml").chmod(0o644)
    labels = project.root / "labels"
    labels.mkdir(exist_ok=True)
    (labels / "day 1.csv").mkdir()  # nothing expects a folder there
    response = client.get(f"{url}/labels/day%201/3")
    assert response.status_code in (500, 507)
    assert "Traceback" not in response.text
    assert ".py" not in response.text


def test_what_nobody_thought_of_is_told_to_the_log_only(client, caplog):
    def fall_over():
        raise RuntimeError("the secret of /home/ada/marey.py")

    client.app.router.add_api_route("/api/surprise", fall_over)
    client.app.router.routes.insert(
        0, client.app.router.routes.pop()
    )  # before the pages, which take the rest
    response = client.get("/api/surprise")
    assert kind_and_status(response) == (500, "InternalError")
    assert response.json()["error"]["hint"]
    assert "secret" not in response.text
    assert "RuntimeError" not in response.text
    assert "the secret of" in caplog.text


def test_errors_are_words_with_a_hint(client, url):
    body = client.get(f"{url}/videos/day%202").json()
    assert body["error"]["message"] == "the project has no video 'day 2'"
    assert "day 1" in body["error"]["hint"]
    assert client.get("/api/projects/nothing").json()["error"]["kind"] == "NotFoundError"
    wrong = client.post(f"{url}/extractions", json={"n": 0, "methode": "kmeans"})
    assert wrong.status_code == 422
    assert "n: input should be greater than or equal to 1" in wrong.json()["error"]["message"]


def test_there_is_no_websocket(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/jobs/stream"):
        pass
