"""From the ``model`` table of a recipe to a network, drawn anew or with given weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from grokbench.networks.analytic_mlp import analytic_mlp
from grokbench.networks.decoder_transformer import DecoderTransformer, initial_decoder
from grokbench.networks.lstm import LSTM, initial_lstm
from grokbench.networks.quadratic_mlp import QuadraticMLP, initial_mlp
from grokbench.networks.relu_mlp import ReluMLP, initial_relu_mlp
from grokbench.networks.one_layer_transformer import OneLayerTransformer, initial_transformer
from grokbench.specs.errors import UnknownNameError

Table = Mapping[str, Any]
Weights = Mapping[str, Tensor]

KINDS: dict[str, Callable[[Table, int, int], nn.Module]] = {
    "quadratic-mlp": initial_mlp,
    "analytic-quadratic-mlp": analytic_mlp,
    "one-layer-transformer": initial_transformer,
    "decoder-transformer": initial_decoder,
    "lstm": initial_lstm,
    "relu-mlp": initial_relu_mlp,
}


def _mlp(model: Table, weights: Weights) -> nn.Module:
    return QuadraticMLP(weights["W1"], weights["W2"], model.get("convention", "mean-field"))


def _transformer(model: Table, weights: Weights) -> nn.Module:
    return OneLayerTransformer(weights, model["mlp_biases"], model["dropout"])


def _decoder(model: Table, weights: Weights) -> nn.Module:
    return DecoderTransformer(weights, model["scored"], model["dropout"])


def _lstm(model: Table, weights: Weights) -> nn.Module:
    return LSTM(weights, model["encoding"], model["equals"])


def _relu_mlp(model: Table, weights: Weights) -> nn.Module:
    return ReluMLP(weights, model["encoding"])


_RESTORED: dict[str, Callable[[Table, Weights], nn.Module]] = {
    "quadratic-mlp": _mlp,
    "analytic-quadratic-mlp": _mlp,
    "one-layer-transformer": _transformer,
    "decoder-transformer": _decoder,
    "lstm": _lstm,
    "relu-mlp": _relu_mlp,
}


def build(model: Table, n_elements: int, seed: int) -> nn.Module:
    """The network that ``model`` names, over a domain of ``n_elements``; float64, cast by the engine.

    Raises UnknownNameError where ``model["kind"]`` is missing or names nothing.
    """
    return _of(KINDS, model)(model, n_elements, seed)


def restored(model: Table, weights: Weights) -> nn.Module:
    """The network that ``model`` names, with ``weights`` under its own names, in their own type.

    Raises UnknownNameError where ``model["kind"]`` is missing or names nothing.
    """
    return _of(_RESTORED, model)(model, weights)


def _of(known: Mapping[str, Any], model: Table) -> Any:
    kind = str(model.get("kind", ""))
    if kind not in known:
        raise UnknownNameError("model.kind", kind, known)
    return known[kind]
