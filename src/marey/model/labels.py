"""Labels: what a person (or a model, and then a person) said about single frames."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from marey.errors import LabelsError
from marey.model.skeleton import Skeleton

UNKNOWN_AUTHOR = ""
FARTHEST_PX = 1e7
"""No image is so large: coordinates beyond that, infinite ones among them, are of no place."""


class Visibility(IntEnum):
    """What is known of one keypoint in one frame."""

    UNLABELED = 0
    """Nobody has looked yet: not a training target, not an error."""
    ABSENT = 1
    """A person says that it is not in the frame; it has no position."""
    OCCLUDED = 2
    """Its position was judged although something covers it."""
    VISIBLE = 3
    """It is seen."""


class Origin(IntEnum):
    """Who placed a point."""

    PERSON = 0
    """A person placed it."""
    ACCEPTED = 1
    """A model placed it and a person accepted it."""
    MODEL = 2
    """A model (or another tool's template) placed it and nobody has confirmed it: never ground truth."""


@dataclass(eq=False)
class Instance:
    """One animal in one frame.

    Parameters
    ----------
    points
        (x, y) of each keypoint in pixels, float64, shape (n_keypoints, 2); NaN where it has no position.
    visibility
        :class:`Visibility` of each keypoint, int8, shape (n_keypoints,). Left out: visible where
        there is a position, unlabeled elsewhere.
    origin
        :class:`Origin` of each keypoint, int8, shape (n_keypoints,). Left out: a person.
    individual
        The name of the real animal, without spaces around it, or None where it is not known.
    authors, times
        Who set each keypoint last and when (ISO 8601, UTC); length n_keypoints, "" where unknown.

    Raises
    ------
    LabelsError
        Shapes do not fit, a code is unknown, a position is farther off than any image is large, or a visible
        point has no position.
    """

    points: np.ndarray
    visibility: np.ndarray = None  # type: ignore[assignment]
    origin: np.ndarray = None  # type: ignore[assignment]
    individual: str | None = None
    authors: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.points = np.array(self.points, dtype=np.float64)
        if self.points.ndim != 2 or self.points.shape[1] != 2:
            raise LabelsError(f"points must have shape (n_keypoints, 2), got {self.points.shape}")
        n = len(self.points)
        has_position = ~np.isnan(self.points).any(axis=1)
        self.points[~has_position] = np.nan
        if self.visibility is None:
            self.visibility = np.where(has_position, Visibility.VISIBLE, Visibility.UNLABELED)
        self.visibility = np.array(self.visibility, dtype=np.int8)
        self.origin = np.zeros(n, dtype=np.int8) if self.origin is None else np.array(self.origin, np.int8)
        self.individual = (self.individual or "").strip() or None
        self.authors = list(self.authors) or [UNKNOWN_AUTHOR] * n
        self.times = list(self.times) or [""] * n
        self._check(n, has_position)

    def _check(self, n: int, has_position: np.ndarray) -> None:
        for name in ("visibility", "origin", "authors", "times"):
            if len(getattr(self, name)) != n:
                raise LabelsError(
                    f"{name} must have one entry for each of {n} keypoints, got {len(getattr(self, name))}"
                )
        for name, kind in (("visibility", Visibility), ("origin", Origin)):
            values = getattr(self, name)
            if bad := sorted(set(values.tolist()) - set(kind)):
                known = ", ".join(f"{item.value} ({item.name.lower()})" for item in kind)
                raise LabelsError(f"{name} must be one of {known}, got {bad[0]}")
        if (is_nowhere := np.abs(self.points) > FARTHEST_PX).any():
            worst = self.points[is_nowhere][0]
            raise LabelsError(f"positions must be within {FARTHEST_PX:.0e} px, or NaN, got {worst:g}")
        placed = self.visibility >= Visibility.OCCLUDED
        if (placed != has_position).any():
            i = int(np.flatnonzero(placed != has_position)[0])
            state = Visibility(int(self.visibility[i])).name.lower()
            raise LabelsError(
                f"keypoint {i} is {state} but its position is {self.points[i].tolist()}",
                hint="visible and occluded keypoints have a position, absent and unlabeled ones none",
            )

    def __len__(self) -> int:
        return len(self.points)

    __hash__ = None  # type: ignore[assignment] # it holds arrays that change

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instance):
            return NotImplemented
        return (
            np.array_equal(self.points, other.points, equal_nan=True)
            and np.array_equal(self.visibility, other.visibility)
            and np.array_equal(self.origin, other.origin)
            and self.individual == other.individual
            and self.authors == other.authors
            and self.times == other.times
        )

    @property
    def has_position(self) -> np.ndarray:
        """Which keypoints have a position, bool, shape (n_keypoints,)."""
        return self.visibility >= Visibility.OCCLUDED

    @property
    def is_confirmed(self) -> np.ndarray:
        """Which keypoints a person placed or accepted, bool, shape (n_keypoints,)."""
        return (self.origin != Origin.MODEL) & (self.visibility != Visibility.UNLABELED)

    @property
    def bounds(self) -> np.ndarray:
        """(x_min, y_min, x_max, y_max) of the points with a position, shape (4,); NaN if none has."""
        placed = self.points[self.has_position]
        if not len(placed):
            return np.full(4, np.nan)
        return np.concatenate([placed.min(axis=0), placed.max(axis=0)])

    def confirmed_points(self) -> np.ndarray:
        """Return the points with everything that no person confirmed set to NaN, (n_keypoints, 2)."""
        return np.where(self.is_confirmed[:, None], self.points, np.nan)


