"""Anipose's tables: 3D poses (``pose-3d``) and angles, one row a frame.

Poses have the columns ``<keypoint>_x``, ``_y``, ``_z``, ``_error`` (reprojection, pixels), ``_ncams`` and
``_score`` for each keypoint, then the rotation ``M_00`` to ``M_22`` and the ``center_0`` to ``center_2`` that
the coordinates were aligned with, and ``fnum``. Angles have a column each, in degrees, and ``fnum``. A table
holds one animal.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from marey.errors import FormatError, InputError
from marey.files import write_text
from marey.formats.pose_arrays import describe_losses, finish_poses
from marey.formats.text import read_delimited
from marey.model import standardise_poses

_PARTS = ("x", "y", "z", "error", "ncams", "score")
_FRAME = "fnum"
_ANGLE_DIMENSIONS = ("time", "angle", "individual")


def detect(path: Path) -> bool:
    """Tell whether `path` is a table of 3D poses of Anipose."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with path.open("rb") as file:
        header = file.readline(1 << 20).decode("utf-8-sig", errors="replace").strip().split(",")
    return _FRAME in header and bool(_keypoints_of(header))


def _keypoints_of(header: list[str]) -> list[str]:
    names = [column.removesuffix("_x") for column in header if column.endswith("_x")]
    return [name for name in names if {f"{name}_y", f"{name}_z", f"{name}_error"} <= set(header)]


def load_poses(path: Path) -> xr.Dataset:
    """Read 3D poses, in the coordinates of the table.

    Raises
    ------
    FormatError
        A column is missing, or a cell is no number.
    """
    table = _read(path)
    keypoints = _keypoints_of(list(table))
    if not keypoints:
        raise FormatError(
            f"expected the columns <keypoint>_x, _y, _z and _error in {path}, got "
            f"{', '.join(list(table)[:8])}"
        )

    def plane(part: str) -> np.ndarray:
        none = np.full(len(table[_FRAME]), np.nan)
        return np.stack([table.get(f"{name}_{part}", none) for name in keypoints], axis=1)[..., None]

    position = np.stack([plane(axis) for axis in "xyz"], axis=1)
    poses = finish_poses(
        position,
        plane("score"),
        keypoints=keypoints,
        individuals=(),
        source=path,
        software="Anipose",
        frames=table[_FRAME].astype(np.int64),
    )
    missing = np.isnan(position).any(axis=1)
    dimensions = ("time", "keypoint", "individual")
    return poses.assign(
        reprojection_error=(dimensions, np.where(missing, np.nan, plane("error"))),
        n_cameras=(dimensions, np.where(missing, 0, np.nan_to_num(plane("ncams"))).astype(np.int64)),
    )


def save_poses(dataset: xr.Dataset, path: Path, *, individual: str | None = None) -> list[str]:
    """Write the 3D poses of one animal.

    Parameters
    ----------
    dataset
        The poses.
    path
        The file.
    individual
        Whose, where there are several.

    Returns
    -------
    list of str
        What the table could not hold.

    Raises
    ------
    InputError
        The poses are not 3D, or of several animals and none is named.
    """
    dataset = _one_animal(standardise_poses(dataset), individual)
    if dataset.sizes["space"] != 3:
        raise InputError(
            f"Anipose's tables hold points in 3D, but these poses have {dataset.sizes['space']} axes",
            hint="make 3D poses with `marey triangulate`",
        )
    columns: dict[str, np.ndarray] = {}
    sources = {"error": "reprojection_error", "ncams": "n_cameras", "score": "confidence"}
    empty = np.full(dataset.sizes["time"], np.nan)
    for k, name in enumerate(dataset["keypoint"].to_numpy()):
        for axis, letter in enumerate("xyz"):
            columns[f"{name}_{letter}"] = dataset["position"].to_numpy()[:, axis, k, 0]
        for part, variable in sources.items():
            known = variable in dataset
            values = dataset[variable].to_numpy()[:, k, 0].astype(np.float64) if known else empty
            is_none = (values == 0) if part == "ncams" else np.zeros(len(values), dtype=bool)
            columns[f"{name}_{part}"] = np.where(is_none, np.nan, values)
    for row in range(3):
        for column in range(3):
            columns[f"M_{row}{column}"] = np.full(len(empty), float(row == column))
    for axis in range(3):
        columns[f"center_{axis}"] = np.zeros(len(empty))
    _write(path, columns, dataset["frame"].to_numpy())
    return describe_losses(dataset, "Anipose's table", keeps=tuple(sources.values()))


def load_angles(path: Path) -> xr.Dataset:
    """Read angles into the Dataset of :func:`marey.reconstruction.compute_angles`.

    Raises
    ------
    FormatError
        There is no column ``fnum``, or a cell is no number.
    """
    table = _read(path)
    names = [name for name in table if name != _FRAME]
    frames = table[_FRAME].astype(np.int64)
    values = (
        np.stack([table[name] for name in names], axis=1)[..., None]
        if names
        else np.empty((len(frames), 0, 1))
    )
    return xr.Dataset(
        {"degrees": (_ANGLE_DIMENSIONS, values)},
        coords={
            "time": frames.astype(np.float64),
            "frame": ("time", frames),
            "angle": names,
            "individual": ["animal"],
        },
        attrs={"ds_type": "angles", "source_software": "Anipose", "time_unit": "frames"},
    )


def save_angles(angles: xr.Dataset, path: Path, *, individual: str | None = None) -> list[str]:
    """Write the angles of one animal.

    Returns
    -------
    list of str
        What the table could not hold.
    """
    angles = _one_animal(angles, individual)
    values = angles["degrees"].transpose(*_ANGLE_DIMENSIONS).to_numpy()[..., 0]
    columns = {str(name): values[:, i] for i, name in enumerate(angles["angle"].to_numpy())}
    _write(path, columns, angles["frame"].to_numpy())
    held = [name for name in ("degrees_sd", "is_outside_limits") if name in angles]
    return [f"Anipose's table has no place for {', '.join(held)}"] if held else []


def _one_animal(dataset: xr.Dataset, individual: str | None) -> xr.Dataset:
    names = [str(name) for name in dataset["individual"].to_numpy()]
    if individual is None and len(names) != 1:
        raise InputError(
            f"a table of Anipose holds one animal, but there are {len(names)}: {', '.join(names)}",
            hint="write a .nc file, or name one animal",
        )
    if individual is not None and individual not in names:
        raise InputError(f"there is no animal {individual!r}", hint=f"there are {', '.join(names)}")
    return dataset.sel(individual=[individual or names[0]])


def _read(path: Path) -> dict[str, np.ndarray]:
    import pandas as pd

    text = read_delimited(path)
    try:
        table = pd.read_csv(path, encoding=text.encoding, sep=text.delimiter)
        columns = {str(name): table[name].to_numpy(dtype=np.float64) for name in table}
    except (ValueError, pd.errors.ParserError) as error:
        raise FormatError(f"{path} is not a table of numbers: {error}") from error
    if _FRAME not in columns or np.isnan(columns[_FRAME]).any():
        raise FormatError(f"expected a column {_FRAME!r} with the number of each frame in {path}")
    return columns


def _write(path: Path, columns: dict[str, np.ndarray], frames: np.ndarray) -> None:
    import pandas as pd

    table = pd.DataFrame({**columns, _FRAME: frames})
    write_text(path, table.to_csv(index=False, lineterminator="\n"))
