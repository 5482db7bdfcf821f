"""How quick the pages are in a real browser: the next frame, the pointer, a long result.

    python bench/browser.py [label] [pointer] [result] [tabs]

A headless Chromium that draws in software does what a person does, in a window of 1280 × 800; the page itself
takes the time.

- label: the next frame of 1280 × 1024 in Label, from the key to the painted picture, with half a second and
  with a tenth of a second at each frame.
- pointer: the pointer moves over 400 points (20 animals × 20 keypoints): the script from move to redraw.
- result: 100,000 frames × 5 animals × 20 keypoints: from the click to the whole timeline, then single steps
  and jumps to anywhere until the poses are painted; no video is decoded. The server's memory.
- tabs: eight windows of one browser; each goes from page to page, from the click until everything is there,
  alone and while a network is trained.

Needs Playwright and a Chromium. Seed 0.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

import server_tabs
import server_timelines
from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project

FLAGS = ["--no-sandbox", "--disable-gpu"]
N_STEPS, N_MOVES, N_ANIMALS, N_KEYPOINTS, N_WINDOWS = 28, 300, 20, 20, 8

# Since when something is asked of the page, and when it is painted: a message that is sent while a frame is
# made comes after its painting.
WATCH = """selector => {
    const target = document.querySelector(selector);
    const channel = new MessageChannel();
    window.measured = [];
    let began = null;
    addEventListener('keydown', () => { began = performance.now(); }, { capture: true });
    addEventListener('pointerdown', () => { began = performance.now(); }, { capture: true });
    channel.port1.onmessage = ({ data }) => { window.measured.push(performance.now() - data); };
    new MutationObserver(() => {
        if (began === null || target.dataset.pose === 'awaited') return;
        channel.port2.postMessage(began);
        began = null;
    }).observe(target, { attributes: true, attributeFilter: ['data-frame', 'data-row', 'data-pose'] });
}"""

# Counts the time in handlers of pointermove and in callbacks of animation frames.
COUNT = """(() => {
    window.spent = 0;
    const timed = callback => function (...values) {
        const began = performance.now();
        try { return callback.apply(this, values); } finally { window.spent += performance.now() - began; }
    };
    const request = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = callback => request(timed(callback));
    const listen = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, callback, options) {
        const isMove = type === 'pointermove' && typeof callback === 'function';
        return listen.call(this, type, isMove ? timed(callback) : callback, options);
    };
})()"""


@contextmanager
def serving(project: Project, folder: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """Run the server on a project; give its process and its address."""
    command = [
        sys.executable,
        "-m",
        "marey",
        "gui",
        str(project.root),
        "--port",
        "0",
        "--no-browser",
        "--json",
    ]
    environment = {**os.environ, "MAREY_STATE": str(folder / "state")}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield server, json.loads(server.stdout.readline())["url"].partition("#")[0]
    finally:
        server.terminate()
        server.wait()


def open_page(page: Page, url: str, name: str) -> None:
    """Open a page of the project that the server was started with."""
    base, _, token = url.partition("?token=")
    headers = {"Authorization": f"Bearer {token}"}
    project = httpx.get(f"{base}api/session", headers=headers).json()["project"]
    page.goto(f"{url}#/p/{project}/{name}")


def median_and_worst(milliseconds: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(float(np.median(milliseconds)), 1),
        "95_percent_ms": round(float(np.percentile(milliseconds, 95)), 1),
        "n": len(milliseconds),
    }


def measure_label(page: Page, folder: Path) -> dict[str, object]:
    """Step through the queue of a labelled video of 1280 × 1024."""
    found = {}
    with serving(server_tabs.make_project(folder), folder) as (_, url):
        for key, pause in (("half a second at each frame", 500), ("a tenth of a second", 100)):
            page.goto("about:blank")
            open_page(page, url, "label?video=video&frame=0")
            page.wait_for_selector("[data-testid=image-layer][data-frame]")
            page.wait_for_timeout(3000)
            page.evaluate(WATCH, "[data-testid=image-layer]")
            for _ in range(N_STEPS):
                page.keyboard.press("d")
                page.wait_for_timeout(pause)
            page.wait_for_timeout(1000)
            found[key] = median_and_worst(page.evaluate("() => window.measured"))
    return found


def measure_pointer(page: Page, folder: Path) -> dict[str, object]:
    """Move over a frame with 400 points."""
    rng = np.random.default_rng(0)
    edges = tuple((f"k{i}", f"k{i + 1}") for i in range(N_KEYPOINTS - 1))
    project = Project.create(
        folder / "many", skeleton=Skeleton(tuple(f"k{i}" for i in range(N_KEYPOINTS)), edges)
    )
    source = server_tabs.make_project(folder)
    project.add_video(source.root.parent / "video.mp4")
    centres = rng.uniform((150, 150), (1130, 870), (N_ANIMALS, 1, 2))
    points = centres + rng.normal(0, 40, (N_ANIMALS, N_KEYPOINTS, 2))
    project.save_labels("video", [LabeledFrame("video", 0, tuple(Instance(animal) for animal in points))])
    with serving(project, folder) as (_, url):
        page.add_init_script(COUNT)
        open_page(page, url, "label?video=video&frame=0")
        page.wait_for_selector("[data-testid=image-layer][data-frame]")
        page.wait_for_timeout(1500)
        box = page.locator("[data-testid=overlay]").bounding_box()
        spent = []
        for x, y in rng.uniform(0.1, 0.9, (N_MOVES, 2)):
            page.evaluate("() => { window.spent = 0; }")
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.evaluate(
                "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            spent.append(page.evaluate("() => window.spent"))
    return {"script from a move to the redraw": median_and_worst(spent)}


def measure_result(page: Page, folder: Path) -> dict[str, object]:
    """Open a long result, step, and jump to anywhere."""
    rng = np.random.default_rng(0)
    with serving(server_timelines.make_project(folder), folder) as (server, url):
        open_page(page, url, "results")
        complete = "[data-testid=traces][data-state=complete]"
        page.wait_for_selector(complete, timeout=120_000)  # the first time ever makes the pyramid
        memory = server_timelines.memory_mb(server.pid)
        opening = []
        for _ in range(5):
            page.goto("about:blank")
            open_page(page, url, "analyse")
            page.get_by_role("link", name="Results", exact=True).wait_for()
            page.wait_for_timeout(1000)
            opening.append(page.evaluate(OPEN, complete))
        page.evaluate(WATCH, "[data-testid=overlay]")
        steps = [act_and_wait(page, lambda: page.keyboard.press("d")) for _ in range(100)]
        box = page.locator("[data-testid=playhead]").bounding_box()
        axis = 60

        def jump() -> None:
            page.mouse.click(
                box["x"] + axis + rng.uniform(0, box["width"] - axis - 10), box["y"] + box["height"] / 2
            )

        jumps = [act_and_wait(page, jump) for _ in range(100)]
        after = server_timelines.memory_mb(server.pid)
    return {
        "open": median_and_worst(opening),
        "step": median_and_worst(steps),
        "jump to anywhere": median_and_worst(jumps),
        "memory of the server before and after (MB)": [round(memory), round(after)],
    }


OPEN = """selector => new Promise(done => {
    const began = performance.now();
    const look = () => {
        if (document.querySelector(selector)) done(performance.now() - began);
        else requestAnimationFrame(look);
    };
    [...document.querySelectorAll('a')].find(link => link.innerText === 'Results').click();
    look();
})"""


def act_and_wait(page: Page, act: Callable[[], None]) -> float:
    """Do something and return how long the page took to paint what follows from it."""
    page.evaluate("() => { window.measured = []; }")
    act()
    page.wait_for_function("() => window.measured.length > 0")
    page.wait_for_timeout(50)
    return page.evaluate("() => window.measured[0]")


# From a click in the navigation until the page is there with everything on it.
GO = """title => new Promise(done => {
    const began = performance.now();
    const look = () => {
        const isOther = document.querySelector('h1')?.innerText !== title;
        if (!isOther && !document.querySelector('.loading')) done(performance.now() - began);
        else setTimeout(look, 4);
    };
    [...document.querySelectorAll('nav a')].find(link => link.innerText.trim() === title).click();
    look();
})"""


def measure_tabs(page: Page, folder: Path) -> dict[str, object]:
    """Go from page to page in eight windows, before and during a training."""
    titles = ("Videos", "Frames", "Train", "Improve", "Analyse", "Skeleton")
    with serving(server_tabs.make_project(folder), folder) as (_, url):
        windows = [page, *(page.context.new_page() for _ in range(N_WINDOWS - 1))]
        for window in windows:
            open_page(window, url, "videos")
            window.get_by_role("heading", level=1, name="Videos").wait_for()

        def go_round() -> dict[str, float]:
            took = [window.evaluate(GO, title) for title in titles[1:] + titles[:1] for window in windows]
            return median_and_worst(took)

        found = {"alone": go_round()}
        base, _, token = url.partition("?token=")
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{base}api/", headers=headers, timeout=60) as client:
            project = client.get("session").json()["project"]
            body = {"name": "first", "settings": server_tabs.SETTINGS}
            job = client.post(f"projects/{project}/runs", json=body).raise_for_status().json()
            while (client.get(f"jobs/{job['id']}").json()["progress"] or {}).get("done", 0) < 10:
                page.wait_for_timeout(500)
            found["during a training"] = go_round()
            assert client.get(f"jobs/{job['id']}").json()["status"] == "running"
            client.post(f"jobs/{job['id']}/cancel")
            while client.get(f"jobs/{job['id']}").json()["status"] == "running":
                page.wait_for_timeout(500)
    return found


MEASURES = {
    "label": measure_label,
    "pointer": measure_pointer,
    "result": measure_result,
    "tabs": measure_tabs,
}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in sys.argv[1:] or MEASURES:
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps({name: MEASURES[name](page, Path(folder))}, indent=2))
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
