"""The health check of a whole project."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import MareyError
from marey.model import LabeledFrame
from marey.project.findings import Finding, about_video, sort_findings
from marey.project.label_checks import check_anatomy, check_frames, check_names
from marey.project.project_file import FILE_NAME
from marey.project.video_checks import check_images, check_video, find_size

if TYPE_CHECKING:
    from marey.project.project import Project

MAX_WINDOWS_PATH = 259
"""Characters of the longest path that all Windows programs accept."""


def check_project(project: "Project", *, deep: bool, search: Iterable[str | Path] = ()) -> list[Finding]:
    """Return all findings about `project`, most severe first; see :meth:`Project.check`."""
    search = list(search)
    findings = list(_check_settings(project))
    labelled: list[LabeledFrame] = []
    for key in project.videos:
        of_video = list(check_video(project, key, deep=deep, search=search))
        broken = {"video-missing", "video-unreadable"}
        has_video = not any(finding.code in broken for finding in of_video)
        findings += of_video
        try:
            frames = project.load_labels(key).frames
        except MareyError as error:
            findings.append(about_video("error", "labels-unreadable", key, error.message, error.hint or ""))
            continue
        labelled += frames
        findings += check_frames(key, find_size(project, key), frames, project.skeleton)
        findings += check_names(key, frames, project.individuals)
        findings += check_images(project, key, frames, has_video=has_video, deep=deep)
    findings += check_anatomy(project.skeleton, labelled)
    if project.videos and not any(frame.instances for frame in labelled):
        message = "nothing is labelled yet" if not labelled else "no frame has an animal labelled"
        findings.append(
            Finding("warning", "nothing-labelled", project.name, message, "extract frames and label them")
        )
    return sort_findings(findings)


def _check_settings(project: "Project") -> Iterator[Finding]:
    if not project.videos:
        hint = f'marey add-videos "{project.root}" VIDEO...'
        yield Finding("warning", "no-videos", project.name, "the project has no videos", hint)
    if not project.symmetries_confirmed:
        pairs = ", ".join(f"{left}/{right}" for left, right in project.skeleton.symmetries)
        yield Finding(
            "warning" if project.skeleton.symmetries else "info",
            "symmetries",
            project.name,
            f"the left/right pairs were guessed from the names and nobody has confirmed them: {pairs}"
            if pairs
            else "no left/right pairs were found in the names, and nobody has confirmed that there are none",
            f'look at them and then: marey skeleton "{project.root}" --confirm-pairs',
        )
    yield from _check_metadata(project)
    yield from _check_leftovers(project)
    yield from _check_path_lengths(project)


def _check_metadata(project: "Project") -> Iterator[Finding]:
    by_content: dict[str, list[str]] = defaultdict(list)
    for key, entry in project.videos.items():
        if entry.fingerprint:
            by_content[entry.fingerprint].append(key)
        if missing := [name for name in project.conditions if name not in entry.metadata]:
            yield about_video("info", "no-condition", key, f"does not say its {', '.join(missing)}")
    for keys in by_content.values():
        if len(keys) > 1:
            message = f"{', '.join(keys)} are the same video"
            yield Finding("warning", "video-twice", project.name, message, "label one and remove the other")


def _check_leftovers(project: "Project") -> Iterator[Finding]:
    """Find tables of labels that belong to no video, and copies that a synchroniser made of two versions."""
    for path in sorted(project.root.glob("project*.yaml")):
        if path.name != FILE_NAME:
            yield Finding(
                "warning",
                "stray-project",
                str(path),
                f"is not {FILE_NAME}, but looks like a copy of it",
                "if a synchroniser made it of two versions, compare it with the other one",
            )
    known = {key.casefold() for key in project.videos}
    for path in sorted(project.labels_folder.glob("*.csv")):
        if not path.name.startswith(".") and path.stem.casefold() not in known:
            yield Finding(
                "warning",
                "stray-labels",
                str(path),
                "is a table of labels, but the project has no video of this name",
                "if a synchroniser made it of two versions, compare it with the other one",
            )


def _check_path_lengths(project: "Project") -> Iterator[Finding]:
    longest = max(
        (len(str(project.frames_folder(key) / "img00000.png")) for key in project.videos),
        default=len(str(project.root)),
    )
    # The history has the longest names: labels/history/KEY/000001-20261123T081500Z-0123456789ab.csv.gz
    longest = max([longest, *(len(str(project.history_folder(key))) + 44 for key in project.videos)])
    if longest > MAX_WINDOWS_PATH:
        yield Finding(
            "warning",
            "long-path",
            str(project.root),
            f"its files have paths of up to {longest} characters; Windows stops at {MAX_WINDOWS_PATH}",
            "move the project to a folder nearer to the top of the disk, or use shorter video keys",
        )
