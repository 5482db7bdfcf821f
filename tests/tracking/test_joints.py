"""Two animals meet; each comes out of the tangle through a tracklet of one frame that says nothing of it."""

import numpy as np
import pytest

from marey.tracking.appearance import Appearance
from marey.tracking.certainty import find_doubts
from marey.tracking.joints import measure_joints, reconsider
from marey.tracking.linking import GAPS, Ends, Stray

# Tracklets: 0 and 1 before, 2 and 3 in the tangle, 4 and 5 after it. All meet at the same place.
FIRST, LAST = np.array([0, 0, 50, 50, 51, 51]), np.array([49, 49, 50, 50, 99, 99])
LOOKS = np.array([5.0, 5.0, 1.0, 1.0, 5.0, 5.0])


def ends() -> Ends:
    points, rest = np.zeros((6, 2, 2)), np.zeros((6, 2, 2))
    return Ends(FIRST, LAST, LAST - FIRST + 1, points, points, rest, rest)


STRAY = Stray(np.full(len(GAPS), 5.0), 1e6, np.full(len(GAPS), 2.0))


def appearance(looks_like: list[float]) -> Appearance:
    """One feature, by which animals differ by about 10, and each look at one by about 1."""
    means = np.array(looks_like)[:, None]
    return Appearance(means, LOOKS, np.array([0.5]), np.array([100.0]), np.array([1.0]))


def test_who_looks_another_way_after_a_tangle_is_exchanged():
    seen = appearance([0, 10, np.nan, np.nan, 0, 10])
    wrong = [[0, 2, 5], [1, 3, 4]]
    right = reconsider(wrong, ends(), STRAY, seen)
    assert {chain[0]: chain[-1] for chain in right} == {0: 4, 1: 5}
    assert sorted(i for chain in right for i in chain) == list(range(6))
    assert reconsider(right, ends(), STRAY, seen) == right
    assert wrong == [[0, 2, 5], [1, 3, 4]]


def test_look_alikes_stay_as_they_are_and_are_doubted():
    alike = appearance([0.0] * 6)
    chains = [[0, 2, 5], [1, 3, 4]]
    assert reconsider(chains, ends(), STRAY, alike) == chains
    doubts = find_doubts(measure_joints(chains, ends(), STRAY, alike))
    assert [doubt.tracks for doubt in doubts] == [(0, 1)] * len(doubts)
    assert doubts[0].probability == pytest.approx(0.5)


def test_the_loss_of_an_exchange_is_what_looks_say():
    seen = appearance([0, 10, np.nan, np.nan, 0, 10])
    joints = measure_joints([[0, 2, 4], [1, 3, 5]], ends(), STRAY, seen)
    assert joints.frame.tolist() == [49, 49, 50, 50]
    assert joints.place.tolist() == [1, 1, 2, 2]
    # Where they are says the same either way. 5 looks on each side: variances 0.5 + 0.4 and 100 + 0.4.
    same, other = 0.9, 100.4
    for_one, for_two = (0.5 * (np.log(other / same) + d / other - d / same) for d in (0.0, 100.0))
    expected = 2 * (np.clip(for_one, -8, 8) - np.clip(for_two, -8, 8))
    pairs = {tuple(pair): loss for pair, loss in zip(joints.rivals.tolist(), joints.losses, strict=True)}
    assert pairs[0, 1] == pytest.approx(expected)


def test_looks_reach_over_a_tangle_of_many_short_tracklets():
    n = 80  # frames in which each animal is a tracklet of its own, and does not show what it looks like
    first = np.concatenate([[0, 0], np.repeat(100 + np.arange(n), 2), [100 + n, 100 + n]])
    n_frames = np.concatenate([[100, 100], np.ones(2 * n, dtype=int), [100, 100]])
    points, rest = np.zeros((len(first), 2, 2)), np.zeros((len(first), 2, 2))
    tangled = Ends(first, first + n_frames - 1, n_frames, points, points, rest, rest)
    means = np.array([0.0, 10.0, *np.full(2 * n, np.nan), 0.0, 10.0])[:, None]
    seen = Appearance(means, n_frames / 10, np.array([0.5]), np.array([100.0]), np.array([1.0]))
    a, b = len(first) - 2, len(first) - 1
    wrong = [[0, *range(2, a, 2), b], [1, *range(3, b, 2), a]]
    right = reconsider(wrong, tangled, STRAY, seen)
    assert {chain[0]: chain[-1] for chain in right} == {0: a, 1: b}


def test_tracks_of_a_single_tracklet_have_no_joints():
    joints = measure_joints([[0], [1]], ends(), STRAY, appearance([0.0] * 6))
    assert len(joints.track) == len(joints.rivals) == 0
    assert find_doubts(joints) == []
    assert reconsider([], ends(), STRAY, appearance([0.0] * 6)) == []


def test_a_long_recording_is_put_right_at_many_places():
    n = 30
    first = np.repeat(1000 * np.arange(n), 2)
    points, rest = np.zeros((2 * n, 2, 2)), np.zeros((2 * n, 2, 2))
    long = Ends(first, first + 999, np.full(2 * n, 1000), points, points, rest, rest)
    means = np.tile([0.0, 10.0], n)[:, None]
    seen = Appearance(means, np.full(2 * n, 40.0), np.array([0.5]), np.array([100.0]), np.array([1.0]))
    # Each tracklet is followed by the other animal's.
    wrong = [[2 * k + (k + animal) % 2 for k in range(n)] for animal in (0, 1)]
    assert reconsider(wrong, long, STRAY, seen) == [[2 * k + animal for k in range(n)] for animal in (0, 1)]
