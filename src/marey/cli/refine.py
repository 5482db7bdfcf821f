"""``marey smooth`` and ``marey ensemble``: poses made better after the prediction."""

from pathlib import Path
from typing import Annotated

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, say
from marey.words import counted


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("smooth")(smooth)
    app.command("ensemble")(ensemble)


def smooth(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Poses in any known format.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The poses to write (.nc).")],
    method: Annotated[str, typer.Option(help="kalman, median, savgol or viterbi.")] = "kalman",
    also: Annotated[
        list[Path] | None,
        typer.Option(
            help="More predictions of the same video, for viterbi to choose from beside the peaks that "
            "`marey predict --candidates` kept."
        ),
    ] = None,
    max_gap: Annotated[int, typer.Option(help="Fill gaps of at most so many frames; 0 fills none.")] = 0,
    min_confidence: Annotated[float, typer.Option(help="Remove points below this confidence first.")] = 0.0,
    window: Annotated[int, typer.Option(help="Frames of the median and savgol window, odd.")] = 7,
    polyorder: Annotated[int, typer.Option(help="Degree of the savgol polynomial.")] = 2,
    format: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(
            help="Also write this format beside OUT; dlc gives DeepLabCut's CSV and H5, named as its own "
            "filtered predictions."
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Smooth poses; kalman finds out by itself how much, and is not misled by single jumps.

    What was done is recorded in the file. Points that are filled in are marked, with confidence 0.

    Example: marey smooth poses/day1.h5 poses/day1-smooth.nc --min-confidence 0.3 --max-gap 5
    """
    from marey.errors import AlreadyExistsError, ConfigError
    from marey.formats import export_poses, load_poses, save_poses
    from marey.formats.deeplabcut import dlc_filtered_names
    from marey.formats.native import SUFFIXES
    from marey.model import read_history
    from marey.refinement import smooth as smooth_poses

    if target.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"expected an output that ends in {' or '.join(SUFFIXES)}, got {target}",
            hint="smooth to a .nc file, then turn it into other formats with `marey convert`",
        )
    if unknown := sorted({*(format or ())} - {"dlc"}):
        raise ConfigError(f"there is no format {unknown[0]!r} to smooth to", hint="the formats are dlc")
    poses = load_poses(source)
    exports = [target.with_name(name) for name in dlc_filtered_names(poses)] if format else []
    for path in (target, *exports):
        if path.exists() and not overwrite:
            raise AlreadyExistsError(f"{path} exists already", hint="choose another name, or --overwrite")
    result = smooth_poses(
        poses,
        method,
        candidates=[load_poses(path) for path in also or []],
        min_confidence=min_confidence,
        max_gap=max_gap,
        window=window,
        polyorder=polyorder,
    )
    save_poses(result, target, overwrite=overwrite)
    for path in exports:
        export_poses(result, path, format="dlc", overwrite=overwrite)
    steps = read_history(result)[len(read_history(poses)) :]
    for step in steps:
        say(", ".join([step["operation"].replace("_", " "), *_describe(step)]))
    for path in (target, *exports):
        say(f"wrote {path}")
    if as_json:
        print_json({"output": target, "n_frames": result.sizes["time"], "steps": steps, "exports": exports})


def ensemble(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="IN...",
            help="Predictions of one video by several networks; of several cameras as CAMERA=FILE.",
        ),
    ],
    output: Annotated[
        Path, typer.Option(help="The poses to write (.nc); of several cameras, a folder for CAMERA.nc.")
    ],
    latents: Annotated[
        int | None, typer.Option(help="Points that move as one: describe them by so many coordinates.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Combine the predictions of several networks or seeds; where they disagree, the motion decides.

    The expected error of every point is what the disagreement says. With several cameras, one that sees a
    point well helps one in which it is hidden; the cameras need not be calibrated.

    Example: marey ensemble seed0.nc seed1.nc seed2.nc --output day1.nc
    """
    from marey.errors import AlreadyExistsError, ConfigError
    from marey.formats import load_poses, save_poses
    from marey.formats.native import SUFFIXES
    from marey.refinement import ensemble_smooth

    by_camera = _by_camera(sources)
    if by_camera:
        _ensemble_of_cameras(by_camera, output, latents, overwrite=overwrite, as_json=as_json)
        return
    if output.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"expected an output that ends in {' or '.join(SUFFIXES)}, got {output}")
    if output.exists() and not overwrite:
        raise AlreadyExistsError(f"{output} exists already", hint="choose another name, or --overwrite")
    result = ensemble_smooth([load_poses(path) for path in sources], n_latents=latents)
    save_poses(result, output, overwrite=overwrite)
    error = float(result["expected_error"].median())
    say(f"{len(sources)} predictions made one; they are usually within {error:.2g} px")
    say(f"wrote {output}")
    if as_json:
        print_json(
            {
                "output": output,
                "n_members": len(sources),
                "n_frames": result.sizes["time"],
                "median_expected_error_px": error,
            }
        )


def _by_camera(sources: list[str]) -> dict[str, list[Path]]:
    """Return the files of each camera; nothing where the sources name no cameras."""
    from marey.errors import ConfigError

    said = {source: source.partition("=") for source in sources if not Path(source).exists()}
    named = {source: parts for source, parts in said.items() if parts[0] and parts[1] and parts[2]}
    if not named:
        return {}
    if len(named) < len(sources):
        other = next(source for source in sources if source not in named)
        raise ConfigError(f"expected CAMERA=FILE for all or for none, got {other!r} too")
    found: dict[str, list[Path]] = {}
    for camera, _, path in named.values():
        found.setdefault(camera, []).append(Path(path))
    return found


def _ensemble_of_cameras(
    by_camera: dict[str, list[Path]],
    folder: Path,
    latents: int | None,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    from marey.errors import AlreadyExistsError
    from marey.formats import load_poses, save_poses
    from marey.refinement import ensemble_smooth_views

    targets = {camera: folder / f"{camera}.nc" for camera in by_camera}
    taken = [path for path in targets.values() if path.exists()]
    if taken and not overwrite:
        raise AlreadyExistsError(f"{taken[0]} exists already", hint="choose another folder, or --overwrite")
    loaded = {camera: [load_poses(path) for path in paths] for camera, paths in by_camera.items()}
    results = ensemble_smooth_views(loaded, n_latents=3 if latents is None else latents)
    folder.mkdir(parents=True, exist_ok=True)
    summary = {}
    for camera, result in results.items():
        save_poses(result, targets[camera], overwrite=overwrite)
        error = float(result["expected_error"].median())
        summary[camera] = {
            "output": targets[camera],
            "n_members": len(loaded[camera]),
            "median_expected_error_px": error,
        }
        say(f"{camera}: {len(loaded[camera])} predictions made one, usually within {error:.2g} px")
    say(f"wrote {counted(len(targets), 'file')} to {folder}")
    if as_json:
        print_json({"cameras": summary})


def _describe(step: dict) -> list[str]:
    counts = {
        "n_cut": "removed",
        "n_filled": "filled in",
        "n_dropped": "removed",
        "n_replaced": "taken from another candidate",
    }
    texts = [f"{counted(step[name], 'point')} {words}" for name, words in counts.items() if name in step]
    if "n_outliers" in step:
        texts.append(f"{counted(sum(map(sum, step['n_outliers'])), 'jump')} set right")
    return texts
