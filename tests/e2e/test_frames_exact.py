"""Frame k on the page is frame k of training: the pixels of the canvas carry their frame's number."""

import numpy as np
import pytest
from label_bench import LabelHand

from make_videos import BLOCK_PX, COLUMNS, ROWS, numbered_video, read_number
from marey.model import Skeleton
from marey.project import Project

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

N_FRAMES = 600
N_JUMPS = 100
UNEVEN_S = [k / 25 + 0.21 * (k // 7) + 0.004 * (k % 3) for k in range(N_FRAMES)]
KINDS = {
    "constant, long": {"gop": 300, "b_frames": 3},
    "constant, short": {"gop": 12, "b_frames": 2},
    "variable, long": {"gop": 300, "b_frames": 3, "times_s": UNEVEN_S},
    "variable, short": {"gop": 12, "b_frames": 2, "times_s": UNEVEN_S},
}


@pytest.fixture(scope="module")
def project(shared_root):
    """A project with one video of every kind."""
    folder = shared_root / "exact"
    folder.mkdir()
    project = Project.create(folder / "project", skeleton=Skeleton(("nose",)))
    for name, settings in KINDS.items():
        project.add_video(numbered_video(folder / f"{name}.mp4", n=N_FRAMES, **settings))
        project.add_frames(name, [0])
    return project


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_jump_shows_the_frame_asked_for(project, shared_server, page, kind):
    hand = LabelHand(page, shared_server, shared_server.open_project(project.root), video=kind).open(0)
    jumps = np.random.default_rng(7).integers(0, N_FRAMES, N_JUMPS).tolist()
    seen = []
    with project.open_video(kind) as video:
        for frame in jumps:
            hand.jump(frame)
            seen.append(hand.painted_number())
        assert read_number(video.read(jumps[0])) == jumps[0]  # and the library agrees
    wrong = [(asked, shown) for asked, shown in zip(jumps, seen, strict=True) if asked != shown]
    assert wrong == []


def test_the_reader_of_pixels_can_fail(project, shared_server, page):
    hand = LabelHand(
        page, shared_server, shared_server.open_project(project.root), video="constant, short"
    ).open(0)
    hand.jump(341)
    assert hand.painted_number() == 341
    assert hand.pixels(columns=COLUMNS, rows=ROWS, block=BLOCK_PX).shape == (ROWS, COLUMNS)
    hand.jump(342)
    assert hand.painted_number() == 342


def test_the_time_of_a_frame_is_that_of_the_video(project, shared_server, page):
    hand = LabelHand(page, shared_server, shared_server.open_project(project.root), video="variable, short")
    hand.open(0)
    shown = page.locator("[data-testid=frame-number]")
    hand.jump(341)
    playwright.expect(shown).to_contain_text(f"{UNEVEN_S[341] - UNEVEN_S[0]:.2f} s")
    hand.jump(12)
    playwright.expect(shown).to_contain_text(f"{UNEVEN_S[12] - UNEVEN_S[0]:.2f} s")
