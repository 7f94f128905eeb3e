"""The two engines of Power et al.'s decoder, whose rows are token sequences."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from grokbench.models.decoder import DecoderTransformer, dropout_masks, weight_noises
from grokbench.models.fast_decoder import FastDecoderTransformer
from grokbench.specs.errors import InputError
from grokbench.tasks.vocabulary import encode
from grokbench.training.score import Score
from grokbench.training.setup import FastEngine, Indices, PlainEngine, Setup, mean_score


def _sequences(setup: Setup[DecoderTransformer], rows: Indices) -> Indices:
    """(n, 3) rows of the table as (n, 7) tokens. Errors: InputError without a task, or for one the vocabulary lacks."""
    if setup.task is None:
        raise InputError("the decoder's tokens depend on the task; none was given")
    return encode(rows, setup.task.domain, setup.task.operation)


class _Noise:
    """What training passes draw: first the noise on the weights, then the dropout masks."""

    def __init__(self, setup: Setup[DecoderTransformer]) -> None:
        self._network, self._dtype = setup.network, setup.dtype
        self.random = bool(setup.network.dropout or setup.network.weight_noise)
        self._generator = setup.noise() if self.random else None

    def draw(self, n_rows: int) -> tuple[dict[str, Tensor] | None, Tensor | None]:
        """Of one pass over ``n_rows``: what is added to each weight, and the masks; None where there is none."""
        weights = masks = None
        if self._network.weight_noise:
            weights = weight_noises(self._network, self._generator, self._dtype)
        if self._network.dropout:
            masks = dropout_masks(self._network, n_rows, self._generator, self._dtype)
        return weights, masks


class FastDecoderEngine(FastEngine[FastDecoderTransformer]):
    """The hand-written step of ``models.fast_decoder``."""

    def __init__(self, setup: Setup[DecoderTransformer]) -> None:
        model = FastDecoderTransformer(setup.network, setup.dtype, setup.precision())
        train, test = _sequences(setup, setup.train), _sequences(setup, setup.test)
        self._noise = _Noise(setup)
        super().__init__(setup, model, train, test, self._noise.random)

    def _batch(self, which: Indices) -> Any:
        return self._model.batch(self._train, which)

    def _gradient(self, rows: Any, count: bool) -> Score:
        noise, mask = self._noise.draw(rows.n_rows)
        return mean_score(self._model.gradient(rows, count, mask, noise), rows.n_rows, count)

    def _evaluate(self, rows: Any) -> Score:
        return mean_score(self._model.evaluate(rows), rows.n_rows)


class PlainDecoderEngine(PlainEngine[DecoderTransformer]):
    """Autograd over all positions: the readable definition that the fast engine is tested against."""

    def __init__(self, setup: Setup[DecoderTransformer]) -> None:
        self._noise = _Noise(setup)
        super().__init__(setup, self._noise.random)
        setup.precision()
        self._rows = {
            side: torch.from_numpy(_sequences(setup, rows))
            for side, rows in (("train", setup.train), ("test", setup.test))
        }

    def _pass(self, side: str, which: Tensor | None, training: bool) -> tuple[Tensor, float]:
        sequences, network = self._rows[side], self._network
        if which is not None:
            sequences = sequences[which]
        noise, mask = self._noise.draw(len(sequences)) if training else (None, None)
        weights: dict[str, Tensor] = dict(network.named_parameters())
        if noise is not None:
            weights = {name: w + noise[name] for name, w in weights.items()}
        logits = functional_call(network, weights, (sequences[:, :-1], mask))
        return network.loss(sequences, logits), network.correct(sequences, logits) / len(sequences)
