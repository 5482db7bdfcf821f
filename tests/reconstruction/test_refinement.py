import numpy as np
import pytest

from marey.errors import ConfigError
from marey.model import read_history
from marey.reconstruction import RefinementSettings, Sight, TriangulationSettings, triangulate
from marey.reconstruction.limbs import learn_limbs, limb_lengths, neighbourhood_graph
from marey.reconstruction.linear import intersect
from marey.reconstruction.noise import estimate_scales, persistence, robust_scale
from marey.reconstruction.refinement import blocks
from marey.synthesis.recording import RecordingSpec, Scene

RIGID = ((0, 1, 30.0), (1, 2, 25.0), (0, 3, 20.0))


def refined(poses, rig, **options):
    return triangulate(poses, rig, refinement=RefinementSettings(**options))


@pytest.mark.parametrize("n_cameras", [2, 4])
def test_the_error_is_less_than_half_of_the_plain_linear_solutions(make_rig, film, points_of, n_cameras):
    scene = Scene.build(RecordingSpec(n_frames=250, seed=1))
    rig, body = make_rig(n_cameras), scene.keypoints_mm[:, 0]
    poses = film(rig, body, sigma=1.5, missing=0.2, gross=0.05)
    sight = Sight.of(rig)
    pixels = np.stack([np.moveaxis(p["position"].to_numpy()[..., 0], 1, -1) for p in poses.values()])
    rays = sight.rays(pixels.reshape(n_cameras, -1, 2))
    plain = intersect(sight, rays, np.isfinite(rays[..., 0]).astype(float)).reshape(body.shape)
    result = refined(poses, rig)
    error = [np.linalg.norm(p - body, axis=-1) for p in (plain, points_of(result))]
    both = np.isfinite(error[0]) & np.isfinite(error[1])
    assert error[1][both].mean() < 0.5 * error[0][both].mean()
    assert np.median(error[1][both]) < 0.5 * np.median(error[0][both])
    # Nothing is invented where fewer than two cameras see a point.
    seen = np.isfinite(pixels[..., 0]).sum(axis=0)
    assert not (np.isfinite(error[1]) & (seen < 2)).any()
    covariance = np.moveaxis(result["covariance"].to_numpy()[..., 0], -1, 1)[both]
    off = (points_of(result) - body)[both]
    squares = np.einsum("na,nab,nb->n", off, np.linalg.inv(covariance), off)
    assert 0.85 < (squares < 6.251).mean() < 0.95


def test_limbs_are_found_with_their_lengths(rig, make_body, film, points_of):
    body = make_body(300)
    result = refined(film(rig, body, sigma=1.5), rig)
    limbs = {tuple(x["limb"]): x for x in read_history(result)[-1]["limbs"][0]}
    for a, b, length in RIGID:
        found = limbs[(f"k{a}", f"k{b}")]
        assert found["length"] == pytest.approx(length, rel=0.01)
        assert found["constant"]
        before = limb_lengths(points_of(triangulate(film(rig, body, sigma=1.5), rig)), a, b)
        assert limb_lengths(points_of(result), a, b).std() < 0.2 * before.std()
    assert not any(x["constant"] for pair, x in limbs.items() if "k4" in pair)


def test_limbs_that_no_line_of_the_skeleton_joins_are_found_too(rig, make_body, film):
    """Skeletons are often drawn for looks."""
    result = refined(film(rig, make_body(200)), rig, edges=((2, 3),))
    found = {tuple(limb["limb"]) for limb in read_history(result)[-1]["limbs"][0]}
    assert {(f"k{a}", f"k{b}") for a, b, _ in RIGID} <= found


def test_a_limb_that_somebody_named_counts_whatever_the_recording_says(rig, make_body, film, points_of):
    body = make_body(100)
    poses = film(rig, body, sigma=1.0)
    stiff, soft = (refined(poses, rig, **{kind: ((0, 4),)}) for kind in ("constant", "nearly_constant"))
    free = refined(poses, rig, use_limbs=False)
    spread = [limb_lengths(points_of(r), 0, 4).std() for r in (stiff, soft, free)]
    assert spread[0] < 0.3 * spread[2]
    assert spread[0] < spread[1] <= spread[2] * 1.05
    assert read_history(free)[-1]["limbs"] == [[]]


def test_more_smoothness_is_smoother(rig, make_body, film, points_of):
    poses = film(rig, make_body(150), sigma=2.0)
    rough = [
        np.abs(np.diff(points_of(refined(poses, rig, smoothness=s, use_limbs=False)), 2, axis=0)).mean()
        for s in (0.01, 1.0, 100.0)
    ]
    assert rough[0] > rough[1] > rough[2]


