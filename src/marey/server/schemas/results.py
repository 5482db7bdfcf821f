"""Analyses and their results; what is worth labelling next."""

from typing import Literal

from pydantic import Field

from marey.server.schemas.common import JsonObject, Wire

AnalysisState = Literal["none", "queued", "running", "done", "failed", "cancelled", "stopped", "lost"]


class AnalysisRequest(Wire):
    """Videos to predict with a run: one job for each."""

    run: str
    videos: list[str] = Field(min_length=1)
    start: int = Field(0, ge=0)
    stop: int | None = None
    adaptive_crop: Literal["auto", "on", "off"] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    engine: str = "auto"
    formats: list[Literal["dlc"]] = []
    use_crop: bool = True
    """Look only inside the crop box of each video, where it has one."""
    resume: bool = True
    overwrite: bool = False


class AnalysisCell(Wire):
    """One cell of the table of videos × runs."""

    video: str
    run: str
    state: AnalysisState
    job: str | None
    result: str | None
    message: str = ""


class AnalysisTable(Wire):
    """What was predicted with what."""

    videos: list[str]
    runs: list[str]
    cells: list[AnalysisCell]


class Result(Wire):
    """A file of poses."""

    id: str
    name: str
    path: str
    """Relative to the project."""
    video: str | None
    """The key of the video that it belongs to, where that is known."""
    run: str | None
    n_frames: int
    fps: float | None
    keypoints: list[str]
    individuals: list[str]
    is_tracked: bool
    """Whether the animals were followed, so that a name means the same animal all along."""
    is_smoothed: bool
    modified: str
    size: int


class PyramidLevel(Wire):
    """One level of the pyramid of minima and maxima."""

    level: int
    frames_per_bin: int
    n_bins: int


class ResultDetail(Result):
    """A file of poses, looked into."""

    first_frame: int
    last_frame: int
    is_contiguous: bool
    """Whether row i is frame ``first_frame + i``."""
    edges: list[tuple[str, str]]
    variables: list[str]
    """Of ``position``, ``confidence``, ``expected_error``, ``error_90``."""
    levels: list[PyramidLevel]
    """Empty until the pyramid is made; ask again."""
    history: list[JsonObject]
    """What was done, oldest first."""


class Smoothing(Wire):
    """How to smooth."""

    method: Literal["kalman", "median", "savgol"] = "kalman"
    min_confidence: float = Field(0, ge=0, le=1)
    max_gap: int = Field(0, ge=0)
    window: int = Field(7, ge=3)
    polyorder: int = Field(2, ge=0)


class SmoothingPreview(Smoothing):
    """Rows to smooth without writing anything."""

    start: int = Field(0, ge=0)
    stop: int = Field(ge=1)


class SmoothRequest(Smoothing):
    """A whole file to smooth; the result is a file of its own beside it."""

    overwrite: bool = False


class RenderStyle(Wire):
    """How a labelled video looks; as the options of ``marey render``."""

    palette: str = "auto"
    colour_by: Literal["auto", "keypoint", "individual"] = "auto"
    names: Literal["legend", "points", "none"] = "legend"
    skeleton: bool = True
    trail_s: float = Field(0, ge=0)
    fade: bool = True
    min_confidence: float = Field(0, ge=0, le=1)
    error_circles: bool = False
    follow: bool = False
    follow_size_px: float | None = Field(None, gt=0)
    point_radius_px: float | None = Field(None, gt=0)
    scale: float = Field(1, gt=0, le=8)
    speed: float = Field(1, gt=0, le=100)
    show_time: bool = False


class RenderPreview(Wire):
    """One frame to draw."""

    style: RenderStyle = RenderStyle()
    frame: int = Field(ge=0)


class RenderRequest(Wire):
    """A labelled video to write."""

    style: RenderStyle = RenderStyle()
    start: int | None = None
    stop: int | None = None
    is_preview: bool = False
    """A clip for the page, kept with its job; otherwise it goes into the project's folder ``rendered``."""
    overwrite: bool = False


class PosesExport(Wire):
    """Poses to write in another tool's format, into the project's folder ``exports``."""

    format: str
    overwrite: bool = False


class LabelsExport(Wire):
    """Labels to write in another tool's format, into the project's folder ``exports``."""

    format: str
    overwrite: bool = False


class SuggestionRequest(Wire):
    """Frames worth labelling, to be found in predicted videos."""

    n: int = Field(20, ge=1, le=1000)
    results: list[str] | None = None
    """Files of poses; by default the newest of every video."""
    seed: int = 0


class Suggestion(Wire):
    """A frame worth labelling, and why."""

    video: str
    frame: int
    score: float
    reason: str
    result: str
    is_extracted: bool
    """Whether it waits to be labelled already."""


class Suggestions(Wire):
    """The latest suggestions."""

    job: str | None
    made: str | None
    suggestions: list[Suggestion]
