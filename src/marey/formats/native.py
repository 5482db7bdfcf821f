"""Marey's own file of poses: netCDF (HDF5), one per video, readable with plain xarray.

The layout is the Dataset of :mod:`marey.model.poses`, variable by variable. The ``time`` dimension is
unlimited, so that a prediction grows block by block. Coordinates ``keypoint``, ``individual`` and
``space`` are strings, ``frame`` is int64 along time, everything else float64; float64 costs no disk,
because the zero bits of float32 values vanish in shuffled compression. Attributes are strings,
numbers and lists of numbers; ``log`` is JSON. Files that ``movement`` wrote, with singular or plural names,
are read too.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from marey.errors import FormatError, VersionError
from marey.formats.hdf5 import HDF5_MAGIC, atomic_hdf5, read_magic, top_level
from marey.model import standardise_poses

T = TypeVar("T")

SCHEMA_ATTRIBUTE = "marey_poses_version"
SCHEMA_VERSION = 1
UNLIMITED_DIMENSION = "time"
# So many rows of so many individuals lie together on disk; where none of these is there, nothing does.
CHUNK_FRAMES, CHUNK_INDIVIDUALS = 1024, 16
SUFFIXES = (".nc", ".h5")
FLOAT_VARIABLES = ("position", "confidence", "expected_error", "error_90")
COMPRESSION: dict[str, Any] = {"zlib": True, "complevel": 1, "shuffle": True}

_NETCDF3_MAGIC = b"CDF"


def detect(path: Path) -> bool:
    """Tell whether `path` holds poses in this schema or in that of ``movement``."""
    if path.is_dir():
        return False
    if read_magic(path).startswith(_NETCDF3_MAGIC):
        return True
    return "position" in top_level(path)


def save_poses(dataset: xr.Dataset, path: str | Path, *, is_compressed: bool = True) -> None:
    """Write poses to `path` (``.nc`` or ``.h5``), atomically and without loss.

    Parameters
    ----------
    is_compressed
        Whether to take the time for a small file.

    Raises
    ------
    InputError
        A variable or dimension is missing.
    """
    save_dataset(standardise_poses(dataset), path, is_compressed=is_compressed)


def save_dataset(dataset: xr.Dataset, path: str | Path, *, is_compressed: bool = True) -> None:
    """Write a Dataset over ``time``, such as angles, to `path`, atomically and without loss."""
    import h5netcdf

    with atomic_hdf5(path) as whole, h5netcdf.File(whole, "w") as file:
        _create_variables(dataset, file, is_compressed=is_compressed)
        _write_attributes(dataset.attrs, file)


def save_blocks(blocks: Iterable[xr.Dataset], path: str | Path) -> None:
    """Write poses that come in blocks of rows, one after the other, to `path`, atomically and without loss.

    Parameters
    ----------
    blocks
        At least one; all with the same variables. The attributes of the last are those of the file.
    path
        The netCDF file.
    """
    import h5netcdf

    with atomic_hdf5(path) as whole, h5netcdf.File(whole, "w") as file:
        n_rows = 0
        for block in map(standardise_poses, blocks):
            if not n_rows:
                _create_variables(block, file)
                growing = [name for name in block.variables if UNLIMITED_DIMENSION in block[name].dims]
            else:
                file.resize_dimension(UNLIMITED_DIMENSION, n_rows + block.sizes["time"])
                for name in growing:
                    _append(block[name], file[str(name)], n_rows)
            n_rows += block.sizes["time"]
        _write_attributes(block.attrs, file)


def _append(rows: xr.DataArray, variable: Any, start: int) -> None:
    """Write `rows` from `start` on, but for who is not there: what was never written is missing."""
    if "individual" not in rows.dims or rows.dtype.kind not in "fb":
        variable[start:] = rows.values
        return
    axis = rows.dims.index("individual")
    for first in range(0, rows.sizes["individual"], CHUNK_INDIVIDUALS):
        some = (*(slice(None) for _ in range(axis)), slice(first, first + CHUNK_INDIVIDUALS))
        values = rows.values[some]
        if values.any() if rows.dtype.kind == "b" else not np.isnan(values).all():
            variable[(slice(start, None), *some[1:])] = values


def _create_variables(dataset: xr.Dataset, file: Any, *, is_compressed: bool = True) -> None:
    """Write the variables of a Dataset into an open file that has none."""
    from xarray.backends import H5NetCDFStore

    encoding = {str(name): variable_encoding(dataset[name]) for name in dataset.data_vars}
    if not is_compressed:
        kept = ("dtype", "chunksizes")
        encoding = {name: {k: how[k] for k in kept if k in how} for name, how in encoding.items()}
    for name in dataset.variables:
        dataset[name].encoding = {}
    plain = dataset.copy()
    plain.attrs = {}
    plain.dump_to_store(H5NetCDFStore(file), encoding=encoding, unlimited_dims=[UNLIMITED_DIMENSION])


def _write_attributes(attributes: Mapping[Any, Any], file: Any) -> None:
    for name, value in {**attributes, SCHEMA_ATTRIBUTE: SCHEMA_VERSION}.items():
        file.attrs[str(name)] = _storable(value)


def variable_encoding(variable: xr.DataArray) -> dict[str, Any]:
    """Return how one variable lies on disk: type, compression and chunks."""
    kind = variable.dtype.kind
    if kind not in "fb" or UNLIMITED_DIMENSION not in variable.dims or not variable.size:
        return {}
    most = {UNLIMITED_DIMENSION: CHUNK_FRAMES, "individual": CHUNK_INDIVIDUALS}
    chunks = tuple(min(most.get(str(name), size), size) for name, size in variable.sizes.items())
    return {**COMPRESSION, **({"dtype": "float64"} if kind == "f" else {}), "chunksizes": chunks}


def load_poses(path: str | Path) -> xr.Dataset:
    """Read poses that Marey or ``movement`` wrote, into memory.

    Raises
    ------
    FormatError, VersionError
        As :func:`open_poses`.
    """
    with open_poses(path) as opened:
        return _said_if_damaged(opened.load, Path(path))


def open_poses(path: str | Path) -> xr.Dataset:
    """Open poses that Marey or ``movement`` wrote; they are read when they are used, so close them after.

    Raises
    ------
    FormatError
        The file is damaged, or holds no poses.
    VersionError
        A newer version of Marey wrote it.
    """
    path = Path(path)
    engine = "scipy" if read_magic(path).startswith(_NETCDF3_MAGIC) else "h5netcdf"
    if engine == "h5netcdf" and not read_magic(path).startswith(HDF5_MAGIC):
        raise FormatError(f"expected a netCDF file of poses, but {path} is none")
    dataset = _said_if_damaged(
        lambda: xr.open_dataset(path, engine=engine, decode_times=False, cache=False), path
    )
    with contextlib.ExitStack() as stack:
        stack.callback(dataset.close)
        version = int(dataset.attrs.get(SCHEMA_ATTRIBUTE, SCHEMA_VERSION))
        if version > SCHEMA_VERSION:
            raise VersionError(
                f"{path} has version {version} of the poses schema; this Marey reads up to {SCHEMA_VERSION}",
                hint="update Marey",
            )
        for name in FLOAT_VARIABLES:
            if name in dataset and dataset[name].dtype != np.float64:
                dataset[name] = _said_if_damaged(partial(dataset[name].astype, np.float64), path)
        standard = standardise_poses(dataset)
        standard.set_close(dataset.close)
        stack.pop_all()
        return standard


def _said_if_damaged(read: Callable[[], T], path: Path) -> T:
    try:
        return read()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise FormatError(
            f"{path} could not be read as netCDF: {error}",
            hint="the file may be incomplete; copy it again or make the predictions again",
        ) from error


def _storable(value: Any) -> Any:
    """Return an attribute as netCDF can hold it."""
    if isinstance(value, bool | np.bool_):
        return int(value)
    if value is None:
        return ""
    if isinstance(value, str | int | float | np.generic | np.ndarray):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, int | float) for item in value):
        return list(value)
    return str(value) if not isinstance(value, list | tuple) else [str(item) for item in value]
