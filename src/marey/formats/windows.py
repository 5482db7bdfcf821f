"""Rows of a file of poses without reading the rest: for files that are too long to be held in memory."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from marey.errors import FormatError, InputError, NotFoundError

PLANES = ("confidence", "expected_error", "error_90", "reprojection_error")
ROWS_AT_A_TIME = 4096
_POSITION = ("time", "space", "keypoint", "individual")
_SINGULAR = {"keypoints": "keypoint", "individuals": "individual"}


@dataclass(frozen=True)
class PosesSummary:
    """What a file of poses holds, without its values.

    Parameters
    ----------
    n_rows, n_space
        Rows, and 2 or 3.
    keypoints, individuals, variables
        Names.
    frames
        The number of the first and of the last row's frame.
    attributes
        Of the file, plain.
    history
        The provenance log, oldest first.
    """

    n_rows: int
    n_space: int
    keypoints: tuple[str, ...]
    individuals: tuple[str, ...]
    variables: tuple[str, ...]
    frames: tuple[int, int]
    attributes: dict[str, Any]
    history: tuple[dict[str, Any], ...]

    @property
    def fps(self) -> float | None:
        """Frames per second, or None."""
        fps = self.attributes.get("fps")
        return float(fps) if fps else None


def summarise_poses(path: str | Path) -> PosesSummary:
    """Look into a file of poses.

    Raises
    ------
    NotFoundError, FormatError
        There is none, or it is not in Marey's own layout.
    """
    with _opened(Path(path)) as file:
        position = _position_of(file, path)
        n_rows = int(position.shape[0])
        frames = file.variables.get("frame")
        first, last = (0, n_rows - 1) if frames is None or not n_rows else (int(frames[0]), int(frames[-1]))
        attributes = {name: _plain(value) for name, value in file.attrs.items()}
        return PosesSummary(
            n_rows=n_rows,
            n_space=int(position.shape[1]),
            keypoints=_names(file, "keypoint", position.shape[2]),
            individuals=_names(file, "individual", position.shape[3]),
            variables=("position", *(name for name in PLANES if name in file.variables)),
            frames=(first, last),
            attributes=attributes,
            history=tuple(_parse_log(attributes.get("log"))),
        )


def read_rows(path: str | Path, variable: str, start: int, stop: int) -> np.ndarray:
    """Return rows from `start` up to but without `stop`, cut at the end.

    Returns
    -------
    np.ndarray
        float32; ``position`` has shape (n, n_space, n_keypoints, n_individuals); the others lack `n_space`.

    Raises
    ------
    InputError
        The range is empty or the file has no such variable.
    """
    if not 0 <= start < stop:
        raise InputError(f"expected rows start < stop from 0 on, got {start} to {stop}")
    with _opened_raw(Path(path)) as file:
        if variable not in file or (variable != "position" and variable not in PLANES):
            raise InputError(f"{Path(path).name} has no {variable}")
        return file[variable][start:stop].astype(np.float32)


def read_frame_numbers(path: str | Path) -> np.ndarray:
    """Return the number of every row's frame, int64, shape (n_rows,)."""
    with _opened_raw(Path(path)) as file:
        if "frame" not in file:
            return np.arange(len(file["position"]))
        return file["frame"][:].astype(np.int64)


def iterate_rows(path: str | Path) -> Iterator[tuple[int, np.ndarray, np.ndarray | None]]:
    """Give (first row, positions, confidences or None) in blocks, float32; memory stays flat."""
    with _opened_raw(Path(path)) as file:
        position, confidence = file["position"], file.get("confidence")
        for start in range(0, len(position), ROWS_AT_A_TIME):
            rows = slice(start, start + ROWS_AT_A_TIME)
            known = None if confidence is None else confidence[rows].astype(np.float32)
            yield start, position[rows].astype(np.float32), known


@contextmanager
def _opened_raw(path: Path) -> Iterator[Any]:
    """Open a file whose layout is known already, without reading its dimensions: ten times as fast."""
    import h5py

    if not path.is_file():
        raise NotFoundError(f"expected a file of poses at {path}, but there is none")
    try:
        with h5py.File(path, "r") as file:
            _check_layout(file, path)
            yield file
    except FormatError:
        raise
    except (OSError, RuntimeError) as error:
        raise FormatError(
            f"{path} could not be read: {error}", hint="make the predictions again, or copy the file again"
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import h5netcdf

    if not path.is_file():
        raise NotFoundError(f"expected a file of poses at {path}, but there is none")
    try:
        file = h5netcdf.File(path, "r", decode_vlen_strings=True)
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"{path} is not a netCDF file of poses: {error}") from error
    try:
        yield file
    except (OSError, RuntimeError) as error:
        if isinstance(error, NotFoundError | FormatError):
            raise
        raise FormatError(
            f"{path} could not be read: {error}", hint="make the predictions again, or copy the file again"
        ) from error
    finally:
        file.close()


def _check_layout(file: Any, path: Path) -> None:
    if "position" not in file or file["position"].ndim != len(_POSITION):
        raise FormatError(f"{path} is not a file of poses in Marey's own layout")


def _position_of(file: Any, path: str | Path) -> Any:
    position = file.variables.get("position")
    dimensions = () if position is None else tuple(_SINGULAR.get(n, n) for n in position.dimensions)
    if position is None or dimensions != _POSITION:
        raise FormatError(
            f"expected poses with the dimensions {', '.join(_POSITION)} in {path}",
            hint="turn the file into Marey's own with: marey convert",
        )
    return position


def _names(file: Any, name: str, n: int) -> tuple[str, ...]:
    variable = file.variables.get(name)
    if variable is None:
        variable = file.variables.get(f"{name}s")
    if variable is None:
        return tuple(f"{name} {i + 1}" for i in range(n))
    return tuple(item.decode() if isinstance(item, bytes) else str(item) for item in variable[:])


def _parse_log(text: Any) -> list[dict[str, Any]]:
    try:
        log = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        return []
    return [entry for entry in log if isinstance(entry, dict)] if isinstance(log, list) else []


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
