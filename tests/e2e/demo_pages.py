"""The demo project in the browser: every page with something on it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from marey.project import Project

PAGES = {
    "home": "",
    "project": "p/{project}",
    "videos": "p/{project}/videos",
    "skeleton": "p/{project}/skeleton",
    "frames": "p/{project}/frames",
    "label": "p/{project}/label",
    "label-check": "p/{project}/label-check",
    "contact-sheet": "p/{project}/label-check?tab=sheet",
    "train": "p/{project}/train",
    "evaluate": "p/{project}/evaluate",
    "worst": "p/{project}/evaluate?tab=worst",
    "improve": "p/{project}/improve",
    "analyse": "p/{project}/analyse",
    "results": "p/{project}/results",
    "proofread": "p/{project}/proofread",
    "render": "p/{project}/render",
    "cameras": "p/{project}/cameras",
    "label-views": "p/{project}/label-views",
    "views": "p/{project}/views",
    "jobs": "p/{project}/jobs",
    "settings": "p/{project}/settings",
}
"""The name of a page, and the address behind the ``#``."""
WITH_FRAMES = {"label", "results"}
"""Pages that show one frame of a video on a canvas."""
N_SUGGESTIONS = 6
WITHIN_S = 600
QUIET_MS = 60
"""What an answer brings is on the page, or has led to the next question, after this long without any."""
QUIET_WITHIN_S = 20


class Traffic:
    """What a page has asked for and not got yet, its stream of events aside."""

    def __init__(self, page):
        self.page = page
        self.open = set()
        self.n_asked = 0
        page.on("request", self._begins)
        page.on("requestfinished", self._ends)
        page.on("requestfailed", self._ends)

    def _begins(self, request) -> None:
        if not request.url.endswith("/api/jobs/stream"):
            self.open.add(request)
            self.n_asked += 1

    def _ends(self, request) -> None:
        self.open.discard(request)

    def wait_until_quiet(self) -> None:
        """Wait until nothing is on its way, nor asked for by what came last.

        A page that follows a training always has something on its way: it is not waited for for ever.
        """
        end = time.monotonic() + QUIET_WITHIN_S
        while True:
            n_asked = self.n_asked
            self.page.wait_for_timeout(QUIET_MS)
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            if (not self.open and n_asked == self.n_asked) or time.monotonic() > end:
                return


@dataclass
class Demo:
    """A project with everything in it, and the server that shows it."""

    server: object
    project: str
    traffic: WeakKeyDictionary = field(default_factory=WeakKeyDictionary)
    """Of each page that was opened here."""

    def open(self, page, name: str, *, is_empty: bool = False) -> None:
        """Go to a page and wait until nothing is on its way."""
        place = PAGES[name].format(project=self.project)
        if page not in self.traffic:
            self.traffic[page] = Traffic(page)
        page.goto(self.server.address(place))
        self.settle(page, "" if is_empty else name)
        shown = page.url.partition("#/")[2]
        assert shown.partition("?")[0] == place.partition("?")[0], f"there is no page at {place}"

    def settle(self, page, name: str) -> None:
        """Wait until everything that belongs to the page is on it."""
        page.get_by_role("heading", level=1).first.wait_for(state="attached")
        self.traffic[page].wait_until_quiet()
        if name in WITH_FRAMES:
            page.wait_for_selector("[data-testid=image-layer][data-frame]")
        if name == "results":
            page.wait_for_selector("[data-testid=traces][data-state=complete]")
        page.wait_for_function("() => !document.querySelector('.loading')")
        page.wait_for_function(
            """() => [...document.images].every(
                image => image.complete || image.getBoundingClientRect().top > window.innerHeight
            )"""
        )
        page.evaluate("() => document.fonts.ready")

    def wait_for_jobs(self) -> None:
        """Wait until no job is left to do."""
        end = time.monotonic() + WITHIN_S
        while any(job["status"] in ("queued", "running") for job in self.server.ask("jobs")):
            assert time.monotonic() < end, self.server.ask("jobs")
            time.sleep(0.3)


def make_demo(folder: Path) -> Path:
    """Make the demo with little training, in `folder`; return its project."""
    from marey.demo import DemoPlan, run_demo

    plan = DemoPlan(n_recordings=2, train_s=4, unseen_s=4, labels_per_recording=12, steps=24)
    run_demo(folder, plan=plan)
    return analyse_unseen(folder)


def analyse_unseen(folder: Path) -> Path:
    """Take the recording without labels into a demo's project, and analyse it; return the project."""
    from marey.prediction import predict
    from marey.runs import Run

    project = Project.open(folder / "project")
    if not list(project.predictions_folder.glob("*.h5")):
        video = folder / "recordings" / "unseen.mp4"
        project.add_video(video)
        predict(Run.open(project.root / "runs" / "first"), video, project.predictions_folder)
    return project.root


def show_demo(server, root: Path) -> Demo:
    """Open a demo's project in `server`, and have it searched for frames that are worth labelling."""
    demo = Demo(server, server.open_project(root))
    if not server.ask(f"projects/{demo.project}/suggestions")["suggestions"]:
        body = {"n": N_SUGGESTIONS, "results": None, "seed": 0}
        server.ask(f"projects/{demo.project}/suggestions", body)
        demo.wait_for_jobs()
    return demo
