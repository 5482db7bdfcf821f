"""Keypoint tables as CSV."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import FormatError
from marey.files import write_text
from marey.formats.deeplabcut.tables import HEADER_NAMES, KeypointTable, build_columns, join_index
from marey.formats.text import DelimitedText, parse_numbers, read_delimited

if TYPE_CHECKING:
    import pandas as pd


def looks_like_table(path: Path) -> bool:
    """Tell by its first kilobytes whether a text file has the header of such a table."""
    with path.open("rb") as file:
        head = file.read(65536)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    lines = head.decode(encoding, errors="replace").splitlines()[:5]
    firsts = [line.replace(";", ",").replace("\t", ",").split(",")[0].strip().lower() for line in lines]
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
    n_index = _count_index_columns(header, text.where)
    width = len(header["coords"])
    columns = build_columns({name: row[n_index:] for name, row in header.items()}, text.where)
    positions = [n_index + position for position, _ in columns]
    index, values = _read_body(text, n_header_rows, width, n_index, positions)
    ignored = width - n_index - len(columns)
    scorers = [name for name in header.get("scorer", [])[n_index:] if name.strip()]
    return KeypointTable(
        columns=[column for _, column in columns],
        index=index,
        values=values,
        scorer=scorers[0].strip() if scorers else "",
        where=text.where,
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
            f"expected a header of the rows {', '.join(HEADER_NAMES)} at the top of {text.where}, "
            f"got {', '.join(rows) or 'none of them'}",
            hint="is this a file of labels or predictions of DeepLabCut or Lightning Pose?",
        )
    # Files that were joined by hand sometimes name the scorer too few times; nothing else may be short.
    width = len(rows["coords"])
    if rows.get("scorer"):
        rows["scorer"] = (rows["scorer"] + rows["scorer"][-1:] * width)[:width]
    widths = {name: len(row) for name, row in rows.items()}
    if len(set(widths.values())) > 1:
        raise FormatError(f"the header rows of {text.where} differ in length: {widths}")
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
    body = "".join(text.text.splitlines(keepends=True)[n_header_rows:])
    if not body.strip():
        return [], np.empty((0, len(positions)))
    _check_width(text, body, n_header_rows, width, n_index)
    try:
        frame = _parse(text, body, width, dict.fromkeys(range(n_index), "str"))
        values = frame[positions].to_numpy(dtype=np.float64)
    except ValueError:  # a cell is text: read once more to say which
        frame = _parse(text, body, width, "str")
        values = parse_numbers(frame[positions].to_numpy(), text.where, n_header_rows + 1, positions)
    index = frame[list(range(n_index))].fillna("").itertuples(index=False)
    return [join_index(tuple(row)) for row in index], values


def _parse(text: DelimitedText, body: str, width: int, dtype: Any) -> "pd.DataFrame":
    import pandas as pd

    # A spreadsheet that parts its cells by semicolons often writes 1,5 for one and a half.
    decimal = "," if text.delimiter == ";" and "," in body else "."
    return pd.read_csv(
        io.StringIO(body),
        sep=text.delimiter,
        decimal=decimal,
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


def _check_width(text: DelimitedText, body: str, n_header_rows: int, width: int, n_index: int) -> None:
    """Refuse rows that were cut off; a row of an image without points may leave its empty cells out."""
    for number, row in enumerate(csv.reader(io.StringIO(body), delimiter=text.delimiter)):
        is_blank = not any(cell.strip() for cell in row[n_index:])
        if len(row) != width and not (is_blank and len(row) < width):
            raise FormatError(
                f"expected {width} cells in line {number + n_header_rows + 1} of {text.where}, "
                f"got {len(row)}",
                hint="the file may have been cut off; copy it again from where it was made",
            )


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
