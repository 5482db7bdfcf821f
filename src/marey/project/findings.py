"""What a health check finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, suspicious or worth knowing.

    Parameters
    ----------
    severity
        ``"error"``: something does not work; ``"warning"``: a person should look; ``"info"``: good to know.
    code
        The kind of finding, for programs: ``"swap"``, ``"video-missing"``.
    where
        The file, video or frame, for people.
    message
        What was found, in plain words.
    hint
        What to do about it.
    video, frame
        What it is about, where it is about one video or frame.
    """

    severity: Severity
    code: str
    where: str
    message: str
    hint: str = ""
    video: str | None = None
    frame: int | None = None


def about_frame(
    severity: Severity, code: str, video: str, frame: int, message: str, hint: str = ""
) -> Finding:
    """Return a finding about one frame."""
    return Finding(severity, code, f"{video}, frame {frame}", message, hint, video, frame)


def about_video(severity: Severity, code: str, video: str, message: str, hint: str = "") -> Finding:
    """Return a finding about one video."""
    return Finding(severity, code, video, message, hint, video)


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with the most severe first, otherwise in their order."""
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))
