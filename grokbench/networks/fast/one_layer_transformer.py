"""The one-layer transformer's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``transformer.OneLayerTransformer`` at the last position, several times as fast, because up to
the ReLU a row is a weighted sum of few vectors that all rows share:

* only "=" asks: scores and values are made once per distinct (token, position), of which there are 2n + 1, and not once per row;
* what a head reads off a token goes through linear maps alone to the hidden layer and, around it, to the logits. So it is taken
  there once per token. With R = [W_O | x_=], so that R [z, 1] is the residual stream after attention,

      [hidden before the ReLU | logits but for the MLP's] = N [z, 1],    N = [W_in; W_U] R + [0 | b_in; W_U b_out]

  where z, the heads' weighted values, is the values of "=" plus, as a head's weights add up to 1, its weights for x and y times
  the differences of their values from those. N times each of these is a row of a table, (2nH + 1, m + outputs), and a row of the
  data sums 2H + 1 of them (see ``tiles``; for few rows, ``head_sums`` multiplies in another order);
* after the ReLU, logits += C hidden with C = W_U W_out, multiplied together once a step.

Three products of (rows, m, outputs) size are left: C forward, back to the activations, back to C. All goes in blocks of rows
that stay in cache. Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.base import dropout_mask
from grokbench.networks.fast.head_sums import FEW, HeadSums, RowsFirst, TableFirst
from grokbench.networks.fast.products import (
    add_times,
    count_correct,
    times,
    times_transposed,
    transposed_times,
)
from grokbench.networks.fast.step import Classifier, LossSums, Step
from grokbench.networks.fast.tiles import BLOCK, RowBlock, SplitRows, in_tiles
from grokbench.networks.fast.token_tables import add_loss
from grokbench.networks.one_layer_transformer import BIASES, WEIGHTS, OneLayerTransformer
from grokbench.specs.errors import UnknownNameError

PRECISIONS = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True)
class Folded:
    """What one pass works out of the weights before it meets a row."""

    tokens: Tensor  # (2n+1, d) residual stream of x as x, y as y, "="
    query: Tensor  # (H, e) of "="
    asked: Tensor  # (H, d): tokens · asked = scores
    attention: Tensor  # (n_rows, 2H) to x by H heads, to y by H heads
    head_sums: HeadSums  # makes N [z, 1] of attention


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
        self._hidden, self._direct = slice(m), slice(m, m + outputs)  # columns
        self._R = torch.zeros(plain.d_model, inner + 1, dtype=dtype)
        self._N = torch.zeros(m + outputs, inner + 1, dtype=dtype)
        size = self.n_elements, self.heads, self.d_head, m + outputs, dtype
        self._many, self._few = TableFirst(*size), RowsFirst(*size)
        self._C, self._dC = torch.zeros(2, outputs, m, dtype=dtype)
        self._sums, self._activations = (torch.empty(BLOCK, width, dtype=dtype) for width in (m + outputs, m))
        self._wide = torch.empty(outputs * BLOCK, dtype=PRECISIONS[precision])

    def rows(self, rows: NDArray[np.int64]) -> SplitRows:
        """(n, 3) element indices x, y, x∘y."""
        return in_tiles(rows, self.n_elements, self.heads, self._C.dtype)

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's; the biases are among them even where frozen."""
        return {name: w.clone() for name, w in self._w.items()}

    def gradient(self, rows: SplitRows, count: bool = False) -> LossSums:
        """Σ −log p(target), and the gradient of its mean over rows, written to ``gradients``."""
        mask = None
        if self.dropout:
            mask = dropout_mask(rows.n_rows, self._C.shape[1], self.dropout, self._generator, self._C.dtype)
            mask = mask.index_select(0, rows.order)
        folded, sums = self._fold(rows), LossSums()
        d_attention = torch.empty_like(folded.attention)
        self._dC.zero_()
        for block in rows.blocks:
            hidden, logits = self._forward(folded, block, mask)
            logits.copy_(self._loss(logits, block, count, sums, 1 / rows.n_rows))
            add_times(self._dC, logits, hidden)  # (outputs, m)
            d_sums = self._backward(logits, hidden, block, mask)
            d_attention[block.rows] = folded.head_sums.backward(block, folded.attention[block.rows], d_sums)
        self._unfold(folded, rows, d_attention)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums, without dropout and without a gradient."""
        folded, sums = self._fold(rows), LossSums()
        for block in rows.blocks:
            self._loss(self._forward(folded, block, None)[1], block, True, sums)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """Logits at the last position without dropout, (n, outputs)."""
        folded = self._fold(rows)
        logits = torch.cat([self._forward(folded, block, None)[1].t() for block in rows.blocks])
        return logits[rows.order.argsort()]

    def _fold(self, rows: SplitRows) -> Folded:
        """Products of weights with weights into R, N and C, and each row's attention."""
        w, n, m, heads = self._w, self.n_elements, self._C.shape[1], self.heads
        tokens = torch.cat(
            [w["W_E"][:n] + w["W_pos"][0], w["W_E"][:n] + w["W_pos"][1], w["W_E"][n:] + w["W_pos"][2]]
        )
        query = w["W_Q"] @ tokens[-1]  # (H, e)
        asked = (query[:, None] @ w["W_K"]).squeeze(1) / self.d_head**0.5  # (H, d)
        scores = tokens @ asked.t()  # (2n+1, H)
        at_equals = scores[-1].expand(rows.n_rows, -1)
        attention = torch.stack([scores[rows.x], scores[n + rows.y], at_equals], 1).softmax(1)  # (rows, 3, H)
        values = (tokens @ w["W_V"].flatten(0, 1).t()).view(-1, heads, self.d_head)
        values[:-1] -= values[-1]

        self._R[:, :-1].unflatten(1, (heads, -1)).copy_(w["W_O"].transpose(0, 1))
        self._R[:, -1] = tokens[-1]
        times(w["W_in"], self._R, out=self._N[:m])
        times(w["W_U"], self._R, out=self._N[m:])
        self._N[:m, -1] += w["b_in"]
        self._N[m:, -1] += w["W_U"] @ w["b_out"]
        head_sums: HeadSums = self._few if rows.n_rows <= FEW else self._many
        head_sums.start(values, self._N)
        times(w["W_U"], w["W_out"], out=self._C)
        return Folded(tokens, query, asked, attention[:, :2].flatten(1), head_sums)

    def _forward(self, folded: Folded, block: RowBlock, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """The hidden layer (rows, m), in a buffer that all blocks share, and logits (outputs, rows)."""
        n = block.rows.stop - block.rows.start
        sums, hidden = self._sums[:n], self._activations[:n]
        folded.head_sums.sums(block, folded.attention[block.rows], out=sums)
        torch.clamp_min(sums[:, self._hidden], 0, out=hidden)
        if mask is not None:
            hidden.mul_(mask[block.rows])
        # Logits lie class by class, which is how the BLAS and the softmax fill their vectors.
        return hidden, times_transposed(self._C, hidden).add_(sums[:, self._direct].t())

    def _loss(
        self, logits: Tensor, block: RowBlock, count: bool, sums: LossSums, scale: float | None = None
    ) -> Tensor:
        """Adds to ``sums``; the logits in the log-softmax's type, which with a ``scale`` have become that loss's gradient."""
        if count:
            sums.correct += count_correct(logits, block.target)
        wide = self._wide[: logits.numel()].view_as(logits).copy_(logits)
        add_loss(wide, block.target, sums, False, scale)
        return wide

    def _backward(self, d_logits: Tensor, hidden: Tensor, block: RowBlock, mask: Tensor | None) -> Tensor:
        """From dlogits (outputs, rows) to the gradient by the sums, (rows, m+outputs), written where they were."""
        d_sums = self._sums[: len(hidden)]
        d_before = d_sums[:, self._hidden]  # the ReLU
        d_hidden = transposed_times(d_logits, self._C)
        torch.ops.aten.threshold_backward.grad_input(d_hidden, hidden, 0, grad_input=d_before)
        if mask is not None:
            d_before.mul_(mask[block.rows])
        d_sums[:, self._direct].copy_(d_logits.t())
        return d_sums

    def _unfold(self, folded: Folded, rows: SplitRows, d_attention: Tensor) -> None:
        """The chain rule from C, the heads' values, N and attention (rows, 2H) to the weights."""
        w, d, m, n, heads = self._w, self._d, self._C.shape[1], self.n_elements, self.heads
        tokens, (d_values, d_n) = folded.tokens, folded.head_sums.finish()
        d_values[-1] -= d_values[:-1].sum(0)
        d_values = d_values.flatten(1)  # (2n+1, H·e)

        bias = d_n[m:, -1]  # Σ over rows of dlogits
        times_transposed(d_n[m:], self._R, out=d["W_U"])
        add_times(d["W_U"], self._dC, w["W_out"].t())
        d["W_U"].addr_(bias, w["b_out"])
        transposed_times(w["W_U"], self._dC, out=d["W_out"])
        torch.mv(w["W_U"].t(), bias, out=d["b_out"])
        times_transposed(d_n[:m], self._R, out=d["W_in"])
        d["b_in"].copy_(d_n[:m, -1])
        d_r = transposed_times(w["W_U"], d_n[m:])  # (d, H·e+1)
        add_times(d_r, w["W_in"].t(), d_n[:m])
        d["W_O"].copy_(d_r[:, :-1].unflatten(1, (heads, -1)).transpose(0, 1))

        # Softmax: ds = A (dA − Σ A dA). The table's rows being differences from "=", dA is 0 there.
        a, d_a = (t.unflatten(1, (2, heads)) for t in (folded.attention, d_attention))
        shared = (a * d_a).sum(1, keepdim=True)  # (rows, 1, H)
        ds = a * (d_a - shared)  # (rows, 2, H)
        d_scores = torch.zeros(2 * n + 1, heads, dtype=a.dtype)
        d_scores[:n].index_add_(0, rows.x, ds[:, 0])
        d_scores[n:-1].index_add_(0, rows.y, ds[:, 1])
        d_scores[-1] = -d_scores[:-1].sum(0)

        torch.mm(d_values.t(), tokens, out=d["W_V"].view(-1, tokens.shape[1]))
        d_tokens = torch.addmm(d_values @ w["W_V"].flatten(0, 1), d_scores, folded.asked)  # (2n+1, d)
        d_asked = d_scores.t() @ tokens / self.d_head**0.5  # (H, d)
        torch.mul(folded.query[:, :, None], d_asked[:, None, :], out=d["W_K"])
        d_query = w["W_K"] @ d_asked[:, :, None]  # (H, e, 1)
        torch.mul(d_query, tokens[-1], out=d["W_Q"])
        d_tokens[-1] += d_r[:, -1] + (w["W_Q"] * d_query).sum((0, 1))
        torch.add(d_tokens[:n], d_tokens[n:-1], out=d["W_E"][:n])
        d["W_E"][n] = d_tokens[-1]
        torch.stack([d_tokens[:n].sum(0), d_tokens[n:-1].sum(0), d_tokens[-1]], out=d["W_pos"])


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None where the log-softmax has a half type."""
    precision = setup.loss_fields["precision"]
    if precision not in PRECISIONS:
        return None
    network = setup.network
    return Classifier(
        FastOneLayerTransformer(network, setup.dtype, precision, setup.generator), network.n_outputs
    )
