"""Grokfast: slow components of the gradient are amplified (Lee et al., "Grokfast", arXiv 2405.20233)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Wrapper


def _raw() -> Any:
    return field(
        True,
        help="whether the gradient itself is kept beside its slow part; else the optimizer is given λ h alone",
    )


@dataclass(frozen=True)
class Fields:
    """adds a multiple of the gradient's moving average, h ← α h + (1 − α) g, g ← g + λ h (Lee et al. 2024, Algorithm 4)"""

    alpha: float = field(
        0.98, help="decay α of the moving average, which starts at the first gradient", least=0.0, below=1.0
    )
    lamb: float = field(2.0, help="multiple λ of the average that is added", least=0.0)
    raw: bool = _raw()


@dataclass(frozen=True)
class MAFields:
    """adds a multiple of the mean of the last w gradients, g ← g + λ mean, from the w-th one on (Lee et al. 2024, Algorithm 1)"""

    window: int = field(
        100, help="number w of gradients in the mean; before there are so many, nothing is added", least=1
    )
    lamb: float = field(5.0, help="multiple λ of the mean that is added", least=0.0)
    raw: bool = _raw()


_HERE = "grokbench.training.wrappers.grokfast"
EMA = Wrapper("grokfast-ema", Fields, f"{_HERE}:build", stacks=True)
MA = Wrapper("grokfast-ma", MAFields, f"{_HERE}:build_mean", stacks=True)

# ---- from here on with torch

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from grokbench.training.optimizers.numbers import Number, add, of
from grokbench.training.updates import Rule


class GrokfastEMA:
    """h starts at the first gradient; then h ← α h + (1 − α) g, and the optimizer is given g + λ h, or λ h without ``raw``."""

    def __init__(self, rule: Rule, alpha: Number, lamb: Number, raw: bool = True) -> None:
        self._rule, self.alpha, self.lamb, self.raw = rule, alpha, lamb, raw

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
            if not self.raw:
                g.zero_()
            add(g, h, self.lamb)
        self._rule.update(parameters, gradients, step)


class GrokfastMA:
    """From the w-th gradient on the optimizer is given g + λ (g₁ + … + g_w)/w of the last w, or the second term without ``raw``.

    The sum runs on in float64, from which a gradient that leaves the window leaves nothing behind.
    """

    KEPT = ("_rule", "_past", "_sums")

    def __init__(self, rule: Rule, window: Number, lamb: Number, raw: bool = True) -> None:
        self._rule, self.window, self.lamb, self.raw = rule, window, lamb, raw

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._past: list[list[Tensor]] = []  # gradients, the oldest first
        self._sums = [torch.zeros_like(p, dtype=torch.float64) for p in parameters]
        self._rule.init(parameters, names)

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        self._past.append([g.clone() for g in gradients])
        windows = list(self._windows())
        for i, (g, total) in enumerate(zip(gradients, self._sums, strict=True)):
            total.add_(g)
            for trial, window, lamb in windows:
                if len(self._past) > window:
                    total[trial] -= self._past[-1 - window][i][trial]
                if len(self._past) >= window:
                    slow = (total[trial] * (lamb / window)).to(g.dtype)
                    g[trial] = g[trial] + slow if self.raw else slow
        if len(self._past) > max(window for _, window, _ in windows):
            self._past.pop(0)
        self._rule.update(parameters, gradients, step)

    def _windows(self) -> Iterator[tuple[Any, int, float]]:
        """What each of w and λ holds for: everything, or one trial of a stack after the other."""
        numbers = [n for n in (self.window, self.lamb) if isinstance(n, Tensor)]
        if not numbers:
            yield ..., self.window, self.lamb
            return
        for i in range(len(numbers[0])):
            window, lamb = (n[i].item() if isinstance(n, Tensor) else n for n in (self.window, self.lamb))
            yield i, int(window), float(lamb)


def build(table: Section, rule: Rule) -> GrokfastEMA:
    """From a recipe's table."""
    return GrokfastEMA(rule, table["alpha"], table["lamb"], table["raw"])


def build_mean(table: Section, rule: Rule) -> GrokfastMA:
    """From a recipe's table."""
    return GrokfastMA(rule, table["window"], table["lamb"], table["raw"])
