"""``marey cameras``: which videos of a project were taken together, and with which calibration."""

from pathlib import Path
from typing import Annotated

import typer

from marey.cli.options import AsJson
from marey.cli.output import print_json, say
from marey.words import counted


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("cameras")(cameras)


def cameras(
    folder: Annotated[Path, typer.Argument(metavar="PROJECT", help="The project's folder.")],
    pattern: Annotated[
        str | None, typer.Option(help="How file names tell session and camera: '{session}/{camera}.mp4'.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="A calibration to copy into the project and use from now on.")
    ] = None,
    use: Annotated[str | None, typer.Option(help="The name of a calibration in the project to use.")] = None,
    session: Annotated[str, typer.Option(help="The session that --offset is about.")] = "",
    offset: Annotated[
        list[str] | None, typer.Option(metavar="CAMERA=N", help="Frames by which a camera started early.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a calibration of the same name.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show, and with options change, which videos belong together and the calibration.

    Example: marey cameras study --pattern '{session}_{camera}.mp4' --calibration day1/calibration.toml
    """
    from marey.cli.triangulate import parse_offsets
    from marey.project import Project, recordings

    project = Project.open(folder)
    if pattern is not None:
        recordings.set_pattern(project, pattern)
    if calibration is not None:
        recordings.import_calibration(project, calibration, calibration.stem, overwrite=overwrite)
    if use is not None:
        recordings.use_calibration(project, use)
    if offset:
        recordings.set_timing(project, session, offsets=parse_offsets(offset))
    found = recordings.find_recordings(project)
    in_use = recordings.calibration_name(project)
    wanted = recordings.read_calibration(project).names if in_use else ()
    for item in found:
        offsets = {camera: n for camera, n in item.offsets.items() if n}
        seen = [
            f"{camera} ({offsets[camera]:+d} frames)" if camera in offsets else camera
            for camera in item.videos
        ]
        missing = [camera for camera in wanted if camera not in item.videos]
        without = f"; without {', '.join(missing)}, which the calibration has" if missing else ""
        say(f"{item.name or 'recording'}: {', '.join(seen)}{without}")
    number = counted(len(found), "session")
    say(f"{number}, {f'calibration {in_use}' if in_use else 'no calibration'}")
    if as_json:
        print_json(
            {
                "pattern": project.cameras.pattern,
                "calibration": in_use,
                "calibrations": recordings.list_calibrations(project),
                "sessions": [
                    {"name": item.name, "videos": dict(item.videos), "offsets": dict(item.offsets)}
                    for item in found
                ],
            }
        )
