"""Sizes of image files."""

from pathlib import Path

import numpy as np

from marey.errors import FormatError


def image_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of an image in pixels.

    Raises
    ------
    FormatError
        It is not an image that can be decoded.
    """
    import cv2

    # Read the bytes ourselves: OpenCV cannot open names with accents on Windows.
    image = cv2.imdecode(np.frombuffer(path.read_bytes() or b"\0", dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FormatError(f"{path} is not an image that can be read")
    return image.shape[1], image.shape[0]
