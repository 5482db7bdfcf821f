"""``marey calibrate`` and ``marey check-calibration``."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say

if TYPE_CHECKING:
    from marey.cameras.calibrate import Calibration
    from marey.cameras.rig import Rig


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("calibrate")(calibrate)
    app.command("check-calibration")(check_calibration)


def calibrate(  # noqa: PLR0917 - the options of a command
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the images or videos are.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The calibration (.toml, .yaml, .json).")],
    views: Annotated[str, typer.Option(help="Which files: '{camera}/*.jpg', '{camera}.mp4', ...")] = "",
    board: Annotated[
        str,
        typer.Option(
            help="A board.toml, chessboard:COLSxROWS:SQUARE (inner corners), charuco:... or aruco:..."
        ),
    ] = "",
    from_poses: Annotated[
        str, typer.Option(metavar="PATTERN", help="No board: use 2D poses, such as '{camera}.nc'.")
    ] = "",
    length: Annotated[
        str, typer.Option(metavar="A-B:MM", help="With --from-poses: how far two keypoints are apart.")
    ] = "",
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="CAMERA=WxH", help="With --from-poses: images of cameras of unknown lens."),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(help="With --from-poses: leave out points below it.")
    ] = 0.0,
    offset: Annotated[
        list[str] | None,
        typer.Option(metavar="CAMERA=N", help="With --from-poses: frames by which a camera started early."),
    ] = None,
    synchronise: Annotated[
        bool, typer.Option("--synchronise", help="With --from-poses: find out offsets that are not given.")
    ] = False,
    lens: Annotated[str, typer.Option(help="auto, pinhole, wide or fisheye.")] = "auto",
    intrinsics: Annotated[
        Path | None, typer.Option(help="A calibration whose lenses are known and kept.")
    ] = None,
    intrinsics_only: Annotated[
        bool, typer.Option("--intrinsics-only", help="Fit only the lenses, each camera on its own.")
    ] = False,
    world: Annotated[
        str, typer.Option(help="camera (the first), board:VIEW, or a CSV of points marked in the images.")
    ] = "camera",
    report: Annotated[Path | None, typer.Option(help="Write a report (.html).")] = None,
    cache: Annotated[Path | None, typer.Option(help="Keep what was detected in this file (.npz).")] = None,
    max_views: Annotated[int, typer.Option(min=3, help="Use at most so many views, well spread.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the choice of held-out views.")] = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Calibrate cameras from images or videos of a board.

    Images belong together when their names are the same apart from the camera's, frames of videos when their
    numbers are. The output is Anipose's TOML.

    Example: marey calibrate day1 --views '{camera}/board/*.jpg' --board chessboard:8x6:25 --output
    cameras.toml
    """
    from dataclasses import replace

    from marey.cameras import calibrate as calibration_of
    from marey.cameras import detect_boards, parse_board, read_cameras, summarise, write_cameras
    from marey.cameras.report import write_report

    _check_outputs([output, *([report] if report else [])], overwrite=overwrite)
    if from_poses:
        _refuse(
            "--from-poses works without a board, but there {are} {options}",
            views=views, board=board, report=report, cache=cache, intrinsics_only=intrinsics_only,
            lens=lens != "auto",
        )  # fmt: skip
        _calibrate_from_poses(
            folder, from_poses, output, intrinsics, length, size or [], min_confidence, offset or [], seed,
            world, find_offsets=synchronise, overwrite=overwrite, as_json=as_json,
        )  # fmt: skip
        return
    _refuse(
        "{options} {are} for --from-poses, which is not given",
        length=length, size=size, min_confidence=min_confidence, offset=offset, synchronise=synchronise,
    )  # fmt: skip
    _check_said(views, board)
    pattern = parse_board(board)
    known = {camera.name: camera for camera in read_cameras(intrinsics)} if intrinsics else None
    with progress_bars() as progress:
        sightings = detect_boards(folder, views, pattern, cache=cache, progress=progress)
        found = calibration_of(
            sightings,
            lens=lens,  # type: ignore[arg-type]
            known=known,
            intrinsics_only=intrinsics_only,
            max_views=max_views,
            seed=seed,
            progress=progress,
        )
    summary = summarise(found)
    rig = replace(_aligned(found, world), metadata=_metadata(summary, found))
    write_cameras(rig, output, overwrite=overwrite)
    if report:
        write_report(found, summary, report)
    _say_summary(summary)
    say(f"wrote {output}" + (f" and {report}" if report else ""))
    if as_json:
        print_json({**summary, "output": output})


