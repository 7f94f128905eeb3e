"""The base of all networks: a torch module that says how it reads a task's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import source

TableRows = NDArray[Any]  # (n, 3) element indices x, y, x∘y; of vectors (n, width + 1), the class last


class Network(nn.Module):
    """``forward(inputs, noise=None)`` gives outputs (n, classes), or (n, scored, classes) where several positions are scored."""

    def inputs(self, rows: TableRows, task: TaskSpec) -> Tensor:
        """What ``forward`` reads of rows of the table; here pairs (n, 2) of element indices, or vectors (n, width)."""
        own = source(task)
        read = rows[:, : -max(own.real(task), 1)]
        return torch.from_numpy(read.astype(np.int64) if own.gives == "pairs" else read.copy())

    def targets(self, rows: TableRows, task: TaskSpec) -> Tensor:
        """The right class of each row (n,), or (n, scored)."""
        return torch.from_numpy(rows[:, -1].astype(np.int64))

    batchwise = False
    """Whether a row's output in a training pass depends on the other rows, and buffers are kept for evaluations."""

    @property
    def drops(self) -> bool:
        """Whether training passes have noise of their own."""
        return False

    def draw_noise(self, n_rows: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor | None:
        """The noise of one training pass, which ``forward`` takes; None without."""
        return None


def dropout_mask(
    n_rows: int, width: int, rate: float, generator: torch.Generator | None, dtype: torch.dtype
) -> Tensor:
    """(n_rows, width) of 0, with probability ``rate``, and of 1 / (1 − rate) elsewhere.

    The rate is rounded to a multiple of 2⁻¹⁶: each number takes 16 random bits, and drawing them is most of the cost.
    """
    dropped = round(rate * 2**16)
    words = torch.empty(-(-n_rows * width // 4), dtype=torch.int64)
    words.random_(-(2**63), None, generator=generator)  # each of the 64 bits is random: four numbers
    kept = words.view(torch.int16)[: n_rows * width].view(n_rows, width) >= dropped - 2**15
    return kept.to(dtype).mul_(2**16 / (2**16 - dropped))
