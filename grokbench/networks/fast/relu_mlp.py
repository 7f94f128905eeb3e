"""The ReLU network's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``relu_mlp.ReluMLP``, faster, because

* what the first layer reads of an operand is a row of a table, worked out once per element: h_1 of a row is relu(X[x] + Y[y]);
* biases are where a product starts from, gradients are summed where they stay, and the loss's scale comes with the softmax;
* rows go through in blocks that stay in the CPU's cache, into buffers that are allocated once.

With two hidden layers, the three products with W2 (forward, and back to h_1 and to W2) are left and are nearly all of the time.
Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.fast.columns import Rooms
from grokbench.networks.fast.products import add_times, transposed_times
from grokbench.networks.fast.step import Classifier, LossSums, Step
from grokbench.networks.fast.token_tables import (
    AddLoss,
    RowBlock,
    SplitRows,
    Tokens,
    add_loss,
    add_squares,
    in_blocks,
)
from grokbench.networks.relu_mlp import ReluMLP

BLOCK = 480  # rows at most


def per_row(n_rows: int) -> float:
    """The scale of a mean over rows."""
    return 1 / n_rows


class FastReluMLP:
    """Weights, gradients and buffers of one network under the cross-entropy, or the loss of ``add``, times ``scale`` of its rows.

    ``parameters[i]``, called ``names[i]``, has its gradient in ``gradients[i]``; names and shapes are the plain module's.
    """

    def __init__(
        self,
        plain: ReluMLP,
        dtype: torch.dtype,
        add: AddLoss = add_loss,
        scale: Callable[[int], float] = per_row,
    ) -> None:
        self._add, self._scale = add, scale
        self.n_elements, self.width = plain.n_elements, plain.width
        self._layers, self._biased, self._dtype = plain.layers, plain.biased, dtype
        self._w = {name: w.detach().to(dtype, copy=True) for name, w in plain.named_parameters()}
        self._d = {name: torch.zeros_like(w) for name, w in self._w.items()}
        self.names = tuple(self._w)
        self.parameters = tuple(self._w[name] for name in self.names)
        self.gradients = tuple(self._d[name] for name in self.names)

        self._tokens = Tokens(plain, self._w, self._d, dtype)
        # Of x and of y: the p rows that the first layer reads of either, one table under the other.
        self._table, self._d_table = (
            torch.zeros(2 * plain.n_elements, plain.width, dtype=dtype) for _ in range(2)
        )
        self._room = Rooms(dtype)

    def rows(self, rows: NDArray[np.int64]) -> SplitRows:
        """(n, 3) element indices x, y, x∘y; ordered by (x, y) they are kinder to the cache."""
        return in_blocks(rows, self.n_elements, BLOCK, self._dtype)

    def batch(self, rows: SplitRows, indices: NDArray[np.int64]) -> SplitRows:
        """The rows of these indices."""
        return self.rows(rows.table[indices])

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's parameters."""
        return {name: w.clone() for name, w in self._w.items()}

    def gradient(self, rows: SplitRows, count: bool = False) -> LossSums:
        """The loss summed over rows, and the gradient of its scale times that, written to ``gradients``."""
        for total in (*self.gradients, self._d_table):
            total.zero_()
        self._fill_table()
        sums = LossSums()
        for block in rows.blocks:
            hidden, logits = self._forward(block)
            self._add(logits, block.target, sums, count, self._scale(rows.n_rows))
            self._backward(block, hidden, logits)
        self._backward_table()
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums without a gradient."""
        self._fill_table()
        sums = LossSums()
        for block in rows.blocks:
            self._add(self._forward(block)[1], block.target, sums, True)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """Logits, (n, p)."""
        self._fill_table()
        return torch.cat([self._forward(block)[1].t().clone() for block in rows.blocks])

    def _fill_table(self) -> None:
        """X = W1 of x, and Y = W1 of y + b1, for every element."""
        of_x, of_y = self._table.split(self.n_elements)
        for_x, for_y = self._w["W1"].chunk(2, dim=1)  # (m, k) each
        of_x.copy_(self._tokens.through(for_x))
        of_y.copy_(self._tokens.through(for_y))
        if self._biased:
            of_y += self._w["b1"]

    def _forward(self, block: RowBlock) -> tuple[list[Tensor], Tensor]:
        """The hidden layers, (n, m) each, and logits (p, n), in buffers that all blocks share."""
        w, last = self._w, self._layers
        h = self._room("h1", block.n, self.width)
        torch.addmm(h, block.gather, self._table, beta=0, out=h)
        hidden = [h.clamp_min_(0)]
        for layer in range(2, last):
            h = self._start(f"h{layer}", block.n, self.width, w.get(f"b{layer}"))
            add_times(h, hidden[-1], w[f"W{layer}"].t())
            hidden.append(h.clamp_min_(0))
        last_bias = w[f"b{last}"][:, None] if self._biased else None
        logits = self._start("logits", self.n_elements, block.n, last_bias)
        add_times(logits, w[f"W{last}"], hidden[-1].t())
        return hidden, logits

    def _start(self, name: str, rows: int, columns: int, bias: Tensor | None) -> Tensor:
        """A buffer that a product is added to: the bias, or 0."""
        room = self._room(name, rows, columns)
        return room.zero_() if bias is None else room.copy_(bias)

    def _backward(self, block: RowBlock, hidden: list[Tensor], r: Tensor) -> None:
        """From the gradient by the logits, r (p, n), to the layers', and to the table's: all are added."""
        w, d, last = self._w, self._d, self._layers
        add_times(d[f"W{last}"], r, hidden[-1])
        if self._biased:
            d[f"b{last}"] += r.sum(1)
        d_h = self._room(f"d{last - 1}", block.n, self.width)
        transposed_times(r, w[f"W{last}"], out=d_h)
        for layer in range(last - 1, 1, -1):
            _relu_backward(d_h, hidden[layer - 1])
            add_times(d[f"W{layer}"], d_h.t(), hidden[layer - 2])
            if self._biased:
                d[f"b{layer}"] += d_h.sum(0)
            d_before = self._room(f"d{layer - 1}", block.n, self.width)
            transposed_times(d_h.t(), w[f"W{layer}"], out=d_before)
            d_h = d_before
        _relu_backward(d_h, hidden[0])
        torch.addmm(self._d_table, block.scatter, d_h, out=self._d_table)

    def _backward_table(self) -> None:
        """From the table's gradient to the first layer's."""
        by_half = zip(
            self._d_table.split(self.n_elements),
            self._w["W1"].chunk(2, dim=1),
            self._d["W1"].chunk(2, dim=1),
            strict=True,
        )
        for d_table, w, dw in by_half:
            self._tokens.backward(d_table, w, dw)
        if self._biased:
            torch.sum(self._d_table[self.n_elements :], 0, out=self._d["b1"])


def _relu_backward(d: Tensor, h: Tensor) -> None:
    """d becomes 0 where the unit was silent."""
    torch.ops.aten.threshold_backward.grad_input(d, h, 0, grad_input=d)


def squared_step(setup: Any) -> Step:
    """The hand-written step of a training setup whose loss is the squared error."""
    classes = setup.network.n_elements
    model = FastReluMLP(setup.network, setup.dtype, add_squares, lambda n: setup.reduce(1.0, n, classes))
    return Classifier(model, classes)


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None unless the log-softmax has the weights' own type."""
    if setup.loss_fields["precision"] != str(setup.dtype).removeprefix("torch."):
        return None
    return Classifier(FastReluMLP(setup.network, setup.dtype), setup.network.n_elements)
