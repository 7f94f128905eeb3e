"""Where trials are trained: on the CPU, or on a CUDA device where torch sees one."""

from __future__ import annotations

import subprocess
import sys

from grokbench.specs import values
from grokbench.specs.errors import InputError, UnknownNameError

DEVICES = ("cpu", "cuda", "auto")
ENGINES = ("auto", "fast", "plain", "batched")


def resolved(device: str, engine: str = "auto") -> str:
    """ "cpu" or "cuda"; "auto" takes the CPU, because no step on CUDA has been measured yet.

    Errors: UnknownNameError for a device or an engine that there is not; InputError for CUDA where torch sees no device, and
    for an engine that trains on the CPU only.
    """
    name = values.text("device", device)
    if name not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)
    if values.text("engine", engine) not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    if name != "cuda":
        return "cpu"
    if engine not in ("auto", "batched"):
        raise InputError(f"the engine {engine!r} trains on the CPU; on cuda it is 'batched', or 'auto'")
    if not _cuda():
        raise InputError("torch sees no CUDA device on this machine; the device is cpu or auto")
    return name


def _cuda() -> bool:
    """What torch says, asked in a process of its own where this one has not loaded it."""
    if "torch" in sys.modules:
        import torch

        return torch.cuda.is_available()
    ask = "import torch; raise SystemExit(0 if torch.cuda.is_available() else 1)"
    return subprocess.run([sys.executable, "-c", ask], capture_output=True, check=False).returncode == 0
