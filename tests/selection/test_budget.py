"""Spreading frames over videos."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marey.errors import InputError
from marey.selection import spread_budget


def test_in_proportion_by_hand():
    # Shares of 10 are 7.48, 2.49 and 0.02; everyone gets one, so the others share what is left.
    assert spread_budget(10, {"long": 3000, "short": 1000, "tiny": 10}) == {"long": 7, "short": 2, "tiny": 1}


def test_too_few_for_all_go_to_the_longest():
    assert spread_budget(2, {"a": 1, "b": 5, "c": 3}) == {"a": 0, "b": 1, "c": 1}


def test_a_minimum_is_kept():
    assert spread_budget(10, {"a": 1000, "b": 1}, minimum=3) == {"a": 7, "b": 3}


def test_what_a_video_cannot_give_goes_to_the_others():
    assert spread_budget(9, {"a": 10, "b": 10, "c": 10}, capacities={"a": 1, "b": 99, "c": 99}) == {
        "a": 1,
        "b": 4,
        "c": 4,
    }


def test_nothing():
    assert spread_budget(5, {}) == {}
    assert spread_budget(0, {"a": 3}) == {"a": 0}


def test_negative_numbers():
    with pytest.raises(InputError, match="must not be negative"):
        spread_budget(-1, {"a": 3})


@settings(deadline=None)
@given(
    n=st.integers(0, 200),
    weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=8),
    minimum=st.integers(0, 3),
    data=st.data(),
)
def test_the_sum_is_right_and_nobody_gives_more_than_it_has(n, weights, minimum, data):
    named = {str(k): weight for k, weight in enumerate(weights)}
    room = {key: data.draw(st.integers(0, 60)) for key in named}
    given_out = spread_budget(n, named, minimum=minimum, capacities=room)
    assert sum(given_out.values()) == min(n, sum(room.values()))
    assert all(0 <= given_out[key] <= room[key] for key in named)
