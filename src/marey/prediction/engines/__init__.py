"""Inference engines behind one interface.

To add one: subclass :class:`~marey.prediction.engines.base.Engine`, and give it a name in :data:`ENGINES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from marey.errors import ConfigError
from marey.prediction.engines.base import Engine, FunctionEngine, Pending
from marey.prediction.engines.machine import count_cores, describe_machine, gpu_kind, is_installed

if TYPE_CHECKING:
    from marey.prediction.translation import NetworkFiles

__all__ = [
    "ENGINES",
    "Engine",
    "EngineKind",
    "FunctionEngine",
    "Pending",
    "count_cores",
    "create_engine",
    "describe_machine",
    "gpu_kind",
    "is_installed",
    "usable_engines",
]


@dataclass(frozen=True)
class EngineKind:
    """An engine that can be asked for by name.

    Parameters
    ----------
    create
        Makes the engine from the network's files and the engine's name.
    device
        Where it computes.
    needs
        The modules that must be installed.
    is_exact
        Whether it computes in float32.
    """

    create: Callable[["NetworkFiles", str], Engine]
    device: str
    needs: tuple[str, ...]
    is_exact: bool


def _torch(network: "NetworkFiles", name: str, *, device: str, precision: str) -> Engine:
    from marey.prediction.engines.torch_engine import TorchEngine

    return TorchEngine(network, name, device=device, precision=precision)


def _openvino(network: "NetworkFiles", name: str, *, precision: str) -> Engine:
    from marey.prediction.engines.openvino_engine import OpenVINOEngine

    return OpenVINOEngine(network, name, precision=precision)


def _onnxruntime(network: "NetworkFiles", name: str) -> Engine:
    from marey.prediction.engines.onnx_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(network, name)


def _on(device: str, precision: str) -> EngineKind:
    create = partial(_torch, device=device, precision=precision)
    return EngineKind(create, device, ("torch",), precision == "float32")


ENGINES: dict[str, EngineKind] = {
    "torch": _on("cpu", "float32"),
    "torch-bf16": _on("cpu", "bfloat16"),
    "torch-cuda": _on("cuda", "float32"),
    "torch-cuda-fp16": _on("cuda", "float16"),
    "torch-mps": _on("mps", "float32"),
    "onnxruntime": EngineKind(_onnxruntime, "cpu", ("onnxruntime",), is_exact=True),
    "openvino": EngineKind(partial(_openvino, precision="f32"), "cpu", ("openvino",), is_exact=True),
    "openvino-bf16": EngineKind(partial(_openvino, precision="bf16"), "cpu", ("openvino",), is_exact=False),
}


def create_engine(name: str, network: "NetworkFiles") -> Engine:
    """Make the engine called `name` for a network.

    Raises
    ------
    ConfigError
        There is no engine of that name.
    MissingExtraError
        What it needs is not installed.
    """
    if name not in ENGINES:
        raise ConfigError(f"there is no engine {name!r}", hint=f"the engines are {', '.join(ENGINES)}")
    return ENGINES[name].create(network, name)


def usable_engines(device: str) -> list[str]:
    """Return the names of the engines for `device` whose packages are installed."""
    return [
        name
        for name, kind in ENGINES.items()
        if kind.device == device and all(is_installed(module) for module in kind.needs)
    ]
