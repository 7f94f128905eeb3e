"""Causal attention between the columns of two tables, and its gradient, written out by hand.

Keys that the whole batch shares are few, and their scores and values are products with one small matrix, in which a key has a row
for each head, zero outside that head's components. The others are multiplied element by element, all that see one at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from grokbench.networks.fast.columns import Column, Group, Rooms, RowBlock, collect, spread


@dataclass(frozen=True)
class Other:
    """A key that the group's rows do not all share."""

    column: Column
    since: int  # how many of the group's columns do not see it
    k: Tensor  # (n, d) for the group's n rows
    v: Tensor


@dataclass(frozen=True)
class Seen:
    """What a group sees, and how much of it."""

    group: Group
    shared: Sequence[Column]
    shared_k: Tensor  # (shared·H, d)
    shared_v: Tensor
    others: list[Other]
    weights: Tensor  # (keys, rows, H)


class Attention:
    """Attention with H heads, which lie side by side in vectors of d components."""

    def __init__(self, heads: int, d_model: int, rooms: Rooms) -> None:
        self.heads, self._room = heads, rooms
        self.scale = (d_model // heads) ** -0.5
        self._own_head = torch.eye(heads, dtype=rooms.dtype).repeat_interleave(d_model // heads, 1)  # (H, d)

    def attend(
        self,
        query: Tensor,
        k: Tensor,
        v: Tensor,
        source: Sequence[Column],
        group: Group,
        block: RowBlock,
        z: Tensor,
    ) -> Seen:
        """The heads' weighted values into ``z`` (rows, d), for the group's queries (rows, d); ``k`` and ``v`` (T, d)."""
        n, d, keys = group.n, query.shape[1], source[: group.positions[-1] + 1]
        if len(keys) == 1:  # a lone key gets all the weight
            z.copy_(v[keys[0].rows])
            return Seen(group, keys, k[:0], v[:0], [], torch.ones(1, n, self.heads, dtype=v.dtype))
        shared = [key for key in keys if key.of == "all"]
        others = [
            Other(
                key,
                group.since(key.position),
                *(spread(t[key.rows], key.of, group.of, n, block) for t in (k, v)),
            )
            for key in keys
            if key.of != "all"
        ]
        shared_k, shared_v = (
            torch.cat([t[key.rows] * self._own_head for key in shared]) if shared else t[:0] for t in (k, v)
        )
        scores = torch.full((len(keys), len(query), self.heads), -torch.inf, dtype=k.dtype)
        for key, score in zip(shared, (query @ shared_k.t()).split(self.heads, 1), strict=False):
            unseen = group.since(key.position) * n
            scores[key.position, unseen:] = score[unseen:]
        for other in others:
            asking = query[other.since * n :]
            product = self._room("product", len(asking), d)
            torch.mul(asking.view(-1, n, d), other.k, out=product.view(-1, n, d))
            torch.sum(self._by_head(product), -1, out=scores[other.column.position, other.since * n :])
        weights = scores.mul_(self.scale).softmax(0)
        seen = Seen(group, shared, shared_k, shared_v, others, weights)
        torch.mm(_of_shared(weights, seen), shared_v, out=z)
        for other in others:
            weight = self._by_column(weights, other, n)
            self._by_head(z.view(-1, n, d)[other.since :]).addcmul_(weight, self._by_head(other.v))
        return seen

    def backward(
        self,
        seen: Seen,
        query: Tensor,
        d_z: Tensor,
        d_query: Tensor,
        d_k: Tensor,
        d_v: Tensor,
        block: RowBlock,
    ) -> None:
        """From dz to ``d_query``, written, and to ``d_k`` and ``d_v`` (T, d), added."""
        n, d, group = seen.group.n, query.shape[1], seen.group
        if len(seen.weights) == 1:
            d_query.zero_()
            d_v[seen.shared[0].rows] += d_z
            return
        d_weights = torch.zeros_like(seen.weights)
        for key, part in zip(seen.shared, (d_z @ seen.shared_v.t()).split(self.heads, 1), strict=False):
            d_weights[key.position] = part
        for other in seen.others:
            asking = d_z[other.since * n :]
            product = self._room("product", len(asking), d)
            torch.mul(asking.view(-1, n, d), other.v, out=product.view(-1, n, d))
            torch.sum(self._by_head(product), -1, out=d_weights[other.column.position, other.since * n :])
        d_scores = torch._softmax_backward_data(d_weights, seen.weights, 0, d_z.dtype).mul_(self.scale)

        torch.mm(_of_shared(d_scores, seen), seen.shared_k, out=d_query)
        for into, w, rows in ((d_k, d_scores, query), (d_v, seen.weights, d_z)):
            d_matrix = _of_shared(w, seen).t() @ rows  # (shared·H, d)
            for key, part in zip(seen.shared, d_matrix.split(self.heads), strict=False):
                into[key.rows] += (part * self._own_head).sum(0)
        for other in seen.others:
            ds, column = self._by_column(d_scores, other, n), other.column
            self._by_head(d_query.view(-1, n, d)[other.since :]).addcmul_(ds, self._by_head(other.k))
            for into, w, rows in ((d_k, d_scores, query), (d_v, seen.weights, d_z)):
                own = column.of == group.of
                total = into[column.rows] if own else self._room("total", n, d).zero_()
                for weight, part in zip(
                    self._by_column(w, other, n), rows.view(-1, n, d)[other.since :], strict=True
                ):
                    self._by_head(total).addcmul_(weight, self._by_head(part))
                if not own:
                    collect(into[column.rows], total, column.of, group.of, block)

    def _by_head(self, rows: Tensor) -> Tensor:
        return rows.unflatten(-1, (self.heads, -1))

    def _by_column(self, weights: Tensor, key: Other, n: int) -> Tensor:
        """The key's part of (keys, rows, H), for the columns that see it: (columns, n, H, 1)."""
        return weights[key.column.position].view(-1, n, self.heads, 1)[key.since :]


def _of_shared(weights: Tensor, seen: Seen) -> Tensor:
    """The shared keys' part of (keys, rows, H) as (rows, shared·H)."""
    return torch.cat([weights[key.position] for key in seen.shared] or [weights[0, :, :0]], 1)
