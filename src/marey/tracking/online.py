"""From detections to tracklets: stretches in which it is certain who is who.

Frame by frame, tracks are predicted with the motion model, and detections are given to them by the optimal
assignment (Kuhn 1955; Bewley et al., "Simple online and realtime tracking", 2016). Where another assignment
would have been nearly as good, both tracks end and new tracklets begin: what looked best at that moment is
left to :mod:`marey.tracking.linking`, which sees what came before and after.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from marey.tracking.detections import CONTACT_SHARE, distance, mean_point
from marey.tracking.motion import MotionModel, States

# Degrees of freedom of the Student's t that distances are judged by: single keypoints jump.
HEAVY_TAILS = 4.0
# Keypoints of one animal move together: they count as so many independent witnesses at most.
WITNESSES = 2.0
# An assignment is certain when the next best one is worse by this factor of likelihood, as a logarithm.
CERTAIN_NATS = 6.0
# A track is given no detection rather than one that costs more.
HIGHEST_COST = 10.0
# Frames for which a track waits for its animal before its tracklet ends.
PATIENCE = 3
# An animal that is lost strays by so many times the velocity of lively ones and the root of the frames since:
# a random walk that keeps to its direction for some frames.
LOST_STRAY = 2.0
# What it costs to say: this is an animal that was hidden near here, and the track's own one was missed.
RETURN_COST = 12.0
# An animal may dart, or turn on the spot, as no model of motion lets expect. Whoever is found within so many
# lengths of a track is its animal all the same, where everybody else is a length, and so many times as far,
# from both; and where it is as large, within this factor: parts of two animals are not.
DART_LENGTHS, DART_SOLITUDE, DART_GROWTH = 3.0, 2.0, 1.5
_FORBIDDEN = 1e6
_NONE = np.empty(0, dtype=int)


class OnlineTracker:
    """Follows animals through frames that come one after the other.

    Parameters
    ----------
    n_keypoints
        Of each detection.
    model
        The noise of detections and motion.
    size
        Length of an animal, pixels.
    memory
        Frames for which an animal that was lost may be the one that is found.
    """

    def __init__(self, n_keypoints: int, model: MotionModel, size: float, memory: int) -> None:
        self.model = model
        self.size = size
        self.memory = memory
        self.states = States.empty(n_keypoints)
        self.seen = np.empty((0, n_keypoints, 2))  # how tracks were seen last
        self.ids = np.empty(0, dtype=np.int64)
        self.n_missed = np.empty(0, dtype=np.int64)
        self.n_tracklets = 0
        self._lost = np.empty((0, 3))  # frame and place of tracks whose patience has ended
        self._reference = 2 * model.detection_px**2

    def step(self, frame: int, seen: np.ndarray, centers: np.ndarray | None = None) -> np.ndarray:
        """Take the detections of the next frame, shape (n, n_keypoints, 2); return their tracklets, (n,).

        `centers`, (n, 2), are their mean points where these are known.
        """
        states = self.model.predict(self.states)
        expected, centers = mean_point(states.points), mean_point(seen) if centers is None else centers
        apart = distance(expected[:, None], centers)
        costs = self._costs(states, seen, apart)
        rows, columns = _assign(costs)
        margins = _margins(costs, rows, columns)
        if len(rows) < len(expected) and len(columns) < len(seen):
            states, rows, columns = self._with_darts(states, seen, centers, apart, rows, columns)
            darts = slice(len(margins), None)
            costs[rows[darts], columns[darts]] = HIGHEST_COST * WITNESSES
            margins = np.concatenate([margins, np.full(len(rows) - len(margins), np.inf)])
        margins = self._doubt_contacts(expected, centers, rows, columns, margins)
        margins = self._doubt_returns(frame, expected, centers[columns], rows, costs[rows, columns], margins)
        labels = np.full(len(seen), -1)
        labels[columns] = self.ids[rows]
        for pair in np.flatnonzero(margins < CERTAIN_NATS).tolist():
            labels[columns[pair]] = self._new()
        self._update(frame, states, seen, rows, columns, labels)
        return labels

    def _new(self) -> int:
        self.n_tracklets += 1
        return self.n_tracklets - 1

    def _costs(self, states: States, seen: np.ndarray, apart: np.ndarray) -> np.ndarray:
        """Return the negative log likelihood of each detection under each track, (n_tracks, n_detections).

        `apart` says how far their middles are from each other.
        """
        if not apart.size:
            return apart
        off = states.points[:, None] - seen
        total = (states.variance[0] + self.model.detection_px**2)[:, None]
        tails = np.log1p((off[..., 0] ** 2 + off[..., 1] ** 2) / (HEAVY_TAILS * total))
        each = np.log(total / self._reference) + (HEAVY_TAILS + 2) / 2 * tails
        is_shared = np.isfinite(each)
        if is_shared.all():
            mean = each.sum(axis=-1) / each.shape[-1]
        else:
            mean = _mean_of_shared(each, is_shared, apart / self.size)
        far = 3 * np.sqrt(total.sum(axis=-1) / total.shape[-1]) + 0.3 * self.size
        costs = min(WITNESSES, max(1, states.points.shape[1])) * mean
        is_near = apart < np.maximum(far, self.size)
        return np.where(is_near & (costs < HIGHEST_COST * WITNESSES), costs, _FORBIDDEN)

    def _with_darts(
        self,
        states: States,
        seen: np.ndarray,
        centers: np.ndarray,
        apart: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
    ) -> tuple[States, np.ndarray, np.ndarray]:
        """Return states and pairs with those that can only be one, though it is not where it was expected."""
        # Whoever was moving may have stopped dead where it was seen last.
        for away in (distance(mean_point(self.seen)[:, None], centers), apart):
            darting, landed = self._darts(away, rows, columns)
            if len(darting):
                is_whole = _are_as_large(self.seen[darting], seen[landed])
                darting, landed = darting[is_whole], landed[is_whole]
                states = _restart(states, darting, self.model.begin(seen[landed]))
                rows, columns = np.concatenate([rows, darting]), np.concatenate([columns, landed])
        return states, rows, columns

    def _darts(
        self, apart: np.ndarray, rows: np.ndarray, columns: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the tracks without a detection, and the detections without a track, that can only be one.

        `apart` says how far all tracks and detections are from each other, (n_tracks, n_detections).
        """
        lost, found = _free(apart.shape[0], rows), _free(apart.shape[1], columns)
        if not len(lost) or not len(found):
            return _NONE, _NONE
        apart, each = np.where(np.isnan(apart), np.inf, apart), np.arange(len(lost))
        landed = found[apart[lost[:, None], found].argmin(axis=1)]
        way = apart[lost, landed]
        others_found, others_lost = apart[lost], apart[:, landed]
        others_found[each, landed] = others_lost[lost, each] = np.inf
        alone = np.minimum(others_found.min(axis=1), others_lost.min(axis=0))
        is_one = (way < DART_LENGTHS * self.size) & (alone > np.maximum(DART_SOLITUDE * way, self.size))
        return lost[is_one], landed[is_one]

    def _doubt_contacts(
        self,
        expected: np.ndarray,
        centers: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
        margins: np.ndarray,
    ) -> np.ndarray:
        """Doubt whoever was in contact with a track that is just lost, or with an animal just found."""
        lost = _free(len(expected), rows)
        lost = lost[self.n_missed[lost] == 0]
        found = _free(len(centers), columns)
        if not len(columns) or not (len(lost) or len(found)):
            return margins
        others = np.concatenate([expected[lost], centers[found]])
        apart = distance(centers[columns][:, None], others).min(axis=1)
        return np.where(apart < CONTACT_SHARE * self.size, np.minimum(margins, 0.0), margins)

    def _doubt_returns(
        self,
        frame: int,
        expected: np.ndarray,
        centers: np.ndarray,
        rows: np.ndarray,
        costs: np.ndarray,
        margins: np.ndarray,
    ) -> np.ndarray:
        """Doubt whoever is where another animal that is lost can be by now: it may be that one.

        It is doubted if it was itself missing until now, or is far from where it was expected.
        """
        if len(self._lost) and self._lost[0, 0] < frame - self.memory:  # in the order in which they were lost
            self._lost = self._lost[self._lost[:, 0] >= frame - self.memory]
        missing = _free(len(expected), rows)
        if not (len(self._lost) or len(missing)) or not len(centers):
            return margins
        hidden = np.concatenate([self._lost[:, 1:], expected[missing]])
        n_frames = np.concatenate([frame - self._lost[:, 0] + PATIENCE, self.n_missed[missing]])
        reach = CONTACT_SHARE * self.size + LOST_STRAY * self.model.velocity_px * np.sqrt(n_frames)
        is_near = distance(centers[:, None], hidden) < reach
        surprise = np.where(self.n_missed[rows] > 0, 0.0, RETURN_COST - costs)
        return np.where(is_near.any(axis=1), np.minimum(margins, surprise), margins)

    def _update(
        self,
        frame: int,
        states: States,
        seen: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
        labels: np.ndarray,
    ) -> None:
        n_missed = self.n_missed + 1
        n_missed[rows] = 0
        ids, latest = self.ids.copy(), self.seen.copy()
        ids[rows], latest[rows] = labels[columns], seen[columns]
        observed = np.full_like(states.points, np.nan)
        observed[rows] = seen[columns]
        states = self.model.correct(states, observed)
        stays = n_missed <= PATIENCE
        born = _free(len(seen), columns)
        for column in born:
            labels[column] = self._new()
        if not stays.all():
            places = mean_point(states.points[~stays])
            self._lost = np.concatenate([self._lost, np.column_stack([np.full(len(places), frame), places])])
            states, ids, n_missed, latest = states.take(stays), ids[stays], n_missed[stays], latest[stays]
        if len(born):
            states = states.joined(self.model.begin(seen[born]))
            ids, latest = np.concatenate([ids, labels[born]]), np.concatenate([latest, seen[born]])
            n_missed = np.concatenate([n_missed, np.zeros(len(born), dtype=np.int64)])
        self.states, self.ids, self.n_missed, self.seen = states, ids, n_missed, latest


