"""Analyses and their results, and what is worth labelling next."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from marey.server import analyses, results
from marey.server.context import ProjectDep
from marey.server.responses import FLOATS, JPEG, NEVER_KEPT, SHORT_LIVED, numbers, picture
from marey.server.schemas.jobs import Job
from marey.server.schemas.results import (
    AnalysisRequest,
    AnalysisTable,
    PosesExport,
    RenderPreview,
    RenderRequest,
    Result,
    ResultDetail,
    SmoothingPreview,
    SmoothRequest,
    SuggestionRequest,
    Suggestions,
)

router = APIRouter(prefix="/projects/{project}", tags=["results"])

Indices = Annotated[str | None, Query(description="numbers with commas; by default all")]


@router.get("/analyses")
def list_analyses(project: ProjectDep) -> AnalysisTable:
    """Say what was predicted with what: videos × runs."""
    return analyses.list_table(project)


@router.post("/analyses", status_code=202)
def start_analyses(project: ProjectDep, request: AnalysisRequest) -> list[Job]:
    """Predict videos: one job for each, one after the other."""
    return analyses.start(project, request)


@router.get("/results")
def list_results(project: ProjectDep, video: Annotated[str | None, Query()] = None) -> list[Result]:
    """List the files of poses, latest first."""
    return [item for item in results.list_results(project) if video in (None, item.video)]


@router.get("/results/{result}")
def get_result(project: ProjectDep, result: str) -> ResultDetail:
    """Look into a file of poses; its values are read in windows and levels."""
    return results.describe_in_detail(project, result)


@router.delete("/results/{result}", status_code=204)
def delete_result(project: ProjectDep, result: str) -> None:
    """Delete a file of poses."""
    results.delete(project, result)


@router.get("/results/{result}/values", response_class=Response, responses=FLOATS)
def get_values(
    project: ProjectDep,
    result: str,
    start: Annotated[int, Query(ge=0, description="first row")],
    stop: Annotated[int, Query(ge=1, description="the row after the last; at most 4096 at a time")],
    variable: Annotated[str, Query(pattern="position|confidence|expected_error|error_90")] = "position",
) -> Response:
    """Return rows as they are: float32, (n, 2, n_keypoints, n_individuals), or without the 2.

    The position's second axis is x, y (, z). X-Frames has the number of the first row's frame.
    """
    return numbers(results.read_values(project, result, variable, start, stop), cache=SHORT_LIVED)


@router.get("/results/{result}/levels/{level}", response_class=Response, responses=FLOATS)
def get_level(
    project: ProjectDep,
    result: str,
    level: int,
    keypoints: Indices = None,
    individuals: Indices = None,
    start: Annotated[int, Query(ge=0, description="first bin")] = 0,
    stop: Annotated[int | None, Query(description="the bin after the last")] = None,
) -> Response:
    """Return minima and maxima over bins: float32, (n_bins, 3, 2, n_keypoints, n_individuals).

    The second axis is x, y, confidence; the third is minimum, maximum. NaN where a bin has nothing.
    """
    values = results.read_level(
        project,
        result,
        level,
        start,
        stop,
        results.parse_indices(keypoints),
        results.parse_indices(individuals),
    )
    return numbers(values, cache=SHORT_LIVED)


@router.get("/results/{result}/frames", response_class=Response, responses=FLOATS)
def get_frame_numbers(project: ProjectDep, result: str) -> Response:
    """Return the frame number of every row, float64; only needed where the rows are not contiguous."""
    return numbers(results.read_frame_numbers(project, result), dtype="<f8", cache=SHORT_LIVED)


@router.post("/results/{result}/smoothing-preview", response_class=Response, responses=FLOATS)
def preview_smoothing(project: ProjectDep, result: str, request: SmoothingPreview) -> Response:
    """Return smoothed positions of some rows, float32, (n, 2, n_keypoints, n_individuals)."""
    return numbers(results.preview_smoothing(project, result, request), cache=NEVER_KEPT)


@router.post("/results/{result}/smooth", status_code=202)
def smooth_result(project: ProjectDep, result: str, request: SmoothRequest) -> Job:
    """Smooth the whole file into another one beside it."""
    return results.start_smoothing(project, result, request)


@router.post("/results/{result}/render-preview", response_class=Response, responses=JPEG)
def preview_render(project: ProjectDep, result: str, request: RenderPreview) -> Response:
    """Draw one frame as it would be in the labelled video."""
    return picture(results.preview_render(project, result, request))


@router.post("/results/{result}/render", status_code=202)
def render_result(project: ProjectDep, result: str, request: RenderRequest) -> Job:
    """Write a labelled video."""
    return results.start_render(project, result, request)


@router.post("/results/{result}/export", status_code=202)
def export_result(project: ProjectDep, result: str, request: PosesExport) -> Job:
    """Write the poses in another tool's format."""
    return results.start_export(project, result, request)


@router.get("/suggestions")
def get_suggestions(project: ProjectDep) -> Suggestions:
    """Return the frames that were found worth labelling last."""
    return analyses.read_suggestions(project)


@router.post("/suggestions", status_code=202)
def find_suggestions(project: ProjectDep, request: SuggestionRequest) -> Job:
    """Find the frames most worth labelling; extract those that a person wants with POST frames."""
    return analyses.start_suggestions(project, request)
