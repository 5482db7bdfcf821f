"""The whole story in the browser, by somebody who never types a command, with labels made in another tool."""

import re

import numpy as np
import pytest
from label_bench import LabelHand

from marey.project import Project

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

VIDEO = "m3v1mp4"
NAME = "öpen field"
A_FEW = 4
LONG_MS = 900_000


@pytest.mark.data
@pytest.mark.slow
def test_the_whole_story(tmp_path, shared_data, serve, page):
    work = tmp_path / "wörk"
    work.mkdir()
    server = serve(roots=(work, shared_data / "openfield"))
    person = Person(page, server)
    person.imports(shared_data / "openfield", NAME)
    person.adds_video(shared_data / "openfield" / "videos" / f"{VIDEO}.mp4")
    person.chooses_frames(5)
    frames = person.labels_five()
    person.trains("story")
    person.evaluates()
    person.analyses(stop=100)
    person.improves()
    person.renders()

    project = Project.open(work / NAME)
    # What was proposed in the last frame is kept as that: only what a person placed is a label.
    labelled = {frame.frame for frame in project.load_labels(VIDEO).confirmed() if frame.instances}
    assert labelled == set(frames)
    assert (project.root / "runs" / "story" / "evaluation" / "metrics.json").is_file()


class Person:
    """Somebody who goes from page to page as the navigation offers them."""

    def __init__(self, page, server):
        self.page = page
        self.server = server
        page.goto(server.url)

    def goes_to(self, title: str) -> None:
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=title, exact=True).click()
        self.page.get_by_role("heading", level=1, name=title).wait_for()

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def pastes(self, path) -> None:
        self.page.get_by_label("Paste a path on the server").fill(str(path))
        self.button("Go").click()

    @property
    def project(self) -> str:
        return re.search(r"#/p/([^/?]+)", self.page.url)[1]

    def imports(self, source, name: str) -> None:
        self.page.get_by_role("button", name="Import").click()
        self.pastes(source)
        self.page.get_by_text("config.yaml").wait_for()
        self.button("Continue").click()
        self.page.get_by_label("Name of the new project").fill(name)
        self.button("Import").click()
        self.page.get_by_role("heading", level=1, name=name).wait_for(timeout=LONG_MS)
        self.page.get_by_text("116 frames labelled").wait_for()

    def adds_video(self, path) -> None:
        self.goes_to("Videos")
        if VIDEO in [video["key"] for video in self.server.ask(f"projects/{self.project}/videos")]:
            self.page.get_by_role("button", name=VIDEO, exact=True).wait_for()
            return
        self.page.get_by_role("button", name="Add videos").first.click()
        self.pastes(path)
        self.page.get_by_text("1 chosen").wait_for()
        self.button("Add").click()
        self.page.get_by_role("dialog").wait_for(state="hidden", timeout=LONG_MS)
        self.page.get_by_role("button", name=VIDEO, exact=True).wait_for()

    def chooses_frames(self, n: int) -> None:
        self.goes_to("Frames")
        self.page.get_by_text("Evenly spaced").click()
        self.page.get_by_label("How many more").fill(str(n))
        self.button("Choose frames").wait_for()
        for box in self.page.get_by_role("group", name="From").get_by_role("checkbox").all():
            box.set_checked(VIDEO in box.evaluate("box => box.labels[0].innerText"))
        self.button("Choose frames").click()
        self.page.get_by_text(f"{n} frames, 0 labelled").wait_for(timeout=LONG_MS)

    def labels_five(self) -> list[int]:
        waiting = [
            item["frame"]
            for item in self.server.ask(f"projects/{self.project}/frames")
            if item["video"] == VIDEO
        ]
        self.page.get_by_role("link", name=f"Label frame {waiting[0]} of {VIDEO}").click()
        hand = LabelHand(self.page, self.server, self.project)
        for frame in waiting:
            self.page.wait_for_selector(f'[data-testid=image-layer][data-frame="{VIDEO}/{frame}"]')
            for x, y in np.array([(300, 200), (290, 190), (310, 190), (300, 240)]) + frame / 100:
                hand.click(x, y)
            hand.wait_until_saved()
            hand.press("Space")
        return waiting

    def trains(self, name: str) -> None:
        self.goes_to("Train")
        self.page.get_by_text("Fast", exact=True).click()
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_text("Advanced").click()
        for label, value in {"Steps": A_FEW, "Batch size": 2, "Validate every": 2, "Cache (GB)": 0.5}.items():
            self.page.get_by_label(label, exact=True).fill(str(value))
        self.button("Train").click()
        row = self.page.get_by_role("row", name=re.compile(name))
        row.get_by_text("trained").wait_for(timeout=LONG_MS)

    def evaluates(self) -> None:
        self.goes_to("Evaluate")
        self.button("Evaluate it").click()
        self.page.get_by_text("Mean error", exact=True).wait_for(timeout=LONG_MS)
        self.page.get_by_role("tab", name="Where it is wrong").click()
        self.page.get_by_role("link", name=re.compile("frame")).first.wait_for()

    def analyses(self, *, stop: int) -> None:
        self.goes_to("Analyse")
        self.page.get_by_label(f"Choose {VIDEO}").check()
        self.page.get_by_text("Advanced").click()
        self.page.get_by_label("Before frame").fill(str(stop))
        self.button("Analyse 1 video").click()
        self.page.get_by_role("link", name="Open", exact=True).wait_for(timeout=LONG_MS)
        (result,) = self.server.ask(f"projects/{self.project}/results")
        assert result["n_frames"] == stop

    def improves(self) -> None:
        self.goes_to("Improve")
        self.page.get_by_label("How many frames").fill("3")
        self.button("Find them").click()
        label = self.page.get_by_role("button", name=re.compile("^Label th"))
        label.wait_for(timeout=LONG_MS)
        label.click()
        self.page.wait_for_url(re.compile("/label"))
        self.page.wait_for_selector("[data-testid=image-layer][data-frame]")
        # What the network says is there already, and nothing of it is confirmed.
        expect(self.page.locator(".part[data-state=proposed]")).not_to_have_count(0, timeout=LONG_MS)
        expect(self.page.locator(".part[data-state=visible]")).to_have_count(0)

    def renders(self) -> None:
        self.goes_to("Labelled video")
        self.page.get_by_alt_text("Frame 0 as it will be in the video").wait_for()
        self.button("Make the video").click()
        self.page.get_by_text("The video is in the project").wait_for(timeout=LONG_MS)
