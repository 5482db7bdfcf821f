"""The extracted frames on disk: one folder of images per video."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from marey.errors import AlreadyExistsError, FormatError, InputError, NotFoundError
from marey.files import write_bytes

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
MIN_DIGITS = 5
PNG_COMPRESSION = 3


class FrameStore:
    """The folder ``frames`` of a project.

    Parameters
    ----------
    folder
        Holds one folder per video.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def image_names(self, video: str) -> list[str]:
        """Return the names of the images of `video`, sorted; nothing that is half-written is among them."""
        folder = self.folder / video
        if not folder.is_dir():
            return []
        return sorted(
            path.name
            for path in folder.iterdir()
            if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        )

    def path(self, video: str, name: str) -> Path:
        """Return where the image `name` lies.

        Raises
        ------
        InputError
            `name` is not a plain file name.
        """
        if not name or name in (".", "..") or re.search(r"[/\\\x00]", name):
            raise InputError(f"expected the file name of an image of {video}, got {name!r}")
        return self.folder / video / name

    def add(self, video: str, name: str, data: bytes) -> Path:
        """Write an image; one with the same content is left alone.

        Raises
        ------
        AlreadyExistsError
            Another image has this name.
        """
        path = self.path(video, name)
        if path.exists():
            if path.read_bytes() != data:
                raise AlreadyExistsError(
                    f"{path} is already another image", hint="give the image that you add a name of its own"
                )
            return path
        write_bytes(path, data)
        return path


def name_frame(frame: int, n_frames: int | None) -> str:
    """Return the name of an extracted frame, padded so that names sort like numbers.

    Examples
    --------
    >>> name_frame(42, 2330)
    'img00042.png'
    """
    digits = max(MIN_DIGITS, len(str((n_frames or 1) - 1)))
    return f"img{frame:0{digits}d}.png"


def read_frame_number(name: str) -> int | None:
    """Return the last number in the name of an image, or None.

    Examples
    --------
    >>> read_frame_number("cam1_img042.png")
    42
    """
    numbers = re.findall(r"\d{1,15}", Path(name).stem)
    return int(numbers[-1]) if numbers else None


def number_images(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield (name, frame number) of images whose names end in a number."""
    for name in names:
        number = read_frame_number(name)
        if number is not None:
            yield name, number


def encode_png(image: np.ndarray) -> bytes:
    """Return `image`, uint8 RGB of shape (H, W, 3) or grey of shape (H, W), as PNG.

    Raises
    ------
    InputError
        It has another type or shape.
    """
    import cv2

    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise InputError(f"expected a uint8 image of shape (H, W, 3), got {image.dtype} {image.shape}")
    bgr = image[..., ::-1] if image.ndim == 3 else image
    settings = [cv2.IMWRITE_PNG_COMPRESSION, PNG_COMPRESSION]
    _, data = cv2.imencode(".png", np.ascontiguousarray(bgr), settings)
    return data.tobytes()


def read_image(path: Path) -> np.ndarray:
    """Return the image at `path` as uint8 RGB, shape (H, W, 3); grey and 16-bit images are converted.

    Raises
    ------
    NotFoundError
        There is no such file.
    FormatError
        It is not an image that can be decoded.
    """
    import cv2

    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except FileNotFoundError as error:
        raise NotFoundError(f"expected an image at {path}, but there is none") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise FormatError(
            f"{path} is not an image that can be read ({data.size} bytes)",
            hint="delete it and extract the frame again",
        )
    return np.ascontiguousarray(image[..., ::-1])
