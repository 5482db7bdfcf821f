"""Whether the adaptive crop is used: when it is faster and no less precise on the validation frames."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marey.metrics import euclidean_errors
from marey.networks.views import View
from marey.prediction.following import is_lost
from marey.prediction.frames import ImageFrame
from marey.prediction.predictor import Predictor, RawPose, pipelined

MAX_LOSS = 0.02
# How far, as a share of the crop's side, an adaptive crop may miss the animal's centre in the trial.
MISPLACEMENT = 0.1


@dataclass(frozen=True)
class CropTrial:
    """How the adaptive crop did, in mean distance from the labels and views a second.

    Parameters
    ----------
    whole_frame_px
        What the coarse view of the whole frame alone would give.
    searched_px, searched_per_s
        Searching every frame, then measuring in a crop.
    followed_px, followed_per_s
        Measuring in a crop that is misplaced as one that follows the animal may be.
    is_on
        Whether the adaptive crop is used unless told otherwise.
    reason
        Why, in words for the user.
    """

    is_on: bool
    reason: str
    whole_frame_px: float = float("nan")
    searched_px: float = float("nan")
    followed_px: float = float("nan")
    searched_per_s: float = float("nan")
    followed_per_s: float = float("nan")


def try_adaptive_crop(predictor: Predictor, images: Sequence[np.ndarray], truth: np.ndarray) -> CropTrial:
    """Compare searching every frame with crops that are misplaced as those of a moving animal may be."""
    if predictor.plan.kind == "whole":
        return CropTrial(is_on=False, reason="the network measures the whole frame at once")
    if predictor.engine.batch_size > 1:
        return CropTrial(is_on=False, reason="a GPU is faster with many frames at a time")
    if not len(images):
        return CropTrial(is_on=False, reason="there are no validation frames to judge it on")
    frames = [ImageFrame(image) for image in images]
    began = time.perf_counter()
    searched = [pose for _, pose in predictor.search(frames)]
    searched_per_s = len(frames) / (time.perf_counter() - began)
    views = _misplaced_views(predictor, searched)
    began = time.perf_counter()
    started = zip(frames, views, strict=True)
    followed = [
        pose
        for _, pose in pipelined(started, lambda pair: predictor.start(*pair), predictor.engine.n_in_flight)
    ]
    followed_per_s = len(frames) / (time.perf_counter() - began)
    kept = [
        found if is_lost(pose, frame.size) else pose
        for frame, pose, found in zip(frames, followed, searched, strict=True)
    ]
    trial = CropTrial(
        is_on=False,
        reason="",
        whole_frame_px=mean_error(_points([predictor.locate(frame) for frame in frames]), truth),
        searched_px=mean_error(_points(searched), truth),
        followed_px=mean_error(_points(kept), truth),
        searched_per_s=searched_per_s,
        followed_per_s=followed_per_s,
    )
    limit = min(trial.searched_px * (1 + MAX_LOSS), trial.whole_frame_px)
    is_on = trial.followed_px <= limit and followed_per_s > searched_per_s
    figures = (
        f"{trial.followed_px:.2f} px at {followed_per_s:.0f} frames/s following, "
        f"{trial.searched_px:.2f} px at {searched_per_s:.0f} frames/s searching every frame, "
        f"{trial.whole_frame_px:.2f} px in the whole frame"
    )
    return replace(trial, is_on=bool(is_on), reason=figures)


def _misplaced_views(predictor: Predictor, poses: Sequence[RawPose]) -> list[View]:
    rng = np.random.default_rng(0)
    reach = MISPLACEMENT * np.array(predictor.plan.size) / predictor.plan.scale
    return [
        predictor.plan.crop_view(predictor.find_center(pose) + rng.uniform(-1, 1, size=2) * reach)
        for pose in poses
    ]


def _points(poses: Sequence[RawPose]) -> np.ndarray:
    return np.stack([pose.points for pose in poses])


def mean_error(points: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean distance from the labels in pixels; NaN where there are none."""
    errors = euclidean_errors(points, truth)
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else float("nan")
