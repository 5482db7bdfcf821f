"""The server as a process: a socket, a token, and a line when it is ready."""

import logging
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import uvicorn

from marey.errors import InputError, StorageError
from marey.server.app import create_app
from marey.server.recents import identify
from marey.server.settings import LOOPBACK_HOSTS, ServerSettings

TRIED_PORTS = 20
ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - named to be told apart
END_AT_LATEST_S = 3


class _Server(uvicorn.Server):
    """Tells when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            self._on_ready()


def serve(
    project: Path | None = None,
    *,
    roots: Iterable[Path] = (),
    host: str = "127.0.0.1",
    port: int | None = None,
    allowed_hosts: Iterable[str] = (),
    token: str | None = None,
    state_folder: Path | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Run the server until it is ended.

    Parameters
    ----------
    project
        The project to show first.
    roots
        Folders whose files the pages may see; by default the home folder and the present one. The project's
        is always among them.
    host
        Where to listen; other computers reach it only at an address of this one.
    port
        0 for any; None for 8765 or the next free one.
    allowed_hosts
        Names under which the server may be addressed, such as that of a proxy.
    token
        Instead of a new one.
    state_folder
        Where recent projects and jobs are kept.
    on_ready
        Called once with the address to open, which has the token in it.

    Raises
    ------
    StorageError
        The port is taken.
    InputError
        A root is not a folder, or everybody could reach the server under an unknown name.
    """
    names = tuple(allowed_hosts)
    if host in ANY_ADDRESS and not names:
        raise InputError(
            f"to be reached from other computers ({host}), the server must know its name",
            hint="add --allowed-host with the name or address that you type into the browser",
        )
    if host not in (*LOOPBACK_HOSTS, *ANY_ADDRESS):
        names = (*names, host)
    listening = _listen(host, port)
    settings = ServerSettings(
        roots=tuple(_choose_roots(project, roots)),
        project=project,
        allowed_hosts=names,
        port=listening.getsockname()[1],
    )
    if token is not None:
        settings = replace(settings, token=token)
    if state_folder is not None:
        settings = replace(settings, state_folder=state_folder)
    app = create_app(settings)
    app.state.workspace.start()  # now, so that what cannot be opened is said in words
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # addresses may hold what nobody else should read
        timeout_graceful_shutdown=END_AT_LATEST_S,
        server_header=False,
        ws="none",
    )
    server = _Server(config, lambda: on_ready(_address(settings, host)))
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server.run(sockets=[listening])


def _choose_roots(project: Path | None, roots: Iterable[Path]) -> list[Path]:
    chosen = [Path(root).expanduser() for root in roots]
    for root in chosen:
        if not root.is_dir():
            raise InputError(f"expected a folder for --root, but {root} is none")
    if not chosen:
        chosen = [Path.home(), Path.cwd()]
    if project is not None:
        from marey.project import Project

        chosen.insert(0, Project.open(project).root)
    return [root for root in chosen if root.is_dir()]


def _listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens; on the next free port where none was asked for."""
    first = 8765 if port is None else port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(first, first + (TRIED_PORTS if port is None else 1)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
            listening.listen(128)
        except OSError as error:
            listening.close()
            failed = error
            continue
        return listening
    raise StorageError(
        f"cannot listen at {host}:{first}: {failed.strerror}", hint="choose another port with --port, or 0"
    ) from failed


def _address(settings: ServerSettings, host: str) -> str:
    """Return the address of the project's page, or of the start page where there is no project."""
    from marey.project import Project

    shown = settings.allowed_hosts[0] if host in ANY_ADDRESS else host
    shown = f"[{shown}]" if ":" in shown else shown
    page = "" if settings.project is None else f"#/p/{identify(Project.open(settings.project).root)}"
    return f"http://{shown}:{settings.port}/?token={settings.token}{page}"
