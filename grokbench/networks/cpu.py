"""What the system says of the CPU."""

from __future__ import annotations

import functools
import platform
from pathlib import Path


@functools.cache
def cpu(fact: str) -> str:
    """A line of ``/proc/cpuinfo``: "model name", or "vendor_id"; the architecture's name where the system does not say."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(fact):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
