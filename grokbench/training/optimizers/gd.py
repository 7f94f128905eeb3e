"""Gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Optimizer, Trained


@dataclass(frozen=True, kw_only=True)
class Fields(Trained):
    """full-batch gradient descent, v ← μ v + g, w ← w − lr v"""

    lr: float = field(help="learning rate", above=0.0)
    momentum: float = field(0.0, help="momentum μ", least=0.0, below=1.0)
    weight_decay: float = field(0.0, help="L2 coefficient added to the gradient", least=0.0)


GD = Optimizer("gd", Fields, "grokbench.training.optimizers.gd:build", stacks=True)

# ---- from here on with torch

from collections.abc import Sequence

import torch
from torch import Tensor

from grokbench.training.optimizers.numbers import Number, add, of, used


class GradientDescent:
    """v ← m v + g + λ p,  p ← p − lr v  (``torch.optim.SGD``: λ is L2, v starts at the first gradient)."""

    def __init__(self, lr: Number, momentum: Number, weight_decay: Number) -> None:
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._velocity = [torch.zeros_like(p) for p in parameters] if used(self.momentum) else []

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            if used(self.weight_decay):
                add(g, p, self.weight_decay)
            moved = self._velocity[i].mul_(of(self.momentum, g)).add_(g) if used(self.momentum) else g
            add(p, moved, -self.lr)


def build(table: Section, noise: object) -> GradientDescent:
    """From a recipe's table."""
    return GradientDescent(table["lr"], table["momentum"], table["weight_decay"])
