"""What a training does, decided from the labels before it begins: the approach, and the views."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, InputError
from marey.model import LabeledFrame, Skeleton
from marey.networks.approach import Approach, recommend
from marey.networks.association import spanning_edges
from marey.networks.backbones import sees_locally
from marey.networks.views import ViewPlan, describe_scale, plan_views, plan_views_of_several, round_up
from marey.runs import TrainingConfig
from marey.training.subjects import animals_of

if TYPE_CHECKING:
    from marey.project import Project

# Bottom-up shows animals at least so long, in network pixels, as far as frames are not seen too large for it.
ANIMAL_PX = 96
MAX_WHOLE_SIDE = 640
# Bottom-up learns from parts of frames, so many animals long and at least so many pixels, where these have at
# most so large a share of the frame's pixels and the backbone sees the same in them as in the whole.
PART_LENGTHS, LEAST_PART, PART_SHARE = 1.5, 128, 0.7


def plan_training(
    project: "Project", frames: Sequence[LabeledFrame], config: TrainingConfig
) -> tuple[Approach, ViewPlan]:
    """Choose how animals are found, and what the network is shown, from the labels and the settings.

    Raises
    ------
    InputError
        A frame has more animals than the project has individuals, or the frames are no smaller than a crop.
    LabelsError
        The anchor is no keypoint.
    ConfigError
        The settings contradict each other.
    """
    check_numbers(frames, project.individuals)
    image = project.read_image(frames[0])
    frame_size = (image.shape[1], image.shape[0])
    n_keypoints = len(project.skeleton)
    animals = [animals_of(frame, n_keypoints)[0] for frame in frames]
    anchor = None if config.anchor is None else project.skeleton.index(config.anchor)
    approach = Approach("top-down", n_keypoints, anchor=anchor)
    crops = _plan_crops(approach, animals, frame_size, config)
    kind, reason = config.approach, "as was asked for"
    if kind == "auto":
        kind, reason = recommend(
            animals,
            frame_size,
            crop_px=float(np.prod(crops.size)),
            locate_px=float(np.prod(crops.locate_size)),
        )
    most = max(1, *map(len, animals))
    if kind == "single":
        return Approach("single", n_keypoints, reason=reason), _plan_single(frames, frame_size, config)
    n_animals = max(most, len(project.individuals))
    if kind == "top-down":
        if config.view == "whole":
            raise ConfigError(
                "top-down measures each animal in a crop, but the view of the whole frame was asked for",
                hint="leave view out, or use --approach bottom-up",
            )
        return replace(approach, n_animals=n_animals, reason=reason), crops
    if config.view == "crop" or config.crop_side is not None:
        raise ConfigError(
            "bottom-up sees the whole frame at once, but a crop was asked for",
            hint="leave view and crop_side out, or use --approach top-down",
        )
    edges, plan = _plan_fields(project.skeleton, animals, frame_size, config)
    return Approach("bottom-up", n_keypoints, n_animals=n_animals, edges=edges, reason=reason), plan


def plan_for(project: "Project", frames: Sequence[LabeledFrame], config: TrainingConfig) -> ViewPlan:
    """Choose the views from the labels and the settings, with all reasons; see :func:`plan_training`."""
    approach, plan = plan_training(project, frames, config)
    return replace(plan, reason=describe_plan(approach, plan))


def describe_plan(approach: Approach, plan: ViewPlan) -> str:
    """Say in words for the user how animals are found, and why."""
    if approach.kind == "single":
        return plan.reason
    return f"{approach.kind}, {approach.reason}; {plan.reason}"


def check_numbers(frames: Sequence[LabeledFrame], individuals: Sequence[str]) -> None:
    """Refuse frames with more animals than the project has individuals; where it lists none, any number."""
    for frame in frames:
        n_animals = sum(instance.is_confirmed.any() for instance in frame.instances)
        if individuals and n_animals > len(individuals):
            raise InputError(
                f"frame {frame.frame} of {frame.video} has {n_animals} labelled animals, but the "
                f"project lists {len(individuals)}: {', '.join(individuals)}",
                hint="delete the animal that is none, or add it to the project's individuals",
            )


def _plan_crops(
    approach: Approach, animals: Sequence[np.ndarray], frame_size: tuple[int, int], config: TrainingConfig
) -> ViewPlan:
    """Plan crops that hold an animal, however it is turned around its anchor."""
    every = np.concatenate(animals)
    every = every[np.isfinite(every).all(axis=-1).any(axis=1)]
    reach = np.linalg.norm(every - approach.anchors(every)[:, None], axis=-1)
    radii = np.nanmax(reach, axis=1) if len(every) else np.empty(0)
    plan = plan_views_of_several(radii, frame_size, whole_side=config.whole_side)
    return _with_crop_side(plan, config)


def _plan_single(
    frames: Sequence[LabeledFrame], frame_size: tuple[int, int], config: TrainingConfig
) -> ViewPlan:
    boxes = np.array([i.bounds for frame in frames for i in frame.instances if i.is_confirmed.any()]).reshape(
        -1, 4
    )
    plan = plan_views(boxes, frame_size, whole_side=config.whole_side)
    if config.view == "whole":
        plan = plan_views(boxes[:0], frame_size, whole_side=config.whole_side)
        plan = replace(plan, reason="the whole frame is measured at once, as was asked for")
    if plan.kind == "whole" and (config.view == "crop" or config.crop_side is not None):
        raise InputError(
            f"a crop around the animal was asked for, but {plan.reason}",
            hint="use view=auto without crop_side, or a whole_side well below the frame's longer side",
        )
    return _with_crop_side(plan, config)


def _with_crop_side(plan: ViewPlan, config: TrainingConfig) -> ViewPlan:
    if config.crop_side is None:
        return plan
    side = config.crop_side
    scale = min(1.0, plan.scale)
    reason = f"{plan.reason}; a crop of {side}×{side} {describe_scale(scale)} was asked for"
    return replace(plan, size=(side, side), scale=scale, reason=reason)


def _plan_fields(
    skeleton: Skeleton, animals: Sequence[np.ndarray], frame_size: tuple[int, int], config: TrainingConfig
) -> tuple[tuple[tuple[int, int], ...], ViewPlan]:
    """Plan bottom-up: which keypoints fields join, and how finely the whole frame is seen."""
    every = np.concatenate(animals)
    boxes = every[np.isfinite(every).all(axis=-1).sum(axis=1) >= 2]
    extent = (np.nanmax(boxes, axis=1) - np.nanmin(boxes, axis=1)).max(axis=1) if len(boxes) else np.ones(1)
    enough = max(frame_size) * min(1.0, ANIMAL_PX / max(1.0, float(np.median(extent))))
    side = min(MAX_WHOLE_SIDE, round_up(max(config.whole_side, enough)))
    plan = plan_views(np.empty((0, 4)), frame_size, whole_side=side)
    reason = f"the whole frame is seen at {plan.size[0]}×{plan.size[1]} (scale {plan.scale:.2f})"
    part = max(LEAST_PART, round_up(PART_LENGTHS * plan.scale * float(np.quantile(extent, 0.95))))
    width, height = (min(part, side) for side in plan.size)
    is_local = config.backbone == "auto" or sees_locally(config.backbone)  # all that "auto" may mean are
    if config.view != "whole" and is_local and width * height <= PART_SHARE * np.prod(plan.size):
        reason += f", and learned from parts of it of {width}×{height}"
        plan = replace(plan, part_size=(width, height))
    return spanning_edges(skeleton, every), replace(plan, reason=reason)
