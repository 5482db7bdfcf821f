import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.networks import View, ViewPlan, plan_views
from marey.networks.views import MAX_ENLARGEMENT, MULTIPLE, fit_view, plan_views_of_several


def boxes(side: float, n: int = 10) -> np.ndarray:
    return np.tile([50.0, 40.0, 50.0 + side, 40.0 + side / 2], (n, 1))


@given(
    st.integers(-500, 500), st.integers(-500, 500), st.floats(0.05, 4), st.integers(1, 20), st.integers(0, 99)
)
def test_to_view_undoes_to_frame(x0, y0, scale, sides, seed):
    view = View((x0, y0), scale, (MULTIPLE * sides, MULTIPLE))
    points = np.random.default_rng(seed).uniform(-1e3, 1e3, (4, 3, 2))
    np.testing.assert_allclose(view.to_frame(view.to_view(points)), points, atol=1e-8)


def test_at_half_scale_by_hand():
    view = View((10, 20), 0.5, (64, 32))
    assert view.box == (10, 20, 128, 64)
    # Two frame pixels, 10 and 11, become network pixel 0, whose centre lies between theirs.
    np.testing.assert_allclose(view.to_view(np.array([10.5, 20.5])), [0, 0])
    np.testing.assert_allclose(view.to_frame(np.array([63.0, 31.0])), [136.5, 82.5])


def test_at_full_scale_a_cut_is_a_slice():
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    np.testing.assert_array_equal(View((7, 9), 1.0, (64, 32)).cut(image), image[9:41, 7:71])


def test_outside_of_the_frame_is_black():
    image = np.full((20, 30, 3), 200, np.uint8)
    cut = View((-10, -4), 1.0, (64, 32)).cut(image)
    assert (cut[4:24, 10:40] == 200).all()
    assert cut.sum() == image.sum()
    assert View((500, 500), 1.0, (32, 32)).cut(image).sum() == 0


@pytest.mark.parametrize(
    ("frame_size", "scale"), [((1279, 719), 256 / 1279), ((333, 251), 0.61), ((70, 50), 1.7)]
)
def test_points_follow_the_pixels_of_a_cut(frame_size, scale):
    size = tuple(int(np.ceil(side * scale / MULTIPLE)) * MULTIPLE for side in frame_size)
    view = fit_view(frame_size, size, scale)
    x, y = np.meshgrid(np.arange(frame_size[0]), np.arange(frame_size[1]))
    for share in (0.25, 0.75):
        center = np.array(frame_size) * share
        blob = 255 * np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * (4 / min(1, scale)) ** 2))
        cut = view.cut(np.repeat(blob[..., None], 3, axis=2).astype(np.uint8))[..., 0].astype(float)
        v, u = np.indices(cut.shape)
        found = np.array([(cut * u).sum(), (cut * v).sum()]) / cut.sum()
        assert np.abs(found - view.to_view(center)).max() < 0.1


def test_a_frame_that_does_not_fit_is_shown_smaller():
    assert fit_view((640, 480), (320, 256), 0.5).scale == 0.5
    assert fit_view((1280, 480), (320, 256), 0.5).scale == 0.25
    assert fit_view((100, 480), (320, 256), 2.0).scale == pytest.approx(256 / 480)


def test_a_small_animal_in_a_large_frame_is_measured_in_a_crop_at_full_resolution():
    plan = plan_views(boxes(60), (1280, 1024))
    assert plan.kind == "crop"
    assert plan.scale == 1
    assert min(plan.size) > 60
    assert max(plan.locate_size) <= 256
    assert "crop of 128×128 at full resolution" in plan.reason


def test_a_large_animal_is_scaled_down_in_its_crop():
    plan = plan_views(boxes(500), (2000, 2000))
    assert plan.kind == "crop"
    assert plan.size == (256, 256)
    assert 500 * plan.scale < 256
    assert f"scale {plan.scale:.2f}" in plan.reason


