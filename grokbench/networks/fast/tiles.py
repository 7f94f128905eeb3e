"""Rows of the data as sums of rows of a table, with weights that change at every pass, and the gradients of both.

The table has one row per (place, element, head), x before y, and a last one that every row of the data adds with weight 1. Rows
of the data go through in tiles of the operation's square, some neighbouring x by some neighbouring y: of the table, few rows then
take part in a block, and the CPU's cache holds them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.fast.products import sparse

BLOCK = 480  # rows at most


@dataclass(frozen=True)
class Part:
    """The rows of the table that x, or y, has in a block."""

    summands: slice
    scatter: Tensor  # sparse (summands, n) of weights, whose entries are rewritten at every pass
    order: Tensor  # its entries in terms of the block's weights

    def add_gradient(self, weights: Tensor, d_sums: Tensor, into: Tensor) -> None:
        """Adds to ``into`` (table's shape) what the sums' gradient (n, k) and the block's weights (n, 2H) make of it."""
        torch.index_select(weights.flatten(), 0, self.order, out=self.scatter.values())
        own = into[self.summands]
        torch.addmm(own, self.scatter, d_sums, out=own)


@dataclass(frozen=True)
class RowBlock:
    """Some rows of the data: what is constant about them over a whole run."""

    rows: slice  # which of the set they are
    target: Tensor  # (1, n) class
    gather: (
        Tensor  # sparse (n, table's rows but the last) of weights, whose entries are rewritten at every pass
    )
    parts: tuple[Part, Part]

    def sums(self, weights: Tensor, table: Tensor, out: Tensor) -> None:
        """Σ weights · summands, for the block's weights (n, 2H) and the table (…, k) -> (n, k)."""
        self.gather.values().copy_(weights.flatten())
        torch.addmm(table[-1], self.gather, table[:-1], out=out)

    def table_gradient(self, weights: Tensor, d_sums: Tensor, into: Tensor) -> None:
        """Adds to ``into`` (table's shape) what the sums' gradient (n, k) makes of it."""
        for part in self.parts:
            part.add_gradient(weights, d_sums, into)
        into[-1] += d_sums.sum(0)

    def weights_gradient(self, table: Tensor, d_sums: Tensor) -> Tensor:
        """What the sums' gradient (n, k) makes of the weights, (n, 2H)."""
        products = torch.sparse.sampled_addmm(self.gather, d_sums, table[:-1].t(), beta=0)
        return products.values().view(len(d_sums), -1)


@dataclass(frozen=True)
class SplitRows:
    """A set of rows in blocks."""

    n_rows: int
    order: Tensor  # the blocks' rows in terms of those that were given
    x: Tensor  # (n_rows,) in the blocks' order
    y: Tensor
    blocks: tuple[RowBlock, ...]


def in_tiles(rows: NDArray[np.int64], n_elements: int, heads: int, dtype: torch.dtype) -> SplitRows:
    """(n, 3) element indices x, y, x∘y as ``SplitRows``."""
    tiles = _tiles(rows)
    ends = np.cumsum([len(tile) for tile in tiles])
    blocks = tuple(
        _block(rows[tile], slice(end - len(tile), end), n_elements, heads, dtype)
        for tile, end in zip(tiles, ends.tolist(), strict=True)
    )
    order = np.concatenate(tiles)
    x, y = (torch.from_numpy(rows[order, place]) for place in (0, 1))
    return SplitRows(len(rows), torch.from_numpy(order), x, y, blocks)


def _tiles(rows: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Indices of rows: as few blocks as fit, equal but for the last, of whole cache lines, and about as many x in each as y."""
    n_blocks = -(-len(rows) // BLOCK)
    size = 16 * -(-len(rows) // (16 * n_blocks))
    band = size * -(-n_blocks // max(1, round(n_blocks**0.5)))
    by_x, tiles = np.lexsort((rows[:, 1], rows[:, 0])), []
    for start in range(0, len(rows), band):
        some = by_x[start : start + band]
        by_y = some[np.lexsort((rows[some, 0], rows[some, 1]))]
        tiles += [by_y[i : i + size] for i in range(0, len(by_y), size)]
    return tiles


def _block(
    rows: NDArray[np.int64], which: slice, n_elements: int, heads: int, dtype: torch.dtype
) -> RowBlock:
    n, width, n_summands = len(rows), 2 * heads, 2 * n_elements * heads
    at = (rows[:, :2] + np.array([0, n_elements]))[:, :, None] * heads + np.arange(heads)  # (n, 2, H)
    gather = sparse(np.arange(0, n * width + 1, width), at.ravel(), _zeros(at, dtype), (n, n_summands))
    x, y = (_part(at[:, place], place * heads, dtype) for place in (0, 1))
    return RowBlock(which, torch.from_numpy(rows[:, 2].copy())[None, :], gather, (x, y))


def _part(summands: NDArray[np.int64], first: int, dtype: torch.dtype) -> Part:
    """Of summands (n, H) whose weights begin at column ``first`` of 2H."""
    n, heads = summands.shape
    start = int(summands.min())
    order = np.argsort(summands, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(summands.ravel() - start))
    row, head = np.divmod(order, heads)
    scatter = sparse(np.append(0, ends), row, _zeros(summands, dtype), (len(ends), n))
    return Part(slice(start, start + len(ends)), scatter, torch.from_numpy(row * 2 * heads + first + head))


def _zeros(summands: NDArray[np.int64], dtype: torch.dtype) -> Tensor:
    return torch.zeros(summands.size, dtype=dtype)
