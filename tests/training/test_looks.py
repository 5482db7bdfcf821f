import numpy as np
import pytest

from marey.training.looks import (
    CLEAR_SHARE,
    FEWEST_LOOKS,
    Looks,
    choose_looks,
    learn_likeness,
    witness_frames,
)

N_FRAMES, N_FEATURES = 600, 120


def herd(n_animals=3, cut=200):
    """Tracklets of animals that are there all the time, cut into stretches at the same frames."""
    parts, owner = [], []
    for start in range(0, N_FRAMES, cut):
        for animal in range(n_animals):
            parts.append((np.arange(start, start + cut), np.full(cut, animal)))
            owner.append(animal)
    return parts, np.array(owner)


def looks_of(parts, step=4):
    rows = [
        (f, s, i)
        for i, (frames, slots) in enumerate(parts)
        for f, s in zip(frames[::step], slots[::step], strict=True)
    ]
    frame, slot, tracklet = np.array(sorted(rows)).T
    turn = frame * 0.05 + slot
    place = 100 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return Looks(frame, slot, tracklet, np.ones(len(rows), dtype=bool), place)


def features_of(looks, *, difference, seed=0):
    """What animals look like differs in a few directions; noise, and a light that wanders, in many."""
    rng = np.random.default_rng(seed)
    animals = difference * rng.normal(size=(3, 4)) @ rng.normal(size=(4, N_FEATURES))
    light = np.sin(looks.frame / 40)[:, None] * rng.normal(size=N_FEATURES) * 3
    return animals[looks.slot] + light + rng.normal(size=(len(looks), N_FEATURES))


def test_what_differs_is_learned_and_holds_for_what_was_not_seen():
    parts, _ = herd()
    looks = looks_of(parts)
    likeness = learn_likeness(
        features_of(looks, difference=0.5), looks, parts, witness_frames(N_FRAMES), seed=0
    )
    assert likeness.separation > 0.95
    embedded = likeness.apply(features_of(looks, difference=0.5))
    is_told = witness_frames(N_FRAMES)[looks.frame]
    middles = np.stack([embedded[(looks.slot == animal) & ~is_told].mean(axis=0) for animal in range(3)])
    apart = np.linalg.norm(embedded[is_told][:, None] - middles, axis=-1)
    assert (apart.argmin(axis=1) == looks.slot[is_told]).mean() > 0.95


@pytest.mark.parametrize("seed", range(5))
def test_look_alikes_teach_nothing(seed):
    parts, _ = herd()
    looks = looks_of(parts)
    features = features_of(looks, difference=0.0, seed=seed)
    assert learn_likeness(features, looks, parts, witness_frames(N_FRAMES), seed=seed) is None


def test_the_same_seed_gives_the_same_measure():
    parts, _ = herd()
    looks = looks_of(parts)
    features = features_of(looks, difference=0.3)
    one, other = (learn_likeness(features, looks, parts, witness_frames(N_FRAMES), seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.axes, other.axes)


def test_too_few_looks_teach_nothing():
    parts, _ = herd()
    looks = looks_of(parts, step=100)
    assert (
        learn_likeness(features_of(looks, difference=2.0), looks, parts, witness_frames(N_FRAMES), seed=0)
        is None
    )


def test_witnesses_are_a_third_in_stretches():
    frames = witness_frames(1800)
    assert frames.mean() == pytest.approx(1 / 3)
    assert np.abs(np.diff(frames.astype(int))).sum() < 15


def test_clear_looks_are_preferred_and_every_tracklet_is_looked_at():
    size = 20.0
    points = np.full((100, 2, 3, 2), np.nan)
    body = np.array([[0.0, 0], [10, 0], [20, 0]])
    points[:, 0] = body
    points[:50, 1] = body + np.array([0, 0.5 * CLEAR_SHARE * size])  # side by side, then far apart
    points[50:, 1] = body + np.array([0, 200])
    parts = [
        (np.arange(100), np.zeros(100, int)),
        (np.arange(50), np.ones(50, int)),
        (np.arange(50, 52), np.ones(2, int)),
    ]
    looks = choose_looks(parts, points, size)
    own = looks.tracklet == 0
    assert own.sum() >= FEWEST_LOOKS
    assert (looks.frame[own] >= 50).all()
    assert looks.is_clear[own].all()
    assert (looks.tracklet == 1).sum() == FEWEST_LOOKS
    assert not looks.is_clear[looks.tracklet == 1].any()
    assert (looks.tracklet == 2).sum() == 2
    assert (np.diff(looks.frame) >= 0).all()


def test_an_animal_without_points_enough_is_not_looked_at():
    points = np.full((30, 1, 3, 2), np.nan)
    points[:, 0, 0] = 5.0
    assert len(choose_looks([(np.arange(30), np.zeros(30, int))], points, 10.0)) == 0


def test_animals_that_keep_to_their_places_cannot_be_told_from_these():
    parts, _ = herd()
    looks = looks_of(parts)
    features = features_of(looks, difference=0.5)
    assert learn_likeness(features, looks, parts, witness_frames(N_FRAMES), seed=0) is not None
    looks.place[:] = 10 * looks.place / 100 + 300 * looks.slot[:, None]
    assert learn_likeness(features, looks, parts, witness_frames(N_FRAMES), seed=0) is None
