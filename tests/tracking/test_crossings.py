"""Two animals cross, and one lies under the other: what was seen around it says who came out where."""

from dataclasses import replace

import numpy as np
import pytest

from marey.tracking.appearance import Appearance
from marey.tracking.crossings import Crossings, Exchange, learn_crossings
from marey.tracking.joints import measure_joints, reconsider
from marey.tracking.likelihood import Expected
from marey.tracking.linking import (
    GAPS,
    Stray,
    independent_witnesses,
    measure_ends,
    members,
)
from marey.tracking.motion import MotionModel

BODY = np.array([[-20.0, 0.0], [-7.0, 0.0], [7.0, 0.0], [20.0, 0.0]])
MODEL = MotionModel(1.0, 0.5, 5.0)
STRAY = Stray(np.full(len(GAPS), 5.0), 1e6, np.full(len(GAPS), 2.0))
FEWER_WITNESSES = replace(STRAY, witnesses=np.linspace(4.0, 1.0, len(GAPS)))
USUAL = -1.5
N = 100


def crossing(n: int = N) -> np.ndarray:
    """Return points of two animals, (n, 2, n_keypoints, 2); the second is hidden where they meet halfway."""
    time = np.arange(n) - n / 2
    rng = np.random.default_rng(0)
    upper = np.stack([3.0 * time, np.zeros(n)], axis=-1)
    lower = np.stack([3.0 * time, 2.0 * time], axis=-1)
    points = np.stack([place[:, None] + BODY for place in (upper, lower)], axis=1)
    points += rng.normal(0, 0.5, points.shape)
    points[n // 2 - 5 : n // 2 + 6, 1] = np.nan
    return points


def tracklets_of(points: np.ndarray) -> np.ndarray:
    """Return tracklets: the upper animal cut in two halfway, the lower one where it is hidden."""
    half = len(points) // 2
    labels = np.full((len(points), 2), -1)
    labels[:half, 0], labels[half:, 0] = 0, 1
    labels[: half - 5, 1], labels[half + 6 :, 1] = 2, 3
    return labels


def no_looks() -> Appearance:
    return Appearance(np.empty((4, 0)), np.ones(4), *(np.empty(0) for _ in range(3)))


def test_an_exchange_in_a_crossing_is_seen_and_undone() -> None:
    points = crossing()
    tracklets = tracklets_of(points)
    crossings = learn_crossings(points, tracklets, MODEL, STRAY, 40.0, 30.0)
    wrong = Exchange(tracks=(0, 1), places=(1, 1), frames=(49, 44), untils=(50, 56))
    assert crossings.losses([[0, 1], [2, 3]], [wrong])[0] > 5
    ends = measure_ends(members(tracklets), points)
    exchanged = [[0, 3], [2, 1]]
    joints = measure_joints(exchanged, ends, STRAY, no_looks(), crossings)
    assert joints.losses.min() < -5
    assert sorted(reconsider(exchanged, ends, STRAY, no_looks(), crossings)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("n", [N, 4 * N], ids=["too short to learn from", "long"])
def test_the_unit_of_length_does_not_matter(n: int) -> None:
    half = n // 2
    moment = Exchange((0, 1), (1, 1), frames=(half - 1, half - 6), untils=(half, half + 6))

    def loss(unit: float) -> float:
        model = MotionModel(*(unit * one for one in (1.0, 0.5, 5.0)))
        stray = replace(FEWER_WITNESSES, spread_px=unit * STRAY.spread_px, area=unit**2 * STRAY.area)
        points = unit * crossing(n)
        crossings = learn_crossings(points, tracklets_of(points), model, stray, unit * 40.0, 30.0)
        return crossings.losses([[0, 1], [2, 3]], [moment])[0]

    assert loss(30.0) == pytest.approx(loss(1.0))


def test_who_is_seen_goes_on_rather_than_vanishing_as_the_other_comes_back() -> None:
    time = np.arange(N)
    rng = np.random.default_rng(3)
    upper = np.stack([24.0 * time, np.zeros(N)], axis=-1)
    lower = upper + np.stack([np.zeros(N), 6 * np.abs(time - 50.0)], axis=-1)
    points = np.stack([place[:, None] + 30 * BODY for place in (upper, lower)], axis=1)
    points += rng.normal(0, 30.0, points.shape)
    points[38:62, 1] = np.nan
    labels = np.full((N, 2), -1)
    labels[:50, 0], labels[50:, 0], labels[:38, 1], labels[62:, 1] = 0, 1, 2, 3
    model = MotionModel(30.0, 15.0, 150.0)
    crossings = learn_crossings(points, labels, model, FEWER_WITNESSES, 1200.0, 30.0)
    vanishing = Exchange(tracks=(0, 1), places=(1, 1), frames=(49, 37), untils=(62, 50))
    assert crossings.losses([[0, 3], [2, 1]], [vanishing])[0] < -10


def test_a_moment_is_judged_once() -> None:
    points = crossing()
    crossings = Crossings(points, tracklets_of(points), Expected(MODEL, STRAY, 40.0, 1.0, USUAL))
    moment = Exchange(tracks=(0, 1), places=(1, 1), frames=(49, 44), untils=(50, 56))
    first = crossings.losses([[0, 1], [2, 3]], [moment])
    turned = Exchange(tracks=(1, 0), places=(1, 1), frames=(44, 49), untils=(56, 50))
    assert crossings.losses([[0, 1], [2, 3]], [moment, moment]).tolist() == [first[0], first[0]]
    assert crossings.losses([[0, 1], [2, 3]], [turned])[0] == pytest.approx(first[0])
    assert crossings.losses([[0, 1], [2, 3]], []).shape == (0,)


def likelihoods(*animals: np.ndarray) -> np.ndarray:
    return Expected(MODEL, STRAY, 40.0, 0.9, USUAL).log_likelihood(np.stack(animals))


def test_who_is_hidden_stays_hidden_and_who_is_seen_stays_seen() -> None:
    still = np.zeros((20, 4, 2)) + BODY
    blinking, absent = still.copy(), still.copy()
    blinking[1::2] = np.nan
    absent[10:] = np.nan
    assert np.isfinite(blinking).sum() == np.isfinite(absent).sum()
    seen, half, flicker = likelihoods(still, absent, blinking)
    per_frame = 2.0 * -np.log(MODEL.detection_px**2)  # the most that a frame in which it is seen may add
    assert half - flicker > 10 * (np.log(0.9) - np.log(0.1)) - 10 * per_frame - 20
    assert seen > flicker


def test_who_lacks_points_goes_on_lacking_them() -> None:
    still = np.zeros((40, 4, 2)) + BODY
    covered = still.copy()
    covered[:, 2:] = np.nan
    kept = likelihoods(still, covered).sum()
    turned = likelihoods(
        np.concatenate([still[:20], covered[20:]]), np.concatenate([covered[:20], still[20:]])
    ).sum()
    assert kept > turned + 2


def test_nothing_is_said_of_nobody() -> None:
    assert np.isfinite(likelihoods(np.full((30, 4, 2), np.nan))).all()


def test_keypoints_are_as_many_witnesses_as_they_err_independently() -> None:
    rng = np.random.default_rng(0)
    alone = rng.normal(size=(20_000, 6, 2))
    together = np.repeat(rng.normal(size=(20_000, 1, 2)), 6, axis=1)
    assert independent_witnesses(alone) == pytest.approx(6, rel=0.05)
    assert independent_witnesses(together) == pytest.approx(1)
    # Equal parts of both: the mean of six varies as 1 + 1/6, a single one as 2.
    assert independent_witnesses(alone + together) == pytest.approx(2 / (1 + 1 / 6), rel=0.05)
    assert np.isnan(independent_witnesses(alone[:5]))


@pytest.mark.parametrize(("frame_rate", "around"), [(10.0, 30), (30.0, 30), (100.0, 100), (1000.0, 200)])
def test_a_second_is_followed_whatever_the_frame_rate(frame_rate, around) -> None:
    points = crossing()
    crossings = learn_crossings(points, tracklets_of(points), MODEL, STRAY, 40.0, frame_rate)
    assert (crossings.around, crossings.longest) == (around, 3 * around)
    wrong = Exchange(tracks=(0, 1), places=(1, 1), frames=(49, 44), untils=(50, 56))
    assert crossings.losses([[0, 1], [2, 3]], [wrong])[0] > 5
