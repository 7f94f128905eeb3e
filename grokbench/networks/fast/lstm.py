"""The LSTM's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``lstm.LSTM``, several times as fast, because

* what the gates read of a token is a column of a table, W_ih token + b_ih + b_hh, worked out once per token and not once per row;
* the first step sees x alone and begins at h = c = 0: it has p distinct results, and so has what the second step reads of its h.
  A row's gates at the second step are the sum of two columns of tables, with no product per row: one sparse product gathers
  them, and the cell state with them;
* a row of the data is a column here. Each gate is then a contiguous block, and all four are one product; a last line of ones
  under h makes biases, and their gradients, part of the products.

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
from grokbench.networks.fast.products import add_times, tanh, times_transposed, transposed_times
from grokbench.networks.fast.step import Classifier, LossSums, Step
from grokbench.networks.fast.token_tables import RowBlock, SplitRows, Tokens, add_loss, in_blocks
from grokbench.networks.lstm import LSTM

BLOCK = 3072  # rows at most


@dataclass(frozen=True)
class CellState:
    """One step's numbers for m rows; ``gates`` hold pre-activations before ``forward`` and activations after it."""

    gates: Tensor  # (4H, m): i, f, g, o
    before: Tensor  # (H, m): c of the step before
    c: Tensor  # (H, m)
    tanh_c: Tensor
    h_and_one: Tensor  # (H + 1, m): h, and a last line of ones

    @property
    def h(self) -> Tensor:
        """(H, m)."""
        return self.h_and_one[:-1]

    def forward(self) -> None:
        """c = f before + i g, h = o tanh(c)."""
        i, f, g, o = gates = self.gates.unflatten(0, (4, -1))
        gates[:2].sigmoid_()
        tanh(g, out=g)
        o.sigmoid_()
        torch.mul(f, self.before, out=self.c).addcmul_(i, g)
        tanh(self.c, out=self.tanh_c)
        torch.mul(o, self.tanh_c, out=self.h)
        self.h_and_one[-1] = 1

    def backward(self, d_h: Tensor, d_c: Tensor | None, d: Tensor) -> None:
        """From the gradient by h, and by c where a later step reads that, (H, m), to ``d`` (5H, m).

        Of ``d``, the first 4H are by the gates' pre-activations, the last H by ``before``.
        """
        i, f, g, o = gates = self.gates.unflatten(0, (4, -1))
        d_i, d_f, d_g, d_o, d_before = d = d.unflatten(0, (5, -1))
        torch.mul(d_h, o, out=d_before)
        torch.ops.aten.tanh_backward.grad_input(d_before, self.tanh_c, grad_input=d_before)
        if d_c is not None:
            d_before.add_(d_c)
        torch.mul(d_before, g, out=d_i)
        torch.mul(d_before, self.before, out=d_f)
        torch.mul(d_before, i, out=d_g)
        torch.mul(d_h, self.tanh_c, out=d_o)
        d_before.mul_(f)
        torch.ops.aten.sigmoid_backward.grad_input(d[:2], gates[:2], grad_input=d[:2])
        torch.ops.aten.tanh_backward.grad_input(d_g, g, grad_input=d_g)
        torch.ops.aten.sigmoid_backward.grad_input(d_o, o, grad_input=d_o)


