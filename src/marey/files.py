"""Files that are never half-written: atomic replacement, locks, content fingerprints.

Everything that Marey writes goes through :func:`atomic_path`, so that a full disk, a crash or a pulled
cable leaves the previous file whole.
"""

import contextlib
import errno
import functools
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from marey.errors import AlreadyExistsError, ConflictError, MareyError, NotFoundError, StorageError

FINGERPRINT_CHUNK_BYTES = 1 << 20
LOCK_STALE_AFTER_S = 60.0
LOCK_LOOK_EVERY_S = 1.0
MAX_SUFFIX_LENGTH = 16
WINDOWS_RETRY_S = 2.0


def utc_now() -> str:
    """Return the present time as ISO 8601 in UTC to the second, e.g. ``2026-11-23T08:15:00Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; on success it replaces `path` in one step.

    The temporary file keeps the suffix of `path`, because many writers choose their format by it. When
    the body raises, the temporary file and the folders made for it are removed, and `path` stays what it
    was. Where `path` is a symbolic link, the file that it points to is replaced.

    Raises
    ------
    StorageError
        The disk is full, read-only, or the folder cannot be written.
    """
    path = _follow_link(Path(path))
    temporary = _beside(path)
    made: list[Path] = []
    try:
        made = _make_folders(path.parent)
        yield temporary
        _flush_to_disk(temporary)
        _replace(temporary, path)
        _flush_folder(path.parent)
        made = []
    except OSError as error:
        _raise_as_storage_error(error, path, temporary)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        _remove_empty(made)


@contextlib.contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` to fill; on success it becomes `path` in one step.

    When the body raises, the temporary folder is removed and `path` stays what it was.

    Raises
    ------
    AlreadyExistsError
        There is something at `path` already, other than an empty folder.
    StorageError
        The disk is full, read-only, or the folder cannot be written.
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise AlreadyExistsError(
            f"{path} exists already, and nothing was written", hint="choose a folder that does not exist yet"
        )
    temporary = _beside(path)
    made: list[Path] = []
    try:
        made = _make_folders(path.parent)
        temporary.mkdir()
        yield temporary
        if path.exists():
            path.rmdir()
        _replace(temporary, path)
        _flush_folder(path.parent)
        made = []
    except OSError as error:
        _raise_as_storage_error(error, path, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        _remove_empty(made)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    r"""Write `text` to `path` atomically as UTF-8 with ``\n`` line ends on every system."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` to `path` atomically as indented JSON."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _follow_link(path: Path) -> Path:
    with contextlib.suppress(OSError):  # such as a name that is too long, which writing will complain about
        if path.is_symlink():
            return path.resolve()
    return path


def _beside(path: Path) -> Path:
    """Return a hidden name in the folder of `path` that is free and within the 255 bytes of file systems."""
    suffix = path.suffix if len(path.suffix) <= MAX_SUFFIX_LENGTH else ""
    room = 240 - len(suffix.encode())
    stem = path.name.removesuffix(suffix).encode()[:room].decode(errors="ignore")
    return path.with_name(f".{stem[:60]}.{secrets.token_hex(4)}{suffix}")


def _make_folders(folder: Path) -> list[Path]:
    """Make `folder` and those above it; return the ones that were not there, innermost first."""
    missing = []
    for place in (folder, *folder.parents):
        if place.exists():
            break
        missing.append(place)
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):  # somebody else put something into it
            folder.rmdir()


def _replace(temporary: Path, path: Path) -> None:
    # Windows refuses while a virus scanner, a synchroniser or a reader has the file open for a moment.
    deadline = time.monotonic() + WINDOWS_RETRY_S
    while True:
        try:
            temporary.replace(path)
        except PermissionError:
            if os.name != "nt" or path.is_dir() or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            # Some mounted cloud drives do not know the call; a disk that fails says something else.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
                raise


def _flush_folder(folder: Path) -> None:
    # A rename is durable only when its folder is; Windows cannot open folders and does not need it.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_OTHER_FOLDER = "choose a folder that can be written"
_STORAGE_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another folder"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder"),
    errno.EFBIG: ("the disk does not hold files of this size", "choose another disk"),
    errno.EROFS: ("the disk is read-only", _OTHER_FOLDER),
    errno.EACCES: ("permission denied", f"{_OTHER_FOLDER}, and close programs that have the file open"),
    errno.EPERM: ("permission denied", f"{_OTHER_FOLDER}, and close programs that have the file open"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name or folder"),
    errno.EEXIST: ("a file is in the place of a folder", "move the file away, or choose another folder"),
    errno.ENOTDIR: ("a file is in the place of a folder", "move the file away, or choose another folder"),
    errno.EISDIR: ("a folder has this name", "move the folder away, or choose another name"),
    errno.EIO: ("the disk reports a fault", "choose another disk, and check this one"),
    errno.ESTALE: ("the network drive went away", "connect it again"),
    errno.ENODEV: ("the disk went away", "connect it again"),
}


def _raise_as_storage_error(error: OSError, path: Path, temporary: Path | None = None) -> NoReturn:
    """Raise what `error` means for writing `path`, or `error` itself if it is about something else."""
    # Codes about a name count only for our names: the body may have failed to read something of its own.
    ours = {str(place) for place in (temporary, path, *path.parents) if place is not None}
    is_ours = error.filename is None or any(
        str(name) in ours or (temporary is not None and Path(str(name)).is_relative_to(temporary))
        for name in (error.filename, error.filename2)
    )
    if isinstance(error, MareyError) or error.errno not in _STORAGE_REASONS or not is_ours:
        raise error
    reason, hint = _STORAGE_REASONS[error.errno]
    raise StorageError(
        f"could not write {path}: {reason}. What was there before is unchanged.", hint=hint
    ) from error


