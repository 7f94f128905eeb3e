"""Lion, the sign of an interpolated momentum: Chen et al., "Symbolic discovery of optimization algorithms" (arXiv 2302.06675)."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Optimizer, Trained


@dataclass(frozen=True, kw_only=True)
class Fields(Trained):
    """Lion, w ← w − lr (sign(β1 m + (1 − β1) g) + λ w) (Chen et al. 2023, Algorithm 2)"""

    lr: float = field(help="learning rate", above=0.0)
    beta1: float = field(0.9, help="weight of the momentum in the update", least=0.0, below=1.0)
    beta2: float = field(0.99, help="decay of the momentum", least=0.0, below=1.0)
    weight_decay: float = field(0.0, help="decoupled decay λ, multiplied by lr", least=0.0)


LION = Optimizer("lion", Fields, "grokbench.training.optimizers.lion:build", stacks=True)

# ---- from here on with torch

from collections.abc import Sequence

import torch
from torch import Tensor

from grokbench.training.optimizers.numbers import Number, add, of


class Lion:
    """c = β1 m + (1 − β1) g,  p ← p − lr (sign(c) + λ p),  m ← β2 m + (1 − β2) g."""

    def __init__(self, lr: Number, beta1: Number, beta2: Number, weight_decay: Number) -> None:
        self.lr, self.beta1, self.beta2, self.weight_decay = lr, beta1, beta2, weight_decay

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._m = [torch.zeros_like(p) for p in parameters]

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        for p, g, m in zip(parameters, gradients, self._m, strict=True):
            direction = m.lerp(g, of(1 - self.beta1, g)).sign_()
            add(p.mul_(of(1 - self.lr * self.weight_decay, p)), direction, -self.lr)
            m.lerp_(g, of(1 - self.beta2, g))


def build(table: Section, noise: object) -> Lion:
    """From a recipe's table."""
    return Lion(*(table[name] for name in ("lr", "beta1", "beta2", "weight_decay")))
