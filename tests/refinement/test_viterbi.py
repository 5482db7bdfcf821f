import numpy as np
import pytest

from marey.errors import ConfigError, InputError
from marey.model import read_history
from marey.refinement import viterbi_filter

NAN = np.nan


def x_of(poses):
    return poses["position"].to_numpy()[:, 0, 0, 0]


def test_the_second_candidate_is_taken_where_the_first_jumps(make_poses):
    first = np.arange(12.0)
    first[5:7] = 80
    second = np.full(12, 80.0)
    second[5:7] = [5, 6]
    sure, unsure = np.full((12, 1, 1), 0.9), np.full((12, 1, 1), 0.5)
    result = viterbi_filter(
        make_poses(first, confidence=sure), [make_poses(second, confidence=unsure)], step=2.0
    )
    np.testing.assert_array_equal(x_of(result), np.arange(12.0))
    assert result["confidence"].to_numpy()[:, 0, 0].tolist() == [0.9] * 5 + [0.5] * 2 + [0.9] * 5
    entry = read_history(result)[-1]
    assert (entry["n_replaced"], entry["n_dropped"]) == (2, 0)


def test_a_choice_by_hand(make_poses):
    # Two frames. Staying costs -ln 0.5 = 0.69; jumping by 3 steps costs -ln 0.9 + 3² / 2 = 4.6.
    near, far = make_poses([0, 0], confidence=np.array([0.9, 0.5])[:, None, None]), make_poses([NAN, 3])
    far["confidence"].values[1] = 0.9
    assert x_of(viterbi_filter(near, [far], step=1.0)).tolist() == [0, 0]
    # With steps of 3 usual, the jump costs 0.11 + 0.5 = 0.61 < 0.69.
    assert x_of(viterbi_filter(near, [far], step=3.0)).tolist() == [0, 3]


def test_with_one_candidate_a_wild_point_is_dropped(make_poses):
    x = np.linspace(0, 20, 41)
    x[10] = 300
    result = viterbi_filter(make_poses(x, confidence=np.full((41, 1, 1), 0.8)))
    assert np.flatnonzero(np.isnan(x_of(result))).tolist() == [10]
    assert result["confidence"].isnull().to_numpy().sum() == 1
    kept = viterbi_filter(make_poses(x), missing_confidence=0)
    np.testing.assert_array_equal(x_of(kept), x)


def test_the_first_points_of_one_that_moves_steadily_are_kept(make_poses):
    x = 8.0 * np.arange(30)  # whose speed nobody knows at first, and which then goes on as before
    result = viterbi_filter(make_poses(x, confidence=np.full((30, 1, 1), 0.8)))
    np.testing.assert_array_equal(x_of(result), x)


def test_a_sure_point_that_darts_off_is_kept(make_poses):
    """Steps of twenty times the usual one, but each leads on from the one before."""
    speed = np.where((np.arange(200) // 20) % 4 == 3, 20.0, 1.0)
    x = np.cumsum(speed) + np.random.default_rng(0).normal(0, 0.3, 200)
    x[95] += 300
    result = viterbi_filter(make_poses(x, confidence=np.full((200, 1, 1), 0.95)))
    assert np.flatnonzero(np.isnan(x_of(result))).tolist() == [95]


def test_what_is_usual_is_learned_from_sure_points(make_poses):
    """Half of the time the network guesses wildly, and knows it: the animal does not move like that."""
    rng = np.random.default_rng(0)
    x, sure = np.zeros(200), np.full((200, 1, 1), 0.95)
    unsure = np.repeat(np.arange(10) % 2 == 1, 20)
    x[unsure], sure[unsure] = rng.uniform(-400, 400, unsure.sum()), 0.3
    second = make_poses(np.zeros(200), confidence=np.full((200, 1, 1), 0.25))
    assert np.abs(x_of(viterbi_filter(make_poses(x, confidence=sure), [second]))).max() < 5


def test_an_animal_that_comes_back_elsewhere_is_kept(make_poses):
    x = np.concatenate([np.arange(10.0), np.full(20, NAN), np.arange(500, 510.0)])
    np.testing.assert_array_equal(x_of(viterbi_filter(make_poses(x))), x)


@pytest.mark.parametrize("x", [[], [3.0], [NAN] * 5])
def test_too_little_to_choose_from(make_poses, x):
    np.testing.assert_array_equal(x_of(viterbi_filter(make_poses(x))), x)


def test_what_does_not_fit(make_poses):
    with pytest.raises(InputError, match="same frames in all predictions, but those of number 2 differ"):
        viterbi_filter(make_poses([1, 2]), [make_poses([1, 2, 3])])
    with pytest.raises(ConfigError, match="got 1 and None"):
        viterbi_filter(make_poses([1]), missing_confidence=1)
