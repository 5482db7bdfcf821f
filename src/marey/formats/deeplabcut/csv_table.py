"""Keypoint tables as CSV."""

import codecs
import csv
import io
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import FormatError
from marey.files import write_text
from marey.formats.deeplabcut.tables import HEADER_NAMES, KeypointTable, build_columns, join_index
from marey.formats.hdf5 import read_magic
from marey.formats.text import DELIMITERS, DelimitedText, parse_numbers, read_delimited

if TYPE_CHECKING:
    import pandas as pd

_MAX_HEADER_LINE = 1 << 24  # characters: many animals with a long scorer make lines of many kilobytes


def looks_like_table(path: Path) -> bool:
    """Tell by its first lines whether a text file has the header of such a table."""
    head = read_magic(path, 4096)
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in head and not is_utf16:
        return False
    with path.open(encoding="utf-16" if is_utf16 else "utf-8-sig", errors="replace") as file:
        lines = [file.readline(_MAX_HEADER_LINE) for _ in range(len(HEADER_NAMES))]
    firsts = [re.split(f"[{DELIMITERS}]", line, maxsplit=1)[0].strip().lower() for line in lines]
    return "bodyparts" in firsts and "coords" in firsts


def read_csv_table(path: Path) -> KeypointTable:
    """Read a keypoint table from CSV.

    Raises
    ------
    FormatError
        The header is not complete, a row is cut off, or a cell is not a number.
    """
    text = read_delimited(path)
    header, n_header_rows = _read_header(text)
    n_index = _count_index_columns(header, str(text.path))
    width = len(header["coords"])
    columns = build_columns({name: row[n_index:] for name, row in header.items()}, str(text.path))
    positions = [n_index + position for position, _ in columns]
    index, values = _read_body(text, n_header_rows, width, n_index, positions)
    ignored = width - n_index - len(columns)
    scorers = [name for name in header.get("scorer", [])[n_index:] if name.strip()]
    return KeypointTable(
        columns=[column for _, column in columns],
        index=index,
        values=values,
        scorer=scorers[0].strip() if scorers else "",
        where=str(text.path),
        notes=(f"columns that are no coordinates, left out: {ignored}",) if ignored else (),
    )


def _read_header(text: DelimitedText) -> tuple[dict[str, list[str]], int]:
    rows: dict[str, list[str]] = {}
    for row in text.head(len(HEADER_NAMES)):
        name = row[0].strip().lower() if row else ""
        if name not in HEADER_NAMES:
            break
        rows[name] = row
    if "coords" not in rows or "bodyparts" not in rows:
        raise FormatError(
            f"expected a header of the rows {', '.join(HEADER_NAMES)} at the top of {text.path}, "
            f"got {', '.join(rows) or 'none of them'}",
            hint="is this a file of labels or predictions of DeepLabCut or Lightning Pose?",
        )
    # Files that were joined by hand sometimes name the scorer too few times; nothing else may be short.
    width = len(rows["coords"])
    if rows.get("scorer"):
        rows["scorer"] = (rows["scorer"] + rows["scorer"][-1:] * width)[:width]
    widths = {name: len(row) for name, row in rows.items()}
    if len(set(widths.values())) > 1:
        raise FormatError(f"the header rows of {text.path} differ in length: {widths}")
    return rows, len(rows)


def _count_index_columns(header: dict[str, list[str]], where: str) -> int:
    """Return how many columns come before the first coordinate: 1 (old) or 3 (new projects)."""
    cells = [cell.strip().lower() for cell in header["coords"]]
    for position, cell in enumerate(cells):
        if position > 0 and cell in ("x", "y", "z"):
            return position
    raise FormatError(f"expected x and y in the header row 'coords' of {where}, got {cells[1:4]}")


def _read_body(
    text: DelimitedText, n_header_rows: int, width: int, n_index: int, positions: list[int]
) -> tuple[list[str], np.ndarray]:
    if not _check_width(text, n_header_rows, width, n_index):
        return [], np.empty((0, len(positions)))
    try:
        frame = _parse(text, n_header_rows, width, dict.fromkeys(range(n_index), "str"))
        values = frame[positions].to_numpy(dtype=np.float64)
    except ValueError:  # a cell is text: read once more to say which
        frame = _parse(text, n_header_rows, width, "str")
        values = parse_numbers(frame[positions].to_numpy(), str(text.path), n_header_rows + 1, positions)
    index = frame[list(range(n_index))].fillna("").itertuples(index=False)
    return [join_index(tuple(row)) for row in index], values


def _parse(text: DelimitedText, n_header_rows: int, width: int, dtype: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(
        text.path,
        encoding=text.encoding,
        sep=text.delimiter,
        decimal="," if text.has_decimal_commas(n_header_rows) else ".",
        skiprows=n_header_rows,
        header=None,
        names=range(width),
        dtype=dtype,
        index_col=False,
        **_exact_floats(pd.__version__),
    )


def _exact_floats(pandas_version: str) -> dict[str, Any]:
    # From 3.1 on pandas always reads the exact number and warns when asked to.
    major, minor = (int(part) for part in pandas_version.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


def _check_width(text: DelimitedText, n_header_rows: int, width: int, n_index: int) -> bool:
    """Refuse rows that were cut off; return whether there are any rows.

    A row of an image without points may leave its empty cells out.
    """
    has_rows = False
    for number, row in enumerate(itertools.islice(text.rows(), n_header_rows, None)):
        is_blank = not any(cell.strip() for cell in row[n_index:])
        if len(row) != width and not (is_blank and len(row) < width):
            raise FormatError(
                f"expected {width} cells in line {number + n_header_rows + 1} of {text.path}, got {len(row)}",
                hint="the file may have been cut off; copy it again from where it was made",
            )
        has_rows = has_rows or bool(row)
    return has_rows


def write_csv_table(table: KeypointTable, path: Path, *, n_index: int = 1) -> None:
    """Write a keypoint table as CSV, in DeepLabCut's own layout.

    Parameters
    ----------
    table
        What is written; an individual of "" leaves the row ``individuals`` out.
    path
        The file.
    n_index
        Columns of the index: 1 for frames (and old projects), 3 for labels.
    """
    blank = [""] * (n_index - 1)
    individuals, keypoints, coordinates = zip(*table.columns, strict=True)
    header = [["scorer", *blank, *[table.scorer] * len(table.columns)]]
    if any(individuals):
        header.append(["individuals", *blank, *individuals])
    header += [["bodyparts", *blank, *keypoints], ["coords", *blank, *coordinates]]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows(header)
    # As few digits as tell a number apart: those of float32 where it holds them all, as networks give them.
    single = table.values.astype(np.float32)
    is_single = np.array_equal(single.astype(np.float64), table.values, equal_nan=True)
    missing = np.isnan(table.values).tolist()
    for entry, row, blanks in zip(table.index, single if is_single else table.values, missing, strict=True):
        cells = entry.split("/") if n_index > 1 else [entry]
        cells += ["" if is_blank else str(x) for x, is_blank in zip(row, blanks, strict=True)]
        writer.writerow(cells)
    write_text(path, buffer.getvalue())
