"""What a row number means in a project that was made from another tool's labels.

People keep row numbers of the table that they know, such as the training and test frames of an earlier
analysis. The project keeps its labels by video, and gains and loses some; so the order of the source's rows,
with those that held no point, is written down once.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from marey.errors import FormatError
from marey.files import write_json
from marey.model import LabeledFrame

FILE_NAME = "imported_rows.json"


def save_rows(labels_folder: Path, rows: Sequence[tuple[str, int]]) -> None:
    """Write (video, frame) of each row of the source."""
    write_json(labels_folder / FILE_NAME, {"rows": rows})


def list_rows(labels_folder: Path, frames: Sequence[LabeledFrame]) -> list[tuple[str, int]]:
    """Return (video, frame) of each row: those of the source, then the frames that were added since.

    Parameters
    ----------
    labels_folder
        Holds what :func:`save_rows` wrote; in a project that was not imported, nothing.
    frames
        The frames of the project's tables of labels, in their order.

    Raises
    ------
    FormatError
        The file was edited by hand and is not what it should be.
    """
    rows = _read(labels_folder / FILE_NAME)
    imported = set(rows)
    return [*rows, *(frame.key for frame in frames if frame.key not in imported)]


def _read(path: Path) -> list[tuple[str, int]]:
    if not path.is_file():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return [(str(video), int(frame)) for video, frame in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f'{path} should hold {{"rows": [["VIDEO", FRAME], ...]}}: {error!r}',
            hint="remove it if nobody needs the row numbers of the table that the labels came from",
        ) from error
