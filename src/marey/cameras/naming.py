"""Patterns on file names that say which camera or session a file belongs to: ``{session}/{camera}.mp4``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from marey.errors import ConfigError, NotFoundError

FIELDS = ("session", "camera", "view")
_TOKEN = re.compile(r"\*\*/?|\*|\?|\[[^\[\]]+\]|\{[^{}]*\}|[^*?{}\[\]]+|.")


_WILD = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}


@dataclass(frozen=True)
class Named:
    """A file and what its name says.

    Parameters
    ----------
    path
        The file.
    camera
        Of the camera.
    session
        Of the session; "" where the pattern has none.
    view
        What is left of the name when the camera and the fixed parts are taken away; the same in all cameras
        for files that belong together.
    """

    path: Path
    camera: str
    session: str
    view: str


def find_named(folder: str | Path, pattern: str) -> list[Named]:
    """Find the files under `folder` whose path, relative to it and with ``/``, fits `pattern`.

    ``*`` stands for anything within a name, ``**`` for any folders, ``?`` for one character, ``[0-9]``
    for one of several, and ``{camera}``,
    ``{session}`` and ``{view}`` for parts that are read. A field that occurs twice must be the same twice.
    Directly before ``*``, ``?`` or ``{view}`` a camera's name ends before digits: ``{camera}*.jpg`` reads
    left and right from left01.jpg and right01.jpg.

    Raises
    ------
    ConfigError
        The pattern has an unknown field or lacks ``{camera}``.
    NotFoundError
        There is no such folder, or nothing fits.
    """
    folder = Path(folder)
    expression = compile_pattern(pattern)
    if not folder.is_dir():
        raise NotFoundError(f"expected a folder at {folder}, but there is none")
    found = []
    for path in sorted(folder.rglob("*"), key=lambda path: _natural(path.relative_to(folder).as_posix())):
        match = expression.fullmatch(path.relative_to(folder).as_posix())
        if match and path.is_file() and not path.name.startswith("."):
            found.append(_named(path, match))
    if not found:
        raise NotFoundError(
            f"expected files that fit {pattern!r} in {folder}, but there are none",
            hint="{camera} stands for the camera's name, * for anything; the path is relative to the folder",
        )
    return found


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern; its groups are camera, session, view, rest0, rest1 ..."""
    tokens = _TOKEN.findall(pattern)
    parts, seen, n_rest = [], set(), 0
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if token.startswith("{"):
            name = token[1:-1]
            if name not in FIELDS:
                raise ConfigError(
                    f"expected {', '.join('{' + field + '}' for field in FIELDS)} or * in the pattern "
                    f"{pattern!r}, "
                    f"got {token}"
                )
            loose = following in ("*", "?", "{view}") or following.startswith("[")
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{_field(loose)})")
            seen.add(name)
        elif token in _WILD or (len(token) > 2 and token[0] == "["):
            inside = _WILD.get(token) or token.replace("\\", "\\\\").replace("[!", "[^")
            parts.append(f"(?P<rest{n_rest}>{inside})")
            n_rest += 1
        else:
            parts.append(re.escape(token))
    if "camera" not in seen:
        raise ConfigError(
            f"expected {{camera}} in the pattern {pattern!r}",
            hint="such as '{camera}/*.jpg' or '{camera}.mp4'",
        )
    return re.compile("".join(parts))


def _field(before_anything: bool) -> str:
    return r"[^/]*?[^/\d](?=\d|[._ -]|/|$)(?<![._ -])" if before_anything else r"[^/]+?"


def _named(path: Path, match: re.Match[str]) -> Named:
    groups = match.groupdict()
    camera = groups["camera"]
    whole = re.compile(rf"(?<![^\W_]){re.escape(camera)}(?![^\W_])")  # as a word of its own
    rest = [whole.sub("", value) for name, value in groups.items() if name.startswith("rest")]
    view = groups.get("view") or "".join(rest).strip("._- /")
    return Named(path, camera, groups.get("session") or "", view)


def _natural(text: str) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", text) if part]
