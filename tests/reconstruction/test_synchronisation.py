import re

import numpy as np
import pytest
import xarray as xr

from marey.errors import InputError
from marey.reconstruction import synchronise
from marey.synthesis.recording import RecordingSpec, Scene

STARTS = (12, 5, 30, 12)
NOISE = {"sigma": 1.5, "missing": 0.2, "gross": 0.05}


@pytest.fixture(scope="module")
def walk():
    """An animal that walks about, (460, n_keypoints, 3), and another."""
    scene = Scene.build(RecordingSpec(n_frames=460, seed=3, n_animals=2)).keypoints_mm
    return scene[:, 0], scene[:, 1]


def started(poses, starts, n_frames):
    """The poses of cameras that each began at a frame of their own."""
    return {
        name: table.isel(time=slice(start, start + n_frames)).assign_coords(
            frame=("time", np.arange(n_frames))
        )
        for (name, table), start in zip(poses.items(), starts, strict=False)
    }


def values(estimates):
    return {name: estimate.offset for name, estimate in estimates.items()}


def test_cameras_that_started_apart(rig, walk, film):
    poses = started(film(rig, walk[0], **NOISE), STARTS, 300)
    found = synchronise(poses, rig)
    assert values(found) == {"cam0": 0, "cam1": 7, "cam2": -18, "cam3": 0}
    for estimate in found.values():
        assert estimate.lowest <= estimate.offset <= estimate.highest
        assert estimate.doubt <= 5


def test_the_first_camera_named_is_at_0(rig, walk, film):
    poses = started(film(rig, walk[0], **NOISE), STARTS, 300)
    backwards = dict(reversed(poses.items()))
    assert values(synchronise(backwards, rig)) == {"cam3": 0, "cam2": -18, "cam1": 7, "cam0": 0}


def test_offsets_that_are_given_are_kept(rig, walk, film):
    poses = started(film(rig, walk[0], **NOISE), STARTS, 300)
    found = synchronise(poses, rig, offsets={"cam1": 10, "cam2": -15})
    assert values(found) == {"cam0": 3, "cam1": 10, "cam2": -15, "cam3": 3}
    del poses["cam2"]
    found = synchronise(poses, rig, offsets={"cam1": 10, "cam2": -15})
    assert values(found) == {"cam0": 3, "cam1": 10, "cam3": 3}


def test_a_bias_of_the_keypoints_does_not_matter(rig, walk, film):
    poses = film(rig, walk[0], **NOISE)
    rng = np.random.default_rng(3)
    biased = {
        name: table.assign(position=table["position"] + xr.DataArray(off, dims=("space", "keypoint")))
        for (name, table), off in zip(poses.items(), rng.normal(0, 15, (4, 2, walk[0].shape[1])), strict=True)
    }
    assert values(synchronise(started(biased, STARTS, 300), rig)) == {
        "cam0": 0, "cam1": 7, "cam2": -18, "cam3": 0,
    }  # fmt: skip


def test_a_camera_finds_its_place_by_the_others(make_rig, walk, film):
    """The first and the last camera see the animal at different times; the second sees it always."""
    rig = make_rig(3)
    poses = film(rig, walk[0], **NOISE)
    late = poses["cam0"]["time"] < poses["cam0"]["time"][230]
    poses["cam0"] = poses["cam0"].where(late)
    poses["cam2"] = poses["cam2"].where(~late)
    found = synchronise(started(poses, (3, 0, 9), 450), rig)
    assert values(found) == {"cam0": 0, "cam1": 3, "cam2": -6}


def test_several_animals_whose_order_differs(rig, walk, film):
    one, two = (film(rig, walk[i], seed=i, **NOISE) for i in (0, 1))
    poses = {}
    for number, name in enumerate(one):
        order = (one[name], two[name]) if number % 2 else (two[name], one[name])
        poses[name] = xr.concat(
            [table.assign_coords(individual=[f"a{i}"]) for i, table in enumerate(order)],
            "individual",
            combine_attrs="override",
        )
    assert values(synchronise(started(poses, STARTS, 300), rig)) == {
        "cam0": 0, "cam1": 7, "cam2": -18, "cam3": 0,
    }  # fmt: skip


def test_an_animal_that_does_not_move_tells_nothing(rig, walk, film):
    still = np.repeat(walk[0][:1], 300, axis=0)
    with pytest.raises(InputError, match=r"do not tell by how many frames .* from -150 to \+150"):
        synchronise(film(rig, still, **NOISE), rig)


def test_a_camera_that_sees_nothing_is_named(rig, walk, film):
    poses = film(rig, walk[0][:300], **NOISE)
    poses["cam2"] = poses["cam2"].assign(position=poses["cam2"]["position"] * np.nan)
    with pytest.raises(InputError, match="cam2 from -150") as caught:
        synchronise(poses, rig)
    assert "cam1" not in caught.value.message
    # What the hint says leads on: the others are found, and the one that sees nothing is where it is said.
    assert caught.value.hint is not None
    said = dict(re.findall(r"--offset (\w+)=(\d+)", caught.value.hint))
    found = synchronise(poses, rig, offsets={name: int(value) for name, value in said.items()})
    assert values(found) == dict.fromkeys(found, 0)


def test_recordings_that_have_nothing_to_do_with_each_other(make_rig, walk, film):
    rig = make_rig(2)
    poses = film(rig, walk[0], **NOISE)
    poses["cam1"] = film(rig, walk[1], seed=5, **NOISE)["cam1"]
    with pytest.raises(InputError, match="do not tell"):
        synchronise(poses, rig)


def test_too_short_to_tell(rig, walk, film):
    with pytest.raises(InputError, match=r"at least 48 frames .* got 40"):
        synchronise(film(rig, walk[0][:40]), rig)


def test_a_long_recording_is_looked_at_where_the_animal_moves(make_rig, walk, film):
    rig = make_rig(2)
    body = walk[0]
    resting = np.concatenate([np.repeat(body[:1], 8000, axis=0), body, np.repeat(body[-1:], 8000, axis=0)])
    poses = started(film(rig, resting, sigma=0.5), (0, 40), 16_400)
    assert values(synchronise(poses, rig, max_offset=400)) == {"cam0": 0, "cam1": -40}


def test_cameras_that_are_not_calibrated(rig, film):
    scene = Scene.build(RecordingSpec(n_frames=6030, seed=3)).keypoints_mm[:, 0]
    found = synchronise(started(film(rig, scene, **NOISE), STARTS, 6000), None, max_offset=300)
    for estimate, start in zip(found.values(), STARTS, strict=True):
        assert estimate.offset == pytest.approx(STARTS[0] - start, abs=2)
        assert estimate.lowest <= STARTS[0] - start <= estimate.highest
