"""How animals move: a Kalman filter for every keypoint of every track at once.

Position and velocity of each keypoint follow a constant velocity with white acceleration (Bar-Shalom et al.,
"Estimation with Applications to Tracking and Navigation", 2001, chapter 6). x and y share their covariance,
so a track's state is two points and three numbers for each keypoint.
"""

from dataclasses import dataclass

import numpy as np

from marey.tracking.detections import mean_point, spread_blocks

# Share of the velocity that is left one frame later: animals stop more often than they fly on.
PERSISTENCE = 0.9
_PAIRS_AT_A_TIME = 1_000_000
# How the variances of a state grow in a frame by themselves, and for each unit of acceleration.
_GROWTH = np.array([[1, 2, 1], [0, PERSISTENCE, PERSISTENCE], [0, 0, PERSISTENCE**2]])
_NOISE = np.array([[1 / 4], [1 / 2], [1.0]])


@dataclass
class States:
    """Kalman states of several tracks.

    Parameters
    ----------
    points, velocity
        Shape (n_tracks, n_keypoints, 2), pixels and pixels a frame; points are NaN until first seen.
    variance
        Of position, of both, and of velocity, shape (3, n_tracks, n_keypoints).
    """

    points: np.ndarray
    velocity: np.ndarray
    variance: np.ndarray

    @classmethod
    def empty(cls, n_keypoints: int) -> "States":
        """Return the states of no track."""
        plane = np.empty((0, n_keypoints, 2))
        return cls(plane, plane.copy(), np.empty((3, 0, n_keypoints)))

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: np.ndarray) -> "States":
        """Return the states of some tracks."""
        return States(self.points[rows], self.velocity[rows], self.variance[:, rows])

    def joined(self, other: "States") -> "States":
        """Return these tracks' states, then those of `other`."""
        return States(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.velocity, other.velocity]),
            np.concatenate([self.variance, other.variance], axis=1),
        )


@dataclass(frozen=True)
class MotionModel:
    """The noise of detections and of motion.

    Parameters
    ----------
    detection_px
        Standard deviation of a detected point.
    acceleration_px
        Standard deviation of the change of velocity from one frame to the next.
    velocity_px
        Standard deviation of the velocity of an animal that has just been found.
    """

    detection_px: float
    acceleration_px: float
    velocity_px: float

    def begin(self, points: np.ndarray) -> States:
        """Return the states of tracks first seen at `points`, shape (n, n_keypoints, 2)."""
        variance = np.empty((3, *points.shape[:2]))
        variance[0], variance[1], variance[2] = self._fresh
        return States(points.copy(), np.zeros_like(points), variance)

    def predict(self, states: States) -> States:
        """Return the states one frame later."""
        rho, noise = PERSISTENCE, self.acceleration_px**2 * _NOISE
        variance = _GROWTH @ states.variance.reshape(3, -1) + noise
        return States(
            states.points + states.velocity, rho * states.velocity, variance.reshape(states.variance.shape)
        )

    def correct(self, states: States, seen: np.ndarray) -> States:
        """Return the states after seeing points, shape (n, n_keypoints, 2); NaN tells nothing.

        A point far outside what was expected counts less (as under a Student's t), so that a jump of one
        keypoint does not throw its track.
        """
        p, c, v = states.variance
        is_seen, is_known = np.isfinite(seen[..., 0]), np.isfinite(states.points[..., 0])
        is_new = is_seen & ~is_known
        surprise = np.where((is_seen & is_known)[..., None], seen - states.points, 0.0)
        total = p + self.detection_px**2
        distrust = 1 + np.maximum(0, (surprise[..., 0] ** 2 + surprise[..., 1] ** 2) / total - 9) / 9
        total = p + distrust * self.detection_px**2
        gain_p, gain_v = np.where(is_seen, p / total, 0), np.where(is_seen, c / total, 0)
        points = states.points + gain_p[..., None] * surprise
        velocity = states.velocity + gain_v[..., None] * surprise
        variance = np.array([p - gain_p * p, c - gain_p * c, v - gain_v * c])
        if is_new.any():
            points[is_new], velocity[is_new] = seen[is_new], 0.0
            variance[:, is_new] = np.array(self._fresh)[:, None]
        return States(points, velocity, variance)

    @property
    def _fresh(self) -> tuple[float, float, float]:
        """The variance of a keypoint that is seen for the first time."""
        return self.detection_px**2, 0.0, self.velocity_px**2


def learn_motion(points: np.ndarray, size: float) -> MotionModel:
    """Measure the noise from the detections themselves.

    Where a detection and one of the next frame are each other's nearest, and so again in the frame after,
    they are taken for one animal; the middle of their second differences gives the noise.

    Parameters
    ----------
    points
        Shape (n_frames, n_slots, n_keypoints, 2).
    size
        Length of an animal, pixels.
    """
    steps = np.concatenate([_steps_of_nearest(points[rows]) for rows in spread_blocks(points)], axis=1)
    least = 0.004 * size
    if steps.shape[1] < 10:
        return MotionModel(max(0.03 * size, 0.5), 0.05 * size, 0.3 * size)
    first, second = steps
    bend = np.linalg.norm(second - first, axis=-1)
    stride = np.linalg.norm(first, axis=-1)
    # Second differences hold the detection's noise with weights 1, 2, 1: half of what is seen is put to each.
    # Animals rest much of the time: the lively moments count, or each of them would be a surprise.
    spread = max(float(np.median(bend)) / 1.177, float(np.quantile(bend, 0.95)) / 2.448)
    return MotionModel(
        detection_px=max(spread / np.sqrt(6) * 0.9, least),
        acceleration_px=max(spread * 0.6, least),
        velocity_px=max(float(np.quantile(stride, 0.95)), 4 * least),
    )


def _steps_of_nearest(points: np.ndarray) -> np.ndarray:
    """Return pairs of consecutive steps of single keypoints, shape (2, n, 2)."""
    middle = mean_point(points)
    n_steps = max(0, len(middle) - 1)
    n_rows = max(1, _PAIRS_AT_A_TIME // middle.shape[1] ** 2)
    parts = [slice(start, min(start + n_rows, n_steps)) for start in range(0, max(1, n_steps), n_rows)]
    nearest = np.concatenate([_mutually_nearest(middle[:-1][part], middle[1:][part]) for part in parts])
    frames, slots = np.nonzero(nearest[:-1] >= 0)
    then = nearest[frames, slots]
    later = nearest[frames + 1, then]
    frames, slots, then, later = (a[later >= 0] for a in (frames, slots, then, later))
    a, b, c = points[frames, slots], points[frames + 1, then], points[frames + 2, later]
    first, second = (b - a).reshape(-1, 2), (c - b).reshape(-1, 2)
    is_known = np.isfinite(first).all(1) & np.isfinite(second).all(1)
    return np.stack([first[is_known], second[is_known]])


def _mutually_nearest(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return for (n, a, 2) and (n, b, 2) the partner in `after` of each in `before`, -1 for none."""
    apart = np.linalg.norm(before[:, :, None] - after[:, None], axis=-1)
    apart = np.where(np.isnan(apart), np.inf, apart)
    there, back = apart.argmin(axis=2), apart.argmin(axis=1)
    is_mutual = np.take_along_axis(back, there, axis=1) == np.arange(before.shape[1])
    is_mutual &= np.isfinite(np.take_along_axis(apart, there[..., None], axis=2)[..., 0])
    return np.where(is_mutual, there, -1)
