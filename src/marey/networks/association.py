"""Bottom-up: which keypoints belong to the same animal.

Beside the heatmaps the network gives, for every edge of a tree over the keypoints, a field of unit vectors
along the limb (part affinity fields; Cao et al., Realtime Multi-Person 2D Pose Estimation using Part Affinity
Fields, CVPR 2017). Two points belong together as far as the field between them points from one to the other.
Unlike in that paper the pairs of an edge are matched optimally, and pieces of an animal with a missing
point in their middle are put together again.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import minimum_spanning_tree

from marey.model import Skeleton

# Where the field is read between two points.
N_SAMPLES = 10
# The least mean agreement of field and limb for two points to be joined.
MIN_AFFINITY = 0.2
# An edge of the skeleton counts as so much shorter than a pair that nobody joined.
SKELETON_SHARE = 0.01

Edges = Sequence[tuple[int, int]]


def spanning_edges(skeleton: Skeleton, animals: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Return a tree over all keypoints: the skeleton's edges, completed by the nearest pairs.

    Parameters
    ----------
    skeleton
        Its edges may be missing, have gaps or make circles.
    animals
        Labelled points, (x, y), shape (n_animals, n_keypoints, 2), with NaN: who is near to whom.

    Returns
    -------
    tuple of (int, int)
        ``n_keypoints − 1`` pairs, ordered so that each but the first shares a keypoint with an earlier one.
    """
    n_keypoints = len(skeleton)
    apart = np.linalg.norm(animals[:, :, None] - animals[:, None], axis=-1)
    known = np.isfinite(apart).any(axis=0) if len(apart) else np.zeros((n_keypoints, n_keypoints), dtype=bool)
    typical = np.full((n_keypoints, n_keypoints), np.nan)
    if known.any():
        typical[known] = np.nanmedian(apart[:, known], axis=0)
    # A pair that was never seen together comes last; zero would mean "no edge" to the solver.
    cost = np.where(known, np.maximum(typical, 1e-3), 10 * np.nanmax(typical, initial=1.0))
    for a, b in skeleton.edge_indices:
        cost[a, b] = cost[b, a] = cost[a, b] * SKELETON_SHARE
    tree = minimum_spanning_tree(np.triu(cost, k=1)).tocoo()
    return _in_order(list(zip(tree.row.tolist(), tree.col.tolist(), strict=True)))


