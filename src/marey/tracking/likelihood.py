"""How likely it is that detections in a row are of one animal: how it moves, and how much of it is seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from marey.tracking.linking import Stray
from marey.tracking.motion import MotionModel
from marey.tracking.online import HEAVY_TAILS

# While animals are near each other: how often one that was found is not in the next frame, and the reverse.
LOST_RATE, FOUND_RATE = 0.05, 0.1
# Which share of its keypoints is found is expected from the frames before, the newer ones counting more;
# while the animal is not found, the usual share is expected more and more. Keypoints are covered together, so
# that they count half.
SHARE_WEIGHT, SHARE_MEMORY, SHARE_PERSISTENCE = 0.5, 0.15, 0.97
SHARE_LIMITS = (0.03, 0.97)


@dataclass(frozen=True)
class Expected:
    """What is expected of the detections of one animal.

    Parameters
    ----------
    model
        Noise of detections and motion.
    stray
        Says as how many witnesses keypoints count that were not seen for so many frames.
    size
        Length of an animal, pixels: within it a point is expected that was not seen before.
    completeness
        Share of an animal's keypoints that is usually found.
    usual
        Log density of a keypoint that is where its motion lets expect it, from :meth:`usual_density`.
    """

    model: MotionModel
    stray: Stray
    size: float
    completeness: float
    usual: float

    def log_likelihood(self, points: np.ndarray) -> np.ndarray:
        """Return how likely it is that points are of one animal, as logarithms, shape (n,).

        Both ways of going on at a crossing explain the same detections, but not with as many witnesses:
        keypoints count for fewer after a gap. So each witness counts by how much less likely it is than
        usual; its bare density would favour gaps, the more so the smaller the unit of length is.

        Parameters
        ----------
        points
            Shape (n, n_frames, n_keypoints, 2); NaN where nothing was seen.
        """
        n_seen = np.isfinite(points[..., 0]).sum(axis=2)
        total = _presence(n_seen > 0) + _visibility(n_seen, points.shape[2], self.completeness)
        for n, unseen, density in self._densities(points):
            witnesses = np.minimum(self.stray.n_witnesses(unseen + 1), n)
            total += np.where(np.isfinite(density), witnesses * (np.nan_to_num(density) - self.usual), 0)
        return total

    def usual_density(self, points: np.ndarray) -> float:
        """Return the mean log density of keypoints of animals that were seen in the frame before.

        Parameters
        ----------
        points
            Of animals that were certainly followed, shape (n, n_frames, n_keypoints, 2).
        """
        known = [
            density[(unseen == 0) & np.isfinite(density)] for _, unseen, density in self._densities(points)
        ]
        return float(np.concatenate(known).mean())

    def _densities(self, points: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Follow animals, shape (n, n_frames, n_keypoints, 2), from the second frame on.

        Yields
        ------
        tuple of numpy.ndarray
            Of each frame, shape (n,) each: how many keypoints are seen; in how many frames before it none
            was; the mean log density of those seen, NaN where nothing is seen or none was before.
        """
        is_seen = np.isfinite(points[..., 0])
        n_seen = is_seen.sum(axis=2)
        unseen, is_known = np.zeros(len(points)), n_seen[:, 0] > 0
        states = self.model.begin(points[:, 0])
        for frame in range(1, points.shape[1]):
            states = self.model.predict(states)
            seen, n = points[:, frame], n_seen[:, frame]
            variance = states.variance[0] + self.model.detection_px**2
            distance2 = ((seen - states.points) ** 2).sum(axis=-1)
            each = -np.log(variance) - (HEAVY_TAILS + 2) / 2 * np.log1p(distance2 / (HEAVY_TAILS * variance))
            each = np.where(np.isfinite(each), each, -2 * np.log(self.size / 2))
            mean = np.where(is_seen[:, frame], each, 0).sum(axis=1) / np.maximum(n, 1)
            yield n, unseen, np.where(is_known & (n > 0), mean, np.nan)
            states = self.model.correct(states, seen)
            is_known |= n > 0
            unseen = np.where(n > 0, 0, unseen + 1)


def _presence(is_there: np.ndarray) -> np.ndarray:
    """Return the log likelihood of when an animal is found, (n,), from whether it is, (n, n_frames)."""
    before, after = is_there[:, :-1], is_there[:, 1:]
    of_seen = np.where(after, np.log(1 - LOST_RATE), np.log(LOST_RATE))
    of_hidden = np.where(after, np.log(FOUND_RATE), np.log(1 - FOUND_RATE))
    return np.where(before, of_seen, of_hidden).sum(axis=1)


def _visibility(n_seen: np.ndarray, n_keypoints: int, usual: float) -> np.ndarray:
    """Return the log likelihood of how many keypoints are found, (n,), from their number, (n, n_frames).

    An animal that lies under another one lacks some in every frame, the upper one hardly any.
    """
    share, total = np.full(len(n_seen), usual), np.zeros(len(n_seen))
    for n in n_seen.T:
        expected = np.clip(share, *SHARE_LIMITS)
        each = n * np.log(expected) + (n_keypoints - n) * np.log(1 - expected)
        total += np.where(n > 0, SHARE_WEIGHT * each, 0)
        newer = share + SHARE_MEMORY * (n / n_keypoints - share)
        share = np.where(n > 0, newer, usual + SHARE_PERSISTENCE * (share - usual))
    return total
