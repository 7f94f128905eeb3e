"""The two-layer quadratic network of Gromov, "Grokking modular arithmetic" (arXiv 2301.02679).

No biases. Two conventions of the same function are in use and differ in where the scale is written:

* ``mean-field`` (the paper, Eqs 1, 2 and 4):  f(x) = (1/N) W2 φ(W1 x / √D),  φ(h) = h²,  weights drawn N(0, 1);
* ``folded`` (the author's group's code):      f(x) = W2 (W1 x)²,  weights drawn N(0, σ²), σ = (16 N)^(-1/3).

With D = 2p they are one network under W_folded = (D N)^(-1/3) W_mean-field.

Doshi, Das, He and Gromov (arXiv 2310.13061) add two things to the second one: dropout on W1 x, and batch normalisation after the
square.
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
NORMALISATIONS = ("none", "batch")


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
    dropout: float = field(
        0.0, help="rate at which a training pass drops preactivations W1 x", least=0.0, below=1.0
    )
    normalisation: str = field(
        "none",
        choices=NORMALISATIONS,
        help="what is done to (W1 x)²: nothing, or batch normalisation with a trained scale γ and shift β",
    )


def size(model: Section, n: int) -> Size:
    """Multiply-adds of a row, and weights."""
    normalised = 2 if model["normalisation"] == "batch" else 0
    return Size(model["width"] * n, (3 * n + normalised) * model["width"])


def singly(model: Section) -> str:
    """See ``Architecture``."""
    return "Batch normalisation keeps statistics of its own." if model["normalisation"] == "batch" else ""


def least_rows(model: Section) -> int:
    """See ``Architecture``: one row has no variance by which batch normalisation could divide."""
    return 2 if model["normalisation"] == "batch" else 1


def kernel(model: Section) -> str:
    """See ``Architecture.tangent_kernel``: batch normalisation makes rows depend on one another."""
    return f"{_HERE}:tangent_kernel" if model["normalisation"] == "none" else ""


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
    drawn=("init_std", "dropout"),
    singly=singly,
    least_rows=least_rows,
    rescales=True,
    tangent_kernel=kernel,
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.analysis import kernels
from grokbench.networks.base import Network, TableRows, dropout_mask
from grokbench.specs.errors import UnknownNameError


class QuadraticMLP(Network):
    """f = c · W2 (W1 x)², c = 1 / (N D) in the mean-field convention and 1 in the folded one.

    W1 (N, 2p): its first p columns read x, its last p columns read y.  W2 (p, N): one row per class.
    ``dropout``: rate at which training passes drop components of W1 x. ``normalisation`` "batch": W2 reads
    γ (z − mean) / √(variance + 1e-5) + β of z = (W1 x)², with the mean and variance of the batch in a training pass, and with
    running ones (momentum 0.1, unbiased variance) in an evaluation; both are torch's.
    """

    def __init__(
        self,
        w1: Tensor,
        w2: Tensor,
        convention: str,
        dropout: float = 0.0,
        normalisation: str = "none",
    ) -> None:
        super().__init__()
        if convention not in CONVENTIONS:
            raise UnknownNameError("convention", convention, CONVENTIONS)
        if normalisation not in NORMALISATIONS:
            raise UnknownNameError("normalisation", normalisation, NORMALISATIONS)
        self.W1, self.W2 = nn.Parameter(w1), nn.Parameter(w2)
        self.convention, self.dropout = convention, dropout
        if normalisation == "batch":
            self.norm = nn.BatchNorm1d(len(w1), dtype=w1.dtype)
        self.batchwise = normalisation == "batch"
        self.width, self.input_dim = w1.shape  # N, D = 2p
        self.n_elements = w2.shape[0]  # p

    @property
    def output_scale(self) -> float:
        """c of f = c · W2 (W1 x)²."""
        return 1.0 / (self.width * self.input_dim) if self.convention == "mean-field" else 1.0

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """Two concatenated one-hot vectors a row, (B, 2p), to outputs, (B, p); ``noise`` (B, N) multiplies W1 x."""
        z = self.hidden(inputs, noise)  # (B, N)
        return z @ self.W2.T / self.width if self.convention == "mean-field" else z @ self.W2.T  # (B, p)

    def hidden(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """What W2 reads of rows as ``forward`` takes them, (B, N)."""
        h = inputs @ self.W1.T  # (B, N)
        if self.convention == "mean-field":
            h = h / self.input_dim**0.5
        if noise is not None:
            h = h * noise
        normalised: Tensor = self.norm(h**2) if self.batchwise else h**2
        return normalised

    @property
    def drops(self) -> bool:
        """See ``Network``."""
        return bool(self.dropout)

    def draw_noise(self, n_rows: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """A dropout mask (n_rows, N)."""
        return dropout_mask(n_rows, self.width, self.dropout, generator, dtype)

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
    network = QuadraticMLP(
        weights["W1"], weights["W2"], model["convention"], model["dropout"], model["normalisation"]
    )
    if network.batchwise:
        network.load_state_dict(dict(weights))
    return network


def tangent_kernel(network: QuadraticMLP, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """See ``Architecture``."""
    w1, w2 = (w.detach().double().numpy() for w in (network.W1, network.W2))
    return kernels.quadratic_kernel(inputs, w1, w2, network.output_scale)


def initial_mlp(model: Section, n_elements: int, seed: int) -> QuadraticMLP:
    """A network with drawn weights; each parameter has its own stream, named after it (float64). γ begins at 1 and β at 0."""
    width, convention = int(model["width"]), model["convention"]
    std = float(model["init_std"]) or (1.0 if convention == "mean-field" else (16 * width) ** (-1 / 3))
    w1 = std * stream(seed, "init", "W1").standard_normal((width, 2 * n_elements))
    w2 = std * stream(seed, "init", "W2").standard_normal((n_elements, width))
    return QuadraticMLP(
        torch.from_numpy(w1), torch.from_numpy(w2), convention, model["dropout"], model["normalisation"]
    )
