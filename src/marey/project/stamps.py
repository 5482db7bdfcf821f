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


def _counterpart(instance: Instance, place: int, frame: LabeledFrame | None) -> Instance | None:
    if frame is None:
        return None
    if instance.individual is not None:
        return next((other for other in frame.instances if other.individual == instance.individual), None)
    other = frame.instances[place] if place < len(frame.instances) else None
    return other if other is not None and other.individual is None else None


def _stamp(instance: Instance, before: Instance | None, author: str, time: str) -> Instance:
    changed = instance.visibility != Visibility.UNLABELED
    if before is not None and len(before) == len(instance):
        same = (
            (instance.visibility == before.visibility)
            & (instance.origin == before.origin)
            & np.isclose(instance.points, before.points, rtol=0, atol=0, equal_nan=True).all(axis=1)
        )
        changed &= ~same
    authors, times = list(instance.authors), list(instance.times)
    for i in np.flatnonzero(changed).tolist():
        is_stale = before is not None and (authors[i], times[i]) == (before.authors[i], before.times[i])
        if is_stale or not (authors[i] or times[i]):
            authors[i], times[i] = author, time
    return replace(instance, authors=authors, times=times)
