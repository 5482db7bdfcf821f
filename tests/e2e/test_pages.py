"""Every page in both themes: what it looks like, and whether everybody can use it."""

import re

import pytest
from accessibility import expect_usable
from demo_pages import PAGES

from marey.model import Skeleton
from marey.project import Project

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

DIALOGS = {
    "new-project": ("home", "New project"),
    "open": ("home", "Open"),
    "import": ("home", "Import"),
    "demo": ("home", "Demo"),
    "edit-project": ("project", "Name and animals"),
    "add-videos": ("videos", "Add videos"),
    "video": ("videos", "Details of mouse1"),
    "pick-frames": ("frames", "Pick by hand"),
    "keys": ("label", "Show all keys"),
    "log": ("jobs", "Log"),
    "settings-keys": ("settings", "Show and change"),
    "run": ("train", "first"),
    "export": ("analyse", "Export unseen"),
}
"""The name of a dialog, its page, and the button that opens it."""


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_how_a_page_looks_and_that_everybody_can_use_it(demo, new_page, screenshots, theme, name):
    page = new_page(theme=theme)
    demo.open(page, name)
    assert page.get_by_role("alert").all_inner_texts() == []
    page.screenshot(path=screenshots / f"{name}-{theme}.png")
    is_wider_than_the_window = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    assert not is_wider_than_the_window
    expect_usable(page)


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DIALOGS)
def test_everybody_can_use_a_dialog(demo, new_page, screenshots, theme, name):
    of_page, button = DIALOGS[name]
    page = new_page(theme=theme)
    demo.open(page, of_page)
    exact = of_page != "home"
    page.get_by_role("main").get_by_role("button", name=button, exact=exact).first.click()
    page.get_by_role("dialog").wait_for()
    demo.settle(page, of_page)
    page.screenshot(path=screenshots / f"dialog-{name}-{theme}.png")
    expect_usable(page)
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


@pytest.fixture(scope="module")
def nothing_yet(shared_root, shared_server):
    """A new project without anything in it."""
    from demo_pages import Demo

    project = Project.create(shared_root / "nothing yet", skeleton=Skeleton(("nose", "tail")))
    return Demo(shared_server, shared_server.open_project(project.root))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("home", "jobs", "settings")])
def test_a_page_with_nothing_on_it_says_what_to_do(nothing_yet, new_page, screenshots, name):
    page = new_page(theme="dark")
    nothing_yet.open(page, name, is_empty=True)
    assert page.get_by_role("alert").all_inner_texts() == []
    page.screenshot(path=screenshots / f"{name}-empty-dark.png")
    ways_on = page.get_by_role("main").get_by_role("link").or_(page.get_by_role("main").get_by_role("button"))
    assert ways_on.count() > 0
    expect_usable(page)


def test_a_page_is_reached_without_a_pointer(demo, page):
    demo.open(page, "project")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#main :focus")).to_have_css("outline-style", "solid")


def test_a_chosen_theme_stays(demo, page):
    demo.open(page, "settings")
    root = page.locator("html")
    expect(root).not_to_have_attribute("data-theme", "dark")
    page.get_by_text("Dark", exact=True).first.click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_the_token_leaves_the_address_and_the_page_stays_in(demo, page):
    demo.open(page, "videos")
    expect(page).not_to_have_url(re.compile("token"))
    page.reload()
    page.get_by_role("table").wait_for()


def test_what_is_not_there_is_said_in_words(demo, page):
    page.goto(demo.server.address("p/nowhere"))
    alert = page.get_by_role("alert").first
    alert.wait_for()
    expect(alert).not_to_contain_text("Traceback")


def test_a_server_that_is_gone_is_said_in_words(serve, page):
    server = serve()
    page.goto(server.url)
    page.get_by_text("Recent projects").wait_for()
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name", exact=True).fill("mice")
    page.get_by_text("From scratch").click()
    server.kill()
    page.get_by_role("button", name="Make project").click()
    page.get_by_text("The server does not answer").first.wait_for()
