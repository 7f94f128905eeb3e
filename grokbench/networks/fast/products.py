"""What the hand-written steps share: products, sparse matrices, tanh, counting.

Dense products are by whichever library is fast on this CPU. torch's ``mm`` is MKL, which leaves AVX-512 unused on CPUs other than
Intel's; oneDNN (behind ``torch.ops.mkldnn``) uses it. Without AVX-512 MKL is the faster one, on a Zen 3 EPYC by 8 to 17 % of a
step. The choice follows vendor and instructions of the CPU, never a measurement, so that a machine always makes the same bits.
"""

from __future__ import annotations

import functools
import math
import platform
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.networks.cpu import cpu


@functools.cache
def onednn_is_chosen() -> bool:
    """True on x86 CPUs with AVX-512 that are not Intel's, where this torch has oneDNN."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return x86 and wide and "intel" not in cpu("vendor_id").lower() and torch.backends.mkldnn.is_available()


BLAS = "blas"
"""torch's own products, by the BLAS that it is built with."""
ONEDNN = "onednn"


def backend(dtype: torch.dtype) -> str:
    """What multiplies: ``onednn`` or ``blas`` (float64 always goes to the BLAS)."""
    return ONEDNN if dtype == torch.float32 and onednn_is_chosen() else BLAS


def times(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a b for a (k, m) and b (m, n) -> (k, n), into ``out`` where that is given."""
    return times_transposed(a, b.t(), out)


def times_transposed(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a bᵀ for a (k, n) and b (m, n) -> (k, m), into ``out`` where that is given."""
    if backend(a.dtype) != ONEDNN:
        return torch.mm(a, b.t(), out=out)
    product = _linear(a, b)
    return product if out is None else out.copy_(product)


def transposed_times(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """aᵀ b for a (k, m) and b (k, n) -> (m, n), into ``out`` where that is given."""
    if backend(a.dtype) != ONEDNN:
        return torch.mm(a.t(), b, out=out)
    product = _linear(a.t().contiguous(), b.t())
    return product if out is None else out.copy_(product)


def add_times(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a b for a (k, m) and b (m, n), in place."""
    if backend(a.dtype) == ONEDNN:
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


def sparse(
    starts: NDArray[np.int64], columns: NDArray[np.int64], entries: Tensor, shape: tuple[int, int]
) -> Tensor:
    """A CSR matrix: row i has ``entries`` starts[i] … starts[i+1] − 1, in those ``columns``."""
    # 32-bit indices are what MKL takes; others are converted at every product.
    crow, col = (torch.from_numpy(a.astype(np.int32)) for a in (starts, columns))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(crow, col, entries, shape, check_invariants=False)


def tanh(x: Tensor, out: Tensor) -> None:
    """tanh(x) into ``out``, which may be x. numpy has vector instructions for it where torch has few: a tenth of the time."""
    np.tanh(x.numpy(), out=out.numpy())


def exp_(x: Tensor) -> Tensor:
    """exp(x) in place of x, and 0 from the least normal number down: there MKL and numpy take ten times as long.

    In float64 numpy's is as exact as torch's and takes half of the time; in float32 it is less exact.
    """
    lowest = math.ceil(math.log(torch.finfo(x.dtype).tiny)) + 1  # -86 in float32, -707 in float64
    x.clamp_min_(lowest)
    if x.dtype == torch.float64:
        np.exp(x.numpy(), out=x.numpy())
    else:
        x.exp_()
    return nn.functional.threshold(x, math.exp(lowest) * (1 + 1e-6), 0.0, inplace=True)


def count_correct(f: Tensor, target: Tensor) -> int:
    """How many columns of f (outputs, rows) have their first maximum at ``target`` (1, rows); f is as before afterwards."""
    at_target = f.gather(0, target)  # (1, rows)
    best_other = f.scatter_(0, target, -torch.inf).amax(0, keepdim=True)
    f.scatter_(0, target, at_target)
    tied = (at_target == best_other).squeeze(0)
    ties = int((f[:, tied].argmax(0) == target[0, tied]).sum()) if tied.any() else 0
    return int((at_target > best_other).sum()) + ties
