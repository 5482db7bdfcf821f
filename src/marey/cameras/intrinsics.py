"""The lens of one camera, from views of a board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from marey.cameras.bundle import CENTRE, FOCAL, LENS, N_CAMERA, BoardProblem, from_row, to_row
from marey.cameras.camera import Camera
from marey.cameras.least_squares import Prior, adjust
from marey.cameras.planes import board_poses, focal_guesses
from marey.cameras.sightings import Sightings
from marey.errors import ConfigError, InputError

LensKind = Literal["auto", "pinhole", "wide", "fisheye"]
LENS_KINDS = ("auto", "pinhole", "wide", "fisheye")
# A wide lens is taken where its one coefficient more makes the error this much smaller.
WORTH_IT = 0.95
# Which of k1, k2, p1, p2, k3, k4, k5, k6 (k1 to k4 of a fisheye) are fitted.
FITTED = {"pinhole": (0, 1, 2, 3), "wide": (0, 1, 2, 3, 4), "fisheye": (0, 1, 2, 3)}
# Weak knowledge of any lens, as standard deviations: it decides only what the views leave open.
CENTRE_SD = 0.1  # in widths of the image
COEFFICIENT_SD = (1, 1, 0.05, 0.05, 1)
# What each term of a fisheye does to the radius at the corner of the image, as a share of it. The projections
# that lenses are built for (equidistant, equisolid, stereographic, orthographic) differ so much, and by ever
# less in higher terms. Said of the coefficients themselves it would depend on how wide the lens is; said too
# loosely, a board that was only in the middle bends the rest of the picture.
CORNER_SD = (0.2, 0.1, 0.05, 0.025)
WIDEST = np.pi / 2  # a ray to the side; no point is seen beyond
N_GUESS_VIEWS = 12
N_GUESS_STEPS = 8
GOOD_GUESS = 0.002  # in widths of the image: better than this, no other focal length needs to be tried
MIN_VIEWS = 2


@dataclass(frozen=True)
class LensFit:
    """A camera at the origin, and where the board was in its views.

    Parameters
    ----------
    camera
        With its lens; not yet placed.
    poses
        Board to camera, shape (n_views, 6); NaN where it was not seen.
    sigma_px
        Robust standard deviation of the corners along one axis.
    rms_px
        Root mean square of the distances between seen and projected corners.
    kind
        Which numbers of the lens were fitted; None where all were held.
    covariance
        Of the 18 numbers of the camera; 0 for those that were held.
    """

    camera: Camera
    poses: np.ndarray
    sigma_px: float
    rms_px: float
    covariance: np.ndarray
    kind: LensKind | None

    def as_prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lens and its inverse covariance, shapes (18,) and (18, 18); 0 for what was held."""
        precision = np.zeros((N_CAMERA, N_CAMERA))
        free = np.flatnonzero(np.diag(self.covariance) > 0)
        block = self.covariance[np.ix_(free, free)]
        scale = 1 / np.sqrt(np.diag(block))
        precision[np.ix_(free, free)] = (
            np.linalg.pinv(block * scale[:, None] * scale, rcond=1e-12, hermitian=True)
            * scale[:, None]
            * scale
        )
        return to_row(self.camera), precision


def fit_lens(sightings: Sightings, number: int, kind: LensKind = "pinhole") -> LensFit:
    """Fit the lens of camera `number` to its views of the board; ``"auto"`` chooses between pinhole and wide.

    The start is the best of several focal lengths, those of the homographies among them, so that nothing
    needs to be known of the lens.

    Raises
    ------
    InputError
        It saw the board in fewer than two views.
    ConfigError
        `kind` is unknown.
    """
    if kind not in LENS_KINDS:
        raise ConfigError(f"expected a lens of kind {', '.join(LENS_KINDS)}, got {kind!r}")
    name = sightings.cameras[number]
    width, height = (int(side) for side in sightings.sizes[number])
    size = width, height
    corners, points = sightings.corners[number], sightings.board.points
    views = np.flatnonzero(sightings.is_seen[number])
    if len(views) < MIN_VIEWS:
        raise InputError(
            f"expected camera {name!r} to see the board in at least {MIN_VIEWS} views, it does in "
            f"{len(views)}",
            hint="film the board from more sides, and check that it fits the description",
        )
    few = views[np.linspace(0, len(views) - 1, min(len(views), N_GUESS_VIEWS)).astype(int)]
    misfit, camera = np.inf, None
    for focal in focal_guesses(size, corners[few], points):
        guess = _guess(name, size, corners[few], points, focal, kind)
        if guess and guess[0] < misfit:
            misfit, camera = guess
        if misfit < GOOD_GUESS * max(size):
            break
    if camera is None:
        raise InputError(
            f"expected the board's views in camera {name!r} to give its focal length, but none does",
            hint="tilt the board: views from straight ahead say nothing about the focal length",
        )
    if kind != "auto":
        return refine_lens(camera, corners, points, kind)
    plain, wide = (refine_lens(camera, corners, points, each) for each in ("pinhole", "wide"))
    return wide if wide.rms_px < WORTH_IT * plain.rms_px else plain


