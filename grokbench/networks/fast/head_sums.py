"""N [z, 1] for rows whose z are weighted sums of values that all rows share, and its gradient, multiplied in either order.

z = A V: in head h's components, a row's weights A for x and for y times head h's values V of these, plus the values of the last
token. So N [z, 1] = (A V) N′ᵀ = A (V N′ᵀ), N′ being N without its last column, which is added. A sum of rows of V N′ᵀ costs 2H
rows of N's height for each row of the data, and V N′ᵀ itself as much as some hundred rows of the data: ``TableFirst`` is for many
rows. For few, ``RowsFirst`` makes z and multiplies that. Both give the same numbers up to rounding.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from grokbench.networks.fast.products import times, times_transposed, transposed_times
from grokbench.networks.fast.tiles import BLOCK, RowBlock

FEW = 256
"""SplitRows up to which a pass makes their z first."""


class HeadSums(Protocol):
    """One pass: ``start``, then for each block ``sums`` and, where a gradient is wanted, ``backward``; ``finish`` at its end."""

    def start(self, values: Tensor, n: Tensor) -> None:
        """Take over the values (2n+1, H, e), all but the last less the last, and N (k, H·e+1); no gradient yet."""

    def sums(self, block: RowBlock, weights: Tensor, out: Tensor) -> None:
        """N [z, 1] of the block's rows, (rows, k), for their weights (rows, 2H)."""

    def backward(self, block: RowBlock, weights: Tensor, d_sums: Tensor) -> Tensor:
        """Of the block whose sums came last: from their gradient (rows, k) to that of the weights (rows, 2H)."""

    def finish(self) -> tuple[Tensor, Tensor]:
        """The gradients by the values (2n+1, H, e), the last as if all rows had it, and by N (k, H·e+1)."""


class TableFirst:
    """A (V N′ᵀ)."""

    def __init__(self, n_elements: int, heads: int, d_head: int, k: int, dtype: torch.dtype) -> None:
        self._table, self._d_table = torch.zeros(2, 2 * n_elements * heads + 1, k, dtype=dtype)
        self._heads, self._d_head = heads, d_head

    def start(self, values: Tensor, n: Tensor) -> None:
        """See ``HeadSums``."""
        self._values, self._n = values, n
        for per_token, of_head, own in zip(
            self._by_head(self._table), self._columns(n), values[:-1].unbind(1), strict=True
        ):
            times_transposed(own, of_head, out=per_token)
        torch.addmv(n[:, -1], n[:, :-1], values[-1].flatten(), out=self._table[-1])
        self._d_table.zero_()

    def sums(self, block: RowBlock, weights: Tensor, out: Tensor) -> None:
        """See ``HeadSums``."""
        block.sums(weights, self._table, out=out)

    def backward(self, block: RowBlock, weights: Tensor, d_sums: Tensor) -> Tensor:
        """See ``HeadSums``."""
        block.table_gradient(weights, d_sums, into=self._d_table)
        return block.weights_gradient(self._table, d_sums)

    def finish(self) -> tuple[Tensor, Tensor]:
        """See ``HeadSums``."""
        values, n, d_last = self._values, self._n, self._d_table[-1]
        d_values, d_n = torch.empty_like(values), torch.empty_like(n)
        for head, (d_per_token, of_head, d_of_head) in enumerate(
            zip(self._by_head(self._d_table), self._columns(n), self._columns(d_n), strict=True)
        ):
            d_own = d_per_token.contiguous()
            times(d_own, of_head, out=d_values[:-1, head])
            transposed_times(d_own, values[:-1, head], out=d_of_head)
        torch.mv(n[:, :-1].t(), d_last, out=d_values[-1].view(-1))
        d_n[:, :-1].addr_(d_last, values[-1].flatten())
        d_n[:, -1] = d_last
        return d_values, d_n

    def _by_head(self, table: Tensor) -> tuple[Tensor, ...]:
        """Each head's part of the table, (2n, k)."""
        return table[:-1].view(-1, self._heads, table.shape[1]).unbind(1)

    def _columns(self, n: Tensor) -> tuple[Tensor, ...]:
        """Each head's part of N, (k, e)."""
        return n[:, :-1].split(self._d_head, 1)


class RowsFirst:
    """(A V) N′ᵀ."""

    def __init__(self, n_elements: int, heads: int, d_head: int, k: int, dtype: torch.dtype) -> None:
        # As a table, V has a row for each (token, head), which is 0 but for that head's components.
        self._table, self._d_table = torch.zeros(2, 2 * n_elements * heads + 1, heads * d_head, dtype=dtype)
        self._heads, self._d_head = heads, d_head
        self._d_n = torch.zeros(k, heads * d_head + 1, dtype=dtype)
        self._z_buffer = torch.zeros(BLOCK, heads * d_head, dtype=dtype)

    def start(self, values: Tensor, n: Tensor) -> None:
        """See ``HeadSums``."""
        self._n = n
        self._own(self._table).copy_(values[:-1])
        self._table[-1] = values[-1].flatten()
        self._d_table.zero_()
        self._d_n.zero_()

    def sums(self, block: RowBlock, weights: Tensor, out: Tensor) -> None:
        """See ``HeadSums``."""
        self._z = self._z_buffer[: len(weights)]
        block.sums(weights, self._table, out=self._z)
        torch.addmm(self._n[:, -1], self._z, self._n[:, :-1].t(), out=out)

    def backward(self, block: RowBlock, weights: Tensor, d_sums: Tensor) -> Tensor:
        """See ``HeadSums``."""
        self._d_n[:, :-1].addmm_(d_sums.t(), self._z)
        self._d_n[:, -1] += d_sums.sum(0)
        d_z = d_sums @ self._n[:, :-1]
        block.table_gradient(weights, d_z, into=self._d_table)
        return block.weights_gradient(self._table, d_z)

    def finish(self) -> tuple[Tensor, Tensor]:
        """See ``HeadSums``."""
        d_last = self._d_table[-1].view(1, self._heads, -1)
        return torch.cat([self._own(self._d_table), d_last]), self._d_n

    def _own(self, table: Tensor) -> Tensor:
        """Of every (token, head) the head's own components, (2n, H, e)."""
        square = table[:-1].view(-1, self._heads, self._heads, self._d_head)
        return square.diagonal(dim1=1, dim2=2).transpose(1, 2)
