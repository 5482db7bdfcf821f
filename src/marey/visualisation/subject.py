"""What figures and videos need to know of poses besides the points: edges, units, names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.metrics.medians import known_median
from marey.model import Skeleton, read_skeleton, standardise_poses

if TYPE_CHECKING:
    import xarray as xr


def find_skeleton(poses: xr.Dataset, skeleton: Skeleton | None = None) -> Skeleton:
    """Return the skeleton of `poses`: the one given or the one stored with them, the first that has edges.

    Edges that name a keypoint that the poses do not have are left out.
    """
    keypoints = tuple(str(name) for name in poses["keypoint"].to_numpy())
    edges = skeleton.edges if skeleton is not None and skeleton.edges else read_skeleton(poses).edges
    return Skeleton(keypoints, tuple(edge for edge in edges if set(edge) <= set(keypoints)))


@dataclass(frozen=True)
class Subject:
    """Poses as plain arrays.

    Parameters
    ----------
    points
        (x, y), shape (n_rows, n_keypoints, n_individuals, 2); of 3D poses the first two axes.
    confidence
        Shape (n_rows, n_keypoints, n_individuals).
    time, frames
        Shape (n_rows,).
    is_timed
        Whether `time` is in seconds.
    fps
        Rows per second, or per unit of `time`.
    keypoints, individuals
        Names.
    """

    points: np.ndarray
    confidence: np.ndarray
    time: np.ndarray
    frames: np.ndarray
    is_timed: bool
    fps: float
    keypoints: tuple[str, ...]
    individuals: tuple[str, ...]

    @classmethod
    def of(cls, poses: xr.Dataset) -> Subject:
        """Take what is needed out of a poses Dataset."""
        poses = standardise_poses(poses)
        time = poses["time"].to_numpy().astype(np.float64)
        steps = np.diff(time)
        return cls(
            points=np.moveaxis(poses["position"].to_numpy()[:, :2], 1, -1),
            confidence=poses["confidence"].to_numpy(),
            time=time,
            frames=poses["frame"].to_numpy(),
            is_timed=poses.attrs.get("time_unit") == "seconds",
            fps=float(1 / np.median(steps)) if len(steps) and np.median(steps) > 0 else 1.0,
            keypoints=tuple(str(name) for name in poses["keypoint"].to_numpy()),
            individuals=tuple(str(name) for name in poses["individual"].to_numpy()),
        )

    def centres(self) -> np.ndarray:
        """Return the median of each animal's points, which one wild point hardly moves.

        Returns
        -------
        numpy.ndarray
            Shape (n_rows, n_individuals, 2); NaN where no point is there.
        """
        known = np.isfinite(self.points).all(axis=-1, keepdims=True)
        return known_median(np.where(known, self.points, np.nan), axis=1)