def refine_lens(camera: Camera, corners: np.ndarray, points: np.ndarray, kind: LensKind | None) -> LensFit:
    """Fit a lens from a good start, or with `kind` None only the poses.

    Parameters
    ----------
    camera
        Where to start.
    corners
        Shape (n_views, n_points, 2).
    points
        Of the board.
    kind
        Which numbers of the lens are fitted; None holds all.
    """
    camera = camera.placed(np.zeros(3), np.zeros(3))
    poses = board_poses(camera, corners, points)
    usable = np.flatnonzero(np.isfinite(poses).all(axis=1))
    problem = BoardProblem.from_corners(corners[None, usable], points, [camera.fisheye])
    rows = to_row(camera)[None]
    found = adjust(problem, rows, poses[usable], free=free_lens([kind]), prior=lens_prior([camera], [kind]))
    poses = np.full_like(poses, np.nan)
    poses[usable] = found.items
    squares = np.nansum(found.residual**2, axis=-1)[np.isfinite(found.residual).all(axis=-1)]
    rms = float(np.sqrt(squares.mean())) if squares.size else np.nan
    return LensFit(from_row(found.cameras[0], camera), poses, found.sigma_px, rms, found.covariance, kind)


def free_lens(kinds: list[LensKind | None]) -> np.ndarray:
    """Return which unknowns of the lenses are fitted, bool, shape (n_cameras, 18); None holds a lens."""
    free = np.zeros((len(kinds), N_CAMERA), dtype=bool)
    for row, kind in zip(free, kinds, strict=True):
        if kind is not None:
            row[FOCAL] = row[CENTRE] = True
            row[4 + np.array(FITTED[kind])] = True
    return free


def lens_prior(cameras: list[Camera], kinds: list[LensKind | None]) -> Prior:
    """Return weak knowledge of lenses: the axis is near the middle of the image, coefficients are small."""
    mean, precision = np.zeros((len(cameras), N_CAMERA)), np.zeros((len(cameras), N_CAMERA, N_CAMERA))
    for row, camera, kind in zip(range(len(cameras)), cameras, kinds, strict=True):
        mean[row, CENTRE] = (np.array(camera.size) - 1) / 2
        deviations = np.full(N_CAMERA, np.inf)
        deviations[CENTRE] = CENTRE_SD * max(camera.size)
        known = _fisheye_deviations(camera) if kind == "fisheye" else COEFFICIENT_SD
        deviations[LENS][: len(known)] = known
        precision[row] = np.diag(1 / deviations**2)
    return Prior(mean, precision)


def _fisheye_deviations(camera: Camera) -> np.ndarray:
    """Return the standard deviations of k1 to k4 that mean ``CORNER_SD`` at the corner of the image."""
    angle = min(np.linalg.norm(camera.size) / 2 / camera.matrix[0, 0], WIDEST)
    return np.array(CORNER_SD) / angle ** np.array([2, 4, 6, 8])


def _guess(
    name: str, size: tuple[int, int], corners: np.ndarray, points: np.ndarray, focal: float, kind: LensKind
) -> tuple[float, Camera] | None:
    """Try a focal length: a few steps with the simplest lens; return how well it does, or None."""
    matrix = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
    camera = Camera(name, size, matrix, np.zeros(4), np.zeros(3), np.zeros(3), fisheye=kind == "fisheye")
    poses = board_poses(camera, corners, points)
    usable = np.flatnonzero(np.isfinite(poses).all(axis=1))
    if len(usable) < MIN_VIEWS:
        return None
    free = np.zeros((1, N_CAMERA), dtype=bool)
    free[:, FOCAL] = free[:, 4] = True
    problem = BoardProblem.from_corners(corners[None, usable], points, [camera.fisheye])
    prior = lens_prior([camera], [kind])
    found = adjust(
        problem, to_row(camera)[None], poses[usable], free=free, prior=prior, max_steps=N_GUESS_STEPS
    )
    row = found.cameras[0]
    if not (np.isfinite(row).all() and row[FOCAL].min() > 0.05 * max(size)):
        return None
    # Views that a guess cannot place count as badly as the image is wide.
    lost = (len(corners) - len(usable)) / len(corners)
    return found.sigma_px + lost * max(size), from_row(row, camera)
