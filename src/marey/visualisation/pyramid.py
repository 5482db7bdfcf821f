"""Minima and maxima of poses over ever longer spans: what a timeline of an hour is drawn from.

A timeline of 1000 pixels needs 1000 minima and maxima, not 100 000 rows. They are computed once, in one pass,
and kept in a hidden file beside the poses.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from marey.errors import InputError
from marey.files import atomic_path
from marey.formats.windows import ROWS_AT_A_TIME, iterate_rows, summarise_poses

FRAMES_PER_BIN = 16
GROWTH = 4
SMALLEST_LEVEL = 512
"""No further level is made below so many bins."""

_VERSION = 1
_HEADER_BYTES = 4096


@dataclass(frozen=True)
class Level:
    """One level of a pyramid.

    Parameters
    ----------
    frames_per_bin
        Rows of the poses in each bin; the last bin may have fewer.
    n_bins
        How many bins.
    offset
        Where it begins in the file, bytes.
    """

    frames_per_bin: int
    n_bins: int
    offset: int


class Pyramid:
    """The pyramid of one file of poses; values are read from disk as they are asked for.

    Parameters
    ----------
    path
        Its file.
    levels
        From fine to coarse.
    shape
        (n_keypoints, n_individuals).
    """

    def __init__(self, path: Path, levels: tuple[Level, ...], shape: tuple[int, int]) -> None:
        self.path = path
        self.levels = levels
        self.shape = shape

    def read(self, level: int, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return bins of a level.

        Returns
        -------
        np.ndarray
            float32, shape (n_bins, 3, 2, n_keypoints, n_individuals): x, y, confidence; minimum, maximum.
            NaN where a bin has nothing.

        Raises
        ------
        InputError
            There is no such level or no such bins.
        """
        if not 0 <= level < len(self.levels):
            raise InputError(f"expected a level from 0 to {len(self.levels) - 1}, got {level}")
        chosen = self.levels[level]
        stop = chosen.n_bins if stop is None else min(stop, chosen.n_bins)
        if not 0 <= start < stop:
            raise InputError(f"level {level} has the bins 0 to {chosen.n_bins - 1}, got {start} to {stop}")
        n_values = 6 * self.shape[0] * self.shape[1]
        with self.path.open("rb") as file:
            file.seek(chosen.offset + 4 * n_values * start)
            data = file.read(4 * n_values * (stop - start))
        return np.frombuffer(data, "<f4").reshape(stop - start, 3, 2, *self.shape)


def pyramid_path(poses: Path) -> Path:
    """Return where the pyramid of a file of poses is kept."""
    return poses.with_name(f".{poses.name}.pyramid")


def open_pyramid(poses: str | Path) -> Pyramid | None:
    """Return the pyramid of a file of poses, or None where there is none that fits its present content."""
    poses = Path(poses)
    try:
        with pyramid_path(poses).open("rb") as file:
            header = json.loads(file.read(_HEADER_BYTES).rstrip(b"\0"))
        if header["version"] != _VERSION or header["source"] != _identify(poses):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    levels = tuple(Level(**level) for level in header["levels"])
    return Pyramid(pyramid_path(poses), levels, tuple(header["shape"]))


def build_pyramid(poses: str | Path) -> Pyramid:
    """Make the pyramid of a file of poses, in one pass over it.

    Memory does not grow with the number of frames beyond the pyramid itself: 6 numbers per keypoint for
    every 12 frames.

    Raises
    ------
    FormatError, NotFoundError, StorageError
        The poses cannot be read, or their folder cannot be written.
    """
    poses = Path(poses)
    source, summary = _identify(poses), summarise_poses(poses)
    shape = (len(summary.keypoints), len(summary.individuals))
    levels = _plan_levels(summary.n_rows, shape)
    header: dict[str, Any] = {
        "version": _VERSION,
        "source": source,
        "shape": shape,
        "levels": [vars(level) for level in levels],
    }
    with atomic_path(pyramid_path(poses)) as temporary, temporary.open("w+b") as file:
        file.write(json.dumps(header).encode().ljust(_HEADER_BYTES, b"\0"))
        bins = np.empty((levels[0].n_bins, 3, 2, *shape), np.float32)
        per_block = ROWS_AT_A_TIME // FRAMES_PER_BIN
        for first, position, confidence in iterate_rows(poses):
            at = first // FRAMES_PER_BIN
            bins[at : at + per_block] = _bin_rows(position, confidence)
        for level in levels:
            bins = bins if level is levels[0] else _merge(bins)
            file.write(bins.astype("<f4", copy=False).tobytes())
    return Pyramid(pyramid_path(poses), levels, shape)


def _plan_levels(n_rows: int, shape: tuple[int, int]) -> tuple[Level, ...]:
    levels, span, offset = [], FRAMES_PER_BIN, _HEADER_BYTES
    while True:
        n_bins = -(-n_rows // span)
        levels.append(Level(span, n_bins, offset))
        if n_bins <= SMALLEST_LEVEL:
            return tuple(levels)
        offset += 4 * 6 * shape[0] * shape[1] * n_bins
        span *= GROWTH


def _bin_rows(position: np.ndarray, confidence: np.ndarray | None) -> np.ndarray:
    """Return minima and maxima of a block, (n_bins, 3, 2, K, I); an empty bin has NaN."""
    n, _, n_keypoints, n_individuals = position.shape
    n_bins = -(-n // FRAMES_PER_BIN)
    values = np.full((n_bins * FRAMES_PER_BIN, 3, n_keypoints, n_individuals), np.nan, np.float32)
    values[:n, :2] = position[:, :2]
    if confidence is not None:
        values[:n, 2] = confidence
    values = values.reshape(n_bins, FRAMES_PER_BIN, 3, n_keypoints, n_individuals)
    # fmin and fmax pass over NaN.
    return np.stack([np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)], axis=2)


def _merge(bins: np.ndarray) -> np.ndarray:
    """Return the next coarser level."""
    n = -(-len(bins) // GROWTH)
    padded = np.full((n * GROWTH, *bins.shape[1:]), np.nan, np.float32)
    padded[: len(bins)] = bins
    grouped = padded.reshape(n, GROWTH, *bins.shape[1:])
    low, high = grouped[:, :, :, 0], grouped[:, :, :, 1]
    return np.stack([np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1)], axis=2)


def _identify(poses: Path) -> str:
    status = poses.stat()
    return f"{status.st_size} {status.st_mtime_ns}"
