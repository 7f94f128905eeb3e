"""⊥Grad: the gradient loses its part along the weights (Prieto et al., arXiv 2501.04697)."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Wrapper

LEAST = 1e-30  # in the denominators, as in the authors' code


@dataclass(frozen=True)
class Fields:
    """projects the gradient off the weights, g ← g − (w·g / w·w) w, so that no step scales them (Prieto et al. 2025)"""

    rescaled: bool = field(
        True,
        help="whether what is left gets the norm of the whole gradient, as in the authors' code and not in the paper's equation",
    )
    over: str = field(
        "matrix",
        choices=("matrix", "network"),
        help="what counts as one vector: each weight tensor (code), or all weights together (equation)",
    )


ORTHOGONAL = Wrapper(
    "orthogonal-grad", Fields, "grokbench.training.wrappers.orthogonal:build", elementwise=False
)

# ---- from here on with torch

from collections.abc import Sequence

import torch
from torch import Tensor

from grokbench.training.updates import Rule


class OrthogonalGrad:
    """g⊥ = g − (w·g / (w·w + 1e-30)) w, ``rescaled`` by ‖g‖ / (‖g⊥‖ + 1e-30), is given to the optimizer."""

    def __init__(self, rule: Rule, rescaled: bool, over: str) -> None:
        self._rule, self.rescaled, self.over = rule, rescaled, over

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._rule.init(parameters, names)

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        pairs = list(zip(parameters, gradients, strict=True))
        for group in [pairs] if self.over == "network" else [[pair] for pair in pairs]:
            self._project(group)
        self._rule.update(parameters, gradients, step)

    def _project(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Of one vector, in parts (w, g); g is overwritten."""
        along = sum(_dot(w, g) for w, g in pairs) / (sum(_dot(w, w) for w, _ in pairs) + LEAST)
        before = sum(_dot(g, g) for _, g in pairs) ** 0.5
        for w, g in pairs:
            g.sub_(along * w)
        if self.rescaled:
            after = sum(_dot(g, g) for _, g in pairs) ** 0.5
            for _, g in pairs:
                g.mul_(before / (after + LEAST))


def _dot(a: Tensor, b: Tensor) -> float:
    """In float64, where squares of the gradients of collapsed rows do not underflow."""
    return float(torch.dot(a.reshape(-1).double(), b.reshape(-1).double()))


def build(table: Section, rule: Rule) -> OrthogonalGrad:
    """From a recipe's table."""
    return OrthogonalGrad(rule, table["rescaled"], table["over"])
