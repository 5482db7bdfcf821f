"""Which distances within the body stay the same, how long they are, and how constant; all learned.

Candidates are the edges of the skeleton or, where there is none, the Gabriel graph of the keypoints (Gabriel
and Sokal 1969): two are joined if no third one lies in the sphere between them. A candidate's length is its
median, and its own variation what is left of its spread when the expected errors of its ends are taken off.

A limb counts as constant unless its length varies by more than errors explain, by more than one standard
error of that comparison. An error that persists for many frames was drawn only a few times, however long the
recording: two variances that are known from few draws differ by chance, as Fisher's F distribution says. So a
limb bends where there is evidence for it. What the evidence leaves open is kept as the limb's doubt: the
covariance of refined points counts on a limb no more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marey.reconstruction.noise import persistence

MIN_FRAMES = 10
CONSTANT_BELOW = 0.01
"""Relative variation below which a limb counts as constant."""
NEARLY_BELOW = 0.2
"""Relative variation above which two keypoints are not held together by anything."""
STIFFNESS = 0.003
"""How much a constant limb may still vary, relative to its length."""
SOFTNESS = 0.03
"""How much a limb varies at least that somebody called nearly constant."""
MAD_TO_SIGMA = 1.4826
EXACT = 1e4
"""The degrees of freedom of a variance that is as good as known."""
BY_CHANCE = 0.16
"""How often a constant limb seems to vary: what lies more than one standard deviation above a normal mean."""
MAD_EFFICIENCY = 0.37
"""The median deviation knows a variance as well as the root mean square does from this part of the frames."""


@dataclass(frozen=True)
class Limb:
    """Two keypoints at a known distance.

    Parameters
    ----------
    a, b
        Positions of the keypoints.
    length
        In the unit of the world.
    spread
        Standard deviation of the length, same unit; wider where deviations last for several frames.
    is_constant
        Whether it counts as bone.
    doubt
        The standard deviation of the length that the recording does not rule out, same unit, at least
        `spread`; for the certainty of points, not for their places.
    """

    a: int
    b: int
    length: float
    spread: float
    is_constant: bool
    doubt: float


def limb_lengths(points: np.ndarray, a: int, b: int) -> np.ndarray:
    """Return the distance between two keypoints of `points`, (n_frames, n_keypoints, 3)."""
    return np.linalg.norm(points[:, b] - points[:, a], axis=-1)


def learn_limbs(
    points: np.ndarray,
    covariance: np.ndarray,
    candidates: Sequence[tuple[int, int]],
    *,
    lasting: np.ndarray | None = None,
    freedom: np.ndarray | None = None,
    constant: Sequence[tuple[int, int]] = (),
    nearly_constant: Sequence[tuple[int, int]] = (),
) -> list[Limb]:
    """Return the limbs among `candidates`, and those that are named as such.

    Parameters
    ----------
    points, covariance
        Shapes (n_frames, n_keypoints, 3) and (n_frames, n_keypoints, 3, 3); better smoothed, so that errors
        do not hide how the limbs vary.
    candidates
        Pairs of keypoints that may be limbs; those whose distance varies freely are left out.
    lasting
        Over how many frames the errors of each keypoint persist, shape (n_keypoints,); None is one.
    freedom
        Degrees of freedom of each keypoint's covariance, shape (n_keypoints,); None takes it for exact.
    constant, nearly_constant
        Pairs of keypoints that are limbs of this kind, whatever the data says.
    """
    n = points.shape[1]
    errors = _Errors(
        covariance,
        np.ones(n) if lasting is None else lasting,
        np.full(n, EXACT) if freedom is None else np.clip(freedom, 1.0, EXACT),
    )
    named = {_sorted(pair): True for pair in constant}
    named |= {_sorted(pair): False for pair in nearly_constant if _sorted(pair) not in named}
    limbs = []
    for pair in dict.fromkeys([*named, *(_sorted(pair) for pair in candidates)]):
        if (seen := _Seen.of(points, errors, pair)) is not None:
            limbs.append(seen.named(is_constant=named[pair]) if pair in named else seen.judged())
    return [limb for limb in limbs if limb is not None]


def _sorted(pair: tuple[int, int]) -> tuple[int, int]:
    a, b = sorted(pair)
    return a, b


@dataclass(frozen=True, eq=False)
class _Errors:
    """The expected errors of all keypoints, how long they persist, and how well they are known."""

    covariance: np.ndarray
    lasting: np.ndarray
    freedom: np.ndarray

    def of_length(self, points: np.ndarray, a: int, b: int) -> tuple[float, float, float]:
        """Return the variance of a length that errors of its ends make, how long these persist, its freedom.

        The freedom of a sum of variances is Satterthwaite's (1946).
        """
        along = points[:, b] - points[:, a]
        along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
        ends = [np.einsum("ta,tab,tb->t", along, self.covariance[:, k], along) for k in (a, b)]
        first, second = (float(np.nanmedian(end)) for end in ends)
        total = first + second
        if not total > 0:
            return 0.0, 1.0, EXACT
        lasting = (first * self.lasting[a] + second * self.lasting[b]) / total
        return total, lasting, total**2 / (first**2 / self.freedom[a] + second**2 / self.freedom[b])


@dataclass(frozen=True)
class _Seen:
    """How the distance of two keypoints was seen to vary, and how it would if it were constant."""

    pair: tuple[int, int]
    length: float
    variance: float
    lasting: float
    noise: float
    draws: float
    freedom: float

    @classmethod
    def of(cls, points: np.ndarray, errors: _Errors, pair: tuple[int, int]) -> _Seen | None:
        """Measure it; None where there is too little of it."""
        lengths = limb_lengths(points, *pair)
        known = np.isfinite(lengths)
        if known.sum() < MIN_FRAMES:
            return None
        length = float(np.median(lengths[known]))
        variance = (MAD_TO_SIGMA * float(np.median(np.abs(lengths[known] - length)))) ** 2
        # A slow bend is seen in many frames and yet is one deviation, not many; and so is a slow error.
        lasting = float(persistence((lengths - length)[None, :, None, None])[0])
        noise, errors_last, freedom = errors.of_length(points, *pair)
        draws = max(MAD_EFFICIENCY * known.sum() / errors_last, 1.0)
        return cls(pair, length, variance, lasting, noise, draws, freedom)

    @property
    def own(self) -> float:
        """The standard deviation that errors do not explain."""
        return float(np.sqrt(max(self.variance - self.noise, 0.0)))

    def limb(self, own: float, *, is_constant: bool) -> Limb:
        """Return it as a limb that varies by `own`."""
        spread = max(float(own * np.sqrt(self.lasting)), STIFFNESS * self.length)
        # What errors do not explain, and one standard error of the variance more.
        unexplained = (own if not is_constant else self.own) ** 2 + self.variance * np.sqrt(2 / self.draws)
        doubt = max(float(np.sqrt(self.lasting * unexplained)), spread)
        return Limb(*self.pair, self.length, spread, is_constant, doubt)

    def named(self, *, is_constant: bool) -> Limb:
        """Return it as the limb that somebody says it is."""
        if is_constant:  # whoever says so knows: there is no doubt
            spread = STIFFNESS * self.length
            return Limb(*self.pair, self.length, spread, is_constant=True, doubt=spread)
        own = max(self.own, SOFTNESS * self.length)
        return self.limb(own, is_constant=own < CONSTANT_BELOW * self.length)

    def judged(self) -> Limb | None:
        """Return it as what it seems to be; None where nothing holds it together."""
        most = NEARLY_BELOW * self.length
        if self.length == 0 or self.noise > most**2:  # of points that far off, nothing can be told
            return None
        by_chance = self.noise * _fisher_quantile(self.draws, self.freedom)
        if self.variance <= by_chance or self.own < CONSTANT_BELOW * self.length:
            return self.limb(0.0, is_constant=True)
        return self.limb(self.own, is_constant=False) if self.own <= most else None


def _fisher_quantile(freedom: float, other: float) -> float:
    """Return what a ratio of two estimates of one variance exceeds by chance in BY_CHANCE of cases."""
    from scipy.special import fdtri

    return float(fdtri(freedom, other, 1 - BY_CHANCE))


def neighbourhood_graph(points: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of keypoints with no third one in the sphere between them, by median distances.

    Parameters
    ----------
    points
        Shape (n_frames, n_keypoints, 3).
    """
    n = points.shape[1]
    distance = np.full((n, n), np.nan)
    for a in range(n):
        for b in range(a):
            lengths = limb_lengths(points, a, b)
            if np.isfinite(lengths).sum() >= MIN_FRAMES:
                distance[a, b] = distance[b, a] = np.nanmedian(lengths)
    pairs = []
    for a in range(n):
        for b in range(a + 1, n):
            is_between = distance[a] ** 2 + distance[b] ** 2 < distance[a, b] ** 2  # False where unknown
            if np.isfinite(distance[a, b]) and not is_between.any():
                pairs.append((a, b))
    return pairs
