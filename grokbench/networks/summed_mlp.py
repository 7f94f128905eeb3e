"""The toy of Liu et al. 2022 (arXiv 2205.10343, §3): real embeddings joined by a fixed operation, read by a tanh network.

f(x, y) = W3 tanh(W2 tanh(W1 h + b1) + b2) + b3 with h = E_x + E_y. For permutations h is the product of two matrices (Fig 6d).
Sizes and initial weights are those of ejmichaud/grokking-squared @0229df9, ``toy/train_add.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.source import Shape, elements_of, outputs_of

JOINS = ("sum", "matrix-product")


@dataclass(frozen=True)
class Fields:
    """embeddings that are added, or multiplied as matrices, and a tanh network that reads the result (Liu et al. 2022)"""

    d_embedding: int = field(1, help="length d of an embedding; of matrices rows times columns", least=1)
    join: str = field("sum", choices=JOINS, help="what the network is given of E_x and E_y")
    scale: float = field(
        1.0, help="width s of the uniform distribution of initial embeddings, ±s/2", above=0.0
    )
    width: int = field(200, help="units of each of the two hidden layers", least=1)
    decoder_scale: float = field(
        1.0, help="factor on the network's initial weights and biases, which are torch's", above=0.0
    )


def size(model: Section, shape: Shape) -> Size:
    """Multiply-adds of a row, and weights."""
    m, d, c = model["width"], model["d_embedding"], outputs_of(shape)
    products = m * (d + m + c)
    return Size(products, products + 2 * m + c + elements_of(shape) * d)


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Matrices are square."""
    d = recipe.model["d_embedding"]
    if recipe.model["join"] == "matrix-product" and math.isqrt(d) ** 2 != d:
        yield "model.d_embedding", f"expected a square, the entries of a square matrix; got {d}"


_HERE = "grokbench.networks.summed_mlp"
ARCHITECTURE = Architecture(
    "summed-mlp",
    Fields,
    build=f"{_HERE}:initial_summed_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    faults=faults,
    outputs="any",
    drawn=("scale", "decoder_scale"),
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.networks.operands import uniform
from grokbench.tasks.streams import stream


class SummedMLP(Network):
    """``weights``: E (p, d), W1 (m, d), b1 (m), W2 (m, m), b2 (m), W3 (c, m), b3 (c)."""

    def __init__(self, weights: Mapping[str, Tensor], join: str) -> None:
        super().__init__()
        self.join = join
        self.E, self.W1, self.b1, self.W2, self.b2, self.W3, self.b3 = (
            nn.Parameter(weights[name]) for name in ("E", "W1", "b1", "W2", "b2", "W3", "b3")
        )

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) element indices x, y to outputs (B, c)."""
        x, y = self.E[inputs[:, 0]], self.E[inputs[:, 1]]  # (B, d)
        h = torch.tanh(nn.functional.linear(self._joined(x, y), self.W1, self.b1))  # (B, m)
        h = torch.tanh(nn.functional.linear(h, self.W2, self.b2))
        return nn.functional.linear(h, self.W3, self.b3)

    def _joined(self, x: Tensor, y: Tensor) -> Tensor:
        """E_x + E_y, or the matrix product E_x E_y row by row, (B, d)."""
        if self.join == "sum":
            return x + y
        k = math.isqrt(x.shape[-1])
        return (x.unflatten(1, (k, k)) @ y.unflatten(1, (k, k))).flatten(1)


def restored(model: Section, weights: Mapping[str, Tensor]) -> SummedMLP:
    """The network with these weights."""
    return SummedMLP(weights, model["join"])


def initial_summed_mlp(model: Section, shape: Shape, seed: int) -> SummedMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64)."""
    m, d, c, half = model["width"], model["d_embedding"], outputs_of(shape), model["scale"] / 2
    drawn = {"E": stream(seed, "init", "E").uniform(-half, half, (elements_of(shape), d))}
    for layer, (fan_out, fan_in) in enumerate(((m, d), (m, m), (c, m)), start=1):
        drawn[f"W{layer}"] = model["decoder_scale"] * uniform(seed, f"W{layer}", (fan_out, fan_in), fan_in)
        drawn[f"b{layer}"] = model["decoder_scale"] * uniform(seed, f"b{layer}", (fan_out,), fan_in)
    return restored(model, {name: torch.from_numpy(w) for name, w in drawn.items()})
