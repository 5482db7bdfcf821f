"""The poses of one video as Marey's own file, written block by block from a journal.

The layout is that of :mod:`marey.formats.native`; it is written here without xarray, whose import would cost
a short video half a second, and without holding all rows in memory.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from marey.formats.hdf5 import atomic_hdf5
from marey.model.poses import CANDIDATES, IDENTITY_PROBABILITY, SCORE
from marey.prediction.journal import Journal

CHUNK_FRAMES = 1024
ONLY_INDIVIDUAL = "animal"
_SCHEMA_VERSION = 1
_PLANES = ("confidence", "expected_error", "error_90")


def write_poses_file(journal: Journal, path: Path, attributes: dict[str, Any]) -> None:
    """Write all rows of `journal` to `path` in one step.

    Parameters
    ----------
    journal
        The rows.
    path
        The netCDF file.
    attributes
        Of the Dataset: strings and numbers.
    """
    import h5netcdf
    import h5py

    keypoints = journal.header["keypoints"]
    n_animals = journal.header.get("n_animals", 1)
    # The places of several animals say nothing about who is who.
    places = [ONLY_INDIVIDUAL] if n_animals == 1 else [f"{ONLY_INDIVIDUAL} {i + 1}" for i in range(n_animals)]
    with atomic_hdf5(path) as whole, h5netcdf.File(whole, "w") as file:
        file.dimensions = {"time": None, "space": 2, "keypoint": len(keypoints), "individual": n_animals}
        file.resize_dimension("time", journal.n_rows)
        text = h5py.string_dtype()
        for name, values in (("space", ["x", "y"]), ("keypoint", keypoints), ("individual", places)):
            file.create_variable(name, (name,), dtype=text, data=np.array(values, dtype=object))
        if individuals := journal.header.get("individuals", ()):
            file.dimensions["identity"] = len(individuals)
            names = np.array(individuals, dtype=object)
            file.create_variable("identity", ("identity",), dtype=text, data=names)
        if n_more := journal.header.get("n_candidates", 1) - 1:
            file.dimensions["candidate"] = n_more
        _create_variables(file, (len(keypoints), n_animals), journal.n_rows, len(individuals), n_more)
        first = 0
        for rows in journal.blocks():
            _fill(file, rows, slice(first, first + len(rows)))
            first += len(rows)
        for name, value in {**attributes, "marey_poses_version": _SCHEMA_VERSION}.items():
            file.attrs[name] = value


def _create_variables(
    file: Any, sides: tuple[int, int], n_rows: int, n_individuals: int, n_more: int
) -> None:
    chunk = min(CHUNK_FRAMES, max(n_rows, 1))
    packed: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    file.create_variable("time", ("time",), dtype="f8", chunks=(chunk,), **packed)
    file.create_variable("frame", ("time",), dtype="i8", chunks=(chunk,), **packed)
    plane = ("time", "keypoint", "individual")
    shapes: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
        "position": (("time", "space", "keypoint", "individual"), (chunk, 2, *sides)),
        **dict.fromkeys(_PLANES, (plane, (chunk, *sides))),
    }
    if sides[1] > 1:
        shapes[SCORE] = (("time", "individual"), (chunk, sides[1]))
    if n_individuals:
        shapes[IDENTITY_PROBABILITY] = (("time", "individual", "identity"), (chunk, sides[1], n_individuals))
    if n_more:
        where = ("time", "candidate", *plane[1:])
        shapes |= dict.fromkeys(CANDIDATES[1:], (where, (chunk, n_more, *sides)))
        shapes[CANDIDATES[0]] = (("time", "candidate", "space", *plane[1:]), (chunk, n_more, 2, *sides))
    for name, (dimensions, chunks) in shapes.items():
        variable = file.create_variable(
            name, dimensions, dtype="f8", chunks=chunks, fillvalue=np.nan, **packed
        )
        variable.attrs["coordinates"] = "frame"


def _fill(file: Any, rows: np.ndarray, where: slice) -> None:
    file["time"][where] = rows["time"]
    file["frame"][where] = rows["frame"]
    for name in ("position", *_PLANES, SCORE, *CANDIDATES):
        if name in file.variables:
            file[name][where] = rows[name].astype(np.float64)
    if IDENTITY_PROBABILITY in file.variables:
        file[IDENTITY_PROBABILITY][where] = rows["identity"].astype(np.float64)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the provenance log of a file of poses, or an empty list where there is none."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return json.loads(file.attrs.get("log", "[]"))
    except (OSError, ValueError, TypeError):
        return []
