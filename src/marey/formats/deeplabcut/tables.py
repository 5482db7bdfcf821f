"""The table that DeepLabCut, Lightning Pose and others share: a header of several rows over numbers.

The header's rows are named in the first column: ``scorer``, ``individuals`` (with several animals),
``bodyparts`` and ``coords``. The index is a frame number or the path of an image, in one column (old
projects) or in three (``labeled-data``, video, image).
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from marey.errors import FormatError
from marey.formats.source import path_parts
from marey.model import FARTHEST_PX

HEADER_NAMES = ("scorer", "individuals", "bodyparts", "coords")
SINGLE = "single"
"""DeepLabCut's individual that owns the keypoints of which there is only one in the scene."""

Column = tuple[str, str, str]
"""(individual, keypoint, coordinate); the individual is "" in files of one animal."""


@dataclass
class KeypointTable:
    """One such table.

    Parameters
    ----------
    columns
        (individual, keypoint, coordinate) of each column.
    index
        A frame number or an image path (with forward slashes) for each row.
    values
        Numbers, float64, shape (n_rows, n_columns); NaN is missing.
    scorer
        Who labelled, or which network predicted.
    where
        The file, for messages.
    notes
        What was left out or assumed while reading.
    """

    columns: list[Column]
    index: list[str]
    values: np.ndarray
    scorer: str = ""
    where: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        repeated = [column for column, count in Counter(self.columns).items() if count > 1]
        if repeated:
            name = " / ".join(part for part in repeated[0] if part)
            raise FormatError(
                f"{self.where} has the column {name} several times",
                hint="one table per file: split a file that joins several networks' predictions",
            )
        if (nowhere := np.argwhere(np.abs(self.values) > FARTHEST_PX)).size:
            row, column = nowhere[0]
            name = " / ".join(part for part in self.columns[column] if part)
            raise FormatError(
                f"{self.where} has {self.values[row, column]:g} for {name} in the row of {self.index[row]}: "
                "no image is so large",
                hint="correct the cell, or leave it empty when the point is missing",
            )
        if not any(coordinate == "x" for _, _, coordinate in self.columns):
            raise FormatError(
                f"expected columns x and y under a header of {', '.join(HEADER_NAMES)}, "
                f"but {self.where} has none"
            )

    @property
    def keypoints(self) -> tuple[str, ...]:
        """The keypoints, in the order of the columns."""
        return tuple(dict.fromkeys(keypoint for _, keypoint, _ in self.columns))

    @property
    def individuals(self) -> tuple[str, ...]:
        """The individuals, in the order of the columns; ``("",)`` in files of one animal."""
        return tuple(dict.fromkeys(individual for individual, _, _ in self.columns))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The kinds of columns: x, y and perhaps z, likelihood or visible."""
        return tuple(dict.fromkeys(coordinate for _, _, coordinate in self.columns))

    @property
    def has_frame_numbers(self) -> bool:
        """Whether the rows are frames of a video (predictions) and not images (labels)."""
        return all(entry.lstrip("-").isdigit() for entry in self.index)

    def plane(self, coordinate: str) -> np.ndarray:
        """Return one coordinate of every point, shape (n_rows, n_keypoints, n_individuals)."""
        keypoints = {name: i for i, name in enumerate(self.keypoints)}
        individuals = {name: i for i, name in enumerate(self.individuals)}
        result = np.full((len(self.index), len(keypoints), len(individuals)), np.nan)
        for column, (individual, keypoint, name) in enumerate(self.columns):
            if name == coordinate:
                result[:, keypoints[keypoint], individuals[individual]] = self.values[:, column]
        return result

    def keypoints_of(self, individual: str) -> tuple[str, ...]:
        """Return the keypoints that one individual has columns for."""
        return tuple(dict.fromkeys(k for i, k, _ in self.columns if i == individual))

    def frame_numbers(self) -> np.ndarray:
        """Return the index as frame numbers, int64, shape (n_rows,).

        Raises
        ------
        FormatError
            The rows are images, or a frame occurs twice.
        """
        if not self.has_frame_numbers:
            first = next(entry for entry in self.index if not entry.lstrip("-").isdigit())
            raise FormatError(
                f"expected frame numbers in the first column of {self.where}, got {first!r}",
                hint="rows named by images are labels: load them as labels, or import the project",
            )
        frames = np.array([int(entry) for entry in self.index], dtype=np.int64)
        if len(np.unique(frames)) != len(frames):
            values, counts = np.unique(frames, return_counts=True)
            raise FormatError(f"{self.where} has frame {values[counts > 1][0]} in several rows")
        return frames


def build_columns(header: dict[str, list[str]], where: str) -> list[tuple[int, Column]]:
    """Return (position, column) for the columns that hold coordinates of keypoints.

    Parameters
    ----------
    header
        The header's rows by name, one entry per column.
    where
        The file, for the message.

    Raises
    ------
    FormatError
        A row of the header is missing.
    """
    for name in ("bodyparts", "coords"):
        if name not in header:
            raise FormatError(
                f"expected a header of the rows {', '.join(HEADER_NAMES)} in {where}, "
                f"but {name!r} is missing; got {', '.join(header) or 'none of them'}"
            )
    n_columns = len(header["coords"])
    individuals = header.get("individuals", [""] * n_columns)
    columns = zip(individuals, header["bodyparts"], header["coords"], strict=True)
    kept = []
    for position, (individual, keypoint, coordinate) in enumerate(columns):
        name = coordinate.strip().lower()
        if name in ("x", "y", "z", "likelihood", "visible") and keypoint.strip():
            kept.append((position, (individual.strip(), keypoint.strip(), name)))
    return kept


def join_index(cells: tuple[str, ...]) -> str:
    """Return one row's index: a frame number, or the parts of an image path joined by slashes."""
    joined = "/".join(str(cell).strip() for cell in cells if str(cell).strip())
    if joined.endswith(".0") and joined[:-2].isdigit():  # a spreadsheet made numbers of the frames
        joined = joined[:-2]
    return joined if joined.lstrip("-").isdigit() else "/".join(path_parts(joined))
