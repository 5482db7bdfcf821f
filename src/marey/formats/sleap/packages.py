"""Writing packages (``.pkg.slp``): files of SLEAP that hold their labelled images, to be sent elsewhere."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import FormatError
from marey.formats.source import FrameKey
from marey.model import LabeledFrame

if TYPE_CHECKING:
    import h5py

SUFFIX = ".pkg.slp"


def is_package(path: Path) -> bool:
    """Tell by its name whether a file is to hold its images."""
    return path.name.lower().endswith(SUFFIX)


def package_entry(number: int) -> dict[str, Any]:
    """Return the JSON of a video whose images are in the file."""
    backend = {"filename": ".", "dataset": f"video{number}/video", "input_format": "channels_last"}
    return {"backend": {**backend, "convert_range": False}}


def embed_images(
    file: "h5py.File",
    number: int,
    frames: Sequence[LabeledFrame],
    images: Mapping[FrameKey, Path],
    source: Mapping[str, Any],
) -> None:
    """Put the images of one video's frames into the file, as PNG or JPEG, byte for byte.

    Parameters
    ----------
    number
        What the column ``video`` of the frames says.
    frames
        Those without an image are left out.
    source
        The JSON of the video that the images come from.
    """
    import h5py

    present = [frame for frame in frames if frame.key in images]
    encoded = [_encoded(images[frame.key]) for frame in present]
    group = file.create_group(f"video{number}")
    dataset = group.create_dataset("video", (len(encoded),), dtype=h5py.vlen_dtype(np.dtype("int8")))
    for row, (data, _) in enumerate(encoded):
        dataset[row] = np.frombuffer(data, dtype=np.int8)
    shape = encoded[0][1] if encoded else (0, 0, 3)
    dataset.attrs["format"] = "png"
    dataset.attrs["channel_order"] = "RGB"
    for name, length in zip(("height", "width", "channels"), shape, strict=True):
        dataset.attrs[name] = length
    group["frame_numbers"] = np.array([frame.frame for frame in present], dtype=np.int64)
    group.create_group("source_video").attrs["json"] = json.dumps(source, separators=(",", ":"))


def _encoded(path: Path) -> tuple[bytes, tuple[int, int, int]]:
    """Return an image as PNG or JPEG, and its height, width and channels."""
    import cv2

    data = path.read_bytes()
    image = cv2.imdecode(np.frombuffer(data or b"\0", dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FormatError(f"{path} is not an image that can be read")
    if not data.startswith((b"\x89PNG", b"\xff\xd8")):
        data = cv2.imencode(".png", image)[1].tobytes()
    return data, (image.shape[0], image.shape[1], 1 if image.ndim == 2 else image.shape[2])
