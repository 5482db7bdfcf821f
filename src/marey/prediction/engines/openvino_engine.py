"""OpenVINO: the fastest engine on most CPUs, in float32 and, where the CPU has it, bfloat16."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import MissingExtraError
from marey.prediction.engines.base import Engine, Pending
from marey.prediction.engines.machine import count_cores

if TYPE_CHECKING:
    from marey.prediction.translation import NetworkFiles

MAX_STREAMS = 4


@dataclass
class _Compiled:
    model: Any
    idle: list[Any] = field(default_factory=list)


class OpenVINOEngine(Engine):
    """Runs the translated network in OpenVINO; torch is not needed once it has been translated.

    Parameters
    ----------
    network
        Where the translation comes from.
    name
        How the engine is called.
    precision
        ``"f32"`` or ``"bf16"``; always given, because OpenVINO's own choice depends on the CPU.
    """

    def __init__(self, network: "NetworkFiles", name: str, *, precision: str) -> None:
        try:
            import openvino
        except ImportError as error:
            raise MissingExtraError(
                f"the engine {name} needs OpenVINO, which is not installed", hint="pip install 'marey[fast]'"
            ) from error
        self.name = name
        self._openvino = openvino
        self._core = openvino.Core()
        self._network = network
        n_cores = count_cores()
        n_streams = min(n_cores, MAX_STREAMS)
        # One stream a core wastes least: two images at once beat one image on two cores.
        self._settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "NUM_STREAMS": n_streams,
            "INFERENCE_NUM_THREADS": n_cores,
        }
        self.n_in_flight = n_streams + 1
        self._compiled: dict[tuple[int, int], _Compiled] = {}

    def start(self, images: np.ndarray) -> Pending:
        """Begin to compute each image in a request of its own."""
        started = [self._start_one(images[i : i + 1]) for i in range(len(images))]
        if len(started) == 1:
            return started[0]
        return lambda: np.concatenate([finish() for finish in started])

    def _start_one(self, image: np.ndarray) -> Pending:
        compiled = self._compile((image.shape[2], image.shape[1]))
        request = compiled.idle.pop() if compiled.idle else compiled.model.create_infer_request()
        # The array must outlive the request: the closure below holds it.
        image = np.ascontiguousarray(image)
        request.set_input_tensor(self._openvino.Tensor(image, shared_memory=True))
        request.start_async()

        def finish(_image: np.ndarray = image) -> np.ndarray:
            request.wait()
            logits = np.array(request.get_output_tensor().data, dtype=np.float32)
            compiled.idle.append(request)
            return logits

        return finish

    def _compile(self, size: tuple[int, int]) -> _Compiled:
        if size not in self._compiled:
            path = self._network.translated(size)
            self._compiled[size] = _Compiled(self._core.compile_model(path, "CPU", self._settings))
        return self._compiled[size]
