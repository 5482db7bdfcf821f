"""Arrays that may be larger than memory: in a file without a name, which goes when the array does."""

import errno
import mmap
import os
import tempfile
from typing import IO, Any

import numpy as np

# Smaller arrays are kept in memory.
LEAST_BYTES = 1 << 26


def scratch_array(shape: tuple[int, ...], dtype: Any = float) -> np.ndarray:
    """Return an array to fill: in memory where it is small, or else on disk.

    It lies in the system's folder for temporary files (``TMPDIR`` names another). Where that has no room, the
    array is in memory after all.
    """
    n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if n_bytes < LEAST_BYTES:
        return np.empty(shape, dtype)
    try:
        with tempfile.TemporaryFile(prefix="marey-") as file:
            _reserve(file, n_bytes)
            return np.memmap(file, dtype, "r+", shape=shape)
    except OSError:
        return np.empty(shape, dtype)


def let_go(array: np.ndarray) -> None:
    """Give the memory back that holds parts of an array on disk; it is read again when it is asked for."""
    base: Any = array
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def _reserve(file: IO[bytes], n_bytes: int) -> None:
    """Take the room at once: a disk that fills up later would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, n_bytes)
        return
    block = bytes(1 << 20)
    for start in range(0, n_bytes, len(block)):
        if file.write(block[: n_bytes - start]) == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    file.flush()
