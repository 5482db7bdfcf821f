import numpy as np
import pytest

from marey.errors import ConfigError, InputError, NotFoundError
from marey.model import create_poses, read_history
from marey.reconstruction.angle_config import parse_angle_config, read_angle_config
from marey.reconstruction.angle_series import compute_angles, count_outside

NAMES = ("hip", "knee", "ankle", "toe", "left", "right", "back", "front")


def make_poses(points, covariance=None, names=NAMES):
    position = np.moveaxis(np.asarray(points, float), 2, 1)[..., None]
    return create_poses(position, keypoints=names[: position.shape[2]], covariance=covariance, fps=10)


def knee(limits=None):
    content = {"angles": {"knee": ["flex", "hip", "knee", "ankle"]}}
    return parse_angle_config(content | ({"limits": limits} if limits else {}))


def test_angles_of_a_recording():
    bends = np.radians([30.0, 90.0, 180.0])
    points = [[[1, 0, 0], [0, 0, 0], [np.cos(b), np.sin(b), 0]] for b in bends]
    points.append([[1, 0, 0], [np.nan] * 3, [1, 1, 1]])
    result = compute_angles(make_poses(points), knee({"knee": [60, 170]}))
    assert result["degrees"].dims == ("time", "angle", "individual")
    np.testing.assert_allclose(result["degrees"].to_numpy()[:, 0, 0], [30, 90, 180, np.nan])
    assert result["is_outside_limits"].to_numpy()[:, 0, 0].tolist() == [True, False, True, False]
    assert count_outside(result) == {"knee": 2}
    assert "degrees_sd" not in result
    assert read_history(result)[-1]["operation"] == "compute_angles"
    assert result.attrs["time_unit"] == "seconds"


def test_the_uncertainty_by_hand():
    # The ankle, 2 from the knee, is uncertain by 0.01 across the limb: 0.005 radians. The rest is exact.
    points = [[[1, 0, 0], [0, 0, 0], [0, 2, 0]]]
    covariance = np.zeros((1, 3, 3, 3, 1))
    covariance[0, :, :, 2, 0] = np.diag([1e-4, 4.0, 9.0])
    result = compute_angles(make_poses(points, covariance), knee())
    assert result["degrees_sd"].item() == pytest.approx(np.degrees(0.005), rel=1e-4)


def test_the_uncertainty_is_that_of_many_draws():
    rng = np.random.default_rng(0)
    base = np.array([[1.0, 0, 0], [0, 0, 0], [0.3, 2, 0.5]])
    half = rng.normal(0, 0.01, (3, 3, 3))
    covariance = half @ np.swapaxes(half, 1, 2)
    draws = base + np.einsum("kab,nkb->nka", half, rng.normal(size=(20_000, 3, 3)))
    spread = compute_angles(make_poses(draws), knee())["degrees"].to_numpy().std()
    one = compute_angles(make_poses([base], np.moveaxis(covariance, 0, -1)[None, ..., None]), knee())
    assert one["degrees_sd"].item() == pytest.approx(spread, rel=0.03)


def test_an_uncertainty_is_never_more_than_to_know_nothing():
    points = [[[1, 0, 0], [0, 0, 0], [0, 2, 0]]]
    covariance = np.zeros((1, 3, 3, 3, 1))
    covariance[0, :, :, 2, 0] = 100 * np.eye(3)
    result = compute_angles(make_poses(points, covariance), knee())
    assert result["degrees_sd"].item() == pytest.approx(180 / np.sqrt(3))


def test_the_bodys_frame_turns_with_the_animal():
    content = {
        "body": {"back": "back", "front": "front", "left": "left", "right": "right"},
        "angles": {"head": ["axis", "knee", "hip", "toe"]},
    }
    base = np.array(
        [[0, 0, 0], [0, 0, 1], [0, 0, 0], [-1, -1, 0], [0, 1, 0], [0, -1, 0], [-1, 0, 0], [1, 0, 0.0]]
    )
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    poses = make_poses([base, base @ turn.T])
    in_body = compute_angles(poses, parse_angle_config(content))["degrees"].to_numpy()[:, 0, 0]
    np.testing.assert_allclose(in_body, [45, 45])
    del content["body"]
    in_world = compute_angles(poses, parse_angle_config(content))["degrees"].to_numpy()[:, 0, 0]
    np.testing.assert_allclose(in_world, [45, 135])


def test_a_chain_gives_named_angles():
    content = {"angles": {"leg": ["chain", "hip", "knee/", "ankle", "toe"]}}
    config = parse_angle_config(content)
    names = ["hip_flex", "hip_rot", "hip_abduct", "knee_flex", "knee_rot", "ankle_flex"]
    assert list(config.outputs) == names
    rng = np.random.default_rng(1)
    result = compute_angles(make_poses(rng.normal(size=(4, 4, 3))), config)
    assert result["degrees"].to_numpy().shape == (4, 6, 1)
    assert np.isfinite(result["degrees"]).all()
    assert (result["degrees"].sel(angle="knee_flex") < 0).all()


def test_a_file_of_anipose_is_read(tmp_path):
    path = tmp_path / "config äöü.toml"
    path.write_text(
        'project = "x"\n[filter]\nenabled = true\n[angles]\n'
        'wrist = ["a", "b", "c"]\nL1 = ["flex", "a", "b", "c"]\nrot = ["axis", "a", "b", "c"]\n',
        encoding="utf-8",
    )
    config = read_angle_config(path)
    assert [spec.kind for spec in config.angles] == ["flex", "flex", "axis"]
    assert config.body is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"no section \[angles\]"),
        ({"angles": {"a": "flex"}}, "expected a list"),
        ({"angles": {"a": ["x", "y"]}}, "expected three keypoints, got 2"),
        ({"angles": {"a": ["bend", "x", "y", "z"]}}, "the kinds are flex, axis, cross-axis, chain"),
        ({"angles": {"a": ["chain", "x"]}}, "at least two"),
        ({"angles": {"x_flex": ["x", "y", "z"], "b": ["chain", "x", "y"]}}, "'x_flex' twice"),
        ({"angles": {"a": ["x", "y", "z"]}, "limits": {"b": [0, 1]}}, "no such angle"),
        ({"angles": {"a": ["x", "y", "z"]}, "limits": {"a": [10, 1]}}, "lowest, highest"),
        ({"angles": {"a": ["x", "y", "z"]}, "body": {"front": "x"}}, "back, front, left, right, got front"),
    ],
)
def test_wrong_definitions(content, message):
    with pytest.raises(ConfigError, match=message):
        parse_angle_config(content)


def test_files_that_are_not_there_or_not_toml(tmp_path):
    with pytest.raises(NotFoundError, match="definition of angles"):
        read_angle_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("angles: [1")
    with pytest.raises(ConfigError, match="is not a TOML file"):
        read_angle_config(tmp_path / "bad.toml")


def test_poses_that_do_not_fit():
    flat = create_poses(np.zeros((2, 2, 3, 1)), keypoints=["hip", "knee", "ankle"])
    with pytest.raises(InputError, match="in 3D, but these have 2"):
        compute_angles(flat, knee())
    with pytest.raises(InputError, match="'ankle', which the poses do not have"):
        compute_angles(make_poses(np.zeros((2, 2, 3))), knee())


def test_nothing_seen_and_no_frames_at_all():
    assert np.isnan(compute_angles(make_poses(np.full((3, 3, 3), np.nan)), knee())["degrees"]).all()
    assert compute_angles(make_poses(np.zeros((0, 3, 3))), knee()).sizes["time"] == 0
