import numpy as np
import pytest

from marey.errors import AlreadyExistsError, ConfigError
from marey.model import create_poses
from marey.visualisation import FIGURES, figures, layout, plot_poses, save_figure
from marey.visualisation.subject import Subject

NAN = np.nan


def axes_of(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize(
    "case", ["usual", "two animals", "one frame", "no frames", "nothing found", "no time"]
)
def test_every_figure_of_everything(kind, case, make_poses, tmp_path):
    poses = make_poses(n_individuals=2 if case == "two animals" else 1)
    if case == "one frame":
        poses = poses.isel(time=slice(1))
    elif case == "no frames":
        poses = poses.isel(time=slice(0))
    elif case == "nothing found":
        poses = poses.where(poses["confidence"] > 2)
    elif case == "no time":
        poses = create_poses(poses["position"].to_numpy(), keypoints=["é", "b"])
    figure = getattr(figures, f"plot_{kind}")(poses)
    path = save_figure(figure, tmp_path / f"{kind} 🐭.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_axes_say_what_and_in_which_unit(make_poses):
    assert figures.plot_coordinates(make_poses()).axes[-1].get_xlabel() == "time (s)"
    untimed = create_poses(make_poses()["position"].to_numpy(), keypoints=["a", "b"])
    assert figures.plot_coordinates(untimed).axes[-1].get_xlabel() == "frame"
    long = make_poses(20).assign_coords(time=np.arange(20) * 60.0)
    assert figures.plot_coordinates(long).axes[-1].get_xlabel() == "time (min)"
    axes = axes_of(figures.plot_trajectory(make_poses()))[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (px)", "y (px)")
    assert axes.yaxis_inverted(), "y points down in a picture"
    steps = figures.plot_steps(make_poses())
    assert steps.axes[0].get_xlabel() == "step (px per frame)"


def test_a_legend_of_many_animals_hides_no_path(make_poses):
    background = np.zeros((480, 640, 3), np.uint8)
    figure = figures.plot_trajectory(make_poses(n_individuals=14), background=background)
    figure.draw_without_rendering()
    (axes,) = axes_of(figure)
    legend = axes.get_legend().get_window_extent()
    assert legend.x0 > axes.get_window_extent().x1
    assert legend.x1 <= figure.bbox.x1
    assert axes.get_window_extent().width > 0.55 * figure.bbox.width


def test_the_positions_of_animals_can_be_compared(make_poses):
    figure = figures.plot_coordinates(make_poses(n_individuals=3))
    limits = np.array([axes.get_ylim() for axes in figure.axes]).reshape(2, 3, 2)
    assert (limits == limits[:, :1]).all()


def test_steps_over_missing_rows_do_not_count(make_poses):
    poses = make_poses(20)
    gone = poses.isel(time=[0, 1, 2, 15, 16])
    line = figures.plot_steps(gone).axes[1].get_lines()[0]
    np.testing.assert_allclose(line.get_xdata(), 1, err_msg="1 px a frame, and none of 13")


def test_time_is_counted_where_the_animal_was(make_poses):
    still = make_poses(50)
    still["position"][:] = 30.0
    mesh = axes_of(figures.plot_heatmap(still))[0].collections[0]
    assert mesh.get_array().sum() == pytest.approx(2.0), "50 frames at 25 frames/s"


def test_the_centre_shrugs_off_a_wild_point():
    points = np.array([[1.0, 2, 3, 4, 900], [0, 0, 0, 0, 900]])[None, :, :, None]
    subject = Subject.of(create_poses(points, keypoints=list("abcde")))
    np.testing.assert_array_equal(subject.centres()[0, 0], [3, 0])
    points[0, :, :3] = NAN
    np.testing.assert_array_equal(
        Subject.of(create_poses(points, keypoints=list("abcde"))).centres()[0, 0], [452, 450]
    )
    assert np.isnan(Subject.of(create_poses(points * NAN, keypoints=list("abcde"))).centres()).all()


def test_thinning_keeps_peaks_and_gaps():
    values = np.zeros(10_000)
    values[5003] = 7
    values[7000:8000] = NAN
    time, thinned = layout.envelope(np.arange(10_000.0), values, 500)
    assert len(time) == len(thinned) == 1000
    assert np.nanmax(thinned) == 7
    assert abs(time[np.nanargmax(thinned)] - 5003) < 20
    assert np.isnan(thinned[(time > 7100) & (time < 7900)]).all()
    means = layout.bin_means(np.array([[1.0], [NAN], [3], [5], [NAN], [NAN]]), 3)
    np.testing.assert_array_equal(means, [[1], [4], [NAN]])


def test_long_recordings_stay_small(tmp_path):
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(100_000, 2, 1, 1)), axis=0)
    paths = plot_poses(create_poses(walk, keypoints=["a"], fps=30), tmp_path, format="svg")
    assert [path.stem for path in paths] == list(FIGURES)
    assert max(path.stat().st_size for path in paths) < 600_000


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_the_same_poses_give_the_same_file(make_poses, tmp_path, suffix):
    for name in ("a", "b"):
        plot_poses(make_poses(), tmp_path / name, kinds=["trajectory"], format=suffix)
    a, b = ((tmp_path / name / f"trajectory.{suffix}").read_bytes() for name in ("a", "b"))
    if suffix == "svg":
        assert b"<text" in a, "text stays text"
        return  # Matplotlib gives the parts of an SVG random names
    assert a == b


def test_a_frame_of_the_video_lies_beneath(make_poses):
    background = np.zeros((120, 160, 3), np.uint8)
    axes = axes_of(figures.plot_trajectory(make_poses(), background=background))[0]
    assert axes.get_xlim() == (-0.5, 159.5)
    assert axes.get_ylim() == (119.5, -0.5)
    assert axes.images[0].get_array().min() > 100, "pale, so that the path stands out"


def test_nothing_is_overwritten(make_poses, tmp_path):
    (tmp_path / "steps.png").write_text("mine")
    with pytest.raises(AlreadyExistsError, match=r"steps\.png exists already"):
        plot_poses(make_poses(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["steps.png"]
    plot_poses(make_poses(), tmp_path, kinds=["steps"], overwrite=True)
    assert (tmp_path / "steps.png").stat().st_size > 1000


def test_settings_are_checked(make_poses, tmp_path):
    with pytest.raises(ConfigError, match="got 'pie'"):
        plot_poses(make_poses(), tmp_path, kinds=["pie"])
    with pytest.raises(ConfigError, match="png, svg, pdf, got 'jpg'"):
        plot_poses(make_poses(), tmp_path, format="jpg")
    with pytest.raises(ConfigError, match=r"ends in \.png"):
        save_figure(figures.plot_steps(make_poses()), tmp_path / "a.jpg")


def test_the_user_s_own_settings_are_left_alone(make_poses):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 40}):
        figure = figures.plot_steps(make_poses())
    assert figure.axes[0].xaxis.label.get_fontsize() == 9
    assert dict(mpl.rcParams) == before
