"""Triangulation: 2D points of several cameras to points in space, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError
from marey.model import append_history
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.reconstruction.consensus import find_consensus
from marey.reconstruction.limbs import Limb
from marey.reconstruction.matching import match_individuals
from marey.reconstruction.noise import estimate_scales, robust_scale
from marey.reconstruction.observations import MIN_SIGMA_PX, Observations, gather
from marey.reconstruction.polish import Polished, polish
from marey.reconstruction.refinement import RefinementSettings, refine
from marey.reconstruction.sight import Sight
from marey.reconstruction.solution import Solution, reprojection_distances, to_poses
from marey.refinement.gaps import mark_interpolated

if TYPE_CHECKING:
    import xarray as xr

    from marey.cameras import Rig

METHODS = ("consensus", "all")
CHUNK_POINTS = 40_000
N_NOISE_PASSES = 3
FIRST_SIGMA_PX = 0.25
SAMPLE_POINTS = 2000
SAMPLE_THRESHOLD = 4.0
MAX_DOUBLINGS = 12
MOST = 0.6


@dataclass(frozen=True)
class TriangulationSettings:
    """How points are found.

    Parameters
    ----------
    method
        ``"consensus"``: cameras that contradict the others are left out, point by point. ``"all"``: every
        camera that sees a point counts.
    min_cameras
        Points on which fewer cameras agree stay missing; at least 2.
    threshold
        How many standard deviations off a camera may be to agree.
    min_angle_deg
        Points whose rays meet at a smaller angle stay missing: their distance is a guess.

    Raises
    ------
    ConfigError
        A setting is out of range.
    """

    method: str = "consensus"
    min_cameras: int = 2
    threshold: float = 4.0
    min_angle_deg: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f"expected the method {' or '.join(METHODS)}, got {self.method!r}")
        if self.min_cameras < 2:
            raise ConfigError(
                f"expected at least 2 cameras for a point, got {self.min_cameras}",
                hint="to fill points that one camera sees from the neighbouring frames, refine with --fill",
            )
        if self.threshold <= 0 or not 0 <= self.min_angle_deg < 90:
            raise ConfigError(
                "expected a positive threshold and an angle from 0 up to 90 degrees, "
                f"got {self.threshold} and {self.min_angle_deg}"
            )


def triangulate(
    poses: Mapping[str, xr.Dataset],
    rig: Rig,
    *,
    settings: TriangulationSettings | None = None,
    refinement: RefinementSettings | None = None,
    offsets: Mapping[str, int] | None = None,
    dropped: Mapping[str, Sequence[int]] | None = None,
    trim: bool = False,
    min_confidence: float = 0.0,
    progress: ProgressCallback = ignore_progress,
) -> xr.Dataset:
    """Triangulate the poses of several cameras and, if wanted, refine them over the whole recording.

    Where there are several individuals, they are matched across cameras and followed over time first; see
    :func:`marey.reconstruction.match_individuals`.

    Parameters
    ----------
    poses
        2D poses by the name of the camera.
    rig
        The calibrated cameras.
    settings
        How points are found.
    refinement
        How they are refined; None leaves each frame by itself.
    offsets, dropped, trim, min_confidence
        See :func:`marey.reconstruction.gather`.
    progress
        Is told what is done.

    Returns
    -------
    xarray.Dataset
        3D poses with ``covariance``, ``n_cameras``, ``reprojection_error`` and ``expected_error``, in the
        unit of the calibration.

    Raises
    ------
    InputError
        The poses and the calibration do not fit together; see :func:`marey.reconstruction.gather`.
    """
    settings = settings or TriangulationSettings()
    observations, rig = gather(
        poses, rig, offsets=offsets, dropped=dropped, trim=trim, min_confidence=min_confidence
    )
    sight = Sight.of(rig)
    if len(observations.individuals) > 1:
        observations = match_individuals(observations, sight, progress=progress)
    n = len(observations.individuals)
    solutions, limbs, filled = [], [], []
    for i in range(n):
        progress(Progress("triangulating", i, n))
        solution = solve(observations, sight, i, settings)
        if refinement is not None:
            refined = refine(
                sight,
                observations.pixels[:, :, :, i],
                solution,
                observations.time,
                refinement,
                min_cameras=settings.min_cameras,
                threshold=settings.threshold,
                progress=progress,
            )
            solution = refined.solution
            limbs.append(_in_words(refined.limbs, observations.keypoints))
            filled.append(refined.is_filled)
        solutions.append(solution)
    progress(Progress("triangulating", n, n))
    attributes = {"space_unit": rig.units, **_medians(observations, sight, solutions)}
    result = to_poses(observations, sight, solutions, attributes)
    if any(points.any() for points in filled):
        result = mark_interpolated(result, np.stack(filled, axis=-1))
    result = append_history(result, "triangulate", **_describe(settings, observations))
    if refinement is not None:
        result = append_history(
            result, "refine", smoothness=refinement.smoothness, fill=refinement.fill, limbs=limbs
        )
    return result


def _medians(observations: Observations, sight: Sight, solutions: Sequence[Solution]) -> dict[str, float]:
    """Return the median reprojection error over all that was seen of the points, and over what was used."""
    every, used = [np.empty(0)], [np.empty(0)]
    for i, solution in enumerate(solutions):
        off = reprojection_distances(sight, solution.points, observations.pixels[:, :, :, i])
        every.append(off[np.isfinite(off)])
        used.append(off[solution.used & np.isfinite(off)])
    names = {"median_reprojection_px": every, "median_reprojection_used_px": used}
    joined = {name: np.concatenate(parts) for name, parts in names.items()}
    return {name: float(np.median(values)) for name, values in joined.items() if len(values)}


def _in_words(limbs: Sequence[Limb], keypoints: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "limb": [keypoints[limb.a], keypoints[limb.b]],
            "length": round(limb.length, 6),
            "spread": round(limb.spread, 6),
            "constant": limb.is_constant,
        }
        for limb in limbs
    ]


def _describe(settings: TriangulationSettings, observations: Observations) -> dict[str, object]:
    """Return what the provenance log keeps of a triangulation."""
    return {
        "method": settings.method,
        "cameras": list(observations.cameras),
        "min_cameras": settings.min_cameras,
        "threshold": settings.threshold,
        "has_expected_errors": observations.has_errors,
    }


def solve(
    observations: Observations, sight: Sight, individual: int, settings: TriangulationSettings
) -> Solution:
    """Find the points of one individual, and how far off its 2D points are.

    Returns
    -------
    Solution
        Points, covariances, the cameras used, and the standard deviations in pixels.
    """
    pixels = observations.pixels[:, :, :, individual]
    n_cameras, n_frames, n_keypoints = pixels.shape[:3]
    flat = pixels.reshape(n_cameras, -1, 2)
    sigma = observations.sigma[:, :, :, individual].reshape(n_cameras, -1).copy()
    rays = sight.rays(flat)
    shape = (n_cameras, n_frames, n_keypoints)
    given = sigma.copy()
    sigma *= _first_scale(sight, rays, sigma, 1.0 if observations.has_errors else FIRST_SIGMA_PX)
    for _ in range(N_NOISE_PASSES):
        found, used = _solve_flat(sight, flat, rays, sigma, settings)
        squares = np.where(used, (found.residuals**2).sum(axis=-1) / sigma**2, np.nan)
        if observations.has_errors:
            present = float(np.nanmedian(sigma / given)) if np.isfinite(sigma).any() else 1.0
            sigma = given * max(1.0, present * robust_scale(squares, found.leverage))
        else:
            every = ((sight.project(found.points) - flat) ** 2).sum(axis=-1) / sigma**2
            leverage = np.where(used, found.leverage, 0.0).reshape(shape)
            scales = estimate_scales(every.reshape(shape), leverage, used.reshape(shape))[:, None]
            sigma = (sigma.reshape(shape) * scales).reshape(n_cameras, -1)
        sigma = np.maximum(sigma, MIN_SIGMA_PX)
    found, used = _solve_flat(sight, flat, rays, sigma, settings)
    return Solution(
        found.points.reshape(n_frames, n_keypoints, 3),
        found.covariance.reshape(n_frames, n_keypoints, 3, 3),
        used.reshape(shape),
        sigma.reshape(shape),
    )


def _first_scale(sight: Sight, rays: np.ndarray, sigma: np.ndarray, smallest: float) -> float:
    """Return the smallest factor on `sigma`, in doublings, at which most of what was seen agrees.

    A camera that is wrong altogether does not raise it as long as the others agree among each other.
    """
    seen = np.isfinite(rays).all(axis=-1) & np.isfinite(sigma)
    several = np.flatnonzero(seen.sum(axis=0) >= 2)
    some = several[:: max(1, len(several) // SAMPLE_POINTS)]
    if not len(some):
        return smallest
    factor = smallest
    for _ in range(MAX_DOUBLINGS):
        _, used = find_consensus(sight, rays[:, some], factor * sigma[:, some], threshold=SAMPLE_THRESHOLD)
        if used.sum() >= MOST * seen[:, some].sum():
            break
        factor *= 2
    return factor


def _solve_flat(
    sight: Sight, pixels: np.ndarray, rays: np.ndarray, sigma: np.ndarray, settings: TriangulationSettings
) -> tuple[Polished, np.ndarray]:
    """Solve points (n_cameras, n, 2) in chunks, so that memory stays bounded."""
    chunks = []
    n = pixels.shape[1]
    for start in range(0, max(n, 1), CHUNK_POINTS):
        part = slice(start, start + CHUNK_POINTS)
        chunks.append(_solve_chunk(sight, pixels[:, part], rays[:, part], sigma[:, part], settings))
    found = [chunk for chunk, _ in chunks]
    return Polished(
        np.concatenate([f.points for f in found]),
        np.concatenate([f.covariance for f in found]),
        np.concatenate([f.residuals for f in found], axis=1),
        np.concatenate([f.leverage for f in found], axis=1),
    ), np.concatenate([used for _, used in chunks], axis=1)


def _solve_chunk(
    sight: Sight, pixels: np.ndarray, rays: np.ndarray, sigma: np.ndarray, settings: TriangulationSettings
) -> tuple[Polished, np.ndarray]:
    threshold = settings.threshold if settings.method == "consensus" else np.inf
    points, used = find_consensus(sight, rays, sigma, threshold=threshold, min_cameras=settings.min_cameras)
    found = polish(sight, pixels, sigma, used, points)
    is_flat = sight.ray_angles(found.points, used) < settings.min_angle_deg
    is_known = np.isfinite(found.covariance).all(axis=(1, 2)) & np.isfinite(found.points).all(axis=1)
    is_lost = is_flat | ~is_known
    used &= ~is_lost
    found.points[is_lost] = np.nan
    found.covariance[is_lost] = np.nan
    found.residuals[:, is_lost] = np.nan
    return found, used
