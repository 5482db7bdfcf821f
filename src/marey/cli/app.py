"""The ``marey`` command: its sub-commands, and the one place where errors become messages.

Nothing heavy is imported here or at the top of a command's module: ``marey --help`` must stay quick, so
each command imports what it needs when it runs.
"""

import importlib
import io
import os
import sys
from typing import Annotated

import typer

from marey import __version__
from marey.cli.output import say
from marey.errors import MareyError

COMMAND_MODULES = (
    "calibrate",
    "cameras",
    "angles",
    "demo",
    "evaluate",
    "evaluate_tracks",
    "extract",
    "formats",
    "gui",
    "predict",
    "project",
    "refine",
    "render_3d",
    "track",
    "tracks",
    "train",
    "triangulate",
    "video",
    "visualise",
)

app = typer.Typer(
    name="marey",
    help="Turn videos of animals into measurements of behaviour, without markers. Without a command, the "
    "application in the browser starts.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        from marey.cli.gui import gui

        gui()


for _module in COMMAND_MODULES:
    importlib.import_module(f"marey.cli.{_module}").register(app)


def main() -> None:
    """Run the command line; exit 0 when done, 1 on an error, 2 on wrong usage."""
    _write_utf8()
    try:
        app()
    except MareyError as error:
        say(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output, such as `head`, went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _write_utf8() -> None:
    # Into files and pipes Windows writes in a code page that lacks most of the world's letters.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8")
