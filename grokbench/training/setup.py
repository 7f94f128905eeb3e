"""What an engine is made of, and what the engines of all networks have in common.

A fast engine drives the hand-written step of a class in ``models.fast_*``; a plain one is autograd over the readable module, the
definition that the fast one is tested against.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.networks.fast.one_layer_transformer import PRECISIONS
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.streams import stream
from grokbench.training.batches import Batches
from grokbench.training.score import Score

N = TypeVar("N", bound=nn.Module)
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Setup(Generic[N]):
    """A network, the rows (n, 3) of the table that it is trained and tested on, and how."""

    network: N
    loss: Mapping[str, Any]
    train: Indices
    test: Indices
    dtype: torch.dtype
    seed: int  # of the order of minibatches and of noise
    batch: str | int
    task: TaskSpec | None  # for networks whose tokens depend on it
    weight_noise: float  # σ

    def batches(self) -> Batches:
        """The training rows of each update."""
        return Batches(self.batch, len(self.train), self.seed)

    @cached_property
    def generator(self) -> torch.Generator:
        """Of noise on weights and of dropout masks, in this order at each pass."""
        return torch.Generator().manual_seed(int(stream(self.seed, "noise").integers(2**63)))

    def precision(self) -> str:
        """The name of the type in which the log-softmax is computed. Raises UnknownNameError."""
        if self.loss.get("kind") != "cross-entropy":
            raise UnknownNameError("loss.kind", str(self.loss.get("kind", "")), ("cross-entropy",))
        if self.loss["precision"] not in PRECISIONS:
            raise UnknownNameError("loss.precision", self.loss["precision"], PRECISIONS)
        return str(self.loss["precision"])


class FastModel(Protocol):
    """What a fast engine needs of a hand-written step."""

    @property
    def parameters(self) -> Sequence[Tensor]:
        """The weights that are trained."""

    @property
    def gradients(self) -> Sequence[Tensor]:
        """Their gradients, in the same order."""

    def rows(self, rows: Indices) -> Any:
        """Rows in the form that the passes read; it has ``n_rows``."""

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights under the plain module's names."""


@contextmanager
def noised(weights: Sequence[Tensor], sigma: float, generator: torch.Generator) -> Iterator[None]:
    """In here each weight has σ N(0, 1) added to it; afterwards all are what they were, to the bit."""
    if not sigma:
        yield
        return
    kept = [w.clone() for w in weights]
    for w in weights:
        w.add_(torch.randn(w.shape, generator=generator, dtype=w.dtype), alpha=sigma)
    try:
        yield
    finally:
        for w, before in zip(weights, kept, strict=True):
            w.copy_(before)


M = TypeVar("M", bound=FastModel)


class FastEngine(Generic[M]):
    """The loop's side of a hand-written step; a subclass says what its passes are."""

    name = "fast"

    def __init__(self, setup: Setup[Any], model: M, train: Indices, test: Indices, drops: bool) -> None:
        """``train`` and ``test`` are rows as the model reads them; ``drops``: its training passes have dropout."""
        self._model, self._train_rows, self._batches = model, train, setup.batches()
        self._train, self._test = model.rows(train), model.rows(test)
        self._sigma, self._generator = setup.weight_noise, setup.generator
        self.noisy = drops or bool(self._sigma) or not self._batches.whole
        self.parameters: Sequence[Tensor] = model.parameters
        self.gradients: Sequence[Tensor] = model.gradients

    @torch.no_grad()
    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        which = self._batches.next()
        with noised(self.parameters, self._sigma, self._generator):
            return self._gradient(self._train if which is None else self._batch(which), accuracy)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        return self._evaluate(self._train if side == "train" else self._test)

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return self._model.weights()

    def _batch(self, which: Indices) -> Any:
        """Some of the training rows."""
        return self._model.rows(self._train_rows[which])

    def _gradient(self, rows: Any, count: bool) -> Score:
        raise NotImplementedError

    def _evaluate(self, rows: Any) -> Score:
        raise NotImplementedError


def mean_score(sums: Any, n_rows: int, count: bool = True) -> Score:
    """Means over rows of a pass's ``loss_sum`` and ``correct``."""
    return Score(sums.loss_sum / n_rows, sums.correct / n_rows if count else math.nan)


class PlainEngine(Generic[N]):
    """The loop's side of autograd over a plain module; a subclass says what a pass over some rows is."""

    name = "plain"

    def __init__(self, setup: Setup[N], drops: bool) -> None:
        self._network, self._batches = setup.network.to(setup.dtype), setup.batches()
        self._sigma, self._generator = setup.weight_noise, setup.generator
        self.noisy = drops or bool(self._sigma) or not self._batches.whole
        self._trained = tuple(self._network.parameters())
        self.parameters: Sequence[Tensor] = tuple(p.data for p in self._trained)
        self.gradients: Sequence[Tensor] = tuple(torch.zeros_like(p) for p in self.parameters)

    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        which = self._batches.next()
        with noised(self.parameters, self._sigma, self._generator):
            loss, correct = self._pass("train", None if which is None else torch.from_numpy(which), True)
            self.gradients = torch.autograd.grad(loss, self._trained)
        return Score(float(loss.detach()), correct if accuracy else math.nan)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        loss, correct = self._pass(side, None, False)
        return Score(float(loss), correct)

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return {name: p.detach().clone() for name, p in self._network.state_dict().items()}

    def _pass(self, side: str, which: Tensor | None, training: bool) -> tuple[Tensor, float]:
        """Loss over the rows ``which`` of a side (None: all), and the share of right answers."""
        raise NotImplementedError
