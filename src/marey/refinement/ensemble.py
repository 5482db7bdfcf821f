"""Several networks' predictions of one video made one: their disagreement says how far each point may be off.

The ensemble Kalman smoother of Biderman et al. (2024, Nature Methods 21, 1316, "EKS"): the median over the
ensemble is the measurement, its variance over the ensemble the variance of the measurement, and a Kalman
smoother runs over it, so that it follows the networks where they agree and the motion where they do not. Here
the smoother is the one of :mod:`marey.refinement.kalman`, which finds the liveliness of each keypoint by
itself and distrusts jumps.

Several views, and keypoints that move together, can share what they know: the coordinates of all of them are
described by a few latent coordinates (principal components of the frames in which the ensemble agrees), and
the latents are what is smoothed. Three serve for one point seen by several cameras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, InputError
from marey.model import append_history
from marey.refinement.kalman import kalman_smooth
from marey.refinement.series import PLANE_DIMENSIONS, is_present, prepare, with_position
from marey.refinement.viterbi import check_alike

if TYPE_CHECKING:
    import xarray as xr

MIN_MEMBERS = 2
MIN_SIGMA_PX = 0.05
MEAN_DISTANCE = np.sqrt(np.pi / 2)
AGREE_QUANTILE = 0.5
MIN_ROWS = 20
RIDGE = 1e-9


def combine_ensemble(predictions: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the median of several predictions; ``expected_error`` is what their disagreement says.

    Parameters
    ----------
    predictions
        Of the same frames, keypoints and individuals, by different networks; at least two.

    Returns
    -------
    xarray.Dataset
        A point is there where at least half of the networks see it; ``confidence`` is their mean, and
        ``expected_error`` the mean distance from the truth of a point with the variance of the ensemble.

    Raises
    ------
    InputError
        There are fewer than two predictions, or they do not belong together.
    """
    if len(predictions) < MIN_MEMBERS:
        raise InputError(
            f"an ensemble has at least two predictions, got {len(predictions)}",
            hint="train the network with several seeds, and predict with each",
        )
    tables = [prepare(table) for table in predictions]
    check_alike(tables)
    position = np.stack([table["position"].to_numpy() for table in tables])
    present = np.stack([is_present(table["position"].to_numpy()) for table in tables])
    count = present.sum(axis=0)
    enough = (count >= MIN_MEMBERS) & (2 * count >= len(tables))
    seen = np.where(present[:, :, None], position, np.nan)
    middle = _median(seen)
    squares = np.where(present[:, :, None], (seen - middle) ** 2, 0.0).sum(axis=(0, 2))
    n_space = position.shape[2]
    variance = squares / (n_space * np.maximum(count - 1, 1))
    error = MEAN_DISTANCE * np.sqrt(np.maximum(variance, MIN_SIGMA_PX**2))
    confidence = np.stack([table["confidence"].to_numpy() for table in tables])
    mean = np.where(present, np.nan_to_num(confidence), 0.0).sum(axis=0) / np.maximum(count, 1)
    known = np.where(present, np.isfinite(confidence), True).all(axis=0)
    result = with_position(tables[0], np.where(enough[:, None], middle, np.nan))
    result = result.assign(
        confidence=(PLANE_DIMENSIONS, np.where(enough & known, mean, np.nan)),
        expected_error=(PLANE_DIMENSIONS, np.where(enough, error, np.nan)),
    ).drop_vars("error_90", errors="ignore")
    return append_history(result, "combine_ensemble", n_members=len(tables))


def ensemble_smooth(predictions: Sequence[xr.Dataset], *, n_latents: int | None = None) -> xr.Dataset:
    """Combine the predictions of several networks and smooth them with what their disagreement says.

    Parameters
    ----------
    predictions
        As in :func:`combine_ensemble`.
    n_latents
        Describe all keypoints of an animal together by so many latent coordinates, for points that move as
        one, such as those around a pupil; None smooths each keypoint by itself.

    Raises
    ------
    ConfigError
        `n_latents` is not between 1 and the number of coordinates.
    """
    combined = combine_ensemble(predictions)
    if n_latents is not None:
        combined = _share({"": combined}, n_latents, by_keypoint=False)[""]
    return append_history(kalman_smooth(combined), "ensemble_smooth", n_latents=n_latents or 0)


