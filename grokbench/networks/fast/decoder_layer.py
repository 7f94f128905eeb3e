"""One layer of the decoder, h = LN₁(x + attention(x)), LN₂(h + FFN(h)), and its gradient, over tables of columns, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from grokbench.networks.decoder_transformer import EPS
from grokbench.networks.fast.attention import Attention, Seen
from grokbench.networks.fast.columns import Column, Rooms, RowBlock, chunks, collect, columns, groups, spread
from grokbench.networks.fast.products import add_times, times_transposed, transposed_times

CHUNK = 256  # rows whose hidden layer stays in the CPU's cache


@dataclass
class Pass:
    """What a forward pass leaves to the backward pass.

    T: rows that go in. R: rows whose result is asked for. LN₂, the second layer norm, sees more rows than R under dropout.
    """

    source: list[Column]
    asked: list[Column]
    result: list[Column]
    x: Tensor  # (T, d)
    query: Tensor  # (R, d)
    seen: list[Seen]  # by the groups of the asked
    z: Tensor  # (R, d)
    norm1: tuple[Tensor, Tensor, Tensor]  # LN's input, mean and 1/σ
    h: Tensor  # (R, d)
    hidden: Tensor  # (R, m)
    norm2: tuple[Tensor, Tensor, Tensor]
    kept: Tensor | None  # the dropout mask of the result's rows


class Layer:
    """The buffers of the layer called ``number``. Weights ``w`` and gradients ``dw`` have the names of ``decoder.DecoderBlock``.

    w_q, w_k and w_v beside them are W_Q, W_K and W_V of all heads as one matrix (d, d).
    """

    def __init__(self, number: int, heads: int, d_model: int, rooms: Rooms) -> None:
        self._number, self._d, self._room = number, d_model, rooms
        self._attention = Attention(heads, d_model, rooms)

    def forward(
        self,
        w: Mapping[str, Tensor],
        x: Tensor,
        source: list[Column],
        asked: list[Column],
        block: RowBlock,
        mask: Tensor | None,
    ) -> tuple[Tensor, Pass]:
        """From the table ``source`` (T, d) to the table ``asked`` (R, d).

        ``mask`` (rows, P, d) multiplies what the FFN adds; with one, each column of the latter gets a row per row of the block.
        """
        n_asked, first = asked[-1].rows.stop, source[asked[0].position].rows.start
        k, v = self._rest("k", len(x)), self._rest("v", len(x))
        times_transposed(x, w["w_k"], out=k)
        times_transposed(x, w["w_v"], out=v)
        own, query, z = x[first:], self._rest("query", n_asked), self._rest("z", n_asked)
        if self._number:  # a layer's result is asked for as it is
            times_transposed(own, w["w_q"], out=query)
        else:
            own, q = self._rest("own", n_asked), self._room("q", len(x) - first, self._d)
            times_transposed(x[first:], w["w_q"], out=q)
            for to, at, at_q in self._places(source, asked, first):
                n = to.rows.stop - to.rows.start
                own[to.rows] = spread(x[at.rows], at.of, to.of, n, block)
                query[to.rows] = spread(q[at_q], at.of, to.of, n, block)
        seen = [
            self._attention.attend(query[group.rows], k, v, source, group, block, z[group.rows])
            for group in groups(asked)
        ]
        before1 = self._rest("before1", n_asked).copy_(own)
        add_times(before1, z, w["W_O"].t())
        h, mean1, rstd1 = torch.native_layer_norm(before1, (self._d,), w["gain1"], w["bias1"], EPS)

        hidden = self._room(f"hidden{self._number}", n_asked, len(w["W_in"]))
        before2 = self._rest("before2", n_asked)
        before2 = before2.copy_(h) if mask is None else before2.zero_()
        for some in chunks(n_asked, CHUNK):
            times_transposed(h[some], w["W_in"], out=hidden[some])
            add_times(before2[some], hidden[some].clamp_min_(0), w["W_out"].t())
        result, kept = asked, None
        if mask is not None:
            added, (result, kept) = before2, self._kept(mask, asked, block)
            before2 = torch.cat([spread(added[c.rows], c.of, "row", block.n, block) for c in asked]) * kept
            for c, to in zip(asked, result, strict=True):
                before2[to.rows] += spread(h[c.rows], c.of, "row", block.n, block)
        out, mean2, rstd2 = torch.native_layer_norm(before2, (self._d,), w["gain2"], w["bias2"], EPS)
        norms = (before1, mean1, rstd1), (before2, mean2, rstd2)
        return out, Pass(source, asked, result, x, query, seen, z, norms[0], h, hidden, norms[1], kept)

    def backward(
        self, w: Mapping[str, Tensor], dw: Mapping[str, Tensor], left: Pass, block: RowBlock, d_out: Tensor
    ) -> Tensor:
        """From the gradient by the layer's result to that by its input, (T, d); the weights' is added to ``dw``."""
        n_asked, n_source = left.asked[-1].rows.stop, len(left.x)
        d_around = d_added = _norm_backward(d_out, left.norm2, w, dw, "2")  # past the FFN, and through it
        if left.kept is not None:
            d_before2, (d_around, d_added) = d_added, torch.zeros(2, n_asked, self._d, dtype=d_out.dtype)
            d_kept = d_before2 * left.kept
            for c, to in zip(left.asked, left.result, strict=True):
                collect(d_around[c.rows], d_before2[to.rows], c.of, "row", block)
                collect(d_added[c.rows], d_kept[to.rows], c.of, "row", block)
        for some in chunks(n_asked, CHUNK):
            hidden = left.hidden[some]
            d_hidden = self._room("d_hidden", *hidden.shape)
            add_times(dw["W_out"], d_added[some].t(), hidden)
            transposed_times(d_added[some].t(), w["W_out"], out=d_hidden)
            torch.ops.aten.threshold_backward.grad_input(d_hidden, hidden, 0, grad_input=d_hidden)
            add_times(dw["W_in"], d_hidden.t(), left.h[some])
            add_times(d_around[some], d_hidden, w["W_in"])
        d_own = _norm_backward(d_around, left.norm1, w, dw, "1")
        add_times(dw["W_O"], d_own.t(), left.z)
        d_z, d_query = (self._room(name, n_asked, self._d) for name in ("d_z", "d_query"))
        transposed_times(d_own.t(), w["W_O"], out=d_z)

        d_k, d_v = (self._room(name, n_source, self._d).zero_() for name in ("d_k", "d_v"))
        for seen in left.seen:
            rows = seen.group.rows
            self._attention.backward(seen, left.query[rows], d_z[rows], d_query[rows], d_k, d_v, block)
        add_times(dw["w_k"], d_k.t(), left.x)
        add_times(dw["w_v"], d_v.t(), left.x)
        d_x = self._rest("d_x", n_source)
        transposed_times(d_k.t(), w["w_k"], out=d_x)
        add_times(d_x, d_v, w["w_v"])
        first, d_q = left.source[left.asked[0].position].rows.start, d_query
        if self._number:
            d_x[first:] += d_own
        else:
            d_q = self._room("d_q", n_source - first, self._d).zero_()
            for to, at, at_q in self._places(left.source, left.asked, first):
                collect(d_q[at_q], d_query[to.rows], at.of, to.of, block)
                collect(d_x[at.rows], d_own[to.rows], at.of, to.of, block)
        add_times(dw["w_q"], d_q.t(), left.x[first:])
        add_times(d_x[first:], d_q, w["w_q"])
        return d_x

    def _places(
        self, source: list[Column], asked: list[Column], first: int
    ) -> list[tuple[Column, Column, slice]]:
        """Each asked column, the source's of its position, and where that lies from row ``first`` on."""
        found = ((to, source[to.position]) for to in asked)
        return [(to, at, slice(at.rows.start - first, at.rows.stop - first)) for to, at in found]

    def _kept(self, mask: Tensor, asked: list[Column], block: RowBlock) -> tuple[list[Column], Tensor]:
        """The asked columns with a row per row of the block, and what of ``mask`` is theirs."""
        first, end = asked[0].position, asked[-1].position + 1
        kept = mask[block.rows, first:end].transpose(0, 1).flatten(0, 1)
        return columns(("row",) * end, 0, block.n, first), kept

    def _rest(self, name: str, n: int) -> Tensor:
        """An (n, d) buffer of this layer, which other layers leave alone."""
        return self._room(f"{name}{self._number}", n, self._d)


def _norm_backward(
    d_out: Tensor,
    saved: tuple[Tensor, Tensor, Tensor],
    w: Mapping[str, Tensor],
    dw: Mapping[str, Tensor],
    which: str,
) -> Tensor:
    before, mean, rstd = saved
    gain, bias, shape = w[f"gain{which}"], w[f"bias{which}"], [d_out.shape[1]]
    found = torch.ops.aten.native_layer_norm_backward(
        d_out, before, shape, mean, rstd, gain, bias, [True] * 3
    )
    d_in: Tensor = found[0]
    dw[f"gain{which}"].add_(found[1])
    dw[f"bias{which}"].add_(found[2])
    return d_in
