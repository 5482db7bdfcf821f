"""Text and legends on pictures: any alphabet, drawn once and blended in where needed."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from marey.visualisation.fonts import fonts_of_machine, split_by_font, tell_missing

PANEL_OPACITY = 0.55
PANEL_RGB = (18, 18, 18)
TEXT_RGB = (245, 245, 245)
SMALLEST_LETTERS_PX = 9
LARGEST_LEGEND = 1 / 6
"""What a legend may cover of the picture."""


def draw_text(text: str, size_px: int) -> np.ndarray:
    """Return how much ink each pixel of a line of text has, float32 in [0, 1], shape (height, width)."""
    from PIL import Image, ImageDraw

    tell_missing([text])
    files = list(fonts_of_machine().values())
    runs = [(_font(file, size_px), run) for file, run in split_by_font(text or " ", files)]
    ascent = max(font.getmetrics()[0] for font, _ in runs)
    descent = max(font.getmetrics()[1] for font, _ in runs)
    starts = np.cumsum([1.0] + [font.getlength(run) for font, run in runs])
    image = Image.new("L", (int(np.ceil(starts[-1])) + 1, ascent + descent))
    canvas = ImageDraw.Draw(image)
    for x, (font, run) in zip(starts, runs, strict=False):
        canvas.text((x, ascent), run, font=font, fill=255, anchor="ls")
    return np.asarray(image, dtype=np.float32) / 255


@functools.cache
def _font(file: Path, size_px: int):  # noqa: ANN202 - Pillow is imported only when text is drawn
    from PIL import ImageFont

    return ImageFont.truetype(str(file), size_px)


class Stamp:
    """A small picture with its own opacity that is blended into large ones.

    Parameters
    ----------
    rgb
        Shape (height, width, 3).
    opacity
        In [0, 1], shape (height, width).
    """

    def __init__(self, rgb: np.ndarray, opacity: np.ndarray) -> None:
        self._ink = (np.asarray(rgb, np.float32) * opacity[..., None]).astype(np.float32)
        self._clear = (1 - opacity[..., None]).astype(np.float32)
        self.size = opacity.shape[1], opacity.shape[0]

    @classmethod
    def of_text(cls, text: str, size_px: int, rgb: Sequence[int] = TEXT_RGB) -> "Stamp":
        """Return a line of text with a soft dark rim, readable on any ground."""
        import cv2

        ink = np.pad(draw_text(text, size_px), 3)
        rim = np.clip(cv2.GaussianBlur(ink, (0, 0), 1.2) * 2.5, 0, 0.8)
        opacity = ink + (1 - ink) * rim
        colour = np.where(opacity > 0, ink / np.maximum(opacity, 1e-6), 0)[..., None] * np.array(rgb)
        return cls(colour, opacity)

    def put(self, image: np.ndarray, x: int, y: int) -> None:
        """Blend it into `image`, uint8 (H, W, 3), with its corner at (x, y); what is outside is cut off."""
        height, width = image.shape[:2]
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + self.size[0], width), min(y + self.size[1], height)
        if x1 <= x0 or y1 <= y0:
            return
        part = np.s_[y0 - y : y1 - y, x0 - x : x1 - x]
        target = image[y0:y1, x0:x1]
        target[...] = np.rint(self._ink[part] + self._clear[part] * target)


def letter_size(picture_size: tuple[int, int]) -> int:
    """Return the usual size of letters in a picture of (width, height), in pixels."""
    return int(np.clip(picture_size[1] / 34, 11, 40))


def is_small(size: tuple[int, int], picture_size: tuple[int, int]) -> bool:
    """Whether a legend of (width, height) leaves enough of the picture to see."""
    width, height = picture_size
    return size[0] <= width and size[0] * size[1] <= LARGEST_LEGEND * width * height


def draw_legend(names: Sequence[str], colours: np.ndarray, picture_size: tuple[int, int]) -> Stamp:
    """Return a panel with a dot and a name for each colour, in as many columns as it needs.

    The letters are the smaller, the more names there are, so that the panel covers no more than
    :data:`LARGEST_LEGEND` of the picture; where even the smallest are too large for that, it covers more.

    Parameters
    ----------
    names, colours
        One for each entry; RGB, shape (n, 3).
    picture_size
        (width, height) of the picture that it goes into.
    """
    import cv2

    for size_px in range(letter_size(picture_size), SMALLEST_LETTERS_PX - 1, -1):
        texts = [draw_text(name, size_px) for name in names]
        row, gap = round(size_px * 1.45), round(size_px * 0.6)
        n_rows = int(np.clip((picture_size[1] * 0.9 - 2 * gap) // row, 1, len(texts)))
        column = max(text.shape[1] for text in texts) + row + gap
        n_columns = -(-len(texts) // n_rows)
        height, width = n_rows * row + gap, n_columns * column + gap
        if is_small((width, height), picture_size):
            break
    rgb = np.full((height, width, 3), PANEL_RGB, np.uint8)
    for i, text in enumerate(texts):
        x, y = gap + (i // n_rows) * column, gap // 2 + (i % n_rows) * row
        centre = (int((x + size_px / 2) * 16), int((y + row / 2 - 0.5) * 16))
        cv2.circle(rgb, centre, int(size_px * 0.36 * 16), colours[i].tolist(), -1, cv2.LINE_AA, 4)
        top, left = y + (row - text.shape[0]) // 2, x + row
        place = rgb[top : top + text.shape[0], left : left + text.shape[1]]
        ink = text[: place.shape[0], : place.shape[1], None]
        place[...] = np.rint(place * (1 - ink) + ink * np.array(TEXT_RGB))
    # Letters and dots are opaque, the ground between them is not.
    is_ground = (np.abs(rgb.astype(int) - np.array(PANEL_RGB)).max(axis=-1) < 8).astype(np.float32)
    return Stamp(rgb, 1 - is_ground * (1 - PANEL_OPACITY))
