"""A committee of neurons that are linear with a quadratic part (Kumar et al., arXiv 2310.06110, §5, Eq. 3).

f(x) = (1/N) Σ_i φ(w_i · x),  φ(h) = h + (ε/2) h²,  w_i ~ N(0, I). The readout is fixed at 1 and is not trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Array, Recipe, Section
from grokbench.tasks.source import Vectors
from grokbench.tasks.streams import stream


@dataclass(frozen=True)
class Fields:
    """one hidden layer of h + (ε/2) h² with a fixed readout, for answers of one real number (Kumar et al. 2023)"""

    width: int = field(500, help="hidden units N", least=1)
    epsilon: float = field(0.25, help="ε, the share of the square in a unit", least=0.0)


def size(model: Section, shape: Vectors) -> Size:
    """Multiply-adds of a row in the cheaper of the two forms, and weights."""
    weights = model["width"] * shape.width
    return Size(min(weights, shape.width**2), weights)


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """An answer is a real number."""
    if recipe.loss["kind"] != "mse":
        yield (
            "loss.kind",
            f"{recipe.loss['kind']!r} is a loss of classes; a committee answers with a number and needs 'mse'",
        )


def kernel(model: Section) -> str:
    """See ``Architecture.tangent_kernel``."""
    return f"{_HERE}:tangent_kernel"


_HERE = "grokbench.networks.committee"
ARCHITECTURE = Architecture(
    "committee",
    Fields,
    build=f"{_HERE}:initial_committee",
    restore=f"{_HERE}:restored",
    size=size,
    faults=faults,
    takes="vectors",
    outputs="any",
    answers="numbers",
    fast={"mse": "grokbench.networks.fast.committee:step"},
    rescales=True,
    tangent_kernel=kernel,
    alone=True,
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.analysis import kernels
from grokbench.networks.base import Network


class Committee(Network):
    """``weights``: W (N, d)."""

    def __init__(self, weights: Mapping[str, Tensor], epsilon: float) -> None:
        super().__init__()
        self.W, self.epsilon = nn.Parameter(weights["W"]), epsilon

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, d) vectors to outputs (B, 1)."""
        n, d = self.W.shape
        if n <= d:
            h = inputs @ self.W.T  # (B, N)
            return (h + self.epsilon / 2 * h**2).mean(1, keepdim=True)
        mean, square = self.W.mean(0), self.W.T @ self.W / n  # w̄ (d,) and M (d, d), Eq. 4
        linear, quadratic = inputs @ mean, ((inputs @ square) * inputs).sum(1)  # (B,) each
        return (linear + self.epsilon / 2 * quadratic)[:, None]


def restored(model: Section, weights: Mapping[str, Tensor]) -> Committee:
    """The network with these weights."""
    return Committee(weights, model["epsilon"])


def tangent_kernel(network: Committee, inputs: Array) -> Array:
    """See ``Architecture``."""
    return kernels.committee_kernel(inputs, network.W.detach().double().numpy(), network.epsilon)


def initial_committee(model: Section, shape: Vectors, seed: int) -> Committee:
    """A network with drawn weights (float64). Errors: InputError for another answer than one number."""
    if shape.classes != 1:
        raise InputError(f"a committee answers with one real number, not {shape.classes}")
    w = stream(seed, "init", "W").standard_normal((model["width"], shape.width))
    return restored(model, {"W": torch.from_numpy(w)})
