"""A folder of images that is read like a video."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from marey.errors import VideoError
from marey.video.source import Box, check_index, check_range

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})


class ImageFolder:
    """The images of a folder in the natural order of their names: ``img2.png`` comes before ``img10.png``.

    All images must have the size of the first. There is no rate; times are frame numbers.

    Raises
    ------
    VideoError
        The folder holds no images.
    """

    fps: float | None = None
    is_variable_rate = False

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.files = sorted(
            (p for p in self.path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.name[0] != "."),
            key=lambda p: natural_key(p.name),
        )
        if not self.files:
            raise VideoError(
                f"there are no images in {self.path}",
                hint=f"images end in {', '.join(sorted(IMAGE_SUFFIXES))}",
            )
        self.height, self.width = read_image_file(self.files[0]).shape[:2]

    def __repr__(self) -> str:
        return f"ImageFolder({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    @property
    def n_frames(self) -> int:
        """How many images there are."""
        return len(self.files)

    @property
    def keyframes(self) -> np.ndarray:
        """The numbers of the frames that are quick to jump to: all."""
        return np.arange(self.n_frames)

    @property
    def n_unreadable(self) -> int:
        """None are left out: an image that cannot be read is an error."""
        return 0

    @property
    def timestamps_s(self) -> np.ndarray:
        """Frame numbers, for want of times, float64, shape (n_frames,)."""
        return np.arange(self.n_frames, dtype=np.float64)

    @property
    def problems(self) -> tuple[str, ...]:
        """Nothing is looked for in advance."""
        return ()

    def read(self, index: int) -> np.ndarray:
        """Return image `index` as uint8 RGB, shape (H, W, 3)."""
        return self._at(check_index(index, self.n_frames, self.path)).rgb()

    def read_many(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Give several images in the order asked for."""
        for index in indices:
            yield self.read(index)

    def frames(
        self, start: int = 0, stop: int | None = None, step: int = 1
    ) -> Iterator[tuple[int, "LoadedImage"]]:
        """Give (number, image) from `start` up to but without `stop`."""
        for index in check_range(start, stop, step, self.n_frames, self.path):
            yield index, self._at(index)

    def glimpses(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, "LoadedImage"]]:
        """Give (number, image) of all images: none can be had for less."""
        return self.frames(start, stop)

    def _at(self, index: int) -> "LoadedImage":
        image = read_image_file(self.files[index])
        if image.shape[:2] != (self.height, self.width):
            raise VideoError(
                f"{self.files[index].name} is {image.shape[1]}×{image.shape[0]}, but the first image of "
                f"{self.path} is {self.width}×{self.height}",
                hint="put images of different sizes into folders of their own",
            )
        return LoadedImage(image)


class LoadedImage:
    """An image that has been read, with the interface of a decoded frame."""

    def __init__(self, image: np.ndarray) -> None:
        self._image = image

    def rgb(self, crop: Box | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the image, or a box of it, as uint8 RGB, shape (H, W, 3); outside it is black."""
        from marey.video.frame import _padded, _resized

        image = self._image
        if crop is not None:
            image = _padded(image, crop, (0, 0), 3, image.shape[1::-1])
        return _resized(image, size)

    def grey(self, crop: Box | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the image, or a box of it, as uint8 grey, shape (H, W)."""
        import cv2

        return cv2.cvtColor(self.rgb(crop, size), cv2.COLOR_RGB2GRAY)


def read_image_file(path: Path) -> np.ndarray:
    """Read an image of any usual kind as uint8 RGB, shape (H, W, 3); deeper pixels are scaled to 8 bits.

    Raises
    ------
    VideoError
        It is damaged, or no image.
    """
    import cv2

    # Through memory, because OpenCV cannot open non-ASCII paths on Windows.
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    if image is None:
        raise VideoError(f"{path} cannot be read as an image", hint="it is damaged, or not an image")
    if image.dtype != np.uint8:
        top = float(np.iinfo(image.dtype.str).max) if image.dtype.kind in "iu" else 1.0
        image = np.clip(image / top * 255 + 0.5, 0, 255).astype(np.uint8)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Return a sort key that orders numbers inside names by their value."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts if part]
