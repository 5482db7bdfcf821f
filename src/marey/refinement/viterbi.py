"""The most likely path through several candidates in each frame, one of which may be "not seen".

A network often finds the right place as its second peak, while the first is on the other paw. The path of
Viterbi (1967) weighs the confidence of each candidate against how the point would have to have moved, over
the whole recording at once: cost = Σ -log(confidence) + Σ (surprise / usual surprise)² / 2, with a fixed
price for "not seen". The surprise is how far a candidate is from where the point was or, if that is nearer,
from where it would be had it gone on as before: animals rest or move, and a fast one is no less likely to be
where its motion leads. What is usual is learned from the points that the network is sure of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, InputError
from marey.model import append_history
from marey.model.poses import CANDIDATES
from marey.refinement.series import PLANE_DIMENSIONS, QUALITIES, is_present, prepare, with_position

if TYPE_CHECKING:
    import xarray as xr

MIN_CONFIDENCE = 0.01
MISSING_CONFIDENCE = 0.05
SURE_CONFIDENCE = 0.6
USUAL_QUANTILE = 0.9
MAX_RATIO = 4.0
"""Of the usual surprise to the median one: where a network is sure of wrong points, more is not motion."""
MIN_STEP = 0.5
MAX_CARRIED_FRAMES = 3
"""A point that is not seen is not expected to go on for longer than this."""
MAX_SQUARE = 50.0
"""No step costs more: an animal may come back elsewhere after it was hidden."""


def viterbi_filter(
    poses: xr.Dataset,
    candidates: Sequence[xr.Dataset] = (),
    *,
    missing_confidence: float = MISSING_CONFIDENCE,
    step: float | None = None,
) -> xr.Dataset:
    """Choose in every frame the candidate that lies on the most likely path, or none.

    Parameters
    ----------
    poses
        The first candidates: a network's highest peaks.
    candidates
        More of them, with the same frames, keypoints and individuals, such as other networks' predictions.
        The lower peaks that ``marey predict --candidates`` kept in the poses are candidates in any case.
        Without any, the choice is between a point and "not seen".
    missing_confidence
        "Not seen" costs as much as a candidate of this confidence; 0 never drops a point.
    step
        The usual surprise from frame to frame, pixels; by default what nine in ten of each keypoint's sure
        points stay below.

    Returns
    -------
    xarray.Dataset
        Poses with the chosen points, each with the confidence and expected errors of its candidate.

    Raises
    ------
    ConfigError
        A setting is out of range.
    InputError
        The candidates have other frames, keypoints or individuals.
    """
    if not 0 <= missing_confidence < 1 or (step is not None and step <= 0):
        raise ConfigError(
            f"expected a confidence from 0 up to 1 and a positive step, got {missing_confidence} and {step}"
        )
    tables = [prepare(peaks) for table in (poses, *candidates) for peaks in split_candidates(table)]
    check_alike(tables)
    position = np.stack([table["position"].to_numpy() for table in tables])
    confidence = np.stack([table["confidence"].to_numpy() for table in tables])
    frames = tables[0]["frame"].to_numpy().astype(np.float64)
    chosen = np.full(confidence.shape[1:], -1)
    for k, i in np.ndindex(chosen.shape[1:]):
        points, sure = position[:, :, :, k, i], np.nan_to_num(confidence[:, :, k, i], nan=1.0)
        chosen[:, k, i] = _path(points, sure, frames, missing_confidence, step)
    present = is_present(tables[0]["position"].to_numpy())
    return append_history(
        _chosen(tables, chosen),
        "viterbi_filter",
        n_candidates=len(tables),
        missing_confidence=missing_confidence,
        n_dropped=int((present & (chosen < 0)).sum()),
        n_replaced=int((chosen > 0).sum()),
    )


def split_candidates(poses: xr.Dataset) -> list[xr.Dataset]:
    """Return the poses, and one more Dataset for each rank of lower peaks that was kept with them."""
    kept = [name for name in CANDIDATES if name in poses]
    alone = poses.drop_vars([*CANDIDATES, "candidate"], errors="ignore")
    if CANDIDATES[0] not in kept:
        return [alone]
    lower = [
        alone.assign(
            {name.removeprefix("candidate_"): poses[name].isel(candidate=i, drop=True) for name in kept}
        )
        for i in range(poses.sizes["candidate"])
    ]
    return [alone, *lower]


def check_alike(tables: Sequence[xr.Dataset]) -> None:
    """Raise an InputError unless all tables have the same frames, keypoints and individuals."""
    first = tables[0]
    for number, table in enumerate(tables[1:], 2):
        for name in ("frame", "keypoint", "individual"):
            mine, theirs = first[name].to_numpy(), table[name].to_numpy()
            if len(mine) != len(theirs) or (mine != theirs).any():
                raise InputError(
                    f"expected the same {name}s in all predictions, but those of number {number} differ "
                    f"({len(theirs)} against {len(mine)})",
                    hint="predict the same video with networks of the same skeleton",
                )


def _path(
    points: np.ndarray, confidence: np.ndarray, frames: np.ndarray, missing: float, step: float | None
) -> np.ndarray:
    """Return the number of the candidate in each frame, -1 for none.

    Parameters
    ----------
    points, confidence
        Shapes (n_candidates, n_frames, n_space) and (n_candidates, n_frames).
    frames
        Frame numbers.
    missing, step
        As in :func:`viterbi_filter`.
    """
    n_candidates, n_frames = confidence.shape
    known = np.isfinite(points).all(axis=-1)
    usual, stride = _usual_motion(points[0], confidence[0], frames)
    usual = step or usual
    costs = np.where(known, -np.log(np.clip(confidence, MIN_CONFIDENCE, 1)), np.inf)
    # While a point is not seen, it stays where it was last: each state remembers its place, speed and frame.
    place = np.full((n_candidates + 1, points.shape[-1]), np.nan)
    speed = np.full_like(place, np.nan)
    since = np.zeros(n_candidates + 1)
    total = np.zeros(n_candidates + 1)
    back = np.full((n_frames, n_candidates + 1), -1)
    price = -np.log(missing) if missing > 0 else np.inf
    for t in range(n_frames):
        gap = np.maximum(frames[t] - since, 1.0)
        moved = points[:, t, None] - place[None]
        carried = speed * np.minimum(gap, MAX_CARRIED_FRAMES)[:, None]
        surprise = _surprise(moved, carried)
        # How fast a point goes that was seen for the first time, nobody knows: as it usually does, perhaps.
        is_new = np.isnan(speed).any(axis=1)
        surprise[:, is_new] = np.maximum(surprise[:, is_new] - stride * gap[is_new], 0)
        squares = surprise**2 / (usual**2 * gap)
        moves = np.where(np.isfinite(squares), np.minimum(squares, MAX_SQUARE) / 2, 0.0) + total[None]
        best = moves.argmin(axis=1)
        absent = int(total.argmin())
        # Where nothing was found, not to be seen costs nothing.
        unseen = total[absent] + (price if known[:, t].any() else 0.0)
        new_total = np.append(moves[np.arange(n_candidates), best] + costs[:, t], unseen)
        if not np.isfinite(new_total).any():
            new_total[-1] = total[absent]
        back[t] = [*best, absent]
        latest = moved[np.arange(n_candidates), best] / gap[best, None]
        speed = np.concatenate([latest, speed[absent][None]])
        place = np.concatenate([points[:, t], place[absent][None]])
        since = np.append(np.full(n_candidates, frames[t]), since[absent])
        total = new_total - np.min(new_total)
    chosen = np.empty(n_frames, dtype=int)
    state = int(total.argmin()) if n_frames else 0
    for t in range(n_frames - 1, -1, -1):
        chosen[t] = -1 if state == n_candidates else state
        state = int(back[t, state])
    return chosen


def _surprise(moved: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Return how far points that `moved` (..., n_space) are from resting or, if nearer, from going on."""
    return np.fmin(np.linalg.norm(moved, axis=-1), np.linalg.norm(moved - carried, axis=-1))


