"""Refinement of a whole recording: projections, smooth motion and limbs of constant length, all at once.

What is minimised over the positions x(t, k) of all keypoints in all frames::

    Σ ρ(|projection of x in camera c - what c saw|² / σ²)            every observation, heavy-tailed
  + Σ (second difference of x in time)² / q                          the velocity wanders with intensity q
  + Σ (distance of two joints - length of their limb)² / spread²     constant and nearly constant limbs

ρ belongs to Student's t distribution; observations beyond the threshold do not count. q, the lengths and the
spreads are learned from the recording. Each step solves the normal equations, whose derivatives are analytic
and whose matrix is banded, exactly (:mod:`marey.reconstruction.banded`). Long recordings are solved in blocks
that overlap by more than the reach of the smoothness, so that memory does not grow with their length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from marey.errors import ConfigError
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.reconstruction.banded import NormalEquations, apply_diagonals, smoothness_diagonals
from marey.reconstruction.limbs import Limb, learn_limbs, limb_lengths, neighbourhood_graph
from marey.reconstruction.linear import normal_matrix, normal_vector
from marey.reconstruction.liveliness import estimate_liveliness
from marey.reconstruction.noise import persistence
from marey.reconstruction.sight import Sight
from marey.reconstruction.solution import Solution

DEGREES_OF_FREEDOM = 4.0
MAX_STEPS = 12
MAX_HALVINGS = 4
DONE = 0.02
"""Steps end when points move, in the mean, by less than this part of their standard deviation."""
BLOCK_FRAMES = 600
OVERLAP_FRAMES = 60
N_LEARNING_BLOCKS = 3
BEHIND = 1e12
TINY = 1e-9


@dataclass(frozen=True)
class RefinementSettings:
    """How a recording is refined.

    Parameters
    ----------
    smoothness
        Multiplies what was learned: above 1 is smoother.
    edges
        Pairs of keypoint positions that may be limbs, such as a skeleton's, beside those that have no third
        keypoint between them. The recording tells which are.
    constant, nearly_constant
        Pairs of keypoints that are limbs of this kind, whatever the recording says.
    use_limbs
        Whether limbs count at all.
    fill
        Whether points that too few cameras saw are estimated too.

    Raises
    ------
    ConfigError
        The smoothness is not positive.
    """

    smoothness: float = 1.0
    edges: tuple[tuple[int, int], ...] = ()
    constant: tuple[tuple[int, int], ...] = ()
    nearly_constant: tuple[tuple[int, int], ...] = ()
    use_limbs: bool = True
    fill: bool = False

    def __post_init__(self) -> None:
        if not self.smoothness > 0:
            raise ConfigError(f"expected a positive smoothness, got {self.smoothness}")


@dataclass(frozen=True, eq=False)
class Refined:
    """What came out.

    Parameters
    ----------
    solution
        The refined points.
    limbs
        The limbs that were learned.
    is_filled
        Points that were not triangulated, bool, shape (n_frames, n_keypoints).
    """

    solution: Solution
    limbs: tuple[Limb, ...]
    is_filled: np.ndarray


@dataclass(frozen=True, eq=False)
class _Task:
    """A stretch of frames with all that its points have to fit."""

    sight: Sight
    pixels: np.ndarray
    sigma: np.ndarray
    seen: np.ndarray
    diagonals: np.ndarray
    stiffness: np.ndarray
    limbs: Sequence[Limb]
    threshold: float


def refine(
    sight: Sight,
    pixels: np.ndarray,
    solution: Solution,
    time: np.ndarray,
    settings: RefinementSettings,
    *,
    min_cameras: int = 2,
    threshold: float = 4.0,
    progress: ProgressCallback = ignore_progress,
) -> Refined:
    """Refine the points of one animal over the whole recording.

    Parameters
    ----------
    sight
        The cameras.
    pixels
        What was seen, shape (n_cameras, n_frames, n_keypoints, 2).
    solution
        The triangulated points to start from.
    time
        Increasing, shape (n_frames,).
    settings
        How.
    min_cameras, threshold
        As in the triangulation.
    progress
        Is told after every block.

    Returns
    -------
    Refined
        Points that are found in fewer than two frames stay missing altogether.
    """
    here = np.flatnonzero(solution.is_found.sum(axis=0) >= 2)
    if len(time) < 2 or not len(here):
        return Refined(solution, (), np.zeros(solution.is_found.shape, dtype=bool))
    steps = np.diff(time)
    time = (time - time[0]) / np.median(steps)
    points, covariance = solution.points[:, here], solution.covariance[:, here]
    variance = np.trace(covariance, axis1=-2, axis2=-1) / 3
    q = estimate_liveliness(time, points, variance)
    stiffness = settings.smoothness / np.where(np.isfinite(q), q, np.nanmedian(variance))
    start, deviation = _interpolate(time, points), np.sqrt(np.nanmedian(variance, axis=0))
    seen = np.isfinite(pixels[:, :, here]).all(axis=-1) & np.isfinite(solution.sigma_px[:, :, here])
    data = pixels[:, :, here], np.where(seen, solution.sigma_px[:, :, here], 1.0), seen
    lasting = _persistence(sight, pixels, solution)[here]

    def solve_block(part: slice, limbs: Sequence[Limb]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found, sigma, is_seen = (values[:, part] for values in data)
        diagonals = smoothness_diagonals(time[part])
        task = _Task(sight, found, sigma, is_seen, diagonals, stiffness, limbs, threshold)
        state = _minimise(task, start[part], deviation)
        weights = state.weights(task)
        unsure = [replace(limb, spread=limb.doubt) for limb in limbs]
        posterior = state.equations(replace(task, limbs=unsure), weights).covariances()
        return state.points, _widen(posterior, covariance[part], lasting), weights > 0

    # Two equations of each camera that was used, less the three coordinates that they found.
    freedom = np.maximum(2 * solution.used[:, :, here].sum(axis=0) - 3, 0).sum(axis=0) / lasting
    learning = _Learning(solve_block, covariance, lasting, freedom)
    limbs = learning.limbs(here, settings) if settings.use_limbs else []
    refined, posterior = np.full(start.shape, np.nan), np.full(covariance.shape, np.nan)
    used = np.zeros(seen.shape, dtype=bool)
    for core, part in blocks(len(time)):
        inner = slice(core.start - part.start, core.stop - part.start)
        found, spread, counts = solve_block(part, limbs)
        refined[core], posterior[core], used[:, core] = found[inner], spread[inner], counts[:, inner]
        progress(Progress("refining", core.stop, len(time)))
    return _collect(solution, here, refined, posterior, used, seen, limbs, settings, min_cameras)


def blocks(n_frames: int) -> list[tuple[slice, slice]]:
    """Return pairs of frames to keep and frames to solve, which reach further.

    >>> blocks(100)
    [(slice(0, 100, None), slice(0, 100, None))]
    """
    n = max(1, round(n_frames / BLOCK_FRAMES))
    edges = np.linspace(0, n_frames, n + 1).astype(int)
    return [
        (
            slice(int(a), int(b)),
            slice(int(max(0, a - OVERLAP_FRAMES)), int(min(n_frames, b + OVERLAP_FRAMES))),
        )
        for a, b in pairwise(edges)
    ]


@dataclass(frozen=True, eq=False)
class _Learning:
    """What limbs are learned from: a few blocks that are refined without any."""

    solve_block: Callable[[slice, Sequence[Limb]], tuple[np.ndarray, np.ndarray, np.ndarray]]
    alone: np.ndarray
    lasting: np.ndarray
    freedom: np.ndarray

    def limbs(self, here: np.ndarray, settings: RefinementSettings) -> list[Limb]:
        """Return the limbs, by the positions of keypoints in `here`."""
        parts = blocks(len(self.alone))
        chosen = np.unique(np.linspace(0, len(parts) - 1, N_LEARNING_BLOCKS).astype(int))
        found = [self.solve_block(parts[i][1], ())[:2] for i in chosen]
        points, covariance = (np.concatenate(values) for values in zip(*found, strict=True))
        alone = np.concatenate([self.alone[parts[i][1]] for i in chosen])
        place = {int(k): i for i, k in enumerate(here)}

        def local(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
            return [(place[a], place[b]) for a, b in pairs if a in place and b in place]

        pairs = sorted(
            {(min(pair), max(pair)) for pair in [*neighbourhood_graph(points), *local(settings.edges)]}
        )
        return learn_limbs(
            points,
            covariance,
            pairs,
            lasting=self.lasting * _averaged(alone, covariance),
            freedom=self.freedom,
            constant=local(settings.constant),
            nearly_constant=local(settings.nearly_constant),
        )


def _averaged(alone: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return how many independent errors one smoothed point averages, at least 1, shape (n_keypoints,)."""
    ratio = np.trace(alone, axis1=-2, axis2=-1) / np.trace(covariance, axis1=-2, axis2=-1)
    return np.array(
        [max(1.0, np.median(x[np.isfinite(x)])) if np.isfinite(x).any() else 1.0 for x in ratio.T]
    )


