"""TRC, the text format of marker data that OpenSim and Motion Analysis read: tab-separated, one row a frame.

Missing markers are empty cells. Frames are counted from 1 in the file, and from 0 here.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from marey.errors import FormatError
from marey.files import write_text
from marey.formats.markers import arrange, losses_of, markers_of
from marey.formats.pose_arrays import finish_poses
from marey.formats.text import read_text

_TITLE = "TRC"
_N_HEADER_LINES = 5
_HEADER = (
    "DataRate",
    "CameraRate",
    "NumFrames",
    "NumMarkers",
    "Units",
    "OrigDataRate",
    "OrigDataStartFrame",
    "OrigNumFrames",
)


def detect(path: Path) -> bool:
    """Tell whether `path` is a TRC file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(12).decode("ascii", errors="replace").startswith("PathFileType")


def save_poses(dataset: xr.Dataset, path: Path) -> list[str]:
    """Write 3D poses.

    Returns
    -------
    list of str
        What the file could not hold.
    """
    markers = markers_of(dataset, _TITLE)
    n_frames, n_markers = markers.points.shape[:2]
    rate = _number(markers.rate)
    start = str(markers.first_frame + 1)
    values = (rate, rate, str(n_frames), str(n_markers), markers.unit or "mm", rate, start, str(n_frames))
    lines = [
        "\t".join(["PathFileType", "4", "(X/Y/Z)", path.name]),
        "\t".join(_HEADER),
        "\t".join(values),
        "\t".join(["Frame#", "Time", *("\t\t".join([name, ""]) for name in markers.names)]).rstrip("\t"),
        "\t".join(["", "", *(f"{axis}{i + 1}" for i in range(n_markers) for axis in "XYZ")]),
        "",
    ]
    for row, points in enumerate(markers.points):
        number = markers.first_frame + row
        cells = ["" if np.isnan(value) else _number(value) for value in points.ravel()]
        # The last cell ends in a tab too: OpenSim counts no empty piece after the last tab, and refuses rows
        # that are a cell short.
        row_cells = (str(number + 1), _number(number / markers.rate), *cells)
        lines.append("".join(f"{cell}\t" for cell in row_cells))
    write_text(path, "\n".join(lines) + "\n")
    losses = losses_of(dataset, _TITLE)
    if not markers.unit:
        losses.append("the unit of the coordinates is not known, and TRC asks for one: it says mm")
    return losses


def load_poses(path: Path) -> xr.Dataset:
    """Read markers as 3D poses; their unit becomes the attribute ``space_unit``.

    Raises
    ------
    FormatError
        The file is cut off or is no TRC.
    """
    lines = read_text(path).splitlines()
    if len(lines) < _N_HEADER_LINES or not lines[0].startswith("PathFileType"):
        raise FormatError(f"expected a TRC file, but {path} has no such header")
    about = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    rows = [line.split("\t") for line in lines[_N_HEADER_LINES:] if line.strip()]
    try:
        frames = np.array([int(row[0]) - 1 for row in rows], dtype=np.int64)
        values = np.array([_coordinates(row[2:], 3 * len(names)) for row in rows])
        rate = float(about.get("DataRate") or 1.0)
    except (ValueError, IndexError) as error:
        raise FormatError(f"{path} is not a whole TRC file: {error}") from error
    points = values.reshape(len(rows), len(names), 3)
    arranged, keypoints, individuals = arrange(points, names)
    return finish_poses(
        np.moveaxis(arranged, -1, 1),
        None,
        keypoints=keypoints,
        individuals=individuals,
        source=path,
        software=_TITLE,
        frames=frames,
        fps=rate,
        attributes={"space_unit": about.get("Units", "mm")},
    )


def _coordinates(cells: list[str], n: int) -> list[float]:
    if len(cells) > n and any(cell.strip() for cell in cells[n:]):
        raise ValueError(f"expected {n} coordinates in a row, got {len(cells)}")
    cells = [*cells, *[""] * n][:n]
    return [float(cell) if cell.strip() else np.nan for cell in cells]


def _number(value: float) -> str:
    return f"{value:.9g}"
