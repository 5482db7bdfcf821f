"""``marey triangulate``: 2D poses of several cameras to 3D."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from marey.reconstruction import OffsetEstimate, RefinementSettings

_FORMATS = {".csv": "anipose", ".c3d": "c3d", ".trc": "trc", ".nwb": "nwb"}
_OWN = (".nc", ".h5")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("triangulate")(triangulate)


def triangulate(  # noqa: PLR0917 - every option of a command is an argument
    calibration: Annotated[Path, typer.Option(help="The calibrated cameras (TOML of Anipose and others).")],
    poses: Annotated[
        list[str], typer.Option(metavar="CAMERA=FILE", help="2D poses of a camera, in any known format.")
    ],
    output: Annotated[Path, typer.Option(help="Poses in 3D: .nc, .h5, .csv (Anipose), .c3d, .trc or .nwb.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[CAMERA=FILE]...", help="More of --poses.")
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Refine over time: smooth, with limbs of constant length.")
    ] = False,
    smoothness: Annotated[float, typer.Option(help="Of the refinement; 1 is what the recording says.")] = 1.0,
    limbs: Annotated[
        str, typer.Option(metavar="A-B,C-D", help="Limbs of constant length; the others are found.")
    ] = "",
    soft_limbs: Annotated[str, typer.Option(metavar="A-B,C-D", help="Limbs of nearly constant length.")] = "",
    use_limbs: Annotated[bool, typer.Option("--limbs-found/--no-limbs", help="Let limbs count.")] = True,
    fill: Annotated[
        bool, typer.Option("--fill", help="Estimate points that too few cameras saw too, and mark them.")
    ] = False,
    method: Annotated[
        str, typer.Option(help="consensus (leaves out what contradicts) or all.")
    ] = "consensus",
    min_cameras: Annotated[int, typer.Option(help="Points that fewer cameras see stay missing.")] = 2,
    threshold: Annotated[
        float, typer.Option(help="Standard deviations off at which a camera is left out.")
    ] = 4.0,
    min_confidence: Annotated[float, typer.Option(help="2D points below it count as not seen.")] = 0.0,
    offset: Annotated[
        list[str] | None, typer.Option(metavar="CAMERA=N", help="Frames by which a camera started early.")
    ] = None,
    dropped: Annotated[
        list[str] | None, typer.Option(metavar="CAMERA=N,N", help="Frames that a camera did not take.")
    ] = None,
    synchronise: Annotated[
        bool,
        typer.Option("--synchronise", help="Find out offsets that are not given, from what was seen."),
    ] = False,
    trim: Annotated[bool, typer.Option("--trim", help="Cut to the frames that all cameras have.")] = False,
    fps: Annotated[float | None, typer.Option(help="Frames per second, where the poses do not say.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Triangulate the poses of several cameras.

    Every point gets the number of its cameras, its reprojection error and a covariance. Points that fewer
    than two cameras see stay missing.

    Example: marey triangulate --calibration cal.toml --poses top=top.h5 side=side.h5 --refine --output
    day1.nc
    """
    from marey.cameras.files import read_cameras
    from marey.errors import AlreadyExistsError, ConfigError
    from marey.formats import load_poses
    from marey.model import with_rate
    from marey.reconstruction import TriangulationSettings
    from marey.reconstruction import synchronise as estimate_offsets
    from marey.reconstruction import triangulate as triangulate_poses

    if output.suffix.lower() not in (*_OWN, *_FORMATS):
        raise ConfigError(
            f"expected an output that ends in {', '.join((*_OWN, *_FORMATS))}, got {output}",
            hint=".nc keeps everything; the others are for other programs",
        )
    if output.exists() and not overwrite:
        raise AlreadyExistsError(f"{output} exists already", hint="choose another name, or --overwrite")
    if not (refine or fill) and (limbs or soft_limbs or not use_limbs or smoothness != 1.0):
        raise ConfigError(
            "--smoothness, --limbs, --soft-limbs and --no-limbs are about the refinement", hint="add --refine"
        )
    files = {name: Path(value) for name, value in parse_pairs([*poses, *(more or [])], "--poses").items()}
    offsets = parse_offsets(offset or [])
    rig = read_cameras(calibration)
    loaded = {name: load_poses(path) for name, path in files.items()}
    if fps is not None:
        loaded = {name: with_rate(table, fps) for name, table in loaded.items()}
    gaps = parse_dropped(dropped or [])
    estimates: dict[str, OffsetEstimate] = {}
    refinement = None
    if refine or fill:
        refinement = _refinement(loaded, smoothness, limbs, soft_limbs, use_limbs=use_limbs, fill=fill)
    with progress_bars() as progress:
        if synchronise:
            estimates = estimate_offsets(
                loaded, rig, offsets=offsets, dropped=gaps, min_confidence=min_confidence, progress=progress
            )
            offsets = {name: estimate.offset for name, estimate in estimates.items()}
        result = triangulate_poses(
            loaded,
            rig,
            settings=TriangulationSettings(method=method, min_cameras=min_cameras, threshold=threshold),
            refinement=refinement,
            offsets=offsets,
            dropped=gaps,
            trim=trim or synchronise,
            min_confidence=min_confidence,
            progress=progress,
        )
    say_offsets(estimates)
    for loss in _save(result, output):
        say(f"note: {loss}")
    summary = {"output": output, **_summarise(result), "offsets": offsets}
    if synchronise:
        summary["possible_offsets"] = {name: (e.lowest, e.highest) for name, e in estimates.items()}
    _tell(summary, is_empty=not any(table["position"].notnull().any() for table in loaded.values()))
    if as_json:
        print_json(summary)


