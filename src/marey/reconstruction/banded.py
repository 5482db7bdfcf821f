"""Normal equations of a whole recording: points that are tied to their neighbours in time and in the body.

The unknowns are the positions x(t, k) of K keypoints in T frames, in the order (t, k, axis). Each frame
couples its own points (through limbs) and the two frames before and after it (through the second difference
in time), so the matrix is banded with 6·K bands below the diagonal. LAPACK's banded Cholesky factorisation
solves it exactly, in time and memory proportional to the number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRAMES_PER_BLOCK = 2  # so that a block touches only the next one


def smoothness_diagonals(time: np.ndarray) -> np.ndarray:
    """Return the precision matrix of one coordinate whose velocity wanders with unit intensity.

    The second divided difference of an integrated random walk has, over many frames, the variance q / h,
    where h is the time between frames. Uneven times are respected.

    Parameters
    ----------
    time
        Increasing, shape (n_frames,), in units of about one frame.

    Returns
    -------
    numpy.ndarray
        The main diagonal and the two below it, shape (3, n_frames), zero-padded at the end.
    """
    n = len(time)
    bands = np.zeros((3, n))
    if n < 3:
        return bands
    before, after = np.diff(time)[:-1], np.diff(time)[1:]
    weight = (before + after) / 2
    a, b, c = (
        2 / (before * (before + after)),
        -2 / (before * after),
        2 / (after * (before + after)),
    )
    bands[0, :-2] += weight * a * a
    bands[0, 1:-1] += weight * b * b
    bands[0, 2:] += weight * c * c
    bands[1, :-2] += weight * a * b
    bands[1, 1:-1] += weight * b * c
    bands[2, :-2] += weight * a * c
    return bands


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """A symmetric positive definite system over (t, k, axis).

    Parameters
    ----------
    bands
        The lower bands in LAPACK's form, shape (6 · n_keypoints + 1, n_frames, n_keypoints, 3).
    right
        The right side, shape (n_frames, n_keypoints, 3).
    """

    bands: np.ndarray
    right: np.ndarray

    @classmethod
    def of_points(cls, precision: np.ndarray, right: np.ndarray) -> NormalEquations:
        """Start with points that know nothing of each other.

        Parameters
        ----------
        precision
            Shape (n_frames, n_keypoints, 3, 3), symmetric.
        right
            Shape (n_frames, n_keypoints, 3).
        """
        n_frames, n_keypoints = right.shape[:2]
        bands = np.zeros((6 * n_keypoints + 1, n_frames, n_keypoints, 3))
        for row in range(3):
            for column in range(row + 1):
                bands[row - column, :, :, column] = precision[:, :, row, column]
        return cls(bands, right.copy())

    @property
    def n_keypoints(self) -> int:
        """How many keypoints a frame has."""
        return self.right.shape[1]

    def add_smoothness(self, diagonals: np.ndarray, weights: np.ndarray, points: np.ndarray) -> None:
        """Tie each keypoint to itself over time, linearised at `points`.

        Parameters
        ----------
        diagonals
            What :func:`smoothness_diagonals` gave.
        weights
            1 / q of each keypoint, shape (n_keypoints,).
        points
            Where the system is linearised, shape (n_frames, n_keypoints, 3).
        """
        step = 3 * self.n_keypoints
        for distance, diagonal in enumerate(diagonals):
            self.bands[distance * step] += diagonal[:, None, None] * weights[None, :, None]
        self.right[:] -= weights[None, :, None] * apply_diagonals(diagonals, points)

    def add_limb(
        self, a: int, b: int, direction: np.ndarray, residual: np.ndarray, weight: np.ndarray
    ) -> None:
        """Tie keypoints `a` and `b` of each frame along their direction.

        Parameters
        ----------
        a, b
            Positions of the keypoints.
        direction
            Unit vectors from `a` to `b`, shape (n_frames, 3).
        residual
            How much too long the limb is, shape (n_frames,).
        weight
            1 / variance of that, shape (n_frames,).
        """
        low, high = min(a, b), max(a, b)
        outer = weight[:, None, None] * direction[:, :, None] * direction[:, None, :]
        for row in range(3):
            for column in range(3):
                if column <= row:
                    self.bands[row - column, :, a, column] += outer[:, row, column]
                    self.bands[row - column, :, b, column] += outer[:, row, column]
                self.bands[3 * (high - low) + row - column, :, low, column] -= outer[:, row, column]
        pull = (weight * residual)[:, None] * direction
        self.right[:, a] += pull
        self.right[:, b] -= pull

    def solve(self, damping: float = 0.0) -> np.ndarray:
        """Return the solution, shape (n_frames, n_keypoints, 3); `damping` is Marquardt's.

        Raises
        ------
        numpy.linalg.LinAlgError
            The matrix is not positive definite: some point is tied to nothing.
        """
        from scipy.linalg import solveh_banded

        bands = self.bands.reshape(len(self.bands), -1)
        if damping:
            bands = bands.copy()
            bands[0] *= 1 + damping
        solution = solveh_banded(bands, self.right.reshape(-1), lower=True, check_finite=False)
        return solution.reshape(self.right.shape)

    def covariances(self) -> np.ndarray:
        """Return the 3×3 blocks on the diagonal of the inverse, shape (n_frames, n_keypoints, 3, 3).

        Blocks of two frames form a tridiagonal system; its inverse's diagonal follows from one pass forward
        and one back (Rauch, Tung and Striebel's smoother in information form; Erisman and Tinney 1975).
        """
        n_frames, n_keypoints = self.right.shape[:2]
        diagonal, below = self._blocks()
        inverse = [np.linalg.inv(diagonal[0])]
        gains = []
        for block, coupling in zip(diagonal[1:], below, strict=True):
            gains.append(coupling @ inverse[-1])
            inverse.append(np.linalg.inv(block - gains[-1] @ coupling.T))
        for i in range(len(gains) - 1, -1, -1):
            inverse[i] = inverse[i] + gains[i].T @ inverse[i + 1] @ gains[i]
        per_point = np.stack(inverse).reshape(
            len(inverse), FRAMES_PER_BLOCK * n_keypoints, 3, FRAMES_PER_BLOCK * n_keypoints, 3
        )
        own = np.einsum("niaib->niab", per_point)
        blocks = own.reshape(-1, n_keypoints, 3, 3)[:n_frames]
        return (blocks + np.swapaxes(blocks, -1, -2)) / 2

    def _blocks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the diagonal blocks (n, m, m) and those below; m counts two frames' unknowns."""
        n_bands, n_frames, n_keypoints = self.bands.shape[:3]
        size = 3 * n_keypoints * FRAMES_PER_BLOCK
        n_blocks = -(-n_frames // FRAMES_PER_BLOCK)
        flat = self.bands.reshape(n_bands, -1)
        padded = np.zeros((n_bands, n_blocks * size))
        padded[:, : flat.shape[1]] = flat
        padded[0, flat.shape[1] :] = 1.0  # a frame that is not there is tied to nothing
        columns = padded.reshape(n_bands, n_blocks, size).transpose(1, 0, 2)
        row, column = np.indices((2 * size, size))
        offset = row - column
        inside = (offset >= 0) & (offset < n_bands)
        tall = np.where(inside, columns[:, np.clip(offset, 0, n_bands - 1), column], 0.0)
        lower, below = tall[:, :size], tall[:-1, size:]
        strictly = np.tril(lower, -1)
        return lower + np.swapaxes(strictly, -1, -2), below


def apply_diagonals(diagonals: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the product of the matrix that `diagonals` stand for with `values`, along the first axis."""
    shape = (-1,) + (1,) * (values.ndim - 1)
    result = diagonals[0].reshape(shape) * values
    for distance in (1, 2):
        band = diagonals[distance, : len(values) - distance].reshape(shape)
        result[distance:] += band * values[:-distance]
        result[:-distance] += band * values[distance:]
    return result
