"""Evaluations: figures, worst points, comparison, and the error over the rounds of labelling."""

import csv
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import ConflictError, NotFoundError
from marey.evaluation import load_evaluation
from marey.files import sha256_of_bytes
from marey.project.frame_store import read_frame_number
from marey.runs import Run as RunFolder
from marey.server import runs
from marey.server.schemas.runs import (
    ComparedRun,
    Evaluation,
    EvaluationRequest,
    Part,
    Round,
    WorstPoint,
)

if TYPE_CHECKING:
    from marey.server.context import OpenProject
    from marey.server.schemas.jobs import Job

Pair = tuple[float | None, float | None]


def start(project: "OpenProject", name: str, request: EvaluationRequest) -> "Job":
    """Evaluate a run.

    Raises
    ------
    NotFoundError, InputError
        It has not been trained, or for other keypoints.
    """
    runs.find(project, name).check_skeleton(project.project.skeleton)
    arguments = {"run": name, **request.model_dump()}
    return project.start("evaluate", arguments, title=f"evaluating {name}", subject={"run": name})


def metrics_of(run: RunFolder) -> dict[str, Any] | None:
    """Return the figures of the last evaluation, or None."""
    try:
        return json.loads((run.evaluation_folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def read(project: "OpenProject", name: str) -> Evaluation:
    """Return the figures of the last evaluation."""
    run = runs.find(project, name)
    return Evaluation(
        run=name,
        metrics=load_evaluation(run),
        has_report=(run.evaluation_folder / "report.html").is_file(),
        is_current=_is_current(project, run),
    )


def _is_current(project: "OpenProject", run: RunFolder) -> bool:
    """Say whether the labels are those of the training."""
    known = run.provenance.get("labels_sha256", {})
    folder = project.project.labels_folder
    return all(
        (folder / f"{video}.csv").is_file()
        and sha256_of_bytes((folder / f"{video}.csv").read_bytes()) == digest
        for video, digest in known.items()
    )


def report_path(project: "OpenProject", name: str) -> Path:
    """Return the report of the last evaluation.

    Raises
    ------
    NotFoundError
        There is none.
    """
    path = runs.find(project, name).evaluation_folder / "report.html"
    if not path.is_file():
        raise NotFoundError(f"the run {name!r} has no report", hint="evaluate it")
    return path


def list_worst(project: "OpenProject", name: str, *, part: Part | None, n: int) -> list[WorstPoint]:
    """Return the points with the largest errors, the worst of each frame."""
    path = runs.find(project, name).evaluation_folder / "predictions.csv"
    if not path.is_file():
        raise NotFoundError(f"the run {name!r} has not been evaluated", hint="evaluate it")
    frames = {
        frame.image: frame.frame
        for key in project.project.videos
        for frame in project.labels.frames(key).values()
    }
    worst: dict[str, dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            is_judged = row["error_px"] and part in (None, row["part"])
            if is_judged and float(row["error_px"]) > float(worst.get(row["image"], row)["error_px"]) - 1e-12:
                worst[row["image"]] = row
    ranked = sorted(worst.values(), key=lambda row: -float(row["error_px"]))[:n]
    return [_describe_worst(row, frames) for row in ranked]


def _describe_worst(row: dict[str, str], frames: dict[str | None, int]) -> WorstPoint:
    video, _, image = row["image"].rpartition("/")
    return WorstPoint(
        part=row["part"],
        video=video,
        frame=frames.get(image, read_frame_number(image)),
        image=image,
        keypoint=row["keypoint"],
        error_px=float(row["error_px"]),
        confidence=_number(row["confidence"]),
        error_90_px=_number(row["error_90_px"]),
        truth=(float(row["true_x"]), float(row["true_y"])),
        predicted=(float(row["x"]), float(row["y"])),
    )


def compare(project: "OpenProject", names: list[str], part: Part) -> list[ComparedRun]:
    """Compare evaluated runs.

    Raises
    ------
    ConflictError
        One has not been evaluated.
    """
    rows = []
    reference: set[str] | None = None
    for name in names:
        run = runs.find(project, name)
        metrics = metrics_of(run)
        if metrics is None:
            raise ConflictError(f"the run {name!r} has not been evaluated", hint="evaluate it first")
        frames = set(getattr(run.split, part))
        reference = frames if reference is None else reference
        figures = metrics.get(part) or {}
        rows.append(
            ComparedRun(
                run=name,
                part=part,
                n_frames=figures.get("n_frames", 0),
                mean_error_px=figures.get("mean_error_px"),
                median_error_px=figures.get("median_error_px"),
                rmse_px=figures.get("rmse_px"),
                interval_95=_interval(figures),
                interval_coverage_90=figures.get("interval_coverage_90"),
                training_seconds=run.provenance.get("training_seconds"),
                n_train=len(run.split.train),
                same_test_frames=frames == reference,
            )
        )
    return rows


def learning_curve(project: "OpenProject") -> list[Round]:
    """Return the evaluated runs in the order of their training."""
    rounds = []
    reference: set[str] | None = None
    for shown in reversed(runs.list_runs(project)):
        if shown.state != "evaluated":
            continue
        run = runs.find(project, shown.name)
        frames = set(run.split.test)
        reference = frames if reference is None else reference
        figures = (metrics_of(run) or {}).get("test") or {}
        rounds.append(
            Round(
                run=shown.name,
                created=shown.created,
                n_train=shown.n_train,
                test_error_px=shown.test_error_px,
                interval_95=_interval(figures),
                reference_length_px=shown.reference_length_px,
                same_test_frames=frames == reference,
            )
        )
    return rounds


def _interval(figures: dict[str, Any]) -> Pair | None:
    interval = (figures.get("intervals_95") or {}).get("mean_error_px")
    return None if interval is None else (interval[0], interval[1])


def _number(text: str) -> float | None:
    return float(text) if text and math.isfinite(float(text)) else None
