"""Numbers of an optimizer's table: of one trial, or of each trial of a stack; the same updates are written for both.

A rule of a stack has weights (trials, …). Where its trials differ in a number, that is a float64 tensor (trials,), else a plain
number. ``noise`` is a generator, or a list of one for each trial. Whatever else a rule keeps of weights has the trials first,
too, so that trials can leave (``training.batched.rules``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

Number = Any
"""A float or an int, or a float64 tensor (trials,)."""
Noise = torch.Generator | Sequence[torch.Generator] | None


def used(number: Number) -> bool:
    """Whether a number is other than 0; the trials of a stack agree in this."""
    return bool(number.any()) if isinstance(number, Tensor) else bool(number)


def of(number: Number, p: Tensor) -> Number:
    """A number so that it multiplies ``p``: as it is, or (trials, 1, …) in the type of p."""
    if not isinstance(number, Tensor):
        return number
    return number.to(p.device, p.dtype).view(-1, *[1] * (p.dim() - 1))


def add(p: Tensor, x: Tensor, number: Number) -> Tensor:
    """p ← p + number · x, in place."""
    if not isinstance(number, Tensor):
        return p.add_(x, alpha=number)
    return p.addcmul_(x, of(number, p))


def add_square(p: Tensor, x: Tensor, number: Number) -> Tensor:
    """p ← p + number · x², in place."""
    if not isinstance(number, Tensor):
        return p.addcmul_(x, x, value=number)
    return p.addcmul_(x, x * of(number, p))


def add_quotient(p: Tensor, x: Tensor, y: Tensor, number: Number) -> Tensor:
    """p ← p + number · x / y, in place."""
    if not isinstance(number, Tensor):
        return p.addcdiv_(x, y, value=number)
    return p.addcdiv_(x * of(number, p), y)


def ramp(step: int, warmup: Number) -> Number:
    """min(step / warmup, 1)."""
    return (step / warmup).clamp(max=1) if isinstance(warmup, Tensor) else min(step / warmup, 1)


def normal(out: Tensor, noise: Noise) -> Tensor:
    """Fill ``out`` with N(0, 1), a trial's part by its own generator."""
    if noise is None or isinstance(noise, torch.Generator):
        return torch.randn(out.shape, generator=noise, dtype=out.dtype, out=out)
    for part, generator in zip(out, noise, strict=True):
        drawn = torch.randn(part.shape, generator=generator, dtype=out.dtype)
        part.copy_(drawn)
    return out
