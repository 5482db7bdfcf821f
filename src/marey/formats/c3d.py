"""C3D, the binary format of biomechanics (c3d.org): markers over time.

A file has a header of 512 bytes, a section of parameters in groups, and then, for each frame and marker, x,
y, z and a fourth word whose low byte is the residual; -1 says that the marker was not seen. Written here are
32-bit floats in Intel's byte order, which all programs read. Read are floats and integers, of Intel and of
big-endian machines. Frames are counted from 1 in the file, and from 0 here. The residual is the reprojection
error, in pixels. In a file of floats the fourth word is a float too, whose value as an integer has the two
bytes (c3d.org, "3D Data - Floating-point Format"); ezc3d takes the bytes of the float itself for them and
shows other residuals.
"""

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from marey.errors import FormatError, InputError
from marey.files import write_bytes
from marey.formats.hdf5 import read_magic
from marey.formats.markers import Markers, arrange, losses_of, markers_of
from marey.formats.pose_arrays import finish_poses

_TITLE = "C3D"
_BLOCK = 512
_INTEL, _DEC, _MIPS = 84, 85, 86
_MAX_LABELS = 255  # the sizes of a parameter are single bytes
_MAX_MARKERS = 65535
_MAX_FRAMES = 65535
_RESIDUAL_STEP_PX = 0.05
_CHARACTER, _BYTE, _INTEGER, _REAL = -1, 1, 2, 4


def detect(path: Path) -> bool:
    """Tell whether `path` is a C3D file, by its second byte and its parameters."""
    head = read_magic(path, _BLOCK * 2)
    if len(head) < _BLOCK * 2 or head[1] != 0x50 or not 2 <= head[0] < 128:
        return False
    start = _BLOCK * (head[0] - 1)
    return head[0] > 2 or head[start + 3] in (_INTEL, _DEC, _MIPS)


# --- writing ----------------------------------------------------------------------------------------------


def save_poses(dataset: xr.Dataset, path: Path) -> list[str]:
    """Write 3D poses.

    Returns
    -------
    list of str
        What the file could not hold.

    Raises
    ------
    InputError
        The poses are not 3D, or there are more than 65,535 markers.
    """
    markers = markers_of(dataset, _TITLE)
    if len(markers.names) > _MAX_MARKERS:
        raise InputError(f"C3D holds up to {_MAX_MARKERS} markers, got {len(markers.names)}")
    parameters = _parameters(markers, 0)
    n_blocks = len(parameters) // _BLOCK
    data_start = 2 + n_blocks
    file = _header(markers, data_start) + _parameters(markers, data_start) + _data(markers)
    write_bytes(path, file + bytes(-len(file) % _BLOCK))
    losses = losses_of(dataset, _TITLE, keeps=("reprojection_error",))
    if "reprojection_error" in dataset:
        losses.append(f"C3D keeps reprojection errors in steps of {_RESIDUAL_STEP_PX} pixels, up to 12.75")
    return losses


def _header(markers: Markers, data_start: int) -> bytes:
    n_frames, n_markers = markers.points.shape[:2]
    first = min(markers.first_frame + 1, _MAX_FRAMES)
    last = min(markers.first_frame + n_frames, _MAX_FRAMES)
    words = struct.pack(
        "<BBHHHHHfHHf", 2, 0x50, n_markers, 0, first, last, 0, -_RESIDUAL_STEP_PX, data_start, 0, markers.rate
    )
    return words + bytes(_BLOCK - len(words))


