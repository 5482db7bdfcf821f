"""Which cameras agree on where a point is: a search over subsets of cameras, as RANSAC does over samples.

RANSAC (Fischler and Bolles 1981) draws the smallest samples that determine a model and keeps the one on which
most data agree. With a handful of cameras nothing needs to be drawn: all pairs, and all sets that leave one
camera out, are tried. A candidate is judged by how many cameras agree with it, and only among those with
equally many by how well they agree. So no point is bought by leaving good cameras out, which is what choosing
by the mean error does.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from marey.reconstruction.linear import intersect

if TYPE_CHECKING:
    from marey.reconstruction.sight import Sight

MAX_SUBSETS = 60
N_REFITS = 2


def find_consensus(
    sight: Sight, rays: np.ndarray, sigma_px: np.ndarray, *, threshold: float, min_cameras: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Find the cameras that agree on each point.

    Parameters
    ----------
    sight
        The cameras.
    rays
        Undistorted normalised coordinates, shape (n_cameras, n, 2); NaN where a camera sees nothing.
    sigma_px
        Standard deviation along one axis, shape (n_cameras, n).
    threshold
        How many standard deviations away a camera may be to agree.
    min_cameras
        Points with fewer agreeing cameras have none.

    Returns
    -------
    points : numpy.ndarray
        The linear solution over the cameras that agree, shape (n, 3).
    used : numpy.ndarray
        bool, shape (n_cameras, n); all False where there is no consensus.
    """
    seen = np.isfinite(rays).all(axis=-1) & np.isfinite(sigma_px)
    weights = np.where(seen, sight.focal_px[:, None] / np.where(seen, sigma_px, 1.0), 0.0)
    points = intersect(sight, rays, weights)
    used = seen & (distances(sight, rays, weights, points) <= threshold)
    doubtful = np.flatnonzero((used != seen).any(axis=0) & (seen.sum(axis=0) > 2))
    if len(doubtful):
        points[doubtful], used[:, doubtful] = _search(
            sight, rays[:, doubtful], weights[:, doubtful], seen[:, doubtful], threshold
        )
    too_few = used.sum(axis=0) < max(2, min_cameras)
    used[:, too_few] = False
    points[too_few] = np.nan
    return points, used


def distances(sight: Sight, rays: np.ndarray, weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return how many standard deviations each camera is off, (n_cameras, n); infinite behind the camera."""
    local = sight.in_cameras(points)
    depth = local[..., 2]
    in_front = depth > 0
    image = local[..., :2] / np.where(in_front, depth, 1.0)[..., None]
    off = np.linalg.norm(np.nan_to_num(rays) - image, axis=-1) * weights
    return np.where(in_front & (weights > 0) & np.isfinite(off), off, np.inf)


def _search(
    sight: Sight, rays: np.ndarray, weights: np.ndarray, seen: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Try all candidate subsets; return the points and the cameras that agree, as :func:`find_consensus`."""
    n = rays.shape[1]
    best_points, best = np.full((n, 3), np.nan), np.zeros_like(seen)
    best_count, best_cost = np.zeros(n, dtype=int), np.full(n, np.inf)
    n_seen = seen.sum(axis=0)
    for subset in candidate_subsets(len(sight)):
        mask = np.zeros(len(sight), dtype=bool)
        mask[list(subset)] = True
        # Where all but one agree, the sets that leave one out, which come first, have found whom.
        is_open = (best_count < n_seen - 1) | (len(subset) == len(sight) - 1)
        here = np.flatnonzero(((seen & mask[:, None]).sum(axis=0) >= 2) & is_open)
        if not len(here):
            continue
        part = rays[:, here], weights[:, here]
        points = intersect(sight, part[0], part[1] * mask[:, None])
        for step in range(N_REFITS + 1):
            off = distances(sight, *part, points)
            agree = off <= threshold
            count = agree.sum(axis=0)
            cost = (np.where(agree, off, 0.0) ** 2).sum(axis=0)
            better = (count > best_count[here]) | ((count == best_count[here]) & (cost < best_cost[here]))
            better &= count >= 2
            rows = here[better]
            best_points[rows], best[:, rows] = points[better], agree[:, better]
            best_count[rows], best_cost[rows] = count[better], cost[better]
            if step < N_REFITS:
                points = intersect(sight, part[0], part[1] * agree)
    return best_points, best


def candidate_subsets(n_cameras: int) -> list[tuple[int, ...]]:
    """Return the sets of cameras to try: those that leave one out, then the pairs, at most 60.

    With very many cameras the pairs are thinned evenly, the same each time.

    >>> candidate_subsets(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    everyone = range(n_cameras)
    leave_one_out = [tuple(c for c in everyone if c != left) for left in everyone] if n_cameras > 3 else []
    pairs = list(combinations(everyone, 2))
    room = max(1, MAX_SUBSETS - len(leave_one_out))
    if len(pairs) > room:
        pairs = [pairs[i] for i in np.linspace(0, len(pairs) - 1, room).astype(int)]
    return [*leave_one_out, *pairs]
