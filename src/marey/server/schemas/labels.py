"""Frames to label, and their labels."""

from typing import Literal

from pydantic import Field

from marey.server.schemas.common import Severity, Wire

Visibility = Literal["unlabeled", "absent", "occluded", "visible"]
Origin = Literal["person", "accepted", "model"]
FrameState = Literal["unlabeled", "unconfirmed", "partial", "labeled"]


class FrameItem(Wire):
    """A frame that was extracted or labelled: one entry of the queue."""

    video: str
    frame: int
    image: str | None
    time_s: float | None
    state: FrameState
    n_instances: int
    confidence: float | None
    """The lowest confidence of a prediction in this frame; null without one."""
    needs_review: bool
    revision: str


class FramesAdded(Wire):
    """Frames that were extracted now."""

    added: list[FrameItem]


class FramePicks(Wire):
    """Frames to extract, picked by hand."""

    video: str
    frames: list[int] = Field(min_length=1, max_length=500)


class Extraction(Wire):
    """Frames to choose and extract."""

    method: Literal["kmeans", "motion", "uniform"] = "kmeans"
    n: int = Field(20, ge=1, le=10_000)
    n_per_video: int | None = Field(None, ge=1)
    videos: list[str] | None = None
    start: int = Field(0, ge=0)
    stop: int | None = None
    seed: int = 0


class Point(Wire):
    """One keypoint of one animal in one frame."""

    visibility: Visibility
    origin: Origin = "person"
    position: tuple[float, float] | None = None
    """(x, y) in pixels of the frame; null exactly where the point is unlabeled or absent."""
    confidence: float | None = None
    """How sure what proposed it was; null where a person placed it."""
    author: str = ""
    """Who set it last; the server says so, and takes no notice of what is sent."""
    time: str = ""


class Instance(Wire):
    """One animal in one frame."""

    individual: str | None = None
    points: list[Point]
    """One for each keypoint of the skeleton, in its order."""


class FrameLabels(Wire):
    """The labels of one frame."""

    video: str
    frame: int
    image: str | None
    instances: list[Instance]
    no_animal: bool
    """A person saw no animal; without it, a frame without instances has no labels."""
    revision: str
    """Give it back as If-Match; it changes with the content."""
    number: int
    """Counts the saves of this video: what the page shows as "saved, revision N"."""
    needs_review: bool
    review_note: str


class LabelsWrite(Wire):
    """The whole of the labels of one frame."""

    instances: list[Instance]
    no_animal: bool = False
    labeller: str = ""


class LabelConflict(Wire):
    """The body of a 409: somebody else saved first; nothing was written."""

    error: "ConflictProblem"
    current: FrameLabels
    """What is saved: merge with it and try again with its revision."""


class ConflictProblem(Wire):
    """Why the labels were not saved."""

    kind: Literal["ConflictError"]
    message: str
    hint: str | None = None


class Review(Wire):
    """Whether somebody should look at a frame again."""

    needs_review: bool
    note: str = ""
    labeller: str = ""


class LeaseRequest(Wire):
    """Who is looking at a frame; to be repeated before it ends."""

    labeller: str
    page: str
    """Names the tab, so that one person's two tabs are two."""


class Lease(Wire):
    """Who has the frame for the next seconds."""

    labeller: str
    is_yours: bool
    seconds_left: float
    others: list[str]
    """Who else looks at it; a person's second window counts as another."""


class Revision(Wire):
    """One saved state of the labels of one video."""

    id: str
    number: int
    time: str
    author: str
    note: str
    n_frames: int
    is_present: bool


class Restore(Wire):
    """A state to go back to."""

    revision: str
    labeller: str = ""


class Prefill(Wire):
    """Points proposed for a frame: origin ``model``, to be accepted or corrected by a person."""

    source: Literal["model", "flow", "previous"]
    instances: list[Instance]
    from_frame: int | None = None
    """The labelled frame that they come from."""
    run: str | None = None
    note: str = ""
    """Why there are none, or what to know of them."""


class Suspicion(Wire):
    """A label that looks wrong."""

    severity: Severity
    code: str
    video: str
    frame: int
    keypoints: list[str]
    message: str
    hint: str = ""


class PlacedPoint(Wire):
    """One labelled point, for the contact sheet of its keypoint."""

    video: str
    frame: int
    instance: int
    individual: str | None
    keypoint: str
    position: tuple[float, float]
    visibility: Visibility
    origin: Origin
    author: str
