"""What this machine can do, found out without importing anything heavy."""

import importlib.util
import os
import platform
import shutil
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def count_cores() -> int:
    """Return how many CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_installed(module: str) -> bool:
    """Say whether `module` can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None


@cache
def may_have_gpu() -> bool:
    """Say whether it is worth asking torch for a GPU, which takes seconds."""
    is_apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return is_apple or shutil.which("nvidia-smi") is not None or Path("/dev/nvidia0").exists()


def gpu_kind() -> str | None:
    """Return ``"cuda"``, ``"mps"`` or None; imports torch only where there may be a GPU."""
    if not may_have_gpu():
        return None
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


def describe_machine() -> dict[str, str | int]:
    """Return what a choice of engine depends on: processor, cores and the versions of the engines."""
    return {
        "processor": _processor(),
        "cores": count_cores(),
        "gpu": str(may_have_gpu()),
        **{name: _version(name) for name in ("torch", "openvino", "onnxruntime")},
    }


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
