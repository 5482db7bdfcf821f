"""PyTorch: always installed, on the CPU, CUDA and Apple's GPUs."""

import os
from typing import TYPE_CHECKING

import numpy as np

from marey.prediction.engines.base import Engine, Pending

if TYPE_CHECKING:
    from marey.prediction.translation import NetworkFiles

GPU_BATCH_SIZE = 32


class TorchEngine(Engine):
    """Runs the network in PyTorch.

    Parameters
    ----------
    network
        Where the network comes from.
    name
        How the engine is called.
    device
        ``"cpu"``, ``"cuda"`` or ``"mps"``.
    precision
        ``"float32"``, ``"bfloat16"`` or ``"float16"``; below float32 by autocasting.
    """

    def __init__(self, network: "NetworkFiles", name: str, *, device: str, precision: str) -> None:
        # Idle OpenMP threads that spin take the cores from video decoding; read when torch is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import torch

        self.name = name
        self.batch_size = 1 if device == "cpu" else GPU_BATCH_SIZE
        self.n_in_flight = 1 if device == "cpu" else 2
        self._torch = torch
        self._device = torch.device(device)
        self._precision = getattr(torch, precision)
        module = network.load().eval()
        # (torch's own types do not know of the memory format)
        self._module = module.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start(self, images: np.ndarray) -> Pending:
        """Begin to compute; on a GPU this returns before the result is there."""
        torch = self._torch
        is_reduced = self._precision is not torch.float32
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(images)).to(self._device, non_blocking=True)
            # The permuted tensor of an (B, H, W, 3) image lies in memory as channels-last has it.
            batch = batch.permute(0, 3, 1, 2).float()
            with torch.autocast(self._device.type, dtype=self._precision, enabled=is_reduced):
                logits = self._module(batch)

        def finish() -> np.ndarray:
            return logits.float().cpu().numpy()

        return finish
