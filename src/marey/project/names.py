"""Names that are good as file names on every system, because they become files that travel between them."""

import re
import unicodedata
from collections.abc import Iterable

from marey.errors import ConfigError

MAX_NAME_BYTES = 120
"""Short enough that a revision's file name and a long Windows path still fit."""

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def find_name_problem(name: str, others: Iterable[str] = ()) -> str | None:
    """Say what keeps `name` from being a file name everywhere, or return None.

    Parameters
    ----------
    name
        A key of a video or the name of a run.
    others
        Names in the same folder (`name` itself may be among them); differing in case only is a clash.
    """
    if not name or name in (".", ".."):
        return "is empty"
    if bad := _FORBIDDEN.search(name):
        return f"contains {bad[0]!r}, which Windows does not allow in file names"
    if name[0] in " ." or name[-1] in " .":
        return "starts or ends with a space or a full stop, which Windows drops"
    if name.split(".", maxsplit=1)[0].strip().lower() in _RESERVED:
        return "is a device name on Windows"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    folded = _fold(name)
    clash = next((other for other in others if other != name and _fold(other) == folded), None)
    return f"differs from {clash!r} only in case or in how accents are stored" if clash else None


def check_name(name: str, kind: str) -> None:
    """Raise when `name` cannot be a file name everywhere.

    Raises
    ------
    ConfigError
        Says what is wrong with it; `kind` says what it names.
    """
    if problem := find_name_problem(name):
        raise ConfigError(f"expected {kind} that can be a file name, but {name!r} {problem}")


def make_name(wish: str, taken: Iterable[str]) -> str:
    """Return a portable name close to `wish` that is not in `taken`.

    Examples
    --------
    >>> make_name("mouse: day 1?", [])
    'mouse_ day 1_'
    >>> make_name("Clip", ["clip"])
    'Clip_2'
    """
    name = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", wish)).strip(" .") or "video"
    if name.split(".")[0].strip().lower() in _RESERVED:
        name = f"_{name}"
    taken_folded = {_fold(other) for other in taken}
    candidate, number = _shorten(name, MAX_NAME_BYTES), 1
    while _fold(candidate) in taken_folded:
        number += 1
        candidate = f"{_shorten(name, MAX_NAME_BYTES - 8)}_{number}"
    return candidate


def _shorten(name: str, n_bytes: int) -> str:
    return name.encode()[:n_bytes].decode(errors="ignore").rstrip(" .")


def _fold(name: str) -> str:
    # macOS stores accents decomposed, Windows ignores case: two names that fold alike are one file there.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