def _parameters(markers: Markers, data_start: int) -> bytes:
    n_frames, n_markers = markers.points.shape[:2]
    first, last = markers.first_frame + 1, markers.first_frame + n_frames
    out = io.BytesIO()
    point = [
        _integers("USED", [n_markers]),
        _reals("SCALE", [-_RESIDUAL_STEP_PX]),
        _integers("DATA_START", [data_start]),
        _integers("FRAMES", [min(n_frames, _MAX_FRAMES)]),
        _reals("LONG_FRAMES", [float(n_frames)]),
        _reals("RATE", [markers.rate]),
        _texts("UNITS", [markers.unit or "mm"], is_list=False),
    ]
    for number, start in enumerate(range(0, n_markers, _MAX_LABELS), 1):
        names = list(markers.names[start : start + _MAX_LABELS])
        point.append(_texts("LABELS" if number == 1 else f"LABELS{number}", names))
        point.append(_texts("DESCRIPTIONS" if number == 1 else f"DESCRIPTIONS{number}", [""] * len(names)))
    trial = [
        _integers("ACTUAL_START_FIELD", [first & 0xFFFF, first >> 16]),
        _integers("ACTUAL_END_FIELD", [last & 0xFFFF, last >> 16]),
    ]
    analog = [_integers("USED", [0]), _reals("RATE", [0.0])]
    for number, (name, members) in enumerate((("POINT", point), ("ANALOG", analog), ("TRIAL", trial)), 1):
        out.write(_entry(name, -number, b"\x00"))
        for label, content in members:
            out.write(_entry(label, number, content + b"\x00"))
    body = out.getvalue() + bytes(2)  # an empty name ends the list
    n_blocks = -(-(len(body) + 4) // _BLOCK)
    head = struct.pack("<BBBB", 1, 0x50, n_blocks, _INTEL)
    return head + body + bytes(n_blocks * _BLOCK - 4 - len(body))


def _entry(name: str, group: int, content: bytes) -> bytes:
    """Return a group (negative number) or a parameter with the distance to the next one."""
    encoded = name.encode("ascii")
    return struct.pack("<bb", len(encoded), group) + encoded + struct.pack("<H", 2 + len(content)) + content


def _integers(name: str, values: list[int]) -> tuple[str, bytes]:
    shape = [len(values)] if len(values) > 1 else []
    return name, struct.pack(f"<bB{len(shape)}B{len(values)}H", _INTEGER, len(shape), *shape, *values)


def _reals(name: str, values: list[float]) -> tuple[str, bytes]:
    return name, struct.pack(f"<bB{len(values)}f", _REAL, 0, *values)


def _texts(name: str, values: list[str], *, is_list: bool = True) -> tuple[str, bytes]:
    encoded = [value.encode("utf-8")[:_MAX_LABELS] for value in values]
    width = max(1, *(len(value) for value in encoded))
    shape = [width, len(encoded)] if is_list else [width]
    padded = b"".join(value.ljust(width) for value in encoded)
    return name, struct.pack(f"<bB{len(shape)}B", _CHARACTER, len(shape), *shape) + padded


def _data(markers: Markers) -> bytes:
    missing = ~np.isfinite(markers.points).all(axis=-1)
    words = np.zeros((*missing.shape, 4), dtype="<f4")
    words[..., :3] = np.where(missing[..., None], 0.0, markers.points)
    steps = np.clip(np.rint(np.nan_to_num(markers.residuals) / _RESIDUAL_STEP_PX), 0, 255)
    words[..., 3] = np.where(missing, -1.0, steps)
    return words.tobytes()


# --- reading ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """The bytes of a file, and how its numbers are written."""

    content: bytes
    order: str
    parameters: dict[str, Any]


def load_poses(path: Path) -> xr.Dataset:
    """Read markers as 3D poses; their unit becomes the attribute ``space_unit``.

    Raises
    ------
    FormatError
        The file is cut off, is no C3D, or was written by a DEC machine.
    """
    content = path.read_bytes()
    if not detect(path):
        raise FormatError(f"expected a C3D file, but {path} has no such header")
    try:
        file = _read_parameters(content)
        points, residuals = _read_points(file)
        names = _read_names(file, points.shape[1])
        first, rate = _first_frame(file), float(np.ravel(file.parameters.get("POINT:RATE", [1.0]))[0])
    except (struct.error, IndexError, ValueError, KeyError) as error:
        raise FormatError(
            f"{path} is not a whole C3D file: {error}", hint="copy it again from where it was made"
        ) from error
    arranged, keypoints, individuals = arrange(points, names)
    poses = finish_poses(
        np.moveaxis(arranged, -1, 1),
        None,
        keypoints=keypoints,
        individuals=individuals,
        source=path,
        software=_TITLE,
        frames=first + np.arange(len(points)),
        fps=rate or None,
        attributes={"space_unit": str(file.parameters.get("POINT:UNITS", "mm")).strip()},
    )
    errors = arrange(residuals, names)[0]
    return poses.assign(reprojection_error=(("time", "keypoint", "individual"), errors))


def _read_parameters(content: bytes) -> _File:
    start = _BLOCK * (content[0] - 1)
    processor = content[start + 3]
    if processor == _DEC:
        raise ValueError("it holds numbers of a DEC machine, which are not read")
    order = ">" if processor == _MIPS else "<"
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Any]] = []
    place = start + 4
    while place + 2 < len(content) and content[place]:
        length, group = struct.unpack_from("bb", content, place)
        length = abs(length)  # negative where it is locked
        name = content[place + 2 : place + 2 + length].decode("ascii", errors="replace").upper()
        here = place + 2 + length
        (distance,) = struct.unpack_from(order + "H", content, here)
        if group < 0:
            groups[-group] = name
        else:
            found.append((group, name, _read_value(content, here + 2, order)))
        if not distance:
            break
        place = here + distance
    return _File(content, order, {f"{groups.get(g, g)}:{name}": value for g, name, value in found})


