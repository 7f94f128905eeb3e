"""The analysis "collapse": rows whose loss has rounded to 0, and how far the gradient points along the weights.

Prieto et al., "Grokking at the edge of numerical stability" (arXiv 2501.04697): softmax collapse, and naive loss minimisation.
A forward and a backward pass over the training rows at every snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator

from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.source import source
from grokbench.training.watching import Analysis

PRECISIONS = ("float16", "float32", "float64")


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """It needs a network with several outputs, and training rows that stay."""
    if recipe.learner:
        yield f"analysis 'collapse' is for networks, not for the learner {recipe.learner.get('kind')!r}"
    if source(task).fresh is not None:
        yield "analysis 'collapse' needs training rows that stay; this source draws new ones for every update"


ANALYSIS = Analysis(
    "collapse",
    version=1,
    make="grokbench.training.analyses.collapse:collapse_of",
    faults=faults,
    passes=float,
    summary="share of training rows whose right logit has gradient 0 in three types, norms, and cos(weights, −gradient)",
)

# ---- from here on with torch

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grokbench import parts
from grokbench.networks.registry import restored
from grokbench.specs.fields import checked
from grokbench.specs.types import Array, Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite
from grokbench.training.losses import cross_entropy

TYPES = {"float32": torch.float32, "float64": torch.float64}


def collapse_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending; the last weights' row last. Weights that are not finite give nan.

    ``share_float16`` and so on: share of training rows whose right logit has a gradient of exactly 0 under cross-entropy in
    this type. ``cosine_<i>``: cos(w, −∂L/∂w) of the i-th tensor under the recipe's own loss. ``norm``: of all weights.
    """
    rows, steps = trial_rows(trial).train, sorted(weights_by_step)
    with torch.inference_mode(False), torch.enable_grad():
        found = [_row(trial, rows, weights_by_step[step]) for step in steps]
    names = list(dict.fromkeys(name for row in found for name in row))
    return {
        "step": np.array(steps, dtype=np.int64),
        **{name: np.array([row.get(name, np.nan) for row in found]) for name in names},
    }


def _row(trial: Trial, rows: Array, weights: Weights) -> dict[str, float]:
    if not finite(weights):
        return {}
    recipe = trial.recipe
    dtype = TYPES[recipe.training["dtype"]]
    tensors = {name: torch.from_numpy(np.array(w)).to(dtype) for name, w in weights.items()}
    network = restored(recipe.model, tensors).to(dtype)
    inputs, targets = network.inputs(rows, trial.task), network.targets(rows, trial.task)
    outputs = network(inputs.to(dtype) if inputs.is_floating_point() else inputs)
    row = {f"share_{name}": collapsed(outputs.detach(), targets, name) for name in PRECISIONS}
    loss = parts.find("losses", recipe.loss["kind"])
    total: Any = loss.total(outputs, targets, checked(loss.fields, recipe.loss, "loss"))
    own = list(network.parameters())
    for i, (w, g) in enumerate(zip(own, torch.autograd.grad(total, own), strict=True), 1):
        row[f"cosine_{i}"] = cosine(w.detach(), -g)
    row["norm"] = float(sum(float(w.detach().double().square().sum()) for w in own) ** 0.5)
    return row


def collapsed(outputs: Tensor, targets: Tensor, precision: str) -> float:
    """Share of rows whose right logit has a gradient of exactly 0 under cross-entropy in this type. outputs: (n, classes)."""
    leaves = outputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(leaves, targets, {"precision": precision}), leaves)
    return float((gradient.gather(-1, targets[..., None]) == 0).double().mean())


def cosine(a: Tensor, b: Tensor) -> float:
    """Of two tensors as vectors, in float64; nan where one is 0."""
    a, b = a.reshape(-1).double(), b.reshape(-1).double()
    norms = float(a.norm() * b.norm())
    return float(torch.dot(a, b)) / norms if norms > 0 else float("nan")
