"""Tables in which a position of a batch of sequences has one row for each of its distinct pasts, instead of one per sequence.

A ``Column`` is one position's rows, and says what each of them belongs to: all of the batch (one row), an element at the place of
a, b or c of ``<|eos|> a ∘ b = c`` (p rows), or a row of the batch (n rows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Column:
    """One position's rows in a table."""

    position: int
    of: str  # all, a, b, c, row
    rows: slice


@dataclass(frozen=True)
class Group:
    """Neighbouring columns whose rows belong to the same: ``n`` rows for each of ``positions``, one position after the other."""

    of: str
    positions: Sequence[int]
    n: int
    rows: slice

    def since(self, position: int) -> int:
        """How many of its columns do not see ``position``, which comes after them."""
        return max(0, position - self.positions[0])


@dataclass(frozen=True)
class RowBlock:
    """Some rows of the data."""

    rows: slice
    index: Mapping[str, Tensor]  # a, b, c: (n,) which element
    target: Tensor  # (n, scored)

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.target)


@dataclass(frozen=True)
class SplitRows:
    """A set of rows in blocks."""

    n_rows: int
    elements: Tensor  # (p,) their tokens
    operator: int  # its token
    sequences: NDArray[np.int64]  # (n_rows, 4): which elements a, b, c are, and c's token
    blocks: tuple[RowBlock, ...]


class Rooms:
    """Buffers that keep their memory from pass to pass."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._rooms: dict[str, Tensor] = {}

    def __call__(self, name: str, n: int, width: int) -> Tensor:
        """An (n, width) buffer, with whatever was left in it."""
        room = self._rooms.get(name)
        if room is None or room.numel() < n * width:
            room = self._rooms[name] = torch.empty(n * width, dtype=self.dtype)
        return room[: n * width].view(n, width)


def columns(kinds: Sequence[str], n_elements: int, n_rows: int, first: int = 0) -> list[Column]:
    """A table of the positions from ``first`` on, ``kinds[i]`` being what rows of position i belong to."""
    table, start = [], 0
    for position in range(first, len(kinds)):
        size = {"all": 1, "row": n_rows}.get(kinds[position], n_elements)
        table.append(Column(position, kinds[position], slice(start, start + size)))
        start += size
    return table


def groups(table: Sequence[Column]) -> list[Group]:
    """The table's columns in as few groups as there can be."""
    found = []
    for of, same in groupby(table, lambda column: column.of):
        several = list(same)
        first, last = several[0], several[-1]
        size = first.rows.stop - first.rows.start
        found.append(Group(of, [c.position for c in several], size, slice(first.rows.start, last.rows.stop)))
    return found


def spread(rows: Tensor, of: str, to: str, n: int, block: RowBlock) -> Tensor:
    """The rows of a column, once for each of the ``n`` rows of a column of ``to``."""
    if of == to:
        return rows
    return rows.expand(n, -1) if of == "all" else rows.index_select(0, block.index[of])


def collect(d_rows: Tensor, d_spread: Tensor, of: str, to: str, block: RowBlock) -> None:
    """The transpose of ``spread``, added to ``d_rows``."""
    if of == to:
        d_rows += d_spread
    elif of == "all":
        d_rows += d_spread.sum(0, keepdim=True)
    else:
        d_rows.index_add_(0, block.index[of], d_spread)


def chunks(n: int, most: int) -> list[slice]:
    """0…n in as few and as equal slices as ``most`` allows.

    >>> chunks(7, 3)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 7, None)]
    """
    cuts = np.linspace(0, n, -(-n // most) + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in pairwise(cuts)]


def in_blocks(
    sequences: NDArray[np.int64], elements: Tensor, operator: int, n_scored: int, most: int
) -> SplitRows:
    """``SplitRows`` of these, cut into blocks of at most ``most``; what is scored after c, if anything: ``<|eos|>``, token 0."""
    blocks = []
    for some in chunks(len(sequences), most):
        part = torch.from_numpy(sequences[some])
        index = {of: part[:, i].contiguous() for i, of in enumerate("abc")}
        target = torch.zeros(len(part), n_scored, dtype=torch.int64)
        target[:, 0] = part[:, 3]
        blocks.append(RowBlock(some, index, target))
    return SplitRows(len(sequences), elements, operator, sequences, tuple(blocks))
