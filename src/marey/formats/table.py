"""Marey's own labels file: a table that Git can compare and a spreadsheet can open.

One row per frame, animal and keypoint that somebody has looked at::

    frame,image,individual,instance,keypoint,x,y,visibility,origin,author,time
    42,img00042.png,,0,snout,101.5,77.25,visible,person,ada,2026-11-23T08:15:00Z
    42,img00042.png,,0,tailbase,,,absent,person,ada,2026-11-23T08:15:09Z
    57,img00057.png,,,,,,,,,

A frame in which a person saw no animal is one row without an instance and a keypoint; an animal of which
nothing is labelled yet is one row without a keypoint. Keypoints that are not listed are unlabeled. Numbers
are written with as many digits as it takes to read the same floats back, bit for bit.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from marey.errors import FormatError, LabelsError, NotFoundError
from marey.model import FARTHEST_PX, Instance, LabeledFrame, Origin, Skeleton, Visibility

COLUMNS = (
    "frame",
    "image",
    "individual",
    "instance",
    "keypoint",
    "x",
    "y",
    "visibility",
    "origin",
    "author",
    "time",
)
REQUIRED_COLUMNS = ("frame", "keypoint", "x", "y")

_NEEDS_QUOTES = re.compile(r'[,;\t"\r\n]|^\s|\s$')
_WHOLE_NUMBER = re.compile(r"\+?(\d{1,15})(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_VISIBILITIES = {v.name.lower(): v for v in Visibility if v is not Visibility.UNLABELED}
_ORIGINS = {origin.name.lower(): origin for origin in Origin}


def encode_labels(frames: Iterable[LabeledFrame], skeleton: Skeleton) -> str:
    """Return the labels of one video as CSV text.

    Parameters
    ----------
    frames
        Frames of one video, in the order in which they are to be kept.
    skeleton
        Names the keypoints of every instance.

    Raises
    ------
    LabelsError
        An instance does not have one point for each keypoint.
    """
    lines = [",".join(COLUMNS)]
    for frame in frames:
        start = [str(frame.frame), frame.image or ""]
        if not frame.instances:
            lines.append(_join([*start, *[""] * 9]))
        for number, instance in enumerate(frame.instances):
            if len(instance) != len(skeleton):
                raise LabelsError(
                    f"frame {frame.frame} of {frame.video} has an instance of {len(instance)} keypoints, "
                    f"but the skeleton has {len(skeleton)}"
                )
            lines.extend(
                _join([*start, instance.individual or "", str(number), *cells])
                for cells in _encode_instance(instance, skeleton)
            )
    return "\n".join(lines) + "\n"


def _join(cells: Iterable[str]) -> str:
    # csv.writer leaves a lone carriage return and spaces at the ends unquoted, and spreadsheets lose them.
    return ",".join(
        '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell for cell in cells
    )


def _encode_instance(instance: Instance, skeleton: Skeleton) -> Iterator[list[str]]:
    """Yield the cells from ``keypoint`` on."""
    looked_at = np.flatnonzero(instance.visibility != Visibility.UNLABELED).tolist()
    if not looked_at:
        yield [""] * 7
    for i in looked_at:
        x, y = instance.points[i].tolist()
        has_position = instance.visibility[i] >= Visibility.OCCLUDED
        yield [
            skeleton.keypoints[i],
            repr(x) if has_position else "",
            repr(y) if has_position else "",
            Visibility(int(instance.visibility[i])).name.lower(),
            Origin(int(instance.origin[i])).name.lower(),
            instance.authors[i],
            instance.times[i],
        ]


def read_table(path: str | Path) -> str:
    """Return the text of a table, which must be UTF-8; a byte order mark is left out.

    Raises
    ------
    NotFoundError
        There is no such file.
    FormatError
        It is not UTF-8, as when a spreadsheet saved it in the system's own encoding.
    """
    path = Path(path)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError(f"expected a table of labels at {path}, but there is none") from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}",
            hint='in a spreadsheet choose "CSV UTF-8" when saving',
        ) from error


def decode_labels(text: str, skeleton: Skeleton, *, video: str, source: str) -> list[LabeledFrame]:
    """Read the labels of one video from CSV text.

    Columns may be in any order; all but `frame`, `keypoint`, `x` and `y` may be missing. Commas, semicolons
    (then also with decimal commas) or tabs separate, as spreadsheets of different countries write them.

    Parameters
    ----------
    text
        What :func:`encode_labels` gave, perhaps edited by hand.
    skeleton
        The keypoints that may occur.
    video
        Goes into every frame.
    source
        Names the file in messages.

    Returns
    -------
    list of LabeledFrame
        In the order in which the frames first occur.

    Raises
    ------
    FormatError
        The text is not such a table, or a cell is not what it should be; says in which line and column.
    LabelsError
        Rows contradict each other or the skeleton; says in which lines.
    """
    frames: dict[int, _FrameRows] = {}
    for row in _read_rows(text, source):
        number = row.whole_number("frame")
        frames.setdefault(number, _FrameRows(row.line)).add(row, skeleton)
    return [frame.build(video, number, skeleton, source) for number, frame in frames.items()]


@dataclass
class _Row:
    """One line of the table: its cells by column, and how to complain about them."""

    source: str
    line: int
    cells: dict[str, str]
    has_decimal_comma: bool

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def where(self, column: str) -> str:
        return f"{self.source}, line {self.line}, column {column!r}"

    def whole_number(self, column: str) -> int:
        match = _WHOLE_NUMBER.fullmatch(self.text(column).strip())
        if match is None:
            raise FormatError(
                f"{self.where(column)}: expected a whole number from 0, got {self.text(column)!r}"
            )
        return int(match[1])

    def coordinate(self, column: str) -> float:
        """Return the number in the cell, or NaN where it is empty."""
        text = self.text(column).strip()
        if text.lower() in ("", "nan"):
            return math.nan
        if self.has_decimal_comma:
            text = text.replace(",", ".")
        value = float(text) if _NUMBER.fullmatch(text) else math.inf
        if math.isinf(value):
            raise FormatError(f"{self.where(column)}: expected a number, got {self.text(column)!r}")
        if abs(value) > FARTHEST_PX:
            limit = f"{FARTHEST_PX:.0e} px"
            raise FormatError(
                f"{self.where(column)}: expected a place within {limit}, got {self.text(column)!r}"
            )
        return value

    def word(self, column: str, known: Mapping[str, int], default: int) -> int:
        text = self.text(column).strip().lower()
        if not text:
            return default
        if text not in known:
            raise FormatError(
                f"{self.where(column)}: expected one of {', '.join(known)}, got {self.text(column)!r}"
            )
        return known[text]

    def keypoint(self, skeleton: Skeleton) -> int:
        name = self.text("keypoint")
        for candidate in (name, name.strip()):
            if candidate in skeleton.keypoints:
                return skeleton.keypoints.index(candidate)
        raise LabelsError(
            f"{self.where('keypoint')}: expected a keypoint of the skeleton, got {name!r}",
            hint=f"the keypoints are {', '.join(skeleton.keypoints)}",
        )


@dataclass
class _InstanceRows:
    """The rows of one animal in one frame."""

    line: int
    individual: str
    cells: dict[int, tuple[float, float, int, int, str, str]] = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)

    def add(self, row: _Row, skeleton: Skeleton) -> None:
        individual = row.text("individual").strip()
        if individual != self.individual:
            raise LabelsError(
                f"{row.where('individual')}: expected {self.individual!r} as in line {self.line}, for the "
                f"same instance, got {individual!r}"
            )
        if not row.text("keypoint").strip():
            if row.text("x").strip() or row.text("y").strip():
                raise FormatError(f"{row.where('keypoint')}: expected the name of the keypoint, got nothing")
            return
        keypoint = row.keypoint(skeleton)
        if keypoint in self.lines:
            raise LabelsError(
                f"{row.where('keypoint')}: {skeleton.keypoints[keypoint]!r} of the same animal in the same "
                f"frame is already in line {self.lines[keypoint]}",
                hint="delete one of the two rows",
            )
        self.lines[keypoint] = row.line
        self.cells[keypoint] = _decode_point(row)

    def build(self, n_keypoints: int) -> Instance:
        points = np.full((n_keypoints, 2), np.nan)
        visibility = np.full(n_keypoints, Visibility.UNLABELED, dtype=np.int8)
        origin = np.full(n_keypoints, Origin.PERSON, dtype=np.int8)
        authors, times = [""] * n_keypoints, [""] * n_keypoints
        for i, (x, y, visible, by, author, time) in self.cells.items():
            points[i] = x, y
            visibility[i], origin[i], authors[i], times[i] = visible, by, author, time
        return Instance(points, visibility, origin, self.individual or None, authors, times)


def _decode_point(row: _Row) -> tuple[float, float, int, int, str, str]:
    x, y = row.coordinate("x"), row.coordinate("y")
    is_placed = not math.isnan(x)
    if is_placed == math.isnan(y):
        raise FormatError(f"{row.where('y' if is_placed else 'x')}: expected a number beside the other one")
    visibility = row.word("visibility", _VISIBILITIES, Visibility.VISIBLE if is_placed else Visibility.ABSENT)
    if is_placed != (visibility >= Visibility.OCCLUDED):
        state = Visibility(visibility).name.lower()
        raise FormatError(
            f"{row.where('visibility')}: expected {'visible or occluded' if is_placed else 'absent'} "
            f"for a keypoint {'with' if is_placed else 'without'} a position, got {state!r}"
        )
    origin = row.word("origin", _ORIGINS, Origin.PERSON)
    return x, y, visibility, origin, row.text("author"), row.text("time")


@dataclass
class _FrameRows:
    """The rows of one frame."""

    line: int
    image: str = ""
    empty_line: int | None = None
    instances: dict[tuple[int, str], _InstanceRows] = field(default_factory=dict)

    def add(self, row: _Row, skeleton: Skeleton) -> None:
        image = row.text("image")
        if image and self.image and image != self.image:
            raise LabelsError(
                f"{row.where('image')}: expected {self.image!r} as in line {self.line}, for the same "
                f"frame, got {image!r}"
            )
        self.image = self.image or image
        if self._says_empty(row):
            if self.empty_line is not None:
                raise LabelsError(
                    f"{row.where('frame')}: this empty frame is already in line {self.empty_line}"
                )
            self.empty_line = row.line
            return
        # Hand-made tables may name the animals and leave their numbers out.
        name = row.text("individual").strip()
        key = (row.whole_number("instance"), "") if row.text("instance").strip() else (0, name)
        rows = self.instances.setdefault(key, _InstanceRows(row.line, name))
        rows.add(row, skeleton)

    @staticmethod
    def _says_empty(row: _Row) -> bool:
        return not any(
            row.text(column).strip() for column in ("individual", "instance", "keypoint", "x", "y")
        )

    def build(self, video: str, number: int, skeleton: Skeleton, source: str) -> LabeledFrame:
        if self.empty_line is not None and self.instances:
            other = next(iter(self.instances.values())).line
            raise LabelsError(
                f"{source}, line {self.empty_line}: says that frame {number} has no animal, but line "
                f"{other} has one",
                hint="delete one of the two rows",
            )
        lines: dict[str, int] = {}
        for rows in self.instances.values():
            if rows.individual and rows.individual in lines:
                raise LabelsError(
                    f"{source}, line {rows.line}, column 'individual': {rows.individual!r} is already "
                    f"another animal of frame {number} in line {lines[rows.individual]}"
                )
            lines[rows.individual] = rows.line
        ordered = sorted(self.instances.items(), key=lambda item: item[0][0])
        instances = tuple(rows.build(len(skeleton)) for _, rows in ordered)
        return LabeledFrame(video, number, instances, self.image or None)


def _read_rows(text: str, source: str) -> Iterator[_Row]:
    """Yield the rows below the header that are not blank."""
    text = text.removeprefix("\ufeff")
    header = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: Sequence[str] = ()
    line = 1
    try:
        for cells in reader:
            if not columns:
                columns = _check_header(cells, source)
            elif any(cell.strip() for cell in cells):
                yield _make_row(cells, columns, line, source, has_decimal_comma=delimiter != ",")
            line = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(f"{source}, line {reader.line_num}: not a valid CSV line ({error})") from error
    if not columns:
        raise FormatError(f"{source}: expected the columns {', '.join(COLUMNS)}, got an empty file")


def _make_row(
    cells: list[str], columns: Sequence[str], line: int, source: str, *, has_decimal_comma: bool
) -> _Row:
    # Spreadsheets may add empty columns; a row that is too short was cut off.
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        raise FormatError(
            f"{source}, line {line}: expected {len(columns)} cells, got {len(cells)}",
            hint="names that contain the separator must be in double quotes",
        )
    return _Row(source, line, dict(zip(columns, cells, strict=False)), has_decimal_comma)


def _check_header(cells: list[str], source: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if missing := [name for name in REQUIRED_COLUMNS if name not in names]:
        raise FormatError(
            f"{source}, line 1: expected the columns {', '.join(COLUMNS)}; missing {', '.join(missing)}, "
            f"got {', '.join(names)}"
        )
    if unknown := [name for name in names if name not in COLUMNS]:
        raise FormatError(
            f"{source}, line 1: unknown column {unknown[0]!r}",
            hint=f"the columns are {', '.join(COLUMNS)}; others would be lost when the labels are saved",
        )
    if repeated := [name for i, name in enumerate(names) if name in names[:i]]:
        raise FormatError(f"{source}, line 1: the column {repeated[0]!r} occurs twice")
    return names
