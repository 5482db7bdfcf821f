"""Training samples: which frame, shown how, in which order.

They depend on the seed and the step alone, whatever the threads do.
"""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.model import LabeledFrame
from marey.networks.views import ViewPlan
from marey.runs import TrainingConfig
from marey.training.augmentation import random_warp, rotation_range, vary_appearance

if TYPE_CHECKING:
    from marey.project import Project

AWAY_SHARE = 0.03
PREFETCHED_BATCHES = 4


@dataclass(frozen=True)
class Batch:
    """Images and what should be found in them.

    Parameters
    ----------
    images
        uint8 RGB, shape (B, H, W, 3).
    points
        (x, y) in network pixels, float32, shape (B, K, 2); NaN where there is none.
    counts
        Whether the answer is known, float32, shape (B, K).
    """

    images: np.ndarray
    points: np.ndarray
    counts: np.ndarray


class Samples:
    """Draws batches from labelled frames.

    Parameters
    ----------
    project
        Where the images are read from.
    frames
        The training frames, with at most one animal each.
    flip_indices
        Where each keypoint comes from when an image is mirrored, shape (n_keypoints,).
    is_flip_allowed
        Whether "auto" flips.
    share
        Which part of every batch is made here, and how many parts there are.
    """

    def __init__(
        self,
        project: "Project",
        frames: Sequence[LabeledFrame],
        plan: ViewPlan,
        config: TrainingConfig,
        *,
        flip_indices: np.ndarray,
        is_flip_allowed: bool,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.rank, self.n_shares = share
        self.frames = list(frames)
        self.plan = plan
        self.config = config
        self.flip_indices = flip_indices
        n_keypoints = len(flip_indices)
        self.points, self.counts = frame_targets(self.frames, n_keypoints)
        settings = config.augmentation
        self.flip = is_flip_allowed if settings.flip == "auto" else settings.flip
        self.rotation_degrees = (
            rotation_range(self.points)
            if settings.rotation_degrees == "auto"
            else float(settings.rotation_degrees)
        )
        self._images = ImageCache(project, self.frames, int(config.cache_gb * 2**30 / self.n_shares))

    def batches(self, start: int, stop: int) -> Generator[Batch]:
        """Give the batches of the steps from `start` to `stop`, made ahead of time by threads."""
        steps = iter(range(start, stop))
        with ThreadPoolExecutor(max_workers=self.n_workers) as pool:
            waiting = [pool.submit(self.batch, step) for step in islice(steps, PREFETCHED_BATCHES)]
            try:
                while waiting:
                    batch = waiting.pop(0).result()
                    waiting += [pool.submit(self.batch, step) for step in islice(steps, 1)]
                    yield batch
            finally:
                for future in waiting:
                    future.cancel()

    @cached_property
    def n_workers(self) -> int:
        """How many threads prepare images here."""
        import os

        if self.config.workers is not None:
            return max(1, self.config.workers)
        return max(1, min(8, (os.cpu_count() or 2) // (2 * self.n_shares)))

    def batch(self, step: int) -> Batch:
        """Make this share of the batch of one step; the batch depends on the seed and the step alone."""
        size = self.config.batch_size
        is_located = self.plan.kind == "crop" and self._rng(step, size).random() < self.config.locate_share
        mine = range(self.rank, size, self.n_shares)
        samples = [self._sample(step * size + i, self._rng(step, i), is_located) for i in mine]
        images, points, counts = zip(*samples, strict=True)
        return Batch(np.stack(images), np.stack(points).astype(np.float32), np.stack(counts))

    def _rng(self, *numbers: int) -> np.random.Generator:
        return np.random.default_rng((self.config.seed, *numbers))

    def _row(self, draw: int) -> int:
        """Return the frame of the draw: every frame once before any frame twice."""
        epoch, place = divmod(draw, len(self.frames))
        return int(self._rng(epoch, 2**31).permutation(len(self.frames))[place])

    def _sample(
        self, draw: int, rng: np.random.Generator, is_located: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        row = self._row(draw)
        image, points = self._images[row], self.points[row]
        frame_size = (image.shape[1], image.shape[0])
        if is_located or self.plan.kind == "whole":
            view = self.plan.locate_view(frame_size)
            center = (np.array(view.size) / view.scale - 1) / 2
        else:
            view = self.plan.crop_view((0, 0))
            center = _crop_center(points, frame_size, rng)
        warp = random_warp(
            center,
            view.scale,
            view.size,
            self.config.augmentation,
            rotation_degrees=self.rotation_degrees,
            flip=self.flip,
            rng=rng,
        )
        shown = vary_appearance(warp.warp(image), self.config.augmentation, rng)
        placed, counts = warp.apply(points), self.counts[row]
        if warp.is_mirrored:
            placed, counts = placed[self.flip_indices], counts[self.flip_indices]
        return shown, placed, counts


def frame_targets(frames: Sequence[LabeledFrame], n_keypoints: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the confirmed points (n, K, 2), NaN where there is none, and which answers are known (n, K).

    A frame in which a person saw no animal has known answers: there is nothing.
    """
    points = np.full((len(frames), n_keypoints, 2), np.nan)
    counts = np.zeros((len(frames), n_keypoints), dtype=np.float32)
    for row, frame in enumerate(frames):
        if len(frame.instances) > 1:
            raise InputError(
                f"frame {frame.frame} of {frame.video} has {len(frame.instances)} labelled animals, but this "
                "network finds one",
                hint="train on frames with one animal each",
            )
        if not frame.instances:
            counts[row] = 1
            continue
        (instance,) = frame.instances
        points[row] = instance.confirmed_points()
        counts[row] = instance.is_confirmed
    return points, counts


def _crop_center(points: np.ndarray, frame_size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return where to look: at the animal, or now and then elsewhere, so that nothing is also learned."""
    placed = points[~np.isnan(points).any(axis=1)]
    if not len(placed) or rng.random() < AWAY_SHARE:
        return rng.uniform(0, 1, 2) * frame_size
    return (placed.min(axis=0) + placed.max(axis=0)) / 2


class ImageCache:
    """Keeps decoded frames in memory up to a budget; the rest are read again each time."""

    def __init__(self, project: "Project", frames: Sequence[LabeledFrame], budget_bytes: int) -> None:
        self._project = project
        self._frames = frames
        self._free_bytes = budget_bytes
        self._kept: dict[int, np.ndarray] = {}

    def __getitem__(self, row: int) -> np.ndarray:
        image = self._kept.get(row)
        if image is None:
            image = self._project.read_image(self._frames[row])
            if image.nbytes <= self._free_bytes:
                self._free_bytes -= image.nbytes
                self._kept[row] = image
        return image
