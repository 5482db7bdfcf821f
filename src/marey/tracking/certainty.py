"""How sure it is who is who: the moments at which two animals may have been exchanged.

A moment of doubt is where a track goes from one tracklet to the next. Its probability compares what joins the
tracks as they are with what would join them the other way round:
``p(exchanged) = 1 / (1 + exp(evidence for "as they are" − evidence for "exchanged"))``.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.tracking.appearance import Appearance
from marey.tracking.linking import Ends, Stray, evidence

if TYPE_CHECKING:
    import xarray as xr

# The attribute in which poses carry the moments of doubt, as JSON.
DOUBTS_ATTRIBUTE = "identity_doubts"
# Exchanges less likely than this are not worth a look.
LEAST_PROBABILITY = 1e-4
# Two tracks may be exchanged where their gaps are at most so many frames apart.
SLACK_FRAMES = 3


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

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


def with_doubts(poses: "xr.Dataset", doubts: Sequence[Doubt]) -> "xr.Dataset":
    """Return poses that carry their doubts, by frame numbers and names, so that a file of them does."""
    frames, names = poses["frame"].values, [str(name) for name in poses["individual"].values]
    plain = [
        {
            "start": int(frames[doubt.frame]),
            "stop": int(frames[doubt.until]),
            "tracks": [names[i] for i in doubt.tracks],
            "probability": doubt.probability,
            "reason": doubt.reason,
        }
        for doubt in doubts
    ]
    return poses.assign_attrs({DOUBTS_ATTRIBUTE: json.dumps(plain)})


def doubts_of(poses: "xr.Dataset") -> list[dict[str, Any]]:
    """Return the doubts that poses carry, the likeliest first.

    Returns
    -------
    list of dict
        ``start`` and ``stop`` (frame numbers), ``tracks`` (names), ``probability``, ``reason``.
    """
    return json.loads(poses.attrs.get(DOUBTS_ATTRIBUTE, "[]"))


@dataclass(frozen=True)
class _Joint:
    """Where a track goes from one tracklet to the next."""

    track: int
    before: int
    after: int
    frame: int
    until: int


def find_doubts(
    chains: Sequence[Sequence[int]], ends: Ends, stray: Stray, appearance: Appearance
) -> list[Doubt]:
    """Return the moments of doubt, the likeliest exchange first.

    Parameters
    ----------
    chains
        The tracklets of each track, in order of time.
    ends, stray, appearance
        What joined them.
    """
    joints = sorted(
        (
            _Joint(track, a, b, int(ends.last[a]), int(ends.first[b]))
            for track, chain in enumerate(chains)
            for a, b in itertools.pairwise(chain)
        ),
        key=lambda joint: joint.frame,
    )
    if not joints:
        return []
    rows = np.array([(joint.before, joint.after) for joint in joints])
    own = evidence(ends, rows[:, 0], rows[:, 1], stray, appearance)
    rivals = _rivals(joints)
    losses = _losses(joints, rivals, own, ends, stray, appearance)
    doubts = [_solo(joints[i], own[i]) for i in range(len(joints)) if i not in losses]
    for pair in {frozenset((i, rival)): (i, rival, loss) for i, (rival, loss) in losses.items()}.values():
        first, second, loss = pair
        doubts.append(_exchange(joints[first], joints[second], loss))
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


def _rivals(joints: list[_Joint]) -> np.ndarray:
    """Return the pairs of joints of different tracks that are at about the same time, shape (n, 2)."""
    pairs = []
    going: list[int] = []
    for number, joint in enumerate(joints):
        going = [o for o in going if joints[o].until + SLACK_FRAMES >= joint.frame]
        pairs += [(o, number) for o in going if joints[o].track != joint.track]
        going.append(number)
    return np.array(pairs, dtype=int).reshape(-1, 2)


def _losses(
    joints: list[_Joint],
    rivals: np.ndarray,
    own: np.ndarray,
    ends: Ends,
    stray: Stray,
    appearance: Appearance,
) -> dict[int, tuple[int, float]]:
    """Return for each joint that has one its best rival, and what exchanging the two would lose, in nats."""
    rows = np.array([(joint.before, joint.after) for joint in joints])
    a, b = rows[rivals[:, 0]], rows[rivals[:, 1]]
    is_possible = (ends.first[b[:, 1]] > ends.last[a[:, 0]]) & (ends.first[a[:, 1]] > ends.last[b[:, 0]])
    rivals, a, b = rivals[is_possible], a[is_possible], b[is_possible]
    exchanged = evidence(ends, a[:, 0], b[:, 1], stray, appearance)
    exchanged = exchanged + evidence(ends, b[:, 0], a[:, 1], stray, appearance)
    best: dict[int, tuple[int, float]] = {}
    for (i, j), loss in zip(rivals, own[rivals].sum(axis=1) - exchanged, strict=True):
        for one, other in ((int(i), int(j)), (int(j), int(i))):
            if one not in best or loss < best[one][1]:
                best[one] = (other, float(loss))
    return best


def _exchange(first: _Joint, second: _Joint, loss: float) -> Doubt:
    probability = 1 / (1 + np.exp(np.clip(loss, -50, 50)))
    frame, until = min(first.frame, second.frame), max(first.until, second.until)
    gap = max(first.until - first.frame, second.until - second.frame) - 1
    reason = f"one of them was not seen for {gap} frames" if gap > 0 else "they touched or crossed"
    return Doubt(frame, until, tuple(sorted((first.track, second.track))), float(probability), reason)


def _solo(joint: _Joint, own: float) -> Doubt:
    """Nobody else was near: what may be wrong is that the track goes on with an animal from elsewhere."""
    gap = joint.until - joint.frame - 1
    probability = 1 / (1 + np.exp(np.clip(own, -50, 50))) if gap > 0 else 0.0
    return Doubt(joint.frame, joint.until, (joint.track,), float(probability), f"not seen for {gap} frames")


def identity_confidence(is_there: np.ndarray, doubts: Sequence[Doubt]) -> np.ndarray:
    """Return for each frame and track how sure its identity is, shape (n_frames, n_tracks).

    It is the probability that identities were right at the doubtful moments next to the frame, the weaker of
    the one before and the one after: a stretch between two doubtful moments is as sure as the worse of them.

    Parameters
    ----------
    is_there
        Where tracks have an animal, (n_frames, n_tracks); NaN is returned elsewhere.
    doubts
        From :func:`find_doubts`.
    """
    n_frames, n_tracks = is_there.shape
    confidence = np.ones((n_frames, n_tracks))
    for track in range(n_tracks):
        own = sorted((d for d in doubts if track in d.tracks), key=lambda d: d.frame)
        limits = [0, *(d.until for d in own), n_frames]
        right = [1.0, *(1 - d.probability for d in own), 1.0]
        for number, (start, stop) in enumerate(itertools.pairwise(limits)):
            if stop > start:
                confidence[start:stop, track] = min(right[number], right[number + 1])
    return np.where(is_there, confidence, np.nan)
