"""Adam, with weight decay inside the gradient (Kingma and Ba 2015) or beside it (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Optimizer, Trained


@dataclass(frozen=True, kw_only=True)
class AdamWFields(Trained):
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


@dataclass(frozen=True, kw_only=True)
class AdamFields(Trained):
    """Adam, its weight decay an L2 term of the gradient (Kingma and Ba 2015; torch.optim.Adam)"""

    lr: float = field(help="learning rate", above=0.0)
    beta1: float = field(0.9, help="decay of the first moment", least=0.0, below=1.0)
    beta2: float = field(0.999, help="decay of the second moment", least=0.0, below=1.0)
    eps: float = field(1e-8, help="added to the root of the second moment", above=0.0)
    weight_decay: float = field(0.0, help="L2 coefficient added to the gradient", least=0.0)
    warmup: int = field(
        0,
        help="updates of linear warm-up from 0: update t (from 0) has lr · min(t/warmup, 1); 0 for none",
        least=0,
    )


_HERE = "grokbench.training.optimizers.adam"
ADAMW = Optimizer("adamw", AdamWFields, f"{_HERE}:adamw", stacks=True)
ADAM = Optimizer("adam", AdamFields, f"{_HERE}:adam", stacks=True)

# ---- from here on with torch

from collections.abc import Sequence

import torch
from torch import Tensor

from grokbench.training.optimizers.numbers import (
    Noise,
    Number,
    add,
    add_quotient,
    add_square,
    normal,
    of,
    ramp,
    used,
)


class Adam:
    """Both, as ``torch.optim.AdamW`` and ``torch.optim.Adam``; update t = 1, 2, …

    p ← (1 − lr λ) p (or, ``coupled``, g ← g + λ p);  m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²;
    p ← p − lr (m / (1 − β1ᵗ)) / (√(v / (1 − β2ᵗ)) + ε)

    ``warmup`` updates have lr · (t − 1)/warmup: the first of them fills m and v and changes no weight. ``l1`` adds its multiple
    of sign(p) to g. ``to_initial``: the decay pulls to the first weights p₀ in place of 0. ``update_noise`` is the σ of a
    Gaussian, from the generator ``noise``, added to m / (√(v / (1 − β2ᵗ)) + ε) before lr / (1 − β1ᵗ) multiplies it, as
    openai/grok's ``--noise_factor`` does.
    """

    def __init__(
        self,
        lr: Number,
        beta1: Number,
        beta2: Number,
        eps: Number,
        weight_decay: Number = 0.0,
        warmup: Number = 0,
        l1: Number = 0.0,
        *,
        coupled: bool = False,
        to_initial: bool = False,
        update_noise: Number = 0.0,
        noise: Noise = None,
    ) -> None:
        self.lr, self.beta1, self.beta2, self.eps, self.weight_decay = lr, beta1, beta2, eps, weight_decay
        self.warmup, self.l1, self.coupled = warmup, l1, coupled
        self.to_initial, self.update_noise, self._noise = to_initial, update_noise, noise

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``."""
        self._m, self._v, self._buffer = ([torch.zeros_like(p) for p in parameters] for _ in range(3))
        self._initial = [p.clone() for p in parameters] if self.to_initial else []

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        lr = self.lr * ramp(step, self.warmup) if used(self.warmup) else self.lr
        bias1, bias2 = 1 - self.beta1 ** (step + 1), 1 - self.beta2 ** (step + 1)
        states = zip(parameters, gradients, self._m, self._v, self._buffer, strict=True)
        for i, (p, g, m, v, buffer) in enumerate(states):
            if used(self.l1):
                add(g, torch.sign(p), self.l1)
            if used(self.weight_decay) and self.coupled:
                add(g, p, self.weight_decay)
            elif used(self.weight_decay):
                p.mul_(of(1 - lr * self.weight_decay, p))
                if self.to_initial:
                    add(p, self._initial[i], lr * self.weight_decay)
            m.lerp_(g, of(1 - self.beta1, g))
            add_square(v.mul_(of(self.beta2, v)), g, 1 - self.beta2)
            denominator = torch.sqrt(v, out=buffer).div_(of(bias2**0.5, v)).add_(of(self.eps, v))
            add_quotient(p, m, denominator, -lr / bias1)
            if used(self.update_noise):
                add(p, normal(buffer, self._noise), -self.update_noise * lr / bias1)


def adamw(table: Section, noise: torch.Generator) -> Adam:
    """From a recipe's table."""
    return Adam(
        *(table[name] for name in ("lr", "beta1", "beta2", "eps", "weight_decay", "warmup", "l1")),
        to_initial=table["decay_to"] == "initial",
        update_noise=table["update_noise"],
        noise=noise,
    )


def adam(table: Section, noise: torch.Generator) -> Adam:
    """From a recipe's table."""
    numbers = (table[name] for name in ("lr", "beta1", "beta2", "eps", "weight_decay", "warmup"))
    return Adam(*numbers, coupled=True)
