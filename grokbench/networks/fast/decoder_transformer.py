"""The decoder's loss and gradient written out by hand (one CPU thread).

The same function of the weights as ``decoder.DecoderTransformer`` at the scored positions, several times as fast, because

* a position is worked out once per distinct past. Causal attention sees nothing else, and of ``<|eos|> a ∘ b = c`` the first has
  one past in a whole batch and the next two have one per element a. In the first layer keys and values depend on a position's own
  token alone, so that there even b and c have one per element;
* the last layer asks only at scored positions, and what nothing asks of is left out: c, where the answer alone is scored;
* the heads' projections are one product, and residual sums are left to the products that precede them.

Dropout, which each row of the batch draws for itself, ends the sharing: after the first FFN every column of the tables (see
``columns``) has a row per row of the batch. Checked against autograd in float64 to 1e-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.decoder_transformer import BLOCK_WEIGHTS, SCORED, DecoderTransformer
from grokbench.networks.fast.columns import Column, Rooms, RowBlock, SplitRows, columns, in_blocks
from grokbench.networks.fast.decoder_layer import Layer, Pass
from grokbench.networks.fast.one_layer_transformer import PRECISIONS
from grokbench.networks.fast.products import add_times, backend, exp_, times_transposed, transposed_times
from grokbench.networks.fast.step import Indices, LossSums, Step
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.tasks.vocabulary import encode

BLOCK = 1024  # rows at most
FUSED = {"W_Q": "w_q", "W_K": "w_k", "W_V": "w_v"}  # all heads' as one matrix (d, d)
# What a position's rows belong to, before the first layer and after it: all of the batch, an element at the place of a, b or c, a
# row of the batch.
TOKENS = ("all", "a", "all", "b", "all", "c")
PASTS = ("all", "a", "a", "row", "row", "row")


class FastDecoderTransformer:
    """Weights, gradients, buffers of one network; ``parameters[i]``, called ``names[i]``, has its gradient in ``gradients[i]``.

    ``precision`` is that of the log-softmax.
    """

    def __init__(self, plain: DecoderTransformer, dtype: torch.dtype, precision: str) -> None:
        if precision not in PRECISIONS:
            raise UnknownNameError("loss.precision", precision, PRECISIONS)
        self.precision = torch.promote_types(PRECISIONS[precision], dtype)
        self.scored = SCORED[plain.scored]
        self.read = self.scored[-1] + 1  # positions that anything asks of
        given = {name: w.detach() for name, w in plain.named_parameters()}
        size = sum(w.numel() for w in given.values())
        self._flat_gradient = torch.zeros(
            size, dtype=dtype
        )  # of which the named ones are views, as the weights are of theirs
        self._w, self._d = _views(torch.zeros(size, dtype=dtype), given), _views(self._flat_gradient, given)
        for name, w in given.items():
            self._w[name].copy_(w)
        self.names = tuple(given)
        self.parameters = tuple(self._w[name] for name in self.names)
        self.gradients = tuple(self._d[name] for name in self.names)
        self._position = plain.position.to(dtype)
        self._room = Rooms(dtype)
        heads = len(given["blocks.0.W_Q"])
        self._layers = [Layer(i, heads, plain.d_model, self._room) for i in range(plain.layers)]

    def rows(self, sequences: NDArray[np.int64]) -> SplitRows:
        """(n, 7) tokens ``<|eos|> a ∘ b = c <|eos|>`` with one operation."""
        operators = np.unique(sequences[:, 2])
        if len(operators) != 1:
            raise InputError(f"rows that go through together have one operation, not {len(operators)}")
        elements, which = np.unique(sequences[:, 1::2], return_inverse=True)
        table = np.column_stack([which.reshape(-1, 3), sequences[:, 5]])
        return in_blocks(table, torch.from_numpy(elements), int(operators[0]), len(self.scored), BLOCK)

    def batch(self, rows: SplitRows, which: NDArray[np.int64]) -> SplitRows:
        """The rows of these indices."""
        return in_blocks(rows.sequences[which], rows.elements, rows.operator, len(self.scored), BLOCK)

    def weights(self) -> dict[str, Tensor]:
        """Copies, named and shaped as the plain module's parameters."""
        return {name: self._w[name].clone() for name in self.names}

    def gradient(
        self,
        rows: SplitRows,
        count: bool = False,
        mask: Tensor | None = None,
    ) -> LossSums:
        """Loss sums, and the gradient of the mean over rows, written to ``gradients``.

        ``mask`` is of ``DecoderTransformer.draw_noise``.
        """
        self._flat_gradient.zero_()
        sums = LossSums()
        for block in rows.blocks:
            x, passes = self._forward(rows, block, mask)
            d_logits = self._loss(self._logits(x), block, count, sums)
            d_logits.mul_(1 / (rows.n_rows * len(self.scored)))
            add_times(self._d["W_U"], d_logits.t(), x)
            d_x = self._room("d_x", *x.shape)
            transposed_times(d_logits.t(), self._w["W_U"], out=d_x)
            for i in reversed(range(len(passes))):
                d_x = self._layers[i].backward(
                    self._of(self._w, i), self._of(self._d, i), passes[i], block, d_x
                )
            self._backward_tokens(rows, passes[0].source, d_x)
        return sums

    def evaluate(self, rows: SplitRows) -> LossSums:
        """Loss and accuracy sums, without dropout and without a gradient."""
        sums = LossSums()
        for block in rows.blocks:
            self._loss(self._logits(self._forward(rows, block, None)[0]), block, True, sums)
        return sums

    def outputs(self, rows: SplitRows) -> Tensor:
        """Logits at the scored positions, (n, scored, V)."""
        logits = [self._logits(self._forward(rows, block, None)[0]).clone() for block in rows.blocks]
        return torch.cat([part.view(len(self.scored), -1, part.shape[1]).transpose(0, 1) for part in logits])

    def _forward(self, rows: SplitRows, block: RowBlock, mask: Tensor | None) -> tuple[Tensor, list[Pass]]:
        """(scored·n, d), position by position, and what the layers leave."""
        w, p = self._w["W_E"], len(rows.elements)
        source = columns(TOKENS[: self.read], p, block.n)
        tokens = (w[:1], w[rows.elements], w[rows.operator, None], w[rows.elements], w[1:2], w[rows.elements])
        x = self._room("tokens", source[-1].rows.stop, w.shape[1])
        for column, token in zip(source, tokens, strict=False):
            torch.add(token, self._position[column.position], out=x[column.rows])
        passes: list[Pass] = []
        for i, layer in enumerate(self._layers):
            kinds = ("row",) * 6 if mask is not None and i else PASTS
            first = self.scored[0] if layer is self._layers[-1] else 0
            asked = columns(kinds[: self.read], p, block.n, first)
            x, left = layer.forward(
                self._of(self._w, i), x, source, asked, block, None if mask is None else mask[i]
            )
            passes.append(left)
            source = left.result
        return x, passes

    def _logits(self, x: Tensor) -> Tensor:
        logits = self._room("logits", len(x), len(self._w["W_U"]))
        times_transposed(x, self._w["W_U"], out=logits)
        return logits

    def _of(self, weights: Mapping[str, Tensor], layer: int) -> dict[str, Tensor]:
        """A layer's, under their names in it."""
        return {name: weights[f"blocks.{layer}.{name}"] for name in (*FUSED.values(), *BLOCK_WEIGHTS)}

    def _backward_tokens(self, rows: SplitRows, source: list[Column], d_x: Tensor) -> None:
        d = self._d["W_E"]
        for column in source:
            part = d_x[column.rows]
            if column.of == "all":
                d[(0, 0, rows.operator, 0, 1)[column.position]] += part[0]
            else:
                d.index_add_(0, rows.elements, part)

    def _loss(self, logits: Tensor, block: RowBlock, count: bool, sums: LossSums) -> Tensor:
        """Adds to ``sums``; gives softmax − onehot, the gradient of a position's loss, where the logits were if types allow."""
        target = block.target.t().reshape(-1, 1)  # position by position, as logits are
        if count:
            right = logits.argmax(1, keepdim=True) == target
            sums.correct += int(right.view(len(self.scored), -1).all(0).sum())
        log_p = logits.to(self.precision).log_softmax(1)
        sums.loss_sum -= float(log_p.gather(1, target).sum(dtype=torch.float64)) / len(self.scored)
        p = exp_(log_p).scatter_add_(1, target, torch.full_like(target, -1, dtype=log_p.dtype))
        return logits.copy_(p)


