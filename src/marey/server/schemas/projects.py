"""Projects, their videos and skeleton."""

from typing import Literal

from pydantic import Field

from marey.server.schemas.common import Finding, Place, Wire

MetadataValue = str | bool | int | float | None
Box = tuple[int, int, int, int]


class SkeletonBody(Wire):
    """Keypoints, edges and left/right pairs, by name."""

    name: str = "animal"
    keypoints: list[str]
    edges: list[tuple[str, str]] = []
    symmetries: list[tuple[str, str]] = []


class Skeleton(SkeletonBody):
    """The skeleton of a project."""

    symmetries_confirmed: bool
    colours: dict[str, str]
    """``#rrggbb`` of every keypoint: chosen, or from the palette for colour-blind people."""


class SkeletonChange(SkeletonBody):
    """A new state of the skeleton; labels follow."""

    renames: dict[str, str] = {}
    """Old name to new name; keypoints that are neither renamed nor listed are removed."""
    symmetries_confirmed: bool = False
    colours: dict[str, str] = {}
    allow_loss: bool = False
    """Whether labels of removed keypoints may be dropped; earlier revisions still hold them."""
    author: str = ""


class Template(Wire):
    """A skeleton to start from."""

    name: str
    title: str
    skeleton: SkeletonBody


class Recent(Wire):
    """A project that was opened before."""

    id: str
    name: str
    path: str
    opened: str
    exists: bool


class NewProject(Wire):
    """A project to make in a new folder `name` inside `parent`."""

    parent: Place
    name: str = Field(min_length=1)
    template: str | None = None
    skeleton: SkeletonBody | None = None
    """Instead of a template; with neither, the project begins with one keypoint to rename."""
    individuals: list[str] = []


class ImportRequest(Wire):
    """Labels of another tool to make a project from, in a new folder `name` inside `parent`."""

    source: Place
    parent: Place
    name: str = Field(min_length=1)
    format: str | None = None
    """Found out by content when left out."""
    copy_videos: bool = False
    author: str = ""


class DemoRequest(Wire):
    """A demo to make in a new folder `name` inside `parent`."""

    parent: Place
    name: str = "marey-demo"
    minutes: float | None = Field(None, gt=0)


class ProjectPatch(Wire):
    """What to change; what is left out stays."""

    name: str | None = None
    individuals: list[str] | None = None
    conditions: list[str] | None = None


StepName = Literal["videos", "skeleton", "frames", "label", "train", "evaluate", "improve", "analyse"]


class Step(Wire):
    """One card of the project page."""

    name: StepName
    state: Literal["todo", "current", "done"]
    count: int
    text: str
    """What has been done, in words: "3 videos, 12 400 frames"."""


class NextAction(Wire):
    """The one thing to do next."""

    step: StepName
    text: str
    reason: str


class Project(Wire):
    """A project as its page shows it."""

    id: str
    name: str
    path: str
    place: Place | None
    """Where it is among the roots; null where it was opened from outside of them."""
    skeleton: Skeleton
    individuals: list[str]
    conditions: list[str]
    n_videos: int
    n_frames: int
    """Frames of all videos together."""
    n_extracted: int
    n_labelled: int
    n_unconfirmed: int
    """Frames with a point that nobody has confirmed."""
    n_runs: int
    n_results: int
    steps: list[Step]
    next_action: NextAction
    read_only: bool = False


class Checks(Wire):
    """The health check."""

    findings: list[Finding]


class Video(Wire):
    """One video of a project."""

    key: str
    path: str
    """Where it lies on the server, for people."""
    is_missing: bool
    n_frames: int | None
    fps: float | None
    width: int | None
    height: int | None
    duration_s: float | None
    metadata: dict[str, MetadataValue]
    crop: Box | None
    """(x, y, width, height) in pixels of the part that matters."""
    stamp: str
    """Changes with the content: put it into the addresses of images, which are then kept by the browser."""
    n_extracted: int
    n_labelled: int
    n_results: int


class VideoDetail(Video):
    """One video, looked into."""

    is_variable_rate: bool
    problems: list[str]
    can_play: bool
    """Whether browsers play the file as it is."""


class NewVideos(Wire):
    """Videos to add."""

    places: list[Place] = Field(min_length=1)
    copy_into_project: bool = False
    metadata: dict[str, MetadataValue] = {}


class NotAdded(Wire):
    """A video that was not added, and why."""

    place: Place
    message: str
    hint: str | None = None


class AddedVideos(Wire):
    """What became of the videos."""

    added: list[Video]
    refused: list[NotAdded]


class VideoPatch(Wire):
    """What to change; what is left out stays."""

    metadata: dict[str, MetadataValue] | None = None
    crop: Box | None = None
    clear_crop: bool = False
