"""The squared error of U Uᵀ − V Vᵀ and its gradient written out by hand (one CPU thread).

The same function as ``matrix_factors.MatrixFactors``, several times as fast, because

* with A = U + V and B = U − V, f = ½ (A Bᵀ + B Aᵀ): one product of matrices in place of two, by numpy, which is the faster here;
* few entries are trained on, so that the gradient, 2 c S U and −2 c S V with S the symmetric matrix of residuals, is one product
  with a sparse matrix whose places are worked out once. c is the loss's scale.

Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.fast.products import sparse
from grokbench.networks.fast.step import LossSums
from grokbench.networks.matrix_factors import MatrixFactors

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SplitRows:
    """A set of entries (x, y) of the matrix, and what they should be."""

    n: int  # side of the matrix
    places: Indices  # (2, rows) of f and of its mirror, in the flat matrix
    target: NDArray[Any]  # (rows,)
    found: NDArray[Any]  # (2, rows), a buffer

    @property
    def n_rows(self) -> int:
        """How many entries."""
        return len(self.target)

    @cached_property
    def residuals(self) -> tuple[Tensor, NDArray[Any], Indices]:
        """A sparse (2n, 2n) matrix with S above and −S below, its entries (2, …), and the row whose residual each of them is."""
        x, y = np.divmod(self.places[0], self.n)
        rows, columns = np.concatenate([x, y]), np.concatenate([y, x])
        order = np.lexsort((columns, rows))
        counts = np.bincount(rows, minlength=self.n)
        starts = np.append(0, np.cumsum(np.tile(counts, 2)))
        across = np.concatenate([columns[order], columns[order] + self.n])
        dtype = torch.from_numpy(self.found).dtype
        matrix = sparse(starts, across, torch.zeros(len(across), dtype=dtype), (2 * self.n, 2 * self.n))
        return matrix, matrix.values().numpy().reshape(2, -1), order % self.n_rows


class MatrixStep:
    """The matrix's side of the fast engine; see ``Step``."""

    n_classes, names, products = 1, ("U", "V"), "numpy"

    def __init__(self, setup: Any) -> None:
        network: MatrixFactors = setup.network
        self._reduce, self._decoder = setup.reduce, setup.decoder
        self._n = n = len(network.U)
        self._both = torch.cat([network.U.detach(), network.V.detach()]).to(setup.dtype)  # (2n, n)
        self._back = torch.zeros_like(self._both)
        self.parameters: Sequence[Tensor] = (self._both[:n], self._both[n:])
        self.gradients: Sequence[Tensor] = (self._back[:n], self._back[n:])
        w, room = self._both.numpy(), np.empty((3, n, n), dtype=self._both.numpy().dtype)
        self._u, self._v = w[:n], w[n:]
        self._sum, self._difference, self._product = room

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``."""
        return tensors

    def rows(self, table: NDArray[Any]) -> SplitRows:
        """See ``Step``: (rows, 3), x, y and the answer."""
        x, y = table[:, :2].astype(np.int64).T
        dtype = self._both.numpy().dtype
        places = np.stack([x * self._n + y, y * self._n + x])
        return SplitRows(self._n, places, table[:, 2].astype(dtype), np.empty(places.shape, dtype=dtype))

    def batch(self, rows: SplitRows, table: NDArray[Any], which: Indices) -> SplitRows:
        """See ``Step``."""
        return self.rows(table[which])

    @np.errstate(over="ignore", invalid="ignore")
    def gradient(self, rows: SplitRows, count: bool) -> LossSums:
        """See ``Step``."""
        sums, r = self._forward(rows, count)
        matrix, (above, below), order = rows.residuals
        r *= 2 * self._reduce(1.0, rows.n_rows, 1)
        np.negative(r.take(order, out=above, mode="clip"), out=below)
        torch.addmm(self._back, matrix, self._both, beta=0, out=self._back)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """See ``Step``."""
        return self._forward(rows, True)[0]

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        return {name: w.clone() for name, w in zip(self.names, self.parameters, strict=True)}

    @np.errstate(over="ignore", invalid="ignore")  # of a run that diverges
    def _forward(self, rows: SplitRows, count: bool) -> tuple[LossSums, NDArray[Any]]:
        """Loss sums, and the residuals (rows,) in a buffer."""
        np.add(self._u, self._v, out=self._sum)
        np.subtract(self._u, self._v, out=self._difference)
        np.dot(self._sum, self._difference.T, out=self._product)
        f, mirror = self._product.take(rows.places, out=rows.found, mode="clip")
        f += mirror
        f *= 0.5
        sums = LossSums()
        if count:
            outputs, targets = torch.from_numpy(f)[:, None], torch.from_numpy(rows.target)[:, None]
            sums.correct = int(self._decoder.right(outputs, targets, None).sum())
        f -= rows.target
        sums.loss_sum = float(np.dot(f, f))
        return sums, f


def step(setup: Any) -> MatrixStep | None:
    """The hand-written step of a training setup; None where targets are no numbers."""
    return None if setup.decoder.by_class else MatrixStep(setup)
