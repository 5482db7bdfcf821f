"""Errors as responses: one place that decides about status and words, and keeps tracebacks in the log."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from marey.errors import (
    AlreadyExistsError,
    ConflictError,
    DownloadError,
    InputError,
    Interrupted,
    MareyError,
    MissingExtraError,
    NotFoundError,
    StorageError,
    VersionError,
    VideoError,
)
from marey.server.roots import ForbiddenError
from marey.server.schemas.common import Problem, Refusal

log = logging.getLogger("marey.server")

# The first that fits holds.
_STATUS: tuple[tuple[type[MareyError], int], ...] = (
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (AlreadyExistsError, 409),
    (ConflictError, 409),
    (Interrupted, 409),
    (VersionError, 409),
    (InputError, 422),
    (VideoError, 422),
    (MissingExtraError, 501),
    (DownloadError, 502),
    (StorageError, 507),
)


class NotYetError(MareyError, NotImplementedError):
    """A part of the interface that is announced but not there yet."""


class PreconditionError(MareyError):
    """A write that does not say which state it changes."""


def status_of(error: MareyError) -> int:
    """Return the HTTP status that fits `error`."""
    if isinstance(error, NotYetError):
        return 501
    if isinstance(error, PreconditionError):
        return 428
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def describe(error: MareyError) -> Problem:
    """Return `error` as it goes over the wire."""
    return Problem(kind=type(error).__name__, message=error.message, hint=error.hint)


def refusal(status: int, kind: str, message: str, hint: str | None = None) -> JSONResponse:
    """Return a response that says why not."""
    body = Refusal(error=Problem(kind=kind, message=message, hint=hint))
    return JSONResponse(body.model_dump(), status_code=status)


def install_handlers(app: FastAPI) -> None:
    """Make every error of `app` a :class:`Refusal`."""

    @app.exception_handler(MareyError)
    def on_marey_error(_request: Request, error: MareyError) -> JSONResponse:
        return JSONResponse(Refusal(error=describe(error)).model_dump(), status_code=status_of(error))

    @app.exception_handler(HTTPException)
    def on_http_error(_request: Request, error: HTTPException) -> JSONResponse:
        message = "there is no such page" if error.status_code == 404 else str(error.detail)
        return refusal(error.status_code, "HttpError", message)

    @app.exception_handler(RequestValidationError)
    def on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return refusal(422, "InputError", "; ".join(_in_words(item) for item in error.errors()[:3]))

    @app.exception_handler(Exception)
    def on_surprise(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return refusal(
            500,
            "InternalError",
            "something went wrong inside the server; nothing else was changed",
            "try again; the server's log says more",
        )


def _in_words(problem: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path"))
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where or 'the request'}: {message[:1].lower()}{message[1:]}"