def _usual_motion(points: np.ndarray, confidence: np.ndarray, frames: np.ndarray) -> tuple[float, float]:
    """Return the surprise that nine in ten sure points stay below, and the median step from frame to frame.

    The first is at most :data:`MAX_RATIO` times its median.

    Parameters
    ----------
    points, confidence, frames
        Of one keypoint, shapes (n_frames, n_space), (n_frames,) and (n_frames,).
    """
    known = np.isfinite(points).all(axis=-1)
    sure = known & (confidence >= SURE_CONFIDENCE)
    here = np.flatnonzero(sure if sure.sum() > 2 else known)
    gap = np.diff(frames[here])
    moved = np.diff(points[here], axis=0)
    carried = np.zeros_like(moved)
    carried[1:] = moved[:-1] / gap[:-1, None] * np.minimum(gap[1:], MAX_CARRIED_FRAMES)[:, None]
    surprise = _surprise(moved, carried) / np.sqrt(gap)
    if not len(surprise):
        return MIN_STEP, 0.0
    middle, high = np.quantile(surprise, (0.5, USUAL_QUANTILE))
    stride = float(np.median(np.linalg.norm(moved, axis=1) / gap))
    return max(MIN_STEP, float(min(high, MAX_RATIO * middle))), stride


def _chosen(tables: Sequence[xr.Dataset], chosen: np.ndarray) -> xr.Dataset:
    """Return the first table with the values of the chosen candidates, NaN where there is none."""
    first = tables[0]
    index = np.maximum(chosen, 0)[None]
    none = chosen < 0
    position = np.stack([table["position"].to_numpy() for table in tables])
    picked = np.take_along_axis(position, index[:, :, None], axis=0)[0]
    result = with_position(first, np.where(none[:, None], np.nan, picked))
    for name in QUALITIES:
        if all(name in table for table in tables):
            planes = np.stack([table[name].to_numpy() for table in tables])
            values = np.take_along_axis(planes, index, axis=0)[0]
            result = result.assign({name: (PLANE_DIMENSIONS, np.where(none, np.nan, values))})
    return result