def _mean_of_shared(each: np.ndarray, is_shared: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return the mean over the keypoints that a pair shares; for none, what `apart` (in lengths) tells."""
    n_shared = is_shared.sum(axis=-1)
    total = np.add.reduce(each, axis=-1, where=is_shared)
    if n_shared.all():
        return total / n_shared
    return np.where(n_shared > 0, total / np.maximum(n_shared, 1), np.log1p(apart**2 * 10) * 3)


def _are_as_large(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Tell of pairs of animals, (n, n_keypoints, 2) each, whether the keypoints of both span as much."""
    is_shared = np.isfinite(points[..., :1]) & np.isfinite(others[..., :1])
    spans = [
        np.where(is_shared, each, -np.inf).max(axis=1) - np.where(is_shared, each, np.inf).min(axis=1)
        for each in (points, others)
    ]
    own, other = (np.where(np.isfinite(span), np.abs(span), 0).max(axis=-1) for span in spans)
    return np.maximum(own, other) <= DART_GROWTH * np.minimum(own, other)


def _restart(states: States, rows: np.ndarray, anew: States) -> States:
    """Return states of which some rows begin anew."""
    points, velocity, variance = states.points.copy(), states.velocity.copy(), states.variance.copy()
    points[rows], velocity[rows], variance[:, rows] = anew.points, anew.velocity, anew.variance
    return States(points, velocity, variance)


def _free(n: int, taken: np.ndarray) -> np.ndarray:
    """Return the numbers below `n` that are not taken."""
    if len(taken) == n:
        return _NONE
    is_free = np.ones(n, dtype=bool)
    is_free[taken] = False
    return np.flatnonzero(is_free)


def _assign(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of the best assignment, in which a track may stay without a detection."""
    n_rows, n_columns = costs.shape
    if not n_rows or not n_columns:
        return _NONE, _NONE
    best = costs.argmin(axis=1)
    rows = np.arange(n_rows)
    if len(set(best.tolist())) == n_rows and costs[rows, best].max() < HIGHEST_COST * WITNESSES:
        return rows, best  # each track has its nearest detection: nothing can be better
    alone = np.full((n_rows, n_rows), _FORBIDDEN)
    np.fill_diagonal(alone, HIGHEST_COST * WITNESSES)
    rows, columns = linear_sum_assignment(np.concatenate([costs, alone], axis=1))
    is_pair = (columns < n_columns) & (costs[rows, np.minimum(columns, n_columns - 1)] < _FORBIDDEN)
    return rows[is_pair], columns[is_pair]


def _margins(costs: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return for each pair by how much the best other assignment of its track or detection is worse."""
    margins = np.full(len(rows), np.inf)
    if not len(rows):
        return margins
    own = costs[rows, columns]
    crossed = costs[rows[:, None], columns]
    swaps = crossed + crossed.T - own[:, None] - own[None]
    np.fill_diagonal(swaps, np.inf)
    margins = np.minimum(margins, swaps.min(axis=1))
    free_columns, free_rows = _free(costs.shape[1], columns), _free(costs.shape[0], rows)
    if len(free_columns):
        margins = np.minimum(margins, costs[rows[:, None], free_columns].min(axis=1) - own)
    if len(free_rows):
        margins = np.minimum(margins, costs[free_rows[:, None], columns].min(axis=0) - own)
    return margins
