"""HDF5 files: what is inside those of other tools, clear words for damaged ones, and writing new ones."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from marey.errors import FormatError, NotFoundError, StorageError
from marey.files import atomic_path

if TYPE_CHECKING:
    import h5py

T = TypeVar("T")

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def read_magic(path: Path, n_bytes: int = 8) -> bytes:
    """Return the first bytes of a file, or nothing for what is no file.

    Raises
    ------
    StorageError
        The file may not be read, or its disk is gone.
    """
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(n_bytes)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


@contextlib.contextmanager
def open_hdf5(path: Path) -> Iterator["h5py.File"]:
    """Open an HDF5 file for reading.

    Raises
    ------
    FormatError
        It is no HDF5 file, or it is cut off or damaged; also when reading fails later on.
    """
    import h5py

    if not path.is_file():
        raise NotFoundError(f"expected a file at {path}, but there is none")
    if not read_magic(path).startswith(HDF5_MAGIC):
        raise FormatError(f"expected an HDF5 file, but {path} is none")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError) as error:
        if isinstance(error, FormatError | NotFoundError) or type(error).__module__.startswith("marey"):
            raise
        raise FormatError(
            f"{path} is damaged or incomplete: {error}", hint="copy the file again from where it was made"
        ) from error


@contextlib.contextmanager
def atomic_hdf5(path: str | Path) -> Iterator[io.RawIOBase]:
    """Give a file object for h5py or h5netcdf to write to; on success it becomes `path` in one step.

    Raises
    ------
    StorageError
        The disk is full, read-only, or the folder cannot be written; `path` stays what it was.
    """
    with atomic_path(path) as temporary, _PatientFile(temporary) as file:
        try:
            yield file
        except Exception as error:
            if file.fault:
                raise file.fault from error
            raise
        file.flush()
        if file.fault:
            raise file.fault


class _PatientFile(io.RawIOBase):
    """A file that keeps its first fault to itself, after which it only pretends to write.

    HDF5 cannot give up a file that the disk does not take: closing it fails as well, and later the whole
    process may crash over what is left open. So it is told that all is well until it has closed the file.
    """

    def __init__(self, path: Path) -> None:
        self.fault: OSError | None = None
        self._file = path.open("w+b")

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):  # what could not be written has been told
            self._file.close()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._try(lambda: self._file.seek(offset, whence), offset)

    def tell(self) -> int:
        return self._try(self._file.tell, 0)

    def readinto(self, buffer: Any) -> int:
        return self._try(lambda: self._file.readinto(buffer), 0)

    def write(self, data: Any) -> int:
        return self._try(lambda: self._file.write(data), len(data))

    def truncate(self, size: int | None = None) -> int:
        return self._try(lambda: self._file.truncate(size), size or 0)

    def flush(self) -> None:
        self._try(self._file.flush, None)

    def _try(self, act: Callable[[], T], otherwise: T) -> T:
        if self.fault is None:
            try:
                return act()
            except OSError as error:
                self.fault = error
        return otherwise


def top_level(path: Path) -> frozenset[str]:
    """Return the names at the top of an HDF5 file; empty for every other file.

    Attributes of the root are among them with an ``@`` before the name.

    Raises
    ------
    FormatError
        The file begins as HDF5, but is cut off or damaged.
    """
    if not read_magic(path).startswith(HDF5_MAGIC):
        return frozenset()
    with open_hdf5(path) as file:
        return frozenset([*file.keys(), *(f"@{name}" for name in file.attrs)])


def text(value: Any) -> str:
    """Return a string of an HDF5 file, however it was stored."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if hasattr(value, "shape") and value.shape == ():
        return text(value.item())
    return str(value)


def texts(values: Any) -> list[str]:
    """Return a dataset of strings as a list."""
    return [text(value) for value in values[()].reshape(-1)] if values.dtype.kind in "SOU" else []


def json_value(value: Any, where: str) -> Any:
    """Parse JSON that was stored in an HDF5 file.

    Raises
    ------
    FormatError
        It is not JSON.
    """
    try:
        return json.loads(text(value))
    except ValueError as error:
        raise FormatError(f"expected JSON in {where}: {error}") from error
