import numpy as np
import pytest

from marey.errors import InputError
from marey.metrics import bootstrap_interval
from marey.metrics.bootstrap import _blocks


def mean(rows: np.ndarray) -> float:
    return float(rows.mean())


def test_every_frame_is_drawn_equally_often_and_blocks_stay_in_their_video():
    groups = ["a"] * 7 + ["b"] * 2
    blocks = _blocks(groups, 3)
    assert [block.tolist() for block in blocks[5:]] == [[5, 6, 0], [6, 0, 1], [7, 8], [8, 7]]
    counts = np.bincount(np.concatenate(blocks))
    assert set(counts[:7]) == {3}
    assert set(counts[7:]) == {2}


def test_a_constant_has_no_spread_and_the_seed_decides():
    assert bootstrap_interval(np.full(20, 3.0), mean) == (3.0, 3.0)
    values = np.random.default_rng(0).normal(size=40)
    assert bootstrap_interval(values, mean, seed=1) == bootstrap_interval(values, mean, seed=1)
    assert bootstrap_interval(values, mean, seed=1) != bootstrap_interval(values, mean, seed=2)


def test_videos_may_come_as_an_array():
    videos = np.array(["a", "b"]).repeat(10)
    low, high = bootstrap_interval(np.arange(20.0), mean, groups=videos)
    assert low < 9.5 < high


def test_blocks_widen_the_interval_of_frames_that_err_together():
    values = np.repeat(np.random.default_rng(3).normal(size=20), 5)
    low, high = bootstrap_interval(values, mean, block_length=10)
    low_1, high_1 = bootstrap_interval(values, mean, block_length=1)
    assert high - low > 1.3 * (high_1 - low_1)


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(100):
        low, high = bootstrap_interval(rng.normal(size=60), mean, n_resamples=200, block_length=3)
        hits += low <= 0 <= high
    assert 86 <= hits <= 99


def test_too_little_is_unknown_and_a_wrong_level_is_refused():
    assert np.isnan(bootstrap_interval(np.array([1.0]), mean)).all()
    with pytest.raises(InputError, match="between 0 and 1, got 95"):
        bootstrap_interval(np.arange(5.0), mean, level=95)
