import json
from dataclasses import replace

import numpy as np
import pytest

from marey.errors import AlreadyExistsError, ConfigError, InputError
from marey.model import Skeleton
from marey.video import open_video
from marey.visualisation import RenderStyle, render_video
from marey.visualisation.render import render_frame

BARE = RenderStyle(names="none", point_radius_px=4)


def frames_of(path):
    with open_video(path) as video:
        return np.stack([frame.rgb() for _, frame in video.frames()]).astype(int), video.fps


def colour_at(picture, x, y):
    return picture[y - 1 : y + 2, x - 1 : x + 2].mean(axis=(0, 1))


def test_every_frame_shows_its_own_poses(make_video, make_poses, tmp_path):
    events = []
    out = render_video(make_video(), make_poses(), tmp_path / "out é.mp4", style=BARE, progress=events.append)
    pictures, fps = frames_of(out)
    assert (len(pictures), fps) == (20, pytest.approx(25, abs=0.01))
    for i in (0, 7, 19):
        background = colour_at(pictures[i], 10, 100)
        np.testing.assert_allclose(background, 60 + i, atol=3)
        blue, orange = colour_at(pictures[i], 40 + i, 60), colour_at(pictures[i], 80 + i, 60)
        assert blue[2] > blue[0] + 50
        assert orange[0] > orange[2] + 50
    assert (events[-1].done, events[-1].total) == (20, 20)


def test_a_range_that_the_poses_do_not_cover_is_shown_bare(make_video, make_poses, tmp_path):
    poses = make_poses().isel(time=slice(5, 10))
    out = render_video(make_video(), poses, tmp_path / "o.mp4", style=BARE, start=3, stop=12)
    pictures, _ = frames_of(out)
    assert len(pictures) == 9
    colourful = [np.ptp(p, axis=-1).max() > 60 for p in pictures]
    assert colourful == [False, False, True, True, True, True, True, False, False]
    assert len(frames_of(render_video(make_video(), poses, tmp_path / "p.mp4", style=BARE))[0]) == 5


def test_edges_come_from_the_poses_or_the_caller(make_video, make_poses, tmp_path):
    skeleton = Skeleton(("snout", "tail"), (("snout", "tail"),))
    poses = make_poses()
    stored = poses.assign_attrs(skeleton=json.dumps(skeleton.to_dict()))

    def middle(name, poses, **options):
        out = render_video(make_video(), poses, tmp_path / name, style=BARE, stop=2, **options)
        return colour_at(frames_of(out)[0][0], 60, 60).mean()

    assert middle("a.mp4", poses) == pytest.approx(60, abs=5)
    assert middle("b.mp4", poses, skeleton=skeleton) > 120
    assert middle("c.mp4", stored) > 120
    assert middle("d.mp4", poses.assign_attrs(skeleton="none of ours")) == pytest.approx(60, abs=5)


@pytest.mark.parametrize(
    ("style", "n", "fps"),
    [(RenderStyle(speed=0.5), 20, 12.5), (RenderStyle(speed=2), 20, 50), (RenderStyle(speed=8), 5, 50)],
)
def test_speed(make_video, make_poses, tmp_path, style, n, fps):
    pictures, rate = frames_of(render_video(make_video(), make_poses(), tmp_path / "o.mp4", style=style))
    assert (len(pictures), rate) == (n, pytest.approx(fps, rel=0.01))


def test_everything_at_once_on_an_odd_size(make_video, make_poses, tmp_path):
    video = make_video(size=(161, 121))
    poses = make_poses(n_individuals=2, confidence=0.7, error_90=np.full((20, 2, 2), 6.0))
    style = RenderStyle(trail_s=0.3, error_circles=True, names="points", show_time=True, scale=1.5)
    out = render_video(video, poses, tmp_path / "o.mp4", style=style)
    assert frames_of(out)[0].shape == (20, 184, 244, 3), "1.5 × (162, 122), made even"
    follow = RenderStyle(follow=True, follow_size_px=50, scale=2, show_time=True)
    assert frames_of(render_video(video, poses, tmp_path / "f.mp4", style=follow))[0].shape == (
        20,
        100,
        100,
        3,
    )


