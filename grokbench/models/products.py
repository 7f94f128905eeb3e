"""The dense products of the hand-written steps, by whichever library is fast on this CPU.

torch's ``mm`` is MKL, which runs at half speed on CPUs other than Intel's; oneDNN, behind ``torch.ops.mkldnn``, does not. The
choice follows the CPU's vendor alone, never a measurement, so that a machine always makes the same bits.
"""

from __future__ import annotations

import functools
import platform
from pathlib import Path

import torch
from torch import Tensor


@functools.cache
def cpu_vendor() -> str:
    """``GenuineIntel``, ``AuthenticAMD``, … ; the architecture's name where the system does not say."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("vendor_id"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@functools.cache
def onednn_is_chosen() -> bool:
    """True on x86 CPUs that are not Intel's, where this torch has oneDNN."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return x86 and "intel" not in cpu_vendor().lower() and torch.backends.mkldnn.is_available()


def library(dtype: torch.dtype) -> str:
    """What multiplies: ``onednn`` or ``blas`` (float64 always goes to the BLAS)."""
    return "onednn" if dtype == torch.float32 and onednn_is_chosen() else "blas"


def times_transposed(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    """a bᵀ for a (m, k) and b (n, k) -> (m, n); written to ``out``, or returned new."""
    if library(a.dtype) == "onednn":
        return torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")
    return torch.mm(a, b.t(), out=out)


def add_transposed_times(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += aᵀ b for a (k, m) and b (k, n), in place."""
    if library(a.dtype) == "onednn":
        total.add_(torch.ops.mkldnn._linear_pointwise(a.t().contiguous(), b.t(), None, "none", [], ""))
    else:
        torch.addmm(total, a.t(), b, out=total)