def _persistence(sight: Sight, pixels: np.ndarray, solution: Solution) -> np.ndarray:
    """Return over how many frames the errors of each keypoint persist, shape (n_keypoints,)."""
    projected = sight.project(solution.points.reshape(-1, 3)).reshape(pixels.shape)
    residuals = (projected - pixels) / solution.sigma_px[..., None]
    return persistence(np.where(solution.used[..., None], residuals, np.nan))


def _widen(posterior: np.ndarray, alone: np.ndarray, lasting: np.ndarray) -> np.ndarray:
    """Return covariances for errors that persist, which neighbouring frames do not average out.

    A point never gets worse than it is by itself in its frame.
    """
    own = np.trace(alone, axis1=-2, axis2=-1) / np.trace(posterior, axis1=-2, axis2=-1)
    factor = np.fmin(lasting[None], np.where(np.isfinite(own), np.maximum(own, 1.0), lasting[None]))
    return posterior * factor[..., None, None]


def _interpolate(time: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return `points` with those that are missing on straight lines between their neighbours in time."""
    filled = points.copy()
    for k in range(points.shape[1]):
        known = np.isfinite(points[:, k]).all(axis=-1)
        for axis in range(3):
            filled[~known, k, axis] = np.interp(time[~known], time[known], points[known, k, axis])
    return filled


@dataclass(frozen=True, eq=False)
class _State:
    """Points with their projections, and how these change; what one step needs and costs most."""

    points: np.ndarray
    residuals: np.ndarray
    slopes: np.ndarray
    squares: np.ndarray

    @classmethod
    def at(cls, task: _Task, points: np.ndarray) -> _State:
        """Project `points`, (n_frames, n_keypoints, 3)."""
        projected, slopes = task.sight.project_with_slopes(points.reshape(-1, 3))
        residuals = task.pixels.reshape(projected.shape) - projected
        squares = (residuals**2).sum(axis=-1) / task.sigma.reshape(len(projected), -1) ** 2
        return cls(points, residuals, slopes, squares.reshape(task.seen.shape))

    def weights(self, task: _Task) -> np.ndarray:
        """Return the weights, in units of 1 / variance, shape (n_cameras, n_frames, n_keypoints)."""
        counts = task.seen & (np.nan_to_num(self.squares, nan=np.inf) <= task.threshold**2)
        return np.where(counts, (DEGREES_OF_FREEDOM + 2) / (DEGREES_OF_FREEDOM + self.squares), 0.0)

    def cost(self, task: _Task, weights: np.ndarray) -> float:
        """Return what is minimised, with given weights."""
        # A point behind a camera that sees it is no solution.
        fit = (np.where(weights > 0, np.nan_to_num(self.squares, nan=BEHIND), 0.0) * weights).sum()
        smooth = (self.points * apply_diagonals(task.diagonals, self.points)).sum(axis=(0, 2))
        bent = [((limb_lengths(self.points, x.a, x.b) - x.length) / x.spread) ** 2 for x in task.limbs]
        return float(fit + smooth @ task.stiffness + sum(part.sum() for part in bent))

    def equations(self, task: _Task, weights: np.ndarray) -> NormalEquations:
        """Return the system whose solution is the next step."""
        n_cameras, n_frames, n_keypoints = weights.shape
        scaled = (weights / task.sigma**2).reshape(n_cameras, -1)
        counts = scaled > 0
        slopes = np.where(counts[..., None, None], self.slopes, 0.0)
        residuals = np.where(counts[..., None], self.residuals, 0.0)
        precision = normal_matrix(slopes, scaled).reshape(n_frames, n_keypoints, 3, 3)
        right = normal_vector(slopes, scaled, residuals).reshape(n_frames, n_keypoints, 3)
        # So that a keypoint that nobody sees in this block is tied to something.
        precision += TINY * task.stiffness[:, None, None] * np.eye(3)
        equations = NormalEquations.of_points(precision, right)
        equations.add_smoothness(task.diagonals, task.stiffness, self.points)
        for limb in task.limbs:
            along = self.points[:, limb.b] - self.points[:, limb.a]
            length = np.maximum(np.linalg.norm(along, axis=-1), TINY * limb.length)
            weight = np.full(n_frames, 1 / limb.spread**2)
            equations.add_limb(limb.a, limb.b, along / length[:, None], length - limb.length, weight)
        return equations


def _minimise(task: _Task, start: np.ndarray, deviation: np.ndarray) -> _State:
    """Return the points that fit best, by reweighted Gauss-Newton steps that never make the fit worse.

    Parameters
    ----------
    task
        What has to fit.
    start
        Shape (n_frames, n_keypoints, 3).
    deviation
        The standard deviation of each keypoint, which says when a step no longer matters.
    """
    state = _State.at(task, start)
    for _ in range(MAX_STEPS):
        weights = state.weights(task)
        step = state.equations(task, weights).solve()
        cost, factor = state.cost(task, weights), 1.0
        trial = _State.at(task, state.points + step)
        for _ in range(MAX_HALVINGS):
            if trial.cost(task, weights) <= cost:
                break
            factor /= 2
            trial = _State.at(task, state.points + factor * step)
        state = trial
        if (np.abs(step).mean(axis=(0, 2)) / deviation).mean() < DONE:
            break
    return state


def _collect(
    solution: Solution,
    here: np.ndarray,
    refined: np.ndarray,
    posterior: np.ndarray,
    used: np.ndarray,
    seen: np.ndarray,
    limbs: Sequence[Limb],
    settings: RefinementSettings,
    min_cameras: int,
) -> Refined:
    """Put refined points where there may be some, and leave the others missing."""
    enough = seen.sum(axis=0) >= min_cameras
    agree = used.sum(axis=0) >= min_cameras
    found = solution.is_found[:, here]
    keep = enough & (agree | found)
    if settings.fill:
        keep = _between(found)
    points, covariance = np.full_like(solution.points, np.nan), np.full_like(solution.covariance, np.nan)
    points[:, here] = np.where(keep[..., None], refined, np.nan)
    covariance[:, here] = np.where(keep[..., None, None], posterior, np.nan)
    all_used = np.zeros_like(solution.used)
    all_used[:, :, here] = np.where(agree | ~found, used, solution.used[:, :, here]) & keep
    is_filled = np.zeros(solution.is_found.shape, dtype=bool)
    is_filled[:, here] = keep & ~(enough & (agree | found))
    outer = tuple(replace(limb, a=int(here[limb.a]), b=int(here[limb.b])) for limb in limbs)
    return Refined(Solution(points, covariance, all_used, solution.sigma_px), outer, is_filled)


def _between(found: np.ndarray) -> np.ndarray:
    """Tell which frames lie between the first and the last in which each keypoint was found."""
    return np.logical_or.accumulate(found, axis=0) & np.logical_or.accumulate(found[::-1], axis=0)[::-1]
