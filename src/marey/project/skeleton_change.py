"""Another skeleton for a project that has labels, without a moment at which a crash loses any.

Tables name their keypoints, so a rename touches ``project.yaml`` and every table, and no system replaces
several files in one step. So the new tables are first put into the history, then a plan is written that names
them, and only then are they put in place. Whoever opens the project and finds the plan finishes it; doing
a step twice does no harm.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from marey.errors import ConfigError, LabelsError
from marey.files import locked, write_json
from marey.formats.table import encode_labels
from marey.model import Instance, LabeledFrame, Skeleton, Visibility
from marey.project.label_store import LabelStore
from marey.project.project_file import FILE_NAME, SkeletonEntry, read_project_file, write_project_file

PLAN_NAME = ".skeleton-change.json"
NOTE = "the skeleton was changed"


def change_skeleton(
    root: Path,
    store: LabelStore,
    skeleton: Skeleton,
    renames: Mapping[str, str],
    *,
    allow_loss: bool,
    author: str,
) -> None:
    """Make `skeleton` the project's, carrying the labels over; see :meth:`Project.set_skeleton`."""
    finish_interrupted(root, store)
    with ExitStack() as locks:
        locks.enter_context(locked(root / f".{FILE_NAME}.lock"))
        file = read_project_file(root / FILE_NAME)
        old = file.skeleton.to_skeleton()
        sources = _find_sources(old, skeleton, renames)
        for video in file.videos:
            locks.enter_context(store.lock(video))
        tables = {}
        for video in file.videos:
            frames = store.load(video, old)
            if not allow_loss:
                _refuse_loss(video, frames, old, sources)
            if store.path(video).exists():
                tables[video] = encode_labels(_carry_over(frames, sources), skeleton).encode()
        plan = {
            "skeleton": skeleton.to_dict(),
            "tables": {
                video: store.stage(video, data, author=author, note=NOTE) for video, data in tables.items()
            },
        }
        write_json(root / PLAN_NAME, plan)
        _apply(root, store)


def is_interrupted(root: Path) -> bool:
    """Say whether a change was begun and not finished."""
    return (root / PLAN_NAME).exists()


def finish_interrupted(root: Path, store: LabelStore) -> bool:
    """Finish a change that was cut off, and say whether there was one.

    Raises
    ------
    ConflictError
        It is being made right now by another process.
    """
    if not is_interrupted(root):
        return False
    with ExitStack() as locks:
        locks.enter_context(locked(root / f".{FILE_NAME}.lock"))
        if is_interrupted(root):
            for video in _read_plan(root)["tables"]:
                locks.enter_context(store.lock(video))
            _apply(root, store)
    return True


def _read_plan(root: Path) -> dict:
    try:
        return json.loads((root / PLAN_NAME).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{root / PLAN_NAME} is damaged: {error}") from error


def _apply(root: Path, store: LabelStore) -> None:
    plan = _read_plan(root)
    for video, revision in plan["tables"].items():
        store.put_in_place(video, revision)
    file = read_project_file(root / FILE_NAME)
    entry = SkeletonEntry.model_validate(plan["skeleton"])
    write_project_file(root / FILE_NAME, file.model_copy(update={"skeleton": entry}))
    (root / PLAN_NAME).unlink()


def _find_sources(old: Skeleton, new: Skeleton, renames: Mapping[str, str]) -> list[int | None]:
    """Return, for each new keypoint, which old one it was; None for one that is added."""
    for name, renamed in renames.items():
        old.index(name)
        new.index(renamed)
    previous = {renamed: name for name, renamed in renames.items()}
    if len(previous) < len(renames):
        raise LabelsError(f"two keypoints cannot get the same name: {dict(renames)}")
    sources: list[int | None] = []
    for name in new.keypoints:
        source = previous.get(name, name)
        is_kept = source in old.keypoints and (name in previous or source not in renames)
        sources.append(old.keypoints.index(source) if is_kept else None)
    return sources


def _refuse_loss(
    video: str, frames: Sequence[LabeledFrame], old: Skeleton, sources: Sequence[int | None]
) -> None:
    lost = sorted(set(range(len(old))) - {source for source in sources if source is not None})
    for frame in frames:
        for instance in frame.instances:
            for i in lost:
                if instance.visibility[i] != Visibility.UNLABELED:
                    raise LabelsError(
                        f"the new skeleton has no {old.keypoints[i]!r}, which is labelled in frame "
                        f"{frame.frame} of {video}; nothing was changed",
                        hint="state its new name, or allow its labels to be dropped (allow_loss)",
                    )


def _carry_over(frames: Sequence[LabeledFrame], sources: Sequence[int | None]) -> list[LabeledFrame]:
    return [
        replace(frame, instances=tuple(_carry_instance(instance, sources) for instance in frame.instances))
        for frame in frames
    ]


def _carry_instance(instance: Instance, sources: Sequence[int | None]) -> Instance:
    n = len(sources)
    new = Instance(np.full((n, 2), np.nan), individual=instance.individual)
    for i, source in enumerate(sources):
        if source is not None:
            new.points[i] = instance.points[source]
            new.visibility[i] = instance.visibility[source]
            new.origin[i] = instance.origin[source]
            new.authors[i], new.times[i] = instance.authors[source], instance.times[source]
    return new


def edit_skeleton(
    skeleton: Skeleton,
    *,
    renames: Mapping[str, str] | None = None,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> Skeleton:
    """Return `skeleton` with keypoints renamed, removed and added at the end; edges and pairs follow.

    Raises
    ------
    LabelsError
        A name to rename or remove is unknown, or two keypoints would have the same name.
    """
    renames = renames or {}
    for name in (*renames, *remove):
        skeleton.index(name)

    def follow(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        kept = (pair for pair in pairs if not set(pair) & set(remove))
        return tuple((renames.get(a, a), renames.get(b, b)) for a, b in kept)

    kept = [renames.get(name, name) for name in skeleton.keypoints if name not in remove]
    return replace(
        skeleton,
        keypoints=(*kept, *add),
        edges=follow(skeleton.edges),
        symmetries=follow(skeleton.symmetries),
    )
