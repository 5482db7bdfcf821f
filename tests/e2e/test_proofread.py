"""Proofreading in a real browser: three look-alikes, two exchanges, and one that is lost for a moment."""

import numpy as np
import pytest
from accessibility import expect_usable

from marey.formats import load_poses, save_poses
from marey.model import Skeleton
from marey.project import Project
from marey.synthesis import Recording, RecordingSpec
from marey.tracking import evaluate_tracks
from marey.video import VideoWriter

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

SPEC = RecordingSpec(n_frames=150, seed=4, n_animals=3, size=(480, 360))
FIRST_SWAP, SECOND_SWAP, GAP = 40, 90, (115, 121)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A rendered video of three look-alikes, and their exact poses."""
    made = Recording(SPEC)
    path = tmp_path_factory.mktemp("video") / "three mice.mp4"
    with VideoWriter(path, fps=SPEC.fps, size=SPEC.size) as writer:
        for frame in made:
            writer.write(frame.image)
    return path, made


@pytest.fixture
def project(shared_root, tmp_path, recording):
    """A project with that video, and tracks of it with two exchanges and a gap."""
    video, made = recording
    skeleton = Skeleton(made.skeleton.keypoints, edges=made.skeleton.edges)
    project = Project.create(shared_root / f"proofread {tmp_path.name}", name="three", skeleton=skeleton)
    project.add_video(video)
    truth = made.poses()
    names = [str(name) for name in truth["individual"].values]
    wrong = truth.copy(deep=True).assign_attrs(source_file=video.name)
    position = wrong["position"].values
    for start, (a, b) in ((FIRST_SWAP, (0, 1)), (SECOND_SWAP, (1, 2))):
        later = position[start:].copy()
        position[start:, ..., a], position[start:, ..., b] = later[..., b], later[..., a]
    position[GAP[0] : GAP[1] + 1, ..., 0] = np.nan
    wrong["confidence"].values[np.isnan(position[:, 0])] = np.nan
    path = project.predictions_folder / "three mice-tracks.nc"
    path.parent.mkdir(exist_ok=True)
    save_poses(wrong, path)
    return project, path, truth, names


def score(truth, path):
    return evaluate_tracks(truth, load_poses(path))


def go_to(page, frame):
    page.keyboard.press("g")
    page.get_by_role("dialog").get_by_role("spinbutton").fill(str(frame))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("frame-number")).to_have_text(f"frame {frame}")


def wait_for_repairs(page, n):
    done = page.get_by_role("list", name="Repairs that were done")
    if n == 0:
        expect(done).to_have_count(0)
    else:
        expect(done.get_by_role("listitem")).to_have_count(n)
    expect(page.get_by_role("button", name="Swap", exact=False).first).to_be_enabled()


def open_page(page, server, project):
    page.goto(server.address(f"p/{server.open_project(project.root)}/proofread"))
    page.wait_for_selector('[data-testid=lanes][data-state="complete"]')
    page.wait_for_selector("[data-testid=image-layer][data-frame]")


def test_repaired_with_single_keys_and_taken_back(project, shared_server, page):
    project, path, truth, names = project
    assert score(truth, path).idf1 < 0.9
    open_page(page, shared_server, project)
    expect(page.get_by_role("list", name="Tracks").get_by_role("button")).to_have_count(3)

    go_to(page, SECOND_SWAP)
    page.keyboard.press("2")
    page.keyboard.press("Shift+3")
    page.keyboard.press("x")
    wait_for_repairs(page, 1)
    go_to(page, FIRST_SWAP)
    page.keyboard.press("1")
    page.keyboard.press("Shift+2")
    page.keyboard.press("x")
    wait_for_repairs(page, 2)
    scores = score(truth, path)
    assert scores.id_switches == 0
    assert scores.idf1 > 0.97

    # The gap is in the list; opening it chooses its track, and a key fills it.
    gap = (
        page.get_by_role("region", name="Issues")
        .get_by_role("button")
        .filter(has_text="is not found in 7 frames")
    )
    gap.click()
    page.keyboard.press("i")
    wait_for_repairs(page, 3)
    assert score(truth, path).idf1 == 1
    expect(gap).to_have_count(0)

    for left in (2, 1, 0):
        page.keyboard.press("Control+z")
        wait_for_repairs(page, left)
    assert score(truth, path).idf1 < 0.9
    for done in (1, 2, 3):
        page.keyboard.press("Control+Shift+z")
        wait_for_repairs(page, done)
    assert score(truth, path).idf1 == 1
    assert [str(name) for name in load_poses(path)["individual"].values] == names


def test_a_key_that_lacks_something_says_what(project, shared_server, page):
    project, path, _, _ = project
    open_page(page, shared_server, project)
    content = path.read_bytes()
    page.keyboard.press("x")
    expect(page.get_by_text("Choose a track first")).to_be_visible()
    assert path.read_bytes() == content


def test_split_join_delete_and_learn(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    go_to(page, FIRST_SWAP)
    page.keyboard.press("1")
    page.keyboard.press("k")
    wait_for_repairs(page, 1)
    tracks = page.get_by_role("list", name="Tracks").get_by_role("button")
    expect(tracks).to_have_count(4)
    page.keyboard.press("Shift+4")
    page.keyboard.press("j")
    wait_for_repairs(page, 2)
    expect(tracks).to_have_count(3)
    page.keyboard.press("3")
    page.keyboard.press("Delete")
    wait_for_repairs(page, 3)
    expect(tracks).to_have_count(2)
    page.keyboard.press("l")
    expect(page.get_by_text(f"Frame {FIRST_SWAP} is labelled")).to_be_visible()
    identifier = shared_server.open_project(project.root)
    labels = shared_server.ask(f"projects/{identifier}/labels/three mice/{FIRST_SWAP}")
    assert len(labels["instances"]) == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_looks_as_it_should(project, shared_server, new_page, screenshots, theme):
    project, *_ = project
    page = new_page(theme=theme)
    open_page(page, shared_server, project)
    page.keyboard.press("e")
    expect(page.locator("[aria-current]").first).to_be_visible()
    page.wait_for_timeout(400)
    page.screenshot(path=screenshots / f"proofread-tracks-{theme}.png")
    expect_usable(page)
