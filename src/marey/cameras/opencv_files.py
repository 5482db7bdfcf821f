"""Calibrations as OpenCV's FileStorage has them, in YAML or JSON: matrices by name, for each camera.

Each camera is a map of its own with ``camera_matrix``, ``distortion_coefficients`` (or ``dist_coeffs``),
``image_width`` and ``image_height``, and ``rotation`` and ``translation`` where it is placed. A file without
such maps that has ``camera_matrix`` itself is one camera; one with ``M1``, ``D1``, ``M2``, ``D2``, ``R`` and
``T`` is OpenCV's stereo calibration. OpenCV is not needed to read or write them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from marey.cameras.camera import Camera, rotation_vector, size_around
from marey.cameras.rig import Rig
from marey.errors import FormatError

MATRIX = ("camera_matrix", "cameraMatrix", "K", "matrix")
DISTORTION = ("distortion_coefficients", "dist_coeffs", "distCoeffs", "D", "distortion")
ROTATION = ("rotation", "rvec", "R")
TRANSLATION = ("translation", "tvec", "T")
STEREO = ("M1", "D1", "M2", "D2", "R", "T")


class _Loader(yaml.SafeLoader):
    """YAML with OpenCV's ``!!opencv-matrix``, which is a plain map."""


def _plain_map(loader: _Loader, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.YAMLError("a matrix of OpenCV is a map of rows, cols, dt and data")
    return loader.construct_mapping(node, deep=True)


for _kind in ("opencv-matrix", "opencv-nd-matrix"):  # OpenCV 5 writes the second for one dimension
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _plain_map)


def parse_yaml(path: Path, text: str) -> Any:
    """Return the content of OpenCV's YAML, whose first line is not quite YAML."""
    body = text.split("\n", 1)[1] if text.startswith("%YAML:") else text
    try:
        return yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader with one plain map added
    except yaml.YAMLError as error:
        raise FormatError(f"expected YAML in {path}: {error}") from error


def from_table(path: Path, table: Any) -> Rig:
    """Make a rig of the content of a file."""
    if not isinstance(table, Mapping):
        raise FormatError(f"expected maps of cameras in {path}, got {type(table).__name__}")
    if all(key in table for key in STEREO):
        return _from_stereo(path, table)
    units = str(table.get("units", "unknown"))
    if _first(table, MATRIX) is not None:
        return Rig((_camera(path, path.stem, table),), units=units)
    found = {
        name: value
        for name, value in table.items()
        if isinstance(value, Mapping) and _first(value, MATRIX) is not None
    }
    if not found:
        raise FormatError(
            f"expected cameras with camera_matrix, or M1, D1, M2, D2, R and T, in {path}; got "
            f"{', '.join(map(str, table)) or 'nothing'}"
        )
    return Rig(tuple(_camera(path, str(name), value) for name, value in found.items()), units=units)


def to_json(rig: Rig) -> str:
    """Return a rig as OpenCV's JSON."""
    table: dict[str, Any] = {"units": rig.units}
    for camera in rig:
        table[camera.name] = {key: _json_value(value) for key, value in _fields(camera).items()}
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def to_yaml(rig: Rig) -> str:
    """Return a rig as OpenCV's YAML."""
    lines = ["%YAML:1.0", "---", f"units: {json.dumps(rig.units)}"]
    for camera in rig:
        lines.append(f"{_key(camera.name)}:")
        for key, value in _fields(camera).items():
            if isinstance(value, np.ndarray):
                rows, columns = value.shape
                data = ", ".join(repr(float(number)) for number in value.ravel())
                lines += [f"   {key}: !!opencv-matrix", f"      rows: {rows}", f"      cols: {columns}"]
                lines += ["      dt: d", f"      data: [ {data} ]"]
            else:
                lines.append(f"   {key}: {value}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    """Return a name as OpenCV reads it: bare. Names that it could not read in any case are quoted."""
    return name if re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def _fields(camera: Camera) -> dict[str, Any]:
    return {
        "image_width": camera.size[0],
        "image_height": camera.size[1],
        "fisheye": int(camera.fisheye),
        "camera_matrix": camera.matrix,
        "distortion_coefficients": camera.distortion[:, None],
        "rotation": camera.rotation[:, None],
        "translation": camera.translation[:, None],
    }


def _json_value(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    rows, columns = value.shape
    data = value.ravel().tolist()
    return {"type_id": "opencv-matrix", "rows": rows, "cols": columns, "dt": "d", "data": data}


def _camera(path: Path, name: str, table: Mapping[str, Any]) -> Camera:
    matrix = _array(path, name, _first(table, MATRIX))
    distortion = _array(path, name, _first(table, DISTORTION), np.zeros(0))
    rotation = _array(path, name, _first(table, ROTATION), np.zeros(3))
    translation = _array(path, name, _first(table, TRANSLATION), np.zeros(3))
    try:
        size = _size(table)
        fisheye = bool(int(table.get("fisheye", 0)))
        rotation = rotation_vector(rotation, name)
        return Camera(name, size, matrix, distortion.ravel(), rotation, translation, fisheye=fisheye)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"camera {name!r} of {path} cannot be used: {error}") from error


def _size(table: Mapping[str, Any]) -> tuple[int, int]:
    if "image_size" in table:
        width, height = table["image_size"]
        return width, height
    if "image_width" not in table or "image_height" not in table:
        raise ValueError("expected image_width and image_height")
    return table["image_width"], table["image_height"]


def _from_stereo(path: Path, table: Mapping[str, Any]) -> Rig:
    matrices = {key: _array(path, "stereo", table[key]) for key in STEREO}
    try:
        is_told = "image_width" in table or "image_size" in table
        width, height = _size(table) if is_told else size_around(matrices["M1"])
        first, second = (
            Camera(
                f"camera-{n}", (width, height), matrices[f"M{n}"], matrices[f"D{n}"], np.zeros(3), np.zeros(3)
            )
            for n in (1, 2)
        )
        return Rig((first, second.placed(matrices["R"], matrices["T"])), units="unknown")
    except (TypeError, ValueError) as error:
        raise FormatError(f"the stereo calibration {path} cannot be used: {error}") from error


def _first(table: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((table[name] for name in names if name in table), None)


def _array(path: Path, name: str, value: Any, default: np.ndarray | None = None) -> np.ndarray:
    if value is None and default is not None:
        return default
    try:
        if isinstance(value, Mapping):
            shape = value["sizes"] if "sizes" in value else (value["rows"], value["cols"])
            return np.array(value["data"], dtype=float).reshape([int(side) for side in np.ravel(shape)])
        return np.array(value, dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"expected matrices of numbers for camera {name!r} in {path}: {error}") from error
