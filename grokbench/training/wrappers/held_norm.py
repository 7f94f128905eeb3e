"""A norm that is held: after every update weights are rescaled to it (Liu, Michaud and Tegmark, arXiv 2210.01117, §2 and §5)."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Wrapper


@dataclass(frozen=True)
class Fields:
    """rescales weights after every update to a fixed Euclidean norm, w ← w r/‖w‖ (Liu, Michaud and Tegmark 2022)"""

    radius: float = field(
        0.0, help="the norm r that they are rescaled to; 0: the one that they start with", least=0.0
    )
    parameters: str = field(
        "*",
        help="names of the weights that are rescaled, as the plain network has them; * and ? stand for others' letters",
    )
    over: str = field(
        "network",
        choices=("network", "matrix"),
        help="what has that norm: all of these weights together, or each weight tensor",
    )


_HERE = "grokbench.training.wrappers.held_norm"
HELD_NORM = Wrapper(
    "held-norm", Fields, f"{_HERE}:build", elementwise=False, stacks=True, stack=f"{_HERE}:stack"
)

# ---- from here on with torch

from collections.abc import Sequence
from fnmatch import fnmatchcase

import torch
from torch import Tensor

from grokbench.specs.errors import InputError
from grokbench.training.optimizers.numbers import Number, of
from grokbench.training.updates import Rule


class HeldNorm:
    """The optimizer's own update, then w ← w r/‖w‖ over each group of weights. ``stacked``: weights are (trials, …)."""

    KEPT = ("_rule", "_radii")

    def __init__(self, rule: Rule, radius: Number, parameters: str, over: str, *, stacked: bool) -> None:
        self._rule, self.radius, self.parameters, self.over, self.stacked = (
            rule,
            radius,
            parameters,
            over,
            stacked,
        )

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``. Errors: InputError where no weight has such a name."""
        which = [i for i, name in enumerate(names) if fnmatchcase(name, self.parameters)]
        if not which:
            raise InputError(
                f"optimizer.wrapper.parameters: {self.parameters!r} names no weight; there are {', '.join(names)}"
            )
        self._groups = [which] if self.over == "network" else [[i] for i in which]
        self._radii = [self._norm([parameters[i] for i in group]) for group in self._groups]
        if isinstance(self.radius, Tensor) or self.radius:
            self._radii = [torch.zeros_like(r) + self.radius for r in self._radii]
        self._rule.init(parameters, names)

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        self._rule.update(parameters, gradients, step)
        for group, radius in zip(self._groups, self._radii, strict=True):
            own = [parameters[i] for i in group]
            factor = radius / self._norm(own)
            for p in own:
                p.mul_(of(factor, p) if self.stacked else factor.to(p.dtype))

    def _norm(self, parameters: Sequence[Tensor]) -> Tensor:
        """In float64: a number, or one for each trial, (trials,)."""
        squares = [p.double().square().flatten(1 if self.stacked else 0).sum(-1) for p in parameters]
        return torch.stack(squares).sum(0).sqrt()


def build(table: Section, rule: Rule) -> HeldNorm:
    """From a recipe's table."""
    return HeldNorm(rule, table["radius"], table["parameters"], table["over"], stacked=False)


def stack(table: Section, rule: Rule) -> HeldNorm:
    """For the weights of a stack, (trials, …)."""
    return HeldNorm(rule, table["radius"], table["parameters"], table["over"], stacked=True)
