"""The loss and gradient of the pre-LayerNorm decoder with each distinct past worked out once (one CPU thread).

The same function of the weights as ``pre_norm_decoder.PreNormDecoder``, faster, because

* what a position holds depends on what it sees: x and ∘ have one row for each x, not one for each row of the batch;
* before the first layer mixes positions, y and = have one row for each token, too;
* of the last layer only the last position is scored, so that the others give keys and values alone.

Gradients are autograd's, over this shorter way. Checked against the plain module in float64 to 1e-10.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from grokbench.networks.fast.one_layer_transformer import PRECISIONS
from grokbench.networks.fast.products import BLAS
from grokbench.networks.fast.step import Indices, LossSums, Step
from grokbench.networks.pre_norm_decoder import BLOCK_WEIGHTS, EPS, POSITIONS, PreNormDecoder

BLOCK = 1024  # rows at most that go through together
LAST = POSITIONS - 1


@dataclass(frozen=True)
class Rows:
    """Element indices x, y (n) and the class that is right (n)."""

    x: Tensor
    y: Tensor
    target: Tensor

    @property
    def n_rows(self) -> int:
        """How many there are."""
        return len(self.target)


class Column(NamedTuple):
    """One position of the stream: its rows (m, d), and what has one: "all" of the batch, each "x", each "y", or each "row"."""

    rows: Tensor
    of: str

    def map(self, f: Callable[[Tensor], Tensor]) -> Column:
        """The same with ``f`` of its rows."""
        return Column(f(self.rows), self.of)


class FastPreNormDecoder:
    """A ``Step``: weights and gradients of one network under the mean over rows of the cross-entropy."""

    products = BLAS

    def __init__(self, plain: PreNormDecoder, dtype: torch.dtype, wide: torch.dtype) -> None:
        named = {name: w.detach().to(dtype, copy=True) for name, w in plain.named_parameters()}
        self.names = tuple(named)
        self.parameters = tuple(named.values())
        self.gradients = tuple(torch.zeros_like(w) for w in self.parameters)
        self._trained = tuple(w.detach().requires_grad_() for w in self.parameters)  # the same numbers
        self._w = dict(zip(self.names, self._trained, strict=True))
        self._layers, self._heads, self.n_classes = plain.layers, plain.heads, plain.n_tokens
        self._wide = wide

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``."""
        return tensors

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        return {name: w.clone() for name, w in zip(self.names, self.parameters, strict=True)}

    def rows(self, table: Indices) -> Rows:
        """See ``Step``."""
        return Rows(*(torch.from_numpy(table[:, i].copy()) for i in range(3)))

    def batch(self, rows: Rows, table: Indices, which: Indices) -> Rows:
        """See ``Step``."""
        chosen = torch.from_numpy(which)
        return Rows(rows.x[chosen], rows.y[chosen], rows.target[chosen])

    def gradient(self, rows: Rows, count: bool) -> LossSums:
        """See ``Step``."""
        sums = LossSums()
        for total in self.gradients:
            total.zero_()
        for block in _blocks(rows):
            with torch.enable_grad():
                logits = self.outputs(block)
                loss = self._loss(logits, block)
                found = torch.autograd.grad(loss, self._trained)
            for total, one in zip(self.gradients, found, strict=True):
                total.add_(one, alpha=1 / rows.n_rows)
            _add(sums, loss.detach(), logits.detach(), block, count)
        return sums

    def evaluate(self, rows: Rows) -> LossSums:
        """See ``Step``."""
        sums = LossSums()
        for block in _blocks(rows):
            logits = self.outputs(block)
            _add(sums, self._loss(logits, block), logits, block, True)
        return sums

    def _loss(self, logits: Tensor, rows: Rows) -> Tensor:
        return functional.cross_entropy(logits.to(self._wide), rows.target, reduction="sum")

    def outputs(self, rows: Rows) -> Tensor:
        """(n, V) logits at the last position."""
        w, V = self._w, self.n_classes
        x, operation, y, equals = w["W_pos"]
        stream = [
            Column(w["W_E"][: V - 2] + x, "x"),
            Column(w["W_E"][V - 1 :] + operation, "all"),
            Column(w["W_E"][: V - 2] + y, "y"),
            Column(w["W_E"][V - 2 : V - 1] + equals, "all"),
        ]
        for layer in range(self._layers):
            own = {name: w[f"blocks.{layer}.{name}"] for name in BLOCK_WEIGHTS}
            asked = range(LAST, POSITIONS) if layer == self._layers - 1 else range(POSITIONS)
            stream = self._block(own, stream, asked, rows)
        last = functional.layer_norm(stream[-1].rows, w["gain"].shape, w["gain"], w["bias"], EPS)
        return last @ w["W_U"].T

    def _block(self, w: Mapping[str, Tensor], stream: list[Column], asked: range, rows: Rows) -> list[Column]:
        """The positions ``asked`` of the stream after a block."""
        d = len(w["gain1"])
        stream = [
            c.map(lambda r: functional.layer_norm(r, (d,), w["gain1"], w["bias1"], EPS)) for c in stream
        ]
        queries = _product([stream[at] for at in asked], w["W_QKV"][:d], w["b_qkv"][:d])
        seen = _product(stream, w["W_QKV"][d:], w["b_qkv"][d:])  # keys beside values, (·, 2d)
        scopes = ["x" if at < 2 else "row" for at in asked]  # whatever they depend on
        spread = functools.partial(_spread, rows=rows, n_elements=self.n_classes - 2)
        z = [
            self._attend(query, seen[: at + 1], functools.partial(spread, to=scope))
            for at, scope, query in zip(asked, scopes, queries, strict=True)
        ]
        own = torch.cat([spread(stream[at], to=scope) for at, scope in zip(asked, scopes, strict=True)])
        own = own + torch.addmm(w["b_o"], torch.cat(z), w["W_O"].T)
        h = functional.layer_norm(own, (d,), w["gain2"], w["bias2"], EPS)
        hidden = functional.gelu(torch.addmm(w["b_in"], h, w["W_in"].T))
        out = own + torch.addmm(w["b_out"], hidden, w["W_out"].T)
        return list(map(Column, out.split([len(one) for one in z]), scopes))

    def _attend(self, query: Column, seen: list[Column], spread: Callable[[Column], Tensor]) -> Tensor:
        """(m, d): what a position takes of the values of those that it sees; a score is worked out once for all that share it."""
        d = query.rows.shape[1]
        scores = [spread(self._scores(query, keyed.map(lambda r: r[:, :d]), spread)) for keyed in seen]
        shares = (torch.stack(scores, 1) / (d // self._heads) ** 0.5).softmax(1).unbind(1)  # (m, H) each
        values = [spread(keyed.map(lambda r: r[:, d:])).unflatten(1, (self._heads, -1)) for keyed in seen]
        z = shares[0][..., None] * values[0]  # (m, H, e)
        for share, value in zip(shares[1:], values[1:], strict=True):
            z = torch.addcmul(z, share[..., None], value)
        return z.flatten(1)

    def _scores(self, query: Column, key: Column, spread: Callable[[Column], Tensor]) -> Column:
        """q · k in each head, (·, H), for whatever has more rows of the two; row by row where both differ."""
        if query.of == "all" or key.of in ("all", query.of):
            both, of = query.rows * key.rows, key.of if query.of == "all" else query.of
        else:
            both, of = spread(query) * spread(key), "own"
        return Column(both.unflatten(1, (self._heads, -1)).sum(-1), of)


def _spread(column: Column, to: str, rows: Rows, n_elements: int) -> Tensor:
    """A row for each x, or for each row of the batch."""
    if column.of in (to, "own"):  # as they should be
        return column.rows
    if column.of == "all":
        return column.rows.expand(n_elements if to == "x" else rows.n_rows, -1)
    return functional.embedding(rows.x if column.of == "x" else rows.y, column.rows)


def _product(columns: list[Column], weight: Tensor, bias: Tensor) -> list[Column]:
    """x W + b of the rows of all columns at once."""
    out = torch.addmm(bias, torch.cat([c.rows for c in columns]), weight.T)
    parts = out.split([len(c.rows) for c in columns])
    return [Column(part, c.of) for part, c in zip(parts, columns, strict=True)]


def _blocks(rows: Rows) -> list[Rows]:
    if rows.n_rows <= BLOCK:
        return [rows]
    return [Rows(*of) for of in zip(*(c.split(BLOCK) for c in (rows.x, rows.y, rows.target)), strict=True)]


def _add(sums: LossSums, loss: Tensor, logits: Tensor, rows: Rows, count: bool) -> None:
    sums.loss_sum += float(loss)
    if count:
        sums.correct += int((logits.argmax(-1) == rows.target).sum())


def step(setup: Any) -> Step | None:
    """The step of a training setup; None for a softmax in another type than float32 and float64."""
    precision = PRECISIONS.get(setup.loss_fields["precision"])
    if precision is None:
        return None
    return FastPreNormDecoder(setup.network, setup.dtype, torch.promote_types(precision, setup.dtype))
