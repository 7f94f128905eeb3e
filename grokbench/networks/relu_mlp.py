"""The ReLU network of Hu, Zhou and Yu, "Exploring Grokking" (arXiv 2412.10898, §4.2, Fig 3): "hidden 512, 2 layers".

It is fed the two encoded operands side by side (see ``operands`` for the three encodings) and gives the logits of the p classes.
"2 layers" has two readings, and ``hidden_layers`` says which:

* 2, the default: two hidden layers of 512 units, three weight matrices;
* 1: two weight matrices, one hidden layer of 512 units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.networks.encodings import embedded_weights, embedding_field, encoded_width, encoding_field
from grokbench.specs.fields import field
from grokbench.specs.types import Section


@dataclass(frozen=True)
class Fields:
    """linear layers with ReLU between them, over x and y side by side (Hu, Zhou and Yu 2024, section 4.2)"""

    width: int = field(512, help="units of a hidden layer", least=1)
    hidden_layers: int = field(2, help="hidden layers", least=1)
    biases: bool = field(True, help="whether linear layers have biases; Prieto et al. (2501.04697) have none")
    encoding: str = encoding_field()
    d_embedding: int = embedding_field()


def size(model: Section, n: int) -> Size:
    """What x and y add to the first layer is looked up, once per element."""
    m, inner, read = model["width"], model["hidden_layers"] - 1, encoded_width(model, n)
    one = int(model["biases"])
    weights = m * (2 * read + one) + inner * m * (m + one) + n * (m + one)
    return Size(m * (n + inner * m), embedded_weights(model, n) + weights)


_HERE = "grokbench.networks.relu_mlp"
ARCHITECTURE = Architecture(
    "relu-mlp",
    Fields,
    build=f"{_HERE}:initial_relu_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    fast={
        "cross-entropy": "grokbench.networks.fast.relu_mlp:step",
        "mse": "grokbench.networks.fast.relu_mlp:squared_step",
    },
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.operands import Operands, initial_embedding, uniform
from grokbench.specs.errors import InputError


class ReluMLP(Operands):
    """h_1 = relu(W1 [x, y] + b1), h_l = relu(W_l h_(l−1) + b_l), and logits are the last linear layer of the last h.

    ``weights``: W1 (m, 2k), b1 (m), W2 (m, m), b2 (m), …, the last of them (p, m) and (p), and with embeddings W_E (p, k), which
    x and y share. The number of matrices is one more than that of hidden layers. Without b1 there are no biases.
    """

    def __init__(self, weights: Mapping[str, Tensor], encoding: str) -> None:
        layers = sum(name[0] == "W" and name != "W_E" for name in weights)
        if layers < 2:
            raise InputError(f"a ReLU network has at least 2 weight matrices; got {sorted(weights)}")
        n_elements, width = weights[f"W{layers}"].shape  # p, m
        super().__init__(weights, encoding, n_elements)
        self.n_elements, self.width, self.layers = n_elements, width, layers
        self.biased = "b1" in weights
        for layer in range(1, layers + 1):
            for name in (f"W{layer}", f"b{layer}") if self.biased else (f"W{layer}",):
                self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) element indices x, y to logits (B, p)."""
        h = self.encode(inputs).flatten(1)  # (B, 2k)
        for layer in range(1, self.layers):
            h = torch.relu(nn.functional.linear(h, *self._linear(layer)))  # (B, m)
        return nn.functional.linear(h, *self._linear(self.layers))  # (B, p)

    def _linear(self, layer: int) -> tuple[Tensor, Tensor | None]:
        return getattr(self, f"W{layer}"), getattr(self, f"b{layer}") if self.biased else None


def restored(model: Section, weights: Mapping[str, Tensor]) -> ReluMLP:
    """The network with these weights."""
    return ReluMLP(weights, model["encoding"])


def initial_relu_mlp(model: Section, n_elements: int, seed: int) -> ReluMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    Each linear layer is drawn from U(±1/√fan_in), weights and biases.
    """
    sizes = [2 * encoded_width(model, n_elements), *[model["width"]] * model["hidden_layers"], n_elements]
    weights = initial_embedding(model, n_elements, seed)
    for layer in range(1, len(sizes)):
        fan_in, fan_out = sizes[layer - 1], sizes[layer]
        weights[f"W{layer}"] = uniform(seed, f"W{layer}", (fan_out, fan_in), fan_in)
        if model["biases"]:
            weights[f"b{layer}"] = uniform(seed, f"b{layer}", (fan_out,), fan_in)
    return restored(model, {name: torch.from_numpy(w) for name, w in weights.items()})
