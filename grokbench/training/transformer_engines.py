"""The two engines of the one-layer Transformer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from grokbench.models.fast_transformer import PRECISIONS, FastOneLayerTransformer
from grokbench.models.transformer import OneLayerTransformer, dropout_mask
from grokbench.training.score import Score
from grokbench.training.setup import FastEngine, PlainEngine, Setup, mean_score


class FastTransformerEngine(FastEngine[FastOneLayerTransformer]):
    """The hand-written step of ``models.fast_transformer``."""

    def __init__(self, setup: Setup[OneLayerTransformer]) -> None:
        model = FastOneLayerTransformer(setup.network, setup.dtype, setup.precision(), setup.generator)
        super().__init__(setup, model, setup.train, setup.test, bool(setup.network.dropout))

    def _gradient(self, rows: Any, count: bool) -> Score:
        return mean_score(self._model.gradient(rows, count), rows.n_rows, count)

    def _evaluate(self, rows: Any) -> Score:
        return mean_score(self._model.evaluate(rows), rows.n_rows)


class PlainTransformerEngine(PlainEngine[OneLayerTransformer]):
    """Autograd over all positions: the readable definition that the fast engine is tested against."""

    def __init__(self, setup: Setup[OneLayerTransformer]) -> None:
        super().__init__(setup, bool(setup.network.dropout))
        self._precision = PRECISIONS[setup.precision()]
        self._rows = {
            side: (setup.network.tokens(rows[:, :2]), torch.from_numpy(rows[:, 2].copy()))
            for side, rows in (("train", setup.train), ("test", setup.test))
        }

    def _pass(self, side: str, which: Tensor | None, training: bool) -> tuple[Tensor, float]:
        tokens, target = self._rows[side]
        if which is not None:
            tokens, target = tokens[which], target[which]
        network, mask = self._network, None
        if training and network.dropout:
            mask = dropout_mask(
                len(tokens), network.d_mlp, network.dropout, self._generator, network.W_E.dtype
            )
        logits = network(tokens, mask)[:, -1].to(self._precision)  # (n, outputs)
        correct = int((logits.detach().argmax(1) == target).sum()) / len(target)
        return nn.functional.cross_entropy(logits, target), correct
