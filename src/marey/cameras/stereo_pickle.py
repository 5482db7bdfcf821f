"""DeepLabCut's stereo calibration, a pickle, read without running what it says.

A pickle is a program. Of this one only arrays of numbers and plain containers are built; anything else that
it names is refused.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from marey.cameras.camera import Camera, size_around
from marey.cameras.rig import Rig
from marey.errors import FormatError

_ARRAYS = {
    ("_codecs", "encode"),  # how old protocols spell bytes
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}
FIELDS = ("cameraMatrix1", "distCoeffs1", "cameraMatrix2", "distCoeffs2", "R", "T")


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        # NumPy 2 renamed its inner modules; files of either version are read with either.
        inner = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
        renamed = module.replace("numpy._core", inner).replace("numpy.core", inner)
        return super().find_class(renamed, name)


def read(path: Path, data: bytes) -> Rig:
    """Read ``stereo_params.pickle`` of a DeepLabCut 3D project; the units are those of its board's squares.

    The file does not say the size of the images; it is guessed from ``image_shape`` or the principal points.
    """
    try:
        content = _ArraysOnly(io.BytesIO(data)).load()
    except Exception as error:  # damaged pickles raise anything
        raise FormatError(
            f"{path} cannot be read safely: {error}",
            hint="only arrays of numbers are taken from pickles, which can hold programs; write this one "
            "as OpenCV YAML or Anipose TOML",
        ) from error
    if not isinstance(content, Mapping):
        raise FormatError(f"expected a table of camera pairs in {path}, got {type(content).__name__}")
    pairs = {str(name): value for name, value in content.items() if _is_pair(value)}
    if len(pairs) != 1:
        raise FormatError(
            f"expected the calibration of one pair of cameras in {path}, got {', '.join(pairs) or 'none'}",
            hint="calibrate more than two cameras together with `marey calibrate`",
        )
    ((names, pair),) = pairs.items()
    first, second = _split(names)
    try:
        cameras = [_camera(pair, 1, first), _camera(pair, 2, second)]
        return Rig((cameras[0], cameras[1].placed(pair["R"], pair["T"])), units="unknown")
    except (TypeError, ValueError, LookupError) as error:
        raise FormatError(f"the cameras {names} of {path} cannot be used: {error}") from error


def _is_pair(value: Any) -> bool:
    return isinstance(value, Mapping) and all(field in value for field in FIELDS)


def _split(names: str) -> tuple[str, str]:
    """Return the names of two cameras that are joined by "-"; both may have one inside, as "camera-1" has."""
    parts = names.split("-")
    middle = (len(parts) + 1) // 2
    return "-".join(parts[:middle]) or "camera-1", "-".join(parts[middle:]) or "camera-2"


def _camera(pair: Mapping[str, Any], number: int, name: str) -> Camera:
    matrix = np.asarray(pair[f"cameraMatrix{number}"], dtype=float).reshape(3, 3)
    shapes = pair.get("image_shape")
    width, height = size_around(matrix) if shapes is None else np.ravel(shapes[number - 1])[:2]
    return Camera(name, (width, height), matrix, pair[f"distCoeffs{number}"], np.zeros(3), np.zeros(3))
