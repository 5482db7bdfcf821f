"""Tracks, what may be wrong with them, and their repair."""

from typing import Literal

from pydantic import Field

from marey.server.schemas.common import Wire


class TrackingRequest(Wire):
    """Animals to be followed: the tracks are a file of their own beside the poses."""

    n_animals: int | None = Field(None, ge=1)
    """How many there are; estimated by default."""
    can_leave: bool | None = None
    """Whether they come and go; by default not where their number is given or looks fixed."""
    appearance: Literal["auto", "on", "off"] = "off"
    """Whether to learn from the video how the animals differ; ``auto``: where they met or were lost."""
    max_gap_s: float = Field(1.0, ge=0)
    take_apart: bool = False
    """Whether to take detections apart that were put together from two animals."""
    overwrite: bool = False


class TrackSuspicion(Wire):
    """Something that may be wrong, and what a look at it is worth."""

    kind: Literal["swap", "gap", "jump", "short"]
    start: int
    stop: int
    """Frame numbers, both included."""
    tracks: list[str]
    likelihood: float
    priority: float
    """Frames of one animal that a look is expected to save; the order of the list."""
    reason: str


class TrackEdit(Wire):
    """One repair; ranges are frame numbers, both ends included, null for open ends.

    ``swap``: first, second, start, stop. ``split``: track, start, name. ``join``: first, second. ``delete``
    and ``interpolate``: track, start, stop. ``confirm`` (somebody looked, and it is right): tracks, start,
    stop. ``rename``: track, name.
    """

    kind: Literal["swap", "split", "join", "delete", "interpolate", "confirm", "rename"]
    first: str | None = None
    second: str | None = None
    track: str | None = None
    tracks: list[str] | None = None
    name: str | None = None
    start: int | None = None
    stop: int | None = None


class TrackEntry(Wire):
    """One repair in the history."""

    edit: TrackEdit
    description: str
    """What was done, in words that begin in lower case."""
    time: str
    author: str


class Tracks(Wire):
    """The tracks of a file of poses under repair."""

    revision: str
    """Give it back with every change; it changes with the file."""
    names: list[str]
    is_tracked: bool
    """Whether the animals were followed, so that a name means the same animal all along."""
    is_editable: bool
    """Whether the file is in the format that repairs are written in."""
    suspicions: list[TrackSuspicion]
    n_suspicions: int
    """How many there are; the list has the most worthwhile."""
    done: list[TrackEntry]
    """Repairs, oldest first."""
    undone: list[TrackEntry]
    """What could be done again, the one undone last first."""
    corrected: list[int]
    """Frames at which repairs were made: the ones to learn from."""


class TrackChange(Wire):
    """The state that a change is made from, and who makes it."""

    revision: str
    labeller: str = ""


class TrackEdits(TrackChange):
    """Repairs to be done as one change."""

    edits: list[TrackEdit] = Field(min_length=1, max_length=100)


class TrackLabels(Wire):
    """Frames whose repaired poses shall be labels to learn from."""

    frames: list[int] = Field(min_length=1, max_length=1000)
    labeller: str = ""


class TrackLabelsAdded(Wire):
    """Which frames have labels now, and which had some already and were left alone."""

    video: str
    added: list[int]
    skipped: list[int]
