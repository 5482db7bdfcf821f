"""What one training image is about: an animal alone, one of several, or all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from marey.errors import InputError
from marey.metrics import are_others
from marey.model import Instance, LabeledFrame, Labels
from marey.networks.approach import Approach
from marey.runs import AugmentationConfig
from marey.training.augmentation import rotation_range

AWAY_SHARE = 0.03
# How many parts of whole frames lie anywhere, rather than around an animal.
ANYWHERE_SHARE = 0.2
# A crop is empty when every animal's anchor is at least so far away, as a share of its side.
EMPTY_BEYOND = 0.55


@dataclass(frozen=True)
class Answer:
    """Where to look, and what the heatmaps should say there.

    Parameters
    ----------
    center
        The middle (x, y) of the crop in frame pixels; None for the whole frame.
    points
        (x, y) in frame pixels, shape (n_animals, n_heatmaps, 2); NaN where there is none.
    counts
        Whether the answer is known, float32, shape (n_heatmaps,).
    """

    center: np.ndarray | None
    points: np.ndarray
    counts: np.ndarray


class Subjects(Protocol):
    """Draws of an approach: which frame each is in, and what is to be answered."""

    n_draws: int
    """Draws until everything has been shown once."""

    shift: float
    """How far crops are shifted unless told otherwise, as a share of their size."""

    def frame_of(self, draw: int) -> int:
        """Return the row of the frame of one draw."""
        ...

    def answer(
        self, draw: int, frame_size: tuple[int, int], *, is_located: bool, rng: np.random.Generator
    ) -> Answer:
        """Return what is shown and what is answered; `is_located` asks for the whole frame."""
        ...


class OneAnimal:
    """Frames with at most one animal each."""

    shift = 0.12

    def __init__(self, frames: Sequence[LabeledFrame], n_keypoints: int) -> None:
        self.points, self.counts = frame_targets(frames, n_keypoints)
        self.n_draws = len(frames)

    def frame_of(self, draw: int) -> int:
        """Every draw is a frame."""
        return draw

    def answer(
        self, draw: int, frame_size: tuple[int, int], *, is_located: bool, rng: np.random.Generator
    ) -> Answer:
        """Ask for the keypoints, in the whole frame or around the animal."""
        points = self.points[draw]
        center = None if is_located else _crop_center(points, frame_size, rng)
        return Answer(center, points[None], self.counts[draw])


class EachAnimal:
    """Top-down: the anchors of all animals in the whole frame, or the keypoints of the one in the middle.

    Where it is not known where all animals are, only crops around animals have an answer.
    """

    # The middle says which animal is meant, so crops are shifted only as far as an anchor may be off.
    shift = 0.04

    def __init__(self, frames: Sequence[LabeledFrame], approach: Approach, crop_px: float) -> None:
        self.approach = approach
        self.crop_px = crop_px
        self.animals = [animals_of(frame, approach.n_keypoints) for frame in frames]
        self.draws = [(row, i) for row, (points, _) in enumerate(self.animals) for i in range(len(points))]
        self.draws += [(row, -1) for row, (points, _) in enumerate(self.animals) if not len(points)]
        self.n_draws = len(self.draws)

    def frame_of(self, draw: int) -> int:
        """Every draw is an animal, or a frame without one."""
        return self.draws[draw][0]

    def answer(
        self, draw: int, frame_size: tuple[int, int], *, is_located: bool, rng: np.random.Generator
    ) -> Answer:
        """Ask for anchors in the whole frame, and for keypoints in a crop."""
        row, animal = self.draws[draw]
        points, known = self.animals[row]
        is_complete = len(known) == len(points)
        n_keypoints = self.approach.n_keypoints
        anchors = self.approach.anchors(points)
        answers = np.full((max(1, len(points)), n_keypoints + 1, 2), np.nan)
        counts = np.zeros(n_keypoints + 1, dtype=np.float32)
        if is_located:
            answers[: len(points), n_keypoints] = anchors
            counts[n_keypoints] = is_complete
            return Answer(None, answers, counts)
        counts[:n_keypoints] = 1
        center = rng.uniform(0, 1, 2) * frame_size
        is_empty = is_complete and _is_far(center, anchors, EMPTY_BEYOND * self.crop_px)
        if animal < 0 or not np.isfinite(anchors[animal]).all() or (is_empty and rng.random() < AWAY_SHARE):
            return Answer(center, answers[:1], counts if is_empty else np.zeros_like(counts))
        answers[0, :n_keypoints] = points[animal]
        counts[:n_keypoints] = known[animal]
        return Answer(anchors[animal], answers[:1], counts)


class AllAnimals:
    """Bottom-up: the keypoints of all animals, in the whole frame or in a part of it."""

    # Which animal a part was cut around says nothing: it may lie anywhere in it.
    shift = 0.25

    def __init__(self, frames: Sequence[LabeledFrame], approach: Approach) -> None:
        self.approach = approach
        self.animals = [animals_of(frame, approach.n_keypoints) for frame in frames]
        self.n_draws = len(frames)

    def frame_of(self, draw: int) -> int:
        """Every draw is a frame."""
        return draw

    def answer(
        self, draw: int, frame_size: tuple[int, int], *, is_located: bool, rng: np.random.Generator
    ) -> Answer:
        """Ask for everything; a keypoint that is unknown on one animal is asked of none."""
        points, known = self.animals[draw]
        counts = np.asarray(known.all(axis=0), dtype=np.float32)  # (without animals, all is known)
        points = points if len(points) else np.full((1, *points.shape[1:]), np.nan)
        center = None if is_located else self._part_center(points, frame_size, rng)
        return Answer(center, points, counts)

    def _part_center(
        self, points: np.ndarray, frame_size: tuple[int, int], rng: np.random.Generator
    ) -> np.ndarray:
        """Return the middle of a part: an animal, or any place, so that the background is learned too."""
        anchors = self.approach.anchors(points)
        anchors = anchors[np.isfinite(anchors).all(axis=-1)]
        if not len(anchors) or rng.random() < ANYWHERE_SHARE:
            return rng.uniform(0, 1, 2) * frame_size
        return anchors[rng.integers(len(anchors))]


def subjects_of(frames: Sequence[LabeledFrame], approach: Approach, *, crop_px: float) -> Subjects:
    """Return what the images of a training are about.

    Parameters
    ----------
    crop_px
        The side of a crop in frame pixels.
    """
    if approach.kind == "top-down":
        return EachAnimal(frames, approach, crop_px)
    if approach.kind == "bottom-up":
        return AllAnimals(frames, approach)
    return OneAnimal(frames, approach.n_keypoints)


def frames_to_learn(labels: Labels) -> list[LabeledFrame]:
    """Return the frames with something confirmed, with nothing else in them, in the order of rows.

    An animal of which nothing is confirmed stays without points, behind the others: it is somewhere, and
    nobody says where. What a model found where a person labelled an animal is no further one.
    """
    every = {frame.key: frame for frame in labels}
    return [
        replace(frame, instances=(*frame.instances, *_unknown_animals(every[frame.key], frame.instances)))
        for frame in labels.confirmed()
    ]


def _unknown_animals(frame: LabeledFrame, confirmed: Sequence[Instance]) -> list[Instance]:
    others = [instance for instance in frame.instances if not instance.is_confirmed.any()]
    if not others:
        return []
    truth = np.stack([instance.points for instance in confirmed])
    guesses = np.stack([instance.points for instance in others])
    return [Instance(np.full(truth.shape[1:], np.nan)) for _ in range(are_others(guesses, truth).sum())]


def animals_of(frame: LabeledFrame, n_keypoints: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the confirmed points of all animals (n, K, 2), and which answers are known, bool (m, K).

    The first n rows are of these animals; those after them are of animals of which nothing is confirmed.
    """
    animals = [instance for instance in frame.instances if instance.is_confirmed.any()]
    points = np.array([i.confirmed_points() for i in animals]).reshape(-1, n_keypoints, 2)
    known = np.zeros((len(frame.instances), n_keypoints), dtype=bool)
    for row, instance in zip(known, animals, strict=False):
        row[:] = instance.is_confirmed
    return points, known


