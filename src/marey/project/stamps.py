"""Who placed a point, and when: filled in when labels are saved."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from marey.files import utc_now
from marey.model import Instance, LabeledFrame, Visibility


def stamp_changes(
    frames: Iterable[LabeledFrame], previous: Sequence[LabeledFrame], author: str
) -> list[LabeledFrame]:
    """Return `frames` with `author` and the present time on every point that changed without saying by whom.

    A point is compared with the same keypoint of the same animal (by name, else by place) in `previous`.
    One that is new or different and whose author and time are empty or still the earlier ones gets
    stamped; all others are left alone, so labels of unknown origin do not get an author by being saved.
    """
    before = {frame.frame: frame for frame in previous}
    time = utc_now()
    return [
        replace(
            frame,
            instances=tuple(
                _stamp(instance, _counterpart(instance, place, before.get(frame.frame)), author, time)
                for place, instance in enumerate(frame.instances)
            ),
        )
        for frame in frames
    ]


def carry_stamps(frame: LabeledFrame, previous: LabeledFrame | None) -> LabeledFrame:
    """Return `frame` with the authors and times of `previous` on every point that did not change.

    The others have none, whatever they had: who placed them is for :func:`stamp_changes` to say.
    """
    instances = []
    for place, instance in enumerate(frame.instances):
        before = _counterpart(instance, place, previous)
        same = np.zeros(len(instance), dtype=bool) if before is None else _is_same(instance, before)
        authors = [before.authors[i] if before and same[i] else "" for i in range(len(instance))]
        times = [before.times[i] if before and same[i] else "" for i in range(len(instance))]
        instances.append(replace(instance, authors=authors, times=times))
    return replace(frame, instances=tuple(instances))


def _is_same(instance: Instance, before: Instance) -> np.ndarray:
    """Return which points did not change, bool, shape (n_keypoints,)."""
    if len(before) != len(instance):
        return np.zeros(len(instance), dtype=bool)
    return (
        (instance.visibility == before.visibility)
        & (instance.origin == before.origin)
        & np.isclose(instance.points, before.points, rtol=0, atol=0, equal_nan=True).all(axis=1)
    )


def _counterpart(instance: Instance, place: int, frame: LabeledFrame | None) -> Instance | None:
    if frame is None:
        return None
    if instance.individual is not None:
        return next((other for other in frame.instances if other.individual == instance.individual), None)
    other = frame.instances[place] if place < len(frame.instances) else None
    return other if other is not None and other.individual is None else None


def _stamp(instance: Instance, before: Instance | None, author: str, time: str) -> Instance:
    changed = instance.visibility != Visibility.UNLABELED
    if before is not None:
        changed &= ~_is_same(instance, before)
    authors, times = list(instance.authors), list(instance.times)
    for i in np.flatnonzero(changed).tolist():
        is_stale = before is not None and (authors[i], times[i]) == (before.authors[i], before.times[i])
        if is_stale or not (authors[i] or times[i]):
            authors[i], times[i] = author, time
    return replace(instance, authors=authors, times=times)
