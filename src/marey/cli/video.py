"""``marey video``: look at videos, and make shorter, smaller or turned copies."""

from pathlib import Path
from typing import Annotated, Any

import typer

from marey.cli.options import AsJson, Overwrite
from marey.cli.output import print_json, progress_bars, say
from marey.words import counted

SourceArgument = Annotated[Path, typer.Argument(metavar="VIDEO", help="A video, or a folder of images.")]
OutputArgument = Annotated[Path, typer.Argument(metavar="OUT", help="The video to write, such as out.mp4.")]

video_app = typer.Typer(
    name="video", help="Look at videos, and make shorter, smaller or turned copies.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(video_app)


@video_app.command("info")
def info(
    videos: Annotated[
        list[Path], typer.Argument(metavar="VIDEO...", help="Files, folders or patterns such as 'day*.mp4'.")
    ],
    deep: Annotated[bool, typer.Option("--deep", help="Decode every frame to find damage.")] = False,
    json: AsJson = False,
) -> None:
    """Show size, frames, rate and problems of videos.

    Example: marey video info recordings --json
    """
    from marey.video import describe_video, find_videos

    described = [describe_video(path, decode_all=deep) for path in find_videos(videos)]
    for item in described:
        rate = f"{item['fps']:.6g} frames/s" if item["fps"] else "no frame rate"
        varies = " (varies)" if item["is_variable_rate"] else ""
        frames = counted(item["n_frames"], "frame")
        say(f"{item['path']}: {item['width']}×{item['height']}, {frames}, {rate}{varies}")
        for problem in item["problems"]:
            say(f"  {problem}")
    if json:
        print_json({"videos": described})


@video_app.command("trim")
def trim(
    source: SourceArgument,
    output: OutputArgument,
    start: Annotated[str, typer.Option("--start", help="First frame, or a time such as 12.5s.")] = "0",
    stop: Annotated[str, typer.Option("--stop", help="Frame or time to stop before.")] = "",
    overwrite: Overwrite = False,
    json: AsJson = False,
) -> None:
    """Keep a part of a video; its new frame 0 is the frame at START.

    Example: marey video trim day1.mp4 trial3.mp4 --start 95s --stop 125s
    """
    _transform(source, output, overwrite, json, start=_parse_place(start), stop=_parse_place(stop))


@video_app.command("crop")
def crop(
    source: SourceArgument,
    output: OutputArgument,
    box: Annotated[str, typer.Option("--box", metavar="X,Y,W,H", help="In pixels of the video.")],
    overwrite: Overwrite = False,
    json: AsJson = False,
) -> None:
    """Keep a box of every frame.

    Example: marey video crop day1.mp4 cage2.mp4 --box 640,0,640,480
    """
    _transform(source, output, overwrite, json, crop=_parse_integers(box, 4, "X,Y,W,H"))


@video_app.command("downsample")
def downsample(
    source: SourceArgument,
    output: OutputArgument,
    scale: Annotated[float | None, typer.Option("--scale", help="Factor for width and height.")] = None,
    size: Annotated[str, typer.Option("--size", metavar="W,H", help="Instead: the new size.")] = "",
    fps: Annotated[float | None, typer.Option("--fps", help="Keep at most so many frames a second.")] = None,
    overwrite: Overwrite = False,
    json: AsJson = False,
) -> None:
    """Make a smaller copy, of fewer pixels or fewer frames.

    Example: marey video downsample day1.mp4 small.mp4 --scale 0.5 --fps 15
    """
    from marey.errors import ConfigError

    if scale is None and not size and fps is None:
        raise ConfigError("nothing to change was named", hint="give --scale, --size or --fps")
    new_size = _parse_integers(size, 2, "W,H") if size else None
    _transform(source, output, overwrite, json, scale=scale, size=new_size, fps=fps)


@video_app.command("rotate")
def rotate(
    source: SourceArgument,
    output: OutputArgument,
    degrees: Annotated[int, typer.Option("--degrees", help="Clockwise: 90, 180 or 270.")],
    overwrite: Overwrite = False,
    json: AsJson = False,
) -> None:
    """Turn a video clockwise.

    Example: marey video rotate day1.mp4 upright.mp4 --degrees 90
    """
    from marey.errors import ConfigError

    if degrees % 90:
        raise ConfigError(f"a video is turned by 90, 180 or 270 degrees, got {degrees}")
    _transform(source, output, overwrite, json, quarter_turns=-degrees // 90 % 4)


def _transform(source: Path, output: Path, overwrite: bool, as_json: bool, **changes: Any) -> None:
    from marey.video import describe_video, transform_video

    with progress_bars() as progress:
        transform_video(source, output, overwrite=overwrite, progress=progress, **changes)
    say(f"wrote {output}")
    if as_json:
        print_json(describe_video(output))


def _parse_place(text: str) -> int | float | None:
    """Return a frame number as an integer, a time in seconds as a float, nothing as None."""
    from marey.errors import ConfigError

    try:
        if text.endswith("s"):
            return float(text[:-1])
        return int(text) if text else None
    except ValueError as error:
        raise ConfigError(f"expected a frame such as 300 or a time such as 12.5s, got {text!r}") from error


def _parse_integers(text: str, n: int, form: str) -> tuple[int, ...]:
    from marey.errors import ConfigError

    parts = text.replace("x", ",").replace("×", ",").split(",")
    if len(parts) != n or not all(part.strip().lstrip("-").isdecimal() for part in parts):
        raise ConfigError(f"expected {form} in whole pixels, got {text!r}")
    return tuple(int(part) for part in parts)
