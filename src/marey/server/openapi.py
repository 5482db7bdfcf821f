"""The description of the interface, from which the client's types are generated.

Run ``python -m marey.server.openapi web/src/api/openapi.json``; without a file, it is printed.
"""

import json
import sys
from pathlib import Path

from marey.files import write_text


def describe_interface() -> str:
    """Return the OpenAPI document as JSON, the same for the same interface."""
    from marey.server.app import create_app
    from marey.server.settings import ServerSettings

    app = create_app(ServerSettings(roots=()))
    document = app.openapi()
    document["info"]["version"] = "1"  # types do not change with every release
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> None:
    """Write the document to the file named, or print it."""
    if arguments:
        write_text(Path(arguments[0]), describe_interface())
    else:
        sys.stdout.write(describe_interface())


if __name__ == "__main__":
    main(sys.argv[1:])
