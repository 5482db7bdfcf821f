"""``marey train``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from marey.cli.options import AsJson
from marey.cli.output import print_json, progress_bars, quoted, say


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("train")(train)


def train(
    project: Annotated[Path, typer.Argument(help="The project's folder.")],
    *,
    run: Annotated[str, typer.Option("--run", help="Name of the run.")],
    preset: Annotated[str, typer.Option(help="fast, balanced or accurate.")] = "balanced",
    split: Annotated[
        str,
        typer.Option(
            help="blocks:0.8, random:0.8, videos:0.8, kfold:5, all, or a JSON file of train and test."
        ),
    ] = "blocks:0.8",
    time_limit: Annotated[
        float | None, typer.Option(help="Minutes that training may take; its schedule fits into them.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps, instead of the preset's.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same machine: same run.")] = 0,
    backbone: Annotated[
        str | None, typer.Option(help="lite0, resnet50, hrnet_w32, ... or any name that timm knows.")
    ] = None,
    approach: Annotated[
        str | None,
        typer.Option(
            help="How several animals are found: top-down (each animal, then its points), bottom-up (points, "
            "then the animals), or auto, as the labels say.",
            show_default="auto",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Any other setting, as name=value; can be repeated.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a network on the labels of a project.

    Validation frames inside the training part select the weights and calibrate the confidence; test frames
    are never looked at.

    Example: marey train my-project --run first --preset fast --split blocks:0.8
    """
    from marey.prediction import prepare_engines
    from marey.project import Project
    from marey.runs import preset as preset_named
    from marey.training import train as train_run
    from marey.training import train_folds
    from marey.training.planning import describe_plan

    settings: dict[str, Any] = {"seed": seed, "device": device, **_parsed(setting or [])}
    settings |= {
        name: value
        for name, value in (
            ("steps", steps),
            ("time_limit_minutes", time_limit),
            ("backbone", backbone),
            ("approach", approach),
        )
        if value is not None
    }
    config = preset_named(preset).with_settings(settings)
    opened = Project.open(project)
    options: dict[str, Any] = {"split": split, "resume": resume, "overwrite": overwrite}
    with progress_bars() as progress:
        if split.startswith("kfold"):
            runs = train_folds(opened, run, config, **options, progress=progress)
        else:
            runs = [train_run(opened, run, config, **options, progress=progress)]
        for finished in runs:  # now, so that the first prediction does not wait for it
            prepare_engines(finished, opened, device=config.device, progress=progress)
    for finished in runs:
        say(f"{finished.path}: {describe_plan(finished.approach, finished.plan)}")
    say(f"next: marey evaluate {quoted(project)} --run {quoted(run)}")
    if as_json:
        print_json({"runs": [_summary(finished) for finished in runs]})


def _summary(run: Any) -> dict[str, Any]:
    kept = ("training_seconds", "steps", "selected_step", "images_per_s", "device")
    split = run.split
    return {
        "name": run.name,
        "path": run.path,
        "n_frames": {part: len(getattr(split, part)) for part in ("train", "validation", "test")},
        "approach": run.approach.to_dict(),
        "views": run.plan.to_dict(),
        **{name: run.provenance[name] for name in kept},
    }


def _parsed(pairs: list[str]) -> dict[str, Any]:
    import yaml

    from marey.errors import ConfigError

    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set takes name=value, got {pair!r}", hint="e.g. --set batch_size=4")
        try:
            settings[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {pair}: {value!r} is not a value: {error}") from error
    return settings
