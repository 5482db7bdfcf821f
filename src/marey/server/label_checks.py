"""Labels that look wrong, and every point of a keypoint side by side."""

import re
from typing import TYPE_CHECKING

from marey.model import Origin, Visibility
from marey.project.checks import find_size
from marey.project.findings import Finding
from marey.project.label_checks import check_anatomy, check_frames
from marey.server.schemas.labels import PlacedPoint, Suspicion

if TYPE_CHECKING:
    from marey.server.context import OpenProject


def find_suspicions(project: "OpenProject") -> list[Suspicion]:
    """Return what the library's checks say of single frames, most severe first."""
    opened = project.project
    findings: list[Finding] = []
    everything = []
    for key in opened.videos:
        frames = list(project.labels.frames(key).values())
        everything += frames
        findings += check_frames(key, find_size(opened, key), frames, opened.skeleton)
    findings += check_anatomy(opened.skeleton, everything)
    suspicions = []
    for finding in findings:
        for frame in _frames_of(finding):
            suspicions.append(
                Suspicion(
                    severity=finding.severity,
                    code=finding.code,
                    video=finding.video or "",
                    frame=frame,
                    keypoints=_named_in(finding.message, opened.skeleton.keypoints),
                    message=finding.message,
                    hint=finding.hint,
                )
            )
    order = ("error", "warning", "info")
    return sorted(suspicions, key=lambda item: (order.index(item.severity), item.video, item.frame))


def _frames_of(finding: Finding) -> list[int]:
    if finding.frame is not None:
        return [finding.frame]
    if finding.code == "copied-labels":  # one finding about several frames
        return [int(number) for number in re.findall(r"\d+", finding.message)]
    return []


def _named_in(message: str, keypoints: tuple[str, ...]) -> list[str]:
    return [name for name in keypoints if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message)]


def list_points(project: "OpenProject", keypoint: str) -> list[PlacedPoint]:
    """Return every point of a keypoint that has a position, by video and frame."""
    opened = project.project
    index = opened.skeleton.index(keypoint)
    return [
        PlacedPoint(
            video=key,
            frame=number,
            instance=place,
            individual=instance.individual,
            keypoint=keypoint,
            position=(float(instance.points[index, 0]), float(instance.points[index, 1])),
            visibility=_name(Visibility(int(instance.visibility[index]))),
            origin=_name(Origin(int(instance.origin[index]))),
            author=instance.authors[index],
        )
        for key in opened.videos
        for number, frame in sorted(project.labels.frames(key).items())
        for place, instance in enumerate(frame.instances)
        if instance.has_position[index]
    ]


def _name(value: Visibility | Origin) -> "str":
    return value.name.lower()
