"""Proofreading in a real browser: three look-alikes, two exchanges, and one that is lost for a moment."""

import re

import numpy as np
import pytest
import xarray as xr
from accessibility import expect_usable

from marey.formats import load_poses, save_poses
from marey.model import Skeleton, append_history
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


def choose(page, number, *, second=False):
    """Choose a track by its number, and wait until the page has."""
    page.keyboard.press(f"Shift+{number}" if second else f"{number}")
    track = page.get_by_role("list", name="Tracks").get_by_role("button").nth(number - 1)
    expect(track).to_have_class(re.compile("lanes__name--second" if second else "lanes__name--first"))


def wait_for_repairs(page, n):
    """Wait until so many repairs are listed and another one can be made; they are on disk then."""
    done = page.get_by_role("list", name="Repairs that were done")
    if n == 0:
        expect(done).to_have_count(0)
    else:
        expect(done.get_by_role("listitem")).to_have_count(n)
    expect(page.get_by_role("button", name="Exchange", exact=False).first).to_be_enabled()


def open_page(page, server, project):
    page.goto(server.address(f"p/{server.open_project(project.root)}/proofread"))
    page.wait_for_selector('[data-testid=lanes][data-state="complete"]')
    page.wait_for_selector('[data-testid=traces][data-state="complete"]')
    page.wait_for_selector("[data-testid=image-layer][data-frame]")
    repainted(page)


