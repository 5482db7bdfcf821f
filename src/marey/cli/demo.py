"""``marey demo``: the whole workflow on recordings that Marey renders itself."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson
from marey.cli.output import print_json, progress_bars, say

if TYPE_CHECKING:
    from marey.demo import DemoResult

# With fewer of the planned training steps the error is no longer what Marey can do.
ENOUGH_STEPS = 0.6


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to; a new or empty folder.")] = Path("marey-demo"),
    minutes: Annotated[
        float,
        typer.Option(help="How long training may take at most; on a slow machine it then sees fewer images."),
    ] = 3.2,
    seed: Annotated[int, typer.Option(help="Another seed renders other recordings.")] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also into a folder that holds other things; they stay.")
    ] = False,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not show the report in the browser at the end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """See what Marey does, in about five minutes: no video and no labels are needed.

    It renders a mouse in an arena, makes a project, picks and labels frames, trains a network, evaluates it,
    finds the mouse in a recording that the network has not seen, smooths, draws a labelled video and plots,
    and compares what it found with the exact truth.

    Example: marey demo my-first-demo
    """
    from marey.errors import ConfigError

    if minutes <= 0:
        raise ConfigError(f"--minutes must be positive, got {minutes:g}")
    say("loading the libraries ...")
    from marey.demo import run_demo

    with progress_bars() as progress:
        result = run_demo(
            folder, seed=seed, time_limit_minutes=minutes, overwrite=overwrite, progress=progress
        )
    _tell(result)
    if as_json:
        print_json(result.to_dict())
    elif not no_open and sys.stderr.isatty():
        typer.launch(result.report.as_uri())


def _tell(result: "DemoResult") -> None:
    found, smoothed = result.predicted, result.smoothed
    hardest = max(smoothed.per_keypoint_px.items(), key=lambda item: item[1])
    say()
    say(
        f"On {found.n_frames} frames that the network had not seen, the mean error against the exact truth "
        f"is {found.mean_error_px:.2f} px, and {smoothed.mean_error_px:.2f} px after smoothing: "
        f"{smoothed.mean_error_percent:.1f} % of the body length"
    )
    say(
        f"({found.body_length_px:.0f} px from snout to tail base, straight). The hardest keypoint is "
        f"{hardest[0]}, with {hardest[1]:.2f} px. It took {result.seconds['total'] / 60:.1f} minutes."
    )
    if result.steps < ENOUGH_STEPS * result.planned_steps:
        say(
            f"There was time for {result.steps} of {result.planned_steps} training steps only: this computer "
            "is slow, or was busy. For a smaller error run it again with more time, e.g. --minutes 10"
        )
    say()
    for what, path in (
        ("labelled video", result.labelled_video),
        ("report", result.report),
        ("plots", result.plots[0].parent if result.plots else result.folder),
        ("poses", result.smoothed_poses),
        ("project", result.project),
    ):
        say(f"  {what:<15} {path}")
    say()
    say("Next, with your own videos:")
    say("  marey new my-project --keypoints snout,left_ear,right_ear,tail_base --video my-video.mp4")
    say("  marey import dlc MY_DLC_PROJECT my-project     # or: sleap, lightning-pose, coco, nwb, table")
    say("  marey train my-project --run first")
