"""How sure it is who is who: probabilities from evidence, and the confidence of frames between doubts."""

import numpy as np
import pytest

from marey.tracking.certainty import Doubt, find_doubts, identity_confidence
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
    is_there = np.ones((6, 2), dtype=bool)
    is_there[5, 1] = False
    doubts = [Doubt(0, 1, (0, 1), 0.1, ""), Doubt(2, 3, (0,), 0.3, "")]
    found = identity_confidence(is_there, doubts)
    assert found[:, 0] == pytest.approx([0.9, 0.7, 0.7, 0.7, 0.7, 0.7])
    assert found[:5, 1] == pytest.approx(0.9)
    assert np.isnan(found[5, 1])
