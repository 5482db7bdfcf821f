"""Telling animals of one video apart by how they look, learned from the video itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from marey.errors import ConfigError
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.scratch import scratch_array
from marey.tracking.appearance import Features
from marey.tracking.detections import animal_size, blocks_of, points_of
from marey.training.looks import Looks, Part, choose_looks, learn_likeness, witness_frames

if TYPE_CHECKING:
    import xarray as xr

    from marey.training.upright import Upright
    from marey.video import FrameSource

WhenToLook = Literal["off", "auto", "on"]
"""Whether animals are looked at in the video: never, where they met or were lost, or in any case."""

# Pixels along the body.
PICTURE_WIDTH = 96
_BATCH = 64
# Looks farther apart than so many frames are jumped to.
_JUMP_FRAMES = 120
# Detections in a row that show what an animal looks like on the whole.
_TEACHING_DETECTIONS = 20


@dataclass
class VideoAppearance:
    """What :func:`marey.tracking.track` asks for what its tracklets look like in a video.

    Parameters
    ----------
    video
        The video that the poses are of.
    even_if_clear
        Whether to look even where tracklets need not be joined.
    seed
        Of what is left to chance.

    Attributes
    ----------
    n_looks
        How many detections were looked at.
    separation
        How often two looks at different animals differed more than two at the same one, in stretches of
        time that nothing was learned from; None where animals could not be told apart.
    note
        What became of it, in words for the user.
    """

    video: Path
    even_if_clear: bool = False
    seed: int = 0
    progress: ProgressCallback = ignore_progress
    n_looks: int = 0
    separation: float | None = None
    note: str = ""

    def __call__(self, poses: "xr.Dataset", parts: list[Part]) -> Features | None:
        """Look at tracklets, and return what tells the animals apart; None where nothing does."""
        points = points_of(poses)
        if points.shape[2] < 2:
            self.note = "one keypoint does not say how large an animal is: looks were not used"
            return None
        if not self.even_if_clear and len(parts) <= _most_at_a_time(parts, len(points)):
            self.note = "nobody met or was lost: there was no need to look at the animals"
            return None
        looks = choose_looks(parts, points, animal_size(points))
        if not looks.is_clear.any():
            self.note = "the animals are never seen apart from each other: looks were not used"
            return None
        features, looks = self._describe(looks, points, poses["frame"].values)
        self.n_looks = len(looks)
        is_witness = witness_frames(len(points))
        likeness = learn_likeness(features, looks, parts, is_witness, seed=self.seed)
        if likeness is None:
            self.note = "the animals could not be told apart by their looks, which were not used"
            return None
        self.separation = likeness.separation
        self.note = (
            f"animals are told apart by their looks in {likeness.separation:.0%} of pairs "
            f"({self.n_looks} looks)"
        )
        values = scratch_array((*points.shape[:2], likeness.axes.shape[1]), np.float32)
        for rows in blocks_of(values):
            values[rows] = np.nan
        values[looks.frame, looks.slot] = likeness.apply(features)
        return Features(values, is_witness, _TEACHING_DETECTIONS)

    def _describe(self, looks: Looks, points: np.ndarray, frames: np.ndarray) -> tuple[np.ndarray, Looks]:
        """Return features of the looks that the video has, and these looks."""
        from marey.networks.looks import LookNetwork
        from marey.training.upright import Upright
        from marey.video import open_video

        clear = looks.is_clear
        upright = Upright.learn(points[looks.frame[clear], looks.slot[clear]], width=PICTURE_WIDTH)
        network = LookNetwork()
        features = np.empty((0, 1), np.float16)
        kept: list[int] = []
        with open_video(self.video) as video:
            pictures = _pictures(video, upright, looks, points, frames)
            while batch := list(islice(pictures, _BATCH)):
                found = network.describe(np.stack([picture for _, picture in batch]))
                if not kept:
                    features = scratch_array((len(looks), found.shape[1]), np.float16)
                features[len(kept) : len(kept) + len(batch)] = found
                kept += [row for row, _ in batch]
                self.progress(Progress("looking at the animals", kept[-1] + 1, len(looks)))
        self.progress(Progress("looking at the animals", len(looks), len(looks)))
        return features[: len(kept)], looks.take(np.array(kept, dtype=int))


def choose_appearance(
    video: Path | None, when: WhenToLook, *, progress: ProgressCallback = ignore_progress
) -> VideoAppearance | None:
    """Return who looks at the animals in a video, or None where nobody is to.

    Raises
    ------
    ConfigError
        Somebody is to look, and there is no video.
    """
    if when == "off":
        return None
    if video is None:
        raise ConfigError(
            "the animals' looks were asked for, but there is no video to see them in", hint="add --video PATH"
        )
    return VideoAppearance(video, even_if_clear=when == "on", progress=progress)


def _pictures(
    video: "FrameSource", upright: "Upright", looks: Looks, points: np.ndarray, frames: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Give the number and the picture of each look, one pass through the video."""
    maps = upright.place(points[looks.frame, looks.slot])
    wanted = {
        int(frames[row]): list(group)
        for row, group in groupby(range(len(looks)), key=lambda i: int(looks.frame[i]))
    }
    numbers = sorted(wanted)
    limits = [0, *(np.flatnonzero(np.diff(numbers) > _JUMP_FRAMES) + 1).tolist(), len(numbers)]
    for first, last in pairwise(limits):
        if first == last:
            continue
        for number, frame in video.frames(numbers[first], numbers[last - 1] + 1):
            rows = [row for row in wanted.get(number, ()) if np.isfinite(maps[row]).all()]
            if rows:
                yield from zip(rows, upright.show(frame, maps[rows]), strict=True)


def _most_at_a_time(parts: list[Part], n_frames: int) -> int:
    """Return how many tracklets there are at most at a time."""
    change = np.zeros(n_frames + 1, dtype=int)
    for frames, _ in parts:
        change[frames[0]] += 1
        change[frames[-1] + 1] -= 1
    return int(np.cumsum(change).max(initial=0))
