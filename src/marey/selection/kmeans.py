"""Groups of similar vectors, each stood for by its most typical member."""

import numpy as np

MAX_ROUNDS = 30


def nearest_to_centres(vectors: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Group vectors with k-means and return the row of the one nearest to each centre.

    The first centres are spread as in k-means++ (Arthur and Vassilvitskii 2007, SODA).

    Parameters
    ----------
    vectors
        Shape (n_vectors, n_dimensions).
    n
        How many groups; there are fewer where there are fewer different vectors.

    Returns
    -------
    np.ndarray
        Ascending rows without repetition, int64, shape (at most n,).
    """
    vectors = vectors - vectors.mean(axis=0)
    centres = vectors[_spread_first(vectors, n, rng)]
    groups = np.zeros(len(vectors), dtype=np.int64)
    for _ in range(MAX_ROUNDS):
        previous, groups = groups, _squared_distances(vectors, centres).argmin(axis=1)
        centres = np.array(
            [
                vectors[groups == k].mean(axis=0) if (groups == k).any() else centres[k]
                for k in range(len(centres))
            ]
        )
        if np.array_equal(previous, groups):
            break
    distances = _squared_distances(vectors, centres)
    groups = distances.argmin(axis=1)
    rows = [np.flatnonzero(groups == k) for k in range(len(centres))]
    return np.array(
        sorted(members[distances[members, k].argmin()] for k, members in enumerate(rows) if len(members)),
        dtype=np.int64,
    )


def _spread_first(vectors: np.ndarray, n: int, rng: np.random.Generator) -> list[int]:
    """Choose rows one by one, each with a chance that grows with its distance from those chosen."""
    chosen = [int(rng.integers(len(vectors)))]
    # A sum of squares rather than the expansion of `_squared_distances`: what was chosen is exactly 0.
    nearest = ((vectors - vectors[chosen[0]]) ** 2).sum(axis=1, dtype=np.float64)
    while len(chosen) < n and nearest.sum() > 0:
        row = int(rng.choice(len(vectors), p=nearest / nearest.sum()))
        chosen.append(row)
        nearest = np.minimum(nearest, ((vectors - vectors[row]) ** 2).sum(axis=1, dtype=np.float64))
    return chosen


def _squared_distances(vectors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    squares = (vectors**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)[None]
    return np.maximum(squares - 2 * vectors @ centres.T, 0)
