"""To come: training."""

from typing import Any

from marey.server.errors import NotYetError


def __getattr__(name: str) -> Any:
    def not_yet(*_arguments: Any, **_options: Any) -> Any:
        raise NotYetError(f"{name} is not there yet")

    if name.startswith("__"):
        raise AttributeError(name)
    return not_yet
