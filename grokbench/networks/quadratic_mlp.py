"""The two-layer quadratic network of Gromov, "Grokking modular arithmetic" (arXiv 2301.02679).

No biases. Two conventions of the same function are in use and differ in where the scale is written:

* ``mean-field`` (the paper, Eqs 1, 2 and 4):  f(x) = (1/N) W2 φ(W1 x / √D),  φ(h) = h²,  weights drawn N(0, 1);
* ``folded`` (the author's group's code):      f(x) = W2 (W1 x)²,  weights drawn N(0, σ²), σ = (16 N)^(-1/3).

With D = 2p they are one network under W_folded = (D N)^(-1/3) W_mean-field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.fields import field
from grokbench.specs.types import Section, TaskSpec
from grokbench.tasks.streams import stream

CONVENTIONS = ("mean-field", "folded")


@dataclass(frozen=True)
class Fields:
    """two layers, no biases, activation h² (Gromov 2023, Eqs 1, 2, 4)"""

    width: int = field(500, help="hidden units N", least=1)
    convention: str = field(
        "mean-field",
        choices=CONVENTIONS,
        help="where the scale stands: N(0,1) weights and 1/N in the forward pass, or folded into the weights",
    )
    init_std: float = field(
        0.0, help="standard deviation of the initial weights; 0 takes the convention's own", least=0.0
    )


def size(model: Section, n: int) -> Size:
    """Multiply-adds of a row, and weights."""
    return Size(model["width"] * n, 3 * n * model["width"])


_HERE = "grokbench.networks.quadratic_mlp"
ARCHITECTURE = Architecture(
    "quadratic-mlp",
    Fields,
    build=f"{_HERE}:initial_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    fast={
        "mse": "grokbench.networks.fast.quadratic_mlp:step",
        "cross-entropy": "grokbench.networks.fast.quadratic_mlp:softmax_step",
    },
    drawn=("init_std",),
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network, TableRows
from grokbench.specs.errors import UnknownNameError


class QuadraticMLP(Network):
    """f = c · W2 (W1 x)², c = 1 / (N D) in the mean-field convention and 1 in the folded one.

    W1 (N, 2p): its first p columns read x, its last p columns read y.  W2 (p, N): one row per class.
    """

    def __init__(self, w1: Tensor, w2: Tensor, convention: str) -> None:
        super().__init__()
        if convention not in CONVENTIONS:
            raise UnknownNameError("convention", convention, CONVENTIONS)
        self.W1, self.W2 = nn.Parameter(w1), nn.Parameter(w2)
        self.convention = convention
        self.width, self.input_dim = w1.shape  # N, D = 2p
        self.n_elements = w2.shape[0]  # p

    @property
    def output_scale(self) -> float:
        """c of f = c · W2 (W1 x)²."""
        return 1.0 / (self.width * self.input_dim) if self.convention == "mean-field" else 1.0

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """Two concatenated one-hot vectors a row, (B, 2p), to outputs, (B, p)."""
        x = inputs
        if self.convention == "mean-field":
            h = x @ self.W1.T / self.input_dim**0.5  # (B, N)
            return h**2 @ self.W2.T / self.width  # (B, p)
        return (x @ self.W1.T) ** 2 @ self.W2.T  # (B, p)

    def encode(self, pairs: NDArray[np.int64]) -> Tensor:
        """(B, 2) element indices x, y -> (B, 2p) two concatenated one-hot vectors."""
        p = self.n_elements
        x = torch.zeros(len(pairs), 2 * p, dtype=self.W1.dtype)
        index = torch.from_numpy(pairs + np.array([0, p]))
        return x.scatter_(1, index, 1.0)

    def inputs(self, rows: TableRows, task: TaskSpec) -> Tensor:
        """(n, 2p), see ``encode``."""
        return self.encode(rows[:, :2])


def restored(model: Section, weights: Mapping[str, Tensor]) -> QuadraticMLP:
    """The network with these weights."""
    return QuadraticMLP(weights["W1"], weights["W2"], model["convention"])


def initial_mlp(model: Section, n_elements: int, seed: int) -> QuadraticMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64)."""
    width, convention = int(model["width"]), model["convention"]
    std = float(model["init_std"]) or (1.0 if convention == "mean-field" else (16 * width) ** (-1 / 3))
    w1 = std * stream(seed, "init", "W1").standard_normal((width, 2 * n_elements))
    w2 = std * stream(seed, "init", "W2").standard_normal((n_elements, width))
    return QuadraticMLP(torch.from_numpy(w1), torch.from_numpy(w2), convention)
