"""Engines of networks that read x and y and are scored on logits: the one-layer Transformer, the LSTM, the ReLU network."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from grokbench.networks.fast.lstm import FastLSTM
from grokbench.networks.fast.relu_mlp import FastReluMLP
from grokbench.networks.fast.one_layer_transformer import PRECISIONS, FastOneLayerTransformer
from grokbench.networks.lstm import LSTM
from grokbench.networks.relu_mlp import ReluMLP
from grokbench.networks.one_layer_transformer import OneLayerTransformer, dropout_mask
from grokbench.training.score import Score
from grokbench.training.setup import FastEngine, FastModel, N, PlainEngine, Setup, mean_score


class FastClassifier(FastModel, Protocol):
    """A hand-written step whose passes give ``Sums``."""

    def gradient(self, rows: Any, count: bool = False) -> Any:
        """Loss sums, and the gradient of the mean over rows, written to ``gradients``."""

    def evaluate(self, rows: Any) -> Any:
        """Loss and accuracy sums."""


C = TypeVar("C", bound=FastClassifier)


class FastClassifierEngine(FastEngine[C]):
    """The loop's side of any of them."""

    def _gradient(self, rows: Any, count: bool) -> Score:
        return mean_score(self._model.gradient(rows, count), rows.n_rows, count)

    def _evaluate(self, rows: Any) -> Score:
        return mean_score(self._model.evaluate(rows), rows.n_rows)


class PlainClassifierEngine(PlainEngine[N]):
    """Autograd over the readable module, which reads (B, 2) pairs; subclasses say where theirs differs."""

    def __init__(self, setup: Setup[N], drops: bool = False) -> None:
        super().__init__(setup, drops)
        self._precision = PRECISIONS[setup.precision()]
        self._rows = {
            side: (torch.from_numpy(rows[:, :2].copy()), torch.from_numpy(rows[:, 2].copy()))
            for side, rows in (("train", setup.train), ("test", setup.test))
        }

    def _logits(self, pairs: Tensor, training: bool) -> Tensor:
        logits: Tensor = self._network(pairs)  # (n, classes)
        return logits

    def _pass(self, side: str, which: Tensor | None, training: bool) -> tuple[Tensor, float]:
        pairs, target = self._rows[side]
        if which is not None:
            pairs, target = pairs[which], target[which]
        logits = self._logits(pairs, training).to(self._precision)
        correct = int((logits.detach().argmax(1) == target).sum()) / len(target)
        return nn.functional.cross_entropy(logits, target), correct


class PlainTransformerEngine(PlainClassifierEngine[OneLayerTransformer]):
    """Autograd over all positions, of which the last is scored."""

    def __init__(self, setup: Setup[OneLayerTransformer]) -> None:
        super().__init__(setup, drops=bool(setup.network.dropout))

    def _logits(self, pairs: Tensor, training: bool) -> Tensor:
        network, mask = self._network, None
        if training and network.dropout:
            dtype = network.W_E.dtype
            mask = dropout_mask(len(pairs), network.d_mlp, network.dropout, self._generator, dtype)
        logits: Tensor = network(network.tokens(pairs.numpy()), mask)[:, -1]  # (n, outputs)
        return logits


def fast_transformer(setup: Setup[OneLayerTransformer]) -> FastClassifierEngine[FastOneLayerTransformer]:
    """The hand-written step of ``models.fast_transformer``."""
    model = FastOneLayerTransformer(setup.network, setup.dtype, setup.precision(), setup.generator)
    return FastClassifierEngine(setup, model, setup.train, setup.test, bool(setup.network.dropout))


def fast_lstm(setup: Setup[LSTM]) -> FastClassifierEngine[FastLSTM]:
    """The hand-written step of ``models.fast_lstm``."""
    model = FastLSTM(setup.network, setup.dtype)
    return FastClassifierEngine(setup, model, setup.train, setup.test, drops=False)


def fast_relu_mlp(setup: Setup[ReluMLP]) -> FastClassifierEngine[FastReluMLP]:
    """The hand-written step of ``models.fast_relu_mlp``."""
    model = FastReluMLP(setup.network, setup.dtype)
    return FastClassifierEngine(setup, model, setup.train, setup.test, drops=False)
