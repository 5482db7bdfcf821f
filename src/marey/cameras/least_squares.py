"""Levenberg–Marquardt for problems of cameras and things that cameras see.

The unknowns are a few numbers for each camera and a few for each *item*: the pose of a board, or a point. An
observation touches one camera and one item, so the normal equations have blocks, and the items can be
eliminated exactly (the Schur complement; Triggs et al. 2000, "Bundle adjustment: a modern synthesis", section
6.1). What is left is as small as the cameras are few, whatever the number of items. Observations that fit
badly lose weight by Cauchy's loss, whose scale is estimated from the residuals themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg

MAX_STEPS = 60
ROUNDS = 5
TOLERANCE = 1e-9
# While the scale of the loss is still being found, there is no point in settling.
STEPS_BEFORE_LAST = 8
MIN_SIGMA_PX = 1e-3
CAUCHY_SIGMAS = 3.0
# The median length of a two-dimensional Gaussian with a standard deviation of 1 along each axis.
MEDIAN_RADIUS = 1.1774


@dataclass(frozen=True)
class Linearised:
    """Residuals and derivatives of a block of observations that touch the same camera and item.

    Parameters
    ----------
    camera, item
        Which, for each of `n_blocks` blocks.
    residual
        Seen minus projected, shape (n_blocks, n_points, 2), px; NaN where nothing was seen.
    by_camera, by_item
        Derivatives of the projection, shapes (n_blocks, n_points, 2, n_camera) and (n_blocks, n_points, 2,
        n_item).
    """

    camera: np.ndarray
    item: np.ndarray
    residual: np.ndarray
    by_camera: np.ndarray
    by_item: np.ndarray


class Problem(Protocol):
    """What can be adjusted."""

    def linearise(self, cameras: np.ndarray, items: np.ndarray) -> Linearised:
        """Return residuals and derivatives at these unknowns."""

    def residuals(self, cameras: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return the residuals alone, shape (n_blocks, n_points, 2)."""


@dataclass(frozen=True)
class Solution:
    """The unknowns where the weighted squares are least.

    Parameters
    ----------
    cameras, items
        Shapes (n_cameras, n_camera) and (n_items, n_item).
    residual
        Shape (n_blocks, n_points, 2), px.
    sigma_px
        Robust standard deviation of the residuals along one axis.
    covariance
        Of the camera unknowns, flattened, shape (n_cameras · n_camera,) twice; 0 for those that were held.
    n_steps
        How many steps were taken.
    """

    cameras: np.ndarray
    items: np.ndarray
    residual: np.ndarray
    sigma_px: float
    covariance: np.ndarray
    n_steps: int


@dataclass(frozen=True)
class Prior:
    """Knowledge of the camera unknowns beforehand: a Gaussian for each camera.

    Parameters
    ----------
    mean
        Shape (n_cameras, n_camera).
    precision
        Inverse covariances, shape (n_cameras, n_camera, n_camera); 0 where nothing is known.
    """

    mean: np.ndarray
    precision: np.ndarray

    def pull(self, cameras: np.ndarray) -> np.ndarray:
        """Return precision · (cameras - mean), shape (n_cameras, n_camera)."""
        return (self.precision @ (cameras - self.mean)[..., None])[..., 0]


def adjust(
    problem: Problem,
    cameras: np.ndarray,
    items: np.ndarray,
    *,
    free: np.ndarray,
    prior: Prior | None = None,
    max_steps: int = MAX_STEPS,
) -> Solution:
    """Find the cameras and items that explain the observations best.

    Parameters
    ----------
    problem
        Gives residuals and derivatives.
    cameras, items
        Where to start, shapes (n_cameras, n_camera) and (n_items, n_item).
    free
        bool, the shape of `cameras`: False holds an unknown where it starts. At least the gauge must be held.
    prior
        What is known of the cameras beforehand.
    max_steps
        At most so many steps for each estimate of the scale of the residuals.
    """
    prior = prior or Prior(cameras, np.zeros((*cameras.shape, cameras.shape[1])))
    residual = problem.residuals(cameras, items)
    sigma, n_steps = robust_sigma(residual), 0
    for _ in range(ROUNDS):
        few = min(STEPS_BEFORE_LAST, max_steps)
        cameras, items, steps = _descend(problem, cameras, items, free, prior, sigma, few)
        n_steps += steps
        before, sigma = sigma, robust_sigma(problem.residuals(cameras, items))
        if abs(sigma - before) < 0.02 * before:
            break
    if max_steps > STEPS_BEFORE_LAST:
        cameras, items, steps = _descend(problem, cameras, items, free, prior, sigma, max_steps)
        n_steps += steps
    at = problem.linearise(cameras, items)
    reduced = _Reduced.build(at, cameras, items, prior, sigma)
    covariance = _covariance(reduced.schur(0.0)[0], free.ravel()) * sigma**2
    return Solution(cameras, items, at.residual, sigma, covariance, n_steps)


