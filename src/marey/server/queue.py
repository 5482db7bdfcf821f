"""The frames that wait to be labelled, and those that are."""

from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConflictError, NotFoundError
from marey.project.frame_store import number_images
from marey.server import results
from marey.server.schemas.labels import FrameItem, FramePicks, FramesAdded
from marey.server.wire import revision_of, state_of

if TYPE_CHECKING:
    from marey.server.context import OpenProject


def list_frames(
    project: "OpenProject", video: str | None, *, with_confidence: bool = True
) -> list[FrameItem]:
    """Return the frames of the queue, by video and number."""
    keys = project.project.videos if video is None else [video]
    return [item for key in keys for item in _list_video(project, key, with_confidence=with_confidence)]


def _list_video(project: "OpenProject", key: str, *, with_confidence: bool) -> list[FrameItem]:
    labelled = project.labels.frames(key)
    images = {number: name for name, number in number_images(project.project.image_names(key))}
    named = {frame.image for frame in labelled.values()}
    images = {number: name for number, name in images.items() if name not in named}
    numbers = sorted({*labelled, *images})
    confidence = results.lowest_confidence(project, key, numbers) if with_confidence else {}
    reviews = project.labels.reviews.of_video(key)
    entry = project.project.videos[key]
    fps = entry.fps
    items = []
    for number in numbers:
        frame = labelled.get(number)
        lowest = confidence.get(number, np.nan)
        items.append(
            FrameItem(
                video=key,
                frame=number,
                image=images.get(number) if frame is None or frame.image is None else frame.image,
                time_s=number / fps if fps else None,
                state=state_of(frame),
                n_instances=0 if frame is None else len(frame.instances),
                confidence=float(lowest) if np.isfinite(lowest) else None,
                needs_review=str(number) in reviews,
                revision=revision_of(frame),
            )
        )
    return items


def add_frames(project: "OpenProject", picks: FramePicks) -> FramesAdded:
    """Extract frames that a person picked."""
    project.require_video(picks.video)
    project.project.add_frames(picks.video, picks.frames)
    wanted = set(picks.frames)
    items = _list_video(project, picks.video, with_confidence=False)
    return FramesAdded(added=[item for item in items if item.frame in wanted])


def remove_frame(project: "OpenProject", video: str, frame: int) -> None:
    """Delete the image of a frame without labels.

    Raises
    ------
    ConflictError
        It has labels.
    NotFoundError
        It has no image.
    """
    project.require_video(video)
    if frame in project.labels.frames(video):
        raise ConflictError(
            f"frame {frame} of {video} has labels", hint="clear its labels first, if they are wrong"
        )
    name = project.project.frame_images(video).get(frame)
    if name is None:
        raise NotFoundError(f"frame {frame} of {video} was not extracted")
    (project.project.frames_folder(video) / name).unlink(missing_ok=True)