@pytest.mark.parametrize(
    ("side", "frame_size"), [(400, (500, 400)), (50, (200, 150)), (0, (30, 500)), (3, (101, 77))]
)
def test_a_filled_or_small_frame_is_measured_at_once(side, frame_size):
    plan = plan_views(boxes(side), frame_size, whole_side=512)
    assert plan.kind == "whole"
    assert all(length % MULTIPLE == 0 for length in plan.size)
    assert plan.locate_size == plan.size


def test_without_labels_the_whole_frame_is_measured():
    for nothing in (np.empty((0, 4)), np.full((3, 4), np.nan)):
        plan = plan_views(nothing, (1281, 719), whole_side=256)
        assert plan.kind == "whole"
        assert plan.size == (256, 160)
        assert plan.scale == pytest.approx(256 / 1281)


@pytest.mark.parametrize("radius", [55, 67.6, 73, 90, 110])
def test_the_room_that_whole_sides_leave_shows_animals_larger(radius):
    plan = plan_views_of_several(np.full(9, radius), (1280, 1024))
    assert plan.size[0] % MULTIPLE == 0
    assert plan.scale >= 1
    shown = plan.size[0] / plan.scale  # frame pixels
    assert 2 * radius * 1.05 < shown < 2 * radius * 1.3, "an animal however it is turned, and little more"
    assert plan.size[0] - shown <= MULTIPLE, "no more pixels than at full resolution"


def test_of_several_a_large_animal_is_shown_smaller_and_a_tiny_one_only_so_much_larger():
    large = plan_views_of_several(np.full(9, 300.0), (2000, 2000))
    assert large.size == (256, 256)
    assert 600 * large.scale < 256
    tiny = plan_views_of_several(np.full(9, 4.0), (400, 300))
    assert tiny.scale == MAX_ENLARGEMENT
    assert "a crop of 96×96 enlarged 1.25 times" in tiny.reason
    nobody = plan_views_of_several(np.empty(0), (400, 300))
    assert nobody.size == tiny.size


def test_an_animal_of_one_keypoint_has_no_extent_and_still_gets_a_crop():
    plan = plan_views(boxes(0), (1280, 1024))
    assert plan.kind == "crop"
    assert plan.size == (128, 128)


def test_every_input_size_suits_the_network():
    for width, height, side in [(1279, 333, 41), (4096, 2160, 700), (640, 480, 90), (801, 4000, 33)]:
        plan = plan_views(boxes(side), (width, height))
        assert all(length % MULTIPLE == 0 for length in (*plan.size, *plan.locate_size))


def test_crop_views_are_centred_to_the_nearest_pixel():
    plan = plan_views(boxes(60), (1280, 1024))
    view = plan.crop_view((400.3, 300.8))
    assert all(isinstance(side, int) for side in view.corner)
    middle = view.to_frame((np.array(view.size) - 1) / 2)
    assert np.abs(middle - [400.3, 300.8]).max() <= 1


def test_a_plan_survives_json():
    plan = plan_views(boxes(60), (1280, 1024))
    assert ViewPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    parts = ViewPlan("whole", (640, 480), 0.5, (320, 256), 0.5, (320, 256), part_size=(128, 128))
    assert ViewPlan.from_dict(json.loads(json.dumps(parts.to_dict()))) == parts
    without = {name: value for name, value in plan.to_dict().items() if name != "part_size"}
    assert ViewPlan.from_dict(without) == plan, "plans that were written before parts were known"


def test_a_part_of_a_frame_is_seen_at_the_scale_of_the_whole():
    plan = ViewPlan("whole", (640, 480), 0.5, (320, 256), 0.5, (320, 256), part_size=(128, 96))
    for frame_size in ((640, 480), (320, 240), (1280, 960)):
        part = plan.part_view(frame_size)
        assert part.size == (128, 96)
        assert part.scale == plan.locate_view(frame_size).scale
