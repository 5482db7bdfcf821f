"""What the demo found, against the exact truth."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from marey.errors import InputError


@dataclass(frozen=True)
class Findings:
    """Errors of predicted poses against the exact truth.

    Parameters
    ----------
    mean_error_px, median_error_px
        Of the Euclidean distances of all keypoints that were found.
    mean_error_percent
        The mean error in percent of the body length.
    body_length_px
        From the snout to the root of the tail of a straight animal.
    missing_percent
        How many keypoints were not found.
    per_keypoint_px
        Mean error by keypoint; NaN where it was never found.
    n_frames
        How many frames were compared.
    """

    mean_error_px: float
    median_error_px: float
    mean_error_percent: float
    body_length_px: float
    missing_percent: float
    per_keypoint_px: dict[str, float]
    n_frames: int


def compare_with_truth(poses: xr.Dataset, truth: xr.Dataset, body_length_px: float) -> Findings:
    """Compare predicted poses of one animal with its exact truth, hidden keypoints included.

    Parameters
    ----------
    poses, truth
        In the schema of :mod:`marey.model.poses`, with the same frames and keypoints.
    body_length_px
        What percentages refer to.

    Raises
    ------
    InputError
        Frames or keypoints differ, or there is more than one animal.
    """
    for name, mine, its in (
        ("frames", poses.frame.values, truth.frame.values),
        ("keypoints", poses.keypoint.values, truth.keypoint.values),
    ):
        if not np.array_equal(mine, its):
            raise InputError(f"the poses and the truth must have the same {name}")
    if truth.sizes["individual"] != 1 or poses.sizes["individual"] != 1:
        raise InputError(
            f"expected one individual, got {poses.sizes['individual']} in the poses and "
            f"{truth.sizes['individual']} in the truth"
        )
    gaps = poses["position"].values[..., 0] - truth["position"].values[..., 0]
    errors = np.hypot(gaps[:, 0], gaps[:, 1])  # (n_frames, n_keypoints)
    found = errors[np.isfinite(errors)]
    mean = float(found.mean()) if found.size else float("nan")
    return Findings(
        mean_error_px=mean,
        median_error_px=float(np.median(found)) if found.size else float("nan"),
        mean_error_percent=100 * mean / body_length_px,
        body_length_px=body_length_px,
        missing_percent=100 * (1 - found.size / max(errors.size, 1)),
        per_keypoint_px={
            str(name): float(column[np.isfinite(column)].mean())
            if np.isfinite(column).any()
            else float("nan")
            for name, column in zip(truth.keypoint.values, errors.T, strict=True)
        },
        n_frames=len(errors),
    )
