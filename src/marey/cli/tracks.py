"""``marey tracks``: look through tracks and repair them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson, OfVideo
from marey.cli.output import print_json, say

if TYPE_CHECKING:
    from marey.tracking import Edit, History

_File = Annotated[Path, typer.Argument(metavar="TRACKS", help="A file of tracks (.nc).")]
_Track = Annotated[str, typer.Argument(help="The name of a track.")]
_From = Annotated[int | None, typer.Option("--from", help="First frame; by default the beginning.")]
_To = Annotated[int | None, typer.Option("--to", help="Last frame, included; by default the end.")]
_Author = Annotated[str, typer.Option(help="Who does it; kept in the history.")]

_app = typer.Typer(no_args_is_help=True, help="Look through tracks and repair them, with undo.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_app, name="tracks")


@_app.command("review")
def review(
    file: _File,
    limit: Annotated[int, typer.Option(help="Show the first so many.")] = 20,
    of: OfVideo = None,
    as_json: AsJson = False,
) -> None:
    """List what is worth a look: likely swaps, gaps, jumps and short tracks, the most worthwhile first.

    Works on poses and labels in any known format.

    Example: marey tracks review tracks/day1.nc --limit 20
    """
    from marey.errors import ConfigError
    from marey.tracking import find_suspicions, load_animals

    if limit < 1:
        raise ConfigError(f"expected --limit of at least 1, got {limit}")
    with load_animals(file, video=of, in_memory=False) as animals:
        found = find_suspicions(animals, limit=limit)
    for item in found:
        say(f"{item.start:>8} – {item.stop:<8} {item.kind:<6} {item.likelihood:4.0%}  {item.reason}")
    if not found:
        say("nothing to look at")
    if as_json:
        print_json([item.to_dict() for item in found])


@_app.command("swap")
def swap(
    file: _File,
    first: _Track,
    second: _Track,
    start: _From = None,
    stop: _To = None,
    author: _Author = "",
    as_json: AsJson = False,
) -> None:
    """Exchange two tracks, from a frame on or within a range.

    Example: marey tracks swap tracks/day1.nc female male --from 4210
    """
    from marey.tracking import Swap

    _apply(file, Swap(first, second, start, stop), author, as_json)


@_app.command("split")
def split(
    file: _File,
    track: _Track,
    name: Annotated[str, typer.Argument(help="The name of the new track.")],
    start: Annotated[int, typer.Option("--at", help="First frame of the new track.")],
    author: _Author = "",
    as_json: AsJson = False,
) -> None:
    """Cut a track in two: what comes from a frame on becomes a track of its own.

    Example: marey tracks split tracks/day1.nc mouse1 mouse3 --at 900
    """
    from marey.tracking import Split

    _apply(file, Split(track, start, name), author, as_json)


@_app.command("join")
def join(file: _File, first: _Track, second: _Track, author: _Author = "", as_json: AsJson = False) -> None:
    """Put two tracks that are never there at once together under the name of the first.

    Example: marey tracks join tracks/day1.nc mouse1 mouse3
    """
    from marey.tracking import Join

    _apply(file, Join(first, second), author, as_json)


@_app.command("rename")
def rename(
    file: _File,
    old: _Track,
    new: Annotated[str, typer.Argument(help="What it shall be called.")],
    author: _Author = "",
    as_json: AsJson = False,
) -> None:
    """Give a track another name, which no other track has.

    Example: marey tracks rename tracks/day1.nc track_3 "mouse A"
    """
    from marey.tracking import Rename

    _apply(file, Rename(old, new), author, as_json)


@_app.command("delete")
def delete(
    file: _File,
    track: _Track,
    start: _From = None,
    stop: _To = None,
    author: _Author = "",
    as_json: AsJson = False,
) -> None:
    """Remove a track, or what it holds in a range of frames.

    Example: marey tracks delete tracks/day1.nc mouse4 --from 10 --to 35
    """
    from marey.tracking import Delete

    _apply(file, Delete(track, start, stop), author, as_json)


@_app.command("interpolate")
def interpolate(
    file: _File,
    track: _Track,
    start: _From = None,
    stop: _To = None,
    author: _Author = "",
    as_json: AsJson = False,
) -> None:
    """Fill what is missing of a track between points that are there, with confidence 0.

    Example: marey tracks interpolate tracks/day1.nc mouse2 --from 700 --to 760
    """
    from marey.tracking import Interpolate

    _apply(file, Interpolate(track, start, stop), author, as_json)


@_app.command("confirm")
def confirm(
    file: _File,
    tracks: Annotated[list[str], typer.Argument(help="The names of the tracks.")],
    start: _From = None,
    stop: _To = None,
    author: _Author = "",
    as_json: AsJson = False,
) -> None:
    """Say that tracks are right in a range; they are not listed there again.

    Example: marey tracks confirm tracks/day1.nc female male --from 400 --to 450
    """
    from marey.tracking import Confirm

    _apply(file, Confirm(tuple(tracks), start, stop), author, as_json)


@_app.command("undo")
def undo(file: _File, as_json: AsJson = False) -> None:
    """Take back the last repair.

    Example: marey tracks undo tracks/day1.nc
    """
    from marey.tracking import TrackEditor

    editor = TrackEditor(file)
    say(f"undone: {editor.undo().edit.describe()}")
    _print_history(editor.history, as_json)


@_app.command("redo")
def redo(file: _File, as_json: AsJson = False) -> None:
    """Do again what was undone last.

    Example: marey tracks redo tracks/day1.nc
    """
    from marey.tracking import TrackEditor

    editor = TrackEditor(file)
    say(f"done again: {editor.redo().edit.describe()}")
    _print_history(editor.history, as_json)


@_app.command("history")
def history(file: _File, as_json: AsJson = False) -> None:
    """List the repairs of a file, oldest first.

    Example: marey tracks history tracks/day1.nc
    """
    from marey.tracking import TrackEditor

    edits = TrackEditor(file).history
    for number, entry in enumerate(edits.done, start=1):
        say(f"{number:>4}  {entry.time}  {entry.author:<12} {entry.edit.describe()}".rstrip())
    for entry in edits.undone:
        say(f"   -  undone: {entry.edit.describe()}")
    if not edits.done and not edits.undone:
        say("no repairs yet")
    _print_history(edits, as_json)


def _apply(file: Path, edit: "Edit", author: str, as_json: bool) -> None:
    from marey.tracking import TrackEditor

    editor = TrackEditor(file, author=author)
    editor.apply(edit)
    say(f'done: {edit.describe()}; take it back with: marey tracks undo "{file}"')
    _print_history(editor.history, as_json)


def _print_history(history: "History", as_json: bool) -> None:
    if as_json:
        print_json(history.to_dict())
