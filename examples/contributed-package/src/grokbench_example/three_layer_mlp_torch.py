"""The module of ``three_layer_mlp``; only processes that train load it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from grokbench import Network, stream


class ThreeLayerMLP(Network):
    """f = W3 relu(W2 relu(W1 [e_x, e_y] + b1) + b2) + b3.

    ``weights``: W1 (m, 2p), b1 (m), W2 (m, m), b2 (m), W3 (p, m), b3 (p).
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, values in weights.items():
            self.register_parameter(name, nn.Parameter(values))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(n, 2) element indices x, y to outputs (n, p)."""
        p = len(self.b3)
        columns = self.W1.T  # (2p, m)
        h = torch.relu(columns[inputs[:, 0]] + columns[p + inputs[:, 1]] + self.b1)  # (n, m)
        h = torch.relu(h @ self.W2.T + self.b2)  # (n, m)
        return h @ self.W3.T + self.b3  # (n, p)


def build(model: Mapping[str, Any], n_elements: int, seed: int) -> ThreeLayerMLP:
    """A network with drawn weights in float64, each from a stream of its own name: U(±1/√fan_in)."""
    m, p = model["width"], n_elements
    shapes = {"W1": (m, 2 * p), "b1": (m,), "W2": (m, m), "b2": (m,), "W3": (p, m), "b3": (p,)}
    fan_in = {"1": 2 * p, "2": m, "3": m}
    drawn = {
        name: stream(seed, "init", name).uniform(-1, 1, shape) / fan_in[name[1]] ** 0.5
        for name, shape in shapes.items()
    }
    return restore(model, {name: torch.from_numpy(values) for name, values in drawn.items()})


def restore(model: Mapping[str, Any], weights: Mapping[str, Tensor]) -> ThreeLayerMLP:
    """The network with these weights."""
    return ThreeLayerMLP(weights)
