"""How well tracks keep identities: HOTA, CLEAR MOT and identity scores.

- HOTA: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 2021.
- MOTA, switches: Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT
  Metrics", 2008.
- IDF1: Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

ALPHAS = np.arange(0.05, 0.96, 0.05)
# Keeps a match of the frame before wherever it is still allowed (CLEAR MOT).
_LOYALTY = 1000.0


@dataclass(frozen=True)
class TrackScores:
    """What :func:`score_tracks` finds.

    Parameters
    ----------
    hota, deta, assa, loca
        Higher order tracking accuracy and its parts: detection, association, localisation; 0 to 1.
    idf1, idp, idr
        Identity F1, precision and recall; 0 to 1.
    mota
        Multiple object tracking accuracy; at most 1, and negative where there are more errors than animals.
    id_switches
        How often a true animal's track changes to another one.
    fragmentations
        How often a true animal is followed again after frames in which it was not: its track was lost there,
        or it was truly away. So does TrackEval's ``Frag``, but for frames without any animal or any track,
        which it skips.
    n_true, n_tracked, n_matched, n_missed, n_extra
        Animals summed over frames: in the truth, in the tracks, in both, in one only.
    n_frames
        Frames compared.
    """

    hota: float
    deta: float
    assa: float
    loca: float
    idf1: float
    idp: float
    idr: float
    mota: float
    id_switches: int
    fragmentations: int
    n_true: int
    n_tracked: int
    n_matched: int
    n_missed: int
    n_extra: int
    n_frames: int

    def to_dict(self) -> dict[str, float | int]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class FrameSimilarity:
    """Who is in one frame, and how alike they are.

    Parameters
    ----------
    true, tracked
        Numbers of the animals and of the tracks that are there, shapes (n,) and (m,).
    similarity
        From 0 to 1, shape (n, m).
    """

    true: np.ndarray
    tracked: np.ndarray
    similarity: np.ndarray


def score_tracks(
    frames: Iterable[FrameSimilarity], n_true: int, n_tracked: int, *, threshold: float = 0.5
) -> TrackScores:
    """Compare tracks with the truth.

    Parameters
    ----------
    frames
        One entry for each frame.
    n_true, n_tracked
        How many animals and tracks are numbered.
    threshold
        From this similarity on a track may be an animal, for MOTA and IDF1. (HOTA is the mean over
        thresholds.)
    """
    kept = list(frames)
    counts = np.zeros(n_true), np.zeros(n_tracked)
    for frame in kept:
        counts[0][frame.true] += 1
        counts[1][frame.tracked] += 1
    clear = _clear(kept, n_true, threshold)
    total_true, total_tracked = int(counts[0].sum()), int(counts[1].sum())
    missed, extra = total_true - clear["n_matched"], total_tracked - clear["n_matched"]
    nothing_to_find = 1.0 if total_tracked == 0 else float("nan")
    return TrackScores(
        **_higher_order(kept, *counts),
        **_identity(kept, *counts, threshold),
        mota=1 - (missed + extra + clear["id_switches"]) / total_true if total_true else nothing_to_find,
        **clear,
        n_true=total_true,
        n_tracked=total_tracked,
        n_missed=missed,
        n_extra=extra,
        n_frames=len(kept),
    )


def _higher_order(
    frames: list[FrameSimilarity], true_counts: np.ndarray, tracked_counts: np.ndarray
) -> dict[str, Any]:
    together = np.zeros((len(true_counts), len(tracked_counts)))
    for frame in frames:
        pairs = np.ix_(frame.true, frame.tracked)
        rows, columns = frame.similarity.sum(1, keepdims=True), frame.similarity.sum(0, keepdims=True)
        either = rows + columns - frame.similarity
        together[pairs] += np.divide(
            frame.similarity, either, out=np.zeros_like(frame.similarity), where=either > 1e-12
        )
    everything = true_counts[:, None] + tracked_counts[None] - together
    alignment = np.divide(together, everything, out=np.zeros_like(together), where=everything > 0)
    matched = np.zeros((len(ALPHAS), *together.shape))
    located = np.zeros(len(ALPHAS))
    for frame in frames:
        score = alignment[np.ix_(frame.true, frame.tracked)] * frame.similarity
        rows, columns = linear_sum_assignment(score, maximize=True)
        similarity = frame.similarity[rows, columns]
        is_match = similarity[None] >= ALPHAS[:, None] - 1e-9
        located += (similarity * is_match).sum(axis=1)
        matched[:, frame.true[rows], frame.tracked[columns]] += is_match
    hits = matched.sum(axis=(1, 2))
    union = np.maximum(1, true_counts[:, None] + tracked_counts[None] - matched)
    association = (matched * matched / union).sum(axis=(1, 2)) / np.maximum(1, hits)
    detection = hits / np.maximum(1, true_counts.sum() + tracked_counts.sum() - hits)
    located = np.where(hits > 0, located / np.maximum(1, hits), 1.0)
    means = {
        "hota": np.sqrt(detection * association),
        "deta": detection,
        "assa": association,
        "loca": located,
    }
    return {name: float(values.mean()) for name, values in means.items()}


def _identity(
    frames: list[FrameSimilarity], true_counts: np.ndarray, tracked_counts: np.ndarray, threshold: float
) -> dict[str, Any]:
    together = np.zeros((len(true_counts), len(tracked_counts)))
    for frame in frames:
        together[np.ix_(frame.true, frame.tracked)] += frame.similarity >= threshold
    right = float(together[linear_sum_assignment(together, maximize=True)].sum())
    n_true, n_tracked = true_counts.sum(), tracked_counts.sum()
    return {
        "idf1": float(2 * right / max(1.0, n_true + n_tracked)),
        "idp": float(right / max(1.0, n_tracked)),
        "idr": float(right / max(1.0, n_true)),
    }


def _clear(frames: list[FrameSimilarity], n_animals: int, threshold: float) -> dict[str, int]:
    latest = np.full(n_animals, -1)  # the last track that each animal had, however long ago
    just_now = np.full(n_animals, -1)  # and the one that it had in the frame before
    n_segments = np.zeros(n_animals, dtype=int)
    n_switches = n_matched = 0
    for frame in frames:
        is_loyal = frame.tracked[None] == just_now[frame.true][:, None]
        score = np.where(frame.similarity >= threshold, frame.similarity + _LOYALTY * is_loyal, 0)
        rows, columns = linear_sum_assignment(score, maximize=True)
        is_match = score[rows, columns] > 0
        animals, tracks = frame.true[rows[is_match]], frame.tracked[columns[is_match]]
        n_switches += int(((latest[animals] >= 0) & (latest[animals] != tracks)).sum())
        n_segments[animals] += just_now[animals] < 0
        n_matched += len(animals)
        latest[animals] = tracks
        just_now[:] = -1
        just_now[animals] = tracks
    fragmentations = int(np.maximum(0, n_segments - 1).sum())
    return {"id_switches": n_switches, "fragmentations": fragmentations, "n_matched": n_matched}
