"""Fixtures that every test may use."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports PyTorch: there is a process for every core already. Where threads wait for another
# that has no core, a test that trains takes many times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Speed is never tested. In CI the examples are the same each time, so that a run can be repeated.
settings.register_profile("marey", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("marey")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that need it are skipped without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data sets are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    """A context in which no file may grow beyond a number of bytes, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource", reason="this system knows no limits")

    @contextlib.contextmanager
    def limited(n_bytes: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture
def stopped_by_permissions() -> Iterator[None]:
    """Let permissions stop this process, which they don't where root runs the tests, as in containers."""
    if os.name == "nt":
        pytest.skip("Windows has other permissions")
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("permissions do not stop root")
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3 of capget(2); 0 is this thread
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    before = list(sets)
    sets[0] &= ~0b110  # of what is in effect: to write, and to read and search, whatever permissions say
    assert libc.capset(header, sets) == 0
    yield
    sets[:] = before
    assert libc.capset(header, sets) == 0
