"""The results page in a real browser: poses over the video and over time."""

import re

import numpy as np
import pytest
from label_bench import MOUSE_12, VIDEO, LabelHand, make_project, mouse_at

from marey.formats.native import save_poses
from marey.model import create_poses

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

N_FRAMES = 300


@pytest.fixture(scope="module")
def project(shared_root):
    """A project with a video of 300 numbered frames and poses of two animals in it."""
    project = make_project(shared_root / "results", n_frames=N_FRAMES, extracted=(3,))
    rng = np.random.default_rng(3)
    one = np.stack([mouse_at(k % 60) for k in range(N_FRAMES)])
    position = np.stack([one, one + np.array([20, 50])], axis=-1).transpose(0, 2, 1, 3) + rng.normal(
        0, 1.5, (N_FRAMES, 2, 12, 2)
    )
    position[100:120, :, 4, 0] = np.nan
    confidence = np.clip(rng.normal(0.9, 0.1, (N_FRAMES, 12, 2)), 0, 1)
    confidence[np.isnan(position[:, 0])] = np.nan
    poses = create_poses(
        position,
        keypoints=MOUSE_12,
        individuals=("Ada", "Bob"),
        confidence=confidence,
        fps=25.0,
        attributes={"source_file": f"{VIDEO}.mp4"},
    )
    project.predictions_folder.mkdir(exist_ok=True)
    save_poses(poses, project.predictions_folder / f"{VIDEO}.h5")
    return project


@pytest.fixture
def hand(project, shared_server, page):
    """A hand at the first frame of the result."""
    return open_result(project, shared_server, page)


def open_result(project, server, page):
    hand = LabelHand(page, server, server.open_project(project.root))
    page.goto(server.address(f"p/{hand.project}/results"))
    wait_for_picture(page, 0)
    return hand


def wait_for_picture(page, frame):
    page.wait_for_selector(f'[data-testid=image-layer][data-frame="{frame}"]')


# How many pixels of a canvas differ from its first.
INK = """layer => {
    const canvas = document.querySelector(`[data-testid=${layer}]`);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
        const isOther = data[i] !== data[0] || data[i + 1] !== data[1] || data[i + 3] !== data[3];
        if (isOther) count += 1;
    }
    return count;
}"""


def ink(page, layer):
    """Return how many pixels of a canvas differ from its first, once it has been painted."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate(INK, layer)


def wait_for_ink(page, layer, relation, n):
    """Wait until the pixels that differ are fewer (``<``), more, or others than `n`."""
    page.wait_for_function(f"([layer, n]) => ({INK})(layer) {relation} n", arg=[layer, n])


def test_frames_and_poses_go_together(hand):
    page = hand.page
    wait_for_ink(page, "overlay", ">", 500)
    for key, frame in (("d", 1), ("ArrowRight", 2), ("Shift+D", 12), ("a", 11), ("End", 299), ("Home", 0)):
        page.keyboard.press(key)
        wait_for_picture(page, frame)
        assert hand.painted_number() == frame
        expect(page.locator("[data-testid=overlay]")).to_have_attribute("data-row", str(frame))
    page.keyboard.press("g")
    expect(page.get_by_label("Frame", exact=True)).to_be_focused()
    page.keyboard.type("157")
    page.keyboard.press("Enter")
    wait_for_picture(page, 157)
    assert hand.painted_number() == 157
    expect(page.locator(".result-keypoint").first).to_contain_text("nose")


def test_a_click_in_the_timeline_goes_there(hand):
    page = hand.page
    box = page.locator("[data-testid=playhead]").bounding_box()
    axis = 48
    page.mouse.click(box["x"] + axis + (box["width"] - axis) * 0.5, box["y"] + box["height"] / 2)
    wait_for_picture(page, 150)
    assert hand.painted_number() == 150


def test_traces_follow_what_is_chosen(hand):
    page = hand.page
    page.wait_for_selector("[data-testid=traces][data-state=complete]")
    some = ink(page, "traces")
    page.get_by_role("button", name="None", exact=True).click()
    wait_for_ink(page, "traces", "<", some)
    none = ink(page, "traces")
    page.get_by_role("button", name="All", exact=True).click()
    wait_for_ink(page, "traces", ">", none)


def test_smoothing_is_shown_before_anything_is_written(hand, project):
    page = hand.page
    before = files_in(project.predictions_folder)
    overlay = ink(page, "overlay")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.wait_for_selector("text=Hide preview")
    wait_for_ink(page, "overlay", "!==", overlay)
    assert files_in(project.predictions_folder) == before


def files_in(folder):
    """Return the files that a person sees in a folder."""
    return sorted(path for path in folder.iterdir() if path.name[0] != ".")


def test_a_frame_that_looks_wrong_is_labelled_next(hand):
    page = hand.page
    page.keyboard.press("Shift+D")
    wait_for_picture(page, 10)
    page.click("text=Label this frame")
    page.wait_for_selector(f'[data-testid=image-layer][data-frame="{VIDEO}/10"]')


def test_a_page_that_is_loaded_again_comes_back_to_its_place(hand):
    page = hand.page
    expect(page).to_have_url(re.compile(r"&frame=0&animal=$"))
    visited = page.evaluate("history.length")
    page.keyboard.press("End")
    wait_for_picture(page, 299)
    page.get_by_label("Animal").select_option(label="Bob")
    expect(page).to_have_url(re.compile(r"/results\?result=[^&]+&frame=299&animal=Bob$"))
    page.reload()
    wait_for_picture(page, 299)
    expect(page.get_by_label("Animal").locator(":checked")).to_have_text("Bob")
    page.get_by_label("Animal").select_option(label="all of them")
    expect(page).to_have_url(re.compile(r"&frame=299&animal=$"))
    page.reload()
    wait_for_picture(page, 299)
    expect(page.get_by_label("Animal").locator(":checked")).to_have_text("all of them")
    assert page.evaluate("history.length") == visited


def test_the_address_follows_while_it_plays_and_is_followed(hand):
    page = hand.page
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"&frame=[1-9]\d+&"))
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.evaluate("location.hash = location.hash.replace(/frame=\\d+/, 'frame=157')")
    wait_for_picture(page, 157)
    assert hand.painted_number() == 157


def test_messages_cover_no_buttons(project, shared_server, new_page):
    page = new_page(size={"width": 1280, "height": 720})
    page.goto(shared_server.address(f"p/{shared_server.open_project(project.root)}/proofread"))
    wait_for_picture(page, 0)
    page.keyboard.press("p")
    message = page.locator(".toast").bounding_box()
    view = page.locator(".results-view").bounding_box()
    assert view["x"] <= message["x"]
    assert message["x"] + message["width"] <= view["x"] + view["width"]
    assert view["y"] <= message["y"]
    assert message["y"] + message["height"] <= view["y"] + view["height"] / 2
    beside = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).dataset.testid", [message["x"] - 5, message["y"] + 5]
    )
    assert beside == "overlay"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(project, shared_server, new_page, screenshots, theme):
    page = new_page(theme=theme)
    open_result(project, shared_server, page)
    page.keyboard.press("Shift+D")
    wait_for_picture(page, 10)
    overlay = ink(page, "overlay")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.wait_for_selector("text=Hide preview")
    wait_for_ink(page, "overlay", "!==", overlay)
    page.screenshot(path=screenshots / f"results-{theme}.png")