def repainted(page):
    """Wait until what has changed is laid out and drawn: a size is told in one refresh, drawn in the next."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_repaired_with_single_keys_and_taken_back(project, shared_server, page):
    project, path, truth, names = project
    assert score(truth, path).idf1 < 0.9
    open_page(page, shared_server, project)
    expect(page.get_by_role("list", name="Tracks").get_by_role("button")).to_have_count(3)

    go_to(page, SECOND_SWAP)
    choose(page, 2)
    choose(page, 3, second=True)
    page.keyboard.press("x")
    wait_for_repairs(page, 1)
    go_to(page, FIRST_SWAP)
    choose(page, 1)
    choose(page, 2, second=True)
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
    expect(page.get_by_test_id("frame-number")).to_have_text(f"frame {GAP[0]}")
    expect(gap).to_have_attribute("aria-current", "true")
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


def test_the_next_repair_need_not_wait_for_the_list_to_be_read_again(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    held = []

    def hold(route):
        held.append(route)  # what the page asks for again gets no answer

    page.route("**/tracks", hold)
    choose(page, 1)
    choose(page, 2, second=True)
    page.keyboard.press("x")
    wait_for_repairs(page, 1)
    page.keyboard.press("u")
    wait_for_repairs(page, 0)
    expect(page.get_by_text("somebody else")).to_have_count(0)
    assert held
    page.unroute_all(behavior="ignoreErrors")


def test_keys_wait_for_the_repair_before_and_do_it_once(project, shared_server, page):
    project, path, *_ = project
    before = load_poses(path)["position"].values
    open_page(page, shared_server, project)
    go_to(page, FIRST_SWAP)
    choose(page, 1)
    choose(page, 2, second=True)
    answers = []
    page.on(
        "requestfinished", lambda request: request.method == "POST" and answers.append(request.response())
    )
    for key in "xuxux":
        page.keyboard.press(key)
    for _ in range(5):
        page.keyboard.down("u")
    page.keyboard.up("u")
    for _ in range(500):
        if len(answers) == 6:
            break
        page.wait_for_timeout(20)
    assert [answer.status for answer in answers] == [200] * 6
    wait_for_repairs(page, 0)
    np.testing.assert_array_equal(load_poses(path)["position"].values, before)


def test_the_file_stays_open_when_one_track_is_left(project, shared_server, page):
    project, path, *_ = project
    single = load_poses(path).isel(individual=[0])
    save_poses(single, path.with_name("three mice-alone.nc"))
    places = append_history(load_poses(path), "predict", run="first")  # nobody followed these
    save_poses(places, path.with_name("three mice.nc"))
    open_page(page, shared_server, project)
    tracks = page.get_by_role("list", name="Tracks").get_by_role("button")
    for left in (2, 1):
        choose(page, 1)
        page.keyboard.press("Delete")
        wait_for_repairs(page, 3 - left)
        expect(tracks).to_have_count(left)
    which = page.get_by_role("combobox", name="Which tracks")
    expect(which.locator("option:checked")).to_have_text("three mice-tracks")
    go_to(page, GAP[0])
    expect(page).to_have_url(re.compile(rf"&frame={GAP[0]}$"))
    page.reload()
    wait_for_repairs(page, 2)
    expect(page.get_by_test_id("frame-number")).to_have_text(f"frame {GAP[0]}")
    expect(which.locator("option")).to_have_text(["three mice-tracks", "three mice"])
    page.keyboard.press("u")
    wait_for_repairs(page, 1)
    expect(tracks).to_have_count(2)


def test_after_a_repair_only_what_was_shown_is_confirmed(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    queue = page.get_by_role("region", name="Issues").get_by_role("button")
    page.keyboard.press("e")
    expect(queue.first).to_have_attribute("aria-current", "true")
    following = queue.nth(1).inner_text()
    page.keyboard.press("x")
    wait_for_repairs(page, 1)
    expect(queue.first).to_have_text(re.compile(following.splitlines()[1]))
    expect(queue.and_(page.locator("[aria-current=true]"))).to_have_count(0)
    page.keyboard.press("c")
    expect(page.get_by_text("Open an issue first")).to_be_visible()
    wait_for_repairs(page, 1)
    page.keyboard.press("e")
    expect(queue.first).to_have_attribute("aria-current", "true")


def test_a_key_that_lacks_something_says_what(project, shared_server, page):
    project, path, _, _ = project
    open_page(page, shared_server, project)
    content = path.read_bytes()
    page.keyboard.press("x")
    expect(page.get_by_text("Choose a track first")).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_text("Open an issue first")).to_be_visible()
    assert path.read_bytes() == content


def test_split_join_delete_and_learn(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    go_to(page, FIRST_SWAP)
    choose(page, 1)
    page.keyboard.press("k")
    wait_for_repairs(page, 1)
    tracks = page.get_by_role("list", name="Tracks").get_by_role("button")
    expect(tracks).to_have_count(4)
    choose(page, 4, second=True)
    page.keyboard.press("j")
    wait_for_repairs(page, 2)
    expect(tracks).to_have_count(3)
    choose(page, 3)
    page.keyboard.press("Delete")
    wait_for_repairs(page, 3)
    expect(tracks).to_have_count(2)
    page.keyboard.press("l")
    expect(page.get_by_text(f"Frame {FIRST_SWAP} is labelled")).to_be_visible()
    identifier = shared_server.open_project(project.root)
    labels = shared_server.ask(f"projects/{identifier}/labels/three mice/{FIRST_SWAP}")
    assert len(labels["instances"]) == 2


def test_each_exchange_is_one_issue_and_one_key(project, shared_server, page):
    project, path, truth, _ = project
    open_page(page, shared_server, project)
    queue = page.get_by_role("region", name="Issues").get_by_role("button")
    exchanges = queue.filter(has_text="take each other's place")
    expect(exchanges).to_have_count(2)
    for done in (1, 2):
        page.keyboard.press("Escape")
        exchanges.first.click()
        expect(exchanges.first).to_have_attribute("aria-current", "true")
        page.keyboard.press("x")
        wait_for_repairs(page, done)
        expect(exchanges).to_have_count(2 - done)
    assert score(truth, path).id_switches == 0


def test_a_number_with_t_held_makes_the_chosen_track_that_one(project, shared_server, page):
    project, path, truth, _ = project
    open_page(page, shared_server, project)
    for done, (frame, animal, name) in enumerate(((SECOND_SWAP, 2, 3), (FIRST_SWAP, 1, 2)), start=1):
        go_to(page, frame)
        choose(page, animal)
        page.keyboard.down("t")
        page.keyboard.press(f"{name}")
        page.keyboard.up("t")
        wait_for_repairs(page, done)
        # It is the same animal that is chosen, under the name that it was given.
        track = page.get_by_role("list", name="Tracks").get_by_role("button").nth(name - 1)
        expect(track).to_have_class(re.compile("lanes__name--first"))
    assert score(truth, path).id_switches == 0


def test_a_range_is_repaired_alone(project, shared_server, page):
    project, path, _, _ = project
    before = load_poses(path)["position"].values
    open_page(page, shared_server, project)
    go_to(page, 10)
    page.keyboard.press("[")
    go_to(page, 20)
    page.keyboard.press("]")
    choose(page, 3)
    choose(page, 1, second=True)
    expect(page.get_by_text("frames 10 to 20")).to_be_visible()
    page.keyboard.press("x")
    wait_for_repairs(page, 1)
    after = load_poses(path)["position"].values
    np.testing.assert_array_equal(after[10:21, ..., 0], before[10:21, ..., 2])
    np.testing.assert_array_equal(after[:10], before[:10])
    np.testing.assert_array_equal(after[21:], before[21:])


def test_a_track_is_renamed_where_its_name_stands(project, shared_server, page):
    project, path, _, names = project
    open_page(page, shared_server, project)
    tracks = page.get_by_role("list", name="Tracks").get_by_role("button")
    gap = page.get_by_role("region", name="Issues").get_by_role("button").filter(has_text="in 7 frames")
    gap.click()
    expect(tracks.first).to_have_class(re.compile("lanes__name--first"))
    colour = tracks.first.locator(".lanes__colour").get_attribute("style")

    # Letters that are typed and Escape do not what they do elsewhere; a name that is taken is refused.
    page.keyboard.press("n")
    field = page.get_by_role("textbox", name=f"New name of {names[0]}")
    expect(field).to_be_focused()
    page.keyboard.type("xkdeu 2")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(tracks.first).to_contain_text(names[0])
    tracks.first.dblclick()
    field.fill(names[1])
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(f"a new name for {names[0]}, got '{names[1]}'")
    wait_for_repairs(page, 0)
    field.fill("Mäuschen 鼠 🐁")
    page.keyboard.press("Enter")
    wait_for_repairs(page, 1)

    # All about it follows: its lane with its colour, what is chosen, the issue that is open, traces.
    assert [str(name) for name in load_poses(path)["individual"].values] == ["Mäuschen 鼠 🐁", *names[1:]]
    expect(tracks.first).to_contain_text("Mäuschen 鼠 🐁")
    expect(tracks.first).to_have_class(re.compile("lanes__name--first"))
    expect(tracks.first.locator(".lanes__colour")).to_have_attribute("style", colour)
    expect(gap).to_have_attribute("aria-current", "true")
    expect(gap).to_contain_text("Mäuschen 鼠 🐁 is not found in 7 frames")
    traced = page.get_by_role("list", name="Tracks in the traces").get_by_role("listitem")
    expect(traced).to_have_text(["Mäuschen 鼠 🐁"])
    page.keyboard.press("u")
    wait_for_repairs(page, 0)
    expect(tracks.first).to_contain_text(names[0])
    expect(gap).to_have_attribute("aria-current", "true")


def test_half_a_range_goes_on_to_the_end(project, shared_server, page):
    project, path, _, _ = project
    before = load_poses(path)["position"].values
    open_page(page, shared_server, project)
    go_to(page, 20)
    page.keyboard.press("[")
    choose(page, 1)
    expect(page.get_by_text("from frame 20 on")).to_be_visible()
    page.keyboard.press("Delete")
    wait_for_repairs(page, 1)
    after = load_poses(path)["position"].values
    np.testing.assert_array_equal(after[:20], before[:20])
    assert np.isnan(after[20:, ..., 0]).all()
    np.testing.assert_array_equal(after[20:, ..., 1:], before[20:, ..., 1:])


def test_undo_shows_what_it_took_back(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    go_to(page, 100)
    page.keyboard.press("[")
    choose(page, 1)
    page.keyboard.press("Delete")
    wait_for_repairs(page, 1)
    go_to(page, 5)
    page.keyboard.press("u")
    expect(page.get_by_test_id("frame-number")).to_have_text("frame 100")

    queue = page.get_by_role("region", name="Issues").get_by_role("button")
    page.keyboard.press("e")
    confirmed = queue.and_(page.locator("[aria-current=true]")).inner_text()
    page.keyboard.press("c")
    wait_for_repairs(page, 1)
    page.keyboard.press("u")
    wait_for_repairs(page, 0)
    expect(queue.and_(page.locator("[aria-current=true]"))).to_have_text(
        re.compile(re.escape(confirmed.splitlines()[1]))
    )


def test_after_a_conflict_the_next_repair_works(project, shared_server, new_page):
    project, path, *_ = project
    one, two = new_page(), new_page()
    for page in (one, two):
        open_page(page, shared_server, project)
        choose(page, 1)
        choose(page, 2, second=True)
    one.keyboard.press("x")
    wait_for_repairs(one, 1)
    content = path.read_bytes()
    two.keyboard.press("x")
    expect(two.get_by_text("Somebody else changed")).to_be_visible()
    wait_for_repairs(two, 1)
    assert path.read_bytes() == content
    two.keyboard.press("x")
    wait_for_repairs(two, 2)


def test_a_single_track_that_is_left_is_found_again(project, shared_server, page):
    project, path, *_ = project
    path.rename(path.with_name("three mice.nc"))
    open_page(page, shared_server, project)
    tracks = page.get_by_role("list", name="Tracks").get_by_role("button")
    for left in (2, 1):
        choose(page, 1)
        page.keyboard.press("Delete")
        expect(tracks).to_have_count(left)
    page.get_by_role("link", name="Overview").first.click()
    expect(tracks).to_have_count(0)
    page.get_by_role("link", name="Proofread").first.click()
    expect(tracks).to_have_count(1)
    page.keyboard.press("u")
    expect(tracks).to_have_count(2)


def test_the_page_is_whole_again_when_the_connection_is(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    page.context.set_offline(True)
    go_to(page, FIRST_SWAP)
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_test_id("image-layer")).to_have_attribute("data-frame", str(FIRST_SWAP))
    expect(page.get_by_text("The server does not answer")).to_have_count(0)


def test_the_view_is_close_to_an_issue_until_one_wants_all_of_it(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    image = page.get_by_test_id("image-layer")
    whole = image.get_attribute("data-view")
    page.keyboard.press("e")
    expect(image).not_to_have_attribute("data-view", whole)
    close = image.get_attribute("data-view")
    choose(page, 2)  # choosing leaves the view where it is
    expect(image).to_have_attribute("data-view", close)
    page.keyboard.press("f")
    expect(image).to_have_attribute("data-view", whole)


def colours_in_traces(page):
    """Return how many pixels of the traces have each colour."""
    return page.get_by_test_id("traces").evaluate(
        """canvas => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const counts = new Map();
            for (let at = 0; at < data.length; at += 4) {
                const colour = data.slice(at, at + 3).join();
                counts.set(colour, (counts.get(colour) ?? 0) + 1);
            }
            return Object.fromEntries(counts);
        }"""
    )


def test_traces_are_those_of_the_chosen_tracks(project, shared_server, page):
    project, *_, names = project
    open_page(page, shared_server, project)
    traces = page.get_by_test_id("traces")
    traced = page.get_by_role("list", name="Tracks in the traces").get_by_role("listitem")
    expect(traced).to_have_text(names)
    expect(traces).to_have_attribute("data-state", "complete")
    of_all = colours_in_traces(page)
    choose(page, 2)
    expect(traced).to_have_text([names[1]])
    repainted(page)
    # Lines have rims of mixed colours; fewer tracks leave fewer of them.
    assert len(colours_in_traces(page)) < len(of_all)
    choose(page, 3, second=True)
    expect(traced).to_have_text([names[1], names[2]])
    page.keyboard.press("x")
    wait_for_repairs(page, 1)
    # The summary that traces are drawn from is made anew after a repair.
    expect(traces).to_have_attribute("data-state", "complete")
    page.keyboard.press("r")
    expect(traces).to_have_count(0)
    page.reload()
    page.wait_for_selector('[data-testid=lanes][data-state="complete"]')
    expect(traces).to_have_count(0)
    page.keyboard.press("r")
    expect(traces).to_have_attribute("data-state", "complete")


def test_the_ruler_stays_where_lanes_are_scrolled(project, shared_server, new_page):
    project, path, truth, _ = project
    groups = [truth.assign_coords(individual=[f"{group}{i}" for i in range(3)]) for group in "abcd"]
    path.unlink()
    save_poses(xr.concat(groups, "individual").assign_attrs(truth.attrs), path)
    page = new_page(size={"width": 1280, "height": 720})
    open_page(page, shared_server, project)
    ruler, lanes = page.get_by_test_id("ruler"), page.get_by_test_id("lanes")
    before, bars = ruler.bounding_box(), lanes.bounding_box()
    tracks = page.get_by_role("list", name="Tracks").get_by_role("button")
    expect(tracks).to_have_count(12)
    tracks.last.click()
    repainted(page)
    after, moved = ruler.bounding_box(), lanes.bounding_box()
    assert moved["y"] < bars["y"] - before["height"]
    assert after == before
    assert (after["x"], after["width"]) == (moved["x"], moved["width"])
    # It lies above the lanes and is pressed as they are; a track that is chosen does not hide below it.
    ruler.click(position={"x": after["width"] / 2, "y": after["height"] / 2})
    expect(page.get_by_test_id("frame-number")).to_have_text(f"frame {SPEC.n_frames // 2}")
    choose(page, 1)
    repainted(page)
    assert tracks.first.bounding_box()["y"] >= after["y"] + after["height"]


def test_animals_are_followed_as_one_says(project, shared_server, page):
    project, path, truth, _ = project
    raw = append_history(truth.assign_attrs(source_file="three mice.mp4"), "predict", run="first")
    path.unlink()
    save_poses(raw, project.predictions_folder / "three mice.nc")
    open_page(page, shared_server, project)
    page.get_by_role("button", name="Follow the animals").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of animals").fill("3")
    dialog.get_by_label("Animals come and go").select_option("no")
    dialog.get_by_role("button", name="Follow the animals").click()
    expect(dialog).to_have_count(0)
    which = page.get_by_label("Which tracks")
    expect(which.get_by_role("option", name="three mice-tracks")).to_have_count(1)
    assert load_poses(path).sizes["individual"] == 3


def test_all_repaired_frames_become_labels_when_asked_for(project, shared_server, page):
    project, *_ = project
    open_page(page, shared_server, project)
    page.keyboard.press("Shift+L")
    expect(page.get_by_text("No frame was repaired yet")).to_be_visible()
    choose(page, 1)
    choose(page, 2, second=True)
    for done, frame in enumerate((FIRST_SWAP, SECOND_SWAP), start=1):
        go_to(page, frame)
        page.keyboard.press("x")
        wait_for_repairs(page, done)
    page.keyboard.press("Shift+L")
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(f"{FIRST_SWAP}, {SECOND_SWAP}")
    question.get_by_role("button", name="Learn from 2 frames").click()
    expect(page.get_by_text("2 frames labelled with these poses")).to_be_visible()
    assert project.extracted_frames("three mice") == [FIRST_SWAP, SECOND_SWAP]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_looks_as_it_should(project, shared_server, new_page, screenshots, theme):
    project, *_ = project
    page = new_page(theme=theme)
    open_page(page, shared_server, project)
    page.keyboard.press("e")
    expect(page.get_by_role("region", name="Issues").locator("[aria-current]")).to_be_visible()
    frame = page.get_by_test_id("frame-number").inner_text().removeprefix("frame ")
    expect(page.get_by_test_id("image-layer")).to_have_attribute("data-frame", frame)
    expect(page.get_by_test_id("overlay")).to_have_attribute("data-pose", "there")
    expect(page.get_by_test_id("lanes")).to_have_attribute("data-state", "complete")
    expect(page.get_by_test_id("traces")).to_have_attribute("data-state", "complete")
    page.screenshot(path=screenshots / f"proofread-tracks-{theme}.png")
    expect_usable(page)
