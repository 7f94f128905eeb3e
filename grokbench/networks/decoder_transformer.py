"""The decoder of Power et al., "Grokking: Generalization beyond overfitting" (arXiv 2201.02177, A.1.2), as openai/grok builds it.

It reads ``<|eos|> a ∘ b = c`` and predicts at each position the token after it. Per layer x ← LN(x + attention(x)), then
x ← LN(x + FFN(x)); causal, ReLU, no biases but LayerNorm's, fixed sinusoidal positions, embedding and output untied. A matrix of
shape (out, in) multiplies from the left. Scored are the answer and the closing ``<|eos|>`` (the code), or the answer alone (the
text).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section, TaskSpec
from grokbench.tasks.streams import stream
from grokbench.tasks.vocabulary import VOCABULARY, encode, first_element

SCORED = {"answer-and-eos": (4, 5), "answer": (4,)}  # the positions whose predictions count: "=", and c


@dataclass(frozen=True)
class Fields:
    """tokens <|eos|> x ∘ y = of one vocabulary of 239; post-LayerNorm blocks, fixed sinusoids, untied output (Power et al. 2022,
    A.1.2; openai/grok)"""

    layers: int = field(2, help="blocks", least=1)
    d_model: int = field(
        128,
        help="width of the residual stream; its feed-forward layers have four times as many ReLU units",
        least=1,
    )
    heads: int = field(4, help="attention heads; divides d_model", least=1)
    scored: str = field(
        "answer-and-eos",
        choices=tuple(SCORED),
        help="tokens that count for loss and accuracy: the answer and the closing <|eos|> (the code), or the answer alone "
        "(the text)",
    )
    dropout: float = field(
        0.0,
        help="rate at which a training pass drops components of what a feed-forward layer adds",
        least=0.0,
        below=1.0,
    )


def size(model: Section, n: int) -> Size:
    """Positions before b are shared by all rows; the last layer works at the scored ones, keys and values beside them apart."""
    layers, d, scored = model["layers"], model["d_model"], len(SCORED[model["scored"]])
    inner, last = 9 * (1 + scored), 10 * scored + 2 * (1 + scored)
    tokens = len(VOCABULARY)
    return Size(
        d * d * (inner * (layers - 1) + last) + tokens * d * scored,
        d * (2 * tokens + layers * (12 * d + 4)),
    )


def fits(task: TaskSpec, recipe: Recipe) -> None:
    """The vocabulary has the task's elements. Errors: InputError."""
    first_element(task.domain)


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """A head is a share of the residual stream."""
    model = recipe.model
    if model["d_model"] % model["heads"]:
        yield "model.heads", f"{model['heads']} does not divide model.d_model, {model['d_model']}"


