"""What every inference engine does: images in, heatmap logits out, several at a time."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

Pending = Callable[[], np.ndarray]


class Engine(ABC):
    """Runs one network.

    Attributes
    ----------
    name
        What it is called in commands and files, such as ``"openvino-bf16"``.
    batch_size
        How many images to give at once: 1 where more are no faster.
    n_in_flight
        How many calls of :meth:`start` may be open at once for the engine to be busy.
    """

    name: str = ""
    batch_size: int = 1
    n_in_flight: int = 1

    @abstractmethod
    def start(self, images: np.ndarray) -> Pending:
        """Begin to compute, and return a function that waits for the result.

        Parameters
        ----------
        images
            RGB, uint8, shape (B, H, W, 3); H and W multiples of 32. Each size is compiled once.

        Returns
        -------
        callable
            Gives the heatmap logits, float32, shape (B, K, H / stride, W / stride); to be called once.
        """

    def run(self, images: np.ndarray) -> np.ndarray:
        """Compute the heatmap logits of images; see :meth:`start`."""
        return self.start(images)()

    def prepare(self, size: tuple[int, int]) -> None:
        """Compile for images of `size` (width, height), so that no frame has to wait for it."""
        width, height = size
        self.run(np.zeros((self.batch_size, height, width, 3), dtype=np.uint8))


class FunctionEngine(Engine):
    """Runs a function from images to logits: a network that is still being trained.

    Parameters
    ----------
    infer
        Maps uint8 RGB images (B, H, W, 3) to logits.
    """

    name = "function"
    batch_size = 8

    def __init__(self, infer: Callable[[np.ndarray], np.ndarray]) -> None:
        self._infer = infer

    def start(self, images: np.ndarray) -> Pending:
        """Compute now."""
        logits = self._infer(images)
        return lambda: logits
