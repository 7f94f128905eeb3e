"""The loss and gradient of a network of vectors with one output under the hinge loss, written out by hand (one CPU thread).

The same function of the weights as ``vector_mlp.VectorMLP``, faster, because

* rows with a margin above 1 have no gradient, and once the network fits these are most of them: they stay out of the way back;
* products are torch's own: at 20 to 40 inputs oneDNN takes two to eight times as long, on any CPU;
* nothing is kept for autograd; buffers are allocated once, and rows that are scored go through in blocks that stay in the cache.

Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grokbench.networks.fast.columns import Rooms
from grokbench.networks.fast.products import BLAS
from grokbench.networks.fast.step import Indices, LossSums, Step
from grokbench.networks.vector_mlp import VectorMLP

BLOCK = 256  # rows at most


@dataclass(frozen=True)
class Signed:
    """Rows: inputs x (n, width), and y (n,), −1 or +1."""

    x: Tensor
    y: Tensor

    @property
    def n_rows(self) -> int:
        """How many there are."""
        return len(self.y)


class FastVectorMLP:
    """A ``Step``: weights, gradients and buffers of one network under the mean over rows of max(0, 1 − f y)."""

    n_classes = 1

    def __init__(self, plain: VectorMLP, dtype: torch.dtype) -> None:
        self._dtype = dtype
        named = {name: w.detach().to(dtype, copy=True) for name, w in plain.named_parameters()}
        self.names = tuple(named)
        self.parameters = tuple(named.values())
        self.gradients = tuple(torch.zeros_like(w) for w in self.parameters)
        self._room = Rooms(dtype)
        self.products = BLAS

    def shaped(self, tensors: Any) -> Any:
        """See ``Step``."""
        return tensors

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        return {name: w.clone() for name, w in zip(self.names, self.parameters, strict=True)}

    def rows(self, table: Indices) -> Signed:
        """(n, width + 1) rows, whose last number is the class, 0 or 1."""
        own = torch.from_numpy(table).to(self._dtype)
        return Signed(own[:, :-1].contiguous(), 2 * own[:, -1] - 1)

    def batch(self, rows: Signed, table: Indices, which: Indices) -> Signed:
        """See ``Step``."""
        chosen = torch.from_numpy(which)
        return Signed(rows.x[chosen], rows.y[chosen])

    def gradient(self, rows: Signed, count: bool) -> LossSums:
        """See ``Step``."""
        for total in self.gradients:
            total.zero_()
        sums = LossSums()
        for block in self._blocks(rows):
            hidden, outputs = self._forward(block)
            self._add(sums, outputs, block, count)
            self._backward(block, hidden, outputs, rows.n_rows)
        return sums

    def evaluate(self, rows: Signed) -> LossSums:
        """See ``Step``."""
        sums = LossSums()
        for block in self._blocks(rows):
            self._add(sums, self._forward(block)[1], block, True)
        return sums

    def _blocks(self, rows: Signed) -> list[Signed]:
        if rows.n_rows <= BLOCK:
            return [rows]
        return [Signed(*pair) for pair in zip(rows.x.split(BLOCK), rows.y.split(BLOCK), strict=True)]

    def _forward(self, block: Signed) -> tuple[Tensor, Tensor]:
        """The hidden layer (n, m), in a buffer that all blocks share, and outputs (n,)."""
        W1, b1, W2 = self.parameters
        h = self._room("h", block.n_rows, len(b1))
        torch.addmm(b1, block.x, W1.t(), out=h).clamp_min_(0)
        return h, torch.mv(h, W2[0])

    def _add(self, sums: LossSums, outputs: Tensor, block: Signed, count: bool) -> None:
        sums.loss_sum += float((1 - outputs * block.y).clamp_min_(0).sum())
        if count:
            sums.correct += int(((outputs > 0) == (block.y > 0)).sum())

    def _backward(self, block: Signed, h: Tensor, outputs: Tensor, n_rows: int) -> None:
        """Add the block's gradient, of which each row with a margin f y of at most 1 has −y/n by its output."""
        live = torch.nonzero(outputs * block.y <= 1)[:, 0]
        if not len(live):
            return
        x, y = block.x, block.y
        if len(live) < block.n_rows:
            x, y, h = x[live], y[live], h[live]
        dW1, db1, dW2 = self.gradients
        d_output = y / -n_rows
        dW2[0].addmv_(h.t(), d_output)
        d_h = self._room("d", *h.shape)
        torch.mul(d_output[:, None], self.parameters[2], out=d_h)
        torch.ops.aten.threshold_backward.grad_input(d_h, h, 0, grad_input=d_h)
        torch.addmm(dW1, d_h.t(), x, out=dW1)
        db1 += d_h.sum(0)


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None where there is a logit for each class."""
    if len(setup.network.W2) != 1:
        return None
    return FastVectorMLP(setup.network, setup.dtype)
