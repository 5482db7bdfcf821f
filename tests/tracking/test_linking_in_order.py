"""Long recordings are linked so many tracklets at a time, as if they were linked at once."""

import importlib

import numpy as np
import pytest
import xarray as xr

from marey.model import create_poses
from marey.tracking import track
from marey.tracking.linking import Ends, link_in_order

tracking = importlib.import_module("marey.tracking.track")  # the package has a function of that name


def ends(first: list[int], last: list[int]) -> Ends:
    frames = np.array(first), np.array(last)
    nowhere = np.zeros((len(first), 1, 2))
    return Ends(*frames, frames[1] - frames[0] + 1, nowhere, nowhere, nowhere, nowhere)


def recording(animals: np.ndarray) -> xr.Dataset:
    """Return poses of one keypoint and its neighbour, from (n_frames, n_slots, 2)."""
    points = np.stack([animals, animals + np.array([12.0, 3.0])], axis=2)
    names = [f"a{i}" for i in range(animals.shape[1])]
    return create_poses(points.transpose(0, 3, 2, 1), keypoints=["head", "tail"], individuals=names, fps=30.0)


def in_small_steps(monkeypatch, settled: int, ahead: int) -> list[int]:
    """Make the tracker link so many tracklets at a time, and return how many each step will have had."""
    sizes = []

    def link_in_small_steps(ends, link, max_gap):
        def counted(numbers, n_certain):
            sizes.append(len(numbers))
            return link(numbers, n_certain)

        return link_in_order(ends, counted, max_gap, settled=settled, ahead=ahead)

    monkeypatch.setattr(tracking, "link_in_order", link_in_small_steps)
    return sizes


def test_what_is_settled_goes_on_from_one_tracklet_for_each_animal():
    asked = []
    best = {0: 2, 1: 3, 2: 4, 3: 5, 4: 6, 5: 7}  # two animals take turns; nobody is 8

    def link(numbers, n_certain):
        asked.append((numbers.tolist(), n_certain))
        return {i: best[i] for i in numbers.tolist() if best.get(i) in numbers}, {8} & set(numbers.tolist())

    first = [0, 0, 20, 20, 40, 40, 60, 60, 70]
    links, left_out = link_in_order(ends(first, [f + 15 for f in first]), link, settled=3, ahead=2)
    assert asked == [([0, 1, 2, 3, 4], 0), ([1, 2, 3, 4, 5, 6, 7], 2), ([4, 5, 6, 7, 8], 2)]
    assert links == best
    assert left_out == {8}


def test_tracks_that_cannot_go_on_are_let_go():
    asked = []

    def link(numbers, n_certain):
        asked.append((numbers.tolist(), n_certain))
        return {}, set()

    link_in_order(ends([0, 5, 30, 40], [10, 25, 35, 50]), link, max_gap=10, settled=2, ahead=1)
    assert asked == [([0, 1, 2], 0), ([1, 2, 3], 1)]


def test_few_tracklets_are_linked_at_once():
    asked = []
    link_in_order(ends([0, 20], [10, 30]), lambda numbers, _: asked.append(numbers.tolist()) or ({}, set()))
    assert asked == [[0, 1]]


@pytest.mark.parametrize("can_leave", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_small_steps_give_the_tracks_of_the_whole(monkeypatch, seed, can_leave):
    rng = np.random.default_rng(seed)
    n_frames = 3000
    steps = np.cumsum(rng.normal(0, 1.5, (n_frames, 3, 2)), axis=0)
    animals = steps + np.array([[100.0, 100.0], [160.0, 100.0], [130.0, 150.0]])
    for animal in range(3):
        for start in rng.integers(0, n_frames - 20, 12):
            animals[start : start + rng.integers(3, 15), animal] = np.nan
    poses = recording(animals)
    whole = track(poses, n_animals=3, can_leave=can_leave).poses
    sizes = in_small_steps(monkeypatch, settled=4, ahead=12)
    pieces = track(poses, n_animals=3, can_leave=can_leave).poses
    assert len(sizes) > 5
    xr.testing.assert_equal(pieces["position"], whole["position"])


def test_no_two_tracks_share_what_they_go_on_with(monkeypatch):
    """An animal is lost while another one's newest tracklet begins: that is taken already."""
    rng = np.random.default_rng(1)
    animals = np.full((600, 4, 2), np.nan)
    animals[:] = np.array([[100.0, 100.0], [112.0, 100.0], [100.0, 112.0], [112.0, 112.0]])
    animals += np.cumsum(rng.normal(0, 1.0, animals.shape), axis=0)
    animals[rng.uniform(size=(600, 4)) < 0.2] = np.nan
    in_small_steps(monkeypatch, settled=3, ahead=2)
    linked = []
    chains = tracking._Linked.chains
    monkeypatch.setattr(tracking._Linked, "chains", lambda *a, **b: linked.extend(chains(*a, **b)) or linked)
    track(recording(animals), n_animals=4)
    assert len(linked) == 4
    numbers = [i for chain in linked for i in chain]
    assert len(numbers) > 50
    assert len(set(numbers)) == len(numbers)


def test_an_animal_that_is_away_for_many_steps_is_known_when_it_comes_back(monkeypatch):
    frame = np.arange(1200)
    animals = np.stack([50 + 0.2 * frame, 0 * frame + 100.0], axis=-1)[:, None] + [[0.0, 0.0], [0.0, 120.0]]
    animals[200:1000, 1] = np.nan
    animals[100::12, 0] = np.nan
    animals[101::24, 0, 1] += 60  # a jump, at which a tracklet ends
    whole = track(recording(animals), n_animals=2).poses
    sizes = in_small_steps(monkeypatch, settled=3, ahead=3)
    found = track(recording(animals), n_animals=2).poses
    assert len(sizes) > 10
    xr.testing.assert_equal(found["position"], whole["position"])
    place = found["position"].sel(space="y", keypoint="head").values
    away = int(np.argmax(place[50]))  # the lower one, which stays where it is
    assert np.allclose(place[:200, away], 220)
    assert np.allclose(place[1000:, away], 220)


def test_one_track_where_nothing_leads_from_one_half_of_an_animal_to_the_other():
    # An animal; many false detections at once, so that nothing else is considered; the animal again.
    animals = np.full((220, 121, 2), np.nan)
    animals[:100, 0] = animals[110:, 0] = [200.0, 200.0]
    false = np.stack(np.meshgrid(np.arange(12.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    animals[101:120, 1:] = 60 * false + np.array([400.0, 0.0])
    found = track(recording(animals), n_animals=1)
    assert found.poses.sizes["individual"] == 1
    assert np.isfinite(found.poses["position"].values[150]).all()
