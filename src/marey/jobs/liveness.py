"""Telling whether a process still lives, without trusting process numbers, which are used again.

The process holds a lock of the operating system on a file, and the system takes it away when the process
ends, however it ends.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOOKS_LAST_AT_MOST_S = 5.0


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold `path` as long as the block, or at most as long as this process, lasts."""
    with path.open("a+b") as file:
        deadline = time.monotonic() + LOOKS_LAST_AT_MOST_S
        while True:
            try:
                _lock(file)
            except OSError:  # somebody is looking, for a moment, whether it is held
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.002)
            else:
                break
        yield


def is_held(path: Path) -> bool:
    """Say whether another process holds `path`."""
    try:
        with path.open("r+b") as file:
            _lock(file)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        # Record locks, because children of this process do not inherit them.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
