"""RMSprop (Tieleman and Hinton 2012, lecture 6e) with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench import Optimizer, field

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Fields:
    """v ← β v + (1 − β) g²,  w ← w − lr (g / (√v + ε) + λ w)"""

    lr: float = field(help="learning rate", above=0)
    beta: float = field(0.99, help="decay β of the mean square", least=0, below=1)
    eps: float = field(1e-8, help="ε, added to the root", above=0)
    weight_decay: float = field(0.0, help="decoupled decay λ, multiplied by lr", least=0)


class RMSprop:
    """Updates weights in place; it holds the mean squares of one run."""

    def __init__(self, lr: float, beta: float, eps: float, weight_decay: float) -> None:
        self.lr, self.beta, self.eps, self.weight_decay = lr, beta, eps, weight_decay

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """Begin with these weights."""
        self._v = [0 * p for p in parameters]

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """One step; ``step`` counts from 0."""
        for p, g, v in zip(parameters, gradients, self._v, strict=True):
            v.mul_(self.beta).addcmul_(g, g, value=1 - self.beta)
            p.mul_(1 - self.lr * self.weight_decay).addcdiv_(g, v.sqrt().add_(self.eps), value=-self.lr)


def build(table: Mapping[str, Any], noise: object) -> RMSprop:
    """From the recipe's ``optimizer`` table."""
    return RMSprop(*(table[name] for name in ("lr", "beta", "eps", "weight_decay")))


def equation(
    table: Mapping[str, Any], weights: NDArray[np.float64], gradients: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The same as the paper writes it: weights after these gradients. The contract compares the two."""
    v = 0 * weights
    for g in gradients:
        v = table["beta"] * v + (1 - table["beta"]) * g**2
        direction = g / (np.sqrt(v) + table["eps"])
        weights = weights - table["lr"] * (direction + table["weight_decay"] * weights)
    return weights


OPTIMIZER = Optimizer("rmsprop", Fields, build, equation=equation)
