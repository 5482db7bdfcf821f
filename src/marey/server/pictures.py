"""Pictures for the pages, as JPEG."""

import numpy as np

from marey.errors import InputError

DEFAULT_QUALITY = 92


def encode_jpeg(image: np.ndarray, *, quality: int = DEFAULT_QUALITY, width: int | None = None) -> bytes:
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
    if quality >= 90:
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    is_written, data = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), settings)
    if not is_written:
        raise InputError(f"a picture of shape {image.shape} cannot be written as JPEG")
    return data.tobytes()


def cut_box(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the part (x, y, width, height) of an image; what lies outside is black.

    Parameters
    ----------
    image
        Shape (H, W, 3).
    box
        May reach beyond the image.
    """
    x, y, width, height = box
    out = np.zeros((height, width, image.shape[2]), image.dtype)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, image.shape[1]), min(y + height, image.shape[0])
    if right > left and bottom > top:
        out[top - y : bottom - y, left - x : right - x] = image[top:bottom, left:right]
    return out
