"""Predictions in DeepLabCut's layout, as CSV and H5."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from marey.errors import FormatError, InputError
from marey.formats.deeplabcut.csv_table import looks_like_table, read_csv_table, write_csv_table
from marey.formats.deeplabcut.hdf_table import has_table, read_hdf_table, write_hdf_table
from marey.formats.deeplabcut.tables import SINGLE, Column, KeypointTable
from marey.formats.deeplabcut_names import SCORER_ATTRIBUTE, dlc_file_name
from marey.formats.hdf5 import HDF5_MAGIC, read_magic, top_level
from marey.formats.pose_arrays import describe_losses, finish_poses, has_names
from marey.model import standardise_poses

TRACKS = "_el"


def dlc_filtered_names(dataset: xr.Dataset) -> list[str]:
    """Return the names, CSV and H5, under which DeepLabCut's tools look for filtered poses of a video.

    Those of several animals are looked for as tracks, whose names end in ``_el``.
    """
    scorer = _scorer_of(dataset)
    video = Path(str(dataset.attrs.get("source_file") or "poses")).stem.partition(scorer)[0] or "poses"
    tracks = TRACKS if dataset.sizes["individual"] > 1 else ""
    return [dlc_file_name(video, scorer + tracks, filtered=True, suffix=suffix) for suffix in (".csv", ".h5")]


def _scorer_of(dataset: xr.Dataset) -> str:
    return str(dataset.attrs.get(SCORER_ATTRIBUTE) or dataset.attrs.get("scorer") or "marey")


def is_hdf5(path: Path) -> bool:
    """Tell whether a file begins as HDF5 does."""
    return read_magic(path).startswith(HDF5_MAGIC)


def read_table(path: Path) -> KeypointTable:
    """Read a keypoint table from CSV or HDF5, by content."""
    return read_hdf_table(path) if is_hdf5(path) else read_csv_table(path)


def holds_table(path: Path) -> bool:
    """Tell whether `path` is a keypoint table, in CSV or HDF5."""
    if not path.is_file():
        return False
    return has_table(top_level(path), path) if is_hdf5(path) else looks_like_table(path)


def load_poses(path: Path) -> xr.Dataset:
    """Read predictions from a CSV or H5 file in DeepLabCut's layout.

    Raises
    ------
    FormatError
        The file is damaged or its rows are no frames.
    """
    if path.is_dir() or path.suffix.lower() in (".yaml", ".yml"):
        raise FormatError(
            f"{path} is a project of DeepLabCut, which holds no poses",
            hint="give the CSV or H5 file that DeepLabCut wrote beside a video, or load the labels",
        )
    table = read_table(path)
    frames = table.frame_numbers()
    order = np.argsort(frames, kind="stable")
    axes = [name for name in ("x", "y", "z") if name in table.coordinates]
    if "y" not in axes:
        raise FormatError(f"expected columns x and y in {path}, got {', '.join(table.coordinates)}")
    position = np.stack([table.plane(axis) for axis in axes], axis=1)[order]
    return finish_poses(
        position,
        table.plane("likelihood")[order],
        keypoints=table.keypoints,
        individuals=table.individuals if table.individuals != ("",) else (),
        source=path,
        software="DeepLabCut",
        frames=frames[order],
        attributes={"scorer": table.scorer},
    )


def save_poses(dataset: xr.Dataset, path: Path, *, scorer: str | None = None) -> list[str]:
    """Write poses in DeepLabCut's layout: CSV or H5 by the suffix of `path`.

    Parameters
    ----------
    dataset
        The poses; one individual gives a file of one animal, several a file with ``individuals``.
    path
        The file; ``.csv`` or ``.h5``.
    scorer
        The name in the header's first row; by default that of the poses, or "marey".

    Returns
    -------
    list of str
        What the file could not hold.
    """
    dataset = standardise_poses(dataset)
    table = _build_table(dataset, scorer or _scorer_of(dataset))
    if path.suffix.lower() == ".csv":
        write_csv_table(table, path)
    elif path.suffix.lower() in (".h5", ".hdf5", ".hdf"):
        write_hdf_table(table, path)
    else:
        raise InputError(f"DeepLabCut's files end in .csv or .h5, got {path.name}")
    return _losses(dataset)


def _build_table(dataset: xr.Dataset, scorer: str) -> KeypointTable:
    axes = [str(name) for name in dataset["space"].values]
    arrays: dict[str, Any] = {name: dataset["position"].sel(space=name).values for name in axes}
    if len(axes) == 2:
        arrays["likelihood"] = dataset["confidence"].values
    individuals = [str(name) for name in dataset["individual"].values]
    keypoints = [str(name) for name in dataset["keypoint"].values]
    is_multi = len(individuals) > 1
    columns: list[Column] = []
    values = []
    for i, individual in enumerate(individuals):
        for k, keypoint in enumerate(keypoints):
            if is_multi and not _owns(arrays["x"], individuals, i, k):
                continue
            for name, array in arrays.items():
                columns.append((individual if is_multi else "", keypoint, name))
                values.append(array[:, k, i])
    index = [str(int(frame)) for frame in dataset["frame"].values]
    return KeypointTable(columns, index, np.stack(values, axis=1), scorer=scorer, where="poses")


def _owns(x: np.ndarray, individuals: list[str], individual: int, keypoint: int) -> bool:
    """Tell whether an individual has columns for a keypoint.

    DeepLabCut keeps the keypoints of which there is one in the scene under the individual "single", and
    only there.
    """
    if SINGLE not in individuals:
        return True
    single = individuals.index(SINGLE)
    is_unique = bool(np.isfinite(x[:, keypoint, single]).any())
    return is_unique == (individual == single)


def _losses(dataset: xr.Dataset) -> list[str]:
    losses = describe_losses(dataset, "DeepLabCut's table")
    if dataset.sizes["individual"] == 1 and has_names(dataset):
        losses.append(f"the name {dataset['individual'].values[0]!s} of the one individual is not kept")
    return losses
