"""The probe "every-step": what slingshots are found by, at every step (Thilak et al. 2022, arXiv 2206.04817).

They last some fifty steps, so that evaluations a few per cent apart miss them. Three numbers in single precision are 12 bytes a
step, beside the step.
"""

from __future__ import annotations

from collections.abc import Iterator

from grokbench.specs.types import Recipe, TaskSpec
from grokbench.training.probes.last_layer import which
from grokbench.training.watching import Pass, Probe


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """A learner has no layers."""
    if recipe.learner:
        yield f"probe 'every-step' reads the last layer of a network; {recipe.learner['kind']!r} has none"


PROBE = Probe(
    "every-step",
    look="grokbench.training.probes.every_step:every_step",
    faults=faults,
    every_step=True,
    counts=True,
    summary="loss and accuracy over the rows of each update, before it, and the norm of the last layer",
)

# ---- from here on with torch

import numpy as np
import torch


def every_step(own: Pass) -> dict[str, np.float32]:
    """Loss and accuracy of the pass, and ‖W‖_F of the matrix that gives the outputs, summed in float64."""
    shapes = {name: p.dim() for name, p in zip(own.names, own.parameters, strict=True)}
    last = own.parameters[own.names.index(which(shapes))]
    norm = torch.linalg.vector_norm(last, dtype=torch.float64)
    return {
        "loss": np.float32(own.loss),
        "accuracy": np.float32(own.accuracy),
        "norm": np.float32(float(norm)),
    }
