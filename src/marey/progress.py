"""How long work tells what it is doing: a stream of small events.

A long function takes ``progress: ProgressCallback | None`` and calls it with :class:`Progress`; the terminal
draws a bar from the events, a job writes them to its file, a test collects them in a list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """One event.

    Parameters
    ----------
    stage
        What is being done, in words for the user: ``"training"``, ``"predicting m3v1.mp4"``.
    done, total
        Units finished, and in all; `total` is None where it is unknown.
    values
        Numbers worth showing beside the bar: ``{"loss": 0.012, "frames_per_s": 183.0}``.
    message
        One line worth keeping in the log, or "".
    """

    stage: str
    done: int
    total: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    message: str = ""


ProgressCallback = Callable[[Progress], None]


def ignore_progress(_event: Progress) -> None:
    """Take an event and do nothing: the default of every long function."""
