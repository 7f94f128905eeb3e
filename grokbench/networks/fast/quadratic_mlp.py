"""The quadratic network's loss and gradient written out by hand (one CPU thread).

The same function as ``mlp.QuadraticMLP``, three to four times as fast, because

* a product with a one-hot matrix is a gather: h = E[x] + E[p + y], rows of E = W1ᵀ (2p, N); its gradient is a sum of rows. Both
  are products with a sparse 0/1 matrix that is built once;
* the scales (1/N, 1/D, those of the loss) are multiplied into copies of W2, which are small, and not into the activations;
* rows go through in blocks that stay in the CPU's cache, into buffers that are allocated once.

What is left is three matrix products a step: f = W2 zᵀ, dW2 = r z, dz = rᵀ W2, by the library that is fast on this CPU
(``fast.products``). Checked against autograd in float64 to 1e-10.
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

from grokbench.networks.fast.products import (
    ONEDNN,
    add_times,
    backend,
    count_correct,
    sparse,
    times_transposed,
    transposed_times,
)
from grokbench.networks.fast.step import Classifier, LossSums, Step
from grokbench.networks.fast.token_tables import add_loss
from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.networks.scaled import factor, subtracted

BLOCK = 400  # rows at most; two buffers of 400 · 500 floats lie in a 2 MB L2 cache


@dataclass(frozen=True)
class RowBlock:
    """Some rows of the table: what is constant about them over a whole run."""

    n_rows: int
    columns: NDArray[np.int64]  # (rows, 2) x, p + y
    gather: Tensor  # sparse (rows, 2p), two ones a row: gather @ E = E[x] + E[p + y]
    target: Tensor  # (1, rows) class
    shift: Tensor | None  # (p, rows), −α f(θ₀), where outputs are without those before the first step
    minus_one: Tensor  # (1, rows)
    h: Tensor  # (rows, N); this and the next two are buffers that all blocks share
    z: Tensor  # (rows, N)
    f: Tensor  # (p, rows): outputs lie class by class, which is how the BLAS fills its vectors

    @cached_property
    def scatter(self) -> Tensor:
        """The transpose of ``gather``, sparse (2p, rows): scatter @ dh sums the rows that share an x or a y."""
        n, (_, n_columns) = self.n_rows, self.gather.shape
        order = np.argsort(self.columns, axis=None, kind="stable")
        counts = np.bincount(self.columns.ravel(), minlength=n_columns)
        return sparse(np.append(0, np.cumsum(counts)), order // 2, self.gather.values(), (n_columns, n))


@dataclass(frozen=True)
class SplitRows:
    """A set of rows in blocks."""

    n_rows: int
    blocks: tuple[RowBlock, ...]


class FastQuadraticMLP:
    """Weights, gradients and buffers of one network; ``parameters[i]`` has its gradient in ``gradients[i]``.

    Its loss is the squared error, Σ (f − onehot)², or, with ``softmax``, the cross-entropy, Σ −log p(target). Their gradients by
    the outputs are 2 (f − onehot) and softmax(f) − onehot.
    """

    def __init__(self, plain: QuadraticMLP, dtype: torch.dtype, softmax: bool = False) -> None:
        self._factor, self._residual = (1, _softmax_residual) if softmax else (2, _residual)
        self.scale = plain.output_scale * factor(plain)
        self._plain = plain
        self.n_elements, self.width = plain.n_elements, plain.width
        self.E = plain.W1.detach().to(dtype).t().contiguous()  # (2p, N)
        self.W2 = plain.W2.detach().to(dtype, copy=True)  # (p, N)
        self.names, self.parameters = ("W1", "W2"), (self.E, self.W2)  # E is W1ᵀ
        self.gradients = tuple(torch.zeros_like(w) for w in self.parameters)
        self._out = torch.empty_like(self.W2)  # c W2
        self._back = torch.empty_like(self.W2)  # what dz is read through
        self._own_memory = backend(dtype) == ONEDNN  # its products lie in memory of their own
        # For the BLAS rows begin on a cache line, an odd number of lines apart: a power of two would crowd them into few cache
        # sets. oneDNN wants them without gaps.
        apart = self.width if self._own_memory else 16 * (-(-self.width // 16) | 1)
        self._h, self._z = (torch.empty(BLOCK, apart, dtype=dtype)[:, : self.width] for _ in range(2))
        self._f: dict[int, Tensor] = {}  # by rows in the block, which differ by one at most
        self._minus_one = torch.full((1, BLOCK), -1.0, dtype=dtype)

    def rows(self, rows: NDArray[np.int64]) -> SplitRows:
        """(n, 3) element indices x, y, x∘y, ordered by (x, y) for the sake of the cache."""
        blocks = np.array_split(
            rows, -(-len(rows) // BLOCK)
        )  # as few as fit, and equal: a short one costs nearly as much
        return SplitRows(len(rows), tuple(self._block(block) for block in blocks))

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's parameters."""
        return {"W1": self.E.t().contiguous(), "W2": self.W2.clone()}

    def gradient(
        self, rows: SplitRows, loss_scale: float, count: bool = False, mask: Tensor | None = None
    ) -> LossSums:
        """The loss summed over rows, and the gradient of ``loss_scale`` times it, written to ``gradients``.

        ``mask`` (n, N) multiplies the preactivations h; z is then (mask h)², and dh = 2 mask² h dz.
        """
        d_embedding, d_w2 = (g.zero_() for g in self.gradients)
        torch.mul(self.W2, self.scale, out=self._out)
        # A factor of the loss, and 2 of the square.
        torch.mul(self.W2, self._factor * 2 * self.scale * loss_scale, out=self._back)
        sums, done = LossSums(), 0
        for block in rows.blocks:
            h, z, r = block.h, block.z, block.f
            own = None if mask is None else mask[done : done + block.n_rows]
            done += block.n_rows
            self._forward(block, own)
            self._residual(r, block, count, sums)
            add_times(d_w2, r, z)  # (p, N)
            # (m, N), where z was, unless that would be a copy: it is done with
            dz = transposed_times(r, self._back, out=None if self._own_memory else z)
            dz.mul_(h)
            if own is not None:
                dz.mul_(own)
            torch.addmm(d_embedding, block.scatter, dz, out=d_embedding)  # dh summed into (2p, N)
        d_w2.mul_(self._factor * self.scale * loss_scale)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums without a gradient."""
        torch.mul(self.W2, self.scale, out=self._out)
        sums = LossSums()
        for block in rows.blocks:
            self._residual(self._forward(block), block, True, sums)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """f, (n, p)."""
        torch.mul(self.W2, self.scale, out=self._out)
        return torch.cat([self._forward(block).t() for block in rows.blocks])

    def _forward(self, block: RowBlock, mask: Tensor | None = None) -> Tensor:
        torch.addmm(block.h, block.gather, self.E, beta=0, out=block.h)  # (m, N)
        if mask is not None:
            block.h.mul_(mask)
        torch.mul(block.h, block.h, out=block.z)  # (m, N)
        f = times_transposed(self._out, block.z, out=block.f)  # (p, m)
        return f if block.shift is None else f.add_(block.shift)

    def _block(self, rows: NDArray[np.int64]) -> RowBlock:
        n, p = len(rows), self.n_elements
        columns = rows[:, :2] + np.array([0, p])  # (n, 2)
        ones = torch.ones(2 * n, dtype=self.E.dtype)
        gather = sparse(np.arange(0, 2 * n + 1, 2), columns.ravel(), ones, (n, 2 * p))
        target = torch.from_numpy(rows[:, 2].copy())[None, :]
        f = self._f.setdefault(n, torch.empty(p, n, dtype=self.E.dtype))
        h, z = self._h[:n], self._z[:n]
        start = subtracted(self._plain, self._plain.encode(rows[:, :2]))
        shift = None if start is None else -start.t().to(self.E.dtype).contiguous()
        return RowBlock(n, columns, gather, target, shift, self._minus_one[:, :n], h, z, f)


def _residual(f: Tensor, block: RowBlock, count: bool, sums: LossSums) -> None:
    """f (p, m) becomes r = f − onehot; adds to ``sums``. Right is a row whose first maximum is at its target."""
    if count:
        sums.correct += count_correct(f, block.target)
    flat = f.scatter_add_(0, block.target, block.minus_one).view(-1)
    sums.loss_sum += float(torch.dot(flat, flat))


def _softmax_residual(f: Tensor, block: RowBlock, count: bool, sums: LossSums) -> None:
    """f (p, m) becomes r = softmax(f) − onehot; adds to ``sums``."""
    add_loss(f, block.target, sums, count, 1.0)


class QuadraticStep(Classifier):
    """The quadratic network's side of the fast engine: its squared error has three scales, and a pass may drop neurons."""

    def __init__(self, setup: Any, softmax: bool = False) -> None:
        super().__init__(FastQuadraticMLP(setup.network, setup.dtype, softmax), setup.network.n_elements)
        self._reduce, self.products, self._setup = setup.reduce, backend(setup.dtype), setup

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``: W1 is held as its transpose."""
        return tensors[0].t(), tensors[1]

    def gradient(self, rows: SplitRows, count: bool) -> LossSums:
        """See ``Step``."""
        mask, network = None, self._setup.network
        if network.drops:
            mask = network.draw_noise(rows.n_rows, self._setup.generator, self._setup.dtype)
        scale = self._reduce(1.0, rows.n_rows, self.n_classes)
        sums: LossSums = self._model.gradient(rows, scale, count=count, mask=mask)
        return sums


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None with batch normalisation."""
    return None if setup.network.batchwise else QuadraticStep(setup)


def softmax_step(setup: Any) -> Step | None:
    """That of one whose loss is the cross-entropy; None also unless the log-softmax has the weights' own type."""
    own_type = setup.loss_fields["precision"] == str(setup.dtype).removeprefix("torch.")
    if setup.network.batchwise or not own_type:
        return None
    return QuadraticStep(setup, softmax=True)
