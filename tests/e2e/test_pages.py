"""Every page in both themes: what it looks like, and whether everybody can use it."""

import pytest
from accessibility import expect_usable
from demo_pages import PAGES

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
    "run": ("train", "first"),
    "export": ("analyse", "Export unseen"),
}
"""The name of a dialog, its page, and the button that opens it."""


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_how_a_page_looks(demo, new_page, screenshots, theme, name):
    page = new_page(theme=theme)
    demo.open(page, name)
    assert page.get_by_role("alert").count() == 0, page.get_by_role("alert").all_inner_texts()
    page.screenshot(path=screenshots / f"{name}-{theme}.png")
    is_wider_than_the_window = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    assert not is_wider_than_the_window


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_a_page(demo, new_page, theme, name):
    page = new_page(theme=theme)
    demo.open(page, name)
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
    page.wait_for_function("() => !document.querySelector('.loading')")
    page.screenshot(path=screenshots / f"dialog-{name}-{theme}.png")
    expect_usable(page)
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_a_page_is_reached_without_a_pointer(demo, page):
    demo.open(page, "project")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.innerText") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_a_chosen_theme_stays(demo, page):
    demo.open(page, "settings")
    page.get_by_text("Dark", exact=True).first.click()
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"


def test_the_token_leaves_the_address_and_the_page_stays_in(demo, page):
    demo.open(page, "videos")
    assert "token" not in page.url
    page.reload()
    page.get_by_role("table").wait_for()


def test_what_is_not_there_is_said_in_words(demo, page):
    page.goto(demo.server.address("p/nowhere"))
    alert = page.get_by_role("alert").first
    alert.wait_for()
    assert "Traceback" not in alert.inner_text()


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
