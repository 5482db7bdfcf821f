"""``marey import``, ``marey export`` and ``marey convert``: from and to the formats of other tools."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say
from marey.words import counted

_IMPORTS = "dlc, sleap, lightning-pose, coco, nwb, jabs, ultralytics, table, or auto"
_EXPORTS = "dlc, sleap, lightning-pose, coco, nwb, table"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("import")(import_)
    app.command("export")(export)
    app.command("convert")(convert)


def import_(
    format: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {_IMPORTS}.")],  # noqa: A002
    source: Annotated[Path, typer.Argument(help="The other tool's project, folder or file.")],
    destination: Annotated[Path, typer.Argument(help="The new project's folder.")],
    name: Annotated[str | None, typer.Option(help="The project's name.")] = None,
    author: Annotated[str, typer.Option(help="Who placed the points, where the source does not say.")] = "",
    copy_videos: Annotated[
        bool, typer.Option("--copy-videos", help="Copy the videos instead of linking them.")
    ] = False,
    extract: Annotated[
        bool, typer.Option(help="Extract labelled frames that have no image from their video.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Make a project from the labels of another tool.

    Images are copied, videos are linked where they lie. What was left out or assumed is said.

    Example: marey import dlc my-dlc-project/ my-project/
    """
    from marey.project.importing import import_project

    with progress_bars() as progress:
        report = import_project(
            source,
            destination,
            format=None if format == "auto" else format,
            name=name,
            author=author,
            copy_videos=copy_videos,
            extract=extract,
            progress=progress,
        )
    project = report.project
    for note in report.notes:
        say(f"note: {note}")
    if project.skeleton.symmetries and not project.symmetries_confirmed:
        pairs = ", ".join(f"{a}/{b}" for a, b in project.skeleton.symmetries)
        say(
            f"left/right pairs guessed from the names: {pairs}; confirm them in project.yaml, or with: "
            f'marey skeleton "{destination}" --confirm-pairs'
        )
    frames = counted(report.n_frames, "labelled frame")
    say(
        f"made {destination}: {frames}, {report.n_images} of them with images, "
        f"{counted(len(project.videos), 'video')}, {report.n_videos} of them found"
    )
    if as_json:
        print_json(
            {
                "project": destination,
                "name": project.name,
                "format": report.format,
                "n_frames": report.n_frames,
                "n_images": report.n_images,
                "n_videos": len(project.videos),
                "n_videos_found": report.n_videos,
                "keypoints": list(project.skeleton.keypoints),
                "individuals": list(project.individuals),
                "symmetries": [list(pair) for pair in project.skeleton.symmetries],
                "notes": list(report.notes),
            }
        )


def export(
    project: Annotated[Path, typer.Argument(help="The project's folder.")],
    format: Annotated[str, typer.Option("--format", help=f"One of {_EXPORTS}.")],  # noqa: A002
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder or file to write.")],
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write the labels of a project for another tool.

    Example: marey export my-project/ --format sleap --output labels.slp
    """
    from marey.project.importing import export_project

    losses = export_project(project, output, format=format, overwrite=overwrite)
    _report(losses, output)
    if as_json:
        print_json({"output": output, "format": format, "not_kept": losses})


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Poses or labels in any known format.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file or folder to write.")],
    format: Annotated[  # noqa: A002
        str | None, typer.Option("--format", help="The format of OUT; by default its suffix says it.")
    ] = None,
    source_format: Annotated[
        str | None, typer.Option("--from", help="The format of IN; by default found out by content.")
    ] = None,
    labels: Annotated[
        bool | None, typer.Option("--labels/--poses", help="What to convert where IN may be both.")
    ] = None,
    video: Annotated[str | None, typer.Option(help="Which video, where IN holds several.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second, where IN does not say.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Convert poses or labels from one format to another.

    Formats: marey (.nc), dlc (.csv, .h5), sleap (.slp), sleap-analysis (.analysis.h5), nwb (.nwb),
    coco (.json), lightning-pose, table.

    Example: marey convert predictions.h5 predictions.nc --fps 30
    """
    from marey.formats.conversion import convert as convert_file

    report = convert_file(
        source,
        target,
        target_format=format,
        source_format=source_format,
        kind=None if labels is None else ("labels" if labels else "poses"),
        video=video,
        fps=fps,
        overwrite=overwrite,
    )
    _report(report.notes, target)
    if as_json:
        print_json(
            {
                "output": target,
                "kind": report.kind,
                "from": report.source_format,
                "to": report.target_format,
                "n_frames": report.n_frames,
                "notes": list(report.notes),
            }
        )


def _report(notes: Sequence[str], output: Path) -> None:
    for note in notes:
        say(f"note: {note}")
    say(f"wrote {output}")
