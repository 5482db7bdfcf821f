"""Varying a training image: one warp, one look-up table, then blur, noise and occluders."""

import math
from dataclasses import dataclass

import numpy as np

from marey.runs import AugmentationConfig

# The mean direction of an animal that is held in place has a length near 1; one short recording of a free
# animal may reach 0.75.
CONCENTRATED = 0.95
LEAST_ROTATION = 25.0
# A direction is shown well enough when this share of the labels take it. Where that needs more than a quarter
# turn, the labels do not know all directions, and images are turned all around.
ENOUGH_LABELS = 0.05
MOST_ROTATION = 90.0
# Animals of one scene in which nothing moves, or a handful of labels, say nothing about directions.
FEWEST_POSTURES, MOST_POSTURES = 5, 500
SAME_POSTURE = 0.05


@dataclass(frozen=True)
class Warp:
    """A similarity from frame pixels to network pixels.

    Parameters
    ----------
    matrix
        float64, shape (2, 3).
    size
        (width, height) of the network's input.
    is_mirrored
        Whether left and right have been swapped.
    """

    matrix: np.ndarray
    size: tuple[int, int]
    is_mirrored: bool = False

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Map (x, y) in frame pixels, shape (..., 2), to network pixels."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def warp(self, image: np.ndarray) -> np.ndarray:
        """Warp an image, uint8 (H, W, 3), black outside; shrinking is filtered, not sampled."""
        import cv2

        matrix, scale = self.matrix, math.sqrt(abs(np.linalg.det(self.matrix[:, :2])))
        if scale < 0.6:  # linear sampling would skip pixels: shrink by area first
            factor = int(1 / scale)
            height, width = (max(1, side // factor) for side in image.shape[:2])
            shrink = (width / image.shape[1], height / image.shape[0])
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            back = np.array([1 / shrink[0], 1 / shrink[1]])
            offset = (back - 1) / 2
            matrix = np.column_stack([matrix[:, :2] * back, matrix[:, 2] + matrix[:, :2] @ offset])
        return cv2.warpAffine(image, matrix, self.size, flags=cv2.INTER_LINEAR)


def random_warp(
    center: np.ndarray,
    scale: float,
    size: tuple[int, int],
    settings: AugmentationConfig,
    *,
    rotation_degrees: float,
    shift: float,
    flip: bool,
    rng: np.random.Generator,
) -> Warp:
    """Draw a similarity that shows `center` near the middle of the view at about `scale`."""
    angle = math.radians(rng.uniform(-rotation_degrees, rotation_degrees))
    zoom = scale * math.exp(rng.uniform(-1, 1) * math.log(settings.scale))
    is_mirrored = flip and bool(rng.random() < 0.5)
    linear = zoom * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    if is_mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    moved = rng.uniform(-shift, shift, 2) * size
    middle = (np.array(size, dtype=np.float64) - 1) / 2 + moved
    return Warp(np.column_stack([linear, middle - linear @ center]), size, is_mirrored)


def vary_appearance(image: np.ndarray, settings: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    """Vary light, contrast, sharpness and noise, and cover parts; uint8 in, uint8 out, same shape."""
    import cv2

    gamma = math.exp(rng.uniform(-1, 1) * math.log(settings.gamma))
    contrast = math.exp(rng.uniform(-1, 1) * math.log(settings.contrast))
    brightness = rng.uniform(-1, 1) * settings.brightness
    levels = (np.arange(256) / 255.0) ** gamma * 255
    table = np.clip((levels - 128) * contrast + 128 + brightness, 0, 255).astype(np.uint8)
    image = cv2.LUT(image, table)
    if settings.blur_px and rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, max(0.31, settings.blur_px)))
    if settings.noise and rng.random() < 0.3:
        image = _add_noise(image, rng.uniform(1, max(1.01, settings.noise)), rng)
    if settings.occluders and rng.random() < 0.3:
        image = _cover(image, int(rng.integers(1, settings.occluders + 1)), rng)
    return image


def _add_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    import cv2

    noise = (rng.standard_normal(image.shape[:2], dtype=np.float32) * sigma).astype(np.int16)
    noisy = cv2.add(image, cv2.merge([noise] * image.shape[2]), dtype=cv2.CV_16S)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _cover(image: np.ndarray, n_boxes: int, rng: np.random.Generator) -> np.ndarray:
    """Put boxes of one colour over the image: up to a fifth of its side each."""
    height, width = image.shape[:2]
    for _ in range(n_boxes):
        w, h = (int(side * rng.uniform(0.04, 0.2)) for side in (width, height))
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        image[y : y + h, x : x + w] = rng.integers(0, 256, image.shape[2])
    return image


def rotation_range(points: np.ndarray) -> float:
    """Choose how far to turn images from how the labelled animals are turned.

    The direction of the longest limb (the pair of keypoints farthest apart) is concentrated where an animal
    is fixed to its apparatus: it need not be turned far. Elsewhere images are turned as far as it takes to
    show animals in all directions, and no farther: what depends on the image's own axes, such as the side
    that light comes from or how labels were placed, can then be learned. Where labels leave more than that
    out, images are turned all around. Animals that stand as one before them did count once: many labels of
    an animal that rests are one observation.

    Parameters
    ----------
    points
        (x, y), shape (n_animals, n_keypoints, 2), with NaN.

    Returns
    -------
    float
        ± degrees: :data:`LEAST_ROTATION` to :data:`MOST_ROTATION`, or 180.
    """
    vectors = points[:, :, None] - points[:, None, :]
    lengths = np.linalg.norm(vectors, axis=-1)
    seen = np.isfinite(lengths).sum(axis=0) >= max(1, len(points) // 3)
    if not (seen & ~np.eye(points.shape[1], dtype=bool)).any():
        return 180.0
    typical = np.where(seen, np.nanmedian(np.where(seen, lengths, 0), axis=0), 0)
    a, b = np.unravel_index(typical.argmax(), typical.shape)
    told = np.flatnonzero(np.isfinite(lengths[:, a, b]) & (lengths[:, a, b] > 0))
    different = told[different_postures(points[told], SAME_POSTURE * typical[a, b])]
    if len(different) < FEWEST_POSTURES:
        return 180.0
    direction = vectors[different, a, b] / lengths[different, a, b, None]
    if np.linalg.norm(direction.mean(axis=0)) > CONCENTRATED:
        return LEAST_ROTATION
    taken = np.degrees(np.arctan2(direction[:, 1], direction[:, 0]))
    away = np.abs((np.arange(360)[:, None] - taken + 180) % 360 - 180)
    enough = max(2, round(ENOUGH_LABELS * len(taken)))
    farthest = float(np.partition(away, enough - 1, axis=1)[:, enough - 1].max())
    return max(LEAST_ROTATION, farthest) if farthest <= MOST_ROTATION else 180.0


def different_postures(points: np.ndarray, distance: float) -> list[int]:
    """Return the rows of `points`, shape (n, n_keypoints, 2), that stand unlike all given before them.

    Two are alike where the keypoints that both have are less than `distance` apart in the mean. Of very many
    rows every so manieth is looked at.
    """
    kept: list[int] = []
    for row in range(0, len(points), max(1, len(points) // MOST_POSTURES)):
        apart = np.linalg.norm(points[kept] - points[row], axis=-1)
        shared = np.isfinite(apart)
        mean = np.where(shared, apart, 0).sum(axis=1) / np.maximum(1, shared.sum(axis=1))
        if not (shared.any(axis=1) & (mean < distance)).any():
            kept.append(row)
    return kept
