"""Keypoint tables as the HDF5 files of pandas.

They are read with h5py and without pandas, because pandas unpickles attributes of the file, and a pickle
from elsewhere can run any code. The few attributes that are needed are lists of strings; they are unpickled
by a reader that admits nothing else.
"""

import io
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import FormatError
from marey.files import write_bytes
from marey.formats.deeplabcut.tables import HEADER_NAMES, KeypointTable, build_columns, join_index
from marey.formats.hdf5 import open_hdf5, text

if TYPE_CHECKING:
    import h5py
    import pandas as pd

KEY = "df_with_missing"
LAYOUT_VERSION = "0.15.2"


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, tuples, strings and numbers, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def has_table(names: frozenset[str], path: Path) -> bool:
    """Tell whether an HDF5 file with these top-level names holds a table of pandas."""
    if KEY in names:
        return True
    groups = [name for name in names if not name.startswith("@")]
    if len(groups) != 1:
        return False
    with open_hdf5(path) as file:
        return "pandas_type" in file[groups[0]].attrs


def read_hdf_table(path: Path) -> KeypointTable:
    """Read a keypoint table from an HDF5 file of pandas, in its "table" or its "fixed" layout.

    Raises
    ------
    FormatError
        The file is damaged or holds something else.
    """
    with open_hdf5(path) as file:
        group = file[KEY] if KEY in file else next(iter(file.values()), None)
        if group is None or "pandas_type" not in group.attrs:
            raise FormatError(f"expected a table of pandas in {path}, but there is none")
        try:
            read = _read_table_layout if "table" in group else _read_fixed_layout
            names, columns, index, values = read(group)
        except (KeyError, IndexError, TypeError, ValueError, pickle.UnpicklingError) as error:
            raise FormatError(
                f"{path} is not a table of keypoints as DeepLabCut writes it: {error!r}",
                hint="use the CSV file that lies beside it",
            ) from error
    header = {name: [row[i] for row in columns] for i, name in enumerate(names)}
    kept = build_columns(header, str(path))
    ignored = len(columns) - len(kept)
    return KeypointTable(
        columns=[column for _, column in kept],
        index=index,
        values=values[:, [position for position, _ in kept]],
        scorer=header.get("scorer", [""])[0] if columns else "",
        where=str(path),
        notes=(f"columns that are no coordinates, left out: {ignored}",) if ignored else (),
    )


_Parts = tuple[list[str], list[tuple[str, ...]], list[str], np.ndarray]


def _read_table_layout(group: "h5py.Group") -> _Parts:
    table = group["table"]
    fields = table.dtype.names
    columns: list[tuple[str, ...]] = [
        tuple(map(text, c)) for c in _unpickle(group.attrs["non_index_axes"])[0][1]
    ]
    rows = table[()]
    blocks = [name for name in fields if name.startswith("values_block_")]
    by_column = {}
    for name in blocks:
        block = rows[name].reshape(len(rows), -1)
        for position, column in enumerate(_unpickle(table.attrs[f"{name}_kind"])):
            by_column[tuple(map(text, column))] = block[:, position]
    values = (
        np.stack([by_column[column] for column in columns], axis=1) if columns else np.empty((len(rows), 0))
    )
    index = [join_index((text(entry),)) for entry in rows["index"]]
    return _level_names(len(columns[0])), columns, index, values.astype(np.float64)


def _read_fixed_layout(group: "h5py.Group") -> _Parts:
    columns = _read_axis(group, "axis0")
    index = [join_index(entry) for entry in _read_axis(group, "axis1")]
    by_column = {}
    for block in range(int(group.attrs["nblocks"])):
        values = group[f"block{block}_values"][()].reshape(len(index), -1)
        for position, column in enumerate(_read_axis(group, f"block{block}_items")):
            by_column[column] = values[:, position]
    table = (
        np.stack([by_column[column] for column in columns], axis=1) if columns else np.empty((len(index), 0))
    )
    return _level_names(len(columns[0])), columns, index, table.astype(np.float64)


def _read_axis(group: "h5py.Group", name: str) -> list[tuple[str, ...]]:
    if name in group:
        return [(text(entry),) for entry in _entries(group[name])]
    levels: list[list[str]] = []
    while f"{name}_level{len(levels)}" in group:
        number = len(levels)
        entries = [text(entry) for entry in _entries(group[f"{name}_level{number}"])]
        codes = group[f"{name}_label{number}"][()]
        levels.append([entries[code] if code >= 0 else "" for code in codes])
    return list(zip(*levels, strict=True))


def _entries(dataset: "h5py.Dataset") -> np.ndarray:
    if dataset.dtype.kind == "O" or dataset.attrs.get("kind", b"") in (b"object", "object"):
        raise ValueError(f"{dataset.name} holds pickled objects")
    return dataset[()]


def _level_names(n_levels: int) -> list[str]:
    if n_levels not in (3, 4):
        raise ValueError(f"the header has {n_levels} rows, expected 3 or 4")
    return [name for name in HEADER_NAMES if n_levels == 4 or name != "individuals"]


def _unpickle(value: Any) -> Any:
    data = value if isinstance(value, bytes) else bytes(value)
    return _PlainUnpickler(io.BytesIO(data), encoding="utf-8").load()


def write_hdf_table(table: KeypointTable, path: Path, *, n_index: int = 1) -> None:
    """Write a keypoint table as DeepLabCut does: through pandas, under the key ``df_with_missing``."""
    import pandas as pd

    single = table.values.astype(np.float32)
    is_single = np.array_equal(single.astype(np.float64), table.values, equal_nan=True)
    has_individuals = any(individual for individual, _, _ in table.columns)
    names = [name for name in HEADER_NAMES if has_individuals or name != "individuals"]
    columns = [
        (table.scorer, individual, keypoint, coordinate)
        if has_individuals
        else (table.scorer, keypoint, coordinate)
        for individual, keypoint, coordinate in table.columns
    ]
    index: pd.Index
    if n_index > 1:
        index = pd.MultiIndex.from_tuples([tuple(entry.split("/")) for entry in table.index])
    else:
        index = pd.Index([int(e) for e in table.index] if table.has_frame_numbers else table.index)
    frame = pd.DataFrame(
        single if is_single and n_index == 1 else table.values,
        index=index,
        columns=pd.MultiIndex.from_tuples(columns, names=names),
    )
    write_bytes(path, _state_layout_version(_encode(frame, "table" if n_index == 1 else "fixed")))


def _encode(frame: "pd.DataFrame", layout: str) -> bytes:
    """Return the file in memory: a disk that takes no more would crash the HDF5 library."""
    import pandas as pd

    with pd.HDFStore("in memory.h5", "w", driver="H5FD_CORE", driver_core_backing_store=0) as store:
        frame.to_hdf(store, key=KEY, format=layout)
        return store.root._v_file.get_file_image()


def _state_layout_version(content: bytes) -> bytes:
    """Say which layout the table has, which pandas before 3 needs to read it and pandas since then omits."""
    import h5py

    whole = io.BytesIO(content)
    with h5py.File(whole, "r+") as file:
        file[KEY].attrs["pandas_version"] = np.bytes_(LAYOUT_VERSION)
    return whole.getvalue()