@dataclass(frozen=True)
class Bordered:
    """A pass's matrices with their biases as a last column, and the gradients by them: h and ones go through both."""

    recur: Tensor  # (4H, H + 1): W_hh, and what the gates read of "="
    out: Tensor  # (p, H + 1)
    d_recur: Tensor
    d_out: Tensor


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
        # What the second step gathers from: of its x the gates' part and c, of its y the gates' part (and, of c, nothing).
        self._tables, self._d_tables = (torch.zeros(2 * p, 5 * hidden, dtype=dtype) for _ in range(2))
        self._d_read = torch.zeros(4 * hidden, plain.n_tokens, dtype=dtype)
        self._room = Rooms(dtype)
        self._start = torch.zeros(hidden, p, dtype=dtype)  # c before the first step

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
        """Σ −log p(target), and the gradient of its mean over rows, written to ``gradients``."""
        for total in (*self.gradients, self._d_tables):
            total.zero_()
        first, through = self._first()
        sums = LossSums()
        for block in rows.blocks:
            second, last, logits = self._forward(block, through)
            add_loss(logits, block.target, sums, count, 1 / rows.n_rows)
            self._backward(block, through, second, last, logits)
        self._backward_first(first, through)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums without a gradient."""
        sums, (_, through) = LossSums(), self._first()
        for block in rows.blocks:
            add_loss(self._forward(block, through)[2], block.target, sums, True)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """Logits, (n, p)."""
        _, through = self._first()
        return torch.cat([self._forward(block, through)[2].t() for block in rows.blocks])

    def _first(self) -> tuple[CellState, Bordered]:
        """The first step for every element; fills the tables."""
        w, p, gates = self._w, self.n_elements, 4 * self.hidden
        read = (self._tokens.through(w["W_ih"]) + (w["b_ih"] + w["b_hh"])).t()  # (4H, tokens)
        first = self._cell("first", self._room("first gates", gates, p), self._start)
        first.gates.copy_(read[:, :p])
        first.forward()
        torch.mm(first.h.t(), w["W_hh"].t(), out=self._tables[:p, :gates])
        self._tables[p:, :gates] = read[:, :p].t()
        self._tables[:p, gates:] = first.c.t()
        recur, out = (
            torch.column_stack([w["W_hh"], read[:, -1]]),
            torch.column_stack([w["W_out"], w["b_out"]]),
        )
        return first, Bordered(recur, out, torch.zeros_like(recur), torch.zeros_like(out))

    def _forward(self, block: RowBlock, through: Bordered) -> tuple[CellState, CellState, Tensor]:
        """The second step, the last, which may be the same, and logits (p, n)."""
        by_row = self._room("by row", block.n, 5 * self.hidden)
        torch.addmm(by_row, block.gather, self._tables, beta=0, out=by_row)
        gathered = self._room("second gates", 5 * self.hidden, block.n).copy_(by_row.t())
        gates, c = gathered.split([4 * self.hidden, self.hidden])
        second = last = self._cell("second", gates, c)
        second.forward()
        if self._equals:
            gates = times_transposed(through.recur, second.h_and_one.t())
            last = self._cell("third", gates, second.c)
            last.forward()
        return second, last, times_transposed(through.out, last.h_and_one.t())

    def _backward(
        self, block: RowBlock, through: Bordered, second: CellState, last: CellState, r: Tensor
    ) -> None:
        """From the gradient by the logits, r (p, n), to the output layer's, and, added, the tables'."""
        add_times(through.d_out, r, last.h_and_one.t())
        d_h, d_c = transposed_times(self._w["W_out"], r), None
        d = self._room("d", 5 * self.hidden, block.n)
        if last is not second:
            d_third = self._room("d third", *d.shape)
            last.backward(d_h, None, d_third)
            by_gates, d_c = d_third.split([4 * self.hidden, self.hidden])
            add_times(through.d_recur, by_gates, second.h_and_one.t())
            d_h = transposed_times(self._w["W_hh"], by_gates)
        second.backward(d_h, d_c, d)
        by_row = self._room("by row", block.n, 5 * self.hidden).copy_(d.t())
        torch.addmm(self._d_tables, block.scatter, by_row, out=self._d_tables)

    def _backward_first(self, first: CellState, through: Bordered) -> None:
        """From the gradients by the tables, and by the bordered matrices, to the weights that they were made of."""
        w, d, p, gates = self._w, self._d, self.n_elements, 4 * self.hidden
        by_x, by_y = self._d_tables.t().split(p, dim=1)  # (5H, p) each
        by_gates, by_c = by_x[:gates], by_x[gates:]
        torch.addmm(through.d_recur[:, :-1], by_gates, first.h.t(), out=d["W_hh"])
        by_first = self._room("d", 5 * self.hidden, p)
        first.backward(w["W_hh"].t() @ by_gates, by_c, by_first)
        self._d_read[:, -1] = through.d_recur[:, -1]  # where "=" is read that is the last token
        torch.add(by_y[:gates], by_first[:gates], out=self._d_read[:, :p])
        d_read = self._d_read.t()  # (tokens, 4H)
        self._tokens.backward(d_read, w["W_ih"], d["W_ih"])
        torch.sum(d_read, 0, out=d["b_ih"])
        d["b_hh"].copy_(d["b_ih"])
        d["W_out"].copy_(through.d_out[:, :-1])
        d["b_out"].copy_(through.d_out[:, -1])

    def _cell(self, name: str, gates: Tensor, before: Tensor) -> CellState:
        """A cell with buffers of that name."""
        hidden, m = before.shape
        c, tanh_c = (self._room(f"{name} {part}", hidden, m) for part in ("c", "tanh c"))
        return CellState(gates, before, c, tanh_c, self._room(f"{name} h", hidden + 1, m))


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None unless the log-softmax has the weights' own type."""
    if setup.loss_fields["precision"] != str(setup.dtype).removeprefix("torch."):
        return None
    return Classifier(FastLSTM(setup.network, setup.dtype), setup.network.n_elements)
