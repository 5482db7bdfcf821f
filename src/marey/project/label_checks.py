"""Health checks of labels, which need no video."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from marey.model import LabeledFrame, Origin, Skeleton
from marey.project.anatomy import find_coinciding, find_long_limbs, find_swaps
from marey.project.findings import Finding, about_frame, about_video
from marey.project.project_file import VideoEntry

MAX_KEYPOINTS_WITHOUT_EDGES = 12
"""Above it, all distances between keypoints of a skeleton without edges would be too many to look at."""


def check_frames(
    key: str, entry: VideoEntry, frames: Sequence[LabeledFrame], skeleton: Skeleton
) -> Iterator[Finding]:
    """Find labels outside the image, beyond the end, of one animal twice, and copied ones."""
    copies: dict[bytes, list[int]] = defaultdict(list)
    for frame in frames:
        if entry.n_frames is not None and frame.frame >= entry.n_frames:
            yield about_frame(
                "error",
                "beyond-end",
                key,
                frame.frame,
                f"has labels, but the video ends with frame {entry.n_frames - 1}",
                "the labels belong to another video, or the video was cut",
            )
        yield from _check_inside(key, frame, entry, skeleton)
        yield from _check_same_animal(key, frame)
        points = np.array([instance.points for instance in frame.instances])
        if points.size and np.isfinite(points).sum() > 2:
            copies[points.tobytes()].append(frame.frame)
    for numbers in copies.values():
        if len(numbers) > 1:
            yield about_video(
                "warning",
                "copied-labels",
                key,
                f"the frames {', '.join(map(str, numbers))} have exactly the same labels",
                "look whether the labels of one were copied to the others",
            )


def _check_inside(key: str, frame: LabeledFrame, entry: VideoEntry, skeleton: Skeleton) -> Iterator[Finding]:
    if entry.width is None or entry.height is None:
        return
    for instance in frame.instances:
        # Pixel centres are integers, so the image reaches half a pixel further on each side.
        is_outside = (instance.points < -0.5) | (instance.points > [entry.width - 0.5, entry.height - 0.5])
        for i in np.flatnonzero(is_outside.any(axis=1)).tolist():
            x, y = instance.points[i]
            yield about_frame(
                "warning",
                "outside-image",
                key,
                frame.frame,
                f"{skeleton.keypoints[i]} is at ({x:.1f}, {y:.1f}), outside the "
                f"{entry.width}x{entry.height} image",
                "move it, or mark it as absent",
            )


def _check_same_animal(key: str, frame: LabeledFrame) -> Iterator[Finding]:
    for a, b in combinations(frame.instances, 2):
        distances = np.linalg.norm(a.points - b.points, axis=1)
        shared = distances[~np.isnan(distances)]
        size = max(np.ptp(item.bounds.reshape(2, 2), axis=0).max() for item in (a, b))
        if len(shared) >= 2 and shared.mean() < 0.02 * size:
            yield about_frame(
                "warning",
                "animal-twice",
                key,
                frame.frame,
                f"two animals lie on top of each other ({shared.mean():.1f} px apart)",
                "delete one if the same animal was labelled twice",
            )


def check_anatomy(skeleton: Skeleton, frames: Sequence[LabeledFrame]) -> Iterator[Finding]:
    """Find swapped sides, impossible lengths and points on top of each other, in all videos together."""
    owners = [(frame, instance) for frame in frames for instance in frame.instances]
    if not owners:
        return
    points = np.stack([instance.points for _, instance in owners])
    for animal, pair in find_swaps(points, skeleton):
        left, right = skeleton.symmetries[pair]
        yield _about(owners[animal][0], "swap", f"{left} and {right} look swapped", "swap them if they are")
    limbs = _list_limbs(skeleton)
    for animal, limb, ratio in find_long_limbs(points, limbs):
        a, b = (skeleton.keypoints[i] for i in limbs[limb])
        message = f"{a} and {b} are {ratio:.1f} times as far apart as usual"
        yield _about(owners[animal][0], "long-limb", message, "look whether one of them is misplaced")
    for animal, i, j in find_coinciding(points):
        message = f"{skeleton.keypoints[i]} and {skeleton.keypoints[j]} lie on top of each other"
        yield _about(
            owners[animal][0], "coinciding", message, "move one, or mark it as absent if it is not there"
        )


def _list_limbs(skeleton: Skeleton) -> list[tuple[int, int]]:
    if skeleton.edges:
        return [(int(a), int(b)) for a, b in skeleton.edge_indices]
    if len(skeleton) > MAX_KEYPOINTS_WITHOUT_EDGES:
        return []
    return list(combinations(range(len(skeleton)), 2))


def _about(frame: LabeledFrame, code: str, message: str, hint: str) -> Finding:
    return about_frame("warning", code, frame.video, frame.frame, message, hint)


def check_names(key: str, frames: Sequence[LabeledFrame], individuals: Sequence[str]) -> Iterator[Finding]:
    """Find individuals that the project does not list, and points that nobody has confirmed."""
    names = {i.individual for frame in frames for i in frame.instances if i.individual is not None}
    if unknown := sorted(names - set(individuals)):
        yield about_video(
            "warning",
            "unknown-individual",
            key,
            f"labels name individuals that the project does not list: {', '.join(unknown)}",
            "correct the names, or add them to the project's individuals",
        )
    for frame in frames:
        if individuals and len(frame.instances) > len(individuals):
            yield about_frame(
                "error",
                "too-many-animals",
                key,
                frame.frame,
                f"has {len(frame.instances)} labelled animals, but the project lists {len(individuals)}",
                "delete the animal that is none, or add it to the project's individuals",
            )
    n_model = sum(
        int(((i.origin == Origin.MODEL) & i.has_position).sum()) for frame in frames for i in frame.instances
    )
    if n_model:
        yield about_video(
            "info",
            "unconfirmed",
            key,
            f"{n_model} points are confirmed by nobody: a model or a template placed them; "
            "training leaves them out",
            "look at them and accept or correct them",
        )
