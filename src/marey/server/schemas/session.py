"""The session, and the server's files."""

from typing import Literal

from marey.server.schemas.common import Place, Root, Wire


class Session(Wire):
    """What the page needs to know before anything else."""

    version: str
    roots: list[Root]
    project: str | None = None
    """The id of the project that the server was started with."""
    labeller: str
    """Who labels, unless the page says otherwise: the user's name on this computer."""
    n_cpus: int
    n_gpus: int
    n_cpu_slots: int
    """How many long jobs run on the processor at a time."""
    import_formats: list["FormatChoice"]
    export_formats: list["FormatChoice"]


class FormatChoice(Wire):
    """A format of another tool."""

    name: str
    title: str


FileKind = Literal["folder", "project", "video", "images", "poses", "file"]


class FileEntry(Wire):
    """Something in a folder."""

    name: str
    place: Place
    kind: FileKind
    """``images`` is a folder that can be read like a video; ``project`` a folder with a ``project.yaml``."""
    size: int | None = None
    modified: str | None = None


class Crumb(Wire):
    """One step of the way from the root to a folder."""

    name: str
    place: Place


class Listing(Wire):
    """A folder of the server."""

    place: Place
    crumbs: list[Crumb]
    entries: list[FileEntry]
    truncated: bool = False
    """Whether only the first entries are given."""


class PathQuery(Wire):
    """A path as a person pasted it."""

    path: str


class VideoProbe(Wire):
    """What there is to know of a video before it is added."""

    width: int
    height: int
    n_frames: int
    fps: float | None
    duration_s: float | None
    is_variable_rate: bool
    problems: list[str]
