"""The fast engine: a hand-written step of a network and a loss, where there is one (``networks/fast/``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from grokbench.networks.fast.step import Step
from grokbench.training.score import Score
from grokbench.training.setup import Indices, Setup, noised


class FastEngine:
    """The loop's side of a hand-written step."""

    name = "fast"
    KEPT = ("parameters", "_batches", "_generator")

    def __init__(self, setup: Setup[Any], step: Step) -> None:
        self._setup, self._step, self._batches = setup, step, setup.batches()
        self._rows = {side: step.rows(rows) for side, rows in setup.sides().items()}
        self._train = self._rows["train"]
        self._generator = setup.generator
        self.noisy = setup.network.drops or bool(setup.weight_noise) or not self._batches.whole
        self.names: Sequence[str] = step.names
        self.products = step.products
        self.parameters: Sequence[Tensor] = step.parameters
        self.gradients: Sequence[Tensor] = step.gradients

    @torch.no_grad()
    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        which = self._batches.next()
        with noised(self.parameters, self._setup.weight_noise, self._generator):
            rows = self._train if which is None else self._batch(which)
            return self._score(self._step.gradient(rows, accuracy), rows.n_rows, accuracy)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        rows = self._rows[side]
        return self._score(self._step.evaluate(rows), rows.n_rows, True)

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Engine``."""
        return self._step.shaped(tensors)

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return self._step.weights()

    def _batch(self, which: Indices) -> Any:
        return self._step.batch(self._train, self._setup.train, which)

    def _score(self, sums: Any, n_rows: int, count: bool) -> Score:
        loss = self._setup.reduce(sums.loss_sum, n_rows, self._step.n_classes)
        return Score(loss, sums.correct / n_rows if count else math.nan)
