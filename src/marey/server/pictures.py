"""Parts of pictures for the pages."""

import numpy as np


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
