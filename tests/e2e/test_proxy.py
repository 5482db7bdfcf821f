"""Behind a proxy that puts everything under a prefix and tells nobody, as Jupyter's does."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from label_bench import LabelHand, make_project, mouse_at

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

PREFIX = "/user/ada/proxy/8765"
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class Proxy(ThreadingHTTPServer):
    """Hands what is asked for below the prefix on to a server, without the prefix; knows nothing else."""

    daemon_threads = True

    def __init__(self, port: int):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = port
        self.strays: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Proxy

    def hand_on(self) -> None:
        if not self.path.startswith(f"{PREFIX}/"):
            self.server.strays.append(self.path)
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        there = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            there.request(self.command, self.path.removeprefix(PREFIX), body, headers)
            answer = there.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            while part := answer.read1(65536):
                self.wfile.write(part)
                self.wfile.flush()
        except OSError:
            pass  # the page has gone
        finally:
            there.close()

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = hand_on  # noqa: N815 - http.server's names

    def log_message(self, *_arguments) -> None:
        """Say nothing."""


@pytest.fixture
def proxy(shared_server):
    """A proxy before the shared server."""
    proxy = Proxy(shared_server.port)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    yield proxy
    proxy.shutdown()
    thread.join()
    proxy.server_close()


def test_everything_works_under_a_prefix(shared_root, shared_server, proxy, page):
    project = make_project(shared_root / "behind a proxy")
    key = shared_server.open_project(project.root)
    origin = f"http://127.0.0.1:{proxy.server_port}"
    token = shared_server.url.partition("?token=")[2]
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{origin}{PREFIX}/?token={token}#/p/{key}/label")
    hand = LabelHand(page, shared_server, key)
    hand.wait_for_frame(2)
    assert hand.painted_number() == 2
    points = hand.place_and_save(mouse_at(2)).points
    np.testing.assert_allclose(points, mouse_at(2), atol=0.8)

    # A link, a page that is loaded again, pictures, and a job whose progress is told by the stream.
    page.get_by_role("link", name="Frames", exact=True).click()
    page.get_by_role("heading", level=1, name="Frames").wait_for()
    page.reload()
    page.get_by_label("How many more").fill("1")
    page.get_by_text("Evenly spaced").click()
    page.get_by_role("button", name="Choose frames").click()
    page.get_by_text("6 frames, 1 labelled").wait_for()
    page.wait_for_function("() => [...document.images].some(image => image.naturalWidth > 0)")

    assert proxy.strays == []
    assert all(url.startswith((f"{origin}{PREFIX}/", "data:", "blob:")) for url in asked), asked
    assert f"{origin}{PREFIX}/api/jobs/stream" in asked
