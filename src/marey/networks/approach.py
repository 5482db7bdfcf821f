"""How animals are found: one at a time, from the animal to its points, or from the points to the animals.

One network serves every approach; they differ in the heatmaps it is asked for and in what it is shown.

``"single"``
    A heatmap for each keypoint of the only animal.
``"top-down"``
    One more heatmap, of a point on each animal (its anchor), is read off the whole frame seen from afar; then
    the keypoints are read off a crop around each anchor, where only the animal in the middle counts.
``"bottom-up"``
    The heatmaps of the keypoints hold all animals of the frame, and part affinity fields say which points
    belong together.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["single", "top-down", "bottom-up"]

# Two animals whose anchors are nearer than this, as a share of their length, are one peak from afar.
MERGED_SHARE = 0.25
# A share of merged animals from which on looking for animals first misses too many.
MAX_MERGED = 0.05
# How much cheaper one look at the whole frame must be than a look at each animal.
CHEAPER = 0.6


@dataclass(frozen=True)
class Approach:
    """What the channels of a network mean.

    Parameters
    ----------
    kind
        See the module.
    n_keypoints
        K: the first K channels are the heatmaps of the keypoints.
    n_animals
        The most animals in a frame.
    anchor
        The keypoint that stands for the animal; None for the mean of its visible points.
    edges
        Pairs of keypoints that part affinity fields join.
    individuals
        Those whom the network tells apart; each has a map of scores, after everything else.
    reason
        Why this approach, in words for the user.
    """

    kind: Kind
    n_keypoints: int
    n_animals: int = 1
    anchor: int | None = None
    edges: tuple[tuple[int, int], ...] = ()
    individuals: tuple[str, ...] = ()
    reason: str = ""

    @property
    def n_heatmaps(self) -> int:
        """Heatmaps: of the keypoints, and of the anchor."""
        return self.n_keypoints + (self.kind == "top-down")

    @property
    def n_channels(self) -> int:
        """Channels of the network: heatmaps, then x and y of each field, then scores of each individual."""
        return self.n_heatmaps + 2 * len(self.edges) + len(self.individuals)

    def split_channels(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return heatmaps, fields and maps of identity of one image, (n_channels, height, width)."""
        n_fields = 2 * len(self.edges)
        ends = (self.n_heatmaps, self.n_heatmaps + n_fields)
        return logits[: ends[0]], logits[ends[0] : ends[1]], logits[ends[1] : self.n_channels]

    def anchors(self, points: np.ndarray) -> np.ndarray:
        """Return the point that stands for each animal, (..., 2), from its keypoints (..., K, 2).

        NaN where no keypoint is known. Where the chosen keypoint is missing, the mean stands in.
        """
        known = np.isfinite(points).all(axis=-1, keepdims=True)
        n_known = known.sum(axis=-2)
        total = np.where(known, points, 0.0).sum(axis=-2)
        mean = np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)
        if self.anchor is None:
            return mean
        chosen = points[..., self.anchor, :]
        return np.where(np.isfinite(chosen).all(axis=-1, keepdims=True), chosen, mean)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Approach":
        """Build an approach from what :meth:`to_dict` gave."""
        edges = tuple((int(a), int(b)) for a, b in data["edges"])
        return cls(**{**data, "edges": edges, "individuals": tuple(data.get("individuals", ()))})


def recommend(
    frames: Sequence[np.ndarray], frame_size: tuple[int, int], *, crop_px: float, locate_px: float
) -> tuple[Kind, str]:
    """Choose an approach from the labels: how many animals, how large, how near to each other.

    Parameters
    ----------
    frames
        The labelled animals of each frame, (x, y), shape (n_animals, n_keypoints, 2), with NaN.
    frame_size
        (width, height) in pixels.
    crop_px, locate_px
        Pixels of the crop around an animal, and of the whole frame seen from afar.

    Returns
    -------
    kind, reason
        The reason is one sentence for the user.
    """
    numbers = [len(animals) for animals in frames]
    if max(numbers, default=0) <= 1:
        return "single", "no labelled frame has more than one animal"
    typical = float(np.mean([n for n in numbers if n]))
    every = np.concatenate([animals for animals in frames if len(animals)])
    length = _length(every)
    merged = _merged_share(frames, length)
    facts = (
        f"up to {max(numbers)} animals of {length:.0f} px in frames of {frame_size[0]}×{frame_size[1]}, "
        f"{merged:.0%} of them too close to another to be told apart from afar"
    )
    if merged > MAX_MERGED:
        return "bottom-up", f"{facts}: points are found first, then joined into animals"
    top_down = locate_px + typical * crop_px
    bottom_up = float(frame_size[0] * frame_size[1])
    if bottom_up < CHEAPER * top_down:
        return "bottom-up", f"{facts}: one look at the frame costs less than {typical:.0f} crops"
    return "top-down", f"{facts}: animals are found first, then measured one by one"


def _length(animals: np.ndarray) -> float:
    """Return the median of the longer sides of the boxes around animals (n, K, 2)."""
    known = animals[np.isfinite(animals).all(axis=-1).any(axis=1)]
    if not len(known):
        return 1.0
    return max(1.0, float(np.median((np.nanmax(known, axis=1) - np.nanmin(known, axis=1)).max(axis=1))))


def _merged_share(frames: Sequence[np.ndarray], length: float) -> float:
    """Return the share of animals whose mean point is nearly that of another one."""
    n_animals = n_merged = 0
    mean = Approach("single", 1)
    for animals in frames:
        at = mean.anchors(animals)
        apart = np.linalg.norm(at[:, None] - at[None], axis=-1)
        np.fill_diagonal(apart, np.inf)
        n_merged += int((np.nan_to_num(apart, nan=np.inf) < MERGED_SHARE * length).any(axis=1).sum())
        n_animals += len(animals)
    return n_merged / max(n_animals, 1)