def check_calibration(
    path: Annotated[Path, typer.Argument(metavar="CALIBRATION", help="A calibration in any known format.")],
    as_json: AsJson = False,
) -> None:
    """Say what looks wrong with a calibration: cameras that came out the same, impossible lenses, and more.

    Example: marey check-calibration cameras.toml
    """
    from marey.cameras import check_rig, read_cameras

    rig = read_cameras(path)
    warnings = check_rig(rig)
    for warning in warnings:
        say(f"warning: {warning}")
    say(f"{len(rig)} cameras ({', '.join(rig.names)}), {len(warnings) or 'no'} warnings")
    if as_json:
        cameras = {
            camera.name: {
                "size": camera.size,
                "focal_px": camera.matrix[[0, 1], [0, 1]],
                "centre": camera.centre,
                "fisheye": camera.fisheye,
            }
            for camera in rig
        }
        print_json({"cameras": cameras, "units": rig.units, "warnings": warnings})


def _calibrate_from_poses(
    folder: Path,
    pattern: str,
    output: Path,
    intrinsics: Path | None,
    length: str,
    sizes: list[str],
    min_confidence: float,
    offset: list[str],
    seed: int,
    world: str,
    *,
    find_offsets: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    from dataclasses import replace

    from marey import __version__
    from marey.cameras import read_cameras, write_cameras
    from marey.cameras.align import align_to_file
    from marey.cameras.naming import find_named
    from marey.cli.triangulate import parse_offsets, say_offsets
    from marey.errors import InputError
    from marey.formats import load_poses
    from marey.reconstruction import calibrate_from_poses, synchronise

    files: dict[str, Path] = {}
    for named in find_named(folder, pattern):
        if named.camera in files:
            raise InputError(
                f"expected one file of poses of camera {named.camera!r}, got {files[named.camera].name} and "
                f"{named.path.name}",
                hint="make the pattern say more",
            )
        files[named.camera] = named.path
    poses = {name: load_poses(path) for name, path in files.items()}
    offsets = parse_offsets(offset)
    with progress_bars() as progress:
        if find_offsets:
            estimates = synchronise(
                poses, None, offsets=offsets, min_confidence=min_confidence, progress=progress
            )
            say_offsets(estimates)
            offsets = {name: estimate.offset for name, estimate in estimates.items()}
        found = calibrate_from_poses(
            poses,
            lenses={camera.name: camera for camera in read_cameras(intrinsics)} if intrinsics else None,
            sizes=_parse_sizes(sizes),
            length=_parse_length(length) if length else None,
            offsets=offsets,
            min_confidence=min_confidence,
            seed=seed,
            progress=progress,
        )
    if world != "camera":
        found = replace(found, rig=align_to_file(found.rig, world))
    summary = found.summarise()
    kept = {key: summary[key] for key in ("rms_px", "median_px", "n_points", "warnings")}
    write_cameras(
        replace(found.rig, metadata={"placed": True, "from": "poses", "marey": __version__, **kept}),
        output,
        overwrite=overwrite,
    )
    for name, row in summary["cameras"].items():
        say(f"{name}: median {row['median_px']:.2f} px over {row['n_points']} points")
    for warning in summary["warnings"]:
        say(f"warning: {warning}")
    say(f"wrote {output}")
    if as_json:
        print_json({**summary, "offsets": offsets, "output": output})


def _refuse(message: str, **given: object) -> None:
    """Refuse options that would be ignored; `message` has a place for their names and for "is" or "are"."""
    from marey.errors import ConfigError

    said = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if said:
        raise ConfigError(
            message.format(options=" and ".join(said), are="is" if len(said) == 1 else "are"),
            hint="leave one or the other out",
        )


def _check_said(views: str, board: str) -> None:
    from marey.errors import ConfigError

    missing = [name for name, value in (("--views", views), ("--board", board)) if not value]
    if missing:
        raise ConfigError(
            f"expected {' and '.join(missing)}",
            hint="such as --views '{camera}/*.jpg' --board chessboard:8x6:25; without a board, --from-poses",
        )


def _parse_sizes(texts: list[str]) -> dict[str, tuple[int, int]]:
    from marey.cli.triangulate import parse_pairs
    from marey.errors import ConfigError

    sizes = {}
    for name, value in parse_pairs(texts, "--size").items():
        width, _, height = value.lower().partition("x")
        if not (width.isdigit() and height.isdigit()):
            raise ConfigError(f"expected --size CAMERA=WIDTHxHEIGHT in pixels, got {name}={value}")
        sizes[name] = int(width), int(height)
    return sizes


def _parse_length(text: str) -> tuple[str, str, float]:
    from marey.errors import ConfigError

    ends, _, value = text.rpartition(":")
    first, _, second = ends.partition("-")
    try:
        length = float(value)
    except ValueError:
        length = -1.0
    if not (first and second and length > 0):
        raise ConfigError(
            f"expected --length KEYPOINT-KEYPOINT:MILLIMETRES, got {text!r}", hint="such as snout-tailbase:85"
        )
    return first, second, length


def _check_outputs(paths: list[Path], *, overwrite: bool) -> None:
    """Refuse before the work what would be refused after it."""
    from marey.errors import AlreadyExistsError

    for path in paths:
        if path.exists() and not overwrite:
            raise AlreadyExistsError(f"{path} exists already", hint="choose another name, or --overwrite")


def _aligned(found: "Calibration", world: str) -> "Rig":
    from marey.cameras.align import align_to_board, align_to_file

    if world == "camera" or not found.is_placed:
        return found.rig
    if world.startswith("board:"):
        return align_to_board(found, world.removeprefix("board:"))
    return align_to_file(found.rig, world, units=found.rig.units)


def _metadata(summary: dict, found: "Calibration") -> dict:
    from marey import __version__

    cameras = {
        name: {key: row[key] for key in ("rms_px", "n_views", "covered", "focal_sd_px", "centre_sd_px")}
        for name, row in summary["cameras"].items()
    }
    return {
        "placed": found.is_placed,
        "rms_px": summary["rms_px"],
        "held_out_rms_px": summary["held_out_rms_px"],
        "corner_sigma_px": summary["sigma_px"],
        "board": summary["board"],
        "n_views": summary["n_views"],
        "spacing": summary.get("spacing"),
        "warnings": summary["warnings"],
        "marey": __version__,
        "cameras": cameras,
    }


def _say_summary(summary: dict) -> None:
    for name, row in summary["cameras"].items():
        say(f"{name}: {row['rms_px']:.2f} px RMS over {row['n_views']} views, f {row['focal_px'][0]:.1f} px")
    held_out = summary["held_out_rms_px"]
    extra = f", {held_out:.2f} px in views that were held out" if math.isfinite(held_out) else ""
    say(f"all: {summary['rms_px']:.2f} px RMS{extra}")
    spacing = summary.get("spacing")
    if spacing:
        unit = summary["units"]
        say(
            f"the board's spacing in 3D: {spacing['mean']:.3f} ± {spacing['sd']:.3f} {unit} "
            f"(should be {spacing['true']:g})"
        )
    for warning in summary["warnings"]:
        say(f"warning: {warning}")
