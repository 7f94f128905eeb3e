"""Update rules, in place on lists of tensors, with torch.optim's semantics where torch has them (tested against it).

Written out, because they are short and because the first use of ``torch.optim`` imports torch's compiler, which costs a worker
longer than a small trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from grokbench.specs.fields import checked, field
from grokbench.specs.types import Table
from grokbench.tasks.streams import stream


@dataclass(frozen=True)
class OptimizerPart:
    """An optimizer as a part. build: "module:name" of (optimizer table, seed) → ``Optimizer``, or None for no updates."""

    kind: str
    fields: type
    build: str


@dataclass(frozen=True)
class GradientDescentFields:
    """full-batch gradient descent, v ← μ v + g, w ← w − lr v"""

    lr: float = field(help="learning rate", above=0.0)
    momentum: float = field(0.0, help="momentum μ", least=0.0, below=1.0)
    weight_decay: float = field(0.0, help="L2 coefficient added to the gradient", least=0.0)


@dataclass(frozen=True)
class AdamWFields:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)"""

    lr: float = field(help="learning rate", above=0.0)
    beta1: float = field(0.9, help="decay of the first moment", least=0.0, below=1.0)
    beta2: float = field(0.98, help="decay of the second moment", least=0.0, below=1.0)
    eps: float = field(1e-8, help="added to the root of the second moment", above=0.0)
    weight_decay: float = field(0.0, help="decoupled decay, multiplied by lr", least=0.0)
    warmup: int = field(
        0,
        help="updates of linear warm-up from 0: update t (from 0) has lr · min(t/warmup, 1); 0 for none",
        least=0,
    )
    l1: float = field(0.0, help="coefficient of the sign of each weight, added to the gradient", least=0.0)
    update_noise: float = field(
        0.0,
        help="standard deviation of the Gaussian added to the update before it is multiplied by the learning rate",
        least=0.0,
    )
    decay_to: str = field("zero", choices=("zero", "initial"), help="where the decay pulls the weights to")


@dataclass(frozen=True)
class UntrainedFields:
    """no updates (steps = 0)"""


_HERE = "grokbench.training.optimizers"
GD = OptimizerPart("gd", GradientDescentFields, f"{_HERE}:gradient_descent")
ADAMW = OptimizerPart("adamw", AdamWFields, f"{_HERE}:adamw")
NONE = OptimizerPart("none", UntrainedFields, f"{_HERE}:untrained")

# ---- from here on with torch

import torch
from torch import Tensor

from grokbench import parts


class Optimizer(Protocol):
    """An update rule with its state."""

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Change ``parameters`` by one step along ``gradients``, which may be overwritten."""


class GradientDescent:
    """v ← m v + g + λ p,  p ← p − lr v  (``torch.optim.SGD``: λ is L2, v starts at the first gradient)."""

    def __init__(self, lr: float, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self._velocity: list[Tensor] = []

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """One step, in place."""
        if self.momentum and not self._velocity:
            self._velocity = [torch.zeros_like(p) for p in parameters]
        for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            if self.weight_decay:
                g.add_(p, alpha=self.weight_decay)
            step = self._velocity[i].mul_(self.momentum).add_(g) if self.momentum else g
            p.add_(step, alpha=-self.lr)


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101), as ``torch.optim.AdamW``.

    p ← (1 − lr λ) p;  m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²;
    p ← p − lr (m / (1 − β1ᵗ)) / (√(v / (1 − β2ᵗ)) + ε)

    ``warmup`` updates have lr · t/warmup, the first of them t = 0: it fills m and v and changes no weight. ``l1`` adds its
    multiple of sign(p) to g. ``to_initial``: the decay pulls to the first weights p₀ in place of 0. ``update_noise`` is the σ of
    a Gaussian, from the generator ``noise``, added to m / (√(v / (1 − β2ᵗ)) + ε) before lr / (1 − β1ᵗ) multiplies it, as
    openai/grok's ``--noise_factor`` does.
    """

    def __init__(
        self,
        lr: float,
        beta1: float,
        beta2: float,
        eps: float,
        weight_decay: float = 0.0,
        warmup: int = 0,
        l1: float = 0.0,
        *,
        to_initial: bool = False,
        update_noise: float = 0.0,
        noise: torch.Generator | None = None,
    ) -> None:
        self.lr, self.beta1, self.beta2, self.eps, self.weight_decay = lr, beta1, beta2, eps, weight_decay
        self.warmup, self.l1 = warmup, l1
        self.to_initial, self.update_noise, self._noise = to_initial, update_noise, noise
        self.steps = 0
        self._m: list[Tensor] = []
        self._v: list[Tensor] = []
        self._buffer: list[Tensor] = []
        self._initial: list[Tensor] = []

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """One step, in place."""
        if not self._m:
            self._m, self._v, self._buffer = ([torch.zeros_like(p) for p in parameters] for _ in range(3))
            self._initial = [p.clone() for p in parameters] if self.to_initial else []
        lr = self.lr * min(self.steps / self.warmup, 1) if self.warmup else self.lr
        self.steps += 1
        bias1, bias2 = 1 - self.beta1**self.steps, 1 - self.beta2**self.steps
        states = zip(parameters, gradients, self._m, self._v, self._buffer, strict=True)
        for i, (p, g, m, v, buffer) in enumerate(states):
            if self.l1:
                g.add_(torch.sign(p), alpha=self.l1)
            if self.weight_decay:
                p.mul_(1 - lr * self.weight_decay)
                if self.to_initial:
                    p.add_(self._initial[i], alpha=lr * self.weight_decay)
            m.lerp_(g, 1 - self.beta1)
            v.mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
            denominator = torch.sqrt(v, out=buffer).div_(bias2**0.5).add_(self.eps)
            p.addcdiv_(m, denominator, value=-lr / bias1)
            if self.update_noise:
                torch.randn(p.shape, generator=self._noise, dtype=p.dtype, out=buffer)
                p.add_(buffer, alpha=-self.update_noise * lr / bias1)


def gradient_descent(table: Table, seed: int) -> GradientDescent:
    """From a recipe's table."""
    return GradientDescent(table["lr"], table["momentum"], table["weight_decay"])


def adamw(table: Table, seed: int) -> AdamW:
    """From a recipe's table; ``seed`` feeds the noise of the updates, from the stream ("update-noise",)."""
    noise = torch.Generator().manual_seed(int(stream(seed, "update-noise").integers(2**63)))
    return AdamW(
        *(table[name] for name in ("lr", "beta1", "beta2", "eps", "weight_decay", "warmup", "l1")),
        to_initial=table["decay_to"] == "initial",
        update_noise=table["update_noise"],
        noise=noise,
    )


def untrained(table: Table, seed: int) -> None:
    """No updates."""


def optimizer(table: Table, seed: int = 0) -> Optimizer | None:
    """The update rule a recipe's ``optimizer`` table names; None for an untrained model. Errors: UnknownNameError."""
    part: OptimizerPart = parts.find("optimizers", str(table.get("kind", "")))
    made: Any = parts.loaded(part.build)(checked(part.fields, table, "optimizer"), seed)
    return made
