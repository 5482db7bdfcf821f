"""Several cameras in a real browser: set up, labelled in all views at once, and watched in 3D."""

import json
import re
import time

import numpy as np
import pytest
from accessibility import expect_usable
from several_cameras import N_FRAMES, PATTERN, make_study

from marey.model import Origin
from marey.project import Project
from marey.project.recordings import find_recording, read_calibration

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
WITHIN_S = 120


@pytest.fixture(scope="module")
def root(shared_root):
    """A project of one session by three cameras."""
    return make_study(shared_root / "vues")


@pytest.fixture(scope="module")
def study(root, shared_server):
    """Its id on the server, with the session found in 3D."""
    project = shared_server.open_project(root)
    shared_server.ask(f"projects/{project}/cameras")
    return project


@pytest.fixture(scope="module")
def reconstructed(study, root, shared_server):
    """The timing is stated and the predictions are triangulated, as the pages do it."""
    from marey.project.recordings import set_timing

    set_timing(Project.open(root), "run", offsets={"left": 2})
    shared_server.ask(f"projects/{study}/cameras/reconstructions", {"session": "run", "refine": True})
    end = time.monotonic() + WITHIN_S
    while any(job["status"] in ("queued", "running") for job in shared_server.ask("jobs")):
        assert time.monotonic() < end
        time.sleep(0.3)
    state = shared_server.ask(f"projects/{study}/cameras")
    assert state["sessions"][0]["reconstruction"] == "run", shared_server.ask("jobs")[0]["error"]
    return study


def open_page(page, server, study, name):
    page.goto(server.address(f"p/{study}/{name}"))
    page.get_by_role("heading", level=1).first.wait_for(state="attached")
    page.wait_for_function("() => !document.querySelector('.loading')")
    if name != "cameras":
        for camera in ("top", "left", "right"):
            where = f"[data-camera={camera}]"
            page.wait_for_selector(f"{where}[data-frame], {where} [data-testid=image-layer][data-frame]")
    page.evaluate("() => document.fonts.ready")


def shown_in_3d(page):
    page.wait_for_selector("[data-testid=space][data-drawn]", state="attached")


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["cameras", "views", "label-views"])
def test_how_the_pages_look_and_whether_everybody_can_use_them(
    reconstructed, shared_server, new_page, screenshots, theme, name
):
    page = new_page(theme=theme)
    open_page(page, shared_server, reconstructed, name)
    if name != "label-views":
        shown_in_3d(page)
    if name == "views":
        page.wait_for_selector("[data-testid=space][data-points='10']", state="attached")
    page.screenshot(path=screenshots / f"{name}-of-a-study-{theme}.png")
    assert page.get_by_role("alert").count() == 0, page.get_by_role("alert").all_inner_texts()
    assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    expect_usable(page)


@pytest.mark.slow
def test_one_cursor_moves_all_views(reconstructed, shared_server, page):
    open_page(page, shared_server, reconstructed, "views")
    page.keyboard.press("d")
    page.keyboard.press("d")
    for camera in ("top", "left", "right"):
        page.wait_for_selector(f"[data-testid=image-layer][data-camera={camera}][data-frame='2']")
    # "left" was switched on two frames early
    expect(page.locator("figcaption", has_text="left")).to_contain_text("frame 4")
    expect(page.locator("figcaption", has_text="top")).to_contain_text("frame 2")
    page.wait_for_selector("[data-testid=overlay][data-camera=top][data-points='10']")
    page.keyboard.press("End")
    expect(page.get_by_test_id("frame-number")).to_contain_text(f"frame {N_FRAMES - 1}")


@pytest.mark.slow
def test_a_part_placed_in_two_views_fills_the_third(reconstructed, root, shared_server, page, screenshots):
    open_page(page, shared_server, reconstructed, "label-views")
    project = Project.open(root)
    truth = read_calibration(project).project(np.array([[20.0, 10.0, 12.0]]))[:, 0]
    recording = find_recording(project, "run")
    cameras = {name: place for place, name in enumerate(read_calibration(project).names)}

    def click(camera):
        layer = page.locator(f"figure[data-camera={camera}] [data-testid=image-layer]")
        scale, dx, dy = json.loads(layer.get_attribute("data-view"))
        x, y = truth[cameras[camera]]
        box = layer.bounding_box()
        page.mouse.click(box["x"] + (x + 0.5) * scale + dx, box["y"] + (y + 0.5) * scale + dy)

    def hints(camera, kind, number):
        page.wait_for_selector(f"figure[data-camera={camera}] [data-testid=hints][data-{kind}='{number}']")

    click("top")
    hints("left", "lines", 1)
    hints("right", "lines", 1)
    click("left")
    hints("right", "lines", 2)
    hints("right", "crosses", 1)
    expect(page.get_by_test_id("error").first).to_have_text(re.compile(r"^ · [01]\.\d px$"))
    page.keyboard.press("e")
    page.get_by_text("1 proposed").wait_for()
    page.wait_for_function("() => document.querySelectorAll('[data-save=saved]').length === 3")

    def saved():
        url = f"projects/{reconstructed}/labels/{recording.videos['right']}/0"
        return shared_server.ask(url)["instances"][0]["points"][0]

    page.screenshot(path=screenshots / "label-views-filled.png")
    point = saved()
    assert point["origin"] == Origin.MODEL.name.lower()
    assert np.allclose(point["position"], truth[cameras["right"]], atol=3)
    page.keyboard.press("Space")
    page.get_by_text("3 of 3").wait_for()
    end = time.monotonic() + WITHIN_S
    while saved()["origin"] != "accepted":
        assert time.monotonic() < end, saved()
        page.wait_for_timeout(100)


@pytest.mark.slow
def test_a_pattern_shows_what_it_finds_before_it_is_used(study, shared_server, page):
    open_page(page, shared_server, study, "cameras")
    field = page.get_by_label("Pattern of the file names")
    use = page.get_by_role("button", name="Use it")
    expect(field).to_have_value(PATTERN)
    held = []
    page.route("**/cameras?pattern=*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with page.expect_request(lambda request: "pattern=" in request.url):
        field.fill("{session}.mp4")
    expect(use).to_be_disabled()  # nobody knows yet what it finds
    end = time.monotonic() + WITHIN_S
    while not held:
        assert time.monotonic() < end
        page.wait_for_timeout(20)
    held.pop().continue_()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(use).to_be_disabled()
    page.unroute("**/cameras?pattern=*")
    field.fill("run-{camera}.mp4")
    page.get_by_text("1 session.").wait_for()
    expect(use).to_be_enabled()
