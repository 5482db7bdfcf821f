"""How good a calibration is: errors, coverage, the board's own lengths in 3D, and what to warn of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from marey.cameras.boards import Chessboard
from marey.cameras.bundle import BoardProblem, PointProblem, to_row
from marey.cameras.calibrate import Calibration, rms
from marey.cameras.check import MIN_ANGLE_DEGREES, check_rig
from marey.cameras.least_squares import adjust
from marey.cameras.rig import Rig

MIN_VIEWS = 8
MIN_SHARED = 4
MIN_COVERED = 0.35
BAD_RMS_PX = 1.5
BAD_VIEW = 4.0
SAME_IMAGE_PX = 0.02
UNSURE_FOCAL = 0.01
MOVED_PX = 1.0
MOVED_SIGMAS = 4.0
MIN_STRETCH = 3
HELD_OUT_RATIO = 1.5


@dataclass(frozen=True)
class Spacing:
    """The board's own lengths, measured between corners that were triangulated one by one.

    Parameters
    ----------
    true
        What the board says, in its units.
    mean, sd
        Of the measured distances between neighbours.
    n
        How many there are.
    """

    true: float
    mean: float
    sd: float
    n: int


def triangulate_corners(rig: Rig, corners: np.ndarray) -> np.ndarray:
    """Return where corners are that at least two cameras see, by least squares of the reprojection error.

    Parameters
    ----------
    rig
        The cameras.
    corners
        Pixels, shape (n_cameras, ..., 2).

    Returns
    -------
    numpy.ndarray
        Shape (..., 3), NaN where fewer than two cameras see the corner.
    """
    shape = corners.shape[1:-1]
    pixels = corners.reshape(len(rig), -1, 2)
    rays = rig.undistort(pixels)
    planes = np.stack([camera.extrinsic_matrix() for camera in rig])
    rows = rays[..., None] * planes[:, None, 2:3] - planes[:, None, :2]  # (n_cameras, n, 2, 4)
    rows = np.nan_to_num(rows).transpose(1, 0, 2, 3).reshape(rays.shape[1], -1, 4)
    enough = np.isfinite(rays).all(axis=-1).sum(axis=0) > 1
    points = np.full((rays.shape[1], 3), np.nan)
    A, b = rows[enough][..., :3], -rows[enough][..., 3:]
    points[enough] = np.linalg.solve(A.swapaxes(1, 2) @ A, A.swapaxes(1, 2) @ b)[..., 0]
    kept = np.where(np.isfinite(rays).all(axis=-1, keepdims=True), pixels, np.nan)[:, enough]
    if enough.any():
        problem = PointProblem.from_pixels(kept, [camera.fisheye for camera in rig])
        cameras = np.stack([to_row(camera) for camera in rig])
        points[enough] = adjust(
            problem, cameras, points[enough], free=np.zeros(cameras.shape, dtype=bool), max_steps=8
        ).items
    return points.reshape(*shape, 3)


def measure_spacing(calibration: Calibration) -> Spacing:
    """Measure the distances between neighbouring corners in 3D."""
    board = calibration.sightings.board
    points = triangulate_corners(calibration.rig, calibration.sightings.corners)
    ends = points[:, board.neighbours]
    lengths = np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=-1)
    known = lengths[np.isfinite(lengths)]
    if not known.size:
        return Spacing(board.spacing, float("nan"), float("nan"), 0)
    return Spacing(board.spacing, float(known.mean()), float(known.std()), int(known.size))


def summarise(calibration: Calibration) -> dict[str, Any]:
    """Return the figures of a calibration, as ``marey calibrate --json`` prints them."""
    sightings = calibration.sightings
    spacing = measure_spacing(calibration) if calibration.is_placed else None
    result: dict[str, Any] = {
        "rms_px": calibration.rms_px,
        "sigma_px": calibration.sigma_px,
        "held_out_rms_px": calibration.held_out_rms_px,
        "n_views": len(sightings.views),
        "board": sightings.board.describe(),
        "units": calibration.rig.units,
        "placed": calibration.is_placed,
        "cameras": {},
        "pairs": [
            {
                "cameras": [sightings.cameras[pair.first], sightings.cameras[pair.second]],
                "n_shared": pair.n_shared,
                "n_agreeing": pair.n_agreeing,
            }
            for pair in calibration.pairs
        ],
    }
    if spacing is not None:
        result["spacing"] = {"true": spacing.true, "mean": spacing.mean, "sd": spacing.sd, "n": spacing.n}
    for number, camera in enumerate(calibration.rig):
        deviations = calibration.deviations[number]
        result["cameras"][camera.name] = {
            "rms_px": rms(calibration.residuals[number]),
            "median_px": float(np.nanmedian(np.linalg.norm(calibration.residuals[number], axis=-1))),
            "n_views": int(sightings.is_seen[number].sum()),
            "n_corners": int(sightings.n_seen[number].sum()),
            "covered": covered_share(calibration, number),
            "focal_px": camera.matrix[[0, 1], [0, 1]].tolist(),
            "focal_sd_px": deviations[:2].tolist(),
            "centre_px": camera.matrix[:2, 2].tolist(),
            "centre_sd_px": deviations[2:4].tolist(),
            "distortion": camera.distortion.tolist(),
            "rotation": camera.rotation.tolist(),
            "rotation_sd_degrees": np.degrees(deviations[12:15]).tolist(),
            "translation": camera.translation.tolist(),
            "translation_sd": deviations[15:18].tolist(),
        }
    result["warnings"] = find_warnings(calibration)
    return result


def covered_share(calibration: Calibration, number: int) -> float:
    """Return the share of a camera's image inside the convex hull of all corners that it saw."""
    corners = calibration.sightings.corners[number]
    known = corners[np.isfinite(corners).all(axis=-1)]
    try:
        area = ConvexHull(known).volume
    except (QhullError, ValueError):
        return 0.0
    return float(area / np.prod(calibration.sightings.sizes[number]))


