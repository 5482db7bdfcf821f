"""``marey gui``, and ``marey`` alone: the application in the browser."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from marey.cli.output import print_json_line, say


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("gui")(gui)


def gui(
    project: Annotated[
        Path | None, typer.Argument(help="The project to show; without it, the start page.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 for any.", show_default="8765, or the next")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A name under which the server may be addressed, such as a proxy's; repeatable."),
    ] = None,
    root: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder whose files may be seen; repeatable.", show_default="home and the present folder"
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the browser.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON with the address when it is ready.")
    ] = False,
) -> None:
    """Start the application in the browser; Ctrl-C ends it, and jobs that it started go on.

    On another computer, reach it through SSH: ssh -L 8765:localhost:8765 that-computer

    Example: marey gui my-project
    """
    from marey.server.serve import serve

    def on_ready(url: str) -> None:
        if as_json:
            print_json_line({"url": url})
        else:
            say(f"Marey is at {url}")
            say("Keep that address to yourself: it holds the key. Ctrl-C ends the server.")
        if not no_browser:
            typer.launch(url)

    with contextlib.suppress(KeyboardInterrupt):  # the usual end
        serve(
            project,
            roots=root or (),
            host=host,
            port=port,
            allowed_hosts=allowed_host or (),
            on_ready=on_ready,
        )
