"""Networks drawn from a few fields, the others at their defaults; their engines; the decoder's loss by its definition."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from grokbench import parts
from grokbench.networks.base import Network, TableRows
from grokbench.networks.decoder_transformer import SCORED, DecoderTransformer
from grokbench.networks.registry import architecture, build
from grokbench.specs.fields import checked
from grokbench.specs.types import TaskSpec
from grokbench.training.engines import Engine, make_engine
from grokbench.training.kinds import Loss
from grokbench.training.setup import Setup

ADDITION = TaskSpec("addition", "addition", "x + y", {"kind": "integers-mod", "p": 97})
BITS = TaskSpec("bits", "Bits", "parity", {"kind": "bits", "n": 40, "k": 3}, {"kind": "samples", "rows": 10})


def _drawn(kind: str, model: dict[str, Any], n_elements: int, seed: int) -> Any:
    return build({"kind": kind, **model}, n_elements, seed)


initial_mlp: Callable[..., Any] = partial(_drawn, "quadratic-mlp")
analytic_mlp: Callable[..., Any] = partial(_drawn, "analytic-quadratic-mlp")
initial_transformer: Callable[..., Any] = partial(_drawn, "one-layer-transformer")
initial_decoder: Callable[..., Any] = partial(_drawn, "decoder-transformer")
initial_lstm: Callable[..., Any] = partial(_drawn, "lstm")
initial_relu_mlp: Callable[..., Any] = partial(_drawn, "relu-mlp")


def decoder_loss(network: DecoderTransformer, sequences: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean cross-entropy of (B, 7) sequences over rows and scored positions."""
    logits = network(sequences[:, :-1], mask)  # (B, scored, V)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), _targets(network, sequences).flatten())


def decoder_correct(network: DecoderTransformer, sequences: Tensor, mask: Tensor | None = None) -> int:
    """How many rows have the right argmax at every scored position."""
    answers = network(sequences[:, :-1], mask).argmax(-1)
    return int((answers == _targets(network, sequences)).all(1).sum())


def _targets(network: DecoderTransformer, sequences: Tensor) -> Tensor:
    return sequences[:, 1:][:, list(SCORED[network.scored])]


def engine(
    name: str,
    network: Network,
    model: str,
    loss: dict[str, Any],
    train: TableRows,
    test: TableRows,
    dtype: torch.dtype = torch.float64,
) -> Engine:
    """The engine called ``name`` of a network of the kind ``model``: full batches, no noise, addition or vectors."""
    part: Loss = parts.find("losses", loss["kind"])
    setup = Setup(
        network=network,
        loss=part,
        loss_fields=checked(part.fields, loss, "loss"),
        train=train,
        test=test,
        task=BITS if architecture({"kind": model}).takes == "vectors" else ADDITION,
        dtype=dtype,
        seed=9000,
        batch="full",
        weight_noise=0.0,
    )
    return make_engine(name, architecture({"kind": model}), setup)
