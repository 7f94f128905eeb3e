"""Grokfast: slow components of the gradient are amplified (Lee et al., "Grokfast", arXiv 2405.20233)."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Wrapper


@dataclass(frozen=True)
class Fields:
    """adds a multiple of the gradient's moving average, h ← α h + (1 − α) g, g ← g + λ h (Lee et al. 2024, Algorithm 4)"""

    alpha: float = field(
        0.98, help="decay α of the moving average, which starts at the first gradient", least=0.0, below=1.0
    )
    lamb: float = field(2.0, help="multiple λ of the average that is added", least=0.0)


EMA = Wrapper("grokfast-ema", Fields, "grokbench.training.wrappers.grokfast:build", stacks=True)

# ---- from here on with torch

from collections.abc import Sequence

from torch import Tensor

from grokbench.training.optimizers.numbers import Number, add, of
from grokbench.training.updates import Rule


class GrokfastEMA:
    """h starts at the first gradient; then h ← α h + (1 − α) g, and the optimizer is given g + λ h."""

    def __init__(self, rule: Rule, alpha: Number, lamb: Number) -> None:
        self._rule, self.alpha, self.lamb = rule, alpha, lamb

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._average: list[Tensor] = []
        self._rule.init(parameters, names)

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        if not self._average:
            self._average = [g.clone() for g in gradients]
        for g, h in zip(gradients, self._average, strict=True):
            h.lerp_(g, of(1 - self.alpha, g))
            add(g, h, self.lamb)
        self._rule.update(parameters, gradients, step)


def build(table: Section, rule: Rule) -> GrokfastEMA:
    """From a recipe's table."""
    return GrokfastEMA(rule, table["alpha"], table["lamb"])