def _in_order(pairs: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    ordered: list[tuple[int, int]] = []
    reached = {min(min(pair) for pair in pairs)} if pairs else set()
    while len(ordered) < len(pairs):
        a, b = next(p for p in pairs if len(reached & set(p)) == 1)
        ordered.append((a, b) if a in reached else (b, a))
        reached |= {a, b}
    return tuple(ordered)


def affinity(fields: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return how well the field of one edge agrees with each possible limb, in about [-1, 1].

    Parameters
    ----------
    fields
        x and y of the field, shape (2, height, width).
    starts, ends
        Points in heatmap cells, (x, y), shapes (n, 2) and (m, 2).

    Returns
    -------
    ndarray
        Shape (n, m): the mean along the line of the field's component in the direction of the limb.
    """
    vector = ends[None] - starts[:, None]
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    direction = vector / np.maximum(length, 1e-6)
    share = np.linspace(0, 1, N_SAMPLES)[:, None, None, None]
    at = starts[None, :, None] + share * vector[None]
    column = np.clip(np.rint(at[..., 0]).astype(int), 0, fields.shape[2] - 1)
    row = np.clip(np.rint(at[..., 1]).astype(int), 0, fields.shape[1] - 1)
    along = fields[0][row, column] * direction[..., 0] + fields[1][row, column] * direction[..., 1]
    return along.mean(axis=0)


def group_points(
    cells: Sequence[np.ndarray], heights: Sequence[np.ndarray], fields: np.ndarray, edges: Edges
) -> np.ndarray:
    """Join the points of all keypoints into animals.

    Parameters
    ----------
    cells
        For each keypoint the points found, in heatmap cells, (x, y), shape (n, 2).
    heights
        For each keypoint the height of each point's peak, shape (n,).
    fields
        Shape (n_edges, 2, height, width).
    edges
        A tree; see :func:`spanning_edges`.

    Returns
    -------
    ndarray
        Which point of each keypoint each animal has, -1 where none, int64, shape (n_animals, n_keypoints);
        no point belongs to two animals. Single points without a partner are animals, too.
    """
    n_keypoints = len(cells)
    owner = [np.full(len(points), -1) for points in cells]
    animals: list[np.ndarray] = []
    for number, (a, b) in enumerate(edges):
        for i, j in _pairs(affinity(fields[number], cells[a], cells[b])):
            _join(animals, owner, (a, i), (b, j), n_keypoints)
    for keypoint, points in enumerate(cells):
        for i in range(len(points)):
            if owner[keypoint][i] < 0:
                alone = np.full(n_keypoints, -1, dtype=np.int64)
                alone[keypoint] = i
                animals.append(alone)
    found = [animal for animal in animals if (animal >= 0).any()]
    strength = [sum(float(heights[k][i]) for k, i in enumerate(animal) if i >= 0) for animal in found]
    order = np.argsort(-np.array(strength), kind="stable")
    return np.array([found[i] for i in order], dtype=np.int64).reshape(-1, n_keypoints)


def _pairs(agreement: np.ndarray) -> list[tuple[int, int]]:
    allowed = np.where(agreement >= MIN_AFFINITY, agreement, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    is_joined = allowed[rows, columns] > 0
    return list(zip(rows[is_joined].tolist(), columns[is_joined].tolist(), strict=True))


def _join(
    animals: list[np.ndarray],
    owner: list[np.ndarray],
    start: tuple[int, int],
    end: tuple[int, int],
    n_keypoints: int,
) -> None:
    """Put the point `end` (keypoint, number) to the animal of `start`; edges come from the root outwards."""
    (a, i), (b, j) = start, end
    if owner[a][i] < 0:
        owner[a][i] = len(animals)
        animals.append(np.full(n_keypoints, -1, dtype=np.int64))
        animals[-1][a] = i
    animals[owner[a][i]][b] = j
    owner[b][j] = owner[a][i]


def merge_pieces(animals: np.ndarray, points: Sequence[np.ndarray], *, n_animals: int) -> np.ndarray:
    """Put pieces of one animal together where there are more pieces than animals.

    A piece joins the nearest animal that lacks all its keypoints, unless it is farther off than that animal
    is long; otherwise it is dropped.

    Parameters
    ----------
    animals
        From :func:`group_points`, the strongest first.
    points
        For each keypoint the points found, (x, y), shape (n, 2).
    n_animals
        The most animals in a frame.
    """
    kept = [animal.copy() for animal in animals[:n_animals]]
    for piece in animals[n_animals:]:
        distances = [_gap(animal, piece, points) for animal in kept]
        nearest = kept[int(np.argmin(distances))]
        if min(distances) <= _extent(nearest, points):
            nearest[piece >= 0] = piece[piece >= 0]
    return np.array(kept, dtype=np.int64).reshape(-1, animals.shape[1])


def _extent(animal: np.ndarray, points: Sequence[np.ndarray]) -> float:
    return float(np.ptp([points[k][i] for k, i in enumerate(animal) if i >= 0], axis=0).max())


def _gap(animal: np.ndarray, piece: np.ndarray, points: Sequence[np.ndarray]) -> float:
    """Return the distance of a piece from an animal; infinite where both have the same keypoint."""
    if ((animal >= 0) & (piece >= 0)).any():
        return float("inf")
    ours, theirs = (
        np.array([points[k][i] for k, i in enumerate(part) if i >= 0]) for part in (animal, piece)
    )
    return float(np.linalg.norm(ours[:, None] - theirs[None], axis=-1).min())
