"""Pictures as JPEG."""

import numpy as np

from marey.errors import InputError

DEFAULT_QUALITY = 92
FULL_COLOUR_FROM = 90


def to_jpeg(image: np.ndarray, *, quality: int = DEFAULT_QUALITY, width: int | None = None) -> bytes:
    """Return `image`, uint8 RGB of shape (H, W, 3), as JPEG.

    Parameters
    ----------
    image
        The picture.
    quality
        From 10 to 100. From 90 on, colours keep their full resolution.
    width
        Shrink to this width; larger than the image changes nothing.
    """
    import cv2

    if width is not None and width < image.shape[1]:
        height = max(1, round(image.shape[0] * width / image.shape[1]))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if quality >= FULL_COLOUR_FROM:
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    is_written, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    if not is_written:
        raise InputError(f"a picture of shape {image.shape} cannot be written as JPEG")
    return data.tobytes()