def find_warnings(calibration: Calibration) -> list[str]:
    """Return what a user should know before trusting a calibration, in sentences."""
    warnings = [*_few_views(calibration), *_coverage(calibration), *_errors(calibration)]
    warnings += _uncertainty(calibration)
    warnings += _same_images(calibration)
    if calibration.is_placed:
        warnings += _links(calibration)
        warnings += _moved(calibration)
    warnings += check_rig(calibration.rig)
    return list(dict.fromkeys(warnings))


def _few_views(calibration: Calibration) -> Iterator[str]:
    sightings = calibration.sightings
    for name, count in zip(sightings.cameras, sightings.is_seen.sum(axis=1), strict=True):
        if count < MIN_VIEWS:
            yield f"camera {name}: the board is in only {count} views; {MIN_VIEWS} or more are wanted"
    board = sightings.board
    if isinstance(board, Chessboard) and board.looks_the_same_turned and calibration.is_placed:
        yield (
            f"a chessboard of {board.columns} × {board.rows} inner corners looks the same upside down, so "
            "cameras may "
            "number its corners differently; use one with an odd and an even side, or a ChArUco board"
        )


def _coverage(calibration: Calibration) -> Iterator[str]:
    for number, name in enumerate(calibration.sightings.cameras):
        share = covered_share(calibration, number)
        if share < MIN_COVERED:
            yield (
                f"camera {name}: the board covers only {100 * share:.0f} % of the image; the lens is "
                "guessed outside. "
                "Show the board near the edges and corners too"
            )


