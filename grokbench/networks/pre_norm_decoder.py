"""The decoder of Lee, Kang, Kim and Lee, "Grokfast" (arXiv 2405.20233), as ironjr/grokfast builds it (main.py:16-75).

It reads four tokens, x ∘ y =, and is scored on the logits at the last. Per layer x ← LN₁(x), x ← x + attention(x), then
x ← x + MLP(LN₂(x)): the stream itself goes through the first LayerNorm, and only what the MLP reads through the second. Causal,
GELU, biases everywhere but at the unembedding, learned positions, a last LayerNorm. A matrix of shape (out, in) multiplies from
the left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.streams import stream

POSITIONS = 4  # x, ∘, y, =


@dataclass(frozen=True)
class Fields:
    """tokens x ∘ y =; pre-LayerNorm blocks with GELU and biases, learned positions, untied output (Lee et al. 2024, code)"""

    layers: int = field(2, help="blocks", least=1)
    d_model: int = field(
        128, help="width of the residual stream; an MLP has four times as many GELU units", least=1
    )
    heads: int = field(4, help="attention heads; divides d_model", least=1)


def size(model: Section, n: int) -> Size:
    """Positions x and ∘ are shared by all rows with that x; the last layer works at the last position, keys and values apart."""
    layers, d, tokens = model["layers"], model["d_model"], n + 2
    inner, last = 24 * (layers - 1), 9 + (4 if layers > 1 else 0)
    weights = d * (2 * tokens + POSITIONS + 2 + layers * (12 * d + 13))
    return Size(d * d * (inner + last) + tokens * d, weights)


def faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """A head is a share of the residual stream."""
    model = recipe.model
    if model["d_model"] % model["heads"]:
        yield "model.heads", f"{model['heads']} does not divide model.d_model, {model['d_model']}"


_HERE = "grokbench.networks.pre_norm_decoder"
ARCHITECTURE = Architecture(
    "pre-norm-decoder",
    Fields,
    build=f"{_HERE}:initial_decoder",
    restore=f"{_HERE}:restored",
    size=size,
    fast={"cross-entropy": "grokbench.networks.fast.pre_norm_decoder:step"},
    faults=faults,
)

# ---- from here on with torch

import torch
from torch import Tensor, nn

from grokbench.networks.base import Network
from grokbench.networks.operands import uniform

BLOCK_WEIGHTS = (
    "gain1", "bias1", "W_QKV", "b_qkv", "W_O", "b_o", "gain2", "bias2", "W_in", "b_in", "W_out", "b_out",
)  # fmt: skip
EPS = 1e-5  # LayerNorm's


class PreNormBlock(nn.Module):
    """x ← LN₁(x),  x ← x + attention(x),  x ← x + W_out gelu(W_in LN₂(x) + b_in) + b_out.

    W_QKV (3d, d), queries, keys and values one below the other, heads one after the other in each; b_qkv (3d), W_O (d, d),
    W_in (m, d), b_in (m), W_out (d, m), all other biases and gains (d).
    """

    gain1: Tensor
    bias1: Tensor
    W_QKV: Tensor
    b_qkv: Tensor
    W_O: Tensor
    b_o: Tensor
    gain2: Tensor
    bias2: Tensor
    W_in: Tensor
    b_in: Tensor
    W_out: Tensor
    b_out: Tensor

    def __init__(self, weights: Mapping[str, Tensor], heads: int) -> None:
        super().__init__()
        self.heads = heads
        for name in BLOCK_WEIGHTS:
            self.register_parameter(name, nn.Parameter(weights[name]))

    def forward(self, x: Tensor) -> Tensor:
        """(B, P, d) to (B, P, d)."""
        d = x.shape[-1]
        x = nn.functional.layer_norm(x, (d,), self.gain1, self.bias1, EPS)
        x = x + self.attention(x)
        h = nn.functional.layer_norm(x, (d,), self.gain2, self.bias2, EPS)
        return x + nn.functional.gelu(h @ self.W_in.T + self.b_in) @ self.W_out.T + self.b_out

    def attention(self, x: Tensor) -> Tensor:
        """(B, P, d) to (B, P, d), each position seeing itself and those before it."""
        n, positions, d = x.shape
        qkv = (x @ self.W_QKV.T + self.b_qkv).view(n, positions, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (B, H, P, e) each
        scores = q @ k.transpose(-1, -2) / (d // self.heads) ** 0.5  # (B, H, P, P)
        later = torch.ones(positions, positions, dtype=torch.bool, device=x.device).triu(1)
        z = scores.masked_fill(later, -torch.inf).softmax(-1) @ v  # (B, H, P, e)
        return z.transpose(1, 2).reshape(n, positions, d) @ self.W_O.T + self.b_o


class PreNormDecoder(Network):
    """Embedding W_E (V, d) and positions W_pos (P, d), blocks, logits W_U LN(x), W_U (V, d); V = p + 2.

    ``weights`` bear the names of ``state_dict``: W_E, W_pos, ``blocks.0.gain1``, …, gain, bias, W_U. Token p is "=", p + 1 the
    operation.
    """

    def __init__(self, weights: Mapping[str, Tensor], heads: int) -> None:
        super().__init__()
        self.W_E, self.W_pos = nn.Parameter(weights["W_E"]), nn.Parameter(weights["W_pos"])
        self.layers = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
        self.blocks = nn.ModuleList(
            PreNormBlock({name: weights[f"blocks.{layer}.{name}"] for name in BLOCK_WEIGHTS}, heads)
            for layer in range(self.layers)
        )
        self.gain, self.bias = nn.Parameter(weights["gain"]), nn.Parameter(weights["bias"])
        self.W_U = nn.Parameter(weights["W_U"])
        self.heads = heads
        self.n_tokens, self.d_model = self.W_E.shape  # V, d

    def forward(self, inputs: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, 2) element indices x, y to logits (B, V) at the last position."""
        x, y = inputs.T
        equals, operation = (torch.full_like(x, self.n_tokens - i) for i in (2, 1))
        stream_ = self.W_E[torch.stack([x, operation, y, equals], 1)] + self.W_pos  # (B, P, d)
        for block in self.blocks:
            stream_ = block(stream_)
        last = nn.functional.layer_norm(stream_[:, -1], (self.d_model,), self.gain, self.bias, EPS)
        return last @ self.W_U.T


