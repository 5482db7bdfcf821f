"""How sure it is who is who: probabilities from evidence, and the confidence of frames between doubts."""

import numpy as np
import pytest

from marey.tracking.certainty import Doubt, certain_stretches, find_doubts, identity_confidence
from marey.tracking.joints import Joints


def joints(*losses: float) -> Joints:
    """Two tracks that could be exchanged at so many moments, 100 frames apart."""
    n = len(losses)
    first = np.repeat(100 * np.arange(1, n + 1), 2)
    return Joints(
        track=np.tile([0, 1], n),
        place=np.repeat(np.arange(1, n + 1), 2),
        frame=first,
        until=first + 1,
        own=np.zeros(2 * n),
        rivals=np.arange(2 * n).reshape(n, 2),
        losses=np.array(losses, dtype=float),
    )


def test_three_nats_of_summed_evidence_are_worth_one() -> None:
    doubts = find_doubts(joints(6.0, 0.0, 3.0))
    assert [doubt.frame for doubt in doubts] == [200, 300, 100]  # the likeliest first
    expected = [0.5, 1 / (1 + np.e), 1 / (1 + np.e**2)]
    assert [doubt.probability for doubt in doubts] == pytest.approx(expected)


def test_exchanges_of_less_than_one_in_a_hundred_are_not_listed() -> None:
    nearly = 3 * np.log(99)
    assert len(find_doubts(joints(nearly - 0.1))) == 1
    assert not find_doubts(joints(nearly + 0.1))


def test_a_frame_is_as_sure_as_the_weaker_of_the_moments_beside_it() -> None:
    doubts = [Doubt(2, 3, (0,), 0.3, ""), Doubt(0, 1, (0, 1), 0.1, "")]
    assert identity_confidence(np.arange(6), doubts).tolist() == [0.9, 0.7, 0.7, 0.7, 0.7, 0.7]
    assert identity_confidence(np.array([0, 4]), doubts[1:]).tolist() == [0.9, 0.9]
    assert identity_confidence(np.array([0, 4]), []).tolist() == [1, 1]


def test_a_short_doubt_within_a_long_one_does_not_end_it() -> None:
    doubts = [Doubt(10, 100, (0, 1), 0.5, ""), Doubt(20, 30, (0, 2), 0.05, "")]
    assert identity_confidence(np.array([50, 120]), doubts).tolist() == [0.5, 0.5]


def test_only_likely_exchanges_part_stretches() -> None:
    doubts = [Doubt(0, 1, (0,), 0.1, ""), Doubt(3, 5, (0,), 0.9, ""), Doubt(2, 3, (0, 1), 0.3, "")]
    assert certain_stretches(np.arange(6), doubts).tolist() == [0, 0, 0, 1, 1, 2]
    assert certain_stretches(np.array([1, 5]), doubts[::2]).tolist() == [0, 1]
