"""How a network without a vocabulary of its own is given x and y: three readings of "straightforward encoding".

Hu, Zhou and Yu, "Exploring Grokking" (arXiv 2412.10898, §4.2), do not say what their MLP and LSTM are fed. Here a token t,
an element's index or p for "=", becomes row t of a table (tokens, k):

* ``scalars``    the number t itself, neither centred nor scaled, k = 1;
* ``one-hot``    the t-th unit vector, k = tokens;
* ``embedding``  row t of W_E, learned and drawn N(0, 1) as torch's ``nn.Embedding`` is, k = d_embedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.tasks.streams import stream

ENCODINGS = ("scalars", "one-hot", "embedding")


def encoding_of(model: Mapping[str, Any]) -> str:
    """``model["encoding"]``, one-hot where it is left out. Raises UnknownNameError for one that there is not."""
    name = str(model.get("encoding", "one-hot"))
    if name not in ENCODINGS:
        raise UnknownNameError("model.encoding", name, ENCODINGS)
    return name


def size_of(model: Mapping[str, Any], field: str, default: int) -> int:
    """The whole number ``model[field]``. Raises InputError where it is below 1."""
    size = int(model.get(field, default))
    if size < 1:
        raise InputError(f"model.{field} is {size}; it is at least 1")
    return size


def encoded_width(model: Mapping[str, Any], n_tokens: int) -> int:
    """k, the length of an encoded token."""
    encoding = encoding_of(model)
    if encoding == "embedding":
        return size_of(model, "d_embedding", 128)
    return 1 if encoding == "scalars" else n_tokens


def uniform(seed: int, name: str, shape: tuple[int, ...], fan_in: int) -> NDArray[np.float64]:
    """torch's default for a linear layer's weights and its biases: U(±1/√fan_in), from the parameter's own stream."""
    bound = fan_in**-0.5
    return stream(seed, "init", name).uniform(-bound, bound, shape)


def initial_embedding(model: Mapping[str, Any], n_tokens: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """W_E (tokens, d_embedding) under its name; nothing under the other encodings."""
    if encoding_of(model) != "embedding":
        return {}
    return {"W_E": stream(seed, "init", "W_E").standard_normal((n_tokens, encoded_width(model, n_tokens)))}


def fixed_table(encoding: str, n_tokens: int, dtype: torch.dtype) -> Tensor:
    """(tokens, k) of an encoding that has nothing to learn."""
    if encoding == "scalars":
        return torch.arange(n_tokens, dtype=dtype)[:, None]
    return torch.eye(n_tokens, dtype=dtype)


class Operands(nn.Module):
    """Tokens to vectors. The parameter W_E exists under ``embedding`` alone."""

    table: Tensor

    def __init__(self, weights: Mapping[str, Tensor], encoding: str, n_tokens: int) -> None:
        super().__init__()
        encoding_of({"encoding": encoding})
        self.encoding, self.n_tokens = encoding, n_tokens
        if encoding == "embedding":
            self.W_E = nn.Parameter(weights["W_E"])
        else:
            dtype = next(iter(weights.values())).dtype
            self.register_buffer("table", fixed_table(encoding, n_tokens, dtype), persistent=False)

    def encode(self, tokens: Tensor) -> Tensor:
        """(…) tokens to (…, k) vectors."""
        return (self.W_E if self.encoding == "embedding" else self.table)[tokens]
