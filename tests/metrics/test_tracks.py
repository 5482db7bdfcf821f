"""Track scores against values worked by hand."""

import numpy as np
import pytest

from marey.metrics import FrameSimilarity, score_tracks


def frames_of(*rows: dict[int, int], n_true: int) -> list[FrameSimilarity]:
    """Make frames in which track rows[t][animal] is exactly on that animal."""
    result = []
    for row in rows:
        tracked = np.array(sorted(row.values()), dtype=int)
        true = np.arange(n_true)
        similarity = np.array([[float(row.get(int(a)) == k) for k in tracked] for a in true])
        result.append(FrameSimilarity(true, tracked, similarity.reshape(n_true, len(tracked))))
    return result


def test_perfect_tracks() -> None:
    scores = score_tracks(frames_of(*[{0: 1, 1: 0}] * 5, n_true=2), 2, 2)
    assert (scores.hota, scores.idf1, scores.mota) == (1, 1, 1)
    assert (scores.id_switches, scores.fragmentations) == (0, 0)


def test_an_animal_that_changes_tracks_half_way() -> None:
    # One animal, 4 frames, tracks 0, 0, 1, 1. Each of the four matches has association 2 / (4 + 2 - 2) = 1/2,
    # so AssA = 1/2, DetA = 1, HOTA = sqrt(1/2); IDTP = 2 of 4 and 4, so IDF1 = 1/2; one switch: MOTA = 3/4.
    scores = score_tracks(frames_of({0: 0}, {0: 0}, {0: 1}, {0: 1}, n_true=1), 1, 2)
    assert scores.assa == pytest.approx(0.5)
    assert scores.hota == pytest.approx(np.sqrt(0.5))
    assert scores.idf1 == pytest.approx(0.5)
    assert scores.mota == pytest.approx(0.75)
    assert scores.id_switches == 1
    assert scores.fragmentations == 0


def test_two_animals_that_are_exchanged() -> None:
    # Right for 3 of 4 frames: AssA = (3 * 3/5 + 1 * 1/7) / 4 for each animal, as union = 4 + 4 - matches.
    scores = score_tracks(frames_of(*[{0: 0, 1: 1}] * 3, {0: 1, 1: 0}, n_true=2), 2, 2)
    assert scores.assa == pytest.approx((3 * 3 / 5 + 1 / 7) / 4)
    assert scores.idf1 == pytest.approx(6 / 8)
    assert scores.id_switches == 2
    assert scores.mota == pytest.approx(1 - 2 / 8)


def test_gaps_and_extras() -> None:
    # Seen, lost, seen again by the same track; in the lost frame something else is found elsewhere.
    frames = [
        FrameSimilarity(np.array([0]), np.array([0]), np.array([[0.9]])),
        FrameSimilarity(np.array([0]), np.array([1]), np.array([[0.1]])),
        FrameSimilarity(np.array([0]), np.array([0]), np.array([[0.9]])),
    ]
    scores = score_tracks(frames, 1, 2)
    assert scores.fragmentations == 1
    assert scores.id_switches == 0
    assert (scores.n_missed, scores.n_extra) == (1, 1)
    assert scores.mota == pytest.approx(1 - 2 / 3)


def test_an_animal_that_was_truly_away_is_followed_in_fragments_too() -> None:
    # As TrackEval counts them: three stretches of the first animal, lost once and away once, are two.
    there, away = np.array([0, 1]), np.array([1])
    both = FrameSimilarity(there, there, np.eye(2))
    lost = FrameSimilarity(there, away, np.array([[0.0], [1.0]]))
    gone = FrameSimilarity(away, away, np.array([[1.0]]))
    scores = score_tracks([both, lost, both, gone, gone, both], 2, 2)
    assert (scores.fragmentations, scores.n_missed, scores.id_switches) == (2, 1, 0)
    assert score_tracks([both, gone], 2, 2).fragmentations == 0


def test_similarity_decides_at_which_thresholds_hota_sees_a_match() -> None:
    # 0.5 passes the thresholds 0.05 to 0.50, ten of nineteen, with a perfect match at each.
    frames = [FrameSimilarity(np.array([0]), np.array([0]), np.array([[0.5]]))]
    scores = score_tracks(frames, 1, 1)
    assert scores.hota == pytest.approx(10 / 19)


def test_nothing_tracked() -> None:
    frames = [FrameSimilarity(np.array([0]), np.empty(0, dtype=int), np.empty((1, 0)))] * 3
    scores = score_tracks(frames, 1, 0)
    assert (scores.hota, scores.idf1, scores.mota) == (0, 0, 0)
    assert scores.n_missed == 3


def test_the_published_example_of_py_motmetrics() -> None:
    # Its manual works through two objects and three hypotheses: IDF1 83.3 %, MOTA 50 %, one of each error.
    # Distances become similarities; what the manual does not allow (NaN) is below the threshold.
    distances = [
        ([0, 1, 2], [[0.1, 1.0, 0.3], [0.5, 0.2, 0.3]]),
        ([0], [[0.2], [0.4]]),
        ([0, 2], [[0.6, 0.2], [0.1, 0.6]]),
    ]
    frames = [FrameSimilarity(np.array([0, 1]), np.array(t), 1 - np.array(d)) for t, d in distances]
    scores = score_tracks(frames, 2, 3, threshold=0.3)
    assert scores.mota == pytest.approx(0.5)
    assert (scores.idf1, scores.idp, scores.idr) == pytest.approx((5 / 6, 5 / 6, 5 / 6))
    assert (scores.n_extra, scores.n_missed, scores.id_switches, scores.fragmentations) == (1, 1, 1, 1)
