"""How a network without a vocabulary of its own is given x and y: three readings of "straightforward encoding".

A token t, an element's index or p for "=", becomes row t of a table (tokens, k); see ``encodings``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.networks.encodings import ENCODINGS, encoded_width
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.types import Section
from grokbench.tasks.streams import stream


def uniform(seed: int, name: str, shape: tuple[int, ...], fan_in: int) -> NDArray[np.float64]:
    """torch's default for a linear layer's weights and its biases: U(±1/√fan_in), from the parameter's own stream."""
    bound = fan_in**-0.5
    return stream(seed, "init", name).uniform(-bound, bound, shape)


def initial_embedding(model: Section, n_tokens: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """W_E (tokens, d_embedding) under its name; nothing under the other encodings."""
    if model["encoding"] != "embedding":
        return {}
    return {"W_E": stream(seed, "init", "W_E").standard_normal((n_tokens, encoded_width(model, n_tokens)))}


def fixed_table(encoding: str, n_tokens: int, dtype: torch.dtype) -> Tensor:
    """(tokens, k) of an encoding that has nothing to learn."""
    if encoding == "scalars":
        return torch.arange(n_tokens, dtype=dtype)[:, None]
    return torch.eye(n_tokens, dtype=dtype)


class Operands(Network):
    """Tokens to vectors. The parameter W_E exists under ``embedding`` alone."""

    table: Tensor

    def __init__(self, weights: Mapping[str, Tensor], encoding: str, n_tokens: int) -> None:
        super().__init__()
        if encoding not in ENCODINGS:
            raise UnknownNameError("model.encoding", encoding, ENCODINGS)
        self.encoding, self.n_tokens = encoding, n_tokens
        if encoding == "embedding":
            self.W_E = nn.Parameter(weights["W_E"])
        else:
            dtype = next(iter(weights.values())).dtype
            self.register_buffer("table", fixed_table(encoding, n_tokens, dtype), persistent=False)

    def encode(self, tokens: Tensor) -> Tensor:
        """(…) tokens to (…, k) vectors."""
        return (self.W_E if self.encoding == "embedding" else self.table)[tokens]