def test_points_that_too_few_saw_are_filled_only_when_asked(rig, make_body, film, points_of):
    body = make_body(80)
    poses = film(rig, body, sigma=0.5)
    for name in ("cam0", "cam1", "cam2"):
        poses[name]["position"][30:34, :, 1] = np.nan
    kept, filled = refined(poses, rig), refined(poses, rig, fill=True)
    assert kept["position"][30:34, :, 1].isnull().all()
    assert "is_interpolated" not in kept
    np.testing.assert_allclose(points_of(filled)[30:34, 1], body[30:34, 1], atol=3)
    assert np.flatnonzero(filled["is_interpolated"].to_numpy()[:, 1, 0]).tolist() == [30, 31, 32, 33]
    assert (filled["n_cameras"][30:34, 1] <= 1).all()
    trace = np.trace(filled["covariance"].to_numpy()[..., 1, 0], axis1=1, axis2=2)
    assert trace[31] > 2 * trace[10]


def test_blocks_overlap_and_their_seams_do_not_show(rig, make_body, film, points_of, monkeypatch):
    poses = film(rig, make_body(300), sigma=1.0, missing=0.1)
    whole = points_of(refined(poses, rig))
    monkeypatch.setattr("marey.reconstruction.refinement.BLOCK_FRAMES", 100)
    assert len(blocks(300)) == 3
    assert [core.stop - core.start for core, _ in blocks(300)] == [100, 100, 100]
    parts = points_of(refined(poses, rig))
    np.testing.assert_array_equal(np.isnan(parts), np.isnan(whole))
    assert np.nanmax(np.abs(parts - whole)) < 0.5
    assert np.nanmedian(np.abs(parts - whole)) < 0.02


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3, 7])
def test_recordings_of_a_few_frames(rig, make_body, film, points_of, n_frames):
    poses = film(rig, make_body(7), sigma=0.5)
    if not n_frames:
        empty = {name: p.where(p["time"] < -1).astype(float) for name, p in poses.items()}
        assert refined(empty, rig)["position"].isnull().all()
        return
    short = {name: p.isel(time=slice(n_frames)) for name, p in poses.items()}
    assert np.isfinite(points_of(refined(short, rig))).all()


def test_a_keypoint_that_nobody_ever_sees(rig, make_body, film, points_of):
    body = make_body(40)
    body[:, 2] = np.nan
    result = points_of(refined(film(rig, body, sigma=0.5), rig))
    assert np.isnan(result[:, 2]).all()
    assert np.isfinite(np.delete(result, 2, axis=1)).all()


def test_smoothness_must_be_positive():
    with pytest.raises(ConfigError, match="positive smoothness, got 0"):
        RefinementSettings(smoothness=0)


def test_min_cameras_holds_in_the_refinement_too(rig, make_body, film):
    poses = film(rig, make_body(30), sigma=0.5)
    poses["cam0"]["position"][5] = np.nan
    settings = TriangulationSettings(min_cameras=4)
    result = triangulate(poses, rig, settings=settings, refinement=RefinementSettings())
    assert result["position"][5].isnull().all()


def test_the_graph_joins_what_has_nothing_in_between():
    # Points on a line: neighbours are joined, ends are not.
    line = np.broadcast_to(np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]]), (20, 3, 3))
    assert neighbourhood_graph(line) == [(0, 1), (1, 2)]


def test_limbs_need_frames_and_a_steady_length(make_body):
    rng = np.random.default_rng(0)
    points = make_body(200)[:, :2] + rng.normal(0, 0.1, (200, 2, 3))
    points = np.concatenate([points, rng.uniform(-100, 100, (200, 1, 3))], axis=1)
    covariance = np.broadcast_to(0.01 * np.eye(3), (200, 3, 3, 3))
    found = learn_limbs(points, covariance, [(0, 1), (1, 2)])
    assert [(x.a, x.b, x.is_constant) for x in found] == [(0, 1, True)]
    assert learn_limbs(points[:5], covariance[:5], [(0, 1)]) == []


def _bending(n_frames, by):
    """Two keypoints 50 mm apart whose distance swings slowly by `by` mm, and errors of 1 mm for each."""
    swing = by * np.sqrt(2) * np.sin(np.linspace(0, 4 * np.pi, n_frames))
    points = np.zeros((n_frames, 2, 3))
    points[:, 1, 0] = 50 + swing
    return points, np.broadcast_to(np.eye(3), (n_frames, 2, 3, 3))


