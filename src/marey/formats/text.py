"""Reading delimited text as spreadsheets leave it: byte-order marks, semicolons, decimal commas."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marey.errors import FormatError, NotFoundError

DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class DelimitedText:
    """The text of a file, and how its cells are parted."""

    text: str
    delimiter: str
    where: str

    def head(self, n_rows: int) -> list[list[str]]:
        """Return the first rows as lists of cells."""
        rows = csv.reader(io.StringIO(self.text), delimiter=self.delimiter)
        return [row for row, _ in zip(rows, range(n_rows), strict=False)]


def read_text(path: Path) -> str:
    """Read a text file in UTF-8 (with or without a byte-order mark), UTF-16 or, failing those, Windows-1252.

    Raises
    ------
    FormatError
        The file is empty or is no text.
    """
    if not path.is_file():
        raise NotFoundError(f"expected a file at {path}, but there is none")
    data = path.read_bytes()
    if not data.strip():
        raise FormatError(f"{path} is empty", hint="copy the file again from where it was made")
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(f"expected text in {path}, but it is a binary file")
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FormatError(f"expected text in UTF-8 in {path}", hint="save it again as 'CSV UTF-8'")


def read_delimited(path: Path) -> DelimitedText:
    """Read delimited text and find out what parts its cells."""
    text = read_text(path)
    first_line = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    return DelimitedText(text, delimiter, str(path))


def parse_numbers(cells: np.ndarray, where: str, first_row: int, columns: list[int]) -> np.ndarray:
    """Turn a table of text into float64; empty cells become NaN.

    Parameters
    ----------
    cells
        Text, shape (n_rows, n_columns).
    where
        The file, for the message.
    first_row, columns
        Line of the first row and positions of the columns in the file (from 0), for the message.

    Raises
    ------
    FormatError
        A cell is not a number; the message says which.
    """
    result = np.full(cells.shape, np.nan)
    for (row, column), cell in np.ndenumerate(cells):
        stripped = str(cell).strip()
        if stripped.lower() in ("", "nan", "na", "none", "null"):
            continue
        try:
            result[row, column] = float(stripped)
        except ValueError:
            raise FormatError(
                f"expected a number in line {row + first_row}, column {columns[column] + 1}, of {where}, "
                f"got {stripped!r}",
                hint="correct the cell, or leave it empty when the point is missing",
            ) from None
    return result
