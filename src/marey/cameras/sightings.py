"""Where the points of a board were seen: by which camera, in which view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from marey.cameras.boards import Board
from marey.errors import InputError

N_BINS = 8
# Views are judged by where the board is (two numbers), how large, and how it is turned and tilted.
STEP = np.array([0.1, 0.1, 0.15, 0.15, 0.15])


@dataclass(frozen=True, eq=False)
class Sightings:
    """The detections of a board in all views of all cameras.

    Parameters
    ----------
    board
        What was filmed.
    cameras
        Their names.
    sizes
        Width and height of their images, shape (n_cameras, 2), px.
    views
        What each view is called; the images of one view were taken at the same moment.
    corners
        Pixels, shape (n_cameras, n_views, n_points, 2); NaN where not seen.
    sources
        Where the image of (camera, view) is: the path of an image, or of a video and the number of a frame.
    """

    board: Board
    cameras: tuple[str, ...]
    sizes: np.ndarray
    views: tuple[str, ...]
    corners: np.ndarray
    sources: Mapping[tuple[int, int], tuple[Path, int | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected = (len(self.cameras), len(self.views), len(self.board.points), 2)
        if self.corners.shape != expected or np.shape(self.sizes) != (len(self.cameras), 2):
            raise InputError(
                f"expected corners of shape {expected} and a size for each camera, got "
                f"{self.corners.shape} and "
                f"{np.shape(self.sizes)}"
            )

    @property
    def is_seen(self) -> np.ndarray:
        """Whether a camera saw the board in a view, bool, shape (n_cameras, n_views)."""
        return np.isfinite(self.corners).all(axis=-1).any(axis=-1)

    @property
    def n_seen(self) -> np.ndarray:
        """How many points of the board each camera saw in each view, shape (n_cameras, n_views)."""
        return np.isfinite(self.corners).all(axis=-1).sum(axis=-1)

    def of_cameras(self, numbers: Sequence[int]) -> Sightings:
        """Return the sightings of some cameras."""
        numbers = list(numbers)
        sources = {
            (numbers.index(camera), view): source
            for (camera, view), source in self.sources.items()
            if camera in numbers
        }
        names = tuple(self.cameras[number] for number in numbers)
        sizes = np.asarray(self.sizes)[numbers]
        return replace(self, cameras=names, sizes=sizes, corners=self.corners[numbers], sources=sources)

    def of_views(self, numbers: Sequence[int] | np.ndarray) -> Sightings:
        """Return some views, in the order given."""
        places = {int(view): place for place, view in enumerate(numbers)}
        sources = {
            (camera, places[view]): source
            for (camera, view), source in self.sources.items()
            if view in places
        }
        names = tuple(self.views[number] for number in places)
        return replace(self, views=names, corners=self.corners[:, list(places)], sources=sources)

    def well_spread(self, at_most: int) -> Sightings:
        """Return at most so many views that show as much as possible, in their order.

        Views are taken one by one; each time the one that shows the most cameras the board where, as large
        and as turned as none of those taken so far. Views that no two cameras share are worth less, the first
        of each camera excepted.
        """
        if len(self.views) <= at_most:
            return self
        features = self._features() / STEP
        is_seen = self.is_seen
        nearest = np.where(is_seen, 10.0, 0.0)
        taken: list[int] = []
        for _ in range(at_most):
            value = np.minimum(nearest, 10.0).sum(axis=0) * np.where(is_seen.sum(axis=0) > 1, 1.0, 0.5)
            value[taken] = -1.0
            best = int(value.argmax())
            if value[best] <= 0:
                break
            taken.append(best)
            away = np.linalg.norm(features - features[:, best : best + 1], axis=-1)
            away[~is_seen[:, best]] = np.inf
            nearest = np.minimum(nearest, np.where(is_seen, away, 0.0))
        return self.of_views(sorted(taken))

    def _features(self) -> np.ndarray:
        """Describe each sighting by place, logarithm of the size, turn, tilt; (n_cameras, n_views, 5)."""
        features = np.zeros((*self.is_seen.shape, len(STEP)))
        flat = np.column_stack([self.board.points[:, :2], np.ones(len(self.board.points))])
        for camera, view in np.argwhere(self.is_seen):
            pixels = self.corners[camera, view]
            found = np.isfinite(pixels).all(axis=1)
            # An affine map of the board onto the image holds all of this, also when only a part was seen.
            affine, *_ = np.linalg.lstsq(flat[found], pixels[found], rcond=None)
            width = float(max(self.sizes[camera]))
            stretch, turn = affine[:2].T, np.arctan2(affine[0, 1], affine[0, 0])
            sizes = np.linalg.svd(stretch, compute_uv=False)
            middle = np.nanmean(pixels, axis=0) / width
            tilt = sizes[1] / max(sizes[0], 1e-12)
            features[camera, view] = *middle, np.log(max(sizes[0], 1e-12)), turn / np.pi, tilt
        return features

    def coverage(self, n_bins: int = N_BINS) -> np.ndarray:
        """Count the points seen in parts of each image, (n_cameras, n_bins, n_bins), rows from the top."""
        counts = np.zeros((len(self.cameras), n_bins, n_bins), dtype=int)
        for number, (size, pixels) in enumerate(zip(self.sizes, self.corners, strict=True)):
            known = pixels[np.isfinite(pixels).all(axis=-1)]
            column, row = np.clip(((known + 0.5) / size * n_bins).astype(int), 0, n_bins - 1).T
            np.add.at(counts[number], (row, column), 1)
        return counts