def _errors(calibration: Calibration) -> Iterator[str]:
    if calibration.rms_px > BAD_RMS_PX:
        yield f"the error is {calibration.rms_px:.2f} px, which is large: below 1 px is usual"
    held_out = calibration.held_out_rms_px
    if np.isfinite(held_out) and held_out > HELD_OUT_RATIO * calibration.rms_px:
        yield (
            f"views that were left out fit worse ({held_out:.2f} px) than those used "
            f"({calibration.rms_px:.2f} px): "
            "more views are wanted"
        )
    lengths = np.linalg.norm(calibration.residuals, axis=-1)
    with np.errstate(all="ignore"):
        views = np.sqrt(_mean(lengths**2, axis=(0, 2)))
    bad = np.flatnonzero(views > max(BAD_VIEW * float(np.nanmedian(views)), 1.0))
    if len(bad):
        names = ", ".join(calibration.sightings.views[view] for view in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        yield (
            f"{len(bad)} of {len(views)} views fit badly ({names}{more}): blurred, found wrongly, or the "
            "images are not of "
            "the same moment"
        )


def _mean(values: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """Return the mean of what is known, NaN where nothing is, without a warning."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    return np.where(known, values, 0).sum(axis=axis) / np.where(count, count, np.nan)


def _uncertainty(calibration: Calibration) -> Iterator[str]:
    for camera, deviations in zip(calibration.rig, calibration.deviations, strict=True):
        share = deviations[0] / camera.matrix[0, 0]
        if share > UNSURE_FOCAL:
            yield (
                f"camera {camera.name}: its focal length is known only to ±{100 * share:.1f} % (poorly "
                "conditioned); tilt "
                "the board more, and show it nearer and farther"
            )


def _same_images(calibration: Calibration) -> Iterator[str]:
    sightings = calibration.sightings
    for i, j in combinations(range(len(sightings.cameras)), 2):
        away = np.linalg.norm(sightings.corners[i] - sightings.corners[j], axis=-1)
        known = away[np.isfinite(away)]
        if known.size and np.median(known) < SAME_IMAGE_PX:
            first, second = sightings.cameras[i], sightings.cameras[j]
            yield (
                f"cameras {first} and {second} show the same images: one was probably copied under another "
                "name"
            )


def _links(calibration: Calibration) -> Iterator[str]:
    names = calibration.sightings.cameras
    centres = np.stack([camera.centre for camera in calibration.rig])
    rays = np.nanmedian(calibration.boards[:, 3:], axis=0) - centres
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    widest = np.degrees(np.arccos(np.clip(rays @ rays.T, -1, 1))).max()
    if widest < MIN_ANGLE_DEGREES:
        yield (
            f"the cameras saw the board from directions {widest:.1f}° apart at most: depth will be uncertain"
        )
    for number, name in enumerate(names):
        best = max(
            (pair.n_agreeing for pair in calibration.pairs if number in (pair.first, pair.second)), default=0
        )
        if best < MIN_SHARED:
            yield (
                f"camera {name} is linked to the others by only {best} view{'s' if best != 1 else ''} of "
                "the board; show "
                "it to several cameras at once more often"
            )


def _moved(calibration: Calibration) -> Iterator[str]:
    """Find a camera whose error falls when it may stand elsewhere before and after some view."""
    sightings = calibration.sightings
    best = (0.0, 0.0, "", "")
    for number, name in enumerate(sightings.cameras):
        found = _best_split(calibration, number)
        if found is not None and found[0] > best[0]:
            best = (*found[:2], name, sightings.views[found[2]])
    _, shift_px, name, view = best
    if name and shift_px > max(MOVED_PX, MOVED_SIGMAS * calibration.sigma_px):
        yield (
            f"camera {name} seems to have moved, by about {shift_px:.1f} px, before view {view}: calibrate "
            "the parts of the "
            "recording separately"
        )


def _best_split(calibration: Calibration, number: int) -> tuple[float, float, int] | None:
    """Return the gain, the shift in px and the first view after the best change of a camera's place."""
    sightings = calibration.sightings
    shared = np.flatnonzero(sightings.is_seen[number] & (sightings.is_seen.sum(axis=0) > 1))
    if len(shared) < 2 * MIN_STRETCH:
        return None
    alone = sightings.of_cameras([number]).of_views(shared)
    # The boards are placed by the other cameras alone: where they stand must not follow this camera's move.
    boards = _boards_without(calibration, number, shared)
    rows = np.stack([to_row(calibration.rig.cameras[number])])
    problem = BoardProblem.from_corners(
        alone.corners, sightings.board.points, [calibration.rig.cameras[number].fisheye]
    )
    at = problem.linearise(rows, boards)
    J = np.where(np.isfinite(at.residual)[..., None], at.by_camera[..., 12:], 0.0).reshape(len(shared), -1, 6)
    r = np.nan_to_num(at.residual).reshape(len(shared), -1)
    A, b = J.swapaxes(1, 2) @ J, (J.swapaxes(1, 2) @ r[..., None])[..., 0]
    before, pulled = np.cumsum(A, axis=0), np.cumsum(b, axis=0)
    best: tuple[float, float, int] | None = None
    for split in range(MIN_STRETCH, len(shared) - MIN_STRETCH + 1):
        steps = [
            np.linalg.lstsq(H, g, rcond=1e-10)[0]
            for H, g in (
                (before[split - 1], pulled[split - 1]),
                (before[-1] - before[split - 1], pulled[-1] - pulled[split - 1]),
                (before[-1], pulled[-1]),
            )
        ]
        gain = float(
            steps[0] @ pulled[split - 1] + steps[1] @ (pulled[-1] - pulled[split - 1]) - steps[2] @ pulled[-1]
        )
        if best is None or gain > best[0]:
            n_points = np.isfinite(at.residual).all(axis=-1).sum()
            shift = np.linalg.norm(J @ (steps[1] - steps[0])) / np.sqrt(n_points)
            best = (gain, float(shift), int(shared[split]))
    return best


def _boards_without(calibration: Calibration, number: int, views: np.ndarray) -> np.ndarray:
    """Return the poses of the boards as the other cameras see them."""
    others = [i for i in range(len(calibration.rig)) if i != number]
    rest = calibration.sightings.of_cameras(others).of_views(views)
    cameras = [calibration.rig.cameras[i] for i in others]
    problem = BoardProblem.from_corners(
        rest.corners, rest.board.points, [camera.fisheye for camera in cameras]
    )
    rows = np.stack([to_row(camera) for camera in cameras])
    held = np.zeros(rows.shape, dtype=bool)
    return adjust(problem, rows, calibration.boards[views], free=held, max_steps=8).items
