"""``marey track``: who is who in poses of several animals."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marey.cli.options import AsJson, OfVideo, Overwrite
from marey.cli.output import print_json, progress_bars, say
from marey.words import counted

if TYPE_CHECKING:
    from marey.tracking import Tracking
    from marey.training.appearance import VideoAppearance


# Doubts that are likelier than this are told on the terminal; the file has them all.
TOLD_PROBABILITY = 0.05


class WhenToLook(StrEnum):
    """Whether the video is searched for what tells animals apart."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("track")(track)


def track(
    source: Annotated[Path, typer.Argument(metavar="POSES", help="Animals found by any known tool.")],
    output: Annotated[Path, typer.Option(help="The tracks to write (.nc).")],
    video: Annotated[
        Path | None, typer.Option(help="The video: gives the frame rate, and its length is checked.")
    ] = None,
    appearance: Annotated[
        WhenToLook,
        typer.Option(
            help="Learn from the video how the animals differ, without labels; for animals that do. "
            "auto: where animals met or were lost."
        ),
    ] = WhenToLook.OFF,
    n_animals: Annotated[
        int | None, typer.Option("--n-animals", help="How many there are; estimated if left out.")
    ] = None,
    can_leave: Annotated[
        bool | None,
        typer.Option("--can-leave/--cannot-leave", help="Whether animals come and go.", show_default="auto"),
    ] = None,
    max_gap: Annotated[
        float, typer.Option(help="Fill gaps of at most so many seconds, with confidence 0; 0 fills none.")
    ] = 1.0,
    take_apart: Annotated[
        bool,
        typer.Option(
            "--take-apart/--as-they-are",
            help="Take detections apart that were put together from two animals.",
        ),
    ] = False,
    of: OfVideo = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Find out who is who in every frame, and how sure that is.

    Names and tracks that the file has are ignored. With `--appearance auto`, what tells the animals apart is
    learned from stretches of the video in which it is certain who is who; leave it out for look-alikes.
    The moments at which identities may have been exchanged are listed, the likeliest first; `marey tracks`
    repairs what is wrong.

    Example: marey track poses/day1.slp --video day1.mp4 --n-animals 2 --output tracks/day1.nc
    """
    from marey.tracking.files import track_file
    from marey.training.appearance import choose_appearance

    with progress_bars() as progress:
        looks = choose_appearance(video, appearance.value, progress=progress)
        found = track_file(
            source,
            output,
            video=video,
            of=of,
            n_animals=n_animals,
            can_leave=can_leave,
            describe=looks,
            max_gap_s=max_gap,
            take_apart=take_apart,
            overwrite=overwrite,
            progress=progress,
        )
    summary = _summarise(found, output, looks)
    _tell(summary)
    if as_json:
        print_json(summary)


def _summarise(found: "Tracking", output: Path, looks: "VideoAppearance | None") -> dict[str, Any]:
    seen = None
    if looks is not None:
        seen = {"n_looks": looks.n_looks, "separation": looks.separation, "note": looks.note}
    return {
        "output": output,
        "n_frames": len(found.rows),
        "n_tracks": len(found.rows.names),
        "n_animals": found.n_animals,
        "n_tracklets": found.n_tracklets,
        "n_taken_apart": found.n_taken_apart,
        "n_doubles": found.n_doubles,
        "n_left_out": found.n_left_out,
        "tracks": found.rows.names,
        "appearance": seen,
        "doubts": found.rows.describe_doubts(),
    }


def _tell(summary: dict[str, Any]) -> None:
    number = summary["n_animals"]
    animals = counted(number, "animal") if number else "animals that come and go"
    say(f"{counted(summary['n_tracks'], 'track')} of {animals} in {counted(summary['n_frames'], 'frame')}")
    if summary["appearance"] and summary["appearance"]["note"]:
        say(summary["appearance"]["note"])
    if summary["n_taken_apart"]:
        say(f"{counted(summary['n_taken_apart'], 'detection')} had been put together from two animals")
    if summary["n_doubles"]:
        say(f"left out: {counted(summary['n_doubles'], 'detection')} of animals that were found twice")
    if summary["n_left_out"]:
        why = "more than there are animals, or seen for a single frame"
        say(f"left out: {counted(summary['n_left_out'], 'detection')} ({why})")
    likely = [doubt for doubt in summary["doubts"] if doubt["probability"] >= TOLD_PROBABILITY]
    for doubt in likely[:10]:
        who = " and ".join(doubt["tracks"])
        what = "exchanged" if len(doubt["tracks"]) > 1 else "something else from here on"
        say(f"  frame {doubt['start']}: {who}, {doubt['probability']:.0%} {what}: {doubt['reason']}")
    if len(likely) > 10:
        say(f'  and {len(likely) - 10} more: marey tracks review "{summary["output"]}"')
    say(f"wrote {summary['output']}")
