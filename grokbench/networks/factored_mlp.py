"""The network of Chughtai, Chan and Nanda, "A Toy Model of Universality" (arXiv 2302.03025, §3; the authors' ``OneLayerMLP``).

Each operand has an embedding of its own; one hidden ReLU layer reads both side by side. There are no biases, and nothing stands
between the embedding and the matrix that reads it: only their product counts for the function, and weight decay sees the factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.fields import field
from grokbench.specs.types import Section


@dataclass(frozen=True)
class Fields:
    """an embedding of each operand, one hidden ReLU layer over both, no biases (Chughtai et al. 2023, section 3)"""

    d_embedding: int = field(256, help="width of either operand's embedding", least=1)
    width: int = field(128, help="units of the hidden layer", least=1)


def size(model: Section, n: int) -> Size:
    """What x and y add to the hidden layer is looked up, once per element."""
    e, m = model["d_embedding"], model["width"]
    return Size(m * n, 2 * n * e + 2 * e * m + m * n)


_HERE = "grokbench.networks.factored_mlp"
ARCHITECTURE = Architecture(
    "factored-mlp",
    Fields,
    build=f"{_HERE}:initial_factored_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    fast={"cross-entropy": "grokbench.networks.fast.factored_mlp:step"},
)
WEIGHTS = ("W_x", "W_y", "W", "W_U")

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.tasks.streams import stream


class FactoredMLP(Network):
    """logits = relu([W_x[x], W_y[y]] W) W_U, with W_x and W_y (n, e), W (2e, m) and W_U (m, n)."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.W_x, self.W_y, self.W, self.W_U = (nn.Parameter(weights[name]) for name in WEIGHTS)
        self.n_elements, self.d_embedding = self.W_x.shape

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) element indices x, y to logits (B, n)."""
        of_x, of_y = self.W.split(self.d_embedding)  # (e, m) each
        hidden = torch.relu((self.W_x @ of_x)[inputs[:, 0]] + (self.W_y @ of_y)[inputs[:, 1]])  # (B, m)
        return hidden @ self.W_U


def restored(model: Section, weights: Mapping[str, Tensor]) -> FactoredMLP:
    """The network with these weights."""
    return FactoredMLP(weights)


def initial_factored_mlp(model: Section, n_elements: int, seed: int) -> FactoredMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    W_x and W_y are drawn from N(0, 1/e), W from N(0, 1/2e) and W_U from N(0, 1/m), as in the authors' code.
    """
    n, e, m = n_elements, model["d_embedding"], model["width"]
    shapes = {"W_x": (n, e, e), "W_y": (n, e, e), "W": (2 * e, m, 2 * e), "W_U": (m, n, m)}
    drawn = {
        name: stream(seed, "init", name).standard_normal((rows, columns)) / fan**0.5
        for name, (rows, columns, fan) in shapes.items()
    }
    return restored(model, {name: torch.from_numpy(w) for name, w in drawn.items()})
