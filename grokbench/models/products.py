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


def backend(dtype: torch.dtype) -> str:
    """What multiplies: ``onednn`` or ``blas`` (float64 always goes to the BLAS)."""
    return "onednn" if dtype == torch.float32 and onednn_is_chosen() else "blas"


def times_transposed(a: Tensor, b: Tensor, out: Tensor) -> None:
    """out = a bᵀ for a (k, n) and b (m, n) -> (k, m)."""
    if backend(a.dtype) == "onednn":
        out.copy_(_linear(a, b))
    else:
        torch.mm(a, b.t(), out=out)


def transposed_times(a: Tensor, b: Tensor, out: Tensor) -> None:
    """out = aᵀ b for a (k, m) and b (k, n) -> (m, n)."""
    if backend(a.dtype) == "onednn":
        out.copy_(_linear(a.t().contiguous(), b.t()))
    else:
        torch.mm(a.t(), b, out=out)


def add_times(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a b for a (k, m) and b (m, n), in place."""
    if backend(a.dtype) == "onednn":
        total.add_(_linear(a, b.t()))
    else:
        torch.addmm(total, a, b, out=total)


def _linear(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ by oneDNN: its one entry point for float32 on dense tensors that torch exposes."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(_dense(a), _dense(b), None, "none", [], "")
    return product


def _dense(a: Tensor) -> Tensor:
    """A copy where rows (or columns) lie apart in memory: for those oneDNN falls back to code a thousand times slower."""
    return a if a.is_contiguous() or a.t().is_contiguous() else a.contiguous()
