"""From sightings of a board to a calibrated rig: lenses, a chain over pairs, one bundle adjustment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from marey.cameras.bundle import SHIFT, TURN, BoardProblem, from_row, to_row
from marey.cameras.camera import Camera
from marey.cameras.chain import Pair, place_cameras
from marey.cameras.intrinsics import LensFit, LensKind, fit_lens, free_lens, lens_prior, refine_lens
from marey.cameras.least_squares import Prior, Solution, adjust
from marey.cameras.rig import Rig
from marey.cameras.sightings import Sightings
from marey.errors import InputError
from marey.progress import Progress, ProgressCallback, ignore_progress

MAX_VIEWS = 200
HELD_OUT_SHARE = 0.2
MIN_VIEWS_TO_HOLD_OUT = 10
JUDGING_VIEWS = 80
"""Of more views than these, so many are drawn to hold some out: more would take long and tell nothing new."""
EQUALLY_GOOD = 1.01


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rig, and what is known of how good it is.

    Parameters
    ----------
    rig
        The cameras; the world is the frame of the first.
    sightings
        What was used.
    boards
        Poses of the board in the world, shape (n_views, 6).
    residuals
        Seen minus projected, shape (n_cameras, n_views, n_points, 2), px; NaN where not seen.
    sigma_px
        Robust standard deviation of the corners along one axis.
    deviations
        Standard deviations of the 18 numbers of each camera (see :mod:`marey.cameras.bundle`); 0 for those
        that were held. They say what noise in the corners does, and nothing of a bent board.
    held_out_rms_px
        Root mean square error in views that a second calibration, without them, did not see; NaN with too
        few.
    pairs
        How firmly each pair of cameras is linked; empty when only the lenses were fitted.
    lens
        Kind of the lenses.
    is_placed
        Whether the cameras were placed, or only their lenses fitted.
    """

    rig: Rig
    sightings: Sightings
    boards: np.ndarray
    residuals: np.ndarray
    sigma_px: float
    deviations: np.ndarray
    held_out_rms_px: float
    pairs: tuple[Pair, ...] = ()
    lens: LensKind = "pinhole"
    is_placed: bool = True
    notes: tuple[str, ...] = field(default=())

    @property
    def rms_px(self) -> float:
        """Root mean square distance between seen and projected corners, over all cameras."""
        return rms(self.residuals)


def rms(residuals: np.ndarray) -> float:
    """Return the root mean square length of residuals, shape (..., 2); NaN if none is known."""
    squares = (residuals**2).sum(axis=-1)
    known = squares[np.isfinite(squares)]
    return float(np.sqrt(known.mean())) if known.size else float("nan")


