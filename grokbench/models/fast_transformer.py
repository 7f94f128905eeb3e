"""The one-layer transformer's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``transformer.OneLayerTransformer`` at the last position, several times as fast, because

* only "=" asks: values and scores are made once per distinct (token, position), of which there are 2n + 1, and not once per row.
  A row's z, the heads' weighted values side by side, is then three rows of the value table by three weights: a sparse product;
* consecutive linear maps are multiplied together first, once a step. With R = [W_O | x_=], so that R [z, 1] is the residual
  stream after attention, and 1 a column that carries the biases,

      hidden = relu(M [z, 1]),                M = W_in R + [0 | b_in]
      logits = C [hidden, z, 1],              C = W_U [W_out | R] + [0 | W_U b_out]

* hidden, z and 1 lie side by side, so that each of those is one product, and rows go through in blocks that stay in cache.

Six products of (rows, features) size are left: M and C forward, C back to the activations and the weights, the same for M.
Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.models.products import (
    add_times,
    backend,
    count_correct,
    sparse,
    times_transposed,
    transposed_times,
)
from grokbench.models.transformer import BIASES, WEIGHTS, OneLayerTransformer, dropout_mask
from grokbench.specs.errors import UnknownNameError

BLOCK = 480  # rows at most
PRECISIONS = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True)
class Block:
    """Some rows of the table: what is constant about them over a whole run, and room for their attention."""

    rows: slice  # which of the set it belongs to
    attend: Tensor  # sparse (rows·H, (2n+1)·H): attend @ values = z. Its entries are rewritten at every pass
    spread: Tensor  # its transpose
    order: Tensor  # entries of ``spread`` in terms of those of ``attend``
    target: Tensor  # (1, rows) class


@dataclass(frozen=True)
class Rows:
    """A set of rows in blocks."""

    n_rows: int
    x: Tensor  # (n_rows,)
    y: Tensor
    blocks: tuple[Block, ...]


@dataclass
class Sums:
    """Over rows: Σ −log p(target), and how many argmaxes are right, where that was counted."""

    loss_sum: float = 0.0
    correct: int = 0


@dataclass(frozen=True)
class Folded:
    """What one pass works out of the weights before it meets a row."""

    tokens: Tensor  # (2n+1, d) residual stream of x as x, y as y, "="
    query: Tensor  # (H, e) of "="
    asked: Tensor  # (H, d): tokens · asked = scores
    values: Tensor  # ((2n+1)·H, e)
    attention: Tensor  # (3, rows, H)


class FastOneLayerTransformer:
    """Weights, gradients and buffers of one network.

    ``parameters[i]``, called ``names[i]``, has its gradient in ``gradients[i]``; shapes are the plain module's. ``precision`` is
    that of the log-softmax. With dropout, ``gradient`` draws a mask at every pass from ``generator``.
    """

    def __init__(
        self,
        plain: OneLayerTransformer,
        dtype: torch.dtype,
        precision: str = "float64",
        generator: torch.Generator | None = None,
    ) -> None:
        if precision not in PRECISIONS:
            raise UnknownNameError("loss.precision", precision, PRECISIONS)
        self.n_elements, self.dropout, self._generator = plain.n_elements, plain.dropout, generator
        self.heads, self.d_head = plain.heads, plain.d_head
        self._w = {name: getattr(plain, name).detach().to(dtype, copy=True) for name in WEIGHTS}
        self._d = {name: torch.zeros_like(w) for name, w in self._w.items()}
        self.names = tuple(n for n in WEIGHTS if not (n in BIASES and plain.mlp_biases == "frozen"))
        self.parameters = tuple(self._w[name] for name in self.names)
        self.gradients = tuple(self._d[name] for name in self.names)

        m, inner, outputs = plain.d_mlp, self.heads * self.d_head, plain.n_outputs
        self._hidden, self._between, self._read = slice(m), slice(m, m + inner), slice(m, None)  # columns
        self._R = _matrix(plain.d_model, inner + 1, dtype)
        self._M, self._dM = _matrix(m, inner + 1, dtype), _matrix(inner + 1, m, dtype)  # dM lies transposed
        self._C, self._dC = (_matrix(outputs, m + inner + 1, dtype) for _ in range(2))
        self._x = _matrix(BLOCK, m + inner + 1, dtype)
        self._x[:, -1] = 1
        self._d_hidden = _matrix(BLOCK, m, dtype)
        self._z, self._dz = (torch.empty(BLOCK * self.heads, self.d_head, dtype=dtype) for _ in range(2))
        # Logits lie class by class, which is how the BLAS and the softmax fill their vectors.
        self._logits = torch.empty(outputs * BLOCK, dtype=dtype)
        self._wide, self._log_p = torch.empty(2, outputs * BLOCK, dtype=PRECISIONS[precision])
        self._minus_one = torch.full((1, BLOCK), -1.0, dtype=PRECISIONS[precision])

    def rows(self, rows: NDArray[np.int64]) -> Rows:
        """(n, 3) element indices x, y, x∘y."""
        # As few blocks as fit, equal but for the last, and of whole cache lines.
        n_blocks = max(1, -(-len(rows) // BLOCK))
        size = 16 * -(-len(rows) // (16 * n_blocks))
        blocks = (slice(i, min(i + size, len(rows))) for i in range(0, len(rows), size))
        x, y = (torch.from_numpy(rows[:, i].copy()) for i in (0, 1))
        return Rows(len(rows), x, y, tuple(self._block(rows[block], block) for block in blocks))

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's; the biases are among them even where frozen."""
        return {name: w.clone() for name, w in self._w.items()}

    def gradient(self, rows: Rows, count: bool = False) -> Sums:
        """Σ −log p(target), and the gradient of its mean over rows, written to ``gradients``."""
        mask = None
        if self.dropout:
            mask = dropout_mask(rows.n_rows, len(self._M), self.dropout, self._generator, self._M.dtype)
        folded = self._fold(rows)
        back = self._C[:, : self._between.stop] / rows.n_rows  # the mean's scale costs nothing here
        totals = torch.zeros_like(folded.values), torch.zeros_like(folded.values[:, :1])
        self._dC.zero_()
        self._dM.zero_()
        sums = Sums()
        for block in rows.blocks:
            x, logits = self._forward(folded, block, mask)
            self._loss(logits, block, count, sums)
            self._residual(logits, block)
            add_times(self._dC, logits, x)  # (outputs, m+z+1)
            self._backward(logits, block, x, back, mask, totals)
        self._dC.mul_(1 / rows.n_rows)
        self._unfold(folded, *totals)
        return sums

    def evaluate(self, rows: Rows) -> Sums:
        """Loss and accuracy sums, without dropout and without a gradient."""
        folded, sums = self._fold(rows), Sums()
        for block in rows.blocks:
            self._loss(self._forward(folded, block, None)[1], block, True, sums)
        return sums

    def outputs(self, rows: Rows) -> Tensor:
        """Logits at the last position without dropout, (n, outputs)."""
        folded = self._fold(rows)
        return torch.cat([self._forward(folded, block, None)[1].t().clone() for block in rows.blocks])

    def _fold(self, rows: Rows) -> Folded:
        """Products of weights with weights into R, M and C, and each row's attention."""
        w, n, m = self._w, self.n_elements, len(self._M)
        tokens = torch.cat(
            [w["W_E"][:n] + w["W_pos"][0], w["W_E"][:n] + w["W_pos"][1], w["W_E"][n:] + w["W_pos"][2]]
        )
        query = w["W_Q"] @ tokens[-1]  # (H, e)
        asked = (query[:, None] @ w["W_K"]).squeeze(1) / self.d_head**0.5  # (H, d)
        scores = tokens @ asked.t()  # (2n+1, H)
        at_equals = scores[-1].expand(rows.n_rows, -1)
        attention = torch.stack([scores[rows.x], scores[n + rows.y], at_equals]).softmax(0)  # (3, rows, H)
        values = (tokens @ w["W_V"].flatten(0, 1).t()).view(-1, self.d_head)  # ((2n+1)·H, e)

        self._R[:, :-1].unflatten(1, (self.heads, -1)).copy_(w["W_O"].transpose(0, 1))
        self._R[:, -1] = tokens[-1]
        torch.mm(w["W_in"], self._R, out=self._M)
        self._M[:, -1] += w["b_in"]
        torch.mm(w["W_U"], w["W_out"], out=self._C[:, :m])
        torch.mm(w["W_U"], self._R, out=self._C[:, m:])
        self._C[:, -1] += w["W_U"] @ w["b_out"]
        return Folded(tokens, query, asked, values, attention)

    def _forward(self, folded: Folded, block: Block, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """[hidden | z | 1] (rows, m+z+1) and logits (outputs, rows), in buffers that all blocks share."""
        n = block.rows.stop - block.rows.start
        x, z = self._x[:n], self._z[: n * self.heads]
        block.attend.values().view(n, self.heads, 3).copy_(folded.attention[:, block.rows].permute(1, 2, 0))
        torch.addmm(z, block.attend, folded.values, beta=0, out=z)
        x[:, self._between] = z.view(n, -1)
        hidden = x[:, self._hidden]
        times_transposed(x[:, self._read], self._M, out=hidden)
        hidden.clamp_min_(0)
        if mask is not None:
            hidden.mul_(mask[block.rows])
        logits = self._logits[: len(self._C) * n].view(-1, n)
        times_transposed(self._C, x, out=logits)
        return x, logits

    def _loss(self, logits: Tensor, block: Block, count: bool, sums: Sums) -> None:
        """Adds to ``sums``, and leaves log p in its buffer. Right is a row whose first maximum is at its target."""
        if count:
            sums.correct += count_correct(logits, block.target)
        wide, log_p = (buffer[: logits.numel()].view_as(logits) for buffer in (self._wide, self._log_p))
        torch.log_softmax(wide.copy_(logits), 0, out=log_p)
        sums.loss_sum -= float(log_p.gather(0, block.target).sum(dtype=torch.float64))

    def _residual(self, logits: Tensor, block: Block) -> None:
        """``logits`` become the gradient of their loss, p − onehot."""
        p = self._log_p[: logits.numel()].view_as(logits).exp_()
        logits.copy_(p.scatter_add_(0, block.target, self._minus_one[:, : p.shape[1]]))

    def _backward(
        self,
        r: Tensor,
        block: Block,
        x: Tensor,
        back: Tensor,
        mask: Tensor | None,
        totals: tuple[Tensor, Tensor],
    ) -> None:
        """From r = p − onehot (outputs, rows) to dM, and to the values: adds Σ_r A dz and Σ_r A (dz·z) to ``totals``."""
        n, (d_values, shared) = len(x), totals
        z, dz, d_hidden = self._z[: n * self.heads], self._dz[: n * self.heads], self._d_hidden[:n]
        transposed_times(r, back[:, self._hidden], out=d_hidden)
        transposed_times(r, back[:, self._between], out=dz.view(n, -1))
        torch.ops.aten.threshold_backward.grad_input(d_hidden, x[:, self._hidden], 0, grad_input=d_hidden)
        if mask is not None:
            d_hidden.mul_(mask[block.rows])
        add_times(self._dM, x[:, self._read].t(), d_hidden)  # (z+1, m)
        add_times(dz.view(n, -1), d_hidden, self._M[:, :-1])
        torch.index_select(block.attend.values(), 0, block.order, out=block.spread.values())
        torch.addmm(d_values, block.spread, dz, out=d_values)
        torch.addmm(shared, block.spread, dz.mul_(z).sum(1, keepdim=True), out=shared)

    def _unfold(self, folded: Folded, d_values: Tensor, shared: Tensor) -> None:
        """The chain rule from C, M, values and scores to the weights."""
        w, d, m, n, inner = self._w, self._d, len(self._M), self.n_elements, self.heads * self.d_head
        tokens, bias = folded.tokens, self._dC[:, -1]  # bias: Σ over rows of dlogits
        torch.mm(self._dC[:, m:], self._R.t(), out=d["W_U"])
        d["W_U"].addmm_(self._dC[:, :m], w["W_out"].t()).addr_(bias, w["b_out"])
        torch.mm(w["W_U"].t(), self._dC[:, :m], out=d["W_out"])
        torch.mv(w["W_U"].t(), bias, out=d["b_out"])
        torch.mm(self._dM.t(), self._R.t(), out=d["W_in"])
        d["b_in"].copy_(self._dM[-1])
        d_r = torch.addmm(w["W_U"].t() @ self._dC[:, m:], w["W_in"].t(), self._dM.t())  # (d, z+1)
        d["W_O"].copy_(d_r[:, :-1].unflatten(1, (self.heads, -1)).transpose(0, 1))

        # Softmax: ds = A (dA − Σ A dA), where Σ A dA = dz·z and dA = dz·v; summed over rows, Σ_r A dz·v is d_values·v.
        d_scores = ((d_values * folded.values).sum(1, keepdim=True) - shared).view(
            -1, self.heads
        )  # (2n+1, H)
        d_values = d_values.view(-1, inner)
        torch.mm(d_values.t(), tokens, out=d["W_V"].view(inner, -1))
        d_tokens = torch.addmm(d_values @ w["W_V"].flatten(0, 1), d_scores, folded.asked)  # (2n+1, d)
        d_asked = d_scores.t() @ tokens / self.d_head**0.5  # (H, d)
        torch.mul(folded.query[:, :, None], d_asked[:, None, :], out=d["W_K"])
        d_query = w["W_K"] @ d_asked[:, :, None]  # (H, e, 1)
        torch.mul(d_query, tokens[-1], out=d["W_Q"])
        d_tokens[-1] += d_r[:, -1] + (w["W_Q"] * d_query).sum((0, 1))
        torch.add(d_tokens[:n], d_tokens[n:-1], out=d["W_E"][:n])
        d["W_E"][n] = d_tokens[-1]
        torch.stack([d_tokens[:n].sum(0), d_tokens[n:-1].sum(0), d_tokens[-1]], out=d["W_pos"])

    def _block(self, rows: NDArray[np.int64], which: slice) -> Block:
        n, heads, n_values = len(rows), self.heads, (2 * self.n_elements + 1) * self.heads
        tokens = np.column_stack([rows[:, 0], self.n_elements + rows[:, 1], np.full(n, 2 * self.n_elements)])
        columns = (tokens[:, None, :] * heads + np.arange(heads)[:, None]).ravel()  # (n, H, 3)
        order = np.argsort(columns, kind="stable")
        starts = np.searchsorted(columns[order], np.arange(n_values + 1))
        attend, spread = (
            sparse(*indices, torch.zeros(len(columns), dtype=self._M.dtype), shape)
            for indices, shape in (
                ((np.arange(0, len(columns) + 1, 3), columns), (n * heads, n_values)),
                ((starts, order // 3), (n_values, n * heads)),
            )
        )
        target = torch.from_numpy(rows[:, 2].copy())[None, :]
        return Block(which, attend, spread, torch.from_numpy(order), target)


def _matrix(n_rows: int, n_columns: int, dtype: torch.dtype) -> Tensor:
    """Room of that shape: rows begin on a cache line, an odd number of lines apart, lest they crowd into few cache sets."""
    if backend(dtype) == "onednn":  # it would have to copy such rows first
        return torch.zeros(n_rows, n_columns, dtype=dtype)
    return torch.zeros(n_rows, 16 * (-(-n_columns // 16) | 1), dtype=dtype)[:, :n_columns]
