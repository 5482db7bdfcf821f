"""What is said to the user about a conversion: what was left out, assumed or lost, and how often."""

from collections.abc import Callable, Mapping

import numpy as np

from marey.model import Instance, Labels, Origin, Visibility


def in_words(counts: Mapping[str, int]) -> list[str]:
    """Return a line for each thing that happened at all.

    >>> in_words({"rows without a point": 2, "images not found": 0})
    ['rows without a point: 2']
    """
    return [f"{text}: {count}" for text, count in counts.items() if count]


def count_points(labels: Labels, test: Callable[[Instance], np.ndarray]) -> int:
    """Return for how many points `test` holds; it gives one bool per keypoint."""
    return sum(int(test(instance).sum()) for frame in labels for instance in frame.instances)


def count_animals(labels: Labels, test: Callable[[Instance], bool]) -> int:
    """Return for how many instances `test` holds."""
    return sum(bool(test(instance)) for frame in labels for instance in frame.instances)


def is_by_model(instance: Instance) -> np.ndarray:
    """Tell which points only a model placed, bool, shape (n_keypoints,)."""
    return instance.has_position & (instance.origin == Origin.MODEL)


def is_absent(instance: Instance) -> np.ndarray:
    """Tell which points a person saw to be absent, bool, shape (n_keypoints,)."""
    return instance.visibility == Visibility.ABSENT


def is_occluded(instance: Instance) -> np.ndarray:
    """Tell which points are hidden, bool, shape (n_keypoints,)."""
    return instance.visibility == Visibility.OCCLUDED


def is_guess(instance: Instance) -> np.ndarray:
    """Tell which points only a model saw; bool, shape (n_keypoints,)."""
    return is_by_model(instance) & ~is_occluded(instance)


def unconfirmed_losses(labels: Labels) -> dict[str, int]:
    """Return what a file with hidden points loses of points that nobody confirmed, for :func:`in_words`."""
    return {
        "points that only a model placed, left out": count_points(labels, is_guess),
        "occluded points that nobody confirmed, written as if somebody had": count_points(
            labels, lambda instance: is_by_model(instance) & is_occluded(instance)
        ),
    }


def points_without_guesses(instance: Instance) -> np.ndarray:
    """Return the points as a file with hidden points holds them, missing ones NaN, (n_keypoints, 2)."""
    return np.where(is_guess(instance)[:, None], np.nan, instance.points)


def is_signed(instance: Instance) -> bool:
    """Tell whether it is known who placed points of the animal, or when."""
    return any(instance.authors) or any(instance.times)


def authors_of(instances: tuple[Instance, ...]) -> set[str]:
    """Return who placed the points of some animals."""
    return {author for instance in instances for author in instance.authors if author}
