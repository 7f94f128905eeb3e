"""The LSTM's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``lstm.LSTM``, several times as fast, because

* what the gates read of a token is a row of a table, W_ih token + b_ih + b_hh, worked out once per token and not once per row;
* the first step sees x alone and begins at h = c = 0: it has p distinct results, and so has what the second step reads of its h.
  A row's gates at the second step are the sum of two rows of tables, with no product per row: one sparse product gathers
  them, and the cell state with them;
* gates lie one after the other, (4, rows, H), so that each is a contiguous block and what is pointwise runs in place.

Where "=" is read there is a third step, and with it a product per row. Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.fast.columns import Rooms
from grokbench.networks.fast.products import add_times, transposed_times
from grokbench.networks.fast.step import Classifier, LossSums, Step
from grokbench.networks.fast.token_tables import RowBlock, SplitRows, Tokens, add_loss, in_blocks
from grokbench.networks.lstm import LSTM

BLOCK = 3072  # rows at most
PARTS = 5  # tables to gather from: the gates i, f, g, o, and the cell state before


@dataclass(frozen=True)
class CellState:
    """One step's numbers for m rows; ``gates`` hold pre-activations before ``forward`` and activations after it."""

    gates: Tensor  # (4, m, H): i, f, g, o
    before: Tensor  # (m, H): c of the step before
    c: Tensor  # (m, H)
    tanh_c: Tensor
    h: Tensor

    def forward(self) -> None:
        """c = f before + i g, h = o tanh(c)."""
        i, f, g, o = self.gates
        self.gates[:2].sigmoid_()
        g.tanh_()
        o.sigmoid_()
        torch.mul(f, self.before, out=self.c).addcmul_(i, g)
        torch.tanh(self.c, out=self.tanh_c)
        torch.mul(o, self.tanh_c, out=self.h)

    def backward(self, d_h: Tensor, d_c: Tensor | None, d: Tensor) -> None:
        """From the gradient by h, and by c where a later step reads that, (m, H), to ``d`` (5, m, H).

        Of ``d``, the first four are by the gates' pre-activations, the last is by ``before``.
        """
        i, f, g, o = self.gates
        d_before = torch.mul(d_h, o, out=d[4])
        torch.ops.aten.tanh_backward.grad_input(d_before, self.tanh_c, grad_input=d_before)
        if d_c is not None:
            d_before.add_(d_c)
        torch.mul(d_before, g, out=d[0])
        torch.mul(d_before, self.before, out=d[1])
        torch.mul(d_before, i, out=d[2])
        torch.mul(d_h, self.tanh_c, out=d[3])
        d_before.mul_(f)
        torch.ops.aten.sigmoid_backward.grad_input(d[:2], self.gates[:2], grad_input=d[:2])
        torch.ops.aten.tanh_backward.grad_input(d[2], g, grad_input=d[2])
        torch.ops.aten.sigmoid_backward.grad_input(d[3], o, grad_input=d[3])


