"""Videos × runs: what was predicted, what waits, what failed; and what is worth labelling next."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import InputError
from marey.jobs.folder import JobFolder
from marey.server import results, runs
from marey.server.schemas.results import (
    AnalysisCell,
    AnalysisRequest,
    AnalysisTable,
    Suggestion,
    SuggestionRequest,
    Suggestions,
)

if TYPE_CHECKING:
    from marey.server.context import OpenProject
    from marey.server.schemas.jobs import Job


def list_table(project: "OpenProject") -> AnalysisTable:
    """Return the table: a result where there is one, else what the latest job says."""
    videos = list(project.project.videos)
    names = [run.name for run in runs.list_runs(project) if run.state in ("trained", "evaluated")]
    found: dict[tuple[str, str], str] = {}
    for result in results.list_results(project):
        if result.video is not None and result.run is not None and not result.is_smoothed:
            found.setdefault((result.video, result.run), result.id)
    latest: dict[tuple[str, str], JobFolder] = {}
    for job in jobs_of(project, "predict"):
        subject = job.request.subject
        latest.setdefault((subject.get("video", ""), subject.get("run", "")), job)
    cells = [
        _describe_cell(video, name, found.get((video, name)), latest.get((video, name)))
        for video in videos
        for name in names
    ]
    return AnalysisTable(videos=videos, runs=names, cells=cells)


def _describe_cell(video: str, run: str, result: str | None, job: JobFolder | None) -> AnalysisCell:
    status = None if job is None else job.status
    if result is not None and status not in ("queued", "running"):
        return AnalysisCell(video=video, run=run, state="done", job=None, result=result)
    if job is None or status is None or status == "done":  # its result was deleted
        return AnalysisCell(video=video, run=run, state="none", job=None, result=None)
    error = (job.end or {}).get("error") or {}
    return AnalysisCell(
        video=video, run=run, state=status, job=job.id, result=result, message=error.get("message", "")
    )


def jobs_of(project: "OpenProject", kind: str) -> list[JobFolder]:
    """Return the jobs of one kind of a project, latest first."""
    root = str(project.root)
    return [job for job in project.jobs.jobs() if job.request.kind == kind and job.request.project == root]


def start(project: "OpenProject", request: AnalysisRequest) -> "list[Job]":
    """Predict videos, one job for each.

    Raises
    ------
    NotFoundError
        A video or the run is not there.
    InputError
        The run was trained for other keypoints.
    """
    from marey.runs import Run

    opened = project.project
    Run.open(opened.run_folder(request.run)).check_skeleton(opened.skeleton)
    for key in request.videos:
        project.require_video(key)
    stems = Counter(Path(entry.path).stem for entry in opened.videos.values())
    return [_start_one(project, request, key, stems) for key in request.videos]


def _start_one(project: "OpenProject", request: AnalysisRequest, key: str, stems: Counter[str]) -> "Job":
    entry = project.project.videos[key]
    folder = project.project.predictions_folder.relative_to(project.project.root) / request.run
    if stems[Path(entry.path).stem] > 1:
        folder /= key  # poses are named after their video, and two videos have this name
    arguments: dict[str, Any] = request.model_dump(exclude={"videos", "use_crop"})
    arguments |= {"video": key, "output": folder.as_posix()}
    arguments["crop"] = entry.crop if request.use_crop else None
    return project.start(
        "predict",
        arguments,
        title=f"analysing {key} with {request.run}",
        subject={"video": key, "run": request.run},
    )


def start_suggestions(project: "OpenProject", request: SuggestionRequest) -> "Job":
    """Look for the frames most worth labelling.

    Raises
    ------
    InputError
        No video has been predicted.
    """
    chosen: dict[str, dict[str, str]] = {}
    for result in results.list_results(project):
        is_wanted = result.id in request.results if request.results is not None else not result.is_smoothed
        if is_wanted and result.video is not None:
            source = {"video": result.video, "path": result.path, "result": result.id}
            chosen.setdefault(result.id if request.results is not None else result.video, source)
    if not chosen:
        raise InputError(
            "there are no poses of this project's videos to look at", hint="analyse some videos first"
        )
    arguments = {"n": request.n, "seed": request.seed, "sources": list(chosen.values())}
    return project.start("suggest", arguments, title="looking for frames worth labelling")


def read_suggestions(project: "OpenProject") -> Suggestions:
    """Return what the last search found."""
    for job in jobs_of(project, "suggest"):
        end = job.end
        if end is None or end["status"] != "done":
            continue
        extracted = {key: set(project.project.extracted_frames(key)) for key in project.project.videos}
        found = [
            Suggestion(
                video=item["video"],
                frame=item["frame"],
                score=item["score"],
                reason=item["reason"],
                result=item["result"],
                is_extracted=item["frame"] in extracted[item["video"]],
            )
            for item in end["result"]["suggestions"]
            if item["video"] in extracted
        ]
        return Suggestions(job=job.id, made=end["time"], suggestions=found)
    return Suggestions(job=None, made=None, suggestions=[])
