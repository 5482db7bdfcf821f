"""Detections before anyone knows who is who: animals found twice, and animals that lie on each other."""

import numpy as np

from marey.model import create_poses
from marey.tracking.detections import Detections, detections_from_poses, frames_around, spread_blocks

BODY = np.stack([np.linspace(-50, 50, 5), np.zeros(5)], axis=-1)
N_FRAMES = 100


def detected(*paths: np.ndarray) -> Detections:
    """Detections of animals on such paths, (n_frames, 2) each."""
    points = np.stack(paths, axis=1)[:, :, None] + BODY
    return detections_from_poses(
        create_poses(
            points.transpose(0, 3, 2, 1), keypoints=list("abcde"), individuals=list("xyz"[: len(paths)])
        )
    )


def standing(y: float) -> np.ndarray:
    return np.tile([200.0, y], (N_FRAMES, 1))


def test_animals_that_lie_on_each_other_are_not_one_found_twice() -> None:
    passing = standing(0.0)
    passing[:, 1] = np.linspace(-150, 150, N_FRAMES)
    found = detected(standing(0.0), passing)
    assert len(found.doubles) == 8  # nearer than an eighth of a body
    both = found.with_neighbours(2, 30.0)
    assert both.is_there.all()
    assert len(both.doubles) == len(both.double_points) == 0
    assert (both.points[:, 1, 0] == passing + BODY[0]).all()
    # Where there is one animal, or as many as there are have been found, it is one that was found twice.
    assert (found.with_neighbours(1, 30.0).is_there == found.is_there).all()
    third = detected(standing(0.0), passing, standing(400.0))
    assert (third.with_neighbours(2, 30.0).is_there == third.is_there).all()
    assert third.with_neighbours(3, 30.0).is_there.all()


def test_an_animal_found_twice_is_not_the_one_that_is_missing() -> None:
    away = standing(1000.0)
    away[40:60] = np.nan
    twice = np.full((N_FRAMES, 2), np.nan)
    twice[40:60] = 200.0, 5.0
    found = detected(standing(0.0), twice, away).with_neighbours(2, 30.0)
    assert len(found.doubles) == 20
    assert not found.is_there[:, 1].any()


def test_a_second_around_is_looked_at_at_every_frame_rate() -> None:
    assert [frames_around(rate) for rate in (10.0, 30.0, 100.0, 1000.0)] == [30, 30, 100, 200]
    # Two that come to lie on each other, and part beyond what is looked at: who is missing is one of them.
    passing = standing(3.0)
    passing[:10] = passing[90:] = 200.0, 60.0
    found = detected(standing(0.0), passing)
    assert len(found.doubles) == 80
    assert found.with_neighbours(2, 30.0).is_there[:, 1].sum() == 20 + 60
    assert found.with_neighbours(2, 100.0).is_there.all()


def test_what_is_usual_is_measured_all_over_a_long_recording() -> None:
    rows = list(spread_blocks(np.empty((100_000, 1))))
    assert sum(part.stop - part.start for part in rows) == 20_000
    assert (rows[0].start, rows[-1].stop) == (0, 100_000)
    assert list(spread_blocks(np.empty((7, 1)))) == [slice(0, 7)]
