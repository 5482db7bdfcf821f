"""Textures from filtered noise: fur, floor and sensor."""

import cv2
import numpy as np


def smooth_noise(shape: tuple[int, int], sigma: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return Gaussian noise with mean 0 and deviation 1, smoothed.

    Parameters
    ----------
    shape
        Rows and columns.
    sigma
        Smoothing in pixels along x and y.
    rng
        The source of chance.

    Returns
    -------
    np.ndarray
        float32 of that shape.
    """
    # Very smooth noise is made small and enlarged, because a filter's cost grows with its width.
    shrink = max(1, int(min(sigma) / 3))
    small = tuple(max(4, -(-n // shrink)) for n in shape)
    noise = rng.standard_normal(small).astype(np.float32)
    smooth = cv2.GaussianBlur(
        noise, (0, 0), sigmaX=sigma[0] / shrink, sigmaY=sigma[1] / shrink, borderType=cv2.BORDER_REFLECT
    )
    if shrink > 1:
        smooth = cv2.resize(smooth, shape[::-1], interpolation=cv2.INTER_CUBIC)
    smooth = smooth - smooth.mean()
    return smooth / max(float(smooth.std()), 1e-6)


def fur(length: int, breadth: int, hair_px: float, rng: np.random.Generator) -> np.ndarray:
    """Return a fur texture: rows across the body, columns along it, float32, mean 0 and deviation about 1.

    Parameters
    ----------
    length, breadth
        Columns and rows.
    hair_px
        Thickness of a tuft in texture pixels.
    rng
        The source of chance.
    """
    shape = (breadth, length)
    tufts = smooth_noise(shape, (2.8 * hair_px, 0.8 * hair_px), rng)
    fine = smooth_noise(shape, (1.3 * hair_px, 0.5 * hair_px), rng)
    clouds = smooth_noise(shape, (6 * hair_px, 5 * hair_px), rng)
    return (0.55 * tufts + 0.5 * fine + 0.55 * clouds).astype(np.float32)
