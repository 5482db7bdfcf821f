"""What a server was started with."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
STATE_VARIABLE = "MAREY_STATE"


def default_state_folder() -> Path:
    """Return where recent projects and jobs of this user are kept: a local disk, never the project.

    ``MAREY_STATE`` names another folder.
    """
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "Marey"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "marey"


@dataclass(frozen=True)
class ServerSettings:
    """What a server was started with.

    Parameters
    ----------
    roots
        Folders whose files the pages may see; besides them, only what belongs to an open project.
    project
        The project that is shown first.
    token
        Whoever has it may do everything.
    allowed_hosts
        Names under which the server may be addressed, besides those of this computer's loopback.
    port
        Distinguishes the cookies of several servers on one computer.
    state_folder
        Where recent projects and jobs are kept.
    """

    roots: tuple[Path, ...]
    project: Path | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    allowed_hosts: tuple[str, ...] = ()
    port: int = 0
    state_folder: Path = field(default_factory=default_state_folder)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; cookies do not know ports, so it says it."""
        return f"marey-{self.port}"
