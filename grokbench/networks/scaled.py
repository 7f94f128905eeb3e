"""Outputs of any network times a factor α, with or without those before the first step: α (f(θ) − f(θ₀)).

A large α makes training lazy: outputs change much while weights hardly move (Chizat, Oyallon and Bach, arXiv 1812.07956). The
network's own class stays as it is. Its weights keep their names; θ₀ and α lie in buffers that no record holds.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.networks.registry import rescaled
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe

START, FACTOR = "before_first_step", "factor_on_outputs"
"""Names of the buffers. The second is a number, so that trials of unlike α can train as one model."""


def scaled_outputs(network: Network, recipe: Recipe) -> None:
    """Make ``network``, with its weights before the first step, give the outputs that ``recipe.training`` asks for.

    Noise of a training pass, such as dropout, is on f(θ) alone. Errors: InputError for a network whose f(θ₀) depends on the
    batch.
    """
    if not rescaled(recipe):
        return
    if recipe.training.get("subtract_start"):
        if network.batchwise:
            raise InputError("training.subtract_start: outputs of this network depend on the batch")
        network.add_module(START, _frozen(network))
    alpha = torch.tensor(float(recipe.training.get("output_scale", 1.0)), dtype=torch.float64)
    network.register_buffer(FACTOR, alpha, persistent=False)
    network.register_forward_hook(_scaled)


def factor(network: nn.Module) -> float:
    """α of a network; 1 where its outputs are its own."""
    return float(getattr(network, FACTOR, 1.0))


def subtracted(network: nn.Module, inputs: Tensor) -> Tensor | None:
    """α f(θ₀) of rows, in the type of the weights; None where nothing is subtracted."""
    start = getattr(network, START, None)
    with torch.no_grad():
        return None if start is None else factor(network) * start(inputs, None)


def _frozen(network: Network) -> nn.Module:
    """A copy whose weights are buffers."""
    found = copy.deepcopy(network)
    for module in found.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, weight.detach(), persistent=False)
        for name, buffer in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, buffer, persistent=False)
    return found


def _scaled(network: Any, inputs: tuple[Any, ...], outputs: Tensor) -> Tensor:
    start = getattr(network, START, None)
    moved = outputs if start is None else outputs - start(inputs[0], None)
    found: Tensor = getattr(network, FACTOR) * moved
    return found
