"""Frames as the predictor sees them: something that can be shown through a view."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import numpy as np

from marey.networks.views import View

if TYPE_CHECKING:
    from marey.video.source import Frame as SourceFrame

T = TypeVar("T")
Box = tuple[int, int, int, int]


class Frame(Protocol):
    """A frame of some size, parts of which can be had as pixels."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def show(self, view: View) -> np.ndarray:
        """Return what a view shows of the frame: uint8 RGB, shape (height, width, 3) of the view's size."""


class ImageFrame:
    """A frame that is in memory as an image.

    Parameters
    ----------
    image
        uint8 RGB, shape (H, W, 3).
    """

    def __init__(self, image: np.ndarray) -> None:
        self.image = image
        self.size = (image.shape[1], image.shape[0])

    def show(self, view: View) -> np.ndarray:
        """Cut and scale the image."""
        return view.cut(self.image)


class VideoFrame:
    """A decoded frame of which only what a view shows is converted to RGB.

    Parameters
    ----------
    index
        The frame's rank in the video.
    decoded
        What the video gave.
    frame_size
        (width, height) of the video.
    region
        (x, y, width, height) of the part that is predicted; by default the whole frame. Views are relative
        to it, and what lies outside is not seen.
    """

    def __init__(
        self, index: int, decoded: "SourceFrame", frame_size: tuple[int, int], region: Box | None = None
    ) -> None:
        self.index = index
        self._decoded = decoded
        self._region = region
        self.size = frame_size if region is None else region[2:]

    def show(self, view: View) -> np.ndarray:
        """Convert and scale what the view shows."""
        if self._region is None:
            return self._decoded.rgb(crop=view.box, size=view.size)
        return view.cut(self._decoded.rgb(crop=self._region))


def ahead(items: Iterable[T], n_ahead: int) -> Generator[T, None, None]:
    """Iterate over `items` in a thread that runs up to `n_ahead` of them ahead.

    Errors of `items` are raised here, after everything that came before them.
    """
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="marey-decoding") as pool:
        waiting = deque(pool.submit(next, iterator, end) for _ in range(n_ahead))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, iterator, end))
                yield cast("T", item)
        finally:
            for future in waiting:
                future.cancel()
