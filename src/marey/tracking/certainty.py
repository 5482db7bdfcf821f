"""How sure it is who is who: the moments at which two animals may have been exchanged.

A moment of doubt is where a track goes from one tracklet to the next. Its probability compares what joins the
tracks as they are with what would join them the other way round:
``p(exchanged) = 1 / (1 + exp((evidence for "as they are" − evidence for "exchanged") / NATS_FOR_ONE))``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.tracking.joints import Joints
from marey.words import counted

if TYPE_CHECKING:
    import xarray as xr

# The attribute in which poses carry the moments of doubt, as JSON.
DOUBTS_ATTRIBUTE = "identity_doubts"
# Evidence is a sum over frames and keypoints, as if each erred by itself. Where animals lie on each other
# they err together, and the sum says too much: so many nats are worth one, as measured (bench/RESULTS.md).
NATS_FOR_ONE = 3.0
# Exchanges less likely than this are not worth a look.
LEAST_PROBABILITY = 0.01
# Exchanges that are likelier than this part stretches of certain identity.
PARTING_PROBABILITY = 0.18


@dataclass(frozen=True)
class Doubt:
    """A moment at which identities may have been exchanged.

    Parameters
    ----------
    frame, until
        The rows (along time) before and after the doubtful moment.
    tracks
        Numbers of the two tracks; or of one, which may have gone on with another animal.
    probability
        That identities are wrong from here on.
    reason
        In words.
    """

    frame: int
    until: int
    tracks: tuple[int, ...]
    probability: float
    reason: str

    def to_dict(self, frames: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
        """Return plain values, by the frame of each row, (n_frames,), and the names of the tracks."""
        return {
            "start": int(frames[self.frame]),
            "stop": int(frames[self.until]),
            "tracks": [names[i] for i in self.tracks],
            "probability": self.probability,
            "reason": self.reason,
        }


def doubts_of(poses: "xr.Dataset") -> list[dict[str, Any]]:
    """Return the doubts that poses carry, the likeliest first.

    Returns
    -------
    list of dict
        ``start`` and ``stop`` (frame numbers), ``tracks`` (names), ``probability``, ``reason``.
    """
    return json.loads(poses.attrs.get(DOUBTS_ATTRIBUTE, "[]"))


def find_doubts(joints: Joints) -> list[Doubt]:
    """Return the moments of doubt, the likeliest exchange first."""
    best: dict[int, tuple[int, float]] = {}
    for pair in np.flatnonzero(_probability(joints.losses) >= LEAST_PROBABILITY):  # hardly any
        (i, j), loss = joints.rivals[pair].tolist(), float(joints.losses[pair])
        for one, other in ((i, j), (j, i)):
            if one not in best or loss < best[one][1]:
                best[one] = (other, loss)
    alone = np.setdiff1d(np.arange(len(joints.track)), joints.rivals)
    doubts = [_solo(joints, i) for i in alone.tolist()]
    pairs = {frozenset((i, rival)): (i, rival, loss) for i, (rival, loss) in best.items()}
    doubts += [_exchange(joints, *pair) for pair in pairs.values()]
    likely = [doubt for doubt in doubts if doubt.probability >= LEAST_PROBABILITY]
    return _one_for_each_moment(sorted(likely, key=lambda doubt: (-doubt.probability, doubt.frame)))


def _one_for_each_moment(doubts: list[Doubt]) -> list[Doubt]:
    """Keep the likeliest of those that are about the same tracks at the same time."""
    kept: dict[tuple[int, ...], list[Doubt]] = {}
    for doubt in doubts:
        others = kept.setdefault(doubt.tracks, [])
        if not any(o.frame <= doubt.until and doubt.frame <= o.until for o in others):
            others.append(doubt)
    chosen = [doubt for others in kept.values() for doubt in others]
    return sorted(chosen, key=lambda doubt: (-doubt.probability, doubt.frame))


def _exchange(joints: Joints, i: int, j: int, loss: float) -> Doubt:
    pair = [i, j]
    gap = int((joints.until[pair] - joints.frame[pair]).max()) - 1
    reason = f"one of them was not seen for {counted(gap, 'frame')}" if gap > 0 else "they touched or crossed"
    tracks = sorted(joints.track[pair].tolist())
    frame, until = int(joints.frame[pair].min()), int(joints.until[pair].max())
    return Doubt(frame, until, tuple(tracks), float(_probability(loss)), reason)


def _probability(loss: np.ndarray | float) -> np.ndarray:
    """Return how likely it is that what would lose so many nats is true instead."""
    return 1 / (1 + np.exp(np.clip(loss / NATS_FOR_ONE, -50, 50)))


def _solo(joints: Joints, i: int) -> Doubt:
    """Nobody else was near: what may be wrong is that the track goes on with an animal from elsewhere."""
    frame, until = int(joints.frame[i]), int(joints.until[i])
    gap = until - frame - 1
    probability = float(_probability(joints.own[i])) if gap > 0 else 0.0
    return Doubt(frame, until, (int(joints.track[i]),), probability, f"not seen for {counted(gap, 'frame')}")


def identity_confidence(frames: np.ndarray, doubts: Sequence[Doubt]) -> np.ndarray:
    """Return for some frames how sure it is who a track is, shape (n,).

    It is the probability that identities were right at the doubtful moments next to the frame, the weaker of
    the one before and the one after: a stretch between two doubtful moments is as sure as the worse of them.

    Parameters
    ----------
    frames
        Rows along time, shape (n,).
    doubts
        Those that the track is part of.
    """
    own = sorted(doubts, key=lambda doubt: doubt.until)
    right = np.array([1.0, *(1 - doubt.probability for doubt in own), 1.0])
    stretch = np.searchsorted([doubt.until for doubt in own], frames, side="right")
    return np.minimum(right[stretch], right[stretch + 1])


def certain_stretches(frames: np.ndarray, doubts: Sequence[Doubt]) -> np.ndarray:
    """Return the number of the stretch between two likely exchanges that each of some frames is in, (n,).

    Parameters
    ----------
    frames, doubts
        As of :func:`identity_confidence`.
    """
    parting = sorted(doubt.until for doubt in doubts if doubt.probability >= PARTING_PROBABILITY)
    return np.searchsorted(parting, frames, side="right")
