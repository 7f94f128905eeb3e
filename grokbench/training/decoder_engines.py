"""The two engines of Power et al.'s decoder, whose rows are token sequences."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from grokbench.networks.decoder_transformer import DecoderTransformer, dropout_masks
from grokbench.networks.fast.decoder_transformer import FastDecoderTransformer
from grokbench.networks.fast.one_layer_transformer import PRECISIONS
from grokbench.specs.errors import InputError
from grokbench.tasks.vocabulary import encode
from grokbench.training.score import Score
from grokbench.training.setup import FastEngine, Indices, PlainEngine, Setup, mean_score


def _sequences(setup: Setup[DecoderTransformer], rows: Indices) -> Indices:
    """(n, 3) rows of the table as (n, 7) tokens. Errors: InputError without a task, or for one the vocabulary lacks."""
    if setup.task is None:
        raise InputError("the decoder's tokens depend on the task; none was given")
    return encode(rows, setup.task.domain, setup.task.operation)


class FastDecoderEngine(FastEngine[FastDecoderTransformer]):
    """The hand-written step of ``models.fast_decoder``."""

    def __init__(self, setup: Setup[DecoderTransformer]) -> None:
        model = FastDecoderTransformer(setup.network, setup.dtype, setup.precision())
        train, test = _sequences(setup, setup.train), _sequences(setup, setup.test)
        self._network = setup.network
        super().__init__(setup, model, train, test, bool(setup.network.dropout))

    def _batch(self, which: Indices) -> Any:
        return self._model.batch(self._train, which)

    def _gradient(self, rows: Any, count: bool) -> Score:
        network, mask = self._network, None
        if network.dropout:
            mask = dropout_masks(network, rows.n_rows, self._generator, self.parameters[0].dtype)
        return mean_score(self._model.gradient(rows, count, mask), rows.n_rows, count)

    def _evaluate(self, rows: Any) -> Score:
        return mean_score(self._model.evaluate(rows), rows.n_rows)


class PlainDecoderEngine(PlainEngine[DecoderTransformer]):
    """Autograd over all positions: the readable definition that the fast engine is tested against."""

    def __init__(self, setup: Setup[DecoderTransformer]) -> None:
        super().__init__(setup, bool(setup.network.dropout))
        self._precision = torch.promote_types(PRECISIONS[setup.precision()], setup.dtype)
        self._rows = {
            side: torch.from_numpy(_sequences(setup, rows))
            for side, rows in (("train", setup.train), ("test", setup.test))
        }

    def _pass(self, side: str, which: Tensor | None, training: bool) -> tuple[Tensor, float]:
        sequences, network = self._rows[side], self._network
        if which is not None:
            sequences = sequences[which]
        mask = None
        if training and network.dropout:
            mask = dropout_masks(network, len(sequences), self._generator, network.W_E.dtype)
        logits = network(sequences[:, :-1], mask).to(self._precision)
        return network.loss(sequences, logits), network.correct(sequences, logits) / len(sequences)