def calibrate(
    sightings: Sightings,
    *,
    lens: LensKind = "auto",
    known: Mapping[str, Camera] | None = None,
    intrinsics_only: bool = False,
    max_views: int = MAX_VIEWS,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> Calibration:
    """Calibrate cameras from sightings of a board.

    Parameters
    ----------
    sightings
        From :func:`marey.cameras.detection.detect_boards`.
    lens
        ``"pinhole"`` (k1, k2, p1, p2), ``"wide"`` (k3 too), ``"auto"`` (of these two, for each camera what
        its views need) or ``"fisheye"``.
    known
        Cameras whose lenses are known and held, by name; their places are not used.
    intrinsics_only
        Fit only the lenses; the cameras stay unplaced.
    max_views
        Use at most so many views, well spread.
    seed
        Of the choice of held-out views, the only thing that is drawn.
    progress
        Told after each stage.

    Raises
    ------
    InputError
        There are fewer than two cameras (unless only lenses are asked for), a camera saw too little, or
        cameras never saw the board together.
    """
    if len(sightings.cameras) < 2 and not intrinsics_only:
        raise InputError(
            f"expected at least two cameras, got {', '.join(sightings.cameras)}",
            hint="check {camera} in the pattern; for the lens of a single camera, say --intrinsics-only",
        )
    seen = sightings.is_seen.any(axis=0)
    sightings = sightings.of_views(np.flatnonzero(seen)).well_spread(max_views)
    fits = _fit_lenses(sightings, lens, known or {}, progress)
    kinds = [fit.kind for fit in fits]
    cameras = [fit.camera for fit in fits]
    poses = np.stack([fit.poses for fit in fits])
    if intrinsics_only:
        return _apart(sightings, cameras, poses, kinds, lens)
    progress(Progress("placing the cameras", 0, 1))
    placed, boards, pairs = place_cameras(cameras, poses, sightings)
    usable = np.flatnonzero(np.isfinite(boards).all(axis=1))
    sightings, boards = sightings.of_views(usable), boards[usable]
    progress(Progress("placing the cameras", 1, 1))
    progress(Progress("bundle adjustment", 0, 2))
    solution = _adjust_all(sightings, placed, boards, kinds, _anchor(fits))
    held_out = _held_out_rms(sightings, solution, placed, kinds, seed)
    progress(Progress("bundle adjustment", 1, 2))
    # The simpler of two models that predict equally well: lenses that only each camera's own views determine.
    fixed: list[LensKind | None] = [None] * len(placed)
    held_out_fixed = _held_out_rms(sightings, solution, placed, fixed, seed, kinds)
    are_held = held_out_fixed <= EQUALLY_GOOD * held_out
    if are_held:
        solution = _adjust_all(sightings, placed, boards, fixed)
        held_out = held_out_fixed
    progress(Progress("bundle adjustment", 2, 2))
    found = tuple(from_row(row, camera) for row, camera in zip(solution.cameras, placed, strict=True))
    return Calibration(
        rig=Rig(found, units=sightings.board.units),
        sightings=sightings,
        boards=solution.items,
        residuals=_unpacked(sightings, solution),
        sigma_px=solution.sigma_px,
        deviations=_deviations(solution, fits if are_held else ()),
        held_out_rms_px=held_out,
        pairs=tuple(pairs),
        lens=lens,
    )


def _deviations(solution: Solution, fits: Sequence[LensFit]) -> np.ndarray:
    """Return the standard deviations of the cameras' numbers; of held lenses those of their own fits."""
    deviations = np.sqrt(np.maximum(np.diag(solution.covariance), 0)).reshape(solution.cameras.shape)
    for row, fit in zip(deviations, fits, strict=False):
        row[:12] = np.sqrt(np.maximum(np.diag(fit.covariance)[:12], 0))
    return deviations


def _fit_lenses(
    sightings: Sightings, lens: LensKind, known: Mapping[str, Camera], progress: ProgressCallback
) -> list[LensFit]:
    fits = []
    for number, name in enumerate(sightings.cameras):
        if name in known:
            _check_size(known[name], sightings.sizes[number])
            fits.append(refine_lens(known[name], sightings.corners[number], sightings.board.points, None))
        else:
            fits.append(fit_lens(sightings, number, lens))
        progress(
            Progress("fitting the lenses", number + 1, len(sightings.cameras), {"rms_px": fits[-1].rms_px})
        )
    return fits


def _check_size(camera: Camera, size: np.ndarray) -> None:
    if tuple(camera.size) != tuple(size):
        raise InputError(
            f"expected images of {camera.size[0]} × {camera.size[1]} from camera {camera.name!r}, as its "
            "known lens "
            f"was calibrated for, got {size[0]} × {size[1]}",
            hint="calibrate the lens at the resolution of these images",
        )


def _apart(
    sightings: Sightings,
    cameras: Sequence[Camera],
    poses: np.ndarray,
    kinds: Sequence[LensKind | None],
    lens: LensKind,
) -> Calibration:
    """Put what was fitted of each camera alone together; every camera stays at the origin."""
    residuals = np.full_like(sightings.corners, np.nan)
    deviations, sigmas, found = [], [], []
    for number, (camera, kind) in enumerate(zip(cameras, kinds, strict=True)):
        usable = np.flatnonzero(np.isfinite(poses[number]).all(axis=1))
        alone = sightings.of_cameras([number]).of_views(usable)
        solution = _adjust_all(alone, [camera], poses[number, usable], [kind])
        residuals[number, usable] = _unpacked(alone, solution)[0]
        deviations.append(np.sqrt(np.maximum(np.diag(solution.covariance), 0)))
        sigmas.append(solution.sigma_px)
        found.append(from_row(solution.cameras[0], camera))
    boards = np.full((len(sightings.views), 6), np.nan)
    return Calibration(
        rig=Rig(tuple(found), units=sightings.board.units, metadata={"placed": False}),
        sightings=sightings,
        boards=boards,
        residuals=residuals,
        sigma_px=float(np.median(sigmas)),
        deviations=np.stack(deviations),
        held_out_rms_px=float("nan"),
        lens=lens,
        is_placed=False,
    )


def _anchor(fits: Sequence[LensFit]) -> Prior:
    """Return what each camera's own views say about its lens, as a prior of the joint adjustment.

    Corners of one camera are wrong only by their noise; between cameras there is more that a model does not
    know: a board that bends, shutters that do not open together. A free joint adjustment hides it in the
    lenses.
    """
    known = [fit.as_prior() for fit in fits]
    return Prior(np.stack([mean for mean, _ in known]), np.stack([precision for _, precision in known]))


def _adjust_all(
    sightings: Sightings,
    cameras: Sequence[Camera],
    boards: np.ndarray,
    kinds: Sequence[LensKind | None],
    prior: Prior | None = None,
) -> Solution:
    """Adjust lenses, places and boards together; the place of the first camera is the gauge."""
    problem = _problem(sightings, cameras)
    rows = np.stack([to_row(camera) for camera in cameras])
    free = free_lens(list(kinds))
    free[1:, TURN] = free[1:, SHIFT] = True
    return adjust(problem, rows, boards, free=free, prior=prior or lens_prior(list(cameras), list(kinds)))


def _problem(sightings: Sightings, cameras: Sequence[Camera]) -> BoardProblem:
    fisheye = [camera.fisheye for camera in cameras]
    return BoardProblem.from_corners(sightings.corners, sightings.board.points, fisheye)


def _unpacked(sightings: Sightings, solution: Solution) -> np.ndarray:
    residuals = np.full_like(sightings.corners, np.nan)
    residuals[np.nonzero(sightings.is_seen)] = solution.residual
    return residuals


def _held_out_rms(
    sightings: Sightings,
    solution: Solution,
    cameras: Sequence[Camera],
    kinds: Sequence[LensKind | None],
    seed: int,
    lens_kinds: Sequence[LensKind | None] | None = None,
) -> float:
    """Calibrate again without a fifth of the views; there, only the boards' poses are fitted then.

    Where `lens_kinds` differ from `kinds`, lenses are fitted alone by the first and then held by the second.
    """
    rng, boards = np.random.default_rng(seed), solution.items
    if len(sightings.views) > JUDGING_VIEWS:
        drawn = np.sort(rng.choice(len(sightings.views), JUDGING_VIEWS, replace=False))
        sightings, boards = sightings.of_views(drawn), boards[drawn]
    shared = np.flatnonzero(sightings.is_seen.sum(axis=0) > 1)
    if len(shared) < MIN_VIEWS_TO_HOLD_OUT:
        return float("nan")
    n_out = max(1, round(HELD_OUT_SHARE * len(shared)))
    out = np.sort(rng.permutation(shared)[:n_out])
    kept = np.setdiff1d(np.arange(len(sightings.views)), out)
    if (sightings.is_seen[:, kept].sum(axis=1) < 2).any():
        return float("nan")
    start = [from_row(row, camera) for row, camera in zip(solution.cameras, cameras, strict=True)]
    rest = sightings.of_views(kept)
    fits = [
        refine_lens(camera, rest.corners[number], rest.board.points, kind)
        for number, (camera, kind) in enumerate(zip(start, lens_kinds or kinds, strict=True))
    ]
    start = [
        fit.camera.placed(camera.rotation, camera.translation)
        for fit, camera in zip(fits, start, strict=True)
    ]
    again = _adjust_all(rest, start, boards[kept], kinds, _anchor(fits))
    judged = sightings.of_views(out)
    held = np.zeros(again.cameras.shape, dtype=bool)
    found = adjust(_problem(judged, start), again.cameras, boards[out], free=held)
    return rms(found.residual)


def with_rig(calibration: Calibration, rig: Rig) -> Calibration:
    """Return the calibration with its cameras in another world; boards are left where they were."""
    return replace(calibration, rig=rig)
