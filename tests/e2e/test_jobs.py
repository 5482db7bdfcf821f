"""What jobs make shows up, however late the page hears of them."""

import time

import pytest
from label_bench import make_project

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

WITHIN_S = 120


@pytest.mark.parametrize("is_list_late", [False, True], ids=["stream late", "list and stream late"])
def test_a_job_that_ends_before_the_page_hears_of_it(shared_root, shared_server, page, is_list_late):
    name = f"jobs {is_list_late}"
    key = shared_server.open_project(make_project(shared_root / name).root)
    held = []
    late = ("**/api/jobs/stream", *(["**/api/jobs"] if is_list_late else []))
    for pattern in late:
        page.route(pattern, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    page.goto(shared_server.address(f"p/{key}/frames"))
    page.get_by_label("How many more").fill("1")
    page.get_by_text("Evenly spaced").click()
    page.get_by_text("5 frames, 0 labelled").wait_for()
    with page.expect_response("**/extractions") as response:
        page.get_by_role("button", name="Choose frames").click()
    job = response.value.json()["id"]
    end = time.monotonic() + WITHIN_S
    while shared_server.ask(f"jobs/{job}")["status"] != "done":
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    for route in held:
        route.continue_()
    for pattern in late:
        page.unroute(pattern)
    page.get_by_text("6 frames, 0 labelled").wait_for()
