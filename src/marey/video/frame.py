"""From a decoded frame to pixels: one conversion whose result does not depend on what part is asked for."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from marey.video.source import Box

# Planar YUV of eight bits: (columns, rows) of luma per chroma sample.
_SUBSAMPLING = {
    "yuv420p": (2, 2),
    "yuvj420p": (2, 2),
    "yuv422p": (2, 1),
    "yuvj422p": (2, 1),
    "yuv444p": (1, 1),
    "yuvj444p": (1, 1),
}
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_BT709 = 1  # AVCOL_SPC_BT709
_WEIGHTS = {True: (0.2126, 0.0722), False: (0.299, 0.114)}


@dataclass(frozen=True)
class DecodedFrame:
    """A decoded frame of a video; pixels are made when they are asked for.

    Parameters
    ----------
    native
        The frame as PyAV gives it.
    quarter_turns
        How often it has to be turned by 90° counter-clockwise to stand upright.
    """

    native: Any
    quarter_turns: int = 0

    def rgb(self, crop: Box | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the frame, or a box of it, as uint8 RGB, shape (H, W, 3).

        Parameters
        ----------
        crop
            (x0, y0, width, height); what lies outside the frame is black.
        size
            (width, height) to resize to: by area where it shrinks, linearly where it grows.
        """
        return _resized(self._converted(crop, _to_rgb, channels=3), size)

    def grey(self, crop: Box | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the frame, or a box of it, as uint8 grey, shape (H, W); arguments as for :meth:`rgb`."""
        return _resized(self._converted(crop, _to_grey, channels=1), size)

    def _converted(self, crop: Box | None, convert: Any, *, channels: int) -> np.ndarray:
        width, height = self.native.width, self.native.height
        if self.quarter_turns:  # rare: convert all of it and turn that
            upright = np.ascontiguousarray(
                np.rot90(convert(self.native, (0, 0, width, height)), self.quarter_turns)
            )
            return upright if crop is None else _padded(upright, crop, (0, 0), channels, upright.shape[1::-1])
        if crop is None:
            return convert(self.native, (0, 0, width, height))
        x0, y0, w, h = crop
        left, top = min(max(x0, 0), width), min(max(y0, 0), height)
        right, bottom = min(max(x0 + w, left), width), min(max(y0 + h, top), height)
        if right == left or bottom == top:
            return np.zeros((h, w, 3) if channels == 3 else (h, w), dtype=np.uint8)
        inside = convert(self.native, (left, top, right - left, bottom - top))
        if (right - left, bottom - top) == (w, h):
            return inside
        return _padded(inside, crop, (left, top), channels, (width, height))


def _padded(
    inside: np.ndarray, crop: Box, corner: tuple[int, int], channels: int, frame_size: tuple[int, int]
) -> np.ndarray:
    """Place pixels whose top-left one is `corner` of the frame into the box, black elsewhere."""
    x0, y0, w, h = crop
    out = np.zeros((h, w, 3) if channels == 3 else (h, w), dtype=np.uint8)
    left, top = max(x0, corner[0], 0), max(y0, corner[1], 0)
    right = min(x0 + w, corner[0] + inside.shape[1], frame_size[0])
    bottom = min(y0 + h, corner[1] + inside.shape[0], frame_size[1])
    if right > left and bottom > top:
        out[top - y0 : bottom - y0, left - x0 : right - x0] = inside[
            top - corner[1] : bottom - corner[1], left - corner[0] : right - corner[0]
        ]
    return out


def _resized(image: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    import cv2

    if size is None or image.shape[1::-1] == tuple(size):
        return image
    shrinks = size[0] < image.shape[1] or size[1] < image.shape[0]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _to_rgb(frame: Any, box: Box) -> np.ndarray:
    import cv2

    name = frame.format.name
    if name not in _SUBSAMPLING:
        if name == "gray":
            return cv2.cvtColor(_plane(frame, 0, box), cv2.COLOR_GRAY2RGB)
        return _cut(frame.to_ndarray(format="rgb24", threads=1), box)
    planes = [_plane(frame, 0, box), *(_chroma(frame, i, box, _SUBSAMPLING[name]) for i in (1, 2))]
    matrix = _rgb_matrix(_is_full_range(frame), frame.colorspace == _BT709)
    return cv2.transform(cv2.merge(planes), matrix)


def _to_grey(frame: Any, box: Box) -> np.ndarray:
    import cv2

    name = frame.format.name
    if name not in _SUBSAMPLING and name != "gray":
        return _cut(frame.to_ndarray(format="gray", threads=1), box)
    luma = _plane(frame, 0, box)
    return luma.copy() if name == "gray" or _is_full_range(frame) else cv2.LUT(luma, _full_range_table())


def _cut(image: np.ndarray, box: Box) -> np.ndarray:
    x0, y0, width, height = box
    return image[y0 : y0 + height, x0 : x0 + width]


def _plane(frame: Any, index: int, box: Box) -> np.ndarray:
    """Return a box of one plane of eight bits, without copying."""
    plane = frame.planes[index]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return _cut(rows[: plane.height, : plane.width], box)


def _chroma(frame: Any, index: int, box: Box, subsampling: tuple[int, int]) -> np.ndarray:
    """Return the chroma of a box at the resolution of luma; every luma pixel takes its own sample."""
    columns, rows = subsampling
    if subsampling == (1, 1):
        return _plane(frame, index, box)
    x0, y0, width, height = box
    left, top = x0 // columns, y0 // rows
    right, bottom = -(-(x0 + width) // columns), -(-(y0 + height) // rows)
    samples = _plane(frame, index, (left, top, right - left, bottom - top))
    for axis, times in ((0, rows), (1, columns)):
        samples = samples if times == 1 else np.repeat(samples, times, axis=axis)
    dx, dy = x0 - left * columns, y0 - top * rows
    return np.ascontiguousarray(samples[dy : dy + height, dx : dx + width])


def _is_full_range(frame: Any) -> bool:
    return frame.format.name.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE


@cache
def _rgb_matrix(is_full_range: bool, is_bt709: bool) -> np.ndarray:
    """Return the matrix (3, 4) from (Y, U, V, 1) to RGB (ITU-R BT.601 and BT.709)."""
    red, blue = _WEIGHTS[is_bt709]
    green = 1 - red - blue
    from_differences = np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green],
            [1, 2 * (1 - blue), 0],
        ]
    )
    luma, chroma = (1.0, 1.0) if is_full_range else (255 / 219, 255 / 224)
    matrix = from_differences * [luma, chroma, chroma]
    offset = -matrix @ [0 if is_full_range else 16, 128, 128]
    return np.column_stack([matrix, offset]).astype(np.float32)


@cache
def _full_range_table() -> np.ndarray:
    return np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
