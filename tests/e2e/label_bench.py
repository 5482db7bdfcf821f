"""Projects to label, and a hand that labels them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from make_videos import BLOCK_PX, COLUMNS, ROWS, draw_frame, write_video
from marey.model import Instance, LabeledFrame, Origin, Skeleton, Visibility
from marey.project import Project

MOUSE_12 = (
    "nose",
    "left ear",
    "right ear",
    "neck",
    "left shoulder",
    "right shoulder",
    "spine",
    "left hip",
    "right hip",
    "tail base",
    "tail middle",
    "tail tip",
)
EDGES = (
    ("nose", "neck"),
    ("left ear", "neck"),
    ("right ear", "neck"),
    ("neck", "spine"),
    ("left shoulder", "neck"),
    ("right shoulder", "neck"),
    ("spine", "tail base"),
    ("left hip", "tail base"),
    ("right hip", "tail base"),
    ("tail base", "tail middle"),
    ("tail middle", "tail tip"),
)
WIDTH, HEIGHT = 320, 240
VIDEO = "session one"


def mouse_at(frame: int) -> np.ndarray:
    """Return where the 12 keypoints of the drawn animal are, (12, 2)."""
    along = np.array([40, 28, 28, 24, 14, 14, 0, -18, -18, -26, -40, -54])
    across = np.array([0, -9, 9, 0, -11, 11, 0, -12, 12, 0, 3, 8])
    angle = 0.5 + 0.04 * frame
    x = 160 + 1.5 * frame + along * np.cos(angle) - across * np.sin(angle)
    y = 120 + along * np.sin(angle) + across * np.cos(angle)
    return np.round(np.stack([x, y], axis=1), 2)


def make_project(
    folder: Path,
    *,
    n_frames: int = 30,
    extracted: Sequence[int] = (2, 8, 14, 20, 26),
    size: tuple[int, int] = (WIDTH, HEIGHT),
    individuals: Sequence[str] = (),
) -> Project:
    """Make a project with one video whose frames carry their numbers, and some frames to label."""
    folder.mkdir(parents=True, exist_ok=True)
    video = folder / f"{VIDEO}.mp4"
    write_video(video, (draw_frame(k, *size) for k in range(n_frames)), gop=12)
    project = Project.create(
        folder / "projet été", skeleton=Skeleton(MOUSE_12, EDGES, name="mouse"), individuals=individuals
    )
    project.add_video(video)
    project.add_frames(VIDEO, extracted)
    return project


@dataclass
class LabelHand:
    """A person at the label page, who counts what they do."""

    page: object
    server: object
    project: str
    """The id of the project."""
    video: str = VIDEO
    n_inputs: int = 0

    def open(self, frame: int) -> "LabelHand":
        """Go to the label page of the project, at one frame."""
        self.page.goto(self.server.address(f"p/{self.project}/label?video={self.video}&frame={frame}"))
        self.wait_for_frame(frame)
        return self

    def saved(self, frame: int) -> list[Instance]:
        """Return the animals of a frame as the server has them, once everything is saved."""
        self.wait_until_saved()
        labels = self.server.ask(f"projects/{self.project}/labels/{self.video}/{frame}")
        return [_instance(item) for item in labels["instances"]]

    def place_and_save(self, points: np.ndarray) -> Instance:
        """Click on one point after the other, and return the first animal as it was saved."""
        for x, y in points:
            self.click(x, y)
        return self.saved(self.shown_frame())[0]

    def wait_for_frame(self, frame: int | None = None) -> int:
        """Wait until the pixels of a frame are on the canvas; return its number."""
        selector = "[data-testid=image-layer][data-frame]"
        if frame is not None:
            selector = f'[data-testid=image-layer][data-frame="{self.video}/{frame}"]'
        self.page.wait_for_selector(selector)
        return self.shown_frame()

    def shown_frame(self) -> int:
        value = self.page.get_attribute("[data-testid=image-layer]", "data-frame")
        return int(value.rpartition("/")[2])

    def jump(self, frame: int) -> None:
        """Go to a frame by its address, and wait until it is painted."""
        place = f"/p/{self.project}/label?video={self.video}&frame={frame}"
        self.page.evaluate("place => { window.location.hash = place; }", place)
        self.wait_for_frame(frame)

    def painted_number(self) -> int:
        """Return the number that the pixels on the canvas carry."""
        return number_of(self.pixels(columns=COLUMNS, rows=ROWS, block=BLOCK_PX))

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the image lies in the window."""
        left, top, scale, dx, dy = self.page.evaluate(
            """() => {
                const canvas = document.querySelector('[data-testid=image-layer]');
                const box = canvas.getBoundingClientRect();
                const [scale, dx, dy] = JSON.parse(canvas.dataset.view);
                return [box.left, box.top, scale, dx, dy];
            }"""
        )
        return left + (x + 0.5) * scale + dx, top + (y + 0.5) * scale + dy

    def click(self, x: float, y: float, *, button: str = "left", holding: str | None = None) -> None:
        """Click on a point of the image: one input."""
        if holding:
            self.page.keyboard.down(holding)
        self.page.mouse.click(*self.to_screen(x, y), button=button)
        if holding:
            self.page.keyboard.up(holding)
        self.n_inputs += 1

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.to_screen(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.hover(*start)
        self.page.mouse.down()
        self.hover(*((np.array(start) + end) / 2))
        self.hover(*end)
        self.page.mouse.up()
        self.n_inputs += 1

    def press(self, key: str) -> None:
        """Press a key: one input."""
        self.page.keyboard.press(key)
        self.n_inputs += 1

    def wait_until_saved(self) -> int:
        """Wait for "Saved, rev N" and return N."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        mark = self.page.wait_for_selector("[data-testid=save]:has-text('Saved, rev')")
        return int(mark.inner_text().split()[-1])

    @property
    def next_step(self):
        """Where the page says what a click would do."""
        return self.page.locator("[data-testid=next-step]")

    def expect_states(self, *states: str) -> None:
        """Wait until the first parts, in the order of the skeleton, are in these states."""
        from playwright.sync_api import expect

        parts = self.page.locator(".part")
        for i, state in enumerate(states):
            expect(parts.nth(i)).to_have_attribute("data-state", state)

    def expect_all(self, state: str, n: int = len(MOUSE_12)) -> None:
        """Wait until `n` parts, by default all of them, are in a state."""
        from playwright.sync_api import expect

        expect(self.page.locator(f".part[data-state={state}]")).to_have_count(n)

    def pixels(self, *, columns: int, rows: int, block: int) -> np.ndarray:
        """Return the mean grey of each block of the image as it is painted, (rows, columns)."""
        values = self.page.evaluate(
            """([columns, rows, block]) => {
                const canvas = document.querySelector('[data-testid=image-layer]');
                const [scale, dx, dy] = JSON.parse(canvas.dataset.view);
                const context = canvas.getContext('2d');
                const ratio = window.devicePixelRatio;
                const greys = [];
                for (let row = 0; row < rows; row += 1) {
                    for (let column = 0; column < columns; column += 1) {
                        const x = (((column + 0.5) * block) * scale + dx) * ratio;
                        const y = (((row + 0.5) * block) * scale + dy) * ratio;
                        const [r, g, b] = context.getImageData(Math.round(x), Math.round(y), 1, 1).data;
                        greys.push((r + g + b) / 3);
                    }
                }
                return greys;
            }""",
            [columns, rows, block],
        )
        return np.reshape(values, (rows, columns))


def number_of(greys: np.ndarray) -> int:
    """Return the number that black and white blocks stand for, as ``make_videos`` draws it."""
    return int(sum(1 << bit for bit in np.flatnonzero(greys.ravel() > 128)))


def _instance(item: dict) -> Instance:
    points = item["points"]
    return Instance(
        points=[point["position"] or (np.nan, np.nan) for point in points],
        visibility=[Visibility[point["visibility"].upper()] for point in points],
        origin=[Origin[point["origin"].upper()] for point in points],
        individual=item["individual"],
    )


def labels_on_disk(project: Project) -> dict[int, LabeledFrame]:
    """Return the labelled frames in the project's tables, by number."""
    return {item.frame: item for item in Project.open(project.root).load_labels().frames}
