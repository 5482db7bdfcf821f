"""Cameras that did not start together: by how many frames, told by what they saw.

Where the cameras are calibrated, a keypoint that two of them saw at the same moment lies on the epipolar line
that each gives the other (Hartley and Zisserman 2004, chapter 9). For every offset, the distances from these
lines are compared over time. A keypoint that the cameras place differently on the body is beside its line
by as much in every frame, so that only the change of its distance counts. Where they are not calibrated,
the speeds of the animal are compared, which say much less.

An offset counts when it is better than all others by more than chance explains. The recording is cut into
stretches, and the advantage over each other offset must hold across them (signed ranks; Wilcoxon 1945).
Offsets over which it does not are as possible as the best one. A still animal, or one that a camera hardly
sees, leaves many.

Cameras are placed one after the other, beginning with the pair that leaves least doubt; each is compared
with all that have a place already, so that a camera that shares little with one finds its place by others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from marey.cameras import Camera, Rig
from marey.errors import InputError
from marey.metrics.medians import known_median
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.reconstruction.matching import epipolar_matrices
from marey.reconstruction.observations import Observations, gather
from marey.reconstruction.sight import Sight

if TYPE_CHECKING:
    import xarray as xr

N_STRETCHES = 16
CHANCE = 1e-3
MAX_DOUBT_FRAMES = 5
MIN_FRAMES = 3 * N_STRETCHES
MAX_OFFSET = 3000
MAX_COMPARED = 1_000_000
MIN_SAMPLED = 200
REACH = 3
"""Speeds are measured over so many frames to each side."""
NOISE_PX = 1.0
"""Distances below it are as good as none."""


@dataclass(frozen=True)
class OffsetEstimate:
    """By how many frames a camera started early.

    Parameters
    ----------
    offset
        Its frame f is frame ``f - offset`` of the session.
    lowest, highest
        The smallest and the largest offset that the recording cannot tell from it.
    """

    offset: int
    lowest: int
    highest: int

    @property
    def doubt(self) -> int:
        """By how many frames it may be wrong."""
        return max(self.highest - self.offset, self.offset - self.lowest)

    def moved(self, by: int) -> OffsetEstimate:
        """Return it, counted from another frame."""
        return OffsetEstimate(self.offset + by, self.lowest + by, self.highest + by)


def synchronise(
    poses: Mapping[str, xr.Dataset],
    rig: Rig | None,
    *,
    offsets: Mapping[str, int] | None = None,
    dropped: Mapping[str, Sequence[int]] | None = None,
    min_confidence: float = 0.0,
    max_offset: int | None = None,
    progress: ProgressCallback = ignore_progress,
) -> dict[str, OffsetEstimate]:
    """Estimate by how many frames each camera started early.

    Parameters
    ----------
    poses, dropped, min_confidence
        See :func:`marey.reconstruction.gather`.
    rig
        The calibrated cameras. None where they are not: then the animal's speeds are compared.
    offsets
        Those that are known; the others are estimated against them.
    max_offset
        Look no farther; by default half of what the cameras have in common, and at most 3000 frames.
    progress
        Told after each pair of cameras.

    Returns
    -------
    dict
        An estimate for every camera with poses; the first is at 0 where none was given.

    Raises
    ------
    InputError
        The recording is too short, or leaves a camera's offset in doubt by more than 5 frames.
    """
    observations, cameras = gather(
        poses,
        rig or _names(poses),
        offsets=offsets,
        dropped=dropped,
        trim=True,
        min_confidence=min_confidence,
    )
    names, n_frames = observations.cameras, len(observations.frames)
    if n_frames < MIN_FRAMES:
        raise InputError(
            f"expected at least {MIN_FRAMES} frames to find out when the cameras started, got {n_frames}",
            hint="give the offsets (--offset CAMERA=N), or use more frames",
        )
    limit = min(n_frames // 2, MAX_OFFSET) if max_offset is None else min(max_offset, n_frames - 1)
    compare = _compare_lines(observations, Sight.of(cameras)) if rig else _compare_speeds(observations)
    pairs = list(combinations(range(len(names)), 2))
    given = {name: (offsets or {}).get(name, 0) for name in names}
    known = {number for number, name in enumerate(names) if name in (offsets or {})}
    evidence: dict[tuple[int, int], np.ndarray] = {}
    for number, (a, b) in enumerate(pairs):
        progress(Progress("comparing the cameras", number, len(pairs)))
        if not {a, b} <= known:
            evidence[a, b] = compare(a, b, limit)
            evidence[b, a] = evidence[a, b][:, ::-1]
    progress(Progress("comparing the cameras", len(pairs), len(pairs)))
    placed = dict(zip(names, _place(evidence, known, names), strict=True))
    first = 0 if known else placed[next(iter(poses))].offset
    return {name: placed[name].moved(given[name] - first) for name in poses}


def _names(poses: Iterable[str]) -> Rig:
    """Return cameras of which nothing is known but their names."""
    nothing = np.zeros(3)
    return Rig(tuple(Camera(name, (1, 1), np.eye(3), np.zeros(5), nothing, nothing) for name in poses))


def _place(
    evidence: Mapping[tuple[int, int], np.ndarray], known: Collection[int], names: Sequence[str]
) -> list[OffsetEstimate]:
    """Return when each camera started.

    Parameters
    ----------
    evidence
        By pair of cameras, shape (N_STRETCHES, 2 * limit + 1): for how much each offset of the second from
        the first speaks, in each stretch of the recording.
    known
        Cameras that start at 0.
    names
        Of all cameras.
    """
    begun = list(known) or [
        min(permutations(range(len(names)), 2), key=lambda pair: _weigh(evidence[pair]).doubt)[0]
    ]
    placed = {camera: OffsetEstimate(0, 0, 0) for camera in begun}

    def compare(camera: int) -> OffsetEstimate:
        # All together say more than one does, unless some of them never saw the animal when this one did.
        alone = [_moved(evidence[other, camera], at.offset) for other, at in placed.items()]
        return min(map(_weigh, [np.sum(alone, axis=0), *alone]), key=lambda estimate: estimate.doubt)

    while waiting := [camera for camera in range(len(names)) if camera not in placed]:
        found = {camera: compare(camera) for camera in waiting}
        surest = min(found, key=lambda camera: found[camera].doubt)
        if found[surest].doubt > MAX_DOUBT_FRAMES:
            start = [] if known else [names[begun[0]]]
            raise _in_doubt({names[camera]: estimate for camera, estimate in found.items()}, start)
        placed[surest] = found[surest]
    return [placed[camera] for camera in range(len(names))]


def _in_doubt(found: Mapping[str, OffsetEstimate], start: Sequence[str]) -> InputError:
    """Return the error for cameras whose offset is not `found` out, compared with `start` and others."""
    told = ", ".join(f"{name} from {e.lowest:+d} to {e.highest:+d}" for name, e in found.items())
    said = " ".join(f"--offset {name}=0" for name in (*start, next(iter(found))))
    return InputError(
        "the poses do not tell by how many frames the cameras started apart: "
        f"what was seen fits {told} frames about as well",
        hint="the animal must move where several cameras see it. If you know better, say it: "
        f"{said} where they were in step",
    )


def _weigh(evidence: np.ndarray) -> OffsetEstimate:
    """Return the best offset, and those that are not worse than it by more than chance explains."""
    limit = evidence.shape[1] // 2
    best = int(evidence.sum(axis=0).argmax())
    advantage = np.column_stack([evidence[:, [best]] - evidence, evidence[:, best]])
    chance = stats.wilcoxon(advantage, alternative="greater", method="exact").pvalue
    *is_possible, is_nothing_as_good = chance >= CHANCE
    possible = np.arange(-limit, limit + 1) if is_nothing_as_good else np.flatnonzero(is_possible) - limit
    return OffsetEstimate(best - limit, int(possible[0]), int(possible[-1]))


def _moved(evidence: np.ndarray, by: int) -> np.ndarray:
    """Return the evidence for offsets from a camera that itself started `by` frames early."""
    moved = np.zeros_like(evidence)
    n = evidence.shape[1] - abs(by)
    moved[:, max(0, by) :][:, :n] = evidence[:, max(0, -by) :][:, :n]
    return moved


_Compare = Callable[[int, int, int], np.ndarray]


def _compare_lines(observations: Observations, sight: Sight) -> _Compare:
    """Return a comparison of two cameras by the distances of keypoints from their epipolar lines."""
    rays = sight.rays(observations.pixels).reshape(observations.pixels.shape)
    rays = np.concatenate([rays, np.ones((*rays.shape[:-1], 1))], axis=-1)
    matrices = epipolar_matrices(sight)

    def compare(a: int, b: int, limit: int) -> np.ndarray:
        frames, others, is_inside = _moments(observations.pixels[a], limit)
        total, count = np.zeros(others.shape), np.zeros(others.shape, dtype=int)
        for keypoint, individual in np.ndindex(len(observations.keypoints), len(observations.individuals)):
            p, q = rays[a, frames, keypoint, individual], rays[b, :, keypoint]
            distance = _signed_distances(p, q, matrices[a, b], sight.focal_px[[a, b]], others)
            distance = np.where(is_inside, distance, np.nan)
            cost = np.log1p(((distance - known_median(distance, axis=0)) / NOISE_PX) ** 2)
            is_known = np.isfinite(cost)
            total += np.where(is_known, cost, 0)
            count += is_known
        return _evidence(np.where(count > 0, total / np.maximum(count, 1), np.nan))

    return compare


def _compare_speeds(observations: Observations) -> _Compare:
    """Return a comparison of two cameras by how fast the animal moves in their images (their covariance)."""
    speeds = np.array([_speeds(pixels.reshape(len(pixels), -1, 2)) for pixels in observations.pixels])
    is_known = np.isfinite(speeds)
    usual = np.where(is_known, speeds, 0).sum(axis=1) / np.maximum(is_known.sum(axis=1), 1)
    faster = np.where(is_known, speeds - usual[:, None], 0)

    def compare(a: int, b: int, limit: int) -> np.ndarray:
        around = np.pad(faster[b], limit)
        borders = np.searchsorted(_stretches(faster[a] ** 2), np.arange(N_STRETCHES + 1))
        return np.stack(
            [
                np.correlate(around[start : stop + 2 * limit], faster[a, start:stop])
                if stop > start
                else np.zeros(2 * limit + 1)
                for start, stop in pairwise(borders)
            ]
        )

    return compare


def _stretches(worth: np.ndarray) -> np.ndarray:
    """Return the number of the stretch that each moment belongs to: stretches of equal worth."""
    so_far = np.cumsum(worth)
    return np.searchsorted(np.linspace(0, so_far[-1], N_STRETCHES + 1)[1:-1], so_far)


def _moments(pixels: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frames of a camera and the frames of another that they are compared with.

    Of a long recording, mostly those are taken in which the animal moves faster than usual.

    Returns
    -------
    frames
        Shape (n,).
    others
        Shape (n, 2 * limit + 1), a column for each offset.
    is_inside
        Of the same shape; elsewhere the other camera has no such frame.
    """
    offsets = np.arange(-limit, limit + 1)
    n_frames = len(pixels)
    n_sampled = max(MAX_COMPARED // len(offsets), MIN_SAMPLED)
    frames = np.arange(n_frames)
    if n_frames > n_sampled:
        speed = np.nan_to_num(_speeds(pixels.reshape(n_frames, -1, 2)))
        travelled = np.cumsum(np.maximum(speed - np.median(speed), 0) + speed.max() / n_frames)
        frames = np.unique(np.searchsorted(travelled, np.linspace(0, travelled[-1], n_sampled)))
    others = frames[:, None] + offsets
    is_inside = (others >= 0) & (others < n_frames)
    return frames, np.where(is_inside, others, 0), is_inside


def _signed_distances(
    p: np.ndarray, q: np.ndarray, matrix: np.ndarray, focal_px: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Return how far points are from each other's epipolar lines (Sampson), and on which side, in pixels.

    Parameters
    ----------
    p
        Rays of an animal's keypoint in one camera, shape (n, 3).
    q
        Of every animal's in the other, shape (n_frames, n_individuals, 3); the nearest counts.
    matrix
        The essential matrix: ``q · matrix · p = 0``.
    focal_px
        Of both cameras.
    others
        Frames of `q` for each `p`, shape (n, n_offsets).
    """
    nearest = np.full(others.shape, np.nan)
    lines_b = p @ matrix.T
    in_b = (lines_b[:, :2] ** 2).sum(axis=-1) / focal_px[1] ** 2
    for individual in range(q.shape[1]):
        lines_a = q[:, individual] @ matrix
        in_a = (lines_a[:, :2] ** 2).sum(axis=-1) / focal_px[0] ** 2
        algebraic = sum(lines_b[:, [i]] * q[others, individual, i] for i in range(3))
        distance = algebraic / np.sqrt(np.maximum(in_b[:, None] + in_a[others], 1e-24))
        is_nearer = ~(np.abs(distance) >= np.abs(nearest)) & np.isfinite(distance)
        nearest = np.where(is_nearer, distance, nearest)
    return nearest


def _evidence(cost: np.ndarray) -> np.ndarray:
    """Return how much better each offset does than offsets on average, for each stretch of the recording.

    The stretches are of equal worth, not length: as much is lost over each by offsets that do not fit.
    What other offsets gain where the best has nothing to compare is spread over them.

    Parameters
    ----------
    cost
        Of each moment and offset, NaN where it is not known; an offset gains nothing there.
    """
    is_known = np.isfinite(cost)
    usual = np.where(is_known, cost, 0).sum(axis=1) / np.maximum(is_known.sum(axis=1), 1)
    gain = np.where(is_known, usual[:, None] - cost, 0)
    both_see = is_known[:, gain.sum(axis=0).argmax()]
    stretch = _stretches(np.where(both_see, gain.std(axis=1), 0))
    sums = np.stack([gain[both_see & (stretch == number)].sum(axis=0) for number in range(N_STRETCHES)])
    return sums + gain[~both_see].sum(axis=0) / N_STRETCHES


def _speeds(positions: np.ndarray) -> np.ndarray:
    """Return how fast an animal moves in the image, shape (n_frames,), on a scale that cameras share.

    It is the median over the keypoints of their speeds in units of the keypoint's own median, so that single
    errors do not count; NaN where nothing is known. Each speed is that of several frames: from one to the
    next, keypoints move less than they are off.

    Parameters
    ----------
    positions
        Keypoints in pixels, shape (n_frames, n_keypoints, 2), NaN where missing.
    """
    steps = np.full(positions.shape[:2], np.nan)
    steps[REACH:-REACH] = np.linalg.norm(positions[2 * REACH :] - positions[: -2 * REACH], axis=-1)
    usual = known_median(steps, axis=0)
    return known_median(np.log1p(steps / np.where(usual > 0, usual, np.nan)), axis=1)
