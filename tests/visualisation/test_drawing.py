import numpy as np
import pytest

from marey.visualisation import RenderStyle
from marey.visualisation.drawing import Painter, Scene, opacity_of
from marey.visualisation.lettering import Stamp, draw_legend, draw_text, is_small
from marey.visualisation.views import View, plan_views

NAN = np.nan
WHOLE = View((-0.5, -0.5), 1.0, (64, 48))


def paint(points, row=0, *, style=None, view=WHOLE, edges=(), opacity=None, trail_rows=0, radius_90=None):
    points = np.asarray(points, dtype=float)
    style = style or RenderStyle(point_radius_px=3)
    scene = Scene(
        points=points,
        opacity=np.isfinite(points).all(axis=-1) * 1.0 if opacity is None else opacity,
        radius_90=radius_90,
        edges=np.array(edges, int).reshape(-1, 2),
        colours=np.full((*points.shape[1:3], 3), (255, 0, 0), np.uint8),
        edge_colours=np.full((points.shape[2], 3), (0, 255, 0), np.uint8),
        names=[],
        trail_rows=trail_rows,
    )
    image = np.full((view.size[1], view.size[0], 3), 128, np.uint8)
    Painter(scene, style, view.size).paint(image, row, view)
    return image


def centre_of_red(image):
    weight = np.clip(image[..., 0].astype(float) - image[..., 2], 0, None)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()


@pytest.mark.parametrize("at", [(20, 20), (20.5, 20.25), (33.3, 11.8)])
def test_points_are_drawn_between_pixels(at):
    image = paint([[[at]]])
    np.testing.assert_allclose(centre_of_red(image), at, atol=0.12)


def test_views_put_points_where_the_picture_has_them():
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[20:22, 30:32] = 255  # centred between pixels, at (30.5, 20.5)
    view = View((20.25, 10.75), 4.0, (80, 80))
    shown = view.show(picture)[..., 0].astype(float)
    y, x = np.mgrid[:80, :80]
    centre = (x * shown).sum() / shown.sum(), (y * shown).sum() / shown.sum()
    np.testing.assert_allclose(view.points(np.array([30.5, 20.5])), centre, atol=0.1)


def test_missing_and_invisible_points_leave_the_picture_alone():
    assert (paint([[[(NAN, NAN)], [(10, NAN)]]]) == 128).all()
    assert (paint([[[(10, 10)]]], opacity=np.zeros((1, 1, 1))) == 128).all()
    assert (paint([[[(-500, 1e6)], [(1e9, -1e9)]]], edges=[(0, 1)]) == 128).all()


def test_edges_need_both_ends():
    both = paint([[[(10, 24)], [(50, 24)]]], edges=[(0, 1)])
    assert both[24, 30, 1] > 200
    one = paint([[[(10, 24)], [(NAN, NAN)]]], edges=[(0, 1)])
    assert (one[:, 30] == 128).all()


def test_unsure_points_are_faint():
    sure, unsure = (paint([[[(20, 20)]]], opacity=np.full((1, 1, 1), v))[20, 20, 0] for v in (1.0, 0.3))
    assert sure == 255
    assert unsure == pytest.approx(128 + 0.3 * 127, abs=2)


def test_opacity_by_hand():
    points = np.array([[[(1, 1)], [(1, 1)], [(1, 1)], [(NAN, 1)]]])
    confidence = np.array([[[1.0], [0.2], [NAN], [0.9]]])
    style = RenderStyle(min_confidence=0.3)
    np.testing.assert_array_equal(opacity_of(points, confidence, style)[0, :, 0], [1, 0, 1, 0])
    faint = opacity_of(points, np.full((1, 4, 1), 0.5), RenderStyle())
    np.testing.assert_allclose(faint[0, :, 0], [0.625, 0.625, 0.625, 0])
    plain = opacity_of(points, confidence, RenderStyle(fade=False))
    np.testing.assert_array_equal(plain[0, :, 0], [1, 1, 1, 0])


def test_trails_fade_and_break_where_the_point_was_not_seen():
    path = np.stack([np.arange(61.0), np.full(61, 24.0)], axis=1)
    path[30:34] = NAN
    image = paint(path[:, None, None], row=60, trail_rows=60)
    redness = image[24, :, 0].astype(int) - image[24, :, 2]
    assert (redness[31:33] == 0).all()
    assert redness[50] > redness[20] > redness[5] > 0
    assert paint(path[:, None, None], row=60, trail_rows=10)[24, 20, 0] == 128


def test_the_circle_of_error_has_its_radius():
    image = paint([[[(32, 24)]]], radius_90=np.full((1, 1, 1), 15.0))
    assert image[24, 47, 0] > image[24, 47, 2] + 50
    assert image[24, 42, 0] == 128


def test_a_window_follows_steadily_and_holds_the_animal():
    rng = np.random.default_rng(0)
    walk = np.stack([np.linspace(50, 450, 200), np.full(200, 150.0)], axis=1)
    points = walk[:, None] + np.array([[-20, 0], [20, 0]]) + rng.normal(0, 3, (200, 2, 2))
    points[100:120] = NAN
    views = plan_views((500, 300), points[:, :, None], 30, RenderStyle(follow=True, scale=2))
    placed = np.stack([view.points(p) for view, p in zip(views, points, strict=True)])
    size = np.array(views[0].size)
    assert all(view.size == tuple(size) for view in views)
    known = placed[np.isfinite(placed).all(axis=-1)]
    assert ((known > 0) & (known < size)).all()
    corners = np.array([view.corner for view in views])
    assert np.abs(np.diff(corners, n=2, axis=0)).max() < 0.2, "the window shakes"


