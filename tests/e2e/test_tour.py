"""The tour in the documentation: its pictures are made here, and are noticed when the pages have changed.

    marey demo "open field" && MAREY_TOUR="open field" pytest tests/e2e/test_tour.py

takes the pictures anew, of the project that the demo made. Without it, each page is compared with what was on
it when its picture was taken: the headings, tabs and buttons that are the same in every project.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from demo_pages import Demo, analyse_unseen, show_demo

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "images" / "tour"
CONTENTS = PICTURES / "contents.json"
SIZE = (1280, 800)
MOST_BYTES = 150_000
QUALITY = 82
HOW = "take the pictures anew: see tests/e2e/test_tour.py"


def _nothing(page) -> None:
    pass


def _new_project(page) -> None:
    page.get_by_role("button", name="New project").click()
    page.get_by_role("dialog").get_by_text("Mouse, from above").wait_for()


def _draw_video(page) -> None:
    page.get_by_alt_text(re.compile("as it will be in the video")).wait_for()


def _step_on(page) -> None:
    page.keyboard.press("Shift+D")
    page.wait_for_selector('[data-testid=image-layer][data-frame="10"]')


def _choose_point(page) -> None:
    page.keyboard.press("s")


@dataclass(frozen=True)
class Stop:
    """A picture of the tour, and what is done on its page before it is taken."""

    name: str
    page: str
    prepare: Callable = _nothing


STOPS = (
    Stop("new-project", "home", _new_project),
    Stop("project", "project"),
    Stop("videos", "videos"),
    Stop("skeleton", "skeleton"),
    Stop("frames", "frames"),
    Stop("label", "label", _choose_point),
    Stop("contact-sheet", "contact-sheet"),
    Stop("train", "train"),
    Stop("evaluate", "evaluate"),
    Stop("worst", "worst"),
    Stop("analyse", "analyse"),
    Stop("results", "results", _step_on),
    Stop("improve", "improve"),
    Stop("render", "render", _draw_video),
)


@pytest.fixture(scope="module")
def toured(request):
    """The project that is shown: the small demo of the tests, or the one whose pictures are to be taken."""
    if not os.environ.get("MAREY_TOUR"):
        yield request.getfixturevalue("demo")
        return
    from conftest import start_server

    folder = Path(os.environ["MAREY_TOUR"]).resolve()
    state = request.getfixturevalue("tmp_path_factory").mktemp("tour")
    server = start_server(None, state, roots=(folder.parent,))
    yield show_demo(server, analyse_unseen(folder))
    server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_picture_shows_the_page_as_it_is(toured: Demo, page, stop):
    toured.open(page, stop.page)
    stop.prepare(page)
    toured.settle(page, stop.page)
    contents = contents_of(page)
    assert contents
    if os.environ.get("MAREY_TOUR"):
        take(page, stop.name, contents)
    assert contents == known_contents().get(stop.name), f"{stop.name}.webp is stale; {HOW}"


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_picture_is_there_and_small(stop):
    path = PICTURES / f"{stop.name}.webp"
    height, width = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    assert (width, height) == SIZE
    assert path.stat().st_size < MOST_BYTES


def test_the_tour_shows_every_picture_and_no_other():
    shown = re.findall(r"!\[[^\]]+\]\(images/tour/([^)]+)\.webp\)", (DOCS / "tour.md").read_text("utf-8"))
    assert shown == [stop.name for stop in STOPS]
    assert {path.stem for path in PICTURES.glob("*.webp")} == set(shown)
    assert set(known_contents()) == set(shown)


def contents_of(page) -> list[str]:
    """Return the headings, tabs and main buttons of a page that are the same in every project."""
    texts = page.evaluate(
        """() => {
            const scope = document.querySelector('dialog[open]') ?? document.querySelector('main');
            const found = scope.querySelectorAll('h1, h2, h3, [role=tab], .button--primary, .field__label');
            return [...found].map(element => element.innerText.trim()).filter(text => text !== '');
        }"""
    )
    variable = set(
        page.evaluate("() => [...document.querySelectorAll('.sidebar__project')].map(e => e.innerText)")
    )
    return sorted({text for text in texts if text not in variable and not re.search(r"\d", text)})


def take(page, name: str, contents: list[str]) -> None:
    """Write a picture, and what was on the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    image = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    _, encoded = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    encoded.tofile(PICTURES / f"{name}.webp")
    known = {**known_contents(), name: contents}
    order = [stop.name for stop in STOPS]
    kept = {key: known[key] for key in order if key in known}
    CONTENTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def known_contents() -> dict[str, list[str]]:
    """Return what was on each page when its picture was taken."""
    return json.loads(CONTENTS.read_text("utf-8")) if CONTENTS.is_file() else {}