def parse_pairs(texts: list[str], option: str) -> dict[str, str]:
    """Return what NAME=VALUE texts say; a value may have more equals signs, as paths do."""
    from marey.errors import ConfigError

    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (sign and name and value):
            raise ConfigError(
                f"expected CAMERA=... after {option}, got {text!r}", hint="such as top=poses/top.h5"
            )
        if name in found:
            raise ConfigError(f"{option} names the camera {name!r} twice")
        found[name] = value
    return found


def parse_offsets(texts: list[str]) -> dict[str, int]:
    """Return the frames that texts such as ``top=3`` say."""
    return {name: _whole(value, name) for name, value in parse_pairs(texts, "--offset").items()}


def parse_dropped(texts: list[str]) -> dict[str, list[int]]:
    """Return the frames that texts such as ``top=12,340`` say."""
    return {
        name: [_whole(part, name, "--dropped") for part in value.split(",")]
        for name, value in parse_pairs(texts, "--dropped").items()
    }


def _whole(text: str, name: str, option: str = "--offset") -> int:
    from marey.errors import ConfigError

    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"expected a number of frames after {option} {name}=, got {text!r}") from None


def say_offsets(estimates: "Mapping[str, OffsetEstimate]") -> None:
    """Say what was found out about when cameras started, and how surely."""
    for name, estimate in estimates.items():
        also = f"; {estimate.lowest} to {estimate.highest} fit about as well" if estimate.doubt else ""
        say(f"offset of {name}: {estimate.offset} frames{also}")


def _refinement(
    loaded: "dict[str, xr.Dataset]",
    smoothness: float,
    limbs: str,
    soft_limbs: str,
    *,
    use_limbs: bool,
    fill: bool,
) -> "RefinementSettings":
    from marey.cli.project import parse_edges
    from marey.model import Skeleton
    from marey.reconstruction import RefinementSettings
    from marey.visualisation.subject import find_skeleton

    if not loaded:
        return RefinementSettings()
    first = next(iter(loaded.values()))
    keypoints = tuple(str(name) for name in first["keypoint"].to_numpy())
    stored = find_skeleton(first)

    def indices(text: str) -> tuple[tuple[int, int], ...]:
        edges = parse_edges(text, keypoints) if text else ()
        return tuple((a, b) for a, b in Skeleton(keypoints, tuple(edges)).edge_indices.tolist())

    return RefinementSettings(
        smoothness=smoothness,
        edges=tuple((a, b) for a, b in stored.edge_indices.tolist()),
        constant=indices(limbs),
        nearly_constant=indices(soft_limbs),
        use_limbs=use_limbs,
        fill=fill,
    )


def _save(result: "xr.Dataset", output: Path) -> list[str]:
    from marey.formats import export_poses, save_poses

    if output.suffix.lower() in _OWN:
        save_poses(result, output)
        return []
    return export_poses(result, output, format=_FORMATS[output.suffix.lower()], overwrite=True)


def _summarise(result: "xr.Dataset") -> dict[str, Any]:
    import numpy as np

    from marey.model import read_history

    present = np.isfinite(result["position"].to_numpy()).all(axis=1)
    cameras = result["n_cameras"].to_numpy()[present]
    errors = result["expected_error"].to_numpy()[present]
    limbs = [step["limbs"] for step in read_history(result) if step["operation"] == "refine"]
    return {
        "median_reprojection_px": result.attrs.get("median_reprojection_px"),
        "median_reprojection_used_px": result.attrs.get("median_reprojection_used_px"),
        "n_frames": result.sizes["time"],
        "n_individuals": result.sizes["individual"],
        "n_points": int(present.sum()),
        "n_missing": int((~present).sum()),
        "mean_cameras": float(cameras.mean()) if len(cameras) else None,
        "median_expected_error": float(np.median(errors)) if len(errors) else None,
        "unit": result.attrs.get("space_unit", "unknown"),
        "limbs": limbs[0] if limbs else [],
    }


def _tell(summary: dict[str, Any], *, is_empty: bool) -> None:
    total = summary["n_points"] + summary["n_missing"]
    say(f"{summary['n_points']} of {total} points in {summary['n_frames']} frames")
    if summary["n_points"]:
        say(
            f"median reprojection error {summary['median_reprojection_px']:.2f} px, "
            f"expected error {summary['median_expected_error']:.3g} {summary['unit']}, "
            f"{summary['mean_cameras']:.1f} cameras a point"
        )
    elif is_empty:
        say("the poses of all cameras are empty: no point was found in any frame")
    else:
        say("no point was seen by enough cameras that agree; is it the calibration of these videos?")
    say(f"wrote {summary['output']}")
