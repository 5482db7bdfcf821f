import numpy as np
import pytest

from marey.tracking.appearance import Features, learn_appearance


def parts_of(n=6, length=160):
    """Three pairs of tracklets of two animals, one pair after the other."""
    return [(np.arange(length) + length * (i // 2), np.full(length, i % 2)) for i in range(n)]


def values(n_features, difference, *, n_frames=480, seed=0):
    rng = np.random.default_rng(seed)
    shape = (n_frames, 2, n_features)
    return difference * np.arange(2)[:, None] + rng.normal(size=shape)


def test_kinds_are_measured_by_themselves():
    parts = parts_of()
    strong, weak = values(2, 6.0), values(3, 0.0, seed=1)
    weak[parts[0][0], 0] = np.nan  # one kind is unknown of one tracklet, and does not take the other along
    seen = learn_appearance(parts, Features(weak), Features(strong, teaching=20))
    assert seen.means.shape == (6, 5)
    assert np.isnan(seen.means[0, :3]).all()
    assert np.isfinite(seen.means[0, 3:]).all()
    same, other = seen.evidence(np.array([0, 0]), np.array([2, 3]))
    assert same > 3
    assert other < -3


def test_short_tracklets_in_a_row_are_the_same_look():
    parts = [*parts_of(), *((np.array([frame]), np.array([0])) for frame in range(470, 480))]
    seen = learn_appearance(parts, Features(values(2, 2.0), teaching=20))
    assert seen.weights[6:].sum() == pytest.approx(1.0)
    assert seen.weights[0] == pytest.approx(16.0)
    # A picture is a picture, though, where there is nothing else.
    means, one = seen.means[[6]], np.ones((1, 2))
    tenth = seen.compare(means, 0.1 * one, means + 0.5, 0.1 * one)
    assert tenth == pytest.approx(seen.compare(means, one, means + 0.5, one))
    assert tenth != pytest.approx(seen.compare(means, 2 * one, means + 0.5, one))


def test_what_differences_mean_is_asked_of_the_witnesses_alone():
    parts = parts_of()
    learned = values(2, 6.0)
    is_witness = np.arange(480) >= 320
    learned[320:] = values(2, 0.0, seed=2)[320:]  # learned by heart: it does not hold in the witnesses
    fooled = learn_appearance(parts, Features(learned, teaching=20))
    warned = learn_appearance(parts, Features(learned, is_witness, teaching=20))
    pair = np.array([0]), np.array([3])
    assert fooled.evidence(*pair) < -3
    assert abs(warned.evidence(*pair)) < abs(fooled.evidence(*pair)) / 3


def test_a_kind_without_witnesses_says_nothing():
    parts = parts_of()
    seen = learn_appearance(parts, Features(values(2, 6.0), np.zeros(480, dtype=bool)))
    assert seen.means.shape == (6, 0)
    assert (seen.evidence(np.array([0]), np.array([3])) == 0).all()
