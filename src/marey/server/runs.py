"""Runs as the pages see them."""

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import ConflictError, MareyError, NotFoundError
from marey.jobs.queue import ACTIVE
from marey.jobs.samples import FOLDER, LIST
from marey.project.frame_store import read_frame_number
from marey.runs import Run as RunFolder
from marey.server import analyses, evaluations
from marey.server.schemas.runs import CurvePoint, Run, RunCurve, RunDetail, RunSample

if TYPE_CHECKING:
    from marey.server.context import OpenProject


def list_runs(project: "OpenProject") -> list[Run]:
    """Return the runs, latest first; one that cannot be read is shown as broken."""
    training = _jobs_in_training(project)
    names = {*project.project.run_names(), *training}
    return sorted(
        (_describe(project, name, training.get(name)) for name in names),
        key=lambda run: (run.created or "9", run.name),
        reverse=True,
    )


def find(project: "OpenProject", name: str) -> RunFolder:
    """Return a trained run.

    Raises
    ------
    NotFoundError
        There is none, or its training has not finished.
    """
    return RunFolder.open(project.project.run_folder(name))


def _jobs_in_training(project: "OpenProject") -> dict[str, str]:
    jobs = analyses.jobs_of(project, "train")
    return {job.request.subject["run"]: job.id for job in reversed(jobs) if job.status in ACTIVE}


def _describe(project: "OpenProject", name: str, job: str | None) -> Run:
    run = RunFolder(project.project.run_folder(name))
    shown = Run(
        name=name,
        state="broken" if job is None else "training",
        created=None,
        preset="",
        n_train=0,
        n_validation=0,
        n_test=0,
        test_error_px=None,
        validation_error_px=None,
        reference_length_px=None,
        job=job,
        fits_skeleton=False,
    )
    try:
        split = run.split
        shown.preset = run.config.preset
        shown.n_train, shown.n_validation = len(split.train), len(split.validation)
        shown.n_test = len(split.test)
        shown.fits_skeleton = run.skeleton.keypoints == project.project.skeleton.keypoints
    except (MareyError, OSError, TypeError):
        return shown
    if job is not None:
        return shown
    if not run.weights_path.is_file():
        shown.state = "stopped"
        return shown
    shown.state = "trained"
    shown.created = _provenance(run).get("finished")
    metrics = evaluations.metrics_of(run)
    if metrics is not None:
        shown.state = "evaluated"
        shown.test_error_px = (metrics.get("test") or {}).get("mean_error_px")
        shown.validation_error_px = (metrics.get("validation") or {}).get("mean_error_px")
        shown.reference_length_px = metrics.get("reference_length_px")
    return shown


def _provenance(run: RunFolder) -> dict[str, Any]:
    try:
        return run.provenance
    except MareyError:
        return {}


def describe_in_detail(project: "OpenProject", name: str) -> RunDetail:
    """Look into a run.

    Raises
    ------
    NotFoundError
        There is none.
    """
    run = RunFolder(project.project.run_folder(name))
    shown = _describe(project, name, _jobs_in_training(project).get(name))
    if not run.config_path.is_file() and shown.job is None:
        raise NotFoundError(f"there is no run {name!r}", hint="train one")
    is_described = run.config_path.is_file()
    engines = [p.name for p in run.engines_folder.glob("*")] if run.engines_folder.is_dir() else []
    return RunDetail(
        **shown.model_dump(),
        keypoints=list(run.skeleton.keypoints) if is_described else [],
        config=run.config.model_dump() if is_described else {},
        view=run.plan.reason if is_described else "",
        split=run.split.description if is_described else "",
        provenance=_provenance(run),
        engines=sorted(engines),
    )


def delete(project: "OpenProject", name: str) -> None:
    """Delete a run with its weights and evaluation.

    Raises
    ------
    ConflictError
        It is being trained.
    """
    if name in _jobs_in_training(project):
        raise ConflictError(f"the run {name!r} is being trained", hint="stop its training first")
    folder = project.project.run_folder(name)
    if not folder.is_dir():
        raise NotFoundError(f"there is no run {name!r}")
    shutil.rmtree(folder)


def read_curve(project: "OpenProject", name: str) -> RunCurve:
    """Return how a training went: its table once it has finished, before, what its jobs tell (finer)."""
    folder = project.project.run_folder(name)
    told = [] if (folder / "weights.safetensors").is_file() else _rows_of_jobs(project, name)
    return RunCurve(rows=told or _rows_of_table(folder / "metrics.csv"), samples=_samples(folder))


def _rows_of_table(path: Path) -> list[CurvePoint]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [CurvePoint(**_row(row)) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []


def _row(row: dict[str, str]) -> dict[str, Any]:
    numbers = {name: float(row[name]) for name in CurvePoint.model_fields if row.get(name)}
    known = {name: value if value == value else None for name, value in numbers.items()}  # noqa: PLR0124 - NaN
    empty = dict.fromkeys(CurvePoint.model_fields)
    return {**empty, **known, "step": int(numbers["step"]), "seconds": numbers.get("seconds", 0.0)}


def _rows_of_jobs(project: "OpenProject", name: str) -> list[CurvePoint]:
    rows: dict[int, CurvePoint] = {}
    for job in reversed(analyses.jobs_of(project, "train")):
        if job.request.subject.get("run") != name:
            continue
        for event in job.events():
            if event["stage"] == "training" and "loss" in event["values"]:
                rows[event["done"]] = CurvePoint(
                    step=event["done"],
                    seconds=0,
                    loss=event["values"]["loss"],
                    validation_error_px=event["values"].get("validation_error_px"),
                    learning_rate=None,
                )
    return [rows[step] for step in sorted(rows)]


def _samples(folder: Path) -> list[RunSample]:
    try:
        found = json.loads((folder / FOLDER / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [
        RunSample(
            name=item["name"],
            step=item["step"],
            video=item["video"],
            frame=read_frame_number(item["image"]),
            error_px=item["error_px"],
        )
        for item in found
    ]


def read_sample(project: "OpenProject", name: str, sample: str) -> bytes:
    """Return the picture of a sample.

    Raises
    ------
    NotFoundError
        There is none of this name.
    """
    folder = project.project.run_folder(name)
    if sample not in {item.name for item in _samples(folder)}:
        raise NotFoundError(f"the run {name!r} has no sample {sample!r}")
    return (folder / FOLDER / f"{sample}.jpg").read_bytes()
