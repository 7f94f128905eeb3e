"""The factored network's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``factored_mlp.FactoredMLP``, faster: an embedding times the matrix that reads it is a table
with one row per element, rows gather and scatter by a sparse 0/1 matrix, and blocks of rows stay in the CPU's cache, in buffers
that are allocated once. The log-softmax is in float64 where the recipe says so. Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.factored_mlp import WEIGHTS, FactoredMLP
from grokbench.networks.fast.columns import Rooms
from grokbench.networks.fast.products import add_times, transposed_times
from grokbench.networks.fast.step import Classifier, LossSums, Step
from grokbench.networks.fast.token_tables import RowBlock, SplitRows, add_loss, in_blocks

BLOCK = 600  # rows at most
PRECISIONS = {"float64": torch.float64, "float32": torch.float32}


class FastFactoredMLP:
    """Weights, gradients and buffers of one network under the mean cross-entropy, whose log-softmax has the type ``wide``.

    ``parameters[i]``, called ``names[i]``, has its gradient in ``gradients[i]``; names and shapes are the plain module's.
    """

    def __init__(self, plain: FactoredMLP, dtype: torch.dtype, wide: torch.dtype) -> None:
        self.names = WEIGHTS
        self.n_elements, self._dtype = plain.n_elements, dtype
        self.parameters = tuple(getattr(plain, name).detach().to(dtype, copy=True) for name in WEIGHTS)
        self.gradients = tuple(torch.zeros_like(w) for w in self.parameters)
        self._w_x, self._w_y, w, self._w_u = self.parameters
        self._d_x, self._d_y, d, self._d_u = self.gradients
        self._halves, self._d_halves = w.split(plain.d_embedding), d.split(plain.d_embedding)
        self.width = w.shape[1]
        # Of x and of y: what each element adds to the hidden layer, one table under the other.
        self._table, self._d_table = (
            torch.zeros(2 * self.n_elements, self.width, dtype=dtype) for _ in range(2)
        )
        self._room, self._wide_room = Rooms(dtype), Rooms(wide)

    def rows(self, rows: NDArray[np.int64]) -> SplitRows:
        """(n, 3) element indices x, y, x∘y; ordered by (x, y) they are kinder to the cache."""
        return in_blocks(rows, self.n_elements, BLOCK, self._dtype)

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's parameters."""
        return {name: w.clone() for name, w in zip(self.names, self.parameters, strict=True)}

    def gradient(self, rows: SplitRows, count: bool = False) -> LossSums:
        """The loss summed over rows, and the gradient of its mean over rows, written to ``gradients``."""
        self._d_u.zero_()
        self._d_table.zero_()
        self._fill_table()
        sums = LossSums()
        for block in rows.blocks:
            hidden, logits = self._forward(block)
            wide = self._widened(logits)
            add_loss(wide, block.target, sums, count, 1 / rows.n_rows)
            self._backward(block, hidden, logits.copy_(wide))
        self._backward_table()
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums without a gradient."""
        self._fill_table()
        sums = LossSums()
        for block in rows.blocks:
            add_loss(self._widened(self._forward(block)[1]), block.target, sums, True)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """Logits, (n, p)."""
        self._fill_table()
        return torch.cat([self._forward(block)[1].t().clone() for block in rows.blocks])

    def _fill_table(self) -> None:
        """W_x times the half of W that reads x, and W_y times the other."""
        of_x, of_y = self._table.split(self.n_elements)
        torch.mm(self._w_x, self._halves[0], out=of_x)
        torch.mm(self._w_y, self._halves[1], out=of_y)

    def _forward(self, block: RowBlock) -> tuple[Tensor, Tensor]:
        """The hidden layer (n, m) and logits (p, n), in buffers that all blocks share."""
        h = self._room("h", block.n, self.width)
        torch.addmm(h, block.gather, self._table, beta=0, out=h)
        h.clamp_min_(0)
        logits = self._room("logits", self.n_elements, block.n)
        transposed_times(self._w_u, h.t(), out=logits)
        return h, logits

    def _widened(self, logits: Tensor) -> Tensor:
        return self._wide_room("logits", *logits.shape).copy_(logits)

    def _backward(self, block: RowBlock, hidden: Tensor, r: Tensor) -> None:
        """From the gradient by the logits, r (p, n), to W_U's, and to the table's: both are added."""
        add_times(self._d_u, hidden.t(), r.t())
        d_h = self._room("d", block.n, self.width)
        transposed_times(r, self._w_u.t(), out=d_h)
        torch.ops.aten.threshold_backward.grad_input(d_h, hidden, 0, grad_input=d_h)
        torch.addmm(self._d_table, block.scatter, d_h, out=self._d_table)

    def _backward_table(self) -> None:
        """From the table's gradient to the embeddings' and to the matrix that reads them."""
        parts = zip(
            self._d_table.split(self.n_elements),
            (self._w_x, self._w_y),
            self._halves,
            (self._d_x, self._d_y),
            self._d_halves,
            strict=True,
        )
        for d_table, embedding, half, d_embedding, d_half in parts:
            torch.mm(d_table, half.t(), out=d_embedding)
            torch.mm(embedding.t(), d_table, out=d_half)


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None for a log-softmax of a half type."""
    named = PRECISIONS.get(setup.loss_fields["precision"])
    if named is None:
        return None
    wide = torch.promote_types(named, setup.dtype)
    return Classifier(FastFactoredMLP(setup.network, setup.dtype, wide), setup.network.n_elements)
