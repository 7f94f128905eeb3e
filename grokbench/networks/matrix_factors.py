"""A symmetric matrix as a difference of squares, f(x, y) = (U Uᵀ − V Vᵀ)_xy (Lyu et al., arXiv 2311.18817, §3.3).

The answer to a pair is an entry. U and V are square, and ``scale`` times the identity at the start, so that f = 0 there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.source import Pairs, Shape, elements_of, outputs_of


@dataclass(frozen=True)
class Fields:
    """entries of U Uᵀ − V Vᵀ, for answers that are real numbers (Lyu et al. 2023)"""

    scale: float = field(1.0, help="U and V are this times the identity at the start", above=0.0)


def size(model: Section, shape: Shape) -> Size:
    """A product of two rows for each of U and V."""
    n = elements_of(shape)
    return Size(2 * n, 2 * n * n)


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """An entry is a real number."""
    if recipe.loss["kind"] != "mse":
        yield "loss.kind", f"{recipe.loss['kind']!r} is a loss of classes; entries of a matrix need 'mse'"


_HERE = "grokbench.networks.matrix_factors"
ARCHITECTURE = Architecture(
    "matrix-factors",
    Fields,
    build=f"{_HERE}:initial_matrix_factors",
    restore=f"{_HERE}:restored",
    size=size,
    faults=faults,
    outputs="any",
    answers="numbers",
    fast={"mse": "grokbench.networks.fast.matrix_factors:step"},
    alone=True,
    seeded=False,
    drawn=("scale",),
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network


class MatrixFactors(Network):
    """f = (U Uᵀ − V Vᵀ)_xy, with U and V (n, n)."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.U, self.V = (nn.Parameter(weights[name]) for name in ("U", "V"))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) pairs to outputs (B, 1)."""
        matrix = self.U @ self.U.T - self.V @ self.V.T  # (n, n)
        return matrix[inputs[:, 0], inputs[:, 1]][:, None]


def restored(model: Section, weights: Mapping[str, Tensor]) -> MatrixFactors:
    """The network with these weights."""
    return MatrixFactors(weights)


def initial_matrix_factors(model: Section, shape: Shape, seed: int) -> MatrixFactors:
    """The network before its first step (float64); nothing is drawn. Errors: InputError for another answer than one number."""
    if outputs_of(shape) != 1 or not isinstance(shape, Pairs):
        raise InputError(
            "a matrix-factors answers with one real number; the task needs source.kind 'numbers' and decode.kind 'error-below'"
        )
    start = model["scale"] * torch.eye(shape.elements, dtype=torch.float64)
    return restored(model, {"U": start, "V": start.clone()})
