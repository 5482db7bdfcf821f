"""The label page in a real browser: what a person does, and what lies on disk afterwards."""

import re
import time

import numpy as np
import pytest
from label_bench import HEIGHT, MOUSE_12, VIDEO, WIDTH, LabelHand, labels_on_disk, make_project, mouse_at

from marey.model import LabeledFrame, Origin, Visibility
from marey.project import Project

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

WITHIN_S = 120
"""How long something may take that happens on the server, on a slow machine."""
KEEP_LEASES = """
const ask = window.fetch;
window.leases = [];
window.fetch = async (...args) => {
    const answer = await ask(...args);
    if (answer.url.endsWith('/lease')) window.leases.push(await answer.clone().json());
    return answer;
};
"""
"""Run in a page before its own code: keeps what the server said to this page about who else is there."""


@pytest.fixture
def desk(shared_root, shared_server, request, page):
    """A project with five frames to label, its server, and a hand at the first of them."""
    project = make_project(shared_root / request.node.name)
    hand = LabelHand(page, shared_server, shared_server.open_project(project.root)).open(2)
    return project, shared_server, hand


def place_all(hand, frame):
    for x, y in mouse_at(frame):
        hand.click(x, y)


def introduce(hand, name):
    """Say in the settings who labels at this browser."""
    hand.page.goto(hand.server.address(f"p/{hand.project}/settings"))
    field = hand.page.get_by_label("Your name")
    expect(field).not_to_have_value("")  # the usual name comes from the server, and would mix with this one
    field.fill(name)
    field.blur()


def wait_for_table(project, frame):
    """Wait until the server has written what it journalled into the table of labels."""
    deadline = time.monotonic() + WITHIN_S
    while frame not in labels_on_disk(project):
        assert time.monotonic() < deadline, "the table of labels was never written"
        time.sleep(0.2)


def write_past_the_server(project, frame, instance):
    """Write labels as another program would."""
    fresh = Project.open(project.root)
    others = [item for item in fresh.load_labels(VIDEO).frames if item.frame != frame]
    image = fresh.frame_images(VIDEO).get(frame)
    frames = [*others, LabeledFrame(VIDEO, frame, (instance,), image)]
    fresh.save_labels(VIDEO, frames, author="another tool")


def test_twelve_keypoints_from_scratch_take_at_most_thirteen_inputs(desk):
    _, _, hand = desk
    hand.n_inputs = 0
    place_all(hand, 2)
    hand.press("Space")
    hand.wait_for_frame(8)
    assert hand.n_inputs <= 13
    found = hand.saved(2)[0]
    assert (found.visibility == Visibility.VISIBLE).all()
    assert (found.origin == Origin.PERSON).all()
    zoom = 2.5  # of this image on this screen, at least; a click is exact to a pixel of the screen
    assert np.abs(found.points - mouse_at(2)).max() < 1 / zoom


def test_occluded_absent_and_the_way_back(desk):
    _, _, hand = desk
    expect(hand.next_step).to_contain_text("nose")
    hand.click(100, 100)
    hand.click(110, 90, holding="Shift")
    hand.press("q")
    hand.expect_states("visible", "occluded", "absent", "unlabeled")
    hand.click(100, 100, button="right")
    hand.expect_states("occluded")
    hand.press("Control+z")
    hand.expect_states("visible", "occluded", "absent", "unlabeled")
    for _ in range(3):
        hand.press("Control+z")
    hand.expect_all("unlabeled")
    for _ in range(3):
        hand.press("Control+Shift+z")
    found = hand.saved(2)[0]
    assert found.visibility[:4].tolist() == [
        Visibility.VISIBLE,
        Visibility.OCCLUDED,
        Visibility.ABSENT,
        Visibility.UNLABELED,
    ]


def test_proposed_points_are_refined_with_clicks_and_accepted_with_space(desk):
    _, _, hand = desk
    place_all(hand, 2)
    hand.press("Space")
    hand.wait_for_frame(8)
    hand.press("c")
    hand.expect_all("proposed")
    hand.hover(*(mouse_at(2)[11] + 4))
    expect(hand.next_step).to_contain_text(re.compile(r"Click moves\s*tail tip"))
    hand.click(*(mouse_at(2)[11] + 4))
    hand.expect_all("visible", 1)
    origins = hand.saved(8)[0].origin
    assert (origins[:11] == Origin.MODEL).all()
    assert origins[11] == Origin.PERSON
    hand.press("Space")
    hand.wait_for_frame(14)
    assert (hand.saved(8)[0].origin[:11] == Origin.ACCEPTED).all()


