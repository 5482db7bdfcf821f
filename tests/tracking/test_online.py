"""Animals followed frame by frame: what is certain, and what is left open."""

import numpy as np
import pytest

from marey.tracking.motion import MotionModel
from marey.tracking.online import OnlineTracker

SIZE = 160.0
BODY = np.stack([np.linspace(-80, 80, 10), np.zeros(10)], axis=-1)


class Watched:
    """A tracker, and detections with noise of animals at given places."""

    def __init__(self, *, memory: int = 120) -> None:
        self.tracker = OnlineTracker(len(BODY), MotionModel(3.0, 1.0, 13.0), SIZE, memory)
        self.rng = np.random.default_rng(0)
        self.frame = 0

    def look(self, *places: tuple[float, float]) -> list[int]:
        """Return the tracklets of animals whose middles are at these places in the next frame."""
        noise = self.rng.normal(0, 3.0, (len(places), len(BODY), 2))
        found = self.tracker.step(self.frame, np.array(places).reshape(-1, 1, 2) + BODY + noise)
        self.frame += 1
        return found.tolist()


def test_an_animal_that_comes_back_as_its_neighbour_is_missed_is_no_certainty() -> None:
    watched = Watched()
    for frame in range(20):
        watched.look((8.0 * frame, 0.0), (8.0 * frame, 17.0))
    alone = [watched.look((8.0 * frame, 0.0))[0] for frame in range(20, 30)]
    assert alone[-1] == alone[4]  # for as long as nothing is odd about it
    assert watched.look((240.0, 17.0)) != alone[-1:]


@pytest.mark.parametrize(
    ("n_hidden", "memory", "is_certain"),
    [(40, 120, False), (5, 120, True), (40, 30, True)],
    ids=["it had the time to come", "it had not", "long forgotten"],
)
def test_who_is_found_where_another_one_is_missed_may_have_been_lost_elsewhere(
    n_hidden: int, memory: int, is_certain: bool
) -> None:
    watched = Watched(memory=memory)
    for _ in range(20):
        watched.look((0.0, 0.0), (250.0, 0.0))
    last = [watched.look((250.0, 0.0)) for _ in range(n_hidden)][-1]
    watched.look()
    assert (watched.look((250.0, 0.0)) == last) is is_certain


def test_who_darts_farther_than_anybody_expects_is_itself_where_it_is_alone() -> None:
    watched = Watched()
    resting = [watched.look((0.0, 0.0), (2000.0, 0.0)) for _ in range(20)][-1]
    assert watched.look((400.0, 0.0), (2000.0, 0.0)) == resting  # two and a half lengths in a frame
    watched.look((2000.0, 0.0))
    assert watched.look((800.0, 0.0), (2000.0, 0.0)) == resting  # missed on the way
    assert watched.look((1400.0, 0.0), (2000.0, 0.0)) != resting  # too far for what has a neighbour


def test_who_stops_dead_is_itself_where_it_is_alone() -> None:
    watched = Watched()
    running = [watched.look((100.0 * frame, 0.0)) for frame in range(20)][-1]
    assert watched.look((1900.0, 0.0)) == running


def test_what_is_much_smaller_is_not_an_animal_that_has_darted() -> None:
    watched = Watched()
    resting = [watched.look((0.0, 0.0)) for _ in range(20)][-1]
    piece = watched.tracker.step(watched.frame, np.array([[[300.0, 0.0]]]) + BODY / 3)
    assert piece.tolist() != resting


def test_two_that_dart_to_the_same_place_are_not_one() -> None:
    watched = Watched()
    for _ in range(20):
        both = watched.look((0.0, 0.0), (800.0, 0.0))
    assert watched.look((400.0, 0.0))[0] not in both
