"""Skeletons to start from: a set of keypoints that works for the usual animals and views."""

from marey.errors import NotFoundError
from marey.model import Skeleton


def _build(name: str, keypoints: str, edges: str, pairs: tuple[str, ...] = ()) -> Skeleton:
    return Skeleton(
        keypoints=tuple(keypoints.split()),
        edges=tuple(tuple(edge.split("-", 1)) for edge in edges.split()),  # type: ignore[misc]
        symmetries=tuple((f"left_{part}", f"right_{part}") for part in pairs),
        name=name,
    )


TEMPLATES: dict[str, Skeleton] = {
    "mouse-top": _build(
        "mouse",
        "snout left_ear right_ear neck body_centre left_hip right_hip tail_base tail_middle tail_tip",
        "snout-left_ear snout-right_ear left_ear-neck right_ear-neck neck-body_centre body_centre-left_hip "
        "body_centre-right_hip left_hip-tail_base right_hip-tail_base tail_base-tail_middle "
        "tail_middle-tail_tip",
        ("ear", "hip"),
    ),
    "mouse-side": _build(
        "mouse",
        "snout eye ear shoulder elbow wrist fore_toe hip knee ankle hind_toe tail_base tail_tip",
        "snout-eye eye-ear ear-shoulder shoulder-elbow elbow-wrist wrist-fore_toe shoulder-hip hip-knee "
        "knee-ankle ankle-hind_toe hip-tail_base tail_base-tail_tip",
    ),
    "fly": _build(
        "fly",
        "head thorax abdomen left_wing right_wing left_foreleg right_foreleg left_midleg right_midleg "
        "left_hindleg right_hindleg",
        "head-thorax thorax-abdomen thorax-left_wing thorax-right_wing thorax-left_foreleg "
        "thorax-right_foreleg thorax-left_midleg thorax-right_midleg thorax-left_hindleg "
        "thorax-right_hindleg",
        ("wing", "foreleg", "midleg", "hindleg"),
    ),
    "fish": _build(
        "fish",
        "snout left_eye right_eye swim_bladder trunk tail_base tail_middle tail_tip",
        "snout-left_eye snout-right_eye left_eye-swim_bladder right_eye-swim_bladder swim_bladder-trunk "
        "trunk-tail_base tail_base-tail_middle tail_middle-tail_tip",
        ("eye",),
    ),
    "quadruped": _build(
        "quadruped",
        "nose left_ear right_ear withers tail_base tail_tip left_elbow right_elbow left_fore_paw "
        "right_fore_paw left_knee right_knee left_hind_paw right_hind_paw",
        "nose-left_ear nose-right_ear left_ear-withers right_ear-withers withers-tail_base "
        "tail_base-tail_tip withers-left_elbow withers-right_elbow left_elbow-left_fore_paw "
        "right_elbow-right_fore_paw tail_base-left_knee tail_base-right_knee left_knee-left_hind_paw "
        "right_knee-right_hind_paw",
        ("ear", "elbow", "fore_paw", "knee", "hind_paw"),
    ),
    "person": _build(
        "person",
        "head neck left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_hip "
        "right_hip left_knee right_knee left_ankle right_ankle left_toe right_toe",
        "head-neck neck-left_shoulder neck-right_shoulder left_shoulder-left_elbow "
        "right_shoulder-right_elbow left_elbow-left_wrist right_elbow-right_wrist left_shoulder-left_hip "
        "right_shoulder-right_hip left_hip-right_hip left_hip-left_knee right_hip-right_knee "
        "left_knee-left_ankle right_knee-right_ankle left_ankle-left_toe right_ankle-right_toe",
        ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "toe"),
    ),
}
"""By name. In a view from the side, only the side that faces the camera is labelled."""


def find_template(name: str) -> Skeleton:
    """Return the skeleton of a template.

    Raises
    ------
    NotFoundError
        There is no template of this name.
    """
    try:
        return TEMPLATES[name]
    except KeyError:
        raise NotFoundError(
            f"there is no skeleton template {name!r}", hint=f"the templates are {', '.join(TEMPLATES)}"
        ) from None