_HERE = "grokbench.networks.decoder_transformer"
ARCHITECTURE = Architecture(
    "decoder-transformer",
    Fields,
    build=f"{_HERE}:initial_decoder",
    restore=f"{_HERE}:restored",
    size=size,
    fast={"cross-entropy": "grokbench.networks.fast.decoder_transformer:step"},
    fits=fits,
    faults=faults,
    drawn=("dropout",),
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network, TableRows, dropout_mask
from grokbench.specs.errors import UnknownNameError

POSITIONS = 6  # of the sequences' seven tokens, those that are read
BLOCK_WEIGHTS = ("W_Q", "W_K", "W_V", "W_O", "gain1", "bias1", "W_in", "W_out", "gain2", "bias2")
EPS = 1e-5  # LayerNorm's


class DecoderBlock(nn.Module):
    """x ← LN₁(x + attention(x)), x ← LN₂(x + FFN(x)).

    W_Q, W_K, W_V (H, e, d), W_O (d, H·e), W_in (m, d), W_out (d, m), gains and biases (d).
    """

    W_Q: Tensor
    W_K: Tensor
    W_V: Tensor
    W_O: Tensor
    gain1: Tensor
    bias1: Tensor
    W_in: Tensor
    W_out: Tensor
    gain2: Tensor
    bias2: Tensor

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in BLOCK_WEIGHTS:
            self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, P, d) to (B, P, d); ``mask`` (B, P, d) multiplies what the FFN adds."""
        d = x.shape[-1]
        x = nn.functional.layer_norm(x + self.attention(x), (d,), self.gain1, self.bias1, EPS)
        added = torch.relu(x @ self.W_in.T) @ self.W_out.T  # (B, P, d)
        if mask is not None:
            added = added * mask
        return nn.functional.layer_norm(x + added, (d,), self.gain2, self.bias2, EPS)

    def attention(self, x: Tensor) -> Tensor:
        """(B, P, d) to (B, P, d), head by head."""
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(
            1
        )  # not seen by the positions before
        z = []
        for w_q, w_k, w_v in zip(self.W_Q, self.W_K, self.W_V, strict=True):
            q, k, v = x @ w_q.T, x @ w_k.T, x @ w_v.T  # (B, P, e)
            scores = q @ k.transpose(-1, -2) / len(w_q) ** 0.5  # (B, P, P)
            z.append(scores.masked_fill(later, -torch.inf).softmax(-1) @ v)  # (B, P, e)
        return torch.cat(z, -1) @ self.W_O.T


class DecoderTransformer(Network):
    """Embedding W_E (V, d) and positions, blocks, logits W_U x, W_U (V, d).

    ``weights`` bear the names of ``state_dict``: W_E, ``blocks.0.W_Q``, …, W_U. ``dropout`` is the rate at which training passes
    drop components of what an FFN adds.
    """

    position: Tensor  # (P, d), fixed

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        scored: str = "answer-and-eos",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if scored not in SCORED:
            raise UnknownNameError("model.scored", scored, SCORED)
        if not 0 <= dropout < 1:
            raise InputError(f"model.dropout is {dropout}; a rate lies in 0 <= rate < 1")
        self.W_E = nn.Parameter(weights["W_E"])
        self.layers = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
        self.blocks = nn.ModuleList(
            DecoderBlock({name: weights[f"blocks.{layer}.{name}"] for name in BLOCK_WEIGHTS})
            for layer in range(self.layers)
        )
        self.W_U = nn.Parameter(weights["W_U"])
        self.scored, self.dropout = scored, dropout
        self.n_tokens, self.d_model = self.W_E.shape  # V, d
        self.register_buffer("position", sinusoids(self.d_model).to(self.W_E.dtype), persistent=False)

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 6) tokens to logits (B, scored, V); ``noise`` as in ``every_position``."""
        return self.every_position(inputs, noise)[:, list(SCORED[self.scored])]

    def every_position(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, P) tokens, P ≤ 6, to logits (B, P, V); ``mask`` (layers, B, P, d) as of ``draw_noise``."""
        x = self.W_E[tokens] + self.position[: tokens.shape[1]]  # (B, P, d)
        for layer, block in enumerate(self.blocks):
            x = block(x, None if mask is None else mask[layer])
        return x @ self.W_U.T

    def inputs(self, rows: TableRows, task: TaskSpec) -> Tensor:
        """(n, 6) tokens."""
        return torch.from_numpy(encode(rows, task.domain, task.operation)[:, :-1].copy())

    def targets(self, rows: TableRows, task: TaskSpec) -> Tensor:
        """(n, scored) tokens."""
        at = list(SCORED[self.scored])
        return torch.from_numpy(encode(rows, task.domain, task.operation)[:, 1:][:, at].copy())

    @property
    def drops(self) -> bool:
        """See ``Network``."""
        return bool(self.dropout)

    def draw_noise(self, n_rows: int, generator: torch.Generator | None, dtype: torch.dtype) -> Tensor:
        """(layers, n_rows, P, d) of 0 and 1 / (1 − rate): each row, position and component on its own, as nn.Dropout does."""
        n = self.layers * n_rows * POSITIONS
        mask = dropout_mask(n, self.d_model, self.dropout, generator, dtype)
        return mask.view(self.layers, n_rows, POSITIONS, -1)


def sinusoids(d_model: int) -> Tensor:
    """(P, d): sin(p / 10000^(i/d)) at even i, cos(p / 10000^((i−1)/d)) at odd i; rounded to float32, as the code's buffer is."""
    i, position = np.arange(d_model), np.arange(POSITIONS)[:, None]
    angle = position / 10000.0 ** ((i - i % 2) / d_model)
    return torch.from_numpy(np.where(i % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32))


def initial_decoder(model: Section, n_elements: int, seed: int) -> DecoderTransformer:
    """A network drawn as torch draws nn.Embedding, N(0, 1), nn.Linear, U(±1/√fan_in), and nn.LayerNorm, 1 and 0 (float64).

    Each parameter has its own stream, named after it. The vocabulary is the same whatever ``n_elements`` is.
    """
    layers, d, heads = int(model["layers"]), int(model["d_model"]), int(model["heads"])
    if d % heads:
        raise InputError(f"model.heads divides model.d_model; got {heads} and {d}")
    m, e = 4 * d, d // heads
    shapes: dict[str, tuple[int, ...]] = {"W_Q": (heads, e, d), "W_K": (heads, e, d), "W_V": (heads, e, d)}
    shapes |= {"W_O": (d, d), "gain1": (d,), "bias1": (d,), "W_in": (m, d), "W_out": (d, m)}
    shapes |= {"gain2": (d,), "bias2": (d,)}
    weights = {"W_E": stream(seed, "init", "W_E").standard_normal((len(VOCABULARY), d))}
    weights |= {
        f"blocks.{layer}.{name}": _drawn(seed, f"blocks.{layer}.{name}", shapes[name])
        for layer in range(layers)
        for name in BLOCK_WEIGHTS
    }
    weights["W_U"] = _drawn(seed, "W_U", (len(VOCABULARY), d))
    return restored(model, {name: torch.from_numpy(w) for name, w in weights.items()})


def restored(model: Section, weights: Mapping[str, Tensor]) -> DecoderTransformer:
    """The network with these weights."""
    return DecoderTransformer(weights, model["scored"], model["dropout"])


def _drawn(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if len(shape) == 1:  # LayerNorm
        return np.ones(shape) if "gain" in name else np.zeros(shape)
    bound = shape[-1] ** -0.5
    return stream(seed, "init", name).uniform(-bound, bound, shape)
