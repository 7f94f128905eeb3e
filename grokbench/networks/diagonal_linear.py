"""A two-layer diagonal linear network, f = Σ_k (u_k² − v_k²) x_k (Lyu et al., arXiv 2311.18817, §3.2).

Every u_k and v_k is ``scale`` at the start, so that f = 0 there whatever x is. The paper's code gives the norm of all weights
instead, which is scale · √(2d). The sign of f decides between two classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.source import Vectors


@dataclass(frozen=True)
class Fields:
    """linear in its input, with weights u² − v² (Lyu et al. 2023)"""

    scale: float = field(1.0, help="what every u and v is at the start", above=0.0)


def size(model: Section, shape: Vectors) -> Size:
    """A product for each number of a row; two weights each."""
    return Size(shape.width, 2 * shape.width)


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """One output goes with a loss of signs."""
    if recipe.loss["kind"] in ("mse", "cross-entropy", "stablemax"):
        yield (
            "loss.kind",
            f"{recipe.loss['kind']!r} needs an output for each class; use 'logistic' or 'hinge'",
        )


_HERE = "grokbench.networks.diagonal_linear"
ARCHITECTURE = Architecture(
    "diagonal-linear",
    Fields,
    build=f"{_HERE}:initial_diagonal_linear",
    restore=f"{_HERE}:restored",
    size=size,
    faults=faults,
    fast={"logistic": "grokbench.networks.fast.diagonal_linear:step"},
    takes="vectors",
    alone=True,
    seeded=False,
    drawn=("scale",),
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network


class DiagonalLinear(Network):
    """f = Σ (u² − v²) x, with u and v (d,)."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.u, self.v = (nn.Parameter(weights[name]) for name in ("u", "v"))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, d) vectors to outputs (B, 1)."""
        return nn.functional.linear(inputs, (self.u**2 - self.v**2)[None])


def restored(model: Section, weights: Mapping[str, Tensor]) -> DiagonalLinear:
    """The network with these weights."""
    return DiagonalLinear(weights)


def initial_diagonal_linear(model: Section, shape: Vectors, seed: int) -> DiagonalLinear:
    """The network before its first step (float64); nothing is drawn. Errors: InputError for more than two classes."""
    if shape.classes != 2:
        raise InputError(f"a diagonal-linear decides between two classes by a sign, not {shape.classes}")
    start = torch.full((shape.width,), float(model["scale"]), dtype=torch.float64)
    return restored(model, {"u": start, "v": start.clone()})
