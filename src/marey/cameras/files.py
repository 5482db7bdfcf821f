"""Calibrations on disk: Marey's own are Anipose's TOML, with more in its ``[metadata]``.

Which format a file is in is told by its content; on writing, by the suffix: ``.toml``, ``.yaml``/``.yml``,
``.json``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from marey.cameras import opencv_files, qualisys, stereo_pickle
from marey.cameras.camera import Camera
from marey.cameras.rig import Rig
from marey.cameras.toml_text import to_toml
from marey.errors import AlreadyExistsError, FormatError, NotFoundError
from marey.files import write_text

REQUIRED = ("name", "size", "matrix", "distortions", "rotation", "translation")


def read_cameras(path: str | Path) -> Rig:
    """Read a calibration of Anipose (TOML), OpenCV (YAML, JSON), Qualisys (XML) or DeepLabCut (pickle).

    A pickle is read without running anything that it asks for: arrays and plain containers only.

    Raises
    ------
    NotFoundError
        There is no such file.
    FormatError
        It is in none of these formats, or something in it is missing or impossible.
    """
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise NotFoundError(f"expected a calibration file at {path}, but there is none")
    data = path.read_bytes()
    if data[:1] == b"\x80" or path.suffix.lower() in (".pickle", ".pkl"):
        return stereo_pickle.read(path, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"expected a calibration in text, but {path} holds something else") from error
    start = text.lstrip()
    if start.startswith("<"):
        return qualisys.read(path, text)
    if start.startswith("{"):
        return opencv_files.from_table(path, _parse_json(path, text))
    if start.startswith("%YAML") or path.suffix.lower() in (".yaml", ".yml"):
        return opencv_files.from_table(path, opencv_files.parse_yaml(path, text))
    return _from_toml(path, text)


def write_cameras(rig: Rig, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a calibration as its suffix says: ``.toml`` (Anipose), ``.yaml``, ``.yml``, ``.json`` (OpenCV).

    Raises
    ------
    AlreadyExistsError
        The file exists and `overwrite` is False.
    FormatError
        The suffix is another one.
    """
    path = Path(path)
    writers = {".toml": _to_toml, ".yaml": opencv_files.to_yaml, ".yml": opencv_files.to_yaml}
    writers[".json"] = opencv_files.to_json
    if path.suffix.lower() not in writers:
        raise FormatError(
            f"expected a calibration file that ends in {', '.join(writers)}, got {path}",
            hint="Marey's own calibrations, which Anipose reads too, end in .toml",
        )
    if path.exists() and not overwrite:
        raise AlreadyExistsError(f"{path} exists already", hint="choose another name, or --overwrite")
    write_text(path, writers[path.suffix.lower()](rig))


def _parse_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"expected JSON in {path}: {error}") from error


def _to_toml(rig: Rig) -> str:
    tables: dict[str, Mapping[str, Any]] = {}
    for number, camera in enumerate(rig):
        tables[f"cam_{number}"] = {
            "name": camera.name,
            "size": list(camera.size),
            "matrix": camera.matrix,
            "distortions": camera.distortion,
            "rotation": camera.rotation,
            "translation": camera.translation,
            "fisheye": True if camera.fisheye else None,
        }
    tables["metadata"] = {"units": rig.units, **rig.metadata}
    return to_toml(tables)


def _from_toml(path: Path, text: str) -> Rig:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormatError(
            f"expected a calibration in TOML in {path}: {error}",
            hint="calibrations of Anipose, OpenCV, Qualisys and DeepLabCut can be read",
        ) from error
    metadata = dict(tables.get("metadata", {}))
    found = {key: table for key, table in tables.items() if key != "metadata" and isinstance(table, dict)}
    if not found:
        raise FormatError(
            f"expected tables of cameras, such as [cam_0], in {path}, but there are none",
            hint="a board's description is not a calibration; `marey calibrate` makes one",
        )
    cameras = tuple(_camera(path, key, table) for key, table in found.items())
    units = str(metadata.pop("units", "unknown"))
    return Rig(cameras, units=units, metadata=metadata)


def _camera(path: Path, key: str, table: Mapping[str, Any]) -> Camera:
    missing = [field for field in REQUIRED if field not in table]
    if missing:
        raise FormatError(f"expected {', '.join(missing)} in [{key}] of {path}, but it is not there")
    try:
        return Camera(
            str(table["name"]),
            tuple(table["size"]),
            np.array(table["matrix"], dtype=float),
            np.array(table["distortions"], dtype=float),
            np.array(table["rotation"], dtype=float),
            np.array(table["translation"], dtype=float),
            fisheye=bool(table.get("fisheye", False)),
        )
    except (TypeError, ValueError, IndexError) as error:
        raise FormatError(f"the camera [{key}] of {path} cannot be used: {error}") from error
