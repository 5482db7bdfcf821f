"""ONNX Runtime: an optional engine, and the one that runs exported networks elsewhere."""

from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import MissingExtraError
from marey.prediction.engines.base import Engine, Pending
from marey.prediction.engines.machine import count_cores

if TYPE_CHECKING:
    from marey.prediction.translation import NetworkFiles


class OnnxRuntimeEngine(Engine):
    """Runs the translated network in ONNX Runtime on the CPU.

    Parameters
    ----------
    network
        Where the translation comes from.
    name
        How the engine is called.
    """

    def __init__(self, network: "NetworkFiles", name: str) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtraError(
                f"the engine {name} needs ONNX Runtime, which is not installed",
                hint="pip install onnx onnxruntime",
            ) from error
        self.name = name
        self._onnxruntime = onnxruntime
        self._network = network
        self._sessions: dict[tuple[int, int], Any] = {}

    def start(self, images: np.ndarray) -> Pending:
        """Compute at once: ONNX Runtime keeps all cores busy with one image."""
        session = self._session((images.shape[2], images.shape[1]))
        parts = [
            session.run(None, {"images": np.ascontiguousarray(images[i : i + 1])})[0]
            for i in range(len(images))
        ]
        logits = np.concatenate(parts).astype(np.float32, copy=False)
        return lambda: logits

    def _session(self, size: tuple[int, int]) -> Any:
        if size not in self._sessions:
            options = self._onnxruntime.SessionOptions()
            options.intra_op_num_threads = count_cores()
            options.log_severity_level = 3
            self._sessions[size] = self._onnxruntime.InferenceSession(
                str(self._network.translated(size)), options, providers=["CPUExecutionProvider"]
            )
        return self._sessions[size]
