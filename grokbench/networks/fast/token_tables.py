"""What the hand-written steps of ``fast.lstm`` and ``fast.relu_mlp`` share.

A linear layer that reads an operand has one distinct result per token. They are worked out once, as a table, and a row of
the data gathers those of its x and its y; the gradient sums rows back into the table. Both are products with a sparse 0/1
matrix that is built once. Then the losses, whose gradients replace the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.fast.columns import chunks
from grokbench.networks.fast.products import count_correct, exp_, sparse
from grokbench.networks.fast.step import LossSums
from grokbench.networks.operands import Operands, fixed_table


@dataclass(frozen=True)
class RowBlock:
    """Some rows of the data: what is constant about them."""

    n: int
    gather: Tensor  # sparse (n, 2p): gather @ [X; Y] = X[x] + Y[y] for tables X, Y (p, …)
    scatter: Tensor  # its transpose
    target: Tensor  # (1, n) class


@dataclass(frozen=True)
class SplitRows:
    """A set of rows in blocks."""

    n_rows: int
    table: NDArray[np.int64]  # (n_rows, 3) x, y, class
    blocks: tuple[RowBlock, ...]


def in_blocks(table: NDArray[np.int64], n_elements: int, most: int, dtype: torch.dtype) -> SplitRows:
    """``SplitRows`` of (n, 3) element indices x, y, x∘y, cut into blocks of at most ``most``."""
    blocks = [_block(table[some], n_elements, dtype) for some in chunks(len(table), most)]
    return SplitRows(len(table), table, tuple(blocks))


def _block(rows: NDArray[np.int64], p: int, dtype: torch.dtype) -> RowBlock:
    n, columns = len(rows), (rows[:, :2] + np.array([0, p])).ravel()
    order = np.argsort(columns, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(columns, minlength=2 * p)))
    ones = torch.ones(2 * n, dtype=dtype)
    gather = sparse(np.arange(0, 2 * n + 1, 2), columns, ones, (n, 2 * p))
    scatter = sparse(starts, order // 2, ones, (2 * p, n))
    return RowBlock(n, gather, scatter, torch.from_numpy(rows[:, 2].copy())[None, :])


class Tokens:
    """The encoded tokens as matrices are multiplied by them; ``vectors`` (tokens, k) is None for unit vectors."""

    def __init__(
        self, plain: Operands, weights: dict[str, Tensor], gradients: dict[str, Tensor], dtype: torch.dtype
    ) -> None:
        self._vectors, self._gradient = weights.get("W_E"), gradients.get("W_E")
        if plain.encoding == "scalars":
            self._vectors = fixed_table("scalars", plain.n_tokens, dtype)

    def through(self, w: Tensor) -> Tensor:
        """W (m, k) times every token, (tokens, m)."""
        return w.t() if self._vectors is None else self._vectors @ w.t()

    def backward(self, d: Tensor, w: Tensor, dw: Tensor) -> None:
        """From the gradient by ``through(w)``, (tokens, m), to that by w, written to ``dw``, and, added, that by W_E."""
        if self._vectors is None:
            dw.copy_(d.t())
        else:
            torch.mm(d.t(), self._vectors, out=dw)
        if self._gradient is not None:
            self._gradient.addmm_(d, w)


def add_loss(
    logits: Tensor, target: Tensor, sums: LossSums, count: bool, loss_scale: float | None = None
) -> None:
    """Adds Σ −log p(target) over the columns of ``logits`` (p, m) to ``sums``, and how many are right if asked to ``count``.

    Overwrites the logits: given a ``loss_scale``, with the gradient of that times the sum, loss_scale (softmax − onehot).
    """
    if count:
        sums.correct += count_correct(logits, target)
    highest = logits.amax(0, keepdim=True)  # (1, m)
    above = highest - logits.gather(0, target)  # (1, m)
    total = exp_(logits.sub_(highest)).sum(0, keepdim=True)  # (1, m)
    sums.loss_sum += float(above.add_(total.log()).sum(dtype=torch.float64))
    if loss_scale is not None:
        logits.mul_(loss_scale / total)
        logits.scatter_add_(0, target, total.fill_(-loss_scale))


def add_squares(
    outputs: Tensor, target: Tensor, sums: LossSums, count: bool, loss_scale: float | None = None
) -> None:
    """Adds Σ (f − onehot)² over ``outputs`` (p, m) to ``sums``, and how many are right if asked to ``count``.

    Overwrites the outputs: given a ``loss_scale``, with the gradient of that times the sum, 2 loss_scale (f − onehot).
    """
    if count:
        sums.correct += count_correct(outputs, target)
    outputs.scatter_add_(0, target, outputs.new_full(target.shape, -1.0))
    sums.loss_sum += float(outputs.square().sum(dtype=torch.float64))
    if loss_scale is not None:
        outputs.mul_(2 * loss_scale)


AddLoss = Callable[..., None]
"""``add_loss`` or ``add_squares``."""
