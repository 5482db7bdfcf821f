"""A training seen from eight windows: live, stopped, resumed, and nobody waits for anybody."""

import re
import shutil

import pytest
from demo_pages import Demo

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

RUN = "long one"
STEPS = 5000
LONG_MS = 600_000
STEPS_DONE = re.compile(r"[\d,]+ of [\d,]+")
OTHER_WINDOWS = ("label", "videos", "frames", "evaluate", "analyse", "results", "jobs")


@pytest.fixture
def training(request, demo_root, shared_root, shared_server):
    """A copy of the demo that may be changed; nothing goes on in it afterwards."""
    folder = shared_root / request.node.name
    shutil.copytree(demo_root.parent, folder)
    copy = Demo(shared_server, shared_server.open_project(folder / demo_root.name))
    yield copy
    for job in shared_server.ask("jobs"):
        if job["status"] in ("queued", "running"):
            shared_server.ask(f"jobs/{job['id']}/cancel", {})
    copy.wait_for_jobs()


@pytest.mark.slow
def test_a_training_in_eight_windows(training, page, screenshots):
    streams = OpenStreams(page.context)
    start(training, page)
    page.get_by_role("img", name=f"Loss and error of {RUN}").wait_for(timeout=LONG_MS)
    page.get_by_alt_text(re.compile("Prediction on .* after .* steps")).first.wait_for(timeout=LONG_MS)
    training.settle(page, "train")
    page.screenshot(path=screenshots / "training-light.png")

    # A window that waited for a connection would wait until the training ends, which takes hours. How long
    # the windows take is measured in bench/browser.py.
    windows = {name: page.context.new_page() for name in OTHER_WINDOWS}
    for name, window in windows.items():
        training.open(window, name)
    for window in windows.values():
        window.evaluate("place => { location.hash = place; }", f"/p/{training.project}/train")
        job_in(window).wait_for()
    assert streams.n_open() == 1, "each window holds a connection, and a browser has six"
    states = [job["status"] for job in training.server.ask("jobs") if job["title"] == f"training {RUN}"]
    assert states == ["running"]

    # The window that read the stream is closed: another one reads on, and the rest still hear of it.
    page.close()
    window = windows["jobs"]
    before = steps_done(window)
    expect(job_in(window)).not_to_contain_text(re.compile(rf"\b{before}"), timeout=LONG_MS)
    window.get_by_role("button", name="Stop", exact=True).click()
    row = windows["videos"].get_by_role("row", name=re.compile(RUN))
    row.get_by_text("stopped").wait_for(timeout=LONG_MS)
    row.get_by_role("button", name="Resume").click()
    window.get_by_role("button", name="Stop", exact=True).wait_for(timeout=LONG_MS)


@pytest.mark.slow
def test_progress_is_asked_for_where_a_proxy_holds_streams_back(training, page):
    page.route("**/api/jobs/stream", lambda route: route.abort())
    training.open(page, "jobs")
    body = {"n": 1, "results": None, "seed": 1}
    training.server.ask(f"projects/{training.project}/suggestions", body)
    job = page.get_by_role("region", name="Looking for frames worth labelling")
    job.get_by_text("done").first.wait_for(timeout=LONG_MS)


def start(training: Demo, page) -> None:
    """Start a training that would go on for hours."""
    training.open(page, "train")
    page.get_by_text("Fast", exact=True).click()
    page.get_by_label("Name", exact=True).fill(RUN)
    page.get_by_text("Advanced").click()
    settings = {"Steps": STEPS, "Batch size": 2, "Validate every": 2, "Cache (GB)": 0.5, "Patience": 1000}
    for label, value in settings.items():
        page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_role("button", name="Train", exact=True).click()


def job_in(window):
    """Where a page tells of the training."""
    return window.get_by_role("region", name=f"Training {RUN}")


def steps_done(window) -> str:
    """Return how far the page says that the training is: "140 of 5,000"."""
    expect(job_in(window)).to_contain_text(STEPS_DONE, timeout=LONG_MS)
    return STEPS_DONE.search(job_in(window).inner_text())[0]


class OpenStreams:
    """Counts the streams of events that the windows of a browser hold open."""

    def __init__(self, context):
        self.open = set()
        context.on("request", self.begins)
        context.on("requestfinished", self.ends)
        context.on("requestfailed", self.ends)

    def n_open(self) -> int:
        return len(self.open)

    def begins(self, request) -> None:
        if request.url.endswith("/api/jobs/stream"):
            self.open.add(request)

    def ends(self, request) -> None:
        self.open.discard(request)