@dataclass(eq=True)
class LabeledFrame:
    """The labelled animals of one frame of one video.

    Parameters
    ----------
    video
        The key of the video in its project (its name without the suffix), or of a folder of images.
    frame
        The frame's number: its rank in presentation order, counted from 0. For a folder of images,
        the number in the file's name, or else its rank.
    instances
        The animals; an empty tuple says that a person saw none.
    image
        The file name of the extracted image (no folder), or None where only the video has it.
    """

    video: str
    frame: int
    instances: tuple[Instance, ...] = ()
    image: str | None = None

    def __post_init__(self) -> None:
        self.instances = tuple(self.instances)
        self.frame = int(self.frame)
        if self.frame < 0:
            raise LabelsError(f"frame numbers count from 0, got {self.frame} in {self.video}")

    @property
    def key(self) -> tuple[str, int]:
        """(video, frame): what identifies the frame everywhere."""
        return self.video, self.frame

    @property
    def image_key(self) -> str:
        """``video/image`` (or ``video/frame`` without an image): the name used in split files."""
        return f"{self.video}/{self.image if self.image is not None else self.frame}"


@dataclass(eq=True)
class Labels:
    """All labels of a project or a file.

    Parameters
    ----------
    skeleton
        The keypoints; every instance has one point for each.
    frames
        One entry per labelled frame; their order is the order of rows everywhere.
    individuals
        Names of the animals that are told apart; empty where they are not.

    Raises
    ------
    LabelsError
        An instance does not fit the skeleton, or a frame or an individual occurs twice.
    """

    skeleton: Skeleton
    frames: list[LabeledFrame] = field(default_factory=list)
    individuals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.individuals = tuple(name.strip() for name in self.individuals)
        if len(set(self.individuals)) < len(self.individuals) or "" in self.individuals:
            raise LabelsError(f"individuals must have different names, got {list(self.individuals)}")
        keys: set[tuple[str, int]] = set()
        for frame in self.frames:
            if frame.key in keys:
                raise LabelsError(f"frame {frame.frame} of {frame.video} is labelled twice")
            keys.add(frame.key)
            self._check_frame(frame)

    def _check_frame(self, frame: LabeledFrame) -> None:
        named: set[str] = set()
        for instance in frame.instances:
            if len(instance) != len(self.skeleton):
                raise LabelsError(
                    f"frame {frame.frame} of {frame.video} has an instance of {len(instance)} "
                    f"keypoints, but the skeleton has {len(self.skeleton)}"
                )
            if instance.individual is None:
                continue
            if instance.individual in named:
                raise LabelsError(
                    f"{instance.individual!r} is labelled twice in frame {frame.frame} of {frame.video}"
                )
            named.add(instance.individual)

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[LabeledFrame]:
        return iter(self.frames)

    @property
    def videos(self) -> tuple[str, ...]:
        """The keys of the videos that have labels, in order of appearance."""
        return tuple(dict.fromkeys(frame.video for frame in self.frames))

    @property
    def max_instances(self) -> int:
        """The largest number of animals in one frame."""
        return max((len(frame.instances) for frame in self.frames), default=0)

    def find(self, video: str, frame: int) -> LabeledFrame | None:
        """Return the labels of one frame, or None."""
        return next((item for item in self.frames if item.key == (video, frame)), None)

    def select(self, keep: Callable[[LabeledFrame], bool]) -> "Labels":
        """Return the labels of the frames for which `keep` is true."""
        return replace(self, frames=[frame for frame in self.frames if keep(frame)])

    def confirmed(self) -> "Labels":
        """Return only what a person placed or accepted: the ground truth.

        Points that only a model placed become unlabeled; instances and frames left with nothing
        confirmed are dropped, but a frame in which a person saw no animal stays.
        """
        frames = []
        for frame in self.frames:
            instances = tuple(_without(i, ~i.is_confirmed) for i in frame.instances if i.is_confirmed.any())
            if instances or not frame.instances:
                frames.append(replace(frame, instances=instances))
        return replace(self, frames=frames)

    def visible(self) -> "Labels":
        """Return the labels without occluded points, which become unlabeled; every instance stays."""
        frames = [
            replace(
                frame,
                instances=tuple(_without(i, i.visibility == Visibility.OCCLUDED) for i in frame.instances),
            )
            for frame in self.frames
        ]
        return replace(self, frames=frames)

    def to_array(self, frames: Iterable[LabeledFrame] | None = None) -> np.ndarray:
        """Return (x, y) of every point, float64, shape (n_frames, n_instances, n_keypoints, 2).

        Named individuals keep their place along the instance axis; unnamed ones fill the free places in
        their order. Missing is NaN.
        """
        chosen = list(self.frames if frames is None else frames)
        n_places = max([1, len(self.individuals), *(len(f.instances) for f in chosen)])
        array = np.full((len(chosen), n_places, len(self.skeleton), 2), np.nan)
        for row, frame in enumerate(chosen):
            for place, instance in _places(frame.instances, self.individuals):
                array[row, place] = instance.points
        return array


def _without(instance: Instance, drop: np.ndarray) -> Instance:
    """Return an instance of which some keypoints, bool (n_keypoints,), are unlabeled."""
    return Instance(
        points=np.where(drop[:, None], np.nan, instance.points),
        visibility=np.where(drop, Visibility.UNLABELED, instance.visibility),
        origin=np.where(drop, Origin.PERSON, instance.origin),
        individual=instance.individual,
        authors=instance.authors,
        times=instance.times,
    )


def _places(instances: Iterable[Instance], individuals: tuple[str, ...]) -> Iterator[tuple[int, Instance]]:
    """Give each instance its place along the instance axis."""
    instances = list(instances)
    named = {i.individual for i in instances if i.individual in individuals}
    taken = {individuals.index(name) for name in named if name is not None}
    free = (place for place in range(len(individuals) + len(instances)) if place not in taken)
    for instance in instances:
        if instance.individual in named:
            yield individuals.index(instance.individual), instance
        else:
            yield next(free), instance
