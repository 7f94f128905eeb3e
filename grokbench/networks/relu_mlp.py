"""The ReLU network of Hu, Zhou and Yu, "Exploring Grokking" (arXiv 2412.10898, §4.2, Fig 3): "hidden 512, 2 layers".

It is fed the two encoded operands side by side (see ``operands`` for the three encodings) and gives the logits of the p classes.
"2 layers" has two readings, and ``hidden_layers`` says which:

* 2, the default: two hidden layers of 512 units, three weight matrices;
* 1: two weight matrices, one hidden layer of 512 units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from grokbench.networks.operands import Operands, encoded_width, initial_embedding, size_of, uniform
from grokbench.specs.errors import InputError


class ReluMLP(Operands):
    """h_1 = relu(W1 [x, y] + b1), h_l = relu(W_l h_(l−1) + b_l), and logits are the last linear layer of the last h.

    ``weights``: W1 (m, 2k), b1 (m), W2 (m, m), b2 (m), …, the last of them (p, m) and (p), and with embeddings W_E (p, k), which
    x and y share. The number of matrices is one more than that of hidden layers.
    """

    def __init__(self, weights: Mapping[str, Tensor], encoding: str = "one-hot") -> None:
        layers = sum(name[0] == "W" and name != "W_E" for name in weights)
        if layers < 2:
            raise InputError(f"a ReLU network has at least 2 weight matrices; got {sorted(weights)}")
        n_elements, width = weights[f"W{layers}"].shape  # p, m
        super().__init__(weights, encoding, n_elements)
        self.n_elements, self.width, self.layers = n_elements, width, layers
        for layer in range(1, layers + 1):
            for name in (f"W{layer}", f"b{layer}"):
                self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, pairs: Tensor) -> Tensor:
        """(B, 2) element indices x, y to logits (B, p)."""
        h = self.encode(pairs).flatten(1)  # (B, 2k)
        for layer in range(1, self.layers):
            h = torch.relu(nn.functional.linear(h, *self._linear(layer)))  # (B, m)
        return nn.functional.linear(h, *self._linear(self.layers))  # (B, p)

    def _linear(self, layer: int) -> tuple[Tensor, Tensor]:
        return getattr(self, f"W{layer}"), getattr(self, f"b{layer}")


def initial_relu_mlp(model: Mapping[str, Any], n_elements: int, seed: int) -> ReluMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    Fields: ``width`` (512), ``hidden_layers`` (2), ``encoding`` ("one-hot"), ``d_embedding`` (128). Each linear layer is drawn
    from U(±1/√fan_in), weights and biases.
    """
    width, hidden_layers = size_of(model, "width", 512), size_of(model, "hidden_layers", 2)
    sizes = [2 * encoded_width(model, n_elements), *[width] * hidden_layers, n_elements]
    weights = initial_embedding(model, n_elements, seed)
    for layer in range(1, len(sizes)):
        fan_in, fan_out = sizes[layer - 1], sizes[layer]
        weights[f"W{layer}"] = uniform(seed, f"W{layer}", (fan_out, fan_in), fan_in)
        weights[f"b{layer}"] = uniform(seed, f"b{layer}", (fan_out,), fan_in)
    return ReluMLP(
        {name: torch.from_numpy(w) for name, w in weights.items()},
        str(model.get("encoding", "one-hot")),
    )
