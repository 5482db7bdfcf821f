"""``marey evaluate``."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from marey.cli.options import AsJson
from marey.cli.output import print_json, progress_bars, say
from marey.errors import AlreadyExistsError
from marey.words import counted

_TABLE_HEAD = f"{'part':12}{'frames':>8}{'mean px':>10}{'median':>9}{'RMSE':>9}{'90 % interval covers':>23}"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("evaluate")(evaluate)


def evaluate(
    project: Annotated[Path, typer.Argument(help="The project's folder.")],
    run: Annotated[
        list[str],
        typer.Option("--run", help="Name of the run; several are compared, folds (NAME) are pooled."),
    ],
    report: Annotated[
        Path | None, typer.Option(help="Where to write the HTML report; by default into the run's folder.")
    ] = None,
    confidence_cut: Annotated[float, typer.Option(help="Also give the figures above this confidence.")] = 0.6,
    overwrite: Annotated[bool, typer.Option(help="Replace the file given with --report.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how far off a run is, on test, validation and training frames, and write a report.

    Example: marey evaluate my-project --run first --report report.html
    """
    from marey.evaluation import evaluate as evaluate_run
    from marey.evaluation import pool_folds, write_report
    from marey.project import Project

    if report is not None and report.exists() and not overwrite:
        raise AlreadyExistsError(f"{report} exists already", hint="choose another file or add --overwrite")
    opened = Project.open(project)
    names, is_folds = _expand(opened, run)
    with progress_bars() as progress:
        evaluations = [
            evaluate_run(opened, _open(opened, name), confidence_cut=confidence_cut, progress=progress)
            for name in names
        ]
    pooled = pool_folds(evaluations, run[0]) if is_folds else None
    for evaluation in evaluations:
        _tell(evaluation)
    if pooled is not None:
        say(f"all {pooled['n_folds']} folds together, each frame tested by the run that has not seen it")
        _tell_parts(pooled)
    for evaluation in evaluations if report is None else evaluations[:1]:
        path = evaluation.run.evaluation_folder / "report.html" if report is None else report
        others = [other for other in evaluations if other is not evaluation]
        write_report(evaluation, opened, path, others=others, pooled=pooled)
        say(f"report: {path}")
    if not as_json:
        return
    if pooled is not None:
        folds = {evaluation.run.name: evaluation.to_dict() for evaluation in evaluations}
        print_json({**pooled, "runs": folds})
    elif len(evaluations) > 1:
        print_json({"runs": {evaluation.run.name: evaluation.to_dict() for evaluation in evaluations}})
    else:
        print_json(evaluations[0].to_dict())


def _open(project: Any, name: str) -> Any:
    from marey.runs import Run

    return Run.open(project.run_folder(name))


def _expand(project: Any, names: list[str]) -> tuple[list[str], bool]:
    """Replace the name of a cross-validation by those of its folds."""
    existing = project.run_names()
    if len(names) == 1 and names[0] not in existing:
        folds = [name for name in existing if re.fullmatch(re.escape(names[0]) + r"-fold\d+", name)]
        if folds:
            return sorted(folds, key=lambda name: (len(name), name)), True
    return names, False


def _tell(evaluation: Any) -> None:
    """Print the headline figures of a run."""
    say(f"{evaluation.run.name}  (engine {evaluation.engine}, split {evaluation.run.split.description})")
    _tell_parts(evaluation.to_dict())


def _tell_parts(figures: Mapping[str, Any]) -> None:
    """Print the headline figures of each part."""
    from marey.evaluation import offset_warning

    say(_TABLE_HEAD)
    for part in ("test", "validation", "train"):
        if part in figures:
            say(_row(part, figures[part]))
            _tell_animals(figures[part])
            _tell_occluded(figures[part])
            if warning := offset_warning(figures[part]):
                say(f"{'':12}{warning}")


def _tell_animals(figures: Mapping[str, Any]) -> None:
    """Print how many animals were found, where the run finds several."""
    if "n_true_instances" in figures:
        say(
            f"{'':12}{figures['n_matched_instances']} of {figures['n_true_instances']} animals found, "
            f"{figures['n_missed_instances']} missed, {figures['n_extra_instances']} extra; "
            f"OKS mAP {figures['oks_map']:.3f}, mAR {figures['oks_mar']:.3f}"
        )
        if n_ignored := figures["n_ignored_instances"]:
            say(f"{'':12}left out: {counted(n_ignored, 'pose')} on animals that nobody labelled")


def _tell_occluded(figures: Mapping[str, Any]) -> None:
    """Print how much worse points are that something covers, where labels say so of some."""
    if "occluded" in figures:
        visible, occluded = figures["visible"], figures["occluded"]
        say(
            f"{'':12}{occluded['n_points']} of these points are labelled as occluded: "
            f"off by {occluded['mean_error_px']:.2f} px on average, the visible ones by "
            f"{visible['mean_error_px']:.2f} px (OKS mAP {visible['oks_map']:.3f})"
        )


def _row(part: str, figures: Mapping[str, Any]) -> str:
    return (
        f"{part:12}{figures['n_frames']:8d}{figures['mean_error_px']:10.2f}{figures['median_error_px']:9.2f}"
        f"{figures['rmse_px']:9.2f}{100 * figures['interval_coverage_90']:21.0f} %"
    )
