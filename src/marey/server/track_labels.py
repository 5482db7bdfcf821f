"""Repaired tracks as labels to learn from."""

from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, InputError
from marey.formats import load_poses
from marey.model.poses import is_filled
from marey.server import results
from marey.server.schemas import labels as label_schema
from marey.server.schemas import tracks as schema
from marey.tracking import History
from marey.tracking.edits import Interpolate, Split, Swap

if TYPE_CHECKING:
    import xarray as xr

    from marey.server.context import OpenProject
    from marey.tracking import Edit


def corrected_frames(poses: "xr.Dataset") -> list[int]:
    """Return the frames at which tracks were repaired, in order.

    Where an exchange begins and ends, where a track was cut, and the middle of what was filled in: of a
    repair of a thousand frames, these are the ones that a person looked at. Not where something was removed:
    the animal may be in the picture, and would be learned as background.
    """
    known = set(poses["frame"].to_numpy().tolist())
    frames = {frame for entry in History.of(poses).done for frame in _moments_of(entry.edit)}
    return sorted(frames & known)


def _moments_of(edit: "Edit") -> list[int]:
    match edit:
        case Swap(start=start, stop=stop):
            return [frame for frame in (start, stop) if frame is not None]
        case Split(start=start):
            return [start]
        case Interpolate(start=int(start), stop=int(stop)):
            return [(start + stop) // 2]
        case _:
            return []


def add_labels(
    project: "OpenProject", result_id: str, request: schema.TrackLabels
) -> schema.TrackLabelsAdded:
    """Make the repaired poses of frames labels.

    Found points count as accepted by a person, filled-in ones as proposals that somebody has yet to look at.
    Keypoints that the tracks lack are left for a person to place. Frames that have labels already are left
    alone.

    Raises
    ------
    ConfigError
        The video is not in the project, or the tracks have keypoints that the project lacks.
    """
    file = results.find(project, result_id)
    video = results.video_of(project, file)
    if video is None:
        raise ConfigError(
            f"the video of {file.path.name} is not in this project", hint="add it on the page Videos"
        )
    keypoints = project.project.skeleton.keypoints
    if unknown := [name for name in file.summary.keypoints if name not in keypoints]:
        raise ConfigError(
            f"these tracks have keypoints that the project lacks: {', '.join(unknown)}",
            hint="labels can be made only of the project's own keypoints; the page Skeleton adds some",
        )
    poses = load_poses(file.path)
    numbers = {int(frame): row for row, frame in enumerate(poses["frame"].to_numpy())}
    if missing := [frame for frame in request.frames if frame not in numbers]:
        raise InputError(f"these tracks do not have frame {missing[0]}")
    labelled = project.labels.frames(video)
    new = [frame for frame in request.frames if frame not in labelled]
    project.project.add_frames(video, new)
    for frame in new:
        instances = _instances(poses.isel(time=numbers[frame]), keypoints, project.project.individuals)
        labels = label_schema.LabelsWrite(
            instances=instances, no_animal=not instances, labeller=request.labeller
        )
        revision = project.labels.read(video, frame).revision
        project.labels.write(video, frame, labels, revision)
    return schema.TrackLabelsAdded(
        video=video, added=new, skipped=[frame for frame in request.frames if frame in labelled]
    )


def _instances(
    row: "xr.Dataset", keypoints: tuple[str, ...], individuals: tuple[str, ...]
) -> list[label_schema.Instance]:
    """Return the animals of one row as labels; a name is kept where the project has an individual of it."""
    instances = []
    for name in row["individual"].to_numpy():
        animal = row.sel(individual=name).reindex(keypoint=list(keypoints))
        position = animal["position"].transpose("keypoint", "space").to_numpy()
        is_invented = is_filled(animal).to_numpy()
        if not np.isfinite(position).all(axis=1).any():
            continue
        instances.append(
            label_schema.Instance(
                individual=str(name) if str(name) in individuals else None,
                points=[_point(*pair) for pair in zip(position, is_invented, strict=True)],
            )
        )
    return instances


def _point(position: np.ndarray, is_invented: bool) -> label_schema.Point:
    if not np.isfinite(position).all():
        return label_schema.Point(visibility="unlabeled", origin="accepted", position=None)
    return label_schema.Point(
        visibility="visible",
        origin="model" if is_invented else "accepted",
        position=(float(position[0]), float(position[1])),
    )
