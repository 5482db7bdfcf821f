"""What several resources share."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Base of everything that goes over the wire: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Problem(Wire):
    """Why a request was refused, in words for the person in front of the page."""

    kind: str
    """The class of the error, for programs: ``NotFoundError``, ``ConflictError``, ``InputError`` ..."""
    message: str
    """What was expected, what came, and where."""
    hint: str | None = None
    """What to do next."""


class Refusal(Wire):
    """The body of every response with a status of 400 or more."""

    error: Problem


class Place(Wire):
    """A file or folder that the server may touch: a root and a path inside it."""

    root: str
    """The id of a root, from the session."""
    path: str = ""
    """POSIX path relative to the root; "" is the root itself."""


class Root(Wire):
    """A folder that the server was given."""

    id: str
    name: str
    path: str
    """Where it lies on the server, for people."""


Severity = Literal["error", "warning", "info"]
Share = Annotated[float, Field(ge=0, le=1)]
JsonObject = dict[str, Any]


class Finding(Wire):
    """One thing that is wrong, suspicious or worth knowing, in plain words."""

    severity: Severity
    code: str
    where: str
    message: str
    hint: str = ""
    video: str | None = None
    frame: int | None = None
