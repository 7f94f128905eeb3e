"""The diagonal linear network's logistic loss and gradient written out by hand (one CPU thread).

With y = ±1, rows x, w = u² − v² and r = −y σ(−y f) / n:  f = X w,  ∂L/∂w = Xᵀ r,  ∂L/∂u = 2 u ∂L/∂w,  ∂L/∂v = −2 v ∂L/∂w.
What is left is two products of a matrix with a vector, into buffers that are allocated once. They are numpy's: torch's, by MKL,
take twice as long or longer on an AMD EPYC. Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.diagonal_linear import DiagonalLinear
from grokbench.networks.fast.step import LossSums


@dataclass(frozen=True)
class SplitRows:
    """A set of rows."""

    n_rows: int
    x: NDArray[Any]  # (n, d)
    signs: Tensor  # (n,) ±1
    f: Tensor  # (n,) outputs, a buffer; and the next one
    r: Tensor  # (n,)


class DiagonalStep:
    """The diagonal network's side of the fast engine; see ``Step``."""

    n_classes, names, products = 1, ("u", "v"), "numpy"

    def __init__(self, network: DiagonalLinear, dtype: torch.dtype) -> None:
        self._u, self._v = (w.detach().to(dtype, copy=True) for w in (network.u, network.v))
        self.parameters: Sequence[Tensor] = (self._u, self._v)
        self.gradients: Sequence[Tensor] = tuple(torch.zeros_like(w) for w in self.parameters)
        self._w, self._back = torch.empty_like(self._u), torch.empty_like(self._u)

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``."""
        return tensors

    def rows(self, table: NDArray[Any]) -> SplitRows:
        """See ``Step``: (n, d + 1), the class last."""
        x = np.ascontiguousarray(table[:, :-1], dtype=self._u.numpy().dtype)
        signs = torch.from_numpy(2.0 * table[:, -1] - 1).to(self._u.dtype)
        return SplitRows(len(table), x, signs, torch.empty_like(signs), torch.empty_like(signs))

    def batch(self, rows: SplitRows, table: NDArray[Any], which: NDArray[np.int64]) -> SplitRows:
        """See ``Step``."""
        signs = rows.signs[torch.from_numpy(which)]
        return SplitRows(len(which), rows.x[which], signs, torch.empty_like(signs), torch.empty_like(signs))

    @np.errstate(over="ignore", invalid="ignore")
    def gradient(self, rows: SplitRows, count: bool) -> LossSums:
        """See ``Step``."""
        sums = self._forward(rows, count)
        r = rows.r.neg_().sigmoid_().mul_(rows.signs)  # y σ(−y f)
        np.dot(r.mul_(-2 / rows.n_rows).numpy(), rows.x, out=self._back.numpy())  # 2 ∂L/∂w
        du, dv = self.gradients
        torch.mul(self._u, self._back, out=du)
        torch.mul(self._v, self._back.neg_(), out=dv)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """See ``Step``."""
        return self._forward(rows, True)

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        return {"u": self._u.clone(), "v": self._v.clone()}

    @np.errstate(over="ignore", invalid="ignore")  # of a run that diverges
    def _forward(self, rows: SplitRows, count: bool) -> LossSums:
        """Loss sums; the rows' f, and y f in r, are left in their buffers."""
        torch.mul(self._u, self._u, out=self._w).addcmul_(self._v, self._v, value=-1)
        np.dot(rows.x, self._w.numpy(), out=rows.f.numpy())
        torch.mul(rows.f, rows.signs, out=rows.r)
        sums = LossSums(float(-torch.nn.functional.logsigmoid(rows.r).sum()))
        if count:
            sums.correct = int(((rows.f > 0) == (rows.signs > 0)).sum())
        return sums


def step(setup: Any) -> DiagonalStep:
    """The hand-written step of a training setup."""
    return DiagonalStep(setup.network, setup.dtype)
