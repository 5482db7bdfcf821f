"""``marey angles``: joint angles of 3D poses."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

_OWN = (".nc", ".h5")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("angles")(angles)


def angles(
    poses: Annotated[
        Path, typer.Argument(metavar="POSES3D", help="3D poses, as `marey triangulate` writes.")
    ],
    config: Annotated[Path, typer.Option(help="angles.toml, or the config.toml of Anipose.")],
    output: Annotated[Path, typer.Option(help="The angles: .csv (as Anipose has them) or .nc.")],
    fit_skeleton: Annotated[
        bool, typer.Option("--fit-skeleton", help="Fit a skeleton with constant limbs to all frames first.")
    ] = False,
    edges: Annotated[
        str, typer.Option(metavar="A-B,B-C", help="Its limbs; by default those stored with the poses.")
    ] = "",
    plot: Annotated[
        Path | None, typer.Option(help="Draw them over time into this file (.png, .svg).")
    ] = None,
    individual: Annotated[str | None, typer.Option(help="Whose, for a .csv of several animals.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Compute joint angles, with their uncertainty, and check them against the limits of the joints.

    Example: marey angles day1-3d.nc --config angles.toml --output day1-angles.csv
    """
    from marey.errors import ConfigError
    from marey.formats import load_poses
    from marey.formats.anipose import save_angles
    from marey.formats.native import save_dataset
    from marey.reconstruction import compute_angles, read_angle_config

    _check_outputs(output, plot, overwrite=overwrite)
    if edges and not fit_skeleton:
        raise ConfigError("--edges says which limbs to fit", hint="add --fit-skeleton")
    wanted = read_angle_config(config)
    loaded = load_poses(poses)
    limbs: list[dict[str, float]] = []
    if fit_skeleton:
        loaded, limbs = _fit(loaded, edges)
    result = compute_angles(loaded, wanted)
    if output.suffix.lower() == ".csv":
        for loss in save_angles(result, output, individual=individual):
            say(f"note: {loss}")
    else:
        save_dataset(result, output)
    if plot is not None:
        _plot(result, plot)
    say(f"wrote {output}")
    summary = _summarise(result, wanted.limits)
    for name, angle in summary.items():
        if angle.get("n_outside"):
            say(f"{name}: outside its limits in {angle['n_outside']} frames")
    if as_json:
        found = {"output": output, "n_frames": result.sizes["time"], "angles": summary}
        print_json({**found, "limbs": limbs} if fit_skeleton else found)


def _check_outputs(output: Path, plot: Path | None, *, overwrite: bool) -> None:
    from marey.errors import AlreadyExistsError, ConfigError

    if output.suffix.lower() not in (*_OWN, ".csv"):
        raise ConfigError(f"expected an output that ends in .csv, .nc or .h5, got {output}")
    for path in (output, plot):
        if path is not None and path.exists() and not overwrite:
            raise AlreadyExistsError(f"{path} exists already", hint="choose another name, or --overwrite")


def _summarise(
    result: "xr.Dataset", limits: "Mapping[str, tuple[float, float]]"
) -> dict[str, dict[str, Any]]:
    from marey.reconstruction import count_outside

    outside = count_outside(result)
    summary: dict[str, dict[str, Any]] = {}
    for name in map(str, result["angle"].to_numpy()):
        values = result["degrees"].sel(angle=name)
        summary[name] = {"median": float(values.median()), "n_missing": int(values.isnull().sum())}
        if name in limits:
            summary[name]["n_outside"] = outside[name]
    return summary


def _plot(result: "xr.Dataset", path: Path) -> None:
    from marey.visualisation.figures_3d import plot_angles
    from marey.visualisation.gallery import save_figure

    save_figure(plot_angles(result), path)
    say(f"wrote {path}")


def _fit(poses: "xr.Dataset", edges: str) -> "tuple[xr.Dataset, list[dict[str, float]]]":
    """Return the fitted poses, and the lengths of the limbs of each individual."""
    from marey.cli.project import parse_edges
    from marey.model import Skeleton, read_history
    from marey.reconstruction.kinematics import fit_skeleton
    from marey.visualisation.subject import find_skeleton

    keypoints = tuple(str(name) for name in poses["keypoint"].to_numpy())
    skeleton = Skeleton(keypoints, parse_edges(edges, keypoints)) if edges else find_skeleton(poses)
    fitted = fit_skeleton(poses, skeleton)
    limbs = read_history(fitted)[-1]["lengths"]
    unit = poses.attrs.get("space_unit", "")
    for name, lengths in zip(map(str, fitted["individual"].to_numpy()), limbs, strict=True):
        told = ", ".join(f"{limb} {length:.4g}" for limb, length in lengths.items())
        say(f"{name}: {f'limbs {told} {unit}' if told else 'not fitted: a joint was hardly ever seen'}")
    return fitted, limbs
