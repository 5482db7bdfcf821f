"""To come: labels."""

from typing import Any

from marey.errors import ConflictError


class LabelConflictError(ConflictError):
    """Somebody else saved first."""


def conflict_of(error: LabelConflictError) -> Any:
    """Return the body of the 409."""
    raise error