class FastLSTM:
    """Weights, gradients and buffers of one network.

    ``parameters[i]``, called ``names[i]``, has its gradient in ``gradients[i]``; names and shapes are the plain module's.
    """

    def __init__(self, plain: LSTM, dtype: torch.dtype) -> None:
        p, hidden = plain.n_elements, plain.hidden
        self.n_elements, self.hidden = p, hidden
        self._dtype, self._equals = dtype, plain.equals
        self._w = {name: w.detach().to(dtype, copy=True) for name, w in plain.named_parameters()}
        self._d = {name: torch.zeros_like(w) for name, w in self._w.items()}
        self.names = tuple(self._w)
        self.parameters = tuple(self._w[name] for name in self.names)
        self.gradients = tuple(self._d[name] for name in self.names)

        self._tokens = Tokens(plain, self._w, self._d, dtype)
        self._recur = self._w["W_hh"].view(4, hidden, hidden)
        self._d_recur = self._d["W_hh"].view(4, hidden, hidden)
        # What the second step gathers from: of its x the gates' part and c, of its y the gates' part (and, of c, nothing).
        self._tables, self._d_tables = (torch.zeros(PARTS, 2 * p, hidden, dtype=dtype) for _ in range(2))
        self._d_read = torch.zeros(4, plain.n_tokens, hidden, dtype=dtype)
        self._room = Rooms(dtype)
        self._start = torch.zeros(p, hidden, dtype=dtype)  # c before the first step

    def rows(self, rows: NDArray[np.int64]) -> SplitRows:
        """(n, 3) element indices x, y, x∘y; ordered by (x, y) they are kinder to the cache."""
        return in_blocks(rows, self.n_elements, PARTS, BLOCK, self._dtype)

    def batch(self, rows: SplitRows, indices: NDArray[np.int64]) -> SplitRows:
        """The rows of these indices."""
        return self.rows(rows.table[indices])

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's parameters."""
        return {name: w.clone() for name, w in self._w.items()}

    def gradient(self, rows: SplitRows, count: bool = False) -> LossSums:
        """Σ −log p(target), and the gradient of its mean over rows, written to ``gradients``."""
        for total in (*self.gradients, self._d_tables, self._d_read):
            total.zero_()
        first, read = self._first()
        sums = LossSums()
        for block in rows.blocks:
            second, last, logits = self._forward(block, read)
            add_loss(logits, block.target, sums, count, 1 / rows.n_rows)
            self._backward(block, second, last, logits)
        self._backward_first(first)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums without a gradient."""
        sums, (_, read) = LossSums(), self._first()
        for block in rows.blocks:
            add_loss(self._forward(block, read)[2], block.target, sums, True)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """Logits, (n, p)."""
        _, read = self._first()
        return torch.cat([self._forward(block, read)[2].t().clone() for block in rows.blocks])

    def _first(self) -> tuple[CellState, Tensor]:
        """The first step for every element, and what the gates read of a token, (4, tokens, H); fills the tables."""
        w, p = self._w, self.n_elements
        read = self._tokens.through(w["W_ih"]) + (w["b_ih"] + w["b_hh"])  # (tokens, 4H)
        read = read.view(-1, 4, self.hidden).transpose(0, 1)
        first = self._cell("first", self._room3("first", 4, p), self._start)
        first.gates.copy_(read[:, :p])
        first.forward()
        torch.matmul(first.h, self._recur.transpose(1, 2), out=self._tables[:4, :p])
        self._tables[:4, p:] = read[:, :p]
        self._tables[4, :p] = first.c
        return first, read

    def _forward(self, block: RowBlock, read: Tensor) -> tuple[CellState, CellState, Tensor]:
        """The second step, the last, which may be the same, and logits (p, n), in buffers that all blocks share."""
        w, n = self._w, block.n
        gathered = self._room("second gates", PARTS * n, self.hidden)
        torch.addmm(gathered, block.gather, self._tables.flatten(0, 1), beta=0, out=gathered)
        parts = gathered.view(PARTS, n, -1)
        second = last = self._cell("second", parts[:4], parts[4])
        second.forward()
        if self._equals:
            last = self._cell("third", self._room3("third", 4, n), second.c)
            h = second.h.expand(4, -1, -1)
            torch.baddbmm(read[:, -1:], h, self._recur.transpose(1, 2), out=last.gates)
            last.forward()
        logits = self._room("logits", self.n_elements, n).copy_(w["b_out"][:, None])
        add_times(logits, w["W_out"], last.h.t())
        return second, last, logits

    def _backward(self, block: RowBlock, second: CellState, last: CellState, r: Tensor) -> None:
        """From the gradient by the logits, r (p, n), to the output layer's, and, added to the tables', the second step's."""
        n = block.n
        add_times(self._d["W_out"], r, last.h)
        self._d["b_out"] += r.sum(1)
        d_h, d = self._room("d_h", n, self.hidden), self._room3("d", PARTS, n)
        transposed_times(r, self._w["W_out"], out=d_h)
        if last is not second:
            d_third = self._room3("d third", PARTS, n)
            last.backward(d_h, None, d_third)
            self._d_read[:, -1] += d_third[:4].sum(1)
            d_h = self._through_recurrence(second.h, d_third[:4])
        second.backward(d_h, None if last is second else d_third[4], d)
        d_tables = self._d_tables.flatten(0, 1)
        torch.addmm(d_tables, block.scatter, d.flatten(0, 1), out=d_tables)

    def _backward_first(self, first: CellState) -> None:
        """From the tables' gradient to the weights that they were made of."""
        p, (dx, dy) = self.n_elements, self._d_tables.split(self.n_elements, dim=1)  # (5, p, H) each
        d = self._room3("d", PARTS, p)
        first.backward(self._through_recurrence(first.h, dx[:4]), dx[4], d)
        self._d_read[:, :p] += dy[:4] + d[:4]
        d_read = self._d_read.transpose(0, 1).flatten(1)  # (tokens, 4H)
        self._tokens.backward(d_read, self._w["W_ih"], self._d["W_ih"])
        torch.sum(d_read, 0, out=self._d["b_ih"])
        self._d["b_hh"].copy_(self._d["b_ih"])

    def _through_recurrence(self, h: Tensor, d: Tensor) -> Tensor:
        """From the gradient by W_hh h, (4, m, H), to that by h, (m, H), and, added, that by W_hh."""
        self._d_recur.baddbmm_(d.transpose(1, 2), h.expand(4, -1, -1))
        return torch.bmm(d, self._recur).sum(0)

    def _cell(self, name: str, gates: Tensor, before: Tensor) -> CellState:
        """A cell with buffers of that name."""
        c, tanh_c, h = (self._room(f"{name} {part}", *before.shape) for part in ("c", "tanh c", "h"))
        return CellState(gates, before, c, tanh_c, h)

    def _room3(self, name: str, parts: int, n: int) -> Tensor:
        """A (parts, n, H) buffer."""
        return self._room(f"{name} gates", parts * n, self.hidden).view(parts, n, self.hidden)


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None unless the log-softmax has the weights' own type."""
    if setup.loss_fields["precision"] != str(setup.dtype).removeprefix("torch."):
        return None
    return Classifier(FastLSTM(setup.network, setup.dtype), setup.network.n_elements)
