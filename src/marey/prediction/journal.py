"""What has been predicted so far, on disk while the prediction runs.

A journal is a line of JSON that says what is being predicted, followed by blocks of rows that are only ever
appended, each with its length and checksum. Whatever happens to the process or the disk, the blocks that are
whole stay readable, and the next run cuts off the rest and goes on. HDF5 cannot promise that, so the file of
poses is made from the journal when all rows are there.
"""

import errno
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from marey.errors import FormatError, StorageError
from marey.files import write_bytes
from marey.model.poses import CANDIDATES

SUFFIX = ".partial"
_BLOCK = struct.Struct("<4sII")
_MARK = b"rows"
_STORAGE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def row_type(n_keypoints: int, n_animals: int = 1, n_individuals: int = 0, n_candidates: int = 1) -> np.dtype:
    """Return the type of one frame's row; a first candidate is the pose itself."""
    plane = (n_keypoints, n_animals)
    named = [("identity", "<f4", (n_animals, n_individuals))] if n_individuals else []
    quality = [(name, "<f4", (n_candidates - 1, *plane)) for name in CANDIDATES[1:]]
    candidates = [(CANDIDATES[0], "<f4", (n_candidates - 1, 2, *plane)), *quality] if n_candidates > 1 else []
    return np.dtype(
        [
            ("frame", "<i8"),
            ("time", "<f8"),
            ("position", "<f4", (2, *plane)),
            ("confidence", "<f4", plane),
            ("expected_error", "<f4", plane),
            ("error_90", "<f4", plane),
            ("score", "<f4", (n_animals,)),
            *named,
            *candidates,
        ]
    )


class Journal:
    """Rows on disk, appended block by block.

    Use :meth:`create` or :meth:`resume` to write, :meth:`read` to look at one.

    Attributes
    ----------
    header
        What is being predicted, and how.
    n_rows, n_blocks
        What is on disk.
    last_frame
        The frame of the last row, or None.
    """

    def __init__(self, path: Path, header: dict[str, Any], body_at: int) -> None:
        self.path = path
        self.header = header
        self._body_at = body_at
        n_individuals = len(header.get("individuals", ()))
        self.dtype = row_type(
            len(header["keypoints"]),
            header.get("n_animals", 1),
            n_individuals,
            header.get("n_candidates", 1),
        )
        self.n_rows, self.n_blocks, self.last_frame = 0, 0, None
        self._end = body_at
        for rows in self.blocks():
            self.n_rows += len(rows)
            self.n_blocks += 1
            self.last_frame = int(rows["frame"][-1])
            self._end += _BLOCK.size + rows.nbytes

    @classmethod
    def create(cls, path: Path, header: dict[str, Any]) -> Self:
        """Begin a journal at `path`; what is there is replaced.

        Raises
        ------
        StorageError
            The disk is full or cannot be written; what is there stays.
        """
        line = json.dumps(header, ensure_ascii=False).encode() + b"\n"
        write_bytes(path, line)
        return cls(path, header, len(line))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open the journal at `path`.

        Raises
        ------
        FormatError
            It is no journal.
        """
        with path.open("rb") as file:
            line = file.readline()
        try:
            header = json.loads(line)
            return cls(path, header, len(line))
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"expected an unfinished prediction in {path}, but it is none: {error}",
                hint="delete it, or predict with --overwrite",
            ) from error

    def cut(self) -> None:
        """Drop a last block that is not whole."""
        os.truncate(self.path, self._end)

    def append(self, rows: np.ndarray) -> None:
        """Add a block of rows; it is on disk when this returns.

        Raises
        ------
        StorageError
            The disk is full or cannot be written; the blocks before stay readable.
        """
        data = rows.tobytes()
        try:
            with self.path.open("ab") as file:
                file.write(_BLOCK.pack(_MARK, len(rows), zlib.crc32(data)) + data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _storage_error(self.path, error, self.n_rows) from error
        self.n_rows += len(rows)
        self.n_blocks += 1
        self.last_frame = int(rows["frame"][-1])
        self._end += _BLOCK.size + len(data)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the blocks that are whole, as structured arrays of :func:`row_type`, one at a time."""
        with self.path.open("rb") as file:
            file.seek(self._body_at)
            while len(head := file.read(_BLOCK.size)) == _BLOCK.size:
                mark, n_rows, checksum = _BLOCK.unpack(head)
                if mark != _MARK or n_rows == 0:
                    return
                data = file.read(n_rows * self.dtype.itemsize)
                if len(data) != n_rows * self.dtype.itemsize or zlib.crc32(data) != checksum:
                    return
                yield np.frombuffer(data, dtype=self.dtype)


def _storage_error(path: Path, error: OSError, n_rows: int) -> OSError:
    if error.errno not in _STORAGE_ERRORS:
        return error
    return StorageError(
        f"could not write {path}: {error.strerror}. The {n_rows} frames predicted so far are kept in it.",
        hint="free some space or choose another folder, then go on with --resume",
    )
