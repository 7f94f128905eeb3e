"""A ReLU network of vectors, f = u ReLU(W x + b), as sparse parity is learned by (Merrill, Tsilivis, Shukla, arXiv 2303.11873).

The first layer has a bias, the last one none. One output, whose sign decides between two classes, is the paper's; a logit for
each class is the other reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.source import Vectors

HEADS = ("sign", "classes")


@dataclass(frozen=True)
class Fields:
    """one hidden ReLU layer over a vector of numbers (Merrill et al. 2023)"""

    width: int = field(1000, help="units of the hidden layer", least=1)
    head: str = field(
        "sign", choices=HEADS, help="one output, whose sign decides between two classes, or a logit for each"
    )


def outputs(model: Section, shape: Vectors) -> int:
    """How many outputs there are. Errors: InputError for a sign that has to decide between more than two classes."""
    if model["head"] == "classes":
        return shape.classes
    if shape.classes != 2:
        raise InputError(f"model.head 'sign' decides between two classes, not {shape.classes}; use 'classes'")
    return 1


def size(model: Section, shape: Vectors) -> Size:
    """Multiply-adds of a row, and weights."""
    products = model["width"] * (shape.width + outputs(model, shape))
    return Size(products, products + model["width"])


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """A sign goes with a loss of signs."""
    if recipe.model["head"] == "sign" and recipe.loss["kind"] in ("mse", "cross-entropy"):
        yield "model.head", f"'sign' has one output, and the loss {recipe.loss['kind']!r} needs 'classes'"


_HERE = "grokbench.networks.vector_mlp"
ARCHITECTURE = Architecture(
    "vector-mlp",
    Fields,
    build=f"{_HERE}:initial_vector_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    faults=faults,
    takes="vectors",
    outputs="any",
    fast={"hinge": "grokbench.networks.fast.vector_mlp:step"},
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.networks.operands import uniform


class VectorMLP(Network):
    """f = W2 relu(W1 x + b1), with W1 (m, width), b1 (m) and W2 (1, m) or (classes, m)."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.W1, self.b1, self.W2 = (nn.Parameter(weights[name]) for name in ("W1", "b1", "W2"))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, width) vectors to outputs (B, 1) or (B, classes)."""
        hidden = torch.relu(nn.functional.linear(inputs, self.W1, self.b1))  # (B, m)
        return nn.functional.linear(hidden, self.W2)


def restored(model: Section, weights: Mapping[str, Tensor]) -> VectorMLP:
    """The network with these weights."""
    return VectorMLP(weights)


def initial_vector_mlp(model: Section, shape: Vectors, seed: int) -> VectorMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    W1 and b1 are drawn from U(±1/√width), W2 from U(±1/√m), as torch's linear layers are.
    """
    m, d = model["width"], shape.width
    drawn = {
        "W1": uniform(seed, "W1", (m, d), d),
        "b1": uniform(seed, "b1", (m,), d),
        "W2": uniform(seed, "W2", (outputs(model, shape), m), m),
    }
    return restored(model, {name: torch.from_numpy(w) for name, w in drawn.items()})
