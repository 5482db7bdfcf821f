"""What is wrong or suspicious in a project, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from marey.project.project import Project


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or suspicious."""

    severity: Literal["error", "warning", "info"]
    code: str
    where: str
    message: str
    hint: str = ""


def check_project(project: "Project", *, deep: bool, search: Iterable[str | Path]) -> list[Finding]:
    """Return every finding, most severe first."""
    return []
