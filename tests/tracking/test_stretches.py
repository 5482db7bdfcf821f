"""Long recordings are linked one stretch at a time, as if they were linked at once."""

import functools
import importlib

import numpy as np
import pytest
import xarray as xr

from marey.model import create_poses
from marey.tracking import track
from marey.tracking.linking import Ends, Stretch, stretches

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


def test_a_recording_is_cut_where_all_animals_are_followed_for_long():
    two = ends([0, 0, 120, 130, 300], [100, 110, 220, 320, 400])
    found = stretches(two, 2, length=2)
    assert [stretch.numbers.tolist() for stretch in found] == [[0, 1], [0, 1, 2, 3], [2, 3, 4]]
    assert [stretch.is_certain.tolist() for stretch in found] == [
        [True, True],
        [True, True, True, True],
        [True, True, False],
    ]
    assert len(stretches(two, 2)) == 1  # few tracklets
    assert len(stretches(two, 3, length=2)) == 1  # never all there


def test_a_stretch_that_cannot_be_cut_stays_whole():
    short = ends([0, 0, 20, 20], [10, 10, 30, 30])
    (whole,) = stretches(short, 2, length=1)
    assert whole.numbers.tolist() == Stretch.whole(4).numbers.tolist()
    assert not whole.is_certain.any()


@pytest.mark.parametrize("seed", range(3))
def test_stretches_give_the_tracks_of_the_whole(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    n_frames = 3000
    steps = np.cumsum(rng.normal(0, 1.5, (n_frames, 3, 2)), axis=0)
    animals = steps + np.array([[100.0, 100.0], [160.0, 100.0], [130.0, 150.0]])
    for animal in range(3):
        for start in rng.integers(0, n_frames - 20, 12):
            animals[start : start + rng.integers(3, 15), animal] = np.nan
    poses = recording(animals)
    whole = track(poses, n_animals=3).poses
    counts = []

    def in_stretches(*arguments):
        found = stretches(*arguments, length=4)
        counts.append(len(found))
        return found

    monkeypatch.setattr(tracking, "stretches", in_stretches)
    pieces = track(poses, n_animals=3).poses
    assert counts[0] > 2
    xr.testing.assert_equal(pieces["position"], whole["position"])


def test_an_animal_that_nothing_leads_to_is_linked_in_the_whole(monkeypatch):
    # An animal; many false detections at once, so that nothing else is considered; the animal again.
    animals = np.full((220, 121, 2), np.nan)
    animals[:100, 0] = animals[110:, 0] = [200.0, 200.0]
    false = np.stack(np.meshgrid(np.arange(12.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    animals[101:120, 1:] = 60 * false + np.array([400.0, 0.0])
    monkeypatch.setattr(tracking, "stretches", functools.partial(stretches, length=1))
    asked = []
    monkeypatch.setattr(Stretch, "whole", lambda n, make=Stretch.whole: asked.append(n) or make(n))
    found = track(recording(animals), n_animals=1)
    assert asked
    assert found.poses.sizes["individual"] == 1
    assert np.isfinite(found.poses["position"].values[150]).all()
