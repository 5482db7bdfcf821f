"""Plain tables for any program: labels as in :mod:`marey.formats.table`, and poses with one row a point.

Labels are one CSV per video, alone or in a folder with ``skeleton.json`` beside them. Poses are a CSV::

    frame,time_s,individual,keypoint,x,y,confidence
    0,0.0,animal,snout,101.5,77.25,0.98

with ``z``, ``expected_error`` and ``error_90`` where the poses have them.
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from marey.errors import FormatError, InputError
from marey.files import atomic_folder, write_json, write_text
from marey.formats.pose_arrays import describe_lost_values, finish_poses
from marey.formats.source import FrameKey, LabelSource
from marey.formats.table import COLUMNS, decode_labels, encode_labels, read_table
from marey.formats.text import read_delimited, read_text
from marey.model import Labels, Skeleton, standardise_poses

if TYPE_CHECKING:
    import pandas as pd

SKELETON_FILE = "skeleton.json"
_POSE_COLUMNS = ("frame", "individual", "keypoint", "x", "y", "confidence")
_LABEL_COLUMNS = ("frame", "keypoint", "x", "y")
_ERRORS = ("expected_error", "error_90")


def detect(path: Path) -> bool:
    """Tell whether `path` is such a table, or a folder of tables of labels."""
    if path.is_dir():
        return any(_is_labels(_columns(file)) for file in path.glob("*.csv"))
    columns = _columns(path)
    return _is_labels(columns) or set(_POSE_COLUMNS) <= columns


def _columns(path: Path) -> set[str]:
    if path.suffix.lower() not in (".csv", ".txt", ".tsv") or not path.is_file():
        return set()
    with path.open("rb") as file:
        line = file.readline(65536).decode("utf-8-sig", errors="replace")
    delimiter = max(",;\t", key=line.count)
    return {cell.strip().strip('"').lower() for cell in line.split(delimiter)}


def _is_labels(columns: set[str]) -> bool:
    return set(_LABEL_COLUMNS) <= columns <= set(COLUMNS)


# --- labels -----------------------------------------------------------------------------------------------


def load_labels(path: Path) -> LabelSource:
    """Read a table of labels, or a folder of them; the video is named by the file.

    Without ``skeleton.json`` the keypoints are those that occur, in the order in which they do.

    Raises
    ------
    FormatError, LabelsError
        A table is not what it should be.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    files = [file for file in files if not path.is_dir() or _is_labels(_columns(file))]
    if not files:
        raise FormatError(f"expected tables of labels (.csv) in {path}")
    folder = path if path.is_dir() else path.parent
    texts = {file: read_table(file) for file in files}
    skeleton, individuals, order = _load_skeleton(folder, texts)
    files.sort(key=lambda file: (order.index(file.stem) if file.stem in order else len(order), file.stem))
    frames = [
        frame
        for file in files
        for frame in decode_labels(texts[file], skeleton, video=file.stem, source=str(file))
    ]
    named = dict.fromkeys(i.individual for f in frames for i in f.instances if i.individual)
    labels = Labels(skeleton, frames, tuple(dict.fromkeys([*individuals, *named])))
    images = {}
    for frame in frames:
        for place in (folder / "frames" / frame.video, folder.parent / "frames" / frame.video):
            if frame.image and (place / frame.image).is_file():
                images[frame.key] = place / frame.image
                break
    return LabelSource(labels, images, metadata={"name": path.resolve().name.removesuffix(".csv")})


def _load_skeleton(
    folder: Path, texts: Mapping[Path, str]
) -> tuple[Skeleton, tuple[str, ...], tuple[str, ...]]:
    """Return the skeleton, the individuals and the order of the videos."""
    file = folder / SKELETON_FILE
    if file.is_file():
        try:
            data = json.loads(read_text(file))
            individuals, videos = data.get("individuals", ()), data.get("videos", ())
            return Skeleton.from_dict(data), tuple(individuals), tuple(videos)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"{file} does not hold a skeleton: {error}") from error
    names: dict[str, None] = {}
    for text in texts.values():
        delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells = {str(k).strip().lower(): v for k, v in row.items() if isinstance(v, str)}
            if name := cells.get("keypoint", "").strip():
                names[name] = None
    return Skeleton(tuple(names)), (), ()


def save_labels(
    labels: Labels,
    path: Path,
    *,
    images: Mapping[FrameKey, Path] | None = None,  # noqa: ARG001 - the same for every format
    videos: Mapping[str, Path] | None = None,  # noqa: ARG001
) -> list[str]:
    """Write labels as one table (``.csv``, of one video) or as a folder of a table per video.

    Returns
    -------
    list of str
        What could not be held, in words.

    Raises
    ------
    InputError
        Labels of several videos cannot go into one file.
    """
    if path.suffix.lower() == ".csv":
        if len(labels.videos) > 1:
            raise InputError(
                f"one table holds one video, but there are labels of {', '.join(labels.videos)}",
                hint="give a folder instead of a .csv file",
            )
        write_text(path, encode_labels(labels.frames, labels.skeleton))
        return ["a single table holds the keypoints that occur, but no edges and no left/right pairs"]
    with atomic_folder(path) as folder:
        for video in labels.videos:
            frames = [frame for frame in labels.frames if frame.video == video]
            write_text(folder / f"{video}.csv", encode_labels(frames, labels.skeleton))
        about = {"individuals": list(labels.individuals), "videos": list(labels.videos)}
        write_json(folder / SKELETON_FILE, {**labels.skeleton.to_dict(), **about})
    return []


