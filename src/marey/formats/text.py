"""Reading delimited text as spreadsheets leave it: byte-order marks, semicolons, decimal commas."""

import codecs
import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marey.errors import FormatError, NotFoundError
from marey.formats.hdf5 import read_magic

DELIMITERS = ",;\t"

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class DelimitedText:
    """A file of delimited text, and how to read it; tables of hours of video are not held as text."""

    path: Path
    encoding: str
    delimiter: str

    def rows(self) -> Iterator[list[str]]:
        """Yield the rows as lists of cells."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            yield from csv.reader(file, delimiter=self.delimiter)

    def head(self, n_rows: int) -> list[list[str]]:
        """Return the first rows."""
        return list(itertools.islice(self.rows(), n_rows))

    def has_decimal_commas(self, n_header_rows: int) -> bool:
        """Tell whether numbers are written as 1,5, as spreadsheets do that part cells by semicolons."""
        if self.delimiter != ";":
            return False
        body = itertools.islice(self.rows(), n_header_rows, None)
        return any("," in cell for row in body for cell in row)


def find_encoding(path: Path) -> str:
    """Return how a text is encoded: UTF-8 (with or without a mark), UTF-16 or, failing those, Windows-1252.

    Raises
    ------
    NotFoundError
        There is no such file.
    FormatError
        The file is empty or is no text.
    """
    if not path.is_file():
        raise NotFoundError(f"expected a file at {path}, but there is none")
    head = read_magic(path, 4096)
    if not head.strip():
        raise FormatError(f"{path} is empty", hint="copy the file again from where it was made")
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    if b"\0" in head:
        raise FormatError(f"expected text in {path}, but it is a binary file")
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def read_text(path: Path) -> str:
    """Read a text file, whatever its encoding.

    Raises
    ------
    FormatError
        The file is empty or is no text.
    """
    encoding = find_encoding(path)
    try:
        return path.read_text(encoding=encoding)
    except UnicodeDecodeError as error:
        raise FormatError(f"expected text in UTF-8 in {path}", hint="save it again as 'CSV UTF-8'") from error


def read_delimited(path: Path) -> DelimitedText:
    """Find out how a file of delimited text is to be read.

    Raises
    ------
    FormatError
        The file is empty or is no text.
    """
    encoding = find_encoding(path)
    with path.open(encoding=encoding, errors="replace") as file:
        first_line = file.readline()
    return DelimitedText(path, encoding, max(DELIMITERS, key=first_line.count))


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