def ensemble_smooth_views(
    predictions: Mapping[str, Sequence[xr.Dataset]], *, n_latents: int = 3
) -> dict[str, xr.Dataset]:
    """Smooth an ensemble across cameras, which need not be calibrated.

    Each keypoint's coordinates in all cameras are described by latent coordinates together, so a camera that
    sees it well helps one in which it is hidden.

    Parameters
    ----------
    predictions
        By camera, the predictions of each network; all of the same frames.
    n_latents
        A point in space has three.

    Returns
    -------
    dict
        Smoothed poses by camera.

    Raises
    ------
    InputError
        There are fewer than two cameras, or the cameras do not belong together.
    """
    if len(predictions) < 2:
        raise InputError(f"expected the predictions of at least two cameras, got {len(predictions)}")
    combined = {name: combine_ensemble(members) for name, members in predictions.items()}
    check_alike(list(combined.values()))
    shared = _share(combined, n_latents, by_keypoint=True)
    return {
        name: append_history(kalman_smooth(table), "ensemble_smooth_views", n_latents=n_latents)
        for name, table in shared.items()
    }


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over the first axis, silently NaN where there is nothing."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    n = np.isfinite(values).sum(axis=0, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis=0)
    high = np.take_along_axis(ordered, np.minimum(n // 2, len(values) - 1), axis=0)
    return ((low + high) / 2)[0]


def _share(tables: Mapping[str, xr.Dataset], n_latents: int, *, by_keypoint: bool) -> dict[str, xr.Dataset]:
    """Return the tables with each group of coordinates as its latents say, and how sure that is."""
    names = list(tables)
    position = np.stack([tables[name]["position"].to_numpy() for name in names])  # view, time, space, k, i
    error = np.stack([tables[name]["expected_error"].to_numpy() for name in names])
    n_keypoints = position.shape[3]
    groups = [[k] for k in range(n_keypoints)] if by_keypoint else [list(range(n_keypoints))]
    n_coordinates = position.shape[2] * (len(names) if by_keypoint else n_keypoints)
    if not 1 <= n_latents <= n_coordinates:
        raise ConfigError(f"expected from 1 to {n_coordinates} latent coordinates, got {n_latents}")
    position, error = position.copy(), error.copy()
    for i in range(position.shape[4]):
        for group in groups:
            block, sigma = position[:, :, :, group, i], error[:, :, group, i] / MEAN_DISTANCE
            found = _fit_latents(block, sigma, n_latents)
            if found is not None:
                position[:, :, :, group, i], sigma = found
                error[:, :, group, i] = sigma * MEAN_DISTANCE
    return {
        name: with_position(tables[name], position[v]).assign(expected_error=(PLANE_DIMENSIONS, error[v]))
        for v, name in enumerate(names)
    }


def _fit_latents(
    block: np.ndarray, sigma: np.ndarray, n_latents: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what the latents say of (n_views, n_frames, n_space, n_keypoints), and its deviation.

    What is left over in the frames in which the ensemble agrees, less its noise, a coordinate has of its own.
    """
    n_views, n_frames, n_space, n_keypoints = block.shape
    flat = np.moveaxis(block, 1, 0).reshape(n_frames, -1)
    spread = np.broadcast_to(np.moveaxis(sigma, 1, 0)[:, :, None], (n_frames, n_views, n_space, n_keypoints))
    variance = spread.reshape(n_frames, -1) ** 2
    known = np.isfinite(flat) & np.isfinite(variance)
    whole = np.flatnonzero(known.all(axis=1))
    if len(whole) < MIN_ROWS:
        return None
    worst = variance[whole].max(axis=1)
    calm = whole[worst <= np.quantile(worst, AGREE_QUANTILE)]
    mean = flat[calm].mean(axis=0)
    _, _, axes = np.linalg.svd(flat[calm] - mean, full_matrices=False)
    axes = axes[:n_latents]
    centred = flat[calm] - mean
    left = ((centred - centred @ axes.T @ axes) ** 2).mean(axis=0)
    own = np.maximum(left - variance[calm].mean(axis=0), 0.0)
    weight = np.where(known, 1 / (np.where(known, variance, 1.0) + own), 0.0)
    matrix = np.einsum("la,ta,ma->tlm", axes, weight, axes)
    scale = np.trace(matrix, axis1=1, axis2=2)[:, None, None] / n_latents
    matrix += RIDGE * np.maximum(scale, RIDGE) * np.eye(n_latents)
    right = np.einsum("la,ta->tl", axes, weight * np.where(known, flat - mean, 0.0))
    enough = known.sum(axis=1) >= n_latents
    latents = np.linalg.solve(matrix, right[..., None])[..., 0]
    told = mean + latents @ axes
    # What a coordinate has of its own, such as perspective, only its own measurement tells.
    gain = np.where(known, own / (own + np.where(known, variance, 1.0)), 0.0)
    told = np.where(known & enough[:, None], told + gain * np.where(known, flat - told, 0.0), flat)
    inverse = np.linalg.inv(matrix)
    shared = np.einsum("la,tlm,ma->ta", axes, inverse, axes)
    deviation = np.sqrt((1 - gain) ** 2 * shared + gain * np.where(known, variance, 0.0))
    shape = (n_frames, n_views, n_space, n_keypoints)
    deviation = np.where(known & enough[:, None], deviation, np.sqrt(variance)).reshape(shape)
    return np.moveaxis(told.reshape(shape), 0, 1), np.moveaxis(np.sqrt((deviation**2).mean(axis=2)), 0, 1)
