"""How many weights a Transformer has beside its embeddings, as a computation: counted from its widths, nothing is built."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section


@dataclass(frozen=True)
class Fields:
    """blocks of attention and a feed-forward layer; embeddings of tokens and positions and the output layer are left out"""

    layers: int = field(1, help="blocks", least=1)
    d_model: int = field(128, help="width of the residual stream", least=1)
    heads: int = field(4, help="attention heads", least=1)
    d_head: int = field(32, help="width of a head", least=1)
    d_mlp: int = field(512, help="units of the feed-forward layer", least=1)
    biases: bool = field(False, help="whether the feed-forward layer has biases that are trained")
    norms: bool = field(
        False, help="whether a LayerNorm with gain and shift follows each of the two parts of a block"
    )


def compute(fields: Section, seed: int) -> dict[str, float]:
    """``weights``; the seed changes nothing."""
    d, mlp = fields["d_model"], fields["d_mlp"]
    attention = 4 * d * fields["heads"] * fields["d_head"]  # W_Q, W_K, W_V and W_O of every head
    forward = 2 * d * mlp + fields["biases"] * (mlp + d)
    return {"weights": float(fields["layers"] * (attention + forward + fields["norms"] * 4 * d))}


TRANSFORMER_WEIGHTS = Computation(
    "transformer-weights",
    Fields,
    {"weights": "trained weights of the blocks, embeddings and output layer left out"},
    compute="grokbench.measures.sizes:compute",
)
