"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
import resource
import sys
from pathlib import Path


def machine() -> dict:
    """Processor, cores, Python, operating system, and how busy the machine is at this moment."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def busy_note(before: dict, threads: list[int]) -> list[str]:
    """A warning where other programs left fewer cores than threads were asked for."""
    if before["load"] is None or before["load"] + max(threads) <= before["cores"] + 0.2:
        return []
    return [
        f"load was {before['load']} on {before['cores']} cores at the start: with {max(threads)} threads "
        "the times include waiting for other programs"
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB (1e6 bytes).

    ``ru_maxrss`` of a Linux child starts from the size of the parent that forked it, so the
    kernel's own mark of this program is read where there is one.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        (kib,) = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        return kib * 1024 / 1e6
    except (OSError, ValueError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
