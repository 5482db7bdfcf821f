"""``marey render-3d`` and ``marey plot-3d``: 3D poses as a video and as figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say

if TYPE_CHECKING:
    import numpy as np

_DIRECTIONS = {"x": 0, "y": 1, "z": 2}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("render-3d")(render_3d)
    app.command("plot-3d")(plot_3d)


def render_3d(  # noqa: PLR0917 - every option of a command is an argument
    poses: Annotated[
        Path, typer.Argument(metavar="POSES3D", help="3D poses, as `marey triangulate` writes.")
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The video to write.")],
    calibration: Annotated[Path | None, typer.Option(help="The cameras; needed with --video.")] = None,
    video: Annotated[
        list[str] | None,
        typer.Option(metavar="CAMERA=FILE", help="Show it with the projections; repeatable."),
    ] = None,
    offset: Annotated[
        list[str] | None, typer.Option(metavar="CAMERA=N", help="Frames by which a camera started early.")
    ] = None,
    edges: Annotated[str, typer.Option(metavar="A-B,B-C", help="Which keypoints are drawn joined.")] = "",
    up: Annotated[str, typer.Option(help="x, -x, y, -y, z, -z, or auto: as in the pictures.")] = "auto",
    height: Annotated[int, typer.Option(help="Of the video, pixels.")] = 720,
    turn: Annotated[float, typer.Option(help="Degrees by which the view turns in a second.")] = 36.0,
    start: Annotated[int | None, typer.Option(help="First frame to draw.")] = None,
    stop: Annotated[int | None, typer.Option(help="The frame after the last one to draw.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Draw a skeleton that rotates in space, beside the videos with the points drawn in.

    Example: marey render-3d day1.nc day1-3d.mp4 --calibration cal.toml --video top=top.mp4 --video
    side=side.mp4
    """
    from marey.cameras.files import read_cameras
    from marey.cli.project import parse_edges
    from marey.cli.triangulate import parse_offsets, parse_pairs
    from marey.formats import load_poses
    from marey.model import Skeleton
    from marey.visualisation.render_3d import render_3d as render

    loaded = load_poses(poses)
    keypoints = tuple(str(name) for name in loaded["keypoint"].to_numpy())
    with progress_bars() as progress:
        render(
            loaded,
            output,
            videos={name: Path(value) for name, value in parse_pairs(video or [], "--video").items()},
            rig=read_cameras(calibration) if calibration else None,
            offsets=parse_offsets(offset or []),
            skeleton=Skeleton(keypoints, parse_edges(edges, keypoints)) if edges else None,
            up=_direction(up),
            height=height,
            degrees_per_s=turn,
            start=start,
            stop=stop,
            overwrite=overwrite,
            progress=progress,
        )
    say(f"wrote {output}")
    if as_json:
        print_json({"output": output})


def plot_3d(
    poses: Annotated[
        Path, typer.Argument(metavar="POSES3D", help="3D poses, as `marey triangulate` writes.")
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The figure: .png, .svg or .pdf.")],
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Draw the coordinates over time, with bands that hold the truth in 90 % of frames.

    Example: marey plot-3d day1.nc day1-coordinates.png
    """
    from marey.errors import AlreadyExistsError
    from marey.formats import load_poses
    from marey.visualisation.figures_3d import plot_space
    from marey.visualisation.gallery import save_figure

    if output.exists() and not overwrite:
        raise AlreadyExistsError(f"{output} exists already", hint="choose another name, or --overwrite")
    save_figure(plot_space(load_poses(poses)), output)
    say(f"wrote {output}")
    if as_json:
        print_json({"output": output})


def _direction(text: str) -> "np.ndarray | None":
    import numpy as np

    from marey.errors import ConfigError

    if text == "auto":
        return None
    axis = text.removeprefix("-")
    if axis not in _DIRECTIONS:
        raise ConfigError(f"expected x, -x, y, -y, z, -z or auto as the direction up, got {text!r}")
    vector = np.zeros(3)
    vector[_DIRECTIONS[axis]] = -1.0 if text.startswith("-") else 1.0
    return vector
