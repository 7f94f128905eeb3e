"""The LSTM of Hu, Zhou and Yu, "Exploring Grokking" (arXiv 2412.10898, §4.2, Fig 4): one layer, hidden size 20.

It reads x, then y, then, where the recipe says so, "=", and is scored on the logits of the p classes after the last.
Equations and initialisation are those of torch's ``nn.LSTM`` and ``nn.Linear``. What the text leaves open is a field: the
encoding of the tokens (see ``operands``), and whether "=" is read.
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
    """one layer of torch's nn.LSTM over x, y, and a linear map of its last state (Hu, Zhou and Yu 2024, section 4.2)"""

    hidden: int = field(20, help="size of its state", least=1)
    encoding: str = encoding_field()
    d_embedding: int = embedding_field()
    equals: bool = field(False, help="whether = is read after y")


def size(model: Section, n: int) -> Size:
    """Sigmoids and tanh cost about as much as a few hundred multiply-adds a unit."""
    tokens, h = n + model["equals"], model["hidden"]
    weights = 4 * h * (encoded_width(model, tokens) + h + 2) + n * (h + 1)
    return Size(h * (300 + n), embedded_weights(model, tokens) + weights)


_HERE = "grokbench.networks.lstm"
ARCHITECTURE = Architecture(
    "lstm",
    Fields,
    build=f"{_HERE}:initial_lstm",
    restore=f"{_HERE}:restored",
    size=size,
    fast={"cross-entropy": "grokbench.networks.fast.lstm:step"},
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.operands import Operands, initial_embedding, uniform

WEIGHTS = ("W_ih", "W_hh", "b_ih", "b_hh", "W_out", "b_out")


class LSTM(Operands):
    """[i, f, g, o] = W_ih x + b_ih + W_hh h + b_hh,  c' = σ(f) c + σ(i) tanh(g),  h' = σ(o) tanh(c'),  logits = W_out h + b_out.

    ``weights``: W_ih (4H, k), W_hh (4H, H), b_ih and b_hh (4H), W_out (p, H), b_out (p), and with embeddings W_E (tokens, k);
    the gates lie in the order i, f, g, o. With ``equals``, token p is "=" (under ``scalars``, the number p) and is read last.
    """

    W_ih: Tensor
    W_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor
    W_out: Tensor
    b_out: Tensor

    def __init__(
        self, weights: Mapping[str, Tensor], encoding: str = "one-hot", equals: bool = False
    ) -> None:
        n_elements, hidden = weights["W_out"].shape  # p, H
        super().__init__(weights, encoding, n_elements + equals)
        self.n_elements, self.hidden, self.equals = n_elements, hidden, equals
        for name in WEIGHTS:
            self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) element indices x, y to logits (B, p)."""
        x = self.encode(self.tokens(inputs))  # (B, L, k)
        h = c = x.new_zeros(len(x), self.hidden)
        for t in range(x.shape[1]):
            gates = x[:, t] @ self.W_ih.T + self.b_ih + h @ self.W_hh.T + self.b_hh  # (B, 4H)
            i, f, g, o = gates.chunk(4, dim=1)  # (B, H) each
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return h @ self.W_out.T + self.b_out  # (B, p)

    def tokens(self, pairs: Tensor) -> Tensor:
        """(B, 2) element indices x, y to the tokens read, (B, 2) or (B, 3)."""
        return nn.functional.pad(pairs, (0, 1), value=self.n_elements) if self.equals else pairs


def restored(model: Section, weights: Mapping[str, Tensor]) -> LSTM:
    """The network with these weights."""
    return LSTM(weights, model["encoding"], model["equals"])


def initial_lstm(model: Section, n_elements: int, seed: int) -> LSTM:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    All of the LSTM is drawn from U(±1/√H), as is the output layer, whose fan-in H is.
    """
    hidden, tokens = model["hidden"], n_elements + model["equals"]
    shapes: dict[str, tuple[int, ...]] = {"W_ih": (4 * hidden, encoded_width(model, tokens))}
    shapes |= {"W_hh": (4 * hidden, hidden), "b_ih": (4 * hidden,), "b_hh": (4 * hidden,)}
    shapes |= {"W_out": (n_elements, hidden), "b_out": (n_elements,)}
    weights = {name: uniform(seed, name, shape, hidden) for name, shape in shapes.items()}
    weights |= initial_embedding(model, tokens, seed)
    return restored(model, {name: torch.from_numpy(w) for name, w in weights.items()})