def robust_sigma(residual: np.ndarray) -> float:
    """Return the standard deviation along one axis from the median length of residuals, at least 0.001 px."""
    length = np.linalg.norm(residual, axis=-1)
    known = length[np.isfinite(length)]
    return max(float(np.median(known)) / MEDIAN_RADIUS, MIN_SIGMA_PX) if len(known) else MIN_SIGMA_PX


def _descend(
    problem: Problem,
    cameras: np.ndarray,
    items: np.ndarray,
    free: np.ndarray,
    prior: Prior,
    sigma: float,
    max_steps: int,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Take steps until they gain nothing, with the scale of the loss fixed."""
    damping = 1e-4
    cost = _cost(problem.residuals(cameras, items), cameras, prior, sigma)
    for step in range(max_steps):
        reduced = _Reduced.build(problem.linearise(cameras, items), cameras, items, prior, sigma)
        while True:
            move, item_move = reduced.solve(damping, free)
            tried = cameras + move, items + item_move
            new_cost = _cost(problem.residuals(*tried), tried[0], prior, sigma)
            if new_cost <= cost or damping > 1e8:
                break
            damping *= 6.0
        if not new_cost < cost:
            return cameras, items, step
        gain, cost = cost - new_cost, new_cost
        cameras, items = tried
        damping = max(damping / 5.0, 1e-12)
        if gain < TOLERANCE * (cost + TOLERANCE):
            return cameras, items, step + 1
    return cameras, items, max_steps


def _cost(residual: np.ndarray, cameras: np.ndarray, prior: Prior, sigma: float) -> float:
    """Return the sum of Cauchy's loss and the prior; enormous where a seen point falls behind a camera."""
    scale = CAUCHY_SIGMAS * sigma
    squares = (residual**2).sum(axis=-1) / scale**2
    with np.errstate(invalid="ignore"):
        total = scale**2 * np.log1p(squares[~np.isnan(squares)]).sum()
    total += sigma**2 * (prior.pull(cameras) * (cameras - prior.mean)).sum()
    return float(total) if np.isfinite(total) else np.inf


def weights(residual: np.ndarray, sigma: float) -> np.ndarray:
    """Return the weight of each residual under Cauchy's loss, in [0, 1]; 0 where it is missing."""
    squares = (residual**2).sum(axis=-1) / (CAUCHY_SIGMAS * sigma) ** 2
    return np.where(np.isfinite(squares), 1 / (1 + np.nan_to_num(squares)), 0.0)


@dataclass
class _Reduced:
    """The blocks of the normal equations: cameras U, items V, and what ties them, W, densely by item."""

    U: np.ndarray  # (n_cameras, p, p)
    V: np.ndarray  # (n_items, q, q)
    W: np.ndarray  # (n_items, n_cameras, p, q)
    gradient: np.ndarray  # (n_cameras, p)
    item_gradient: np.ndarray  # (n_items, q)

    @classmethod
    def build(
        cls, at: Linearised, cameras: np.ndarray, items: np.ndarray, prior: Prior, sigma: float
    ) -> _Reduced:
        (n_cameras, p), (n_items, q) = cameras.shape, items.shape
        weight = np.sqrt(weights(at.residual, sigma))[..., None]
        n_blocks, n_rows = len(at.camera), 2 * at.residual.shape[1]
        residual = (weight * np.nan_to_num(at.residual)).reshape(n_blocks, n_rows, 1)
        is_seen = weight[..., None] > 0
        J = np.where(is_seen, weight[..., None] * at.by_camera, 0.0).reshape(n_blocks, n_rows, p)
        K = np.where(is_seen, weight[..., None] * at.by_item, 0.0).reshape(n_blocks, n_rows, q)
        Jt, Kt = J.transpose(0, 2, 1), K.transpose(0, 2, 1)
        U, gradient = np.zeros((n_cameras, p, p)), np.zeros((n_cameras, p))
        V, item_gradient = np.zeros((n_items, q, q)), np.zeros((n_items, q))
        W = np.zeros((n_items, n_cameras, p, q))
        np.add.at(U, at.camera, Jt @ J)
        np.add.at(V, at.item, Kt @ K)
        np.add.at(W, (at.item, at.camera), Jt @ K)
        np.add.at(gradient, at.camera, (Jt @ residual)[..., 0])
        np.add.at(item_gradient, at.item, (Kt @ residual)[..., 0])
        U += sigma**2 * prior.precision
        gradient -= sigma**2 * prior.pull(cameras)
        return cls(U, V, W, gradient, item_gradient)

    def schur(self, damping: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Eliminate the items; return the cameras' equations, their right side, and the items' own steps."""
        n_items, n_cameras, p, q = self.W.shape
        V = self.V + 0.0
        each = np.arange(q)
        largest = np.maximum(V[:, each, each].max(axis=1, initial=0.0), 1e-12)[:, None]
        V[:, each, each] += damping * V[:, each, each] + 1e-14 * largest
        tied = self.W.reshape(n_items, n_cameras * p, q)
        back = np.linalg.solve(V, tied.transpose(0, 2, 1))  # (n_items, q, n_cameras p)
        S = -(tied.transpose(1, 0, 2).reshape(n_cameras * p, -1) @ back.reshape(-1, n_cameras * p))
        for i in range(n_cameras):
            block = slice(i * p, (i + 1) * p)
            S[block, block] += self.U[i] + damping * np.diag(np.diag(self.U[i]))
        right = self.gradient.ravel() - np.einsum("iqn,iq->n", back, self.item_gradient)
        return (
            S,
            right,
            np.linalg.solve(V, self.item_gradient[..., None])[..., 0] if n_items else back[:, :, 0],
        )

    def solve(self, damping: float, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps of the cameras and of the items."""
        _, n_cameras, p, q = self.W.shape
        S, right, item_step = self.schur(damping)
        move = np.zeros(n_cameras * p)
        if free.any():
            chosen = np.flatnonzero(free.ravel())
            move[chosen] = _solve_symmetric(S[np.ix_(chosen, chosen)], right[chosen])
        move = move.reshape(n_cameras, p)
        V = self.V + 0.0
        each = np.arange(q)
        largest = np.maximum(V[:, each, each].max(axis=1, initial=0.0), 1e-12)[:, None]
        V[:, each, each] += damping * V[:, each, each] + 1e-14 * largest
        pulled = np.einsum("icpq,cp->iq", self.W, move)
        return move, item_step - np.linalg.solve(V, pulled[..., None])[..., 0]


def _solve_symmetric(curvature: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Solve with each unknown scaled by its own curvature: focal lengths and angles differ much."""
    scale = 1 / np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    scaled = curvature * scale[:, None] * scale
    try:
        return scale * linalg.cho_solve(linalg.cho_factor(scaled), scale * b)
    except linalg.LinAlgError:
        return scale * np.linalg.lstsq(scaled, scale * b, rcond=1e-12)[0]


def _covariance(curvature: np.ndarray, free: np.ndarray) -> np.ndarray:
    covariance = np.zeros_like(curvature)
    if free.any():
        chosen = np.flatnonzero(free)
        A = curvature[np.ix_(chosen, chosen)]
        scale = 1 / np.sqrt(np.maximum(np.diag(A), 1e-300))
        inverse = np.linalg.pinv(A * scale[:, None] * scale, rcond=1e-13, hermitian=True)
        covariance[np.ix_(chosen, chosen)] = inverse * scale[:, None] * scale
    return covariance
