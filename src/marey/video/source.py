"""What everything that gives frames has in common, whether it is a video or a folder of images."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from marey.errors import InputError

Box = tuple[int, int, int, int]
"""(x0, y0, width, height) in frame pixels."""


class Frame(Protocol):
    """One frame, converted to pixels when they are asked for."""

    def rgb(self, crop: Box | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return uint8 RGB, shape (H, W, 3)."""
        ...

    def grey(self, crop: Box | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return uint8 grey, shape (H, W)."""
        ...


class FrameSource(Protocol):
    """A numbered sequence of frames of one size."""

    path: Path
    width: int
    height: int

    @property
    def fps(self) -> float | None:
        """The mean frames per second, or None where it is unknown."""
        ...

    @property
    def is_variable_rate(self) -> bool:
        """Whether the time between frames varies by more than rounding."""
        ...

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        ...

    @property
    def timestamps_s(self) -> np.ndarray:
        """When each frame is shown, seconds, shape (n_frames,)."""
        ...

    @property
    def keyframes(self) -> np.ndarray:
        """The numbers of the frames that are quickest to jump to, ascending."""
        ...

    @property
    def n_unreadable(self) -> int:
        """How many frames could not be decoded, of those that were asked for up to now."""
        ...

    @property
    def problems(self) -> tuple[str, ...]:
        """What is unusual or wrong, in words for the user."""
        ...

    def read(self, index: int) -> np.ndarray:
        """Return frame `index`, uint8 RGB, shape (H, W, 3)."""
        ...

    def read_many(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Give several frames in the order asked for."""
        ...

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[tuple[int, Frame]]:
        """Give (number, frame) from `start` up to but without `stop`."""
        ...

    def glimpses(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, Frame]]:
        """Give (number, frame) of some frames, quickly, to see what there is; nearly the same pixels."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def check_index(index: int, n_frames: int, path: Path) -> int:
    """Return `index` if the video has such a frame."""
    if not 0 <= index < n_frames:
        raise InputError(f"{path.name} has the frames 0 to {n_frames - 1}, but frame {index} was asked for")
    return int(index)


def check_range(start: int, stop: int | None, step: int, n_frames: int, path: Path) -> range:
    """Return the frames of a half-open range, cut at the end of the video."""
    if start < 0 or step < 1 or (stop is not None and stop < start):
        raise InputError(
            f"a range of frames of {path.name} goes from 0 on, upwards; got {start} to {stop} by {step}"
        )
    return range(start, n_frames if stop is None else min(stop, n_frames), step)
