"""The application: routes, guard and pages put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from marey import __version__
from marey.server.context import Workspace
from marey.server.errors import install_handlers
from marey.server.pages import Pages
from marey.server.responses import REFUSALS
from marey.server.routes import cameras, files, jobs, labels, projects, results, runs, session, tracks, videos
from marey.server.security import Guard
from marey.server.settings import ServerSettings

_RESOURCES = (session, files, projects, videos, labels, runs, results, tracks, cameras, jobs)


def create_app(settings: ServerSettings, *, static: Path | None = None) -> FastAPI:
    """Return the server's application.

    Parameters
    ----------
    settings
        What it was started with.
    static
        The folder of the built pages; by default the one shipped with the package.
    """
    workspace = Workspace(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        workspace.start()
        yield
        workspace.stop()

    app = FastAPI(
        title="Marey",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=_name_operation,
        responses=REFUSALS,
    )
    app.state.workspace = workspace
    install_handlers(app)
    api = APIRouter(prefix="/api")
    for module in _RESOURCES:
        api.include_router(module.router)
    app.include_router(api)
    folder = static or Path(str(resources.files("marey.server"))) / "static"
    app.mount("/", Pages(folder))
    app.add_middleware(Guard, settings=settings)
    return app


def _name_operation(route: APIRoute) -> str:
    return route.name
