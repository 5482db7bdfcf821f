"""Placing cameras one after the other by points that they saw at the same moments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from marey.cameras.camera import Camera
from marey.cameras.rig import Rig
from marey.errors import InputError
from marey.reconstruction.linear import intersect
from marey.reconstruction.sight import Sight

TOLERANCE = 0.004
"""How far a point may be off to agree, in widths of the image."""
MIN_SHARED = 30
WIDE_DEGREES = 30.0
N_TRIES = 2000
SURE = 0.9999


def place_by_points(cameras: Sequence[Camera], pixels: np.ndarray) -> list[Camera]:
    """Return the cameras in the frame of the first, with the first pair's step as the unit of length.

    Parameters
    ----------
    cameras
        With their lenses.
    pixels
        Of the same points, shape (n_cameras, n_points, 2); NaN where not seen.

    Raises
    ------
    InputError
        Some camera shares too few points with the others, or they agree on nothing.
    """
    rays = [camera.undistort(seen) for camera, seen in zip(cameras, pixels, strict=True)]
    tolerance = [TOLERANCE * max(camera.size) / camera.matrix[0, 0] for camera in cameras]
    placed = _first_pair(cameras, rays, tolerance)
    while len(placed) < len(cameras):
        number, camera = _next_camera(cameras, rays, tolerance, placed)
        placed[number] = camera
    turn, shift = placed[0].rotation_matrix, placed[0].translation
    rig = Rig(tuple(placed[number] for number in range(len(cameras)))).aligned(turn, shift)
    return list(rig)


def _first_pair(
    cameras: Sequence[Camera], rays: Sequence[np.ndarray], tolerance: Sequence[float]
) -> dict[int, Camera]:
    best_score, best = 0.0, dict[int, Camera]()
    shared_most = 0
    for i, j in combinations(range(len(cameras)), 2):
        both = np.isfinite(rays[i]).all(axis=1) & np.isfinite(rays[j]).all(axis=1)
        shared_most = max(shared_most, int(both.sum()))
        if both.sum() < MIN_SHARED:
            continue
        found = _relative(rays[i][both], rays[j][both], float(np.mean([tolerance[i], tolerance[j]])))
        if found is None:
            continue
        turn, shift, n_agreeing = found
        pair = {i: cameras[i].placed(np.eye(3), np.zeros(3)), j: cameras[j].placed(turn, shift)}
        sight = Sight.of(Rig(tuple(pair.values())))
        points = intersect(sight, np.stack([rays[i][both], rays[j][both]]), np.ones((2, int(both.sum()))))
        angle = np.nanmedian(sight.ray_angles(points, np.ones((2, len(points)), dtype=bool)))
        score = n_agreeing * min(float(angle), WIDE_DEGREES)
        if score > best_score:
            best_score, best = score, pair
    if not best:
        raise InputError(
            f"no two cameras can be placed: expected {MIN_SHARED} points or more that two of them saw at the "
            f"same moment and that agree, got at most {shared_most}",
            hint="are the poses of the same moments, and the offsets right?",
        )
    return best


def _relative(a: np.ndarray, b: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Return rotation, direction and number of agreeing points of the second camera as the first sees it."""
    import cv2

    plain = np.eye(3)
    essential, agrees = cv2.findEssentialMat(
        a, b, plain, method=cv2.RANSAC, prob=SURE, threshold=tolerance, maxIters=N_TRIES
    )
    if essential is None or np.shape(essential)[0] < 3:
        return None
    n_agreeing, turn, shift, _ = cv2.recoverPose(essential[:3], a, b, plain, mask=agrees)
    return turn, np.ravel(shift), int(n_agreeing)


def _next_camera(
    cameras: Sequence[Camera],
    rays: Sequence[np.ndarray],
    tolerance: Sequence[float],
    placed: dict[int, Camera],
) -> tuple[int, Camera]:
    """Place the camera that agrees with most of the points that the placed ones know."""
    import cv2

    known = sorted(placed)
    sight = Sight.of(Rig(tuple(placed[number] for number in known)))
    seen = np.stack([rays[number] for number in known])
    points = intersect(sight, seen, np.isfinite(seen).all(axis=-1).astype(float))
    local = sight.in_cameras(points)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.linalg.norm(local[..., :2] / local[..., 2:] - seen, axis=-1)
    limit = np.array([tolerance[number] for number in known])[:, None]
    is_good = ~(away > 2 * limit).any(axis=0) & np.isfinite(points).all(axis=1)
    best, best_count = None, 0
    for number in range(len(cameras)):
        if number in placed:
            continue
        both = np.flatnonzero(is_good & np.isfinite(rays[number]).all(axis=1))
        if len(both) < MIN_SHARED:
            continue
        is_found, turn, shift, agreeing = cv2.solvePnPRansac(
            points[both], rays[number][both], np.eye(3), None, iterationsCount=N_TRIES,
            reprojectionError=2 * tolerance[number], confidence=SURE, flags=cv2.SOLVEPNP_SQPNP,
        )  # fmt: skip
        count = len(agreeing) if is_found and agreeing is not None else 0
        if count > max(best_count, MIN_SHARED // 2):
            best, best_count = (number, cameras[number].placed(np.ravel(turn), np.ravel(shift))), count
    if best is None:
        missing = ", ".join(camera.name for number, camera in enumerate(cameras) if number not in placed)
        raise InputError(
            f"{missing} cannot be placed: fewer than {MIN_SHARED} points are seen by it and two of the "
            "others, or they do not agree",
            hint="are the poses of the same moments, and is the lens that of this camera?",
        )
    return best
