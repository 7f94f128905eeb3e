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

    @property
    def drops(self) -> bool:
        """Whether training passes have noise of their own."""
        return False

    def draw_noise(self, n_rows: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor | None:
        """The noise of one training pass, which ``forward`` takes; None without."""
        return None
