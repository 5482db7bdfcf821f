"""Which video of a project some poses belong to."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marey.project.project import Project


def find_predicted_video(
    project: "Project", file_name: str, source_file: str, history: Iterable[Mapping[str, Any]]
) -> str | None:
    """Return the key of the video that was predicted, or None where that cannot be told.

    Its content decides, then its name, and last the name of the file of poses.

    Parameters
    ----------
    project
        Where the video may be.
    file_name
        The name of the file of poses.
    source_file
        The attribute ``source_file`` of the poses, or "".
    history
        Their provenance log.
    """
    steps = list(history)
    seen = {step["video_fingerprint"] for step in steps if step.get("video_fingerprint")}
    names = {source_file, *(str(step.get("video", "")) for step in steps)}
    for matching in (
        [key for key, entry in project.videos.items() if entry.fingerprint in seen],
        [key for key, entry in project.videos.items() if Path(entry.path).name in names],
    ):
        if len(matching) == 1:
            return matching[0]
    like = [key for key in project.videos if file_name.startswith(key)]
    return max(like, key=len) if like else None