def test_a_limb_bends_where_errors_do_not_explain_it():
    points, covariance = _bending(400, by=3.0)  # twice what independent errors of 1 mm at both ends make
    (limb,) = learn_limbs(points, covariance, [(0, 1)])
    assert not limb.is_constant
    assert limb.spread > 2.0
    assert limb.doubt >= limb.spread


def test_what_errors_that_persist_may_have_made_is_no_bending():
    points, covariance = _bending(400, by=1.2)
    persisting = {"lasting": np.full(2, 200.0), "freedom": np.full(2, 4.0)}
    (limb,) = learn_limbs(points, covariance, [(0, 1)], **persisting)
    assert limb.is_constant
    # It is held, and yet the recording does not rule out that it bends: certainty counts on that.
    assert limb.spread == pytest.approx(0.003 * limb.length)
    assert limb.doubt > 1.2
    (known,) = learn_limbs(points, covariance, [(0, 1)])
    assert not known.is_constant
    (told,) = learn_limbs(points, covariance, [], constant=[(0, 1)], **persisting)
    assert told.doubt == told.spread


def test_of_points_that_are_far_off_no_limb_is_learned():
    points, covariance = _bending(400, by=1.0)
    assert learn_limbs(points, covariance * 15**2, [(0, 1)]) == []


@pytest.mark.parametrize("seed", [5, 6])
def test_a_rigid_head_is_held_though_every_camera_has_its_habits(rig, film, points_of, seed):
    """Each camera sees each keypoint at a place of its own, which drifts as the animal turns."""
    t = np.arange(150) / 150
    corners = np.array([[0, 0, 0], [26.0, 0, 0], [14, 12, 0], [14, -12, 0], [16, 0, 8]])
    angle = 0.5 * np.sin(2 * np.pi * t)
    turn = np.zeros((150, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
    turn[:, 1, 0], turn[:, 0, 1], turn[:, 2, 2] = np.sin(angle), -np.sin(angle), 1
    head = np.einsum("tab,kb->tka", turn, corners) + 20 * t[:, None, None]
    poses = film(rig, head, sigma=0.3, with_errors=False)
    rng = np.random.default_rng(seed)
    for table in poses.values():
        habit, drift = rng.normal(0, 1.5, (2, 1, 2, 5, 1))
        table["position"] += habit + drift * np.cos(np.pi * t)[:, None, None, None]
    plain, result = points_of(triangulate(poses, rig)), refined(poses, rig)
    limbs = read_history(result)[-1]["limbs"][0]
    held = [tuple(int(name[1:]) for name in x["limb"]) for x in limbs if x["constant"]]
    assert len(held) >= len(limbs) - 1 >= 6

    def varies(points):
        found = [limb_lengths(points, a, b) for a, b in held]
        return np.mean([lengths.std() / lengths.mean() for lengths in found])

    assert varies(plain) > 0.03
    assert varies(points_of(result)) < 0.001


def test_how_long_errors_persist():
    rng = np.random.default_rng(0)
    white = rng.normal(size=(3, 2000, 1, 2))
    # A first-order autoregression with 0.8 persists for (1 + 0.8) / (1 - 0.8) = 9 frames.
    lasting = white.copy()
    for t in range(1, 2000):
        lasting[:, t] += 0.8 * lasting[:, t - 1]
    white[0, ::7] = np.nan
    assert persistence(white)[0] == pytest.approx(1, abs=0.15)
    assert persistence(lasting)[0] == pytest.approx(9, rel=0.15)
    assert persistence(np.full((2, 10, 1, 2), np.nan))[0] == 1


def test_scales_of_the_noise():
    rng = np.random.default_rng(1)
    squares = (rng.normal(size=(2, 3000, 1, 2)) ** 2).sum(axis=-1) * np.array([1.0, 9.0])[:, None, None]
    leverage = np.zeros_like(squares)
    used = np.ones(squares.shape, bool)
    np.testing.assert_allclose(estimate_scales(squares, leverage, used)[:, 0], [1, 3], rtol=0.05)
    # A camera that is mostly left out is judged by all that it says.
    used[1] = squares[1] < 2
    np.testing.assert_allclose(estimate_scales(squares, leverage, used)[:, 0], [1, 3], rtol=0.08)
    assert robust_scale(squares[:1], leverage[:1]) == pytest.approx(1, rel=0.05)
    assert robust_scale(np.full((1, 3, 1), np.nan), np.zeros((1, 3, 1))) == 1