def sha256_of_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(path: str | Path) -> str:
    """Return a content fingerprint that is cheap on files of any size.

    It hashes the size and the first, middle and last mebibyte, so a moved or renamed video of 100 GB is
    recognised in milliseconds.

    Returns
    -------
    str
        ``"<size>-<first 32 hexadecimal digits of the SHA-256>"``.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            for start in sorted({0, max(0, size // 2), max(0, size - FINGERPRINT_CHUNK_BYTES)}):
                file.seek(start)
                digest.update(file.read(FINGERPRINT_CHUNK_BYTES))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFoundError(f"expected a file at {path}, but there is none") from error
    return f"{size}-{digest.hexdigest()[:32]}"


@contextlib.contextmanager
def locked(path: str | Path, *, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold an advisory lock file for a short read-modify-write; works on network shares.

    The lock is a file created exclusively. It is taken over when the process that made it on this machine
    is gone, or when it is older than a minute by the clock of the disk that it lies on, because no holder
    keeps it longer than a write.

    Raises
    ------
    ConflictError
        Somebody else held the lock for all of `timeout_s`.
    StorageError
        The lock cannot be created: the folder cannot be written.
    """
    path = Path(path)
    deadline = time.monotonic() + timeout_s
    token = json.dumps(
        {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "machine": this_machine(),
            "id": secrets.token_hex(8),
        }
    )
    next_look = time.monotonic()
    while not _try_create(path, token):
        if time.monotonic() >= next_look:
            _take_over_if_left(path)
            next_look = time.monotonic() + LOCK_LOOK_EVERY_S
        if time.monotonic() > deadline:
            raise ConflictError(
                f"{path.parent} is being written by {_describe_holder(path)}",
                hint=f"wait for it to finish; if nothing is running, delete {path}",
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if path.read_text(encoding="utf-8") == token:
                path.unlink()


def _try_create(path: Path, token: str) -> bool:
    """Create the lock together with its content, and say whether it was free.

    A process that is killed in here leaves no lock that does not say whose it is, and that would be in the
    way until it is old: the content is written to a file of another name, which then gets the lock's too.
    """
    try:
        if path.exists():
            return False
        _make_folders(path.parent)
        own = _beside(path)
        try:
            own.write_text(token, encoding="utf-8")
            os.link(own, path)
        finally:
            own.unlink(missing_ok=True)
    except FileExistsError as error:
        _check_folder(path, error)
        return False
    except OSError:  # also a disk that knows no second names
        return _try_create_empty(path, token)
    return True


def _try_create_empty(path: Path, token: str) -> bool:
    """Create the lock and write its content after that."""
    is_ours = False
    try:
        with path.open("x", encoding="utf-8") as file:
            is_ours = True
            file.write(token)
    except FileExistsError as error:
        _check_folder(path, error)
        return False
    except OSError as error:
        if is_ours:  # a full disk creates files and cannot fill them
            with contextlib.suppress(OSError):
                path.unlink()
        if isinstance(error, PermissionError) and os.name == "nt" and path.exists():
            return False  # Windows says so while the file is being deleted
        _raise_as_storage_error(error, path)
    return True


def _check_folder(path: Path, error: FileExistsError) -> None:
    """Raise if what exists is not the lock but a file in the place of its folder."""
    if not path.exists() and not path.parent.is_dir():
        _raise_as_storage_error(error, path)


def _take_over_if_left(path: Path) -> None:
    """Remove the lock if its holder is gone; a second file makes sure that only one process does so.

    Without it, one that had found an old lock could remove the new lock of another that had found it too.
    """
    guard = path.with_name(f"{path.name}.takeover")
    try:
        with guard.open("x"):
            pass
    except OSError:
        with contextlib.suppress(OSError):
            if time.time() - guard.stat().st_mtime > 10 * LOCK_STALE_AFTER_S:
                guard.unlink()
        return
    try:
        with contextlib.suppress(OSError):
            # The guard's own time is the time of the disk, which may differ from this computer's clock.
            if _is_left(path, now=guard.stat().st_mtime):
                path.unlink()
    finally:
        with contextlib.suppress(OSError):
            guard.unlink()


def _is_left(path: Path, now: float) -> bool:
    """Say whether the holder of the lock is gone."""
    if now - path.stat().st_mtime > LOCK_STALE_AFTER_S:
        return True
    holder = _read_holder(path)
    return holder.get("machine") == this_machine() and not is_running(holder.get("process"))


def _read_holder(path: Path) -> dict[str, Any]:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _describe_holder(path: Path) -> str:
    holder = _read_holder(path)
    if "host" not in holder:
        return "another process"
    return f"process {holder.get('process')} on {holder['host']}"


@functools.cache
def this_machine() -> str:
    """Identify this computer since it was started, and the process numbers that are valid on it."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):  # Linux; a container has process numbers of its own
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts) if len(parts) > 1 else f"{parts[0]} {uuid.getnode():x}"


def is_running(process: Any) -> bool:
    """Say whether a process of this machine runs; where that cannot be told, say that it does."""
    if os.name == "nt" or not isinstance(process, int) or process <= 0:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
