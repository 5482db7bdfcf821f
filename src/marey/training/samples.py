"""Training samples: which frame, shown how, in which order.

They depend on the seed and the step alone, whatever the threads do.
"""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from marey.model import LabeledFrame
from marey.networks.approach import Approach
from marey.networks.views import ViewPlan
from marey.runs import TrainingConfig
from marey.training.augmentation import random_warp, vary_appearance
from marey.training.subjects import rotation_of, subjects_of

if TYPE_CHECKING:
    from marey.project import Project

PREFETCHED_BATCHES = 4
# How far whole frames are shifted, as a share of their size.
WHOLE_SHIFT = 0.12
LOCATE_SHARE = {"single": 0.2, "top-down": 0.3, "bottom-up": 0.0}


@dataclass(frozen=True)
class Batch:
    """Images and what should be found in them.

    Parameters
    ----------
    images
        uint8 RGB, shape (B, H, W, 3).
    points
        (x, y) in network pixels, float32, shape (B, N, K, 2) for N animals and K heatmaps; NaN where there
        is none.
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
        The training frames.
    approach
        What the images are about; left out: one animal.
    flip_indices
        Where each keypoint comes from when an image is mirrored, shape (n_keypoints,).
    is_flip_allowed
        Whether "auto" flips.
    share
        Which part of every batch is made here, and how many parts there are.

    Attributes
    ----------
    total_steps
        How long the training is; a time limit shortens it. Towards the end images are varied less.
    """

    def __init__(
        self,
        project: "Project",
        frames: Sequence[LabeledFrame],
        plan: ViewPlan,
        config: TrainingConfig,
        *,
        approach: Approach | None = None,
        flip_indices: np.ndarray,
        is_flip_allowed: bool,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.rank, self.n_shares = share
        self.total_steps = config.steps
        self.frames = list(frames)
        self.plan = plan
        self.config = config
        n_keypoints = len(flip_indices)
        self.approach = approach = approach or Approach("single", n_keypoints)
        # An anchor is on the same place of the mirrored animal.
        self.flip_indices = np.concatenate([flip_indices, np.arange(n_keypoints, approach.n_heatmaps)])
        self.subjects = subjects_of(self.frames, approach, crop_px=max(plan.size) / plan.scale)
        settings = config.augmentation
        self.flip = is_flip_allowed if settings.flip == "auto" else settings.flip
        self.rotation_degrees = rotation_of(settings, self.frames, n_keypoints)
        # Where an animal is in the whole frame must not be learned by heart.
        self.crop_shift, self.whole_shift = (
            (self.subjects.shift, WHOLE_SHIFT) if settings.shift == "auto" else (float(settings.shift),) * 2
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

    @property
    def locate_share(self) -> float:
        """The share of batches that show the whole frame; more depends on it with several animals."""
        if self.config.locate_share == "auto":
            return LOCATE_SHARE[self.approach.kind]
        return self.config.locate_share

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
        is_located = self._rng(step, size).random() < self.locate_share
        strength = self.config.augmentation.strength(step / self.total_steps)
        images, points, counts = zip(*self._samples(step, is_located, strength), strict=True)
        return Batch(np.stack(images), _stacked(points), np.stack(counts))

    def crops(self, number: int) -> np.ndarray:
        """Make a batch of crops, varied as before the end of training, uint8 RGB, shape (B, H, W, 3)."""
        return np.stack([image for image, _, _ in self._samples(number, False, 1.0)])

    def _samples(
        self, step: int, is_located: bool, strength: float
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        size = self.config.batch_size
        mine = range(self.rank, size, self.n_shares)
        return [self._sample(step * size + i, self._rng(step, i), is_located, strength) for i in mine]

    def _rng(self, *numbers: int) -> np.random.Generator:
        return np.random.default_rng((self.config.seed, *numbers))

    def _draw(self, number: int) -> int:
        """Return what is drawn: everything once before anything twice."""
        epoch, place = divmod(number, self.subjects.n_draws)
        return int(self._rng(epoch, 2**31).permutation(self.subjects.n_draws)[place])

    def _sample(
        self, number: int, rng: np.random.Generator, is_located: bool, strength: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        draw = self._draw(number)
        image = self._images[self.subjects.frame_of(draw)]
        frame_size = (image.shape[1], image.shape[0])
        is_located = is_located or (self.plan.kind == "whole" and self.plan.part_size is None)
        answer = self.subjects.answer(draw, frame_size, is_located=is_located, rng=rng)
        view, center = self.plan.part_view(frame_size), answer.center
        if center is None:
            view = self.plan.locate_view(frame_size)
            center = (np.array(view.size) / view.scale - 1) / 2
        settings = self.config.augmentation.weakened(strength)
        warp = random_warp(
            center,
            view.scale,
            view.size,
            settings,
            rotation_degrees=self.rotation_degrees * strength,
            shift=self.whole_shift if answer.center is None else self.crop_shift,
            flip=self.flip,
            rng=rng,
        )
        shown = vary_appearance(warp.warp(image), settings, rng)
        placed, counts = warp.apply(answer.points), answer.counts
        if warp.is_mirrored:
            placed, counts = placed[:, self.flip_indices], counts[self.flip_indices]
        return shown, placed, counts


def _stacked(points: Sequence[np.ndarray]) -> np.ndarray:
    """Stack the points of different numbers of animals, (N, K, 2) each, filled up with NaN."""
    most = max(len(animals) for animals in points)
    stacked = np.full((len(points), most, *points[0].shape[1:]), np.nan, dtype=np.float32)
    for place, animals in zip(stacked, points, strict=True):
        place[: len(animals)] = animals
    return stacked


class ImageCache:
    """Keeps decoded frames in memory up to a budget; the rest are read again each time."""

    def __init__(self, project: "Project", frames: Sequence[LabeledFrame], budget_bytes: int) -> None:
        self._project = project
        self._frames = frames
        self._free_bytes = budget_bytes
        self._kept: dict[int, np.ndarray] = {}
        self._read_videos()

    def _read_videos(self) -> None:
        """Read the frames that have no image once, in the order of time: seeking for each would take long."""
        rows = [row for row, frame in enumerate(self._frames) if frame.image is None]
        rows.sort(key=lambda row: self._frames[row].key)
        if self._free_bytes <= 0:
            return
        with closing(self._project.read_images(self._frames[row] for row in rows)) as images:
            for row, image in zip(rows, images, strict=True):
                if image.nbytes > self._free_bytes:
                    return
                self._free_bytes -= image.nbytes
                self._kept[row] = image

    def __getitem__(self, row: int) -> np.ndarray:
        image = self._kept.get(row)
        if image is None:
            image = self._project.read_image(self._frames[row])
            if image.nbytes <= self._free_bytes:
                self._free_bytes -= image.nbytes
                self._kept[row] = image
        return image
