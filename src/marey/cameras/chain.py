"""Where cameras are to each other, from the boards that pairs of them saw at the same moments.

Each shared view gives one answer for a pair; the answer is taken that most of the pair's other views agree
with, so a board that was found wrongly, or images that do not belong together, cannot spoil it. The pairs
with most agreement make a tree over all cameras, and a bundle adjustment takes it from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras.camera import Camera
from marey.cameras.sightings import Sightings
from marey.errors import InputError

# A shared view agrees when half of its corners are within this share of the image's width.
AGREE = 0.01
MIN_SHARE = 0.3
# So many of the views that two cameras share are asked how the cameras stand; all, whether they agree.
MOST_TRIED = 40


@dataclass(frozen=True)
class Pair:
    """What two cameras' shared views say about how they stand.

    Parameters
    ----------
    first, second
        Their numbers.
    n_shared
        How many views both saw.
    n_agreeing
        How many of those agree with `motion`.
    motion
        From the frame of the first to that of the second, shape (4, 4).
    """

    first: int
    second: int
    n_shared: int
    n_agreeing: int
    motion: np.ndarray

    @property
    def is_firm(self) -> bool:
        """Whether the views agree with each other; a single one is believed."""
        return self.n_agreeing >= min(self.n_shared, 2) and self.n_agreeing >= MIN_SHARE * self.n_shared > 0


def place_cameras(
    cameras: Sequence[Camera], poses: np.ndarray, sightings: Sightings
) -> tuple[list[Camera], np.ndarray, list[Pair]]:
    """Place all cameras in the frame of the first, and the boards of all views.

    Parameters
    ----------
    cameras
        With their lenses.
    poses
        Of the boards in the frames of the cameras, shape (n_cameras, n_views, 6), NaN where not seen.
    sightings
        What was seen.

    Returns
    -------
    cameras
        Placed, the first at the origin.
    boards
        Poses of the boards in the world, shape (n_views, 6); NaN where no camera gives one.
    pairs
        What each pair said.

    Raises
    ------
    InputError
        Some cameras never saw the board together with others.
    """
    motions = to_motions(poses)
    n = len(cameras)
    pairs = [_judge_pair(i, j, cameras, motions, sightings) for i in range(n) for j in range(i + 1, n)]
    to_camera = _span(pairs, sightings.cameras)
    placed = [
        camera.placed(motion[:3, :3], motion[:3, 3])
        for camera, motion in zip(cameras, to_camera, strict=True)
    ]
    return placed, _place_boards(placed, motions, to_camera, sightings), pairs


def to_motions(poses: np.ndarray) -> np.ndarray:
    """Return poses, shape (..., 6), as matrices, shape (..., 4, 4); NaN stays NaN."""
    motions = np.full((*poses.shape[:-1], 4, 4), np.nan)
    known = np.isfinite(poses).all(axis=-1)
    motions[known] = np.eye(4)
    motions[known, :3, :3] = (
        Rotation.from_rotvec(poses[known][:, :3]).as_matrix() if known.any() else np.eye(3)
    )
    motions[known, :3, 3] = poses[known][:, 3:]
    return motions


def to_poses(motions: np.ndarray) -> np.ndarray:
    """Return matrices, shape (..., 4, 4), as poses, shape (..., 6); NaN stays NaN."""
    poses = np.full((*motions.shape[:-2], 6), np.nan)
    known = np.isfinite(motions).all(axis=(-1, -2))
    if known.any():
        poses[known, :3] = Rotation.from_matrix(motions[known][:, :3, :3]).as_rotvec()
        poses[known, 3:] = motions[known][:, :3, 3]
    return poses


def _judge_pair(i: int, j: int, cameras: Sequence[Camera], motions: np.ndarray, sightings: Sightings) -> Pair:
    shared = np.flatnonzero(np.isfinite(motions[[i, j]]).all(axis=(0, 2, 3)))
    best, best_key = np.eye(4), (0, -np.inf)
    tried = np.linspace(0, len(shared) - 1, min(len(shared), MOST_TRIED)).astype(int)
    for view in shared[tried]:
        motion = motions[j, view] @ np.linalg.inv(motions[i, view])
        forth = _misfits(cameras[j], motion @ motions[i, shared], sightings.corners[j, shared], sightings)
        back = np.linalg.inv(motion) @ motions[j, shared]
        misfit = np.maximum(forth, _misfits(cameras[i], back, sightings.corners[i, shared], sightings))
        agrees = misfit < AGREE
        key = (int(agrees.sum()), -float(misfit[agrees].sum()))
        if key > best_key:
            best, best_key = motion, key
    return Pair(i, j, len(shared), best_key[0], best)


def _misfits(camera: Camera, boards: np.ndarray, corners: np.ndarray, sightings: Sightings) -> np.ndarray:
    """Return how far corners are from where boards would put them, the median, in widths of the image."""
    at_origin = camera.placed(np.zeros(3), np.zeros(3))
    points = np.column_stack([sightings.board.points, np.ones(len(sightings.board.points))])
    world = (boards @ points.T).swapaxes(-1, -2)[..., :3]
    away = np.linalg.norm(at_origin.project(world.reshape(-1, 3)).reshape(corners.shape) - corners, axis=-1)
    seen = np.isfinite(corners).all(axis=-1)
    away = np.where(seen & np.isnan(away), np.inf, away)
    return np.nanmedian(away, axis=-1) / max(camera.size)


def _span(pairs: Sequence[Pair], names: Sequence[str]) -> list[np.ndarray]:
    """Follow the firmest pairs from the first camera to all others (Prim's algorithm)."""
    known: dict[int, np.ndarray] = {0: np.eye(4)}
    while len(known) < len(names):
        edges = [pair for pair in pairs if pair.is_firm and (pair.first in known) != (pair.second in known)]
        if not edges:
            raise _not_connected(pairs, names, sorted(known))
        pair = max(edges, key=lambda pair: pair.n_agreeing)
        if pair.first in known:
            known[pair.second] = pair.motion @ known[pair.first]
        else:
            known[pair.first] = np.linalg.inv(pair.motion) @ known[pair.second]
    return [known[number] for number in range(len(names))]


def _not_connected(pairs: Sequence[Pair], names: Sequence[str], known: Sequence[int]) -> InputError:
    inside = ", ".join(names[number] for number in known)
    outside = ", ".join(name for number, name in enumerate(names) if number not in known)
    between = [pair for pair in pairs if (pair.first in known) != (pair.second in known)]
    best = max(between, key=lambda pair: (pair.n_agreeing, pair.n_shared))
    if best.n_shared == 0:
        return InputError(
            f"the board was never seen together by one of {inside} and one of {outside}",
            hint="hold the board where both see it at the same moment; images that belong together must "
            "have the same name apart from the camera's. For the lenses alone, say --intrinsics-only",
        )
    return InputError(
        f"{inside} and {outside} cannot be linked: {names[best.first]} and {names[best.second]} share "
        f"{best.n_shared} views by name, but only {best.n_agreeing} of them agree on where the cameras are",
        hint="images of the same name must be of the same moment, and the cameras must not move. If each "
        "camera was shown the board at another time, say --intrinsics-only",
    )


def _place_boards(
    cameras: Sequence[Camera], motions: np.ndarray, to_camera: Sequence[np.ndarray], sightings: Sightings
) -> np.ndarray:
    """Take for each view, of what each camera says of the board's place, what suits all of them best."""
    seen = np.isfinite(motions).all(axis=(2, 3))
    boards = np.full((len(sightings.views), 4, 4), np.nan)
    best = np.full(len(boards), np.inf)
    for number, own in enumerate(to_camera):
        views = np.flatnonzero(seen[number])
        said = np.linalg.inv(own) @ motions[number, views]
        total = np.zeros(len(views))
        for other, there in enumerate(to_camera):
            both = seen[other, views]
            corners = sightings.corners[other, views[both]]
            misfits = _misfits(cameras[other], there @ said[both], corners, sightings)
            total[both] += np.minimum(misfits, 10 * AGREE)
        is_better = total < best[views]
        best[views[is_better]], boards[views[is_better]] = total[is_better], said[is_better]
    return to_poses(boards)
