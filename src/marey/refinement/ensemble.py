"""Several networks' predictions of one video made one: their disagreement says how far each point may be off.

The ensemble Kalman smoother of Biderman et al. (2024, Nature Methods 21, 1316, "EKS"): the median over the
ensemble is the measurement, its variance over the ensemble the variance of the measurement, and a Kalman
smoother runs over it, so that it follows the networks where they agree and the motion where they do not. Here
the smoother is the one of :mod:`marey.refinement.kalman`, which finds the liveliness of each keypoint by
itself and distrusts jumps.

Several views, and keypoints that move together, can share what they know: the coordinates of all of them are
described by a few latent coordinates, found in the frames in which the ensemble agrees. Three serve for one
point seen by several cameras. The original's are principal components; here coordinates may also bend with
the latents, as they do by perspective.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, InputError
from marey.metrics.medians import known_median
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
ROWS_PER_TERM = 5
"""Coordinates bend with the latents only where there are so many frames for each term of the polynomial."""
N_ROUNDS = 2
N_STEPS = 4
CHUNK_FRAMES = 10_000
TINY = 1e-9


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
    middle = known_median(seen, axis=0)
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


@dataclass(frozen=True, eq=False)
class _Surface:
    """How coordinates follow from latents.

    Parameters
    ----------
    terms
        Coefficients of the monomials, shape (n_terms, n_coordinates).
    own
        The variance that each coordinate has of its own, shape (n_coordinates,).
    n_latents
        How many there are.
    """

    terms: np.ndarray
    own: np.ndarray
    n_latents: int


def _fit_latents(
    block: np.ndarray, sigma: np.ndarray, n_latents: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what the latents say of (n_views, n_frames, n_space, n_keypoints), and its deviation.

    What a coordinate has of its own, only its own measurement tells.
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
    surface = _learn_surface(flat, variance, whole[worst <= np.quantile(worst, AGREE_QUANTILE)], n_latents)
    noise = np.where(known, variance, 1.0)
    latents, shared = _find_latents(surface, flat, np.where(known, 1 / (noise + surface.own), 0.0))
    told = _monomials(latents) @ surface.terms
    gain = np.where(known, surface.own / (surface.own + noise), 0.0)
    is_told = known & (known.sum(axis=1) >= n_latents)[:, None]
    told = np.where(is_told, told + gain * np.where(known, flat - told, 0.0), flat)
    deviation = np.sqrt(np.where(is_told, (1 - gain) ** 2 * shared + gain * noise, variance))

    def arranged(values: np.ndarray) -> np.ndarray:
        return np.moveaxis(values.reshape(n_frames, n_views, n_space, n_keypoints), 0, 1)

    return arranged(told), np.sqrt((arranged(deviation) ** 2).mean(axis=2))


def _learn_surface(flat: np.ndarray, variance: np.ndarray, calm: np.ndarray, n_latents: int) -> _Surface:
    """Learn how coordinates (n_frames, n_coordinates) follow from latents, in the frames `calm`.

    What is left over there, less the noise, is a coordinate's own.
    """
    rows, noise = flat[calm], variance[calm]
    n = flat.shape[1]
    surface = _Surface(_fit_terms(_principal(rows, n_latents), rows), np.zeros(n), n_latents)
    for _ in range(N_ROUNDS):
        latents, _ = _find_latents(surface, rows, 1 / (noise + surface.own))
        terms = _fit_terms(latents, rows)
        # The latents took their share of each frame's noise along.
        left = ((rows - _monomials(latents) @ terms) ** 2).mean(axis=0) * n / max(1, n - n_latents)
        surface = _Surface(terms, np.maximum(left - noise.mean(axis=0), 0.0), n_latents)
    return surface


def _principal(rows: np.ndarray, n_latents: int) -> np.ndarray:
    """Return the first principal components of rows (n, n_coordinates), shape (n, n_latents).

    Each has the variance 1; those that there are not are 0.
    """
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    n_found = int((sizes[:n_latents] > TINY * max(sizes[0], TINY)).sum())
    components = np.zeros((len(rows), n_latents))
    components[:, :n_found] = left[:, :n_found] * np.sqrt(len(rows))
    return components


def _monomials(latents: np.ndarray) -> np.ndarray:
    """Return 1, each latent and each product of two of (n, n_latents), shape (n, n_terms)."""
    i, j = np.triu_indices(latents.shape[1])
    return np.concatenate([np.ones((len(latents), 1)), latents, latents[:, i] * latents[:, j]], axis=1)


def _slopes(latents: np.ndarray) -> np.ndarray:
    """Return the derivatives of the monomials by the latents, shape (n, n_latents, n_terms)."""
    n, n_latents = latents.shape
    i, j = np.triu_indices(n_latents)
    unit = np.eye(n_latents)
    products = unit[:, i] * latents[:, None, j] + unit[:, j] * latents[:, None, i]
    linear = np.broadcast_to(unit, (n, n_latents, n_latents))
    return np.concatenate([np.zeros((n, n_latents, 1)), linear, products], axis=2)


def _fit_terms(latents: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return how coordinates (n, n_coordinates) follow from latents, shape (n_terms, n_coordinates).

    Products of latents are left out where there are too few rows to tell.
    """
    monomials = _monomials(latents)
    n_fitted = monomials.shape[1]
    if len(rows) < ROWS_PER_TERM * n_fitted:
        n_fitted = 1 + latents.shape[1]
    terms = np.zeros((monomials.shape[1], rows.shape[1]))
    terms[:n_fitted] = np.linalg.lstsq(monomials[:, :n_fitted], rows, rcond=None)[0]
    return terms


def _find_latents(surface: _Surface, flat: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents that fit each frame best, and the variance that they leave to each coordinate.

    Gauss-Newton on weighted squares, with the latents normally distributed beforehand, of variance 1.

    Parameters
    ----------
    surface
        How coordinates follow from latents.
    flat, weight
        Coordinates and 1 / variance (0 where not known), shape (n_frames, n_coordinates).
    """
    terms, n_latents = surface.terms, surface.n_latents
    found, variance = [], []
    for start in range(0, len(flat), CHUNK_FRAMES):
        w = weight[start : start + CHUNK_FRAMES]
        rows = np.where(w > 0, flat[start : start + CHUNK_FRAMES], 0.0)
        latents = np.zeros((len(rows), n_latents))
        for step in range(N_STEPS + 1):
            slope = _slopes(latents) @ terms
            matrix = np.einsum("tla,ta,tma->tlm", slope, w, slope) + np.eye(n_latents)
            if step == N_STEPS:
                break
            pull = np.einsum("tla,ta->tl", slope, w * (rows - _monomials(latents) @ terms)) - latents
            latents = latents + np.linalg.solve(matrix, pull[..., None])[..., 0]
        found.append(latents)
        variance.append(np.einsum("tla,tlm,tma->ta", slope, np.linalg.inv(matrix), slope))
    return np.concatenate(found), np.concatenate(variance)
