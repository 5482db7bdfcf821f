"""A real browser and a real server, for tests that do what a person does."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY_WITHIN_S = 180
PATIENCE_MS = 60_000
"""How long a page may take for anything: far more than on a slow machine that does other things, too."""
MADE_WITHIN_S = 600
SCREEN = {"width": 1280, "height": 800}


def pytest_collection_modifyitems(items):
    """Skip everything here where it cannot run, and say why."""
    reason = _why_not()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def _why_not() -> str | None:
    if CHROMIUM is None:
        return "there is no Chromium here: apt-get install chromium"
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install playwright"
    if not (Path(str(resources.files("marey"))) / "server" / "static" / "index.html").is_file():
        return "the pages are not built: cd web && npm ci && npm run build"
    return None


@dataclass
class Server:
    """A running ``marey gui``."""

    process: subprocess.Popen
    url: str
    port: int
    log: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None

    def address(self, page: str) -> str:
        """Return the address of a page, e.g. ``p/ID/label``, with the token."""
        return f"{self.url}#/{page}"

    def ask(self, path: str, body: dict | None = None) -> dict:
        """Ask the server past the page, as a script with the token would; with `body` by POST."""
        base, _, token = self.url.partition("?token=")
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{base}api/{quote(path, safe='/?=&')}", data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def open_project(self, folder: Path) -> str:
        """Open a project that lies within the server's roots; return its id."""
        for root in self.ask("session")["roots"]:
            if folder.is_relative_to(root["path"]):
                path = folder.relative_to(root["path"]).as_posix()
                return self.ask("projects/open", {"root": root["id"], "path": path})["id"]
        raise AssertionError(f"{folder} lies outside of the server's roots")

    def kill(self) -> None:
        """End it as a crash or a power cut would: no goodbye, no cleaning up."""
        self.process.kill()
        self._end()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self._end()
        except subprocess.TimeoutExpired:
            self.kill()

    def _end(self) -> None:
        self.process.wait(timeout=60)
        if self.reader is not None:
            self.reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def reserved_port() -> int:
    """A port that only this worker asks for, and that the system gives to nobody who asks for any port."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in range(20_000 + 100 * worker, 20_000 + 100 * (worker + 1)):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("all ports of this worker are taken")


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Make what is costly in `folder`, once for all workers: the first one makes it, the others wait."""
    done, failed = folder / "made", folder / "failed"
    try:
        folder.mkdir()
    except FileExistsError:
        end = time.monotonic() + MADE_WITHIN_S
        while not done.exists():
            assert not failed.exists(), f"another worker could not make {folder.name}"
            assert time.monotonic() < end, f"another worker still makes {folder.name}"
            time.sleep(0.2)
        return folder
    try:
        make(folder)
    except BaseException:
        failed.touch()
        raise
    done.touch()
    return folder


def start_server(project: Path | None, state: Path, *, port: int = 0, roots: tuple[Path, ...] = ()) -> Server:
    """Run ``marey gui`` and wait until it says that it is ready."""
    command = [sys.executable, "-m", "marey", "gui", *([str(project)] if project else [])]
    command += ["--port", str(port), "--no-browser", "--json"]
    for root in roots:
        command += ["--root", str(root)]
    environment = {**os.environ, "MAREY_STATE": str(state)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    )
    server = Server(process, "", port)
    server.reader = threading.Thread(target=lambda: server.log.extend(process.stderr), daemon=True)
    server.reader.start()
    timer = threading.Timer(READY_WITHIN_S, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    if not line:
        server.stop()
        pytest.fail("the server did not start: " + "".join(server.log)[-2000:])
    server.url = json.loads(line)["url"].partition("#")[0]
    server.port = urlsplit(server.url).port
    return server


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory) -> Path:
    """The folder that the shared server may see; spaces, accents and animals are part of life."""
    return tmp_path_factory.mktemp("données 🐭")


@pytest.fixture(scope="session")
def shared_server(shared_root, tmp_path_factory) -> Iterator[Server]:
    """One server for all tests that do not kill it; it opens any project below ``shared_root``."""
    server = start_server(None, tmp_path_factory.mktemp("state"), roots=(shared_root,))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_by_workers(tmp_path_factory) -> Path:
    """A folder that all workers of this run have in common; what lies in it is copied, never changed."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def demo_root(shared_root, shared_by_workers) -> Path:
    """The project of the demo, with little training: made once, and a copy for each worker."""
    from demo_pages import make_demo

    made = made_once(shared_by_workers / "made demo", lambda folder: make_demo(folder / "demo"))
    shutil.copytree(made / "demo", shared_root / "demo")
    return shared_root / "demo" / "project"


@pytest.fixture(scope="session")
def demo(demo_root, shared_server):
    """The demo project in the browser; tests look at it and leave it as it is."""
    from demo_pages import show_demo

    return show_demo(shared_server, demo_root)


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., Server]]:
    """Start servers that end with the test."""
    running: list[Server] = []

    def start(project: Path | None = None, **options) -> Server:
        server = start_server(project, tmp_path / "state", **options)
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser):
    """Open pages, each of a person of its own; errors of their scripts fail the test."""
    contexts, problems = [], []

    def open_page(*, theme: str = "light", size: dict[str, int] | None = None):
        context = browser.new_context(viewport=size or SCREEN, color_scheme=theme, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture
def page(new_page):
    """One page of one person."""
    return new_page()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where screenshots go: a folder of the checkout that Git ignores, or ``MAREY_SCREENSHOTS``."""
    chosen = os.environ.get("MAREY_SCREENSHOTS")
    folder = Path(chosen) if chosen else Path(__file__).parents[2] / ".screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
