"""What checks of trained parts share: a small task, a recipe around one part, and torch's state as a caller may have left it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from grokbench import api, parts
from grokbench.networks.registry import architecture
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.fields import checked
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.store import keys
from grokbench.tasks.source import Rows, Shape, rows_of, shape_of
from grokbench.training.record import Record

SPECS = Path(__file__).parent / "specs"
"""Tasks of pairs, of vectors and of numbers of either, and the recipe in which each part takes its turn."""
STEPS = 5


@functools.cache
def library() -> Library:
    """The installed specs, and those of the contract."""
    return Library(SPECS)


def task_for(network: Any) -> str:
    """Which task a network, or a learner, is tried on: "pairs" or "vectors", and "numbers" or "vector-numbers" for numbers."""
    if getattr(network, "answers", "classes") != "numbers":
        return str(network.takes)
    return "numbers" if network.takes == "pairs" else "vector-numbers"


def shape_and_rows(name: str, n: int = 11) -> tuple[TaskSpec, Shape, Rows]:
    """The task of this name, the shape that a network is built for, and its first rows."""
    task = library().task(name)
    return task, shape_of(task), rows_of(task, 0).rows[:n]


def recipe(
    model: Mapping[str, Any] | None = None,
    loss: Mapping[str, Any] | None = None,
    optimizer: Mapping[str, Any] | None = None,
) -> Recipe:
    """The small recipe with another part's table in it; without a loss, with the first that fits the network."""
    small = library().recipe("contract/small")
    made = replace(small, model=dict(model or small.model), optimizer=dict(optimizer or small.optimizer))
    if loss is not None or model is None:
        return replace(made, loss=dict(loss or small.loss))
    own = architecture(model)
    whole = replace(made, model=checked(own.fields, model, "model"))
    for kind in (small.loss["kind"], *parts.names("losses")):
        if not list(own.faults(replace(whole, loss={"kind": kind}))):
            return replace(made, loss={"kind": kind})
    return made


def run(own: Recipe, takes: str = "pairs", seed: int = 9000) -> tuple[Record, str]:
    """The record of a few steps, and its key."""
    trial = resolve_trial(takes, own, seed=seed, steps=STEPS, specs=library())
    return api.run(takes, own, seed=seed, steps=STEPS, specs=library()), keys.key(trial)


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
