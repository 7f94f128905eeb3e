"""The decoder of Power et al., "Grokking: Generalization beyond overfitting" (arXiv 2201.02177, A.1.2), as openai/grok builds it.

It reads ``<|eos|> a ∘ b = c`` and predicts at each position the token after it. Per layer x ← LN(x + attention(x)), then
x ← LN(x + FFN(x)); causal, ReLU, no biases but LayerNorm's, fixed sinusoidal positions, embedding and output untied. A matrix of
shape (out, in) multiplies from the left. Scored are the answer and the closing ``<|eos|>`` (the code), or the answer alone (the
text).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.networks.one_layer_transformer import dropout_mask
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.tasks.streams import stream
from grokbench.tasks.vocabulary import VOCABULARY

POSITIONS = 6  # of the sequences' seven tokens, those that are read
SCORED = {"answer-and-eos": (4, 5), "answer": (4,)}  # the positions whose predictions count: "=", and c
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
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(
            1
        )  # not seen by the positions before
        z = []
        for w_q, w_k, w_v in zip(self.W_Q, self.W_K, self.W_V, strict=True):
            q, k, v = x @ w_q.T, x @ w_k.T, x @ w_v.T  # (B, P, e)
            scores = q @ k.transpose(-1, -2) / len(w_q) ** 0.5  # (B, P, P)
            z.append(scores.masked_fill(later, -torch.inf).softmax(-1) @ v)  # (B, P, e)
        return torch.cat(z, -1) @ self.W_O.T


class DecoderTransformer(nn.Module):
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

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, P) tokens, P ≤ 6, to logits (B, P, V) at every position; ``mask`` (layers, B, P, d) as of ``dropout_masks``."""
        x = self.W_E[tokens] + self.position[: tokens.shape[1]]  # (B, P, d)
        for layer, block in enumerate(self.blocks):
            x = block(x, None if mask is None else mask[layer])
        return x @ self.W_U.T

    def loss(self, sequences: Tensor, logits: Tensor) -> Tensor:
        """Mean cross-entropy of (B, 7) sequences over the scored positions of their logits (B, 6, V)."""
        at = list(SCORED[self.scored])
        targets = sequences[:, 1:][:, at]  # (B, scored)
        return nn.functional.cross_entropy(logits[:, at].flatten(0, 1), targets.flatten())

    def correct(self, sequences: Tensor, logits: Tensor) -> int:
        """How many rows have the right argmax at every scored position."""
        at = list(SCORED[self.scored])
        return int((logits[:, at].argmax(-1) == sequences[:, 1:][:, at]).all(1).sum())


def sinusoids(d_model: int) -> Tensor:
    """(P, d): sin(p / 10000^(i/d)) at even i, cos(p / 10000^((i−1)/d)) at odd i; rounded to float32, as the code's buffer is."""
    i, position = np.arange(d_model), np.arange(POSITIONS)[:, None]
    angle = position / 10000.0 ** ((i - i % 2) / d_model)
    return torch.from_numpy(np.where(i % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32))


def dropout_masks(
    network: DecoderTransformer, n_rows: int, generator: torch.Generator | None, dtype: torch.dtype
) -> Tensor:
    """(layers, n_rows, P, d) of 0 and 1 / (1 − rate): each row, position and component on its own, as nn.Dropout does."""
    n = network.layers * n_rows * POSITIONS
    mask = dropout_mask(n, network.d_model, network.dropout, generator, dtype)
    return mask.view(network.layers, n_rows, POSITIONS, -1)


def initial_decoder(model: Mapping[str, Any], n_elements: int, seed: int) -> DecoderTransformer:
    """A network drawn as torch draws nn.Embedding, N(0, 1), nn.Linear, U(±1/√fan_in), and nn.LayerNorm, 1 and 0 (float64).

    Each parameter has its own stream, named after it. The vocabulary is the same whatever ``n_elements`` is.
    """
    layers, d, heads = int(model.get("layers", 2)), int(model.get("d_model", 128)), int(model.get("heads", 4))
    m = 4 * d
    if min(layers, d, heads) < 1 or d % heads:
        raise InputError(
            f"a decoder's layers, d_model and heads are at least 1, and heads divides d_model; got {layers}, {d}, {heads}"
        )
    e = d // heads
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
    return DecoderTransformer(
        {name: torch.from_numpy(w) for name, w in weights.items()},
        str(model.get("scored", "answer-and-eos")),
        float(model.get("dropout", 0.0)),
    )


def _drawn(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if len(shape) == 1:  # LayerNorm
        return np.ones(shape) if "gain" in name else np.zeros(shape)
    bound = shape[-1] ** -0.5
    return stream(seed, "init", name).uniform(-bound, bound, shape)