def rotation_of(settings: AugmentationConfig, frames: Sequence[LabeledFrame], n_keypoints: int) -> float:
    """Return how far images are turned, ± degrees: as set, or as the animals of these frames ask for."""
    if settings.rotation_degrees != "auto":
        return settings.rotation_degrees
    nobody = np.empty((0, n_keypoints, 2))
    return rotation_range(np.concatenate([nobody, *(animals_of(frame, n_keypoints)[0] for frame in frames)]))


def frame_targets(frames: Sequence[LabeledFrame], n_keypoints: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the confirmed points (n, K, 2), NaN where there is none, and which answers are known (n, K).

    A frame in which a person saw no animal has known answers: there is nothing. Beside a confirmed animal,
    others of which nothing is confirmed do not count.

    Raises
    ------
    InputError
        A frame has several confirmed animals.
    """
    points = np.full((len(frames), n_keypoints, 2), np.nan)
    counts = np.zeros((len(frames), n_keypoints), dtype=np.float32)
    for row, frame in enumerate(frames):
        animals = [instance for instance in frame.instances if instance.is_confirmed.any()]
        if len(animals) > 1:
            raise InputError(
                f"frame {frame.frame} of {frame.video} has {len(animals)} labelled animals, but this "
                "network finds one",
                hint="train with --approach auto, or on frames with one animal each",
            )
        if not frame.instances:
            counts[row] = 1
        for instance in animals:
            points[row] = instance.confirmed_points()
            counts[row] = instance.is_confirmed
    return points, counts


def _crop_center(points: np.ndarray, frame_size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return where to look: at the animal, or now and then elsewhere, so that nothing is also learned."""
    placed = points[~np.isnan(points).any(axis=1)]
    if not len(placed) or rng.random() < AWAY_SHARE:
        return rng.uniform(0, 1, 2) * frame_size
    return (placed.min(axis=0) + placed.max(axis=0)) / 2


def _is_far(center: np.ndarray, anchors: np.ndarray, distance: float) -> bool:
    apart = np.linalg.norm(anchors - center, axis=-1)
    return not bool((apart[np.isfinite(apart)] < distance).any())
