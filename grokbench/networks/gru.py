"""A small GRU over x and y (Cho et al. 2014); equations and initialisation are those of torch's ``nn.GRU`` and ``nn.Linear``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grokbench.networks.architecture import Architecture, Size
from grokbench.networks.encodings import embedded_weights, embedding_field, encoded_width, encoding_field
from grokbench.specs.fields import field
from grokbench.specs.types import Section


@dataclass(frozen=True)
class Fields:
    """one layer of torch's nn.GRU over x, y, and a linear map of its last state (Cho et al. 2014)"""

    hidden: int = field(20, help="size of its state", least=1)
    encoding: str = encoding_field()
    d_embedding: int = embedding_field()


def size(model: Section, n: int) -> Size:
    """Two steps of three gates; a sigmoid or tanh costs about as much as a few hundred multiply-adds a unit."""
    h, k = model["hidden"], encoded_width(model, n)
    weights = 3 * h * (k + h + 2) + n * (h + 1)
    return Size(h * (6 * (k + h) + 300 + n), embedded_weights(model, n) + weights)


_HERE = "grokbench.networks.gru"
ARCHITECTURE = Architecture("gru", Fields, build=f"{_HERE}:build", restore=f"{_HERE}:restored", size=size)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.operands import Operands, initial_embedding, uniform

WEIGHTS = ("W_ih", "W_hh", "b_ih", "b_hh", "W_out", "b_out")


class GRU(Operands):
    """r, z = σ(W_ih x + b_ih + W_hh h + b_hh),  n = tanh(W_in x + b_in + r (W_hn h + b_hn)),  h' = (1 − z) n + z h.

    ``weights``: W_ih (3H, k), W_hh (3H, H), b_ih and b_hh (3H), in the order r, z, n; W_out (p, H), b_out (p), and with
    embeddings W_E (p, k).
    """

    def __init__(self, weights: Mapping[str, Tensor], encoding: str) -> None:
        super().__init__(weights, encoding, len(weights["W_out"]))
        self.hidden = weights["W_out"].shape[1]
        for name in WEIGHTS:
            self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) element indices x, y to logits (B, p)."""
        w_ih, w_hh, b_ih, b_hh, w_out, b_out = (getattr(self, name) for name in WEIGHTS)
        x = self.encode(inputs)  # (B, 2, k)
        h = x.new_zeros(len(x), self.hidden)
        for t in range(2):
            read, kept = x[:, t] @ w_ih.T + b_ih, h @ w_hh.T + b_hh  # (B, 3H) each
            (r_x, z_x, n_x), (r_h, z_h, n_h) = read.chunk(3, dim=1), kept.chunk(3, dim=1)
            r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
            h = (1 - z) * (n_x + r * n_h).tanh() + z * h  # (B, H)
        return h @ w_out.T + b_out  # (B, p)


def restored(model: Section, weights: Mapping[str, Tensor]) -> GRU:
    """The network with these weights."""
    return GRU(weights, model["encoding"])


def build(model: Section, n_elements: int, seed: int) -> GRU:
    """A network whose weights are drawn from U(±1/√H), each parameter from its own stream (float64)."""
    h = model["hidden"]
    shapes: dict[str, tuple[int, ...]] = {
        "W_ih": (3 * h, encoded_width(model, n_elements)),
        "W_hh": (3 * h, h),
    }
    shapes |= {"b_ih": (3 * h,), "b_hh": (3 * h,), "W_out": (n_elements, h), "b_out": (n_elements,)}
    weights = {name: uniform(seed, name, shape, h) for name, shape in shapes.items()}
    weights |= initial_embedding(model, n_elements, seed)
    return restored(model, {name: torch.from_numpy(w) for name, w in weights.items()})
