"""``marey predict`` and ``marey export-model``: poses of videos, and the network for use elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say
from marey.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marey.prediction import FailedVideo, PredictionResult
    from marey.runs import Run

RunName = Annotated[str, typer.Option("--run", help="The name of the run.")]
ProjectFolder = Annotated[Path, typer.Argument(metavar="PROJECT", help="The project's folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("predict")(predict)
    app.command("export-model")(export_model)


def predict(  # noqa: PLR0917 - typer gives them by name
    project: ProjectFolder,
    videos: Annotated[
        list[str],
        typer.Argument(metavar="VIDEO...", help="Files, folders, patterns, or folders of images."),
    ],
    run: RunName,
    output: Annotated[
        Path | None,
        typer.Option(help="The folder for the poses.", show_default="PROJECT/predictions"),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="auto: the fastest installed one that gives the same poses. Or torch, torch-bf16, "
            "torch-cuda, torch-cuda-fp16, torch-mps, onnxruntime, openvino, openvino-bf16."
        ),
    ] = "auto",
    adaptive_crop: Annotated[
        str,
        typer.Option(
            help="on: follow the animal; off: search every frame; auto: what was better in the run."
        ),
    ] = "auto",
    device: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    frames: Annotated[
        str | None, typer.Option(metavar="A:B[:STEP]", help="Which frames, counted from 0; B is left out.")
    ] = None,
    crop: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Look only here; pixels of the frame.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images at a time; default: what suits.")] = None,
    n_animals: Annotated[
        int | None,
        typer.Option("--n-animals", help="The most animals in a frame.", show_default="as in the labels"),
    ] = None,
    candidates: Annotated[
        int,
        typer.Option(min=1, help="Keep so many peaks of each keypoint, for `marey smooth --method viterbi`."),
    ] = 1,
    format: Annotated[  # noqa: A002
        list[str] | None, typer.Option(help="Also write this format; dlc gives DeepLabCut's CSV and H5.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was interrupted.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Find the animals in every frame of videos.

    Poses go into one netCDF (HDF5) file per video, which xarray opens. Ctrl-C keeps what is done. Several
    animals are found without knowing who is who: `marey track` says that.

    Example: marey predict my-project/ videos/*.mp4 --run first --output poses/
    """
    from marey.prediction import VideosFailedError
    from marey.prediction import predict as predict_videos

    selected = _parse_frames(frames)
    box = _parse_crop(crop)
    opened = _open_run(project, run)
    failure = None
    try:
        with progress_bars() as progress:
            outcomes: Sequence[PredictionResult | FailedVideo] = predict_videos(
                opened,
                videos,
                output or opened.path.parents[1] / "predictions",
                engine=engine,
                adaptive_crop=adaptive_crop,  # type: ignore[arg-type]
                device=device,
                start=selected[0],
                stop=selected[1],
                step=selected[2],
                crop=box,
                batch_size=batch_size,
                n_animals=n_animals,
                n_candidates=candidates,
                resume=resume,
                overwrite=overwrite,
                formats=format or (),
                progress=progress,
            )
    except VideosFailedError as error:
        outcomes, failure = error.outcomes, error
    _tell_results(outcomes)
    if as_json:
        print_json({"videos": [vars(outcome) for outcome in outcomes]})
    if failure is not None:
        raise failure


def _tell_results(outcomes: "Sequence[PredictionResult | FailedVideo]") -> None:
    """Say what was predicted; what could not be is for the error that ends the command."""
    from marey.prediction import PredictionResult

    told: set[str] = set()
    for result in outcomes:
        if not isinstance(result, PredictionResult):
            continue
        pace = f" in {result.seconds:.1f} s ({result.frames_per_s:.0f} frames/s, {result.engine})"
        frames = counted(result.n_frames, "frame")
        say(f"{result.path.name}: {frames}{pace if result.seconds else ''} -> {result.output}")
        for note in result.notes:
            if note not in told:  # what was decided for all videos need not be said of each
                say(f"  {note}")
        told |= {note for note in result.notes if result.seconds}
        for path in result.exports:
            say(f"  also as {path}")


def export_model(
    project: ProjectFolder,
    run: RunName,
    output: Annotated[Path, typer.Option(help="The ONNX file to write.")],
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a run's network as ONNX, with everything that is needed to use it without Marey.

    Example: marey export-model my-project/ --run first --output model.onnx
    """
    from marey.prediction.export import export_model as write_model

    path = write_model(_open_run(project, run), output, overwrite=overwrite)
    say(f"wrote {path}")
    if as_json:
        print_json({"output": path, "size_mb": path.stat().st_size / 1e6})


def _parse_frames(text: str | None) -> tuple[int, int | None, int]:
    """Read ``A:B`` or ``A:B:STEP``; each may be left out."""
    if text is None:
        return 0, None, 1
    parts = text.split(":")
    try:
        numbers = [int(part) if part else None for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3):
        raise typer.BadParameter(f"expected A:B or A:B:STEP, such as 100:200, got {text!r}")
    start, stop, step = (*numbers, None)[:3]
    return start or 0, stop, 1 if step is None else step


def _parse_crop(text: str | None) -> tuple[int, int, int, int] | None:
    if text is None:
        return None
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"expected X,Y,W,H in pixels, such as 0,0,320,240, got {text!r}") from None
    return x, y, width, height


def _open_run(project: Path, name: str) -> "Run":
    """Open a run of the project at `project` or above it; a folder with runs need not be a whole project."""
    from marey.project import Project
    from marey.runs import Run

    root = project if (project / "runs").is_dir() else Project.open(project).root
    return Run.open(root / "runs" / name)
