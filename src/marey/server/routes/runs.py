"""Training, runs, their evaluation and comparison."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response

from marey.server import evaluations, runs, training
from marey.server.context import ProjectDep
from marey.server.responses import JPEG, NEVER_KEPT, SHORT_LIVED, binary, picture
from marey.server.schemas.jobs import Job
from marey.server.schemas.runs import (
    ComparedRun,
    Evaluation,
    EvaluationRequest,
    ModelExport,
    Part,
    Round,
    Run,
    RunCurve,
    RunDetail,
    TrainingChoices,
    TrainingPlan,
    TrainingRequest,
    WorstPoint,
)
from marey.server.security import REPORT_POLICY

router = APIRouter(prefix="/projects/{project}", tags=["runs"])


@router.get("/training")
def get_training_choices(project: ProjectDep) -> TrainingChoices:
    """List the presets and every setting."""
    return training.list_choices(project)


@router.post("/training/plan")
def plan_training(project: ProjectDep, request: TrainingRequest) -> TrainingPlan:
    """Say what a training would do and how long it would take; nothing is started."""
    return training.plan(project, request)


@router.get("/runs")
def list_runs(project: ProjectDep) -> list[Run]:
    """List the runs, latest first."""
    return runs.list_runs(project)


@router.post("/runs", status_code=202)
def start_training(project: ProjectDep, request: TrainingRequest) -> Job:
    """Train, or go on with a training that was stopped."""
    return training.start(project, request)


@router.get("/runs/{run}")
def get_run(project: ProjectDep, run: str) -> RunDetail:
    """Look into a run."""
    return runs.describe_in_detail(project, run)


@router.delete("/runs/{run}", status_code=204)
def delete_run(project: ProjectDep, run: str) -> None:
    """Delete a run with its weights and evaluation."""
    runs.delete(project, run)


@router.get("/runs/{run}/curve")
def get_curve(project: ProjectDep, run: str) -> RunCurve:
    """Return how a training went, or goes right now."""
    return runs.read_curve(project, run)


@router.get("/runs/{run}/samples/{name}.jpg", response_class=Response, responses=JPEG)
def get_sample(project: ProjectDep, run: str, name: str) -> Response:
    """Show a prediction on a validation frame, made while training."""
    return picture(runs.read_sample(project, run, name), cache=SHORT_LIVED)


@router.post("/runs/{run}/evaluation", status_code=202)
def start_evaluation(project: ProjectDep, run: str, request: EvaluationRequest) -> Job:
    """Evaluate a run on every part of its split."""
    return evaluations.start(project, run, request)


@router.get("/runs/{run}/evaluation")
def get_evaluation(project: ProjectDep, run: str) -> Evaluation:
    """Return the figures of the last evaluation."""
    return evaluations.read(project, run)


@router.get(
    "/runs/{run}/report", responses=binary("text/html", "The report: one page that needs nothing else.")
)
def get_report(project: ProjectDep, run: str) -> FileResponse:
    """Show the report of the last evaluation."""
    headers = {"Content-Security-Policy": REPORT_POLICY, "Cache-Control": NEVER_KEPT}
    return FileResponse(evaluations.report_path(project, run), media_type="text/html", headers=headers)


@router.get("/runs/{run}/worst")
def list_worst(
    project: ProjectDep,
    run: str,
    part: Annotated[Part | None, Query()] = None,
    n: Annotated[int, Query(ge=1, le=500)] = 40,
) -> list[WorstPoint]:
    """List the points that the network got most wrong; they open in Label."""
    return evaluations.list_worst(project, run, part=part, n=n)


@router.post("/runs/{run}/export", status_code=202)
def export_run(project: ProjectDep, run: str, request: ModelExport) -> Job:
    """Write the network as ONNX into the project's folder ``exports``."""
    return project.start(
        "export-model", {"run": run, **request.model_dump()}, title=f"exporting {run}", subject={"run": run}
    )


@router.get("/comparison")
def compare_runs(
    project: ProjectDep, run: Annotated[list[str], Query()], part: Part = "test"
) -> list[ComparedRun]:
    """Compare evaluated runs."""
    return evaluations.compare(project, run, part)


@router.get("/learning-curve")
def get_learning_curve(project: ProjectDep) -> list[Round]:
    """Return the error over the rounds of labelling and training, oldest first."""
    return evaluations.learning_curve(project)
