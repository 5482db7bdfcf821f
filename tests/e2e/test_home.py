"""The first page in a browser: projects from templates, and out of other tools by choosing their files."""

import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

IMPORTS = {
    "DeepLabCut": ("openfield", None, "116 frames labelled"),
    "SLEAP": ("fly_pair", "clip.slp", None),
    "Lightning Pose": ("mirror_mouse", None, None),
    "COCO": ("formats/coco/visibility_binary", ".json", None),
}
"""For each tool a folder of the data, the file in it where one is chosen, and what the project says then."""
LONG_MS = 300_000


@pytest.mark.data
@pytest.mark.parametrize("tool", IMPORTS)
def test_a_project_of_another_tool_is_chosen_by_going_there(tmp_path, shared_data, serve, page, tool):
    folder, file, words = IMPORTS[tool]
    work = tmp_path / "wörk"
    work.mkdir()
    server = serve(roots=(work, shared_data))
    page.goto(server.url)
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog")
    for name in (shared_data.name, *folder.split("/")):
        dialog.get_by_role("button", name=re.compile(rf"^{re.escape(name)}(\s|$)")).first.click()
    if file:
        dialog.get_by_role("checkbox", name=re.compile(f"^Choose .*{re.escape(file)}$")).first.check()
    dialog.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the new project").fill(tool)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("heading", level=1, name=tool).wait_for(timeout=LONG_MS)
    labelled = page.get_by_text(words or re.compile(r"^[\d\s]+ frames? labelled"))
    labelled.wait_for()
    expect(labelled).not_to_have_text("0 frames labelled")


def test_a_project_from_a_template(tmp_path, serve, page):
    server = serve(roots=(tmp_path,))
    page.goto(server.url)
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name", exact=True).fill("Flügel 🪰")
    page.get_by_text("Fly", exact=True).click()
    page.get_by_role("button", name="Make project").click()
    page.get_by_role("heading", level=1, name="Flügel 🪰").wait_for()
    page.get_by_text("11 keypoints").wait_for()
    assert (tmp_path / "Flügel 🪰" / "project.yaml").is_file()
    page.get_by_role("link", name="Marey", exact=True).click()
    page.get_by_role("link", name=re.compile("Flügel 🪰")).wait_for()
