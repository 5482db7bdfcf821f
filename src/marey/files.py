"""Files that are never half-written: atomic replacement, locks, content fingerprints.

Everything that Marey writes goes through :func:`atomic_path`, so that a full disk, a crash or a pulled
cable leaves the previous file whole.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marey.errors import AlreadyExistsError, ConflictError, MareyError, NotFoundError, StorageError

FINGERPRINT_CHUNK_BYTES = 1 << 20
LOCK_STALE_AFTER_S = 60.0


def utc_now() -> str:
    """Return the present time as ISO 8601 in UTC to the second, e.g. ``2026-11-23T08:15:00Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; on success it replaces `path` in one step.

    The temporary file keeps the suffix of `path`, because many writers choose their format by it. When
    the body raises, the temporary file is removed and `path` stays what it was.

    Raises
    ------
    StorageError
        The disk is full, read-only, or the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem[:60]}.{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        _raise_as_storage_error(error, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


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
    temporary = path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if path.exists():
            path.rmdir()
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        if isinstance(error, MareyError):
            raise
        _raise_as_storage_error(error, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    # A rename is durable only when its folder is; Windows cannot open folders and does not need it.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _raise_as_storage_error(error: OSError, path: Path) -> None:
    reasons = {
        errno.ENOSPC: ("the disk is full", "free some space or choose another folder"),
        errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder"),
        errno.EROFS: ("the disk is read-only", "choose a folder that can be written"),
        errno.EACCES: ("permission denied", "choose a folder that you may write to"),
        errno.EPERM: ("permission denied", "choose a folder that you may write to"),
        errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name or folder"),
    }
    if error.errno not in reasons:
        raise error
    reason, hint = reasons[error.errno]
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
    except FileNotFoundError as error:
        raise NotFoundError(f"expected a file at {path}, but there is none") from error
    return f"{size}-{digest.hexdigest()[:32]}"


@contextlib.contextmanager
def locked(path: str | Path, *, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold an advisory lock file for a short read-modify-write; works on network shares.

    The lock is a file created exclusively. One that is older than a minute was left by a process that
    died, because no holder keeps it longer than a write, and is taken over.

    Raises
    ------
    ConflictError
        Somebody else held the lock for all of `timeout_s`.
    """
    path = Path(path)
    deadline = time.monotonic() + timeout_s
    holder = f"{socket.gethostname()} process {os.getpid()}"
    token = f"{holder} {secrets.token_hex(8)}"
    while not _try_create(path, token):
        _remove_if_stale(path)
        if time.monotonic() > deadline:
            raise ConflictError(
                f"{path.parent} is being written by {_read_holder(path)}",
                hint=f"wait for it to finish; if nothing is running, delete {path}",
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if path.read_text(encoding="utf-8") == token:
                path.unlink()


def _try_create(path: Path, token: str) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(token)
    except FileExistsError:
        return False
    except PermissionError as error:
        if os.name == "nt" and path.exists():  # Windows says so while the file is being deleted
            return False
        _raise_as_storage_error(error, path)
    except OSError as error:
        _raise_as_storage_error(error, path)
    return True


def _remove_if_stale(path: Path) -> None:
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > LOCK_STALE_AFTER_S:
            path.unlink()


def _read_holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rpartition(" ")[0] or "another process"
    except OSError:
        return "another process"
