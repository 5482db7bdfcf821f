"""How a network does on labelled frames, seen as prediction sees them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from marey.metrics import (
    euclidean_errors,
    find_truth,
    lone_size,
    reference_length,
    take_matched,
)
from marey.model import LabeledFrame
from marey.networks.decoding import FEATURE_NAMES
from marey.networks.looking import Infer, look
from marey.runs import Run
from marey.training.subjects import animals_of, frame_targets

if TYPE_CHECKING:
    from marey.project import Project

# Animals are matched loosely: a network that is still learning is far off.
LOOSE_OKS = 0.01


class FrameCheck:
    """Compares what a network finds in labelled frames with the labels.

    Parameters
    ----------
    run
        Its approach, views and skeleton.
    project
        Where the images are.
    frames
        The labelled frames; their images are kept in memory.
    """

    def __init__(self, run: Run, project: "Project", frames: Sequence[LabeledFrame]) -> None:
        self.run = run
        self.images = list(project.read_images(frames))
        n_keypoints = len(run.skeleton)
        if run.approach.kind == "single":
            self.truth = [points[None] for points in frame_targets(frames, n_keypoints)[0]]
        else:
            self.truth = [animals_of(frame, n_keypoints)[0] for frame in frames]

    @property
    def every_truth(self) -> np.ndarray:
        """The labelled animals of all frames, (x, y), shape (n_animals, n_keypoints, 2)."""
        return np.concatenate([np.empty((0, len(self.run.skeleton), 2)), *self.truth])

    @property
    def frame_rows(self) -> np.ndarray:
        """The frame of each labelled animal, shape (n_animals,)."""
        return np.repeat(np.arange(len(self.truth)), [len(animals) for animals in self.truth])

    def see(self, infer: Infer) -> tuple[np.ndarray, np.ndarray]:
        """Look at the frames.

        Returns
        -------
        points
            Where each labelled animal is seen, (x, y), shape (n_animals, n_keypoints, 2); NaN: it was missed.
        features
            Shape (n_animals, n_keypoints, n_features); NaN where it was missed.
        """
        if self.run.approach.kind == "single":
            found = [look([image], self.run.plan, self.run.config.stride, infer) for image in self.images]
            pairs = [(seen.points, seen.features) for seen in found]
        else:
            pairs = self._look_for_several(infer)
        n_keypoints = len(self.run.skeleton)
        points = np.concatenate([np.empty((0, n_keypoints, 2)), *(p for p, _ in pairs)])
        features = np.concatenate([np.empty((0, n_keypoints, len(FEATURE_NAMES))), *(f for _, f in pairs)])
        return points, features

    def errors(self, infer: Infer) -> tuple[np.ndarray, np.ndarray]:
        """Return the errors in pixels, shape (n_animals, n_keypoints), and the features; see :meth:`see`.

        An error is NaN where there is no truth or the animal was missed.
        """
        points, features = self.see(infer)
        return euclidean_errors(points, self.every_truth), features

    def mean_error(self, infer: Infer) -> float:
        """Return the mean error in pixels; a missed animal counts as being off by its size.

        NaN where there is no truth.
        """
        errors, features = self.errors(infer)
        missed = np.isnan(features).all(axis=(1, 2))
        if missed.any():
            size = reference_length(self.every_truth)
            size = size if np.isfinite(size) else lone_size(self.run.plan.frame_size)
            known = np.isfinite(self.every_truth).all(axis=-1)
            errors = np.where(missed[:, None] & known, size, errors)
        return float(np.nanmean(errors)) if np.isfinite(errors).any() else float("nan")

    def _look_for_several(self, infer: Infer) -> list[tuple[np.ndarray, np.ndarray]]:
        from marey.prediction.engines import FunctionEngine
        from marey.prediction.several import predictor_of

        predictor = predictor_of(self.run, FunctionEngine(infer))
        seen = predictor.predict_animals(self.images)
        matches = find_truth(
            [found.points for found in seen],
            self.truth,
            threshold=LOOSE_OKS,
            lone_px=lone_size(self.run.plan.frame_size),
        )
        return [
            (take_matched(found.points, rows), take_matched(found.features, rows))
            for found, rows in zip(seen, matches, strict=True)
        ]
