"""Animals followed frame by frame: what is certain, and what is left open."""

import numpy as np

from marey.tracking.motion import MotionModel
from marey.tracking.online import OnlineTracker

SIZE = 160.0
BODY = np.stack([np.linspace(-80, 80, 10), np.zeros(10)], axis=-1)


def test_an_animal_that_comes_back_as_its_neighbour_is_missed_is_no_certainty() -> None:
    rng = np.random.default_rng(0)
    tracker = OnlineTracker(len(BODY), MotionModel(3.0, 1.0, 13.0), SIZE)

    def look(frame: int, *sides: float) -> np.ndarray:
        place = np.array([[8.0 * frame, side] for side in sides])
        return tracker.step(frame, place[:, None] + BODY + rng.normal(0, 3.0, (len(sides), 10, 2)))

    for frame in range(20):
        look(frame, 0.0, 17.0)
    alone = [int(look(frame, 0.0)[0]) for frame in range(20, 30)]
    assert alone[-1] == alone[4]  # for as long as nothing is odd about it
    other = int(look(30, 17.0)[0])
    assert other != alone[-1]