def _views(flat: Tensor, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Parts of ``flat`` with the names and shapes of ``given``, and again those whose heads are one product, as one matrix."""
    views, start = {}, 0
    for name, w in given.items():
        views[name] = flat[start : start + w.numel()].view(w.shape)
        block, _, own = name.rpartition(".")
        if own in FUSED:
            views[f"{block}.{FUSED[own]}"] = views[name].flatten(0, 1)
        start += w.numel()
    return views


class DecoderStep:
    """The decoder's side of the fast engine: rows are token sequences, masks are drawn for every pass."""

    def __init__(self, model: FastDecoderTransformer, setup: Any) -> None:
        self._model, self._setup, self.n_classes = model, setup, setup.network.n_tokens
        self.parameters: Sequence[Tensor] = model.parameters
        self.gradients: Sequence[Tensor] = model.gradients
        self.names: Sequence[str] = model.names
        self.products = backend(setup.dtype)

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``."""
        return tensors

    def rows(self, table: Indices) -> SplitRows:
        """See ``Step``."""
        task = self._setup.task
        return self._model.rows(encode(table, task.domain, task.operation))

    def batch(self, rows: SplitRows, table: Indices, which: Indices) -> SplitRows:
        """See ``Step``."""
        return self._model.batch(rows, which)

    def gradient(self, rows: SplitRows, count: bool) -> LossSums:
        """See ``Step``."""
        network, mask = self._setup.network, None
        if network.drops:
            mask = network.draw_noise(rows.n_rows, self._setup.generator, self._setup.dtype)
        return self._model.gradient(rows, count, mask)

    def evaluate(self, rows: SplitRows) -> LossSums:
        """See ``Step``."""
        return self._model.evaluate(rows)

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        return self._model.weights()


def step(setup: Any) -> Step | None:
    """The hand-written step of a training setup; None where the log-softmax has a half type."""
    precision = setup.loss_fields["precision"]
    if precision not in PRECISIONS:
        return None
    return DecoderStep(FastDecoderTransformer(setup.network, setup.dtype, precision), setup)
