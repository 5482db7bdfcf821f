"""Labels and poses small enough to check by eye."""

import numpy as np
import pytest

from marey.model import Instance, LabeledFrame, Labels, Skeleton, create_poses

MOUSE = Skeleton(
    ("snout", "ear_left", "ear_right"),
    edges=(("snout", "ear_left"), ("snout", "ear_right")),
    symmetries=(("ear_left", "ear_right"),),
    name="mouse",
)


def instance(*points, individual=None, author="ada"):
    """An instance of the mouse: (x, y) or None for each keypoint."""
    xy = np.array([(np.nan, np.nan) if p is None else p for p in points], dtype=float)
    authors = [author if p is not None else "" for p in points]
    return Instance(xy, individual=individual, authors=authors)


@pytest.fixture
def single_labels():
    """One animal; two videos, a missing point, and a row that is not labelled yet."""
    return Labels(
        MOUSE,
        [
            LabeledFrame("clip", 42, (instance((1.5, 2.25), (3, 4), (5, 6)),), "img0042.png"),
            LabeledFrame("clip", 7, (instance((10, 20), None, (50.125, 60)),), "img0007.png"),
            LabeledFrame("élan 2", 0, (instance(None, None, None),), "img0000.png"),
        ],
    )


@pytest.fixture
def pair_labels():
    """Two named animals."""
    return Labels(
        MOUSE,
        [
            LabeledFrame(
                "duo",
                3,
                (
                    instance((1, 2), (3, 4), (5, 6), individual="ann"),
                    instance((11, 12), None, (15, 16), individual="bob"),
                ),
                "img003.png",
            ),
            LabeledFrame("duo", 9, (instance(None, (7, 8), None, individual="bob"),), "img009.png"),
        ],
        individuals=("ann", "bob"),
    )


@pytest.fixture
def pair_poses():
    """Five frames of two animals with gaps, float64 values that float32 cannot hold."""
    rng = np.random.default_rng(3)
    position = rng.uniform(0, 500, size=(5, 2, 3, 2))
    confidence = rng.uniform(0, 1, size=(5, 3, 2))
    position[2, :, 1, 0] = np.nan
    confidence[2, 1, 0] = np.nan
    return create_poses(
        position,
        keypoints=MOUSE.keypoints,
        confidence=confidence,
        individuals=("ann", "bob"),
        fps=30.0,
        source_software="test",
    )


@pytest.fixture
def mouse_poses():
    """Four frames of one animal, frames 10 to 13."""
    position = np.arange(24, dtype=float).reshape(4, 2, 3, 1) + 0.1
    confidence = np.linspace(0, 1, 12).reshape(4, 3, 1)
    return create_poses(position, keypoints=MOUSE.keypoints, confidence=confidence, frames=np.arange(10, 14))
