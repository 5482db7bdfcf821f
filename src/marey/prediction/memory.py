"""How much memory this process has used at most."""

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process so far in MB; NaN where the system does not tell."""
    if sys.platform == "win32":
        return _windows_peak_bytes() / 1e6
    if STATUS.exists():
        # Not what getrusage says: on Linux that begins at the size of the process that started this one.
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # bytes on macOS, KiB elsewhere


def _windows_peak_bytes() -> float:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = (
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            *(
                (name, ctypes.c_size_t)
                for name in (
                    "PeakWorkingSetSize",
                    "WorkingSetSize",
                    "QuotaPeakPagedPoolUsage",
                    "QuotaPagedPoolUsage",
                    "QuotaPeakNonPagedPoolUsage",
                    "QuotaNonPagedPoolUsage",
                    "PagefileUsage",
                    "PeakPagefileUsage",
                )
            ),
        )

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    windows = ctypes.windll  # type: ignore[attr-defined]
    process = ctypes.c_void_p(windows.kernel32.GetCurrentProcess())
    is_known = windows.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
    return float(counters.PeakWorkingSetSize) if is_known else float("nan")
