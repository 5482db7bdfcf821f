"""What the network is shown of a frame, and the way back.

This is the only place where crop and scale are applied and undone. A view maps frame pixels to network
pixels, ``u + ½ = scale · (x − x0 + ½)``, so that pixel centres are integers on both sides.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

MULTIPLE = 32
# Small animals are shown enlarged: that shows no more of them, but the cells of heatmaps are finer then.
MAX_ENLARGEMENT = 1.25


@dataclass(frozen=True)
class View:
    """An axis-aligned box of a frame, shown at some scale.

    Parameters
    ----------
    corner
        (x0, y0) of the box's top-left pixel in the frame; may lie outside it.
    scale
        Network pixels per frame pixel.
    size
        (width, height) of the network's input in pixels.
    """

    corner: tuple[int, int]
    scale: float
    size: tuple[int, int]

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Map (x, y) in network pixels, shape (..., 2), to frame pixels."""
        return (points + 0.5) / self._scales - 0.5 + np.asarray(self.corner, dtype=np.float64)

    def to_view(self, points: np.ndarray) -> np.ndarray:
        """Map (x, y) in frame pixels, shape (..., 2), to network pixels."""
        return (points - np.asarray(self.corner, dtype=np.float64) + 0.5) * self._scales - 0.5

    @property
    def _scales(self) -> np.ndarray:
        # A box of whole pixels: along each side the scale differs from the wanted one by up to half of one.
        return np.array(self.size) / self.box[2:]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, width, height) of the box in frame pixels."""
        return (*self.corner, round(self.size[0] / self.scale), round(self.size[1] / self.scale))

    def cut(self, image: np.ndarray) -> np.ndarray:
        """Show the view of an image, uint8 (H, W, 3); what lies outside the frame is black."""
        x0, y0, width, height = self.box
        patch = cut_box(image, (x0, y0, width, height))
        return resize(patch, self.size)


def cut_box(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Cut (x0, y0, width, height) out of an image; what lies outside is black."""
    x0, y0, width, height = box
    rows, columns = image.shape[:2]
    left, top = max(x0, 0), max(y0, 0)
    right, bottom = min(x0 + width, columns), min(y0 + height, rows)
    if (left, top, right, bottom) == (x0, y0, x0 + width, y0 + height):
        return image[top:bottom, left:right]
    patch = np.zeros((height, width, *image.shape[2:]), dtype=image.dtype)
    if right > left and bottom > top:
        patch[top - y0 : bottom - y0, left - x0 : right - x0] = image[top:bottom, left:right]
    return patch


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image to (width, height): by area when it shrinks, linearly when it grows."""
    import cv2

    if image.shape[1::-1] == tuple(size):
        return image
    shrinks = size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


@dataclass(frozen=True)
class ViewPlan:
    """Which views of a frame a run's network is shown.

    Parameters
    ----------
    kind
        ``"whole"``: one view of the whole frame. ``"crop"``: a coarse view of the whole frame finds
        the animal, a crop around it measures it.
    frame_size
        (width, height) of the frames that the plan was made for.
    scale, size
        Scale and input size of the measuring view.
    locate_scale, locate_size
        Scale and input size of the coarse view; equal to the measuring view's where `kind` is "whole".
    reason
        Why, in words for the user.
    part_size
        Input size of the parts of whole frames that are shown in training, at the same scale; None: whole
        frames, or crops.
    """

    kind: Literal["whole", "crop"]
    frame_size: tuple[int, int]
    scale: float
    size: tuple[int, int]
    locate_scale: float
    locate_size: tuple[int, int]
    reason: str = ""
    part_size: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ViewPlan":
        """Build a plan from what :meth:`to_dict` gave."""
        names = ("frame_size", "size", "locate_size", "part_size")
        return cls(**{**data, **{name: tuple(data[name]) for name in names if data.get(name)}})

    def locate_view(self, frame_size: tuple[int, int]) -> View:
        """Return the view of a whole frame of any size, scaled to fit the coarse input."""
        return fit_view(frame_size, self.locate_size, self.locate_scale)

    def part_view(self, frame_size: tuple[int, int]) -> View:
        """Return what training shows of a frame: a crop, or a part of a whole frame; wherever it lies."""
        if self.part_size is None:
            return self.crop_view((0, 0))
        return replace(self.locate_view(frame_size), size=self.part_size)

    def crop_view(self, center: Sequence[float] | np.ndarray) -> View:
        """Return the measuring view centred on (x, y) in frame pixels, to the nearest pixel."""
        width, height = (side / self.scale for side in self.size)
        corner = (round(float(center[0]) - (width - 1) / 2), round(float(center[1]) - (height - 1) / 2))
        return View(corner, self.scale, self.size)


def fit_view(frame_size: tuple[int, int], size: tuple[int, int], scale: float) -> View:
    """Return the view of a whole frame at `scale`, or smaller where the frame would not fit into `size`."""
    fitting = min(scale, size[0] / frame_size[0], size[1] / frame_size[1])
    return View((0, 0), fitting, size)


def plan_views(
    boxes: np.ndarray, frame_size: tuple[int, int], *, max_side: int = 256, whole_side: int = 256
) -> ViewPlan:
    """Choose the views from the labels: how large the animal is, and how large the frame.

    Parameters
    ----------
    boxes
        (x_min, y_min, x_max, y_max) of the labelled animals in frame pixels, shape (n, 4); NaN is skipped.
    frame_size
        (width, height) of the frames.
    max_side
        Longest side that the measuring view may have; a larger animal is scaled down.
    whole_side
        Longest side of a whole frame that is measured at once.
    """
    boxes = boxes[~np.isnan(boxes).any(axis=1)]
    extent = (
        float(np.quantile(np.ptp(boxes.reshape(-1, 2, 2), axis=1).max(axis=1), 0.95)) if len(boxes) else 0
    )
    longest = max(frame_size)
    wanted = 1.5 * extent + 16
    if not len(boxes) or wanted > 0.7 * longest or longest <= whole_side:
        return _whole_plan(frame_size, extent, whole_side)
    scale = min(1.0, max_side / wanted)
    side = int(np.clip(round_up(wanted * scale), 128, max_side))
    locate_side = int(np.clip(round_up(longest * 28 / max(extent, 1.0)), 128, whole_side))
    locate_scale = min(1.0, locate_side / longest)
    locate_size = _round_size(frame_size, locate_scale)
    reason = (
        f"{_measures(extent, frame_size)}: it is found in the whole frame at "
        f"{locate_size[0]}×{locate_size[1]}, and measured in a crop of {side}×{side} {describe_scale(scale)}"
    )
    return ViewPlan("crop", frame_size, scale, (side, side), locate_scale, locate_size, reason)


def plan_views_of_several(
    radii: np.ndarray, frame_size: tuple[int, int], *, max_side: int = 256, whole_side: int = 256
) -> ViewPlan:
    """Choose the views for animals that are found from afar and then measured one by one.

    Sides are multiples of :data:`MULTIPLE`, so that there is often more room than a crop needs; it is used to
    show the animal larger.

    Parameters
    ----------
    radii
        The distance of each labelled animal's farthest point from its anchor, in frame pixels.
    frame_size, max_side, whole_side
        As for :func:`plan_views`.
    """
    radius = float(np.quantile(radii, 0.95)) if len(radii) else 0.0
    wanted = 2.15 * radius + 16
    side = int(np.clip(round_up(wanted), 96, max_side))
    scale = min(MAX_ENLARGEMENT, side / wanted)
    longest = max(frame_size)
    # Two animals that touch are half a length apart: from afar that must still be several cells.
    locate_side = int(np.clip(round_up(longest * 24 / max(radius, 1.0)), 128, max(128, whole_side)))
    locate_scale = min(1.0, locate_side / longest)
    locate_size = _round_size(frame_size, locate_scale)
    reason = (
        f"animals are found in the whole frame at {locate_size[0]}×{locate_size[1]}, and each is measured in "
        f"a crop of {side}×{side} {describe_scale(scale)}"
    )
    return ViewPlan("crop", frame_size, scale, (side, side), locate_scale, locate_size, reason)


def _whole_plan(frame_size: tuple[int, int], extent: float, whole_side: int) -> ViewPlan:
    scale = min(1.0, whole_side / max(frame_size))
    size = _round_size(frame_size, scale)
    reason = (
        f"{_measures(extent, frame_size)}: the whole frame is measured at once, at {size[0]}×{size[1]} "
        f"(scale {scale:.2f})"
    )
    return ViewPlan("whole", frame_size, scale, size, scale, size, reason)


def _measures(extent: float, frame_size: tuple[int, int]) -> str:
    return f"the animal measures up to {extent:.0f} px in frames of {frame_size[0]}×{frame_size[1]}"


def describe_scale(scale: float) -> str:
    """Say in words how large a crop shows an animal."""
    if round(scale, 2) == 1:
        return "at full resolution"
    return f"enlarged {scale:.2f} times" if scale > 1 else f"at scale {scale:.2f}"


def _round_size(frame_size: tuple[int, int], scale: float) -> tuple[int, int]:
    return round_up(frame_size[0] * scale), round_up(frame_size[1] * scale)


def round_up(length: float) -> int:
    """Return the least side of an input that is no shorter than `length`."""
    return int(np.ceil(length / MULTIPLE - 1e-9)) * MULTIPLE
