"""What this computer has to run jobs on."""

import functools
import os
import platform
import shutil
import subprocess

CPUS_PER_SLOT = 8
LIGHT_SLOTS = 2


@functools.cache
def count_gpus() -> int:
    """Return how many graphics cards jobs can be given, without loading torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() not in ("", "-1")])
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return 1
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    try:
        listing = subprocess.run(  # noqa: S603 - a fixed command
            [program, "-L"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listing.stdout.splitlines())


def count_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_cpu_slots() -> int:
    """Return how many heavy jobs run on the processors at a time: one for every eight, at least one."""
    return max(1, count_cpus() // CPUS_PER_SLOT)


def list_slots() -> dict[str, list[str]]:
    """Return the slots by the weight of the jobs that they take, preferred ones first.

    A heavy job gets a graphics card where there is one; light ones never wait for heavy ones.
    """
    n_gpus = count_gpus()
    heavy = [f"gpu:{i}" for i in range(n_gpus)] or [f"cpu:{i}" for i in range(count_cpu_slots())]
    return {"heavy": heavy, "light": [f"light:{i}" for i in range(LIGHT_SLOTS)]}


def environment_of(slot: str) -> dict[str, str]:
    """Return the environment variables that keep a job inside its slot."""
    kind, _, number = slot.partition(":")
    if kind != "gpu" or platform.system() == "Darwin":
        return {}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [part.strip() for part in visible.split(",") if part.strip()]
    return {"CUDA_VISIBLE_DEVICES": names[int(number)] if names else number}
