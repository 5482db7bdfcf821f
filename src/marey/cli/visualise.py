"""``marey render`` and ``marey plot``: poses drawn into their video, and figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say

if TYPE_CHECKING:
    from marey.model import Skeleton

_PALETTES = "auto, okabe-ito, dawn, cividis or viridis; all readable for colour-blind people"
_FIGURES = "trajectory, coordinates, confidence, steps or heatmap"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("render")(render)
    app.command("plot")(plot)


def render(  # noqa: PLR0917 - every option of a command is an argument
    video: Annotated[Path, typer.Argument(help="The video that the poses belong to.")],
    poses: Annotated[Path, typer.Argument(help="Poses in any known format.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The video to write.")],
    start: Annotated[int | None, typer.Option(help="First frame to draw.")] = None,
    stop: Annotated[int | None, typer.Option(help="The frame after the last one to draw.")] = None,
    project: Annotated[
        Path | None, typer.Option(help="The project whose skeleton is drawn, where the poses have none.")
    ] = None,
    edges: Annotated[
        str, typer.Option(metavar="A-B,B-C", help="Which keypoints are drawn joined, instead of that.")
    ] = "",
    min_confidence: Annotated[float, typer.Option(help="Do not draw points below it.")] = 0.0,
    trail: Annotated[float, typer.Option(help="Show the path of the last so many seconds.")] = 0.0,
    follow: Annotated[bool, typer.Option("--follow", help="Show a steady window around the animal.")] = False,
    follow_size: Annotated[float | None, typer.Option(help="Its side, pixels of the video.")] = None,
    scale: Annotated[float, typer.Option(help="Size of the output in relation to the video.")] = 1.0,
    speed: Annotated[float, typer.Option(help="Of the playback; 0.25 is slow motion.")] = 1.0,
    palette: Annotated[str, typer.Option(help=f"{_PALETTES}.")] = "auto",
    colour_by: Annotated[str, typer.Option(help="auto, keypoint or individual.")] = "auto",
    names: Annotated[str, typer.Option(help="legend, points (beside each) or none.")] = "legend",
    point_radius: Annotated[float | None, typer.Option(help="In pixels of the output.")] = None,
    skeleton: Annotated[bool, typer.Option(help="Draw the edges.")] = True,
    fade: Annotated[bool, typer.Option(help="Draw unsure points faintly.")] = True,
    error_circles: Annotated[
        bool, typer.Option("--error-circles", help="Draw circles that hold the truth in 90 % of cases.")
    ] = False,
    show_time: Annotated[bool, typer.Option("--time", help="Write frame number and time.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Draw poses into their video.

    Example: marey render day1.mp4 poses/day1.h5 day1-labelled.mp4 --trail 1 --follow --scale 2
    """
    from marey.formats import load_poses
    from marey.visualisation import RenderStyle, render_video

    style = RenderStyle(
        palette=palette,
        colour_by=colour_by,
        point_radius_px=point_radius,
        skeleton=skeleton,
        trail_s=trail,
        fade=fade,
        min_confidence=min_confidence,
        names=names,
        error_circles=error_circles,
        follow=follow,
        follow_size_px=follow_size,
        scale=scale,
        speed=speed,
        show_time=show_time,
    )
    loaded = load_poses(poses)
    keypoints = tuple(str(name) for name in loaded["keypoint"].to_numpy())
    with progress_bars() as progress:
        render_video(
            video,
            loaded,
            output,
            style=style,
            skeleton=_choose_skeleton(keypoints, project, edges),
            start=start,
            stop=stop,
            overwrite=overwrite,
            progress=progress,
        )
    say(f"wrote {output}")
    if as_json:
        print_json({"output": output})


def plot(
    poses: Annotated[Path, typer.Argument(help="Poses in any known format.")],
    output: Annotated[Path, typer.Argument(metavar="OUTDIR", help="The folder for the figures.")],
    kind: Annotated[
        list[str] | None, typer.Option(help=f"{_FIGURES}; repeatable; all of them by default.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="Draw paths on a frame of this video.")] = None,
    format: Annotated[str, typer.Option(help="png, svg or pdf.")] = "png",  # noqa: A002
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Draw figures: where the animal was, how it moved, and how sure the network was.

    Example: marey plot poses/day1.h5 figures/ --kind trajectory --kind heatmap --video day1.mp4
    """
    from marey.formats import load_poses
    from marey.visualisation import FIGURES, plot_poses

    loaded = load_poses(poses)
    background = None
    if video is not None:
        from marey.video import open_video

        with open_video(video) as opened:
            background = opened.read(0)
    written = plot_poses(
        loaded, output, kinds=kind or FIGURES, format=format, background=background, overwrite=overwrite
    )
    for path in written:
        say(f"wrote {path}")
    if as_json:
        print_json({"figures": written})


def _choose_skeleton(keypoints: tuple[str, ...], project: Path | None, edges: str) -> "Skeleton | None":
    """Return the skeleton that the user named, or None for the one stored with the poses."""
    from marey.model import Skeleton

    if edges:
        from marey.cli.project import parse_edges

        return Skeleton(keypoints, parse_edges(edges, keypoints))
    if project is not None:
        from marey.project import Project

        return Project.open(project).skeleton
    return None
