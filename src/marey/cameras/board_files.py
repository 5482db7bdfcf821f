"""How a user says which board was filmed: in a few words, or in a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from marey.cameras.boards import ArucoGrid, Board, Charuco, Chessboard
from marey.errors import ConfigError, MareyError, NotFoundError

FORMS = {
    "chessboard": "chessboard:COLSxROWS:SQUARE (inner corners)",
    "charuco": "charuco:COLSxROWS:SQUARE:MARKER:DICTIONARY[:legacy] (squares)",
    "aruco": "aruco:COLSxROWS:MARKER:GAP:DICTIONARY (markers)",
}
KEYS = {
    "kind",
    "board_x",
    "board_y",
    "square_length",
    "marker_length",
    "marker_bits",
    "dict_size",
    "dictionary",
    "gap",
    "legacy",
}


def parse_board(text: str) -> Board:
    """Return the board that `text` names: in a few words, or the path of a TOML file.

    Examples
    --------
    >>> parse_board("chessboard:9x6:25").points.shape
    (54, 3)

    Raises
    ------
    ConfigError
        A word is missing or unknown, or a size is impossible.
    NotFoundError
        There is no such file.
    """
    kind, _, rest = text.partition(":")
    if kind not in FORMS:
        return read_board(text)
    try:
        return _from_words(kind, rest.split(":"))
    except MareyError:
        raise
    except ValueError as error:
        raise ConfigError(f"expected a board as {FORMS[kind]}, got {text!r}") from error


def _from_words(kind: str, words: list[str]) -> Board:
    columns, rows = (int(number) for number in words[0].lower().split("x"))
    if kind == "chessboard":
        (square,) = words[1:]
        return Chessboard(columns, rows, float(square))
    first, second, dictionary, *end = words[1:]
    if kind == "aruco" and not end:
        return ArucoGrid(columns, rows, float(first), float(second), _dictionary(dictionary))
    if kind == "charuco" and end in ([], ["legacy"]):
        return Charuco(columns, rows, float(first), float(second), _dictionary(dictionary), bool(end))
    raise ValueError(words)


def read_board(path: str | Path) -> Board:
    """Read a board from a TOML file, in the layout of sleap-anipose.

    ``board_x``, ``board_y`` and ``square_length`` make a chessboard of so many squares; with
    ``marker_length``, ``marker_bits`` and ``dict_size`` (or ``dictionary``) it is a ChArUco board, and with
    ``gap`` instead of ``square_length`` an ArUco grid. ``legacy = true`` is the pattern of ChArUco boards
    made before OpenCV 4.6.

    Raises
    ------
    NotFoundError
        There is no such file.
    ConfigError
        It is not TOML, or a field is missing, unknown or impossible.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFoundError(
            f"expected a board's description at {path}, but there is no such file",
            hint=f"or say what it is: {'; '.join(FORMS.values())}",
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"expected TOML in {path}: {error}") from error
    unknown = sorted(set(table) - KEYS)
    if unknown:
        raise ConfigError(
            f"unknown field{'s' if len(unknown) > 1 else ''} {', '.join(unknown)} in {path}",
            hint=f"a board has {', '.join(sorted(KEYS))}",
        )
    return _from_table(table, path)


def _from_table(table: dict[str, Any], path: Path) -> Board:
    def number(key: str) -> float:
        value = table.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ConfigError(f"expected a number for {key} in {path}, got {value!r}")
        return float(value)

    kind = table.get("kind") or _guess_kind(table)
    columns, rows = int(number("board_x")), int(number("board_y"))
    if kind == "chessboard":
        return Chessboard(columns - 1, rows - 1, number("square_length"))
    name = (
        table.get("dictionary")
        or f"{number('marker_bits'):.0f}X{number('marker_bits'):.0f}_{number('dict_size'):.0f}"
    )
    if kind == "charuco":
        lengths = number("square_length"), number("marker_length")
        return Charuco(columns, rows, *lengths, _dictionary(name), bool(table.get("legacy", False)))
    if kind == "aruco":
        return ArucoGrid(columns, rows, number("marker_length"), number("gap"), _dictionary(name))
    raise ConfigError(f"expected kind in {path} to be one of {', '.join(FORMS)}, got {kind!r}")


def _guess_kind(table: dict[str, Any]) -> str:
    if "gap" in table:
        return "aruco"
    return "charuco" if "marker_length" in table else "chessboard"


def _dictionary(name: str) -> str:
    return name.strip().removeprefix("DICT_").replace("x", "X")
