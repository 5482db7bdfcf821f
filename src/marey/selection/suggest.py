"""Frames of a predicted video that are most worth labelling next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import InputError
from marey.selection.surprise import Surprise, find_surprises

if TYPE_CHECKING:
    import xarray as xr

    from marey.model import Skeleton
    from marey.video import FrameSource

# A score below this is no reason of its own.
WORTH_SAYING = 0.15
MAX_SHORTLIST = 2000
SHORTLIST_FACTOR = 25


@dataclass(frozen=True)
class Suggestion:
    """A frame worth labelling.

    Parameters
    ----------
    frame
        Its number.
    score
        How unusual it is, in [0, 1].
    reason
        Why, in words.
    """

    frame: int
    score: float
    reason: str


def suggest_frames(
    poses: "xr.Dataset",
    n: int,
    *,
    skeleton: "Skeleton | None" = None,
    video: "FrameSource | None" = None,
    exclude: Iterable[int] = (),
    seed: int = 0,
) -> list[Suggestion]:
    """Choose the frames of predicted poses whose labels would teach a network most.

    Those that are uncertain, where points are lost, jump, or lie at unusual distances from each other;
    and different ones, in time and in posture (and in looks, where the video is given).

    Parameters
    ----------
    poses
        In the schema of :mod:`marey.model.poses`.
    n
        How many; there are fewer where the poses have fewer frames.
    skeleton
        Its edges are the lengths that are watched; otherwise all pairs of keypoints.
    video
        Frames that look alike are then not suggested together, nor any that cannot be decoded.
    exclude
        Frames not to suggest, such as those that are labelled already.
    seed
        Decides between frames that are equally good.

    Returns
    -------
    list of Suggestion
        Best first.
    """
    if n < 1:
        raise InputError(f"expected at least one frame to suggest, got {n}")
    if not poses["position"].size:
        return []
    surprises = find_surprises(poses, skeleton)
    frames = poses["frame"].to_numpy()
    scores = 1 - np.prod([1 - surprise.scores for surprise in surprises], axis=0)
    rows = np.flatnonzero(~np.isin(frames, np.fromiter(exclude, dtype=np.int64)))
    # Equal ones in an order of chance, so that a faultless video gives frames from all of it.
    rows = np.random.default_rng(seed).permutation(rows)
    rows = rows[np.argsort(-scores[rows], kind="stable")][: max(MAX_SHORTLIST, SHORTLIST_FACTOR * n)]
    if video is not None:
        rows = rows[: SHORTLIST_FACTOR * n]
        rows, features = _looks(video, frames, rows)
    else:
        features = _postures(poses, rows)
    chosen = _choose_different(scores[rows], frames[rows], features, n)
    found = [Suggestion(int(frames[r]), float(scores[r]), _explain(surprises, r)) for r in rows[chosen]]
    return sorted(found, key=lambda suggestion: -suggestion.score)


def _looks(video: "FrameSource", frames: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows whose frames can be decoded, in their order, and how these look."""
    from marey.selection.thumbnails import make_thumbnails

    in_order = np.sort(frames[rows])
    found, thumbnails = make_thumbnails(video, in_order[in_order < video.n_frames])
    rows = rows[np.isin(frames[rows], found)]
    return rows, thumbnails[np.searchsorted(found, frames[rows])]


def _postures(poses: "xr.Dataset", rows: np.ndarray) -> np.ndarray:
    """Return the positions in each row, what is missing at its mean, shape (n_rows, n_values)."""
    position = poses["position"].to_numpy()[rows]
    values = position.reshape(len(rows), int(np.prod(position.shape[1:])))
    is_missing = np.isnan(values)
    n_known = np.maximum((~is_missing).sum(axis=0), 1)
    means = np.where(is_missing, 0, values).sum(axis=0) / n_known
    return np.where(is_missing, means, values)


def _choose_different(scores: np.ndarray, frames: np.ndarray, features: np.ndarray, n: int) -> list[int]:
    """Take the best place again and again, its score lowered by how near it is to those already taken."""
    if not len(frames):
        return []
    reach = max(1.0, (frames.max() - frames.min()) / (4 * n))
    typical = np.sqrt(((features - features.mean(axis=0)) ** 2).sum(axis=1).mean()) or 1.0
    time_apart, looks_apart = np.full(len(frames), np.inf), np.full(len(frames), np.inf)
    is_free = np.ones(len(frames), dtype=bool)
    chosen: list[int] = []
    while is_free.any() and len(chosen) < n:
        # Even equals of a frame that is taken keep a little worth, so that n frames are found.
        worth = (
            (scores + 0.01) * (1.001 - np.exp(-time_apart / reach)) * (1.2 - np.exp(-looks_apart / typical))
        )
        best = int(np.where(is_free, worth, -1.0).argmax())
        chosen.append(best)
        is_free[best] = False
        time_apart = np.minimum(time_apart, np.abs(frames - frames[best]))
        looks_apart = np.minimum(looks_apart, np.linalg.norm(features - features[best], axis=1))
    return chosen


def _explain(surprises: Sequence[Surprise], row: int) -> str:
    ranked = sorted(surprises, key=lambda surprise: -surprise.scores[row])
    reasons = [s.explain(row) for s in ranked[:2] if s.scores[row] >= WORTH_SAYING]
    return "; ".join(reasons) or "nothing unusual: for variety"
