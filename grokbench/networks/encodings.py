"""Three readings of "straightforward encoding", as fields: what a network without a vocabulary of its own is given of x and y.

Hu, Zhou and Yu, "Exploring Grokking" (arXiv 2412.10898, §4.2), do not say what their MLP and LSTM are fed. Here a token t,
an element's index or p for "=", becomes a vector of length k:

* ``scalars``    the number t itself, neither centred nor scaled, k = 1;
* ``one-hot``    the t-th unit vector, k = tokens;
* ``embedding``  row t of W_E, learned and drawn N(0, 1) as torch's ``nn.Embedding`` is, k = d_embedding.
"""

from __future__ import annotations

from typing import Any

from grokbench.specs.fields import field
from grokbench.specs.types import Section

ENCODINGS = ("scalars", "one-hot", "embedding")


def encoding_field() -> Any:
    """The field ``encoding``."""
    return field(
        "one-hot",
        choices=ENCODINGS,
        help="how an operand is given: its number, a unit vector, or a learned row",
    )


def embedding_field() -> Any:
    """The field ``d_embedding``."""
    return field(128, help="length of a learned row", least=1)


def encoded_width(model: Section, n_tokens: int) -> int:
    """k, the length of an encoded token."""
    if model["encoding"] == "embedding":
        return int(model["d_embedding"])
    return 1 if model["encoding"] == "scalars" else n_tokens


def embedded_weights(model: Section, n_tokens: int) -> int:
    """Entries of W_E."""
    return n_tokens * encoded_width(model, n_tokens) if model["encoding"] == "embedding" else 0
