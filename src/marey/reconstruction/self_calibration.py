"""Cameras placed from what they saw of an animal, where nobody filmed a board.

Every keypoint of every frame is a point that several cameras saw at once. Two cameras whose rays meet best
start (the essential matrix: Nistér 2004, IEEE PAMI 26, 756; robustly by RANSAC); each further camera is
placed by the points that are known already (Terzakis and Lourakis 2020, ECCV, 478), and one bundle
adjustment over all cameras and points ends it. Lenses that are not known get a focal length and one term of
distortion, which needs three cameras or more. Nothing of this tells how large the world is: a known length
does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.cameras.bundle import SHIFT, TURN, PointProblem, from_row, to_row
from marey.cameras.camera import Camera
from marey.cameras.check import check_rig
from marey.cameras.least_squares import Prior, Solution, adjust
from marey.cameras.rig import Rig
from marey.errors import InputError, NotFoundError
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.reconstruction.limbs import limb_lengths
from marey.reconstruction.linear import intersect
from marey.reconstruction.observations import Observations, gather
from marey.reconstruction.placing import place_by_points
from marey.reconstruction.sight import Sight

if TYPE_CHECKING:
    import xarray as xr

MAX_POINTS = 2000
MIN_POINTS = 60
FOCAL_GUESSES = (0.6, 0.8, 1.0, 1.3, 1.7, 2.3, 3.2)
"""Focal lengths that are tried for unknown lenses, in widths of the image."""
FOCAL_DOUBT = 0.5
DISTORTION_DOUBT = 0.1
SAME_FOCAL = 1e-3
"""How much the focal lengths along x and y of an unknown lens may differ."""
GROSS = 0.05
"""Points this far off at the start, in widths of the image, are left out."""
MIN_CAMERAS_FOR_LENSES = 3
BAD_MEDIAN = 0.01
UNSURE_FOCAL = 0.02


@dataclass(frozen=True, eq=False)
class PoseCalibration:
    """Cameras placed from poses.

    Parameters
    ----------
    rig
        The cameras; the world is the frame of the first. Its units are ``"unknown"`` without a length.
    residuals
        Seen minus projected of the points used, shape (n_cameras, n_points, 2), px; NaN where not seen.
    sigma_px
        Robust standard deviation of a keypoint along one axis.
    focal_sd_px
        Standard deviations of the focal lengths, shape (n_cameras,); 0 for lenses that were known.
    """

    rig: Rig
    residuals: np.ndarray
    sigma_px: float
    focal_sd_px: np.ndarray

    def summarise(self) -> dict[str, Any]:
        """Return the figures, as ``marey calibrate --from-poses --json`` prints them."""
        lengths = np.linalg.norm(self.residuals, axis=-1)
        cameras = {
            camera.name: {
                "rms_px": _rms(lengths[c]),
                "median_px": float(np.nanmedian(lengths[c])),
                "n_points": int(np.isfinite(lengths[c]).sum()),
                "focal_px": camera.matrix[[0, 1], [0, 1]].tolist(),
                "focal_sd_px": float(self.focal_sd_px[c]),
                "translation": camera.translation.tolist(),
                "rotation": camera.rotation.tolist(),
            }
            for c, camera in enumerate(self.rig)
        }
        return {
            "rms_px": _rms(lengths),
            "median_px": float(np.nanmedian(lengths)),
            "sigma_px": self.sigma_px,
            "n_points": lengths.shape[1],
            "units": self.rig.units,
            "cameras": cameras,
            "warnings": self.find_warnings(),
        }

    def find_warnings(self) -> list[str]:
        """Return what a user should know before trusting the calibration, in sentences."""
        found = []
        lengths = np.linalg.norm(self.residuals, axis=-1)
        for c, camera in enumerate(self.rig):
            median = float(np.nanmedian(lengths[c]))
            if median > BAD_MEDIAN * max(camera.size):
                found.append(
                    f"camera {camera.name}: points are usually {median:.1f} px off: poses of other "
                    "frames, or a lens that is not what it is said to be"
                )
            if self.focal_sd_px[c] > UNSURE_FOCAL * camera.matrix[0, 0]:
                share = 100 * self.focal_sd_px[c] / camera.matrix[0, 0]
                found.append(f"camera {camera.name}: its focal length is known only to ±{share:.1f} %")
        if self.rig.units == "unknown":
            found.append("nothing says how large the world is: give the distance of two keypoints (--length)")
        return [*found, *check_rig(self.rig)]


def calibrate_from_poses(
    poses: Mapping[str, xr.Dataset],
    *,
    lenses: Mapping[str, Camera] | None = None,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    length: tuple[str, str, float] | None = None,
    units: str = "mm",
    offsets: Mapping[str, int] | None = None,
    min_confidence: float = 0.0,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> PoseCalibration:
    """Place cameras, and find their lenses where these are not known, from 2D poses of one animal.

    Parameters
    ----------
    poses
        By the name of the camera, of the same moments.
    lenses
        Cameras whose lenses are known and held, by name; their places are not used.
    sizes
        Width and height of the images of cameras whose lenses are not known.
    length
        Two keypoints and how far they are apart, usually: the median over the recording.
    units
        Of that length.
    offsets, min_confidence
        See :func:`marey.reconstruction.gather`.
    seed
        Of the choice of points where there are very many.
    progress
        Told after each stage.

    Raises
    ------
    InputError
        Cameras share too few points, or lenses cannot be found from so few cameras; see also
        :func:`marey.reconstruction.gather`.
    """
    first = _first_cameras(poses, lenses or {}, sizes or {})
    is_known = np.array([camera.name in (lenses or {}) for camera in first])
    observations, _ = gather(
        poses, Rig(tuple(first)), offsets=offsets, trim=True, min_confidence=min_confidence
    )
    pixels = _choose_points(observations, seed)
    guesses = (1.0,) if is_known.all() else FOCAL_GUESSES
    best: tuple[float, list[Camera], Solution, np.ndarray] | None = None
    problem: InputError | None = None
    for number, guess in enumerate(guesses):
        progress(Progress("placing the cameras", number, len(guesses)))
        cameras = [
            camera if known else _with_focal(camera, guess)
            for camera, known in zip(first, is_known, strict=True)
        ]
        try:
            found = _adjust(place_by_points(cameras, pixels), pixels, is_known)
        except InputError as error:
            problem = error
            continue
        if best is None or found[0] < best[0]:
            best = found
    progress(Progress("placing the cameras", len(guesses), len(guesses)))
    if best is None:
        assert problem is not None
        raise problem
    _, cameras, solution, residuals = best
    rig = _scaled(Rig(tuple(cameras), units="unknown"), observations, length, units)
    deviations = np.sqrt(np.maximum(np.diag(solution.covariance), 0)).reshape(solution.cameras.shape)
    return PoseCalibration(rig, residuals, solution.sigma_px, deviations[:, 0])


def _first_cameras(
    poses: Mapping[str, xr.Dataset], lenses: Mapping[str, Camera], sizes: Mapping[str, tuple[int, int]]
) -> list[Camera]:
    unknown = [name for name in poses if name not in lenses]
    without = [name for name in unknown if name not in sizes]
    if without:
        raise InputError(
            f"the lens of {', '.join(without)} is not known, and neither is the size of its images",
            hint="give a calibration that has the lenses (--intrinsics), or the size of the images (--size)",
        )
    if unknown and len(poses) < MIN_CAMERAS_FOR_LENSES:
        raise InputError(
            f"the lens of {', '.join(unknown)} is not known, and {len(poses)} cameras are too few to find it "
            "from poses",
            hint="film a board with each camera by itself, `marey calibrate --intrinsics-only`, and give the "
            "result as --intrinsics",
        )
    return [
        lenses[name].placed(np.zeros(3), np.zeros(3)) if name in lenses else _guess(name, sizes[name])
        for name in poses
    ]


def _guess(name: str, size: tuple[int, int]) -> Camera:
    width, height = size
    matrix = np.array([[1.0, 0, (width - 1) / 2], [0, 1.0, (height - 1) / 2], [0, 0, 1]])
    return Camera(name, (width, height), matrix, np.zeros(5), np.zeros(3), np.zeros(3))


def _with_focal(camera: Camera, widths: float) -> Camera:
    matrix = camera.matrix.copy()
    matrix[[0, 1], [0, 1]] = widths * max(camera.size)
    return replace(camera, matrix=matrix)


def _choose_points(observations: Observations, seed: int) -> np.ndarray:
    """Return pixels of points that two cameras or more saw, shape (n_cameras, n_points, 2)."""
    if len(observations.individuals) != 1:
        raise InputError(
            f"expected poses of one animal, got {len(observations.individuals)} individuals",
            hint="calibrate with a recording of one animal: who is who across cameras is not known yet",
        )
    flat = observations.pixels.reshape(len(observations.cameras), -1, 2)
    count = np.isfinite(flat).all(axis=-1).sum(axis=0)
    several = np.flatnonzero(count >= 2)
    if len(several) < MIN_POINTS:
        raise InputError(
            f"expected at least {MIN_POINTS} points that two cameras saw at the same moment, got "
            f"{len(several)}",
            hint="are the poses of the same recording, and the offsets right?",
        )
    if len(several) > MAX_POINTS:  # those that more cameras saw say more
        weight = (count[several] - 1.0) ** 2
        rng = np.random.default_rng(seed)
        several = np.sort(rng.choice(several, MAX_POINTS, replace=False, p=weight / weight.sum()))
    return flat[:, several]


def _adjust(
    cameras: Sequence[Camera], pixels: np.ndarray, is_known: np.ndarray
) -> tuple[float, list[Camera], Solution, np.ndarray]:
    """Adjust everything; return the usual error, the cameras, the solution, and the residuals."""
    rig = Rig(tuple(cameras), units="unknown")
    sight = Sight.of(rig)
    rays = sight.rays(pixels)
    points = intersect(sight, rays, np.isfinite(rays).all(axis=-1).astype(float))
    off = np.linalg.norm(sight.project(points) - pixels, axis=-1)
    gross = GROSS * np.array([max(camera.size) for camera in cameras])[:, None]
    kept = np.where((off < gross)[..., None], pixels, np.nan)
    enough = (np.isfinite(kept[..., 0]).sum(axis=0) >= 2) & np.isfinite(points).all(axis=1)
    if enough.sum() < MIN_POINTS:
        raise InputError(
            f"only {enough.sum()} of {len(enough)} points fit any placement of the cameras",
            hint="are the poses of the same moments, and are the lenses those of these videos?",
        )
    kept, points = kept[:, enough], points[enough]
    rows = np.stack([to_row(camera) for camera in cameras])
    problem = PointProblem.from_pixels(kept, [camera.fisheye for camera in cameras])
    solution = adjust(problem, rows, points, free=_free(rows, is_known), prior=_prior(rows, is_known))
    residuals = np.full(kept.shape, np.nan)
    residuals[problem.camera, problem.item] = solution.residual[:, 0]
    found = [from_row(row, camera) for row, camera in zip(solution.cameras, cameras, strict=True)]
    # What was left out counts as far off, or a wrong lens could win by explaining little.
    n_seen = np.isfinite(pixels[..., 0]).sum()
    lengths = np.linalg.norm(residuals, axis=-1)
    each = np.concatenate(
        [lengths[np.isfinite(lengths)], np.full(n_seen - np.isfinite(lengths).sum(), np.inf)]
    )
    return float(np.median(each)), found, solution, residuals


def _free(rows: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """Say which numbers may change; the largest step between two cameras is held, as nothing tells scale."""
    free = np.zeros(rows.shape, dtype=bool)
    free[1:, TURN] = free[1:, SHIFT] = True
    camera, axis = np.unravel_index(np.abs(rows[:, SHIFT]).argmax(), (len(rows), 3))
    free[camera, 15 + axis] = False
    free[~is_known, 0:2] = True
    free[~is_known, 4] = True
    return free


def _prior(rows: np.ndarray, is_known: np.ndarray) -> Prior:
    mean, precision = rows.copy(), np.zeros((*rows.shape, rows.shape[1]))
    for number in np.flatnonzero(~is_known):
        focal = rows[number, 0]
        tied = np.array([[1.0, -1.0], [-1.0, 1.0]]) / (SAME_FOCAL * focal) ** 2
        precision[number, :2, :2] = tied + np.eye(2) / (FOCAL_DOUBT * focal) ** 2
        precision[number, 4, 4] = 1 / DISTORTION_DOUBT**2
    return Prior(mean, precision)


def _scaled(rig: Rig, observations: Observations, length: tuple[str, str, float] | None, units: str) -> Rig:
    if length is None:
        return rig
    first, second, wanted = length
    for name in (first, second):
        if name not in observations.keypoints:
            raise NotFoundError(
                f"there is no keypoint {name!r}", hint=f"there are {', '.join(observations.keypoints)}"
            )
    ends = [observations.keypoints.index(name) for name in (first, second)]
    pixels = observations.pixels[:, :, ends, 0]
    sight = Sight.of(rig)
    rays = sight.rays(pixels.reshape(len(rig), -1, 2))
    points = intersect(sight, rays, np.isfinite(rays).all(axis=-1).astype(float))
    lengths = limb_lengths(points.reshape(-1, 2, 3), 0, 1)
    known = lengths[np.isfinite(lengths)]
    if not len(known) or not wanted > 0 or not np.median(known) > 0:
        raise InputError(
            f"expected {first} and {second} to be seen by two cameras at once, at a distance above 0, to "
            "scale the world"
        )
    return rig.aligned(np.eye(3), np.zeros(3), float(wanted / np.median(known)), units=units)


def _rms(lengths: np.ndarray) -> float:
    known = lengths[np.isfinite(lengths)]
    return float(np.sqrt((known**2).mean())) if len(known) else float("nan")
