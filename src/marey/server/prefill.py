"""Points proposed for a frame: by a network, by optical flow, or as they were in the frame before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from marey.errors import MareyError, NotFoundError
from marey.formats.windows import read_rows
from marey.model import Instance, LabeledFrame, Origin, Visibility
from marey.server import results, runs
from marey.server.schemas import labels as schema
from marey.server.schemas.labels import Prefill
from marey.server.wire import instance_to_wire
from marey.video.flow import carry_points

if TYPE_CHECKING:
    from marey.server.context import OpenProject

MAX_FLOW_FRAMES = 60
"""Further than this, points carried by optical flow have drifted too often to be worth correcting."""

Source = Literal["model", "flow", "previous"]


def propose(project: "OpenProject", video: str, frame: int, *, source: Source, run: str | None) -> Prefill:
    """Propose points for a frame; nothing is saved."""
    project.require_video(video)
    if source == "model":
        return _from_model(project, video, frame, run)
    nearest = _nearest_labelled(project, video, frame, only_before=source == "previous")
    if nearest is None:
        where = "before this one" if source == "previous" else "near this one"
        return Prefill(source=source, instances=[], note=f"no frame {where} has labels")
    if source == "previous":
        instances = [_proposed(item.points, item) for item in nearest.instances]
        return Prefill(
            source=source,
            instances=[instance_to_wire(item) for item in instances],
            from_frame=nearest.frame,
        )
    return _from_flow(project, video, frame, nearest)


def _from_model(project: "OpenProject", video: str, frame: int, name: str | None) -> Prefill:
    try:
        name = name or _newest_run(project)
    except NotFoundError as error:
        return Prefill(source="model", instances=[], note=error.message)
    stored = _from_result(project, video, frame, name)
    if stored is not None:
        return Prefill(source="model", instances=stored, run=name)
    run = runs.find(project, name)
    run.check_skeleton(project.project.skeleton)
    image = project.project.frame_images(video).get(frame)
    folder = project.project.frames_folder(video)
    found = project.predictor.predict(
        run.path,
        None if image is not None else project.videos.path(video),
        frame,
        None if image is None else folder / image,
    )
    animals = [
        (
            np.array([xy or (np.nan, np.nan) for xy in animal["points"]], dtype=float),
            np.array([np.nan if c is None else c for c in animal["confidence"]]),
        )
        for animal in found["animals"]
    ]
    instances = _animals(project, animals, [None] * len(animals))
    note = "" if instances else f"{name} finds no animal in this frame"
    return Prefill(source="model", instances=instances, run=name, note=note)


def _newest_run(project: "OpenProject") -> str:
    for run in runs.list_runs(project):
        if run.state in ("trained", "evaluated") and run.fits_skeleton:
            return run.name
    raise NotFoundError("no network has been trained for these keypoints yet")


def _from_result(project: "OpenProject", video: str, frame: int, run: str) -> list[schema.Instance] | None:
    """Return what a finished analysis says of the frame, or None where there is none."""
    file = results.newest_of_video(project, video, run)
    row = None if file is None else results.rows_of_frames(file, [frame]).get(frame)
    if file is None or row is None:
        return None
    try:
        points = read_rows(file.path, "position", row, row + 1)[0]
        confidence = read_rows(file.path, "confidence", row, row + 1)[0]
    except MareyError:
        return None
    animals = [(points[:2, :, i].T, confidence[:, i]) for i in range(points.shape[2])]
    return _animals(project, animals, file.summary.individuals)


def _animals(
    project: "OpenProject", animals: list[tuple[np.ndarray, np.ndarray]], names: Sequence[str | None]
) -> list[schema.Instance]:
    """Return what was found of each animal as a proposal.

    Where the animals of a project have names, one that was found under none of them gets the next that is
    free: who is who is for a person to say.
    """
    known = project.project.individuals
    free = [name for name in known if name not in names]
    found = []
    for (points, confidence), name in zip(animals, names, strict=True):
        is_known = name in known
        if not np.isfinite(points).any() or (known and not is_known and not free):
            continue
        individual = None if not known else name if is_known else free.pop(0)
        found.append(instance_to_wire(_proposed(points, individual=individual), confidence))
    return found


def _nearest_labelled(
    project: "OpenProject", video: str, frame: int, *, only_before: bool
) -> LabeledFrame | None:
    """Return the nearest frame in which a person has confirmed points."""
    known = [
        item
        for number, item in project.labels.frames(video).items()
        if number != frame
        and (number < frame or not only_before)
        and any(instance.is_confirmed.any() for instance in item.instances)
    ]
    return min(known, key=lambda item: abs(item.frame - frame), default=None)


def _from_flow(project: "OpenProject", video: str, frame: int, nearest: LabeledFrame) -> Prefill:
    apart = abs(nearest.frame - frame)
    if apart > MAX_FLOW_FRAMES:
        note = f"the nearest labels are {apart} frames away; optical flow is good for {MAX_FLOW_FRAMES}"
        return Prefill(source="flow", instances=[], from_frame=nearest.frame, note=note)
    first, last = min(nearest.frame, frame), max(nearest.frame, frame)
    with project.videos.source(video, first) as reader:
        greys = [decoded.grey() for _, decoded in reader.frames(first, last + 1)]
    if nearest.frame > frame:
        greys.reverse()
    instances = []
    for labelled in nearest.instances:
        points, confidence = carry_points(greys, labelled.confirmed_points())
        if np.isfinite(points).any():
            instances.append(instance_to_wire(_proposed(points, labelled), confidence))
    note = "" if instances else "the points were lost on the way"
    return Prefill(source="flow", instances=instances, from_frame=nearest.frame, note=note)


def _proposed(points: np.ndarray, like: Instance | None = None, individual: str | None = None) -> Instance:
    """Return points that nobody has confirmed; what `like` says is occluded stays so."""
    points = np.asarray(points, dtype=float)
    has_position = np.isfinite(points).all(axis=1)
    visibility = np.where(has_position, Visibility.VISIBLE, Visibility.UNLABELED)
    if like is not None:
        visibility = np.where(has_position & (like.visibility == Visibility.OCCLUDED), 2, visibility)
    return Instance(
        points=np.where(has_position[:, None], points, np.nan),
        visibility=visibility,
        origin=np.full(len(points), Origin.MODEL),
        individual=individual if like is None else like.individual,
    )
