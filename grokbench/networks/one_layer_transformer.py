"""The one-layer transformer of Nanda, Chan, Lieberum, Smith and Steinhardt, "Progress measures" (arXiv 2301.05217, §3).

It reads three tokens, x, y and "=", and is scored on the logits at the last. No LayerNorm, ReLU, learned positions, embedding and
unembedding untied. Weights bear the names of the authors' code; a matrix of shape (out, in) multiplies from the left. Its forms:

* ``outputs = "vocabulary"``, ``init = "code"``, biases trained: the paper's repository (114 logits for p = 113);
* ``outputs = "elements"``, ``init = "demo"``, biases frozen at 0: the TransformerLens demonstration (113 logits);
* ``outputs = "elements"``, ``init = "torch"``, biases frozen at 0: torch's own layers, as in studies of other optimizers.
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

MLP_BIASES = ("trained", "frozen")
OUTPUTS = ("vocabulary", "elements")
INITS = ("code", "demo", "torch")


@dataclass(frozen=True)
class Fields:
    """tokens x, y, =; one block without LayerNorm, learned positions, untied unembedding (Nanda et al. 2023, section 3)"""

    d_model: int = field(128, help="width of the residual stream", least=1)
    heads: int = field(4, help="attention heads", least=1)
    d_head: int = field(32, help="width of a head", least=1)
    d_mlp: int = field(512, help="ReLU units", least=1)
    mlp_biases: str = field(
        "trained", choices=MLP_BIASES, help="whether b_in and b_out are trained or stay 0"
    )
    outputs: str = field(
        "vocabulary",
        choices=OUTPUTS,
        help="classes of the softmax: the elements and =, or the elements alone",
    )
    init: str = field(
        "code",
        choices=INITS,
        help="standard deviations of the initial weights: 1/√d_model and, of the unembedding, 1/√vocabulary; "
        "or 0.8/√d_model throughout; or those of torch's layers, 1 of embeddings and uniform in ±1/√inputs of all others",
    )
    dropout: float = field(
        0.0, help="share of the ReLU units dropped in a training pass", least=0.0, below=1.0
    )


def size(model: Section, n: int) -> Size:
    """Multiply-adds of a row, and weights."""
    d, mlp, outputs = model["d_model"], model["d_mlp"], n_outputs(model, n)
    attention = 4 * d * model["heads"] * model["d_head"]
    return Size(
        d * mlp + (d + mlp) * outputs, (n + 4) * d + attention + (2 * d + 1) * mlp + d * (outputs + 1)
    )


def n_outputs(model: Section, n: int) -> int:
    """Classes of the softmax."""
    return n + int(model["outputs"] == "vocabulary")


_HERE = "grokbench.networks.one_layer_transformer"
ARCHITECTURE = Architecture(
    "one-layer-transformer",
    Fields,
    build=f"{_HERE}:initial_transformer",
    restore=f"{_HERE}:restored",
    size=size,
    fast={"cross-entropy": "grokbench.networks.fast.one_layer_transformer:step"},
    drawn=("init", "dropout"),
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network, TableRows, dropout_mask
from grokbench.specs.errors import InputError, UnknownNameError

WEIGHTS = ("W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O", "W_in", "b_in", "W_out", "b_out", "W_U")
BIASES = ("b_in", "b_out")


class OneLayerTransformer(Network):
    """Attention and an MLP around one residual stream, x1 = x0 + Attn(x0), x2 = x1 + MLP(x1), logits = W_U x2.

    ``weights``: W_E (n+1, d), W_pos (3, d), W_Q, W_K, W_V (H, e, d), W_O (H, d, e), W_in (m, d), b_in (m), W_out (d, m),
    b_out (d), W_U (outputs, d). Token n is "=". With ``mlp_biases = "frozen"`` the biases are buffers: read, never trained.
    ``dropout`` is the rate at which training passes drop hidden activations of the MLP.
    """

    W_E: Tensor
    W_pos: Tensor
    W_Q: Tensor
    W_K: Tensor
    W_V: Tensor
    W_O: Tensor
    W_in: Tensor
    b_in: Tensor
    W_out: Tensor
    b_out: Tensor
    W_U: Tensor

    def __init__(
        self, weights: Mapping[str, Tensor], mlp_biases: str = "trained", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if mlp_biases not in MLP_BIASES:
            raise UnknownNameError("model.mlp_biases", mlp_biases, MLP_BIASES)
        if not 0 <= dropout < 1:
            raise InputError(f"model.dropout is {dropout}; a rate lies in 0 <= rate < 1")
        for name in WEIGHTS:
            if name in BIASES and mlp_biases == "frozen":
                self.register_buffer(name, weights[name])
            else:
                self.register_parameter(name, nn.Parameter(weights[name]))
        self.mlp_biases, self.dropout = mlp_biases, dropout
        self.n_elements = len(self.W_E) - 1  # n
        self.heads, self.d_head, self.d_model = self.W_K.shape  # H, e, d
        self.d_mlp, self.n_outputs = len(self.W_in), len(self.W_U)

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 3) tokens to the logits (B, outputs) at the last; ``noise`` as in ``every_position``."""
        return self.every_position(inputs, noise)[:, -1]

    def every_position(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, 3) tokens to logits (B, 3, outputs).

        ``mask`` (B, m), from ``dropout_mask``, multiplies the hidden activations, alike at the three positions (one is scored).
        """
        x = self.W_E[tokens] + self.W_pos  # (B, 3, d)
        q, k, v = (
            torch.einsum("bpd,hed->bhpe", x, w) for w in (self.W_Q, self.W_K, self.W_V)
        )  # (B, H, 3, e)
        scores = q @ k.transpose(-1, -2) / self.d_head**0.5  # (B, H, 3, 3)
        later = torch.ones(3, 3, dtype=torch.bool, device=x.device).triu(
            1
        )  # a position does not see those after it
        attention = scores.masked_fill(later, -torch.inf).softmax(-1)  # (B, H, 3, 3)
        x = x + torch.einsum("bhpe,hde->bpd", attention @ v, self.W_O)  # (B, 3, d)
        hidden = torch.relu(x @ self.W_in.T + self.b_in)  # (B, 3, m)
        if mask is not None:
            hidden = hidden * mask[:, None, :]
        x = x + hidden @ self.W_out.T + self.b_out  # (B, 3, d)
        return x @ self.W_U.T  # (B, 3, outputs)

    def tokens(self, pairs: NDArray[np.int64]) -> Tensor:
        """(B, 2) element indices x, y -> (B, 3) tokens x, y, "="."""
        equals = np.full((len(pairs), 1), self.n_elements)
        return torch.from_numpy(np.concatenate([pairs, equals], axis=1))

    def inputs(self, rows: TableRows, task: TaskSpec) -> Tensor:
        """See ``Network``."""
        return self.tokens(rows[:, :2])

    @property
    def drops(self) -> bool:
        """See ``Network``."""
        return bool(self.dropout)

    def draw_noise(self, n_rows: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
        """A dropout mask (n_rows, m)."""
        return dropout_mask(n_rows, self.d_mlp, self.dropout, generator, dtype)


def initial_transformer(model: Section, n_elements: int, seed: int) -> OneLayerTransformer:
    """A network with drawn weights; each parameter has its own stream, named after it (float64).

    ``init = "code"``: N(0, 1/d), and N(0, 1/(n+1)) for W_U. ``init = "demo"``: N(0, 0.64/d) for all. ``init = "torch"``: N(0, 1)
    for W_E and W_pos, as of ``nn.Embedding``, and uniform in ±1/√inputs for the rest, as of ``nn.Linear`` without a bias. Biases
    are 0 in all.
    """
    init, vocabulary = model["init"], n_elements + 1
    d, heads, e, m = (int(model[name]) for name in ("d_model", "heads", "d_head", "d_mlp"))
    read, written = (heads, e, d), (heads, d, e)
    shapes = {"W_E": (vocabulary, d), "W_pos": (3, d), "W_Q": read, "W_K": read, "W_V": read, "W_O": written}
    shapes |= {"W_in": (m, d), "b_in": (m,), "W_out": (d, m), "b_out": (d,)}
    shapes |= {"W_U": (n_outputs(model, n_elements), d)}
    std = dict.fromkeys(shapes, d**-0.5 if init == "code" else 0.8 * d**-0.5)
    if init == "code":
        std["W_U"] = vocabulary**-0.5
    bounds = {"W_Q": d, "W_K": d, "W_V": d, "W_O": heads * e, "W_in": d, "W_out": m, "W_U": d}
    if init == "torch":
        std |= {"W_E": 1.0, "W_pos": 1.0}

    def drawn(name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if name in BIASES:
            return np.zeros(shape)
        own = stream(seed, "init", name)
        if init == "torch" and name in bounds:
            return own.uniform(-1, 1, shape) / bounds[name] ** 0.5
        return std[name] * own.standard_normal(shape)

    weights = {name: drawn(name, shape) for name, shape in shapes.items()}
    return restored(model, {name: torch.from_numpy(w) for name, w in weights.items()})


def restored(model: Section, weights: Mapping[str, Tensor]) -> OneLayerTransformer:
    """The network with these weights."""
    return OneLayerTransformer(weights, model["mlp_biases"], model["dropout"])