def initial_decoder(model: Section, n_elements: int, seed: int) -> PreNormDecoder:
    """A network drawn as torch draws the code's modules (float64), each parameter from its own stream, named after it.

    nn.Embedding, N(0, 1); nn.Linear, U(±1/√fan_in), biases too; nn.MultiheadAttention, U(±√(6 / 4d)) for queries, keys and
    values, U(±1/√d) for what comes after, biases 0; nn.LayerNorm, 1 and 0.
    """
    layers, d, heads = int(model["layers"]), int(model["d_model"]), int(model["heads"])
    if d % heads:
        raise InputError(f"model.heads divides model.d_model; got {heads} and {d}")
    tokens, m = n_elements + 2, 4 * d

    def drawn(name: str) -> NDArray[np.float64]:
        last = name.rpartition(".")[2]
        if last.startswith("gain"):
            return np.ones(d)
        if last in ("bias", "bias1", "bias2", "b_qkv", "b_o"):
            return np.zeros(3 * d if last == "b_qkv" else d)
        if last in ("W_E", "W_pos"):
            rows = tokens if last == "W_E" else POSITIONS
            return stream(seed, "init", name).standard_normal((rows, d))
        if last == "W_QKV":  # glorot_uniform of the (3d, d) matrix
            bound = (6 / (4 * d)) ** 0.5
            return stream(seed, "init", name).uniform(-bound, bound, (3 * d, d))
        shape: dict[str, tuple[int, ...]] = {"W_O": (d, d), "W_in": (m, d), "b_in": (m,), "W_out": (d, m)}
        shape |= {"b_out": (d,), "W_U": (tokens, d)}
        return uniform(seed, name, shape[last], m if last in ("W_out", "b_out") else d)

    blocks = [f"blocks.{layer}.{name}" for layer in range(layers) for name in BLOCK_WEIGHTS]
    names = ["W_E", "W_pos", *blocks, "gain", "bias", "W_U"]
    return restored(model, {name: torch.from_numpy(drawn(name)) for name in names})


def restored(model: Section, weights: Mapping[str, Tensor]) -> PreNormDecoder:
    """The network with these weights."""
    return PreNormDecoder(weights, int(model["heads"]))