def test_a_window_has_the_animal_in_its_middle_and_stays_in_the_frame():
    body = np.array([[0, 0], [-8, 3], [-8, -3], [-60, 0]])  # three points at the head, one at the tail
    points = np.tile(np.array([250, 150]) + body, (90, 1, 1)).astype(float)
    points[40, 3] = 480, 20  # one wild point
    (view, *others) = plan_views((500, 300), points[:, :, None], 30, RenderStyle(follow=True))
    centre = np.array(view.corner) + view.size[0] / 2
    np.testing.assert_allclose(centre, (220, 150), atol=0.5)
    assert np.abs(np.array([v.corner for v in others]) - view.corner).max() < 3
    at_the_wall = plan_views((500, 300), points[:, :, None] + (245, 140), 30, RenderStyle(follow=True))
    for view in at_the_wall:
        assert np.array(view.corner) + np.array(view.size) == pytest.approx((499.5, 299.5), abs=0.6)
    (view, *_) = plan_views((500, 100), points[:, :, None], 30, RenderStyle(follow=True, follow_size_px=200))
    assert view.corner[1] == pytest.approx(-50.5)


def test_a_name_without_room_on_the_right_is_written_on_the_left():
    name = Stamp(np.full((7, 20, 3), 255), np.full((7, 20), 1.0))
    points = np.array([[[(50.0, 24.0)]]])
    scene = Scene(
        points=points,
        opacity=np.ones((1, 1, 1)),
        radius_90=None,
        edges=np.empty((0, 2), int),
        colours=np.zeros((1, 1, 3)),
        edge_colours=np.zeros((1, 3)),
        names=[name],
        trail_rows=0,
    )
    image = np.full((48, 64, 3), 128, np.uint8)
    Painter(scene, RenderStyle(point_radius_px=3), (64, 48)).paint(image, 0, WHOLE)
    written = np.flatnonzero((image == 255).all(axis=-1).any(axis=0))
    assert (written[0], written[-1]) == (26, 45)


def test_nothing_to_follow_shows_the_whole_frame():
    view = plan_views((101, 51), np.full((5, 2, 1, 2), NAN), 30, RenderStyle(follow=True))
    assert (view.corner, view.size) == ((-0.5, -0.5), (102, 52))


def test_every_alphabet_can_be_written():
    ink = draw_text("Nase links é Ω", 20)
    assert ink.max() == 1
    assert draw_text("é", 20).sum() != pytest.approx(draw_text("e", 20).sum())


def test_stamps_are_cut_off_at_the_border():
    image = np.zeros((10, 10, 3), np.uint8)
    stamp = Stamp(np.full((6, 6, 3), 200), np.full((6, 6), 0.5))
    for x, y in ((-3, -3), (7, 7), (20, 0), (-20, 0)):
        stamp.put(image, x, y)
    assert image[0, 0, 0] == image[9, 9, 0] == 100
    assert image[5, 5, 0] == 0


def test_a_long_legend_takes_several_columns():
    names = [f"keypoint {i}" for i in range(40)]
    legend = draw_legend(names, np.full((40, 3), 255, np.uint8), (640, 480))
    assert legend.size[1] <= 480
    assert legend.size[0] > draw_legend(names[:3], np.full((3, 3), 255, np.uint8), (640, 480)).size[0]


def test_a_legend_leaves_room_for_the_picture():
    names, colours = [f"track_{i}" for i in range(30)], np.full((30, 3), 255, np.uint8)
    for picture in ((640, 480), (1024, 1024)):
        many, few = (draw_legend(names[:n], colours[:n], picture).size for n in (30, 12))
        assert many[0] < few[0], "the letters are smaller"
        assert is_small(many, picture)
    assert not is_small((200, 100), (320, 240))
    assert not is_small(draw_legend(names, colours, (320, 240)).size, (320, 240))


def test_a_name_stands_above_its_animal_and_within_the_picture():
    name = Stamp(np.full((6, 20, 3), 255), np.full((6, 20), 1.0))

    def written(*points):
        scene = Scene(
            points=np.array([[[point] for point in points]], float),
            opacity=np.ones((1, len(points), 1)),
            radius_90=None,
            edges=np.empty((0, 2), int),
            colours=np.zeros((len(points), 1, 3)),
            edge_colours=np.zeros((1, 3)),
            names=[],
            trail_rows=0,
            animal_names=(name,),
        )
        image = np.full((48, 64, 3), 128, np.uint8)
        Painter(scene, RenderStyle(point_radius_px=2), (64, 48)).paint(image, 0, WHOLE)
        y, x = np.nonzero((image == 255).all(axis=-1))
        return (x.min(), x.max(), y.min(), y.max()) if len(x) else None

    assert written((20, 30), (40, 34)) == (20, 39, 20, 25)
    assert written((2, 3)) == (0, 19, 0, 5)
    assert written((-30, 20)) is None
    assert written((NAN, NAN)) is None