def _read_value(content: bytes, place: int, order: str) -> Any:
    kind, n_dimensions = struct.unpack_from("bB", content, place)
    shape = list(content[place + 2 : place + 2 + n_dimensions])
    place += 2 + n_dimensions
    count = int(np.prod(shape)) if shape else 1
    if kind == _CHARACTER:
        text = content[place : place + count].decode("utf-8", errors="replace")
        if n_dimensions < 2:
            return text
        raw = content[place : place + count]
        width = shape[0]
        return [
            raw[i : i + width].decode("utf-8", errors="replace").strip() for i in range(0, count, width or 1)
        ]
    dtype = {_BYTE: "u1", _INTEGER: order + "i2", _REAL: order + "f4"}[kind]
    return np.frombuffer(content, dtype, count, place)


def _read_points(file: _File) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n_frames, n_markers, 3) and residuals (n_frames, n_markers)."""
    n_markers, n_analog, first, last = struct.unpack_from(file.order + "HHHH", file.content, 2)
    (scale,) = struct.unpack_from(file.order + "f", file.content, 12)
    (data_start,) = struct.unpack_from(file.order + "H", file.content, 16)
    n_frames = _n_frames(file, last - first + 1)
    dtype = file.order + ("f4" if scale < 0 else "i2")
    width = 4 * n_markers + n_analog
    place = _BLOCK * (data_start - 1)
    table = np.frombuffer(file.content, dtype, n_frames * width, place).reshape(n_frames, width)
    words = table[:, : 4 * n_markers].reshape(n_frames, n_markers, 4).astype(np.float64)
    points = words[..., :3] * (1.0 if scale < 0 else scale)
    missing = ~(words[..., 3] >= 0)  # -1 by the manual; not a number in some programs' files
    fourth = np.where(missing, 0, np.minimum(words[..., 3], 0x7FFF)).astype(np.int64)
    residuals = (fourth & 0xFF) * abs(scale)
    return np.where(missing[..., None], np.nan, points), np.where(missing, np.nan, residuals)


def _n_frames(file: _File, in_header: int) -> int:
    """Return the number of frames; the header's 16 bits do not hold long recordings."""
    long = file.parameters.get("POINT:LONG_FRAMES")
    if long is not None and long[0] > 0:
        return int(long[0])
    end = _wide(file.parameters.get("TRIAL:ACTUAL_END_FIELD"))
    start = _wide(file.parameters.get("TRIAL:ACTUAL_START_FIELD"))
    return end - start + 1 if end is not None and start is not None and end >= start else in_header


def _first_frame(file: _File) -> int:
    start = _wide(file.parameters.get("TRIAL:ACTUAL_START_FIELD"))
    if start is None:
        (start,) = struct.unpack_from(file.order + "H", file.content, 6)
    return max(start - 1, 0)


def _wide(words: Any) -> int | None:
    if words is None or len(words) != 2:
        return None
    return int(np.uint16(words[0])) + (int(np.uint16(words[1])) << 16)


def _read_names(file: _File, n_markers: int) -> list[str]:
    names: list[str] = []
    for number in range(1, n_markers // _MAX_LABELS + 2):
        names += file.parameters.get("POINT:LABELS" if number == 1 else f"POINT:LABELS{number}", [])
    names = [*names[:n_markers], *(f"marker{i + 1}" for i in range(len(names), n_markers))]
    counts: dict[str, int] = {}
    for i, name in enumerate(names):
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1 or not name:
            names[i] = f"{name or 'marker'}_{i + 1}"
    return names
