"""A committee's squared error and its gradient written out by hand (one CPU thread).

With rows X (n, d), residuals r and c = 2 α/N times the loss's scale, the gradient of w_i is c Σ_μ r_μ (1 + ε h_iμ) x_μ. For N > d
it is c (Xᵀr + ε S w_i) with S = Xᵀ diag(r) X, and f needs no more than w̄ and M = WᵀW/N (Kumar et al. 2023, Eq. 4): products of
n d² and N d² in place of n d N. Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.committee import Committee
from grokbench.networks.fast.step import LossSums
from grokbench.networks.scaled import factor, subtracted


@dataclass(frozen=True)
class SplitRows:
    """A set of rows."""

    n_rows: int
    x: Tensor  # (n, d)
    target: Tensor  # (n,)
    shift: Tensor  # (n,), −α f(θ₀), or 0
    products: Tensor  # (n, d) or (n, N), a buffer
    f: Tensor  # (n,) outputs, then residuals, a buffer


class CommitteeStep:
    """The committee's side of the fast engine; see ``Step``."""

    n_classes, names, products = 1, ("W",), "torch"

    def __init__(self, setup: Any) -> None:
        network: Committee = setup.network
        self._network, self._reduce, self._decoder = network, setup.reduce, setup.decoder
        self._alpha, self._epsilon = factor(network), network.epsilon
        self._w = network.W.detach().to(setup.dtype, copy=True)  # (N, d)
        self._n, d = self._w.shape
        self._wide = self._n > d
        self._square, self._around = (torch.empty(d, d, dtype=setup.dtype) for _ in range(2))
        self._mean = torch.empty(d, dtype=setup.dtype)
        self.parameters: Sequence[Tensor] = (self._w,)
        self.gradients: Sequence[Tensor] = (torch.zeros_like(self._w),)

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``."""
        return tensors

    def rows(self, table: NDArray[Any]) -> SplitRows:
        """See ``Step``: (n, d + 1), the answer last."""
        found = torch.from_numpy(table[:, :-1].copy())
        start = subtracted(self._network, found.to(self._network.W.dtype))
        dtype, n = self._w.dtype, len(table)
        x, target = found.to(dtype), torch.from_numpy(table[:, -1].copy()).to(dtype)
        shift = torch.zeros_like(target) if start is None else -start[:, 0].to(dtype)
        width = x.shape[1] if self._wide else self._n
        return SplitRows(n, x, target, shift, torch.empty(n, width, dtype=dtype), torch.empty_like(target))

    def batch(self, rows: SplitRows, table: NDArray[Any], which: NDArray[np.int64]) -> SplitRows:
        """See ``Step``."""
        return self.rows(table[which])

    def gradient(self, rows: SplitRows, count: bool) -> LossSums:
        """See ``Step``."""
        sums = self._forward(rows, count)
        r, (back,) = rows.f, self.gradients
        r.mul_(2 * self._alpha / self._n * self._reduce(1.0, rows.n_rows, 1))
        if self._wide:
            torch.mul(rows.x, r[:, None], out=rows.products)
            torch.mm(rows.products.t(), rows.x, out=self._around)  # S
            torch.mm(self._w, self._around, out=back).mul_(self._epsilon)
            back.add_(torch.mv(rows.x.t(), r, out=self._mean))
        else:
            slopes = rows.products.mul_(self._epsilon).add_(1).mul_(r[:, None])  # h is done with
            torch.mm(slopes.t(), rows.x, out=back)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """See ``Step``."""
        return self._forward(rows, True)

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        return {"W": self._w.clone()}

    def _forward(self, rows: SplitRows, count: bool) -> LossSums:
        """Loss sums; residuals are left in ``rows.f``."""
        if self._wide:
            torch.mean(self._w, 0, out=self._mean)
            torch.mm(self._w.t(), self._w, out=self._square).mul_(self._epsilon / 2 / self._n)
            torch.mm(rows.x, self._square, out=rows.products).add_(self._mean).mul_(rows.x)
            torch.sum(rows.products, 1, out=rows.f).mul_(self._alpha)
        else:
            torch.mm(rows.x, self._w.t(), out=rows.products)
            torch.mean(rows.products + self._epsilon / 2 * rows.products**2, 1, out=rows.f).mul_(self._alpha)
        f, sums = rows.f.add_(rows.shift), LossSums()
        if count:
            sums.correct = int(self._decoder.right(f[:, None], rows.target[:, None], None).sum())
        f.sub_(rows.target)
        sums.loss_sum = float(torch.dot(f, f))
        return sums


def step(setup: Any) -> CommitteeStep | None:
    """The hand-written step of a training setup; None where targets are no numbers."""
    return None if setup.decoder.by_class else CommitteeStep(setup)