def test_the_legend_goes_where_it_hides_nothing(make_video, make_poses, tmp_path):
    poses = make_poses()
    poses["position"][:, 1] = 15  # along the upper edge
    poses["position"][:, 0] -= 30
    pictures, _ = frames_of(render_video(make_video(), poses, tmp_path / "o.mp4"))
    # The panel is darker than the grey around it.
    assert colour_at(pictures[0], 40, 113).mean() > 50
    assert (pictures[0][:50, 100:].mean(axis=-1) < 50).mean() > 0.2


def crowd(make_poses, n=14):
    """`n` animals that cover the picture evenly."""
    poses = make_poses(3, n_individuals=n)
    poses["position"][:, 0] = np.linspace(10, 310, n)
    poses["position"][:, 1] = 20 + 200 * (np.arange(n) % 4) / 3
    return poses


@pytest.mark.parametrize("follow", [False, True])
def test_many_animals_are_named_where_they_are(make_video, make_poses, follow):
    poses, style = crowd(make_poses), RenderStyle(follow=follow)
    with open_video(make_video(3, size=(320, 240))) as video:
        bare = render_frame(video, poses, 1, style=replace(style, names="none"))
        named = render_frame(video, poses, 1, style=style)
        few = render_frame(video, poses.isel(individual=[3, 13]), 1, style=RenderStyle())
        few_bare = render_frame(video, poses.isel(individual=[3, 13]), 1, style=RenderStyle(names="none"))
    changed = (named != bare).any(axis=-1)
    assert 0 < changed.mean() < 0.15
    assert changed.any(axis=0).mean() > 0.5, "names are all over the picture"
    assert (few != few_bare).any(axis=-1).any(axis=0).mean() < 0.4, "a legend is in one corner"


def test_names_beside_points_tell_animals_apart(make_video, make_poses):
    poses = make_poses(3, n_individuals=2)
    poses["position"][:, 1] = [[40.0, 90.0], [40.0, 90.0]]
    with open_video(make_video(3)) as video:
        pictures = [
            render_frame(video, chosen, 1, style=RenderStyle(names="points", palette="okabe-ito"))
            for chosen in (poses, poses.assign_coords(individual=["Ada", "Bob"]))
        ]
        alone = [
            render_frame(video, chosen.isel(individual=[0]), 1, style=RenderStyle(names="points"))
            for chosen in (poses, poses.assign_coords(individual=["Ada", "Bob"]))
        ]
    assert (pictures[0] != pictures[1]).any()
    assert (alone[0] == alone[1]).all()


def test_nothing_is_overwritten_or_left_behind(make_video, make_poses, tmp_path):
    out = tmp_path / "o.mp4"
    out.write_bytes(b"mine")
    with pytest.raises(AlreadyExistsError, match="exists already"):
        render_video(make_video(), make_poses(), out)
    with pytest.raises(InputError, match=r"up to frame 19, but .* has only 10 frames"):
        render_video(make_video(10), make_poses(), out, overwrite=True)
    with pytest.raises(InputError, match="from 15 up to 5 there is none"):
        render_video(make_video(), make_poses(), out, start=15, stop=5, overwrite=True)
    assert out.read_bytes() == b"mine"
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".mp4", ".mp4"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0}, "scale must be greater than 0, got 0"),
        ({"speed": -1}, "speed must be greater than 0"),
        ({"palette": "jet"}, "palette must be one of"),
        ({"names": "all"}, "names must be one of legend, points, none, got 'all'"),
        ({"trail_s": -1}, "trail_s must be 0 or more"),
        ({"min_confidence": 60}, "between 0 and 1, got 60"),
    ],
)
def test_styles_are_checked(options, message):
    with pytest.raises(ConfigError, match=message):
        RenderStyle(**options)
