"""Whether the adaptive crop is used: when it is faster and no less precise on the validation frames."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from marey.metrics import euclidean_errors
from marey.networks.views import MULTIPLE
from marey.prediction.following import is_lost
from marey.prediction.frames import ImageFrame
from marey.prediction.predictor import Predictor, RawPose, pipelined

MAX_LOSS = 0.02
# How far, as a share of the crop's side, an adaptive crop may miss the animal's centre in the trial.
MISPLACEMENT = 0.05
N_DRAWS = 4
SMALLER = 0.7


@dataclass(frozen=True)
class CropTrial:
    """How the adaptive crop did, in mean distance from the labels and frames a second.

    Parameters
    ----------
    is_on
        Whether the adaptive crop is used unless told otherwise.
    reason
        Why, in words for the user.
    size
        (width, height) of the crop that follows, in network pixels; None for that of the run's plan.
    lost_share
        The share of frames in which the misplaced crop missed the animal.
    whole_frame_px
        What the coarse view of the whole frame alone would give.
    searched_px, searched_per_s
        Searching every frame, then measuring in a crop.
    followed_px, followed_per_s
        Measuring in a crop that is misplaced as one that follows the animal may be.
    """

    is_on: bool
    reason: str
    size: tuple[int, int] | None = None
    lost_share: float = float("nan")
    whole_frame_px: float = float("nan")
    searched_px: float = float("nan")
    searched_per_s: float = float("nan")
    followed_px: float = float("nan")
    followed_per_s: float = float("nan")


def try_adaptive_crop(predictor: Predictor, images: Sequence[np.ndarray], truth: np.ndarray) -> CropTrial:
    """Choose the smallest crop that follows without loss, if any is faster than searching every frame.

    Parameters
    ----------
    predictor
        With the engine that will be used.
    images
        Validation frames, uint8 RGB.
    truth
        Their labels, (x, y), shape (n_frames, n_keypoints, 2).
    """
    if predictor.plan.kind == "whole":
        return CropTrial(is_on=False, reason="the network measures the whole frame at once")
    if predictor.engine.batch_size > 1:
        return CropTrial(is_on=False, reason="a GPU is faster with many frames at a time")
    if not len(images):
        return CropTrial(is_on=False, reason="there are no validation frames to judge it on")
    frames = [ImageFrame(image) for image in images]
    searched, searched_per_s = _timed(lambda: [pose for _, pose in predictor.search(frames)])
    base = CropTrial(
        is_on=False,
        reason="",
        whole_frame_px=mean_error(_points([predictor.locate(frame) for frame in frames]), truth),
        searched_px=mean_error(_points(searched), truth),
        searched_per_s=searched_per_s,
    )
    trials = [
        _try_size(predictor, size, frames, searched, truth, base) for size in _sizes(predictor.plan.size)
    ]
    return next((trial for trial in trials if trial.is_on), trials[-1])


def _sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the crops to try, smallest first: an animal that is followed needs less room around it."""
    smaller = tuple(max(MULTIPLE, -(-round(side * SMALLER) // MULTIPLE) * MULTIPLE) for side in size)
    return sorted({(smaller[0], smaller[1]), size})


def _try_size(
    predictor: Predictor,
    size: tuple[int, int],
    frames: Sequence[ImageFrame],
    searched: Sequence[RawPose],
    truth: np.ndarray,
    base: CropTrial,
) -> CropTrial:
    plan = replace(predictor.plan, size=size)
    predictor.engine.prepare(size)
    reach = MISPLACEMENT * np.array(predictor.plan.size) / plan.scale
    misses = np.random.default_rng(0).uniform(-1, 1, size=(N_DRAWS, len(frames), 2)) * reach
    jobs = [
        (frame, plan.crop_view(predictor.find_center(pose) + miss))
        for draw in misses
        for frame, pose, miss in zip(frames, searched, draw, strict=True)
    ]
    n_in_flight = predictor.engine.n_in_flight
    followed, per_s = _timed(
        lambda: [pose for _, pose in pipelined(jobs, lambda job: predictor.start(*job), n_in_flight)]
    )
    lost = [is_lost(pose, frame.size) for pose, (frame, _) in zip(followed, jobs, strict=True)]
    found = list(searched) * N_DRAWS
    kept = [other if gone else pose for pose, gone, other in zip(followed, lost, found, strict=True)]
    error = mean_error(_points(kept), np.tile(truth, (N_DRAWS, 1, 1)))
    lost_share = float(np.mean(lost))
    # A frame that is lost costs a search besides.
    per_s = 1 / (1 / per_s + lost_share / base.searched_per_s)
    limit = min(base.searched_px * (1 + MAX_LOSS), base.whole_frame_px)
    figures = (
        f"following with {size[0]}×{size[1]} {error:.2f} px at {per_s:.0f} frames/s, "
        f"searching every frame {base.searched_px:.2f} px at {base.searched_per_s:.0f}, "
        f"whole frame alone {base.whole_frame_px:.2f} px"
    )
    return replace(
        base,
        is_on=bool(error <= limit and per_s > base.searched_per_s),
        reason=figures,
        size=size,
        lost_share=lost_share,
        followed_px=error,
        followed_per_s=per_s,
    )


def _timed(work: Callable[[], list[RawPose]]) -> tuple[list[RawPose], float]:
    """Return what `work` gives, and how many a second: the best of two, as other programs disturb."""
    best = 0.0
    for _ in range(2):
        began = time.perf_counter()
        poses = work()
        best = max(best, len(poses) / (time.perf_counter() - began))
    return poses, best


def _points(poses: Sequence[RawPose]) -> np.ndarray:
    return np.stack([pose.points for pose in poses])


def mean_error(points: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean distance from the labels in pixels; NaN where there are none."""
    errors = euclidean_errors(points, truth)
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else float("nan")
