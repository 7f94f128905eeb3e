"""What checks of trained parts share: a small task, a recipe around one part, and torch's state as a caller may have left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from grokbench import api
from grokbench.networks.registry import architecture
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.fields import checked
from grokbench.specs.types import Recipe
from grokbench.store import keys
from grokbench.training.record import Record

P = 5
TASKS: Mapping[str, Mapping[str, Any]] = {
    "pairs": {"task.domain.p": P},
    "vectors": {
        "task.operation": "parity",
        "task.domain": {"kind": "bits", "n": 6, "k": 2},
        "task.source": {"kind": "samples", "rows": 32},
    },
}
MODEL = {"kind": "relu-mlp", "encoding": "one-hot", "width": 8}
OPTIMIZER = {"kind": "adamw", "lr": 0.01, "weight_decay": 0.0}
LOSSES = ("mse", "cross-entropy", "hinge")
STEPS = 5


def recipe(
    model: Mapping[str, Any] = MODEL,
    loss: Mapping[str, Any] | None = None,
    optimizer: Mapping[str, Any] = OPTIMIZER,
) -> Recipe:
    """A small float64 recipe in which one table is another part's; without a loss, the first that fits the network."""

    def of(chosen: Mapping[str, Any]) -> Recipe:
        training = {"dtype": "float64"}
        tables = dict(model), dict(chosen), dict(optimizer)
        return Recipe("contract/one", "A few steps", "inferred", "of this check", *tables, {}, training, {})

    if loss is not None:
        return of(loss)
    for kind in LOSSES:
        made = of({"kind": kind})
        own = architecture(made.model)
        if not list(own.faults(replace(made, model=checked(own.fields, made.model, "model")))):
            return made
    return of({"kind": LOSSES[0]})


def run(own: Recipe, takes: str = "pairs", seed: int = 9000) -> tuple[Record, str]:
    """The record of a few steps, and its key."""
    trial = resolve_trial("addition", own, seed=seed, steps=STEPS, settings=TASKS[takes])
    return api.run("addition", own, seed=seed, steps=STEPS, settings=TASKS[takes]), keys.key(trial)


@contextmanager
def disturbed() -> Iterator[None]:
    """Torch as a caller may have left it: another default type, a used generator, no gradients; put right afterwards."""
    kept = torch.get_default_dtype(), torch.random.get_rng_state(), torch.is_grad_enabled()
    torch.set_default_dtype(torch.float16)
    torch.manual_seed(12345)
    torch.set_grad_enabled(False)
    try:
        yield
    finally:
        torch.set_default_dtype(kept[0])
        torch.random.set_rng_state(kept[1])
        torch.set_grad_enabled(kept[2])


def slope_error(total: Callable[[], Tensor], at: Sequence[Tensor], probes: int = 12) -> float:
    """The largest difference between autograd's gradients and central differences, over the largest gradient.

    total: a float64 scalar, a function of the tensors ``at``, some entries of which are moved and put back.
    """
    gradients = torch.autograd.grad(total(), list(at), allow_unused=True)
    kept = [torch.zeros_like(t) if g is None else g for t, g in zip(at, gradients, strict=True)]
    scale = max(1e-6, max(float(g.abs().max()) for g in kept))
    step, worst = 1e-5, 0.0
    generator = torch.Generator().manual_seed(1)
    for tensor, gradient in zip(at, kept, strict=True):
        flat = tensor.detach().view(-1)
        for place in torch.randperm(flat.numel(), generator=generator)[:probes].tolist():
            old, ends = float(flat[place]), []
            for shift in (step, -step):
                flat[place] = old + shift
                ends.append(float(total().detach()))
            flat[place] = old
            slope = (ends[0] - ends[1]) / (2 * step)
            worst = max(worst, abs(slope - float(gradient.reshape(-1)[place])) / scale)
    return worst
