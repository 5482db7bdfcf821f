"""3D points of one animal with everything that is known about them, and their way into a poses Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.model import create_poses

if TYPE_CHECKING:
    import xarray as xr

    from marey.reconstruction.observations import Observations
    from marey.reconstruction.sight import Sight

CHI_SQUARE_90 = 6.251
"""The squared Mahalanobis distance that holds 90 % of a normal distribution in space."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The points of one animal.

    Parameters
    ----------
    points
        Shape (n_frames, n_keypoints, 3); NaN is missing.
    covariance
        Shape (n_frames, n_keypoints, 3, 3).
    used
        Which cameras each point was computed from, bool, shape (n_cameras, n_frames, n_keypoints).
    sigma_px
        The standard deviation of each observation along one axis, pixels, same shape.
    """

    points: np.ndarray
    covariance: np.ndarray
    used: np.ndarray
    sigma_px: np.ndarray

    @property
    def is_found(self) -> np.ndarray:
        """Which points there are, bool, shape (n_frames, n_keypoints)."""
        return np.isfinite(self.points).all(axis=-1)


def reprojection_distances(sight: Sight, points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return how far the projections are from what was seen, pixels; NaN where either is missing.

    Parameters
    ----------
    sight
        The cameras.
    points
        Shape (..., 3).
    pixels
        Shape (n_cameras, ..., 2).

    Returns
    -------
    numpy.ndarray
        Shape (n_cameras, ...).
    """
    projected = sight.project(points.reshape(-1, 3)).reshape(pixels.shape)
    return np.linalg.norm(projected - pixels, axis=-1)


def expected_distance(covariance: np.ndarray) -> np.ndarray:
    """Return the mean distance from the truth that a covariance (..., 3, 3) stands for.

    The mean of the root of a quadratic form, to second order: √tr Σ · (1 - tr Σ² / (4 (tr Σ)²)); within 1 %
    for round covariances and 6 % for the longest.
    """
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    squared = (covariance * covariance).sum(axis=(-2, -1))
    safe = np.where(trace > 0, trace, 1.0)
    return np.sqrt(np.maximum(trace, 0.0)) * (1 - squared / (4 * safe**2))


def to_poses(
    observations: Observations, sight: Sight, solutions: Sequence[Solution], attributes: dict[str, Any]
) -> xr.Dataset:
    """Return the solutions, one for each individual, as 3D poses.

    ``confidence`` is the mean confidence of the cameras used, ``expected_error`` the mean distance from the
    truth that the covariance stands for.
    """
    columns: dict[str, list[np.ndarray]] = {}
    for i, solution in enumerate(solutions):
        pixels, known = observations.pixels[:, :, :, i], observations.confidence[:, :, :, i]
        used = solution.used & solution.is_found
        off = np.where(used, reprojection_distances(sight, solution.points, pixels), 0.0)
        count = used.sum(axis=0)
        parts = {
            "position": np.moveaxis(solution.points, -1, 1),
            "covariance": np.moveaxis(solution.covariance, 1, -1),
            "n_cameras": np.where(solution.is_found, count, 0),
            "reprojection_error": _mean(off.sum(axis=0), count),
            "confidence": _mean(np.where(used, known, 0.0).sum(axis=0), count),
            "expected_error": expected_distance(solution.covariance),
        }
        for name, values in parts.items():
            columns.setdefault(name, []).append(values)
    stacked = {name: np.stack(values, axis=-1) for name, values in columns.items()}
    seconds = observations.attributes.get("time_unit") == "seconds"
    return create_poses(
        stacked.pop("position"),
        keypoints=observations.keypoints,
        individuals=observations.individuals,
        frames=observations.frames,
        timestamps_s=observations.time if seconds else None,
        fps=observations.attributes.get("fps"),
        attributes={
            **{k: v for k, v in observations.attributes.items() if k not in ("fps", "time_unit")},
            "cameras": ", ".join(observations.cameras),
            **attributes,
        },
        **stacked,  # type: ignore[arg-type]
    )


def _mean(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
