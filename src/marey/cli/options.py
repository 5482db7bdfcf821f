"""Options that many commands have."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
OfVideo = Annotated[
    str | None, typer.Option("--of", help="The name of the video, where a file holds several.")
]
