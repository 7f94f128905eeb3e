"""Muon: momentum made orthogonal by Newton–Schulz (Jordan et al. 2024, KellerJordan/Muon), for matrices; AdamW for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Optimizer, Trained


@dataclass(frozen=True, kw_only=True)
class Fields(Trained):
    """Muon, orthogonalised momentum for matrices, and AdamW for all other weights (Jordan et al. 2024)"""

    lr: float = field(help="learning rate of matrices", above=0.0)
    momentum: float = field(0.95, help="decay of the momentum", least=0.0, below=1.0)
    nesterov: bool = field(True, help="whether the gradient is added once more to the momentum that is used")
    newton_schulz: int = field(
        5, help="Newton–Schulz steps, in the weights' own floating-point type", least=1
    )
    weight_decay: float = field(0.0, help="decoupled decay, multiplied by the learning rate", least=0.0)
    adamw_weights: list[Any] = field(
        (),
        help="names of matrices that AdamW updates too, such as embeddings; * and ? stand for others' letters",
        schema={"type": "array", "items": {"type": "string", "minLength": 1}},
    )
    adamw_lr: float = field(3e-4, help="AdamW's learning rate", above=0.0)
    adamw_beta1: float = field(0.9, help="AdamW's decay of the first moment", least=0.0, below=1.0)
    adamw_beta2: float = field(0.95, help="AdamW's decay of the second moment", least=0.0, below=1.0)
    adamw_eps: float = field(1e-10, help="AdamW's addition to the root of the second moment", above=0.0)


MUON = Optimizer("muon", Fields, "grokbench.training.optimizers.muon:build", elementwise=False)

# ---- from here on with torch

from collections.abc import Sequence
from fnmatch import fnmatchcase

import torch
from torch import Tensor

from grokbench.training.optimizers.adam import Adam

QUINTIC = (3.4445, -4.7750, 2.0315)  # a, b, c of a x + b x³ + c x⁵, which draws singular values towards 1


def orthogonalised(matrix: Tensor, steps: int) -> Tensor:
    """U Vᵀ of ``matrix`` = U S Vᵀ (…, m, n), nearly: singular values end between about 0.7 and 1.2."""
    a, b, c = QUINTIC
    x = matrix.mT if matrix.shape[-2] > matrix.shape[-1] else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if matrix.shape[-2] > matrix.shape[-1] else x


class Muon:
    """m ← μ m + (1 − μ) g,  u = orthogonalised((1 − μ) g + μ m),  p ← (1 − lr λ) p − lr √max(1, rows/columns) u.

    Weights of more than two axes are stacks of matrices. ``rest`` updates vectors, and what ``left_out`` names.
    """

    def __init__(
        self,
        lr: float,
        momentum: float,
        weight_decay: float,
        rest: Adam,
        left_out: Sequence[str] = (),
        *,
        nesterov: bool = True,
        newton_schulz: int = 5,
    ) -> None:
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.nesterov, self.newton_schulz = nesterov, newton_schulz
        self._rest, self._left_out = rest, left_out

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._matrices = [
            i
            for i, (p, name) in enumerate(zip(parameters, names, strict=True))
            if p.dim() > 1 and not any(fnmatchcase(name, pattern) for pattern in self._left_out)
        ]
        self._others = [i for i in range(len(names)) if i not in self._matrices]
        self._m = {i: torch.zeros_like(parameters[i]) for i in self._matrices}
        self._rest.init([parameters[i] for i in self._others], [names[i] for i in self._others])

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        for i in self._matrices:
            p, g, m = parameters[i], gradients[i], self._m[i]
            m.lerp_(g, 1 - self.momentum)
            used = g.lerp(m, self.momentum) if self.nesterov else m
            stretch = max(1.0, p.shape[-2] / p.shape[-1]) ** 0.5
            p.mul_(1 - self.lr * self.weight_decay)
            p.add_(orthogonalised(used, self.newton_schulz), alpha=-self.lr * stretch)
        self._rest.update([parameters[i] for i in self._others], [gradients[i] for i in self._others], step)


def build(table: Section, noise: object) -> Muon:
    """From a recipe's table."""
    lr, beta1, beta2, eps = (table[f"adamw_{name}"] for name in ("lr", "beta1", "beta2", "eps"))
    return Muon(
        table["lr"],
        table["momentum"],
        table["weight_decay"],
        Adam(lr, beta1, beta2, eps, table["weight_decay"]),
        table["adamw_weights"],
        nesterov=table["nesterov"],
        newton_schulz=table["newton_schulz"],
    )
