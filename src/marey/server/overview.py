"""The project page: how far each step is, and the one thing to do next."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from marey.server import evaluations, projects, queue, results, runs
from marey.server.schemas.common import Finding
from marey.server.schemas.projects import Checks, NextAction, Project, Step, StepName

if TYPE_CHECKING:
    from marey.server.context import OpenProject

ENOUGH_TO_TRAIN = 5
"""Labelled frames with which a first, rough network can be trained."""
WORTHWHILE_TO_TRAIN = 20
"""Labelled frames from which on training is what a person should do next."""

_NEXT: dict[StepName, tuple[str, str]] = {
    "videos": ("Add videos", "a project begins with the recordings"),
    "skeleton": ("Look at the skeleton", "the left/right pairs were guessed from the names: confirm them"),
    "frames": ("Choose frames", "the network learns from a few frames that look different from each other"),
    "label": ("Label frames", "the network learns from what you place"),
    "train": ("Train", "there are labels that no network has learned from"),
    "evaluate": ("Evaluate", "find out how far off the network is on frames that it has not seen"),
    "analyse": ("Analyse videos", "the network is ready to measure"),
    "improve": ("Improve", "label the frames in which the network is unsure, and train again"),
}


def describe_project(project: "OpenProject") -> Project:
    """Return a project as its page shows it."""
    opened = project.project
    frames = queue.list_frames(project, None, with_confidence=False)
    n_labelled = sum(item.state in ("labeled", "partial") for item in frames)
    n_unconfirmed = sum(item.state == "unconfirmed" for item in frames)
    trained = [run for run in runs.list_runs(project) if run.state in ("trained", "evaluated")]
    found = results.list_results(project)
    entries = opened.videos.values()
    counts: dict[StepName, int] = {
        "videos": len(opened.videos),
        "skeleton": len(opened.skeleton),
        "frames": len(frames),
        "label": n_labelled,
        "train": len(trained),
        "evaluate": sum(run.state == "evaluated" for run in trained),
        "analyse": len(found),
        "improve": len(evaluations.learning_curve(project)),
    }
    is_done: dict[StepName, bool] = {
        "videos": counts["videos"] > 0,
        "skeleton": opened.symmetries_confirmed or not opened.skeleton.symmetries,
        "frames": bool(frames),
        "label": n_labelled >= min(WORTHWHILE_TO_TRAIN, len(frames)) > 0 or bool(trained),
        "train": bool(trained) and not _has_new_labels(trained, n_labelled),
        "evaluate": bool(trained) and trained[0].state == "evaluated",
        "analyse": bool(found),
        "improve": counts["improve"] > 1,
    }
    following: StepName = next((name for name in _NEXT if not is_done[name]), "improve")
    n_frames = sum(entry.n_frames or 0 for entry in entries)
    return Project(
        id=project.id,
        name=opened.name,
        path=str(opened.root),
        place=project.place,
        skeleton=projects.describe_skeleton(opened),
        individuals=list(opened.individuals),
        conditions=list(opened.conditions),
        n_videos=counts["videos"],
        n_frames=n_frames,
        n_extracted=len(frames),
        n_labelled=n_labelled,
        n_unconfirmed=n_unconfirmed,
        n_runs=len(trained),
        n_results=len(found),
        steps=[
            Step(
                name=name,
                state="done" if is_done[name] else "current" if name == following else "todo",
                count=counts[name],
                text=_describe_step(name, counts[name], n_frames),
            )
            for name in _NEXT
        ],
        next_action=NextAction(step=following, text=_NEXT[following][0], reason=_NEXT[following][1]),
        read_only=project.ownership.is_read_only,
    )


def _has_new_labels(trained: list["runs.Run"], n_labelled: int) -> bool:
    """Say whether so much was labelled since the last training that another one is worth its time."""
    last = trained[0]
    n_known = last.n_train + last.n_validation + last.n_test
    return n_labelled >= n_known + max(ENOUGH_TO_TRAIN, n_known // 10)


def _describe_step(name: StepName, n: int, n_frames: int) -> str:
    words: dict[StepName, tuple[str, str]] = {
        "videos": ("video", "videos"),
        "skeleton": ("keypoint", "keypoints"),
        "frames": ("frame chosen", "frames chosen"),
        "label": ("frame labelled", "frames labelled"),
        "train": ("network", "networks"),
        "evaluate": ("network evaluated", "networks evaluated"),
        "analyse": ("result", "results"),
        "improve": ("round", "rounds"),
    }
    text = f"{_grouped(n)} {words[name][n != 1]}"
    return f"{text}, {_grouped(n_frames)} frames" if name == "videos" and n else text


def _grouped(number: int) -> str:
    """Return a number with thin spaces between thousands, as SI has it."""
    return f"{number:,}".replace(",", "\u202f")


def check(project: "OpenProject", *, deep: bool) -> Checks:
    """Find out what is wrong or suspicious."""
    project.labels.flush()
    found = project.project.check(deep=deep)
    # That there are no videos yet is what the next step says; its hint is of use on the command line only.
    return Checks(findings=[Finding(**asdict(finding)) for finding in found if finding.code != "no-videos"])
