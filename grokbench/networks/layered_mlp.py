"""A plain multilayer perceptron over vectors, as Omnigrok trains it (Liu, Michaud and Tegmark, arXiv 2210.01117, §3 and §4).

f(x) = W_L φ(… φ(W_1 x + b_1) …) + b_L with biases in every layer and torch's initial weights. Teacher and student of its Fig 2
have φ = tanh and two hidden layers of 100 units, its network for images ReLU and two hidden layers of 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.source import Vectors

ACTIVATIONS = ("relu", "tanh")


@dataclass(frozen=True)
class Fields:
    """linear layers with biases and a nonlinearity between them, over a vector of numbers (Liu, Michaud and Tegmark 2022)"""

    width: int = field(100, help="units of a hidden layer", least=1)
    hidden_layers: int = field(2, help="hidden layers", least=1)
    activation: str = field("relu", choices=ACTIVATIONS, help="what is applied to every hidden unit")


def sizes(model: Section, shape: Vectors) -> list[int]:
    """Units of each layer, from the vector to the outputs."""
    return [shape.width, *[model["width"]] * model["hidden_layers"], shape.classes]


def pairs(model: Section, shape: Vectors) -> Iterator[tuple[int, int]]:
    """(fan_in, fan_out) of each layer."""
    own = sizes(model, shape)
    return pairwise(own)


def size(model: Section, shape: Vectors) -> Size:
    """Multiply-adds of a row, and weights."""
    products = sum(fan_in * fan_out for fan_in, fan_out in pairs(model, shape))
    return Size(products, products + sum(sizes(model, shape)[1:]))


_HERE = "grokbench.networks.layered_mlp"
ARCHITECTURE = Architecture(
    "layered-mlp",
    Fields,
    build=f"{_HERE}:initial_layered_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    takes="vectors",
    outputs="any",
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.networks.operands import uniform

APPLIED = {"relu": torch.relu, "tanh": torch.tanh}


class LayeredMLP(Network):
    """``weights``: W1 (m, d), b1 (m), W2 (m, m), b2 (m), …, the last of them (c, m) and (c)."""

    def __init__(self, weights: Mapping[str, Tensor], activation: str) -> None:
        super().__init__()
        self.activation, self.layers = activation, len(weights) // 2
        for layer in range(1, self.layers + 1):
            for name in (f"W{layer}", f"b{layer}"):
                self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, d) vectors to outputs (B, c)."""
        h = inputs
        for layer in range(1, self.layers):
            h = APPLIED[self.activation](self._linear(layer, h))  # (B, m)
        return self._linear(self.layers, h)

    def _linear(self, layer: int, h: Tensor) -> Tensor:
        return nn.functional.linear(h, getattr(self, f"W{layer}"), getattr(self, f"b{layer}"))


def restored(model: Section, weights: Mapping[str, Tensor]) -> LayeredMLP:
    """The network with these weights."""
    return LayeredMLP(weights, model["activation"])


def initial_layered_mlp(model: Section, shape: Vectors, seed: int) -> LayeredMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    Each linear layer is drawn from U(±1/√fan_in), weights and biases.
    """
    drawn = {}
    for layer, (fan_in, fan_out) in enumerate(pairs(model, shape), start=1):
        drawn[f"W{layer}"] = uniform(seed, f"W{layer}", (fan_out, fan_in), fan_in)
        drawn[f"b{layer}"] = uniform(seed, f"b{layer}", (fan_out,), fan_in)
    return restored(model, {name: torch.from_numpy(w) for name, w in drawn.items()})