# --- poses ------------------------------------------------------------------------------------------------


def load_poses(path: Path) -> xr.Dataset:
    """Read a table with one row a point.

    Raises
    ------
    FormatError
        A column is missing, a cell is no number, or a point has two rows.
    """
    table = _read_pose_table(path)
    frames, rows = np.unique(table["frame"].to_numpy(dtype=np.int64), return_inverse=True)
    keypoints = list(dict.fromkeys(table["keypoint"].astype(str)))
    individuals = list(dict.fromkeys(table["individual"].astype(str)))
    k = table["keypoint"].astype(str).map({name: i for i, name in enumerate(keypoints)}).to_numpy(dtype=int)
    i = (
        table["individual"]
        .astype(str)
        .map({name: i for i, name in enumerate(individuals)})
        .to_numpy(dtype=int)
    )
    _check_repeated(path, frames[rows], np.array(keypoints, dtype=object)[k], rows, k, i)

    def plane(name: str) -> np.ndarray:
        values = np.full((len(frames), len(keypoints), len(individuals)), np.nan)
        values[rows, k, i] = table[name].to_numpy(dtype=np.float64)
        return values

    axes = [name for name in ("x", "y", "z") if name in table]
    times = None
    if "time_s" in table:
        times = np.full(len(frames), np.nan)
        times[rows] = table["time_s"].to_numpy(dtype=np.float64)
    poses = finish_poses(
        np.stack([plane(axis) for axis in axes], axis=1),
        plane("confidence"),
        keypoints=keypoints,
        individuals=individuals,
        source=path,
        software="table",
        frames=frames,
        timestamps_s=times,
        fps=_frame_rate(frames, times),
    )
    for name in _ERRORS:
        if name in table:
            poses[name] = (("time", "keypoint", "individual"), plane(name))
    return poses


def _read_pose_table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    text = read_delimited(path)
    try:
        table = pd.read_csv(
            path,
            encoding=text.encoding,
            sep=text.delimiter,
            decimal="," if text.has_decimal_commas(1) else ".",
            dtype={"individual": str, "keypoint": str},
            keep_default_na=False,
            na_values=["", "nan", "NaN"],
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise FormatError(f"{path} is not a complete table: {error}") from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    if missing := [name for name in _POSE_COLUMNS if name not in table]:
        raise FormatError(f"expected the columns {', '.join(_POSE_COLUMNS)} in {path}; missing {missing[0]}")
    for name in table.columns.difference(["individual", "keypoint"]):
        numbers = pd.to_numeric(table[name], errors="coerce")
        wrong = np.flatnonzero((numbers.isna() & table[name].notna()).to_numpy())
        if len(wrong):
            raise FormatError(
                f"expected a number in line {wrong[0] + 2}, column {name!r}, of {path}, "
                f"got {table[name].iloc[wrong[0]]!r}"
            )
        table[name] = numbers
    if table["frame"].isna().any() or table["keypoint"].isna().any():
        raise FormatError(f"expected a frame and a keypoint in every row of {path}")
    table["individual"] = table["individual"].fillna("animal")
    return table


def _check_repeated(
    path: Path, frames: np.ndarray, names: np.ndarray, rows: np.ndarray, k: np.ndarray, i: np.ndarray
) -> None:
    cells = np.stack([rows.reshape(-1), k, i], axis=1)
    _, first, counts = np.unique(cells, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        row = first[counts > 1][0]
        raise FormatError(f"{path} has the keypoint {names[row]!r} of frame {frames[row]} in several rows")


def _frame_rate(frames: np.ndarray, times: np.ndarray | None) -> float | None:
    if times is None or len(times) < 2 or times[-1] <= times[0]:
        return None
    return float((frames[-1] - frames[0]) / (times[-1] - times[0]))


def save_poses(dataset: xr.Dataset, path: Path) -> list[str]:
    """Write poses as a table with one row a point.

    Returns
    -------
    list of str
        What the table could not hold.
    """
    import pandas as pd

    dataset = standardise_poses(dataset)
    planes = {str(n): dataset["position"].sel(space=n) for n in dataset["space"].values}
    planes |= {name: dataset[name] for name in ("confidence", *_ERRORS) if name in dataset}
    n_frames, n_keypoints = dataset.sizes["time"], dataset.sizes["keypoint"]
    n_individuals = dataset.sizes["individual"]
    order = ("time", "individual", "keypoint")
    n_points = n_keypoints * n_individuals
    columns: dict[str, Any] = {"frame": np.repeat(dataset["frame"].values, n_points)}
    if dataset.attrs.get("time_unit") == "seconds":
        columns["time_s"] = np.repeat(dataset["time"].values, n_points)
    columns["individual"] = np.tile(
        np.repeat(dataset["individual"].values.astype(str), n_keypoints), n_frames
    )
    columns["keypoint"] = np.tile(dataset["keypoint"].values.astype(str), n_frames * n_individuals)
    columns |= {name: plane.transpose(*order).values.reshape(-1) for name, plane in planes.items()}
    write_text(path, pd.DataFrame(columns).to_csv(index=False, lineterminator="\n"))
    losses = describe_lost_values(dataset, "the table", keeps=planes)
    if "log" in dataset.attrs:
        losses.append("the table has no place for the history of the poses")
    return losses
