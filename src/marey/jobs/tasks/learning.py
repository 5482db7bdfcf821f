"""Tasks around networks."""

from typing import Any

from marey.jobs.samples import Sampler
from marey.jobs.tasks import TaskContext


def train_run(context: TaskContext) -> dict[str, Any]:
    """Train a network, with sample predictions on the way, and choose its engine."""
    from marey.prediction import prepare_engines
    from marey.runs import preset
    from marey.training import train

    wanted = context.arguments
    project = context.open_project()
    config = preset(wanted["preset"]).with_settings(wanted["settings"])
    sampler = Sampler(project, wanted["name"], context.progress)
    run = train(
        project,
        wanted["name"],
        config,
        split=wanted["split"],
        resume=wanted["resume"],
        overwrite=wanted["overwrite"],
        progress=sampler,
    )
    sampler.finish()
    prepare_engines(run, project, device=config.device, progress=context.progress)
    return {"run": run.name, "view": run.plan.reason}


def evaluate_run(context: TaskContext) -> dict[str, Any]:
    """Evaluate a run and write its report."""
    from marey.evaluation import evaluate, write_report
    from marey.runs import Run

    project = context.open_project()
    run = Run.open(project.run_folder(context.arguments["run"]))
    evaluation = evaluate(
        project, run, confidence_cut=context.arguments["confidence_cut"], progress=context.progress
    )
    write_report(evaluation, project, run.evaluation_folder / "report.html")
    return {"run": run.name}


def export_network(context: TaskContext) -> dict[str, Any]:
    """Write a network as ONNX."""
    from marey.prediction import export_model
    from marey.runs import Run

    project = context.open_project()
    run = Run.open(project.run_folder(context.arguments["run"]))
    output = project.root / "exports" / f"{run.name}.onnx"
    return {"path": export_model(run, output, overwrite=context.arguments["overwrite"])}