def test_the_nearest_labelled_frame_is_copied_where_work_is_taken_up_again(desk):
    _, _, hand = desk
    place_all(hand, 2)
    hand.saved(2)
    hand.page.reload()
    hand.jump(14)
    hand.click(*mouse_at(14)[0])  # begun here: there is still a frame to copy the rest from
    hand.press("c")
    hand.expect_all("proposed", len(MOUSE_12) - 1)
    found = hand.saved(14)[0]
    assert np.allclose(found.points[1:], hand.saved(2)[0].points[1:])
    assert found.origin[0] == Origin.PERSON


def test_an_address_counts_while_another_frame_is_on_its_way(desk):
    _, _, hand = desk
    held = []
    hand.page.route("**/labels/*/2", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with hand.page.expect_request("**/labels/*/2"):
        hand.page.reload()
    hand.jump(14)
    for route in held:
        route.continue_()
    hand.page.unroute("**/labels/*/2")
    hand.click(*mouse_at(14)[0])
    assert hand.saved(14)
    assert hand.page.url.endswith("frame=14")
    hand.jump(2)
    hand.jump(14)


def test_a_page_that_loads_says_so(desk):
    _, _, hand = desk
    page = hand.page
    held = []
    page.route("**/frames", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    page.reload()
    queue = page.get_by_role("region", name="Frames")
    expect(queue.get_by_role("status")).to_have_text("Loading…")
    expect(page.locator(".label-stage").get_by_role("status")).to_have_text("Opening the frame…")
    page.keyboard.press("n")
    for claim in ("All frames", "No frame is like that", "Complete", "Every frame", "0 of 0"):
        expect(page.get_by_text(claim)).to_have_count(0)
    for route in held:
        route.continue_()
    page.unroute("**/frames")
    hand.wait_for_frame(2)
    expect(queue.get_by_text("0 of 5")).to_be_visible()
    expect(page.get_by_text("Opening the frame…")).to_have_count(0)


def test_a_queue_that_does_not_come_is_not_called_empty(desk):
    _, _, hand = desk
    page = hand.page
    page.route(
        "**/frames",
        lambda route: route.fulfill(
            status=500, json={"error": {"kind": "Error", "message": "the disk is gone"}}
        ),
    )
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The disk is gone")
    expect(page.get_by_text("No frames to label yet")).to_have_count(0)


def test_tab_moves_another_point(desk):
    _, _, hand = desk
    place_all(hand, 2)
    hand.press("Space")
    hand.wait_for_frame(8)
    hand.press("c")
    hand.expect_all("proposed")
    hand.hover(*(mouse_at(2)[0] + 3))
    moves = hand.next_step.locator("strong")
    expect(moves).to_have_text("nose")
    hand.press("Tab")
    expect(moves).not_to_have_text("nose")
    expect(hand.next_step).to_contain_text("Click moves")


def test_dragging_nudging_and_moving_the_animal(desk):
    _, _, hand = desk
    place_all(hand, 2)
    before = mouse_at(2)
    hand.drag(before[0], before[0] + 12)
    hand.press("Shift+ArrowRight")
    hand.press("Shift+ArrowRight")
    moved = hand.saved(2)[0].points
    np.testing.assert_allclose(moved[0], before[0] + [14, 12], atol=0.8)
    np.testing.assert_allclose(moved[1:], before[1:], atol=0.8)
    hand.page.keyboard.down("Alt")
    hand.drag(moved[3], moved[3] + [0, -20])
    hand.page.keyboard.up("Alt")
    np.testing.assert_allclose(hand.saved(2)[0].points, moved + np.array([0, -20]), atol=0.8)


def test_a_second_animal_and_swapped_sides(desk):
    _, _, hand = desk
    place_all(hand, 2)
    hand.press("2")
    hand.click(50, 50)
    hand.press("1")
    hand.press("m")
    first, second = hand.saved(2)
    np.testing.assert_allclose(first.points[1], mouse_at(2)[2], atol=0.8)
    assert second.visibility.tolist() == [Visibility.VISIBLE] + [Visibility.UNLABELED] * 11


def test_every_animal_is_chosen_and_named(shared_root, shared_server, page):
    project = make_project(shared_root / "named", individuals=("Ada", "Bob"))
    hand = LabelHand(page, shared_server, shared_server.open_project(project.root)).open(2)
    # A third animal has no name, and can be chosen all the same.
    for number, place in (("1", 50), ("2", 80), ("3", 110)):
        hand.press(number)
        hand.click(place, 50)
    animals = page.get_by_role("region", name="Parts").locator(".animal")
    expect(animals).to_have_text(["1Ada", "2Bob", "3animal", "4new"])
    hand.press("1")
    hand.press("3")
    expect(animals.nth(2)).to_have_attribute("aria-pressed", "true")

    def places():
        return {animal.individual: round(animal.points[0, 0]) for animal in hand.saved(2)}

    assert places() == {"Ada": 50, "Bob": 80, None: 110}
    # The two were taken for each other: one key puts it right, and another takes it back.
    hand.press("1")
    hand.press("e")
    expect(animals.nth(1)).to_have_attribute("aria-pressed", "true")
    assert places() == {"Ada": 80, "Bob": 50, None: 110}
    hand.press("Control+z")
    expect(hand.page.get_by_label("This is")).to_have_value("Ada")
    assert places() == {"Ada": 50, "Bob": 80, None: 110}
    # The choice says the same in words.
    hand.press("3")
    page.get_by_label("This is").select_option("Bob")
    assert places() == {"Ada": 50, "Bob": 110, None: 80}


def colour_at(hand, x, y):
    """Return the colour that is drawn over a point of the image."""
    return hand.page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector('[data-testid=overlay]');
            const box = canvas.getBoundingClientRect();
            const ratio = canvas.width / box.width;
            const at = [(x - box.left) * ratio, (y - box.top) * ratio].map(Math.round);
            const [r, g, b] = canvas.getContext('2d').getImageData(...at, 1, 1).data;
            return '#' + [r, g, b].map((value) => value.toString(16).padStart(2, '0')).join('');
        }""",
        hand.to_screen(x, y),
    )


def expect_colours(hand, *colours):
    """Wait until the points at (50, 50), (80, 50) and so on have these colours."""
    deadline = time.monotonic() + WITHIN_S
    while (seen := tuple(colour_at(hand, 50 + 30 * i, 50) for i in range(len(colours)))) != colours:
        assert time.monotonic() < deadline, f"colours are {seen}"
        time.sleep(0.2)


def test_colours_tell_keypoints_or_animals_apart(desk):
    _, _, hand = desk
    page = hand.page
    settings = page.get_by_role("button", name="Picture and settings")
    settings.click()
    colours = page.get_by_label("Colours")
    expect(page.get_by_label("On the next frame")).to_be_visible()
    expect(colours).to_have_count(0)  # there is one animal
    settings.click()
    for number, place in (("1", 50), ("2", 80)):
        hand.press(number)
        hand.click(place, 50)
    hand.hover(200, 200)
    blue, orange, green = "#56b4e9", "#e69f00", "#009e73"
    swatches = page.locator(".animal__colour")
    nose = colour_at(hand, 50, 50)
    expect_colours(hand, nose, nose)
    expect(swatches).to_have_count(0)
    settings.click()
    expect(colours).to_have_value("keypoint")
    colours.select_option("animal")
    page.keyboard.press("Escape")
    expect_colours(hand, blue, orange)
    drawn = swatches.evaluate_all("all => all.map((one) => one.style.background)")
    assert [re.findall(r"\d+", colour) for colour in drawn] == [
        [str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)] for colour in (blue, orange, green)
    ]
    hand.wait_until_saved()
    page.reload()
    hand.wait_for_frame(2)
    expect_colours(hand, blue, orange)


def test_the_strip_shows_the_video_and_goes_there(desk):
    _, _, hand = desk
    strip = hand.page.get_by_test_id("film-strip")
    expect(strip).to_have_accessible_name(f"{VIDEO}: 0 of 5 frames of the queue are labelled")
    place_all(hand, 2)
    expect(strip).to_have_accessible_name(f"{VIDEO}: 1 of 5 frames of the queue are labelled")

    def click(frame, *, beside_px=0):
        box = strip.bounding_box()
        strip.click(position={"x": (frame + 0.5) / 30 * box["width"] + beside_px, "y": 10})

    click(14, beside_px=4)  # near a frame of the queue, it is meant
    hand.wait_for_frame(14)
    click(17)  # and any other frame can be seen as well
    hand.wait_for_frame(17)


def test_two_people_at_one_frame_lose_nothing(desk, new_page):
    _, server, ada = desk
    place_all(ada, 2)
    ada.wait_until_saved()
    other = new_page()
    bob = LabelHand(other, server, ada.project)
    introduce(ada, "Ada")
    introduce(bob, "Bob")
    ada.open(2)
    bob.open(2)
    expect(other.locator("[data-testid=companion]")).to_have_text("Also here: Ada")
    expect(ada.page.locator("[data-testid=companion]")).to_have_text("Also here: Bob")
    where = mouse_at(2)
    # They move different points, neither seeing the other: both count, and nobody is asked.
    ada.drag(where[0], where[0] + [8, 0])
    ada.wait_until_saved()
    bob.drag(where[11], where[11] + [0, 8])
    points = bob.saved(2)[0].points
    np.testing.assert_allclose(points[0], where[0] + [8, 0], atol=0.8)
    np.testing.assert_allclose(points[11], where[11] + [0, 8], atol=0.8)
    expect(other.locator("[data-testid=conflicts]")).to_have_count(0)
    # They move the same point: what was saved first stays until the second decides.
    ada.drag(where[5], where[5] + [0, 15])
    ada.wait_until_saved()
    bob.drag(where[5], where[5] + [15, 0])
    expect(other.locator("[data-testid=conflicts]")).to_contain_text("right shoulder")
    np.testing.assert_allclose(bob.saved(2)[0].points[5], where[5] + [0, 15], atol=0.8)
    other.click("text=Use mine")
    other.wait_for_selector("[data-testid=conflicts]", state="detached")
    np.testing.assert_allclose(bob.saved(2)[0].points[5], where[5] + [15, 0], atol=0.8)
    labels = server.ask(f"projects/{ada.project}/labels/{VIDEO}/2")["instances"][0]["points"]
    assert [labels[k]["author"] for k in (0, 5, 11)] == ["Ada", "Bob", "Bob"]


def test_a_page_that_is_loaded_again_is_nobody_else_and_a_second_tab_is(desk):
    _, _, hand = desk
    page, companion = hand.page, hand.page.get_by_test_id("companion")
    page.add_init_script(KEEP_LEASES)  # not what the page that is left still hears
    for _ in range(2):
        page.reload()
        page.wait_for_function("() => leases.length > 0")
        assert page.evaluate("() => leases[0].others") == []
    hand.wait_for_frame(2)
    expect(companion).to_have_count(0)
    # A tab that another one opens takes a copy of its storage along, like one that is duplicated.
    with page.expect_popup() as opened:
        page.evaluate("() => { window.open(location.href); }")
    expect(opened.value.get_by_test_id("companion")).to_contain_text("Also here")
    expect(companion).to_contain_text("Also here")
    opened.value.close()


def test_what_another_tool_writes_meanwhile_is_kept(desk):
    project, _, hand = desk
    theirs = hand.place_and_save(mouse_at(2)[:1])
    theirs.points[6], theirs.visibility[6] = (200.0, 100.0), Visibility.VISIBLE
    wait_for_table(project, 2)
    write_past_the_server(project, 2, theirs)
    hand.click(*mouse_at(2)[1])
    expect(hand.page.locator(".part[data-state=visible]")).to_have_count(3)
    points = hand.saved(2)[0].points
    assert points[6].tolist() == [200.0, 100.0]
    np.testing.assert_allclose(points[1], mouse_at(2)[1], atol=0.8)


def test_a_killed_server_costs_nothing(tmp_path, serve, page, reserved_port):
    project = make_project(tmp_path)
    server = serve(project.root, port=reserved_port)
    hand = LabelHand(page, server, server.open_project(project.root)).open(2)
    where = mouse_at(2)
    for x, y in where[:6]:
        hand.click(x, y)
    hand.wait_until_saved()
    server.kill()
    again = serve(project.root)
    found = again.ask(f"projects/{hand.project}/labels/{VIDEO}/2")["instances"][0]["points"]
    assert [point["visibility"] for point in found] == ["visible"] * 6 + ["unlabeled"] * 6
    again.stop()
    # What the dead server could not take stays with the page, and the next server gets it.
    hand.click(*where[6])
    page.wait_for_selector("[data-testid=save]:has-text('does not answer')")
    page.on("dialog", lambda dialog: dialog.accept())
    third = serve(project.root, port=server.port)
    hand = LabelHand(page, third, hand.project).open(2)
    expect(page.locator(".part[data-state=visible]")).to_have_count(7)
    np.testing.assert_allclose(hand.saved(2)[0].points[:7], where[:7], atol=0.8)
    third.stop()
    np.testing.assert_allclose(labels_on_disk(project)[2].instances[0].points[:7], where[:7], atol=0.8)


def test_the_queue_filters_and_goes_to_what_is_left(desk):
    _, _, hand = desk
    page = hand.page
    place_all(hand, 2)
    hand.press("n")
    hand.wait_for_frame(8)
    hand.press("r")
    page.wait_for_selector(".queue-item--current .queue-item__flag")
    page.select_option("select[aria-label='Which frames to show']", "review")
    expect(page.locator(".queue-item")).to_have_count(1)
    page.select_option("select[aria-label='Which frames to show']", "unlabeled")
    expect(page.locator(".queue-item")).to_have_count(4)
    hand.press("ArrowRight")
    hand.wait_for_frame(14)
    hand.press("a")
    hand.wait_for_frame(8)
    hand.press("g")
    expect(page.get_by_label("Frame", exact=True)).to_be_focused()
    page.keyboard.type("21")
    page.keyboard.press("Enter")
    hand.wait_for_frame(21)
    expect(page.locator("[data-testid=frame-number]")).to_contain_text("frame 21")


def test_keys_can_be_changed_on_the_sheet_they_are_listed_on(desk):
    _, _, hand = desk
    page = hand.page
    hand.press("?")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Accept what is proposed")
    change = sheet.get_by_role("button", name="Change the key for: The part is not in the image")
    change.click()
    expect(change).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    expect(page.locator(".key-sheet__problem")).to_contain_text("taken")
    change.click()
    expect(change).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("k")
    expect(change).to_have_text(re.compile("k$", re.IGNORECASE))
    sheet.get_by_role("button", name="Done").click()
    expect(sheet).to_have_count(0)
    page.keyboard.press("q")
    page.keyboard.press("k")
    hand.expect_states("absent", "unlabeled")  # by one key, and not by the other
    hand.wait_until_saved()
    page.reload()
    hand.wait_for_frame(2)
    hand.expect_states("absent", "unlabeled")
    page.keyboard.press("k")
    hand.expect_states("absent", "absent", "unlabeled")


def test_labelling_without_a_pointer(desk):
    _, _, hand = desk
    page = hand.page
    page.mouse.move(0, 0)
    page.keyboard.press("f")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    hand.expect_states("visible", "unlabeled")
    expect(page.locator("[role=status].visually-hidden").first).to_contain_text("Nudge nose")
    page.focus(".part >> nth=4")
    page.keyboard.press("Enter")
    expect(hand.next_step).to_contain_text("left shoulder")


def test_a_frame_without_an_animal(desk):
    _, _, hand = desk
    hand.press("0")
    assert hand.saved(2) == []
    expect(hand.next_step).not_to_contain_text("Complete")
    hand.press("Space")
    hand.wait_for_frame(8)


def test_messages_of_a_dialog_cover_none_of_its_buttons(desk, new_page):
    _, server, hand = desk
    page = new_page(size={"width": 1280, "height": 720})
    page.goto(server.address(f"p/{hand.project}/frames"))
    page.get_by_role("button", name="Pick by hand").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add this frame").click()
    dismiss = dialog.get_by_role("button", name="Dismiss")
    expect(dialog.locator(".toast")).to_have_text("Frame 0 added.")
    covered = dialog.evaluate(
        """(dialog) => [...dialog.querySelectorAll('button')].filter((button) => {
            const { x, y, width, height } = button.getBoundingClientRect();
            return !button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }).map((button) => button.textContent || button.ariaLabel)"""
    )
    assert covered == []
    dismiss.click()
    expect(page.locator(".toast")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(shared_root, shared_server, new_page, screenshots, theme):
    project = make_project(shared_root / theme, extracted=(2, 5, 8, 11, 14, 17, 20, 23, 26, 29))
    page = new_page(theme=theme)
    hand = LabelHand(page, shared_server, shared_server.open_project(project.root)).open(2)
    place_all(hand, 2)
    hand.press("Space")
    hand.wait_for_frame(5)
    hand.press("c")
    hand.expect_all("proposed")
    hand.hover(*(mouse_at(5)[0] + 6))
    hand.wait_until_saved()
    page.screenshot(path=screenshots / f"label-{theme}.png")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.screenshot(path=screenshots / f"label-keys-{theme}.png")


def test_the_image_of_the_project_has_its_size(desk):
    """The frame on the canvas is neither scaled on the way nor cut."""
    _, _, hand = desk
    size = hand.page.evaluate(
        """async () => {
            const entries = performance.getEntriesByType('resource');
            const url = entries.map(entry => entry.name).find(name => name.includes('.jpg'));
            const image = await createImageBitmap(await (await fetch(url)).blob());
            return [image.width, image.height];
        }"""
    )
    assert size == [WIDTH, HEIGHT]
    assert len(MOUSE_12) == 12
