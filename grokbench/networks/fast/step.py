"""What the fast engine asks of a hand-written step, and what most steps answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.fast.products import backend

Indices = NDArray[np.int64]


@dataclass
class LossSums:
    """Over rows: the loss's Σ, and how many rows are answered rightly, where that was counted."""

    loss_sum: float = 0.0
    correct: int = 0


class Step(Protocol):
    """A network's loss and gradient written out by hand."""

    @property
    def parameters(self) -> Sequence[Tensor]:
        """The weights that are trained."""

    @property
    def gradients(self) -> Sequence[Tensor]:
        """Their gradients, in the same order."""

    @property
    def names(self) -> Sequence[str]:
        """What the plain module calls them."""

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """Parameters or gradients as views in the plain module's shapes."""

    @property
    def n_classes(self) -> int:
        """Classes of an output."""

    @property
    def products(self) -> str:
        """The library of its dense products, as a record names it (``fast.products``)."""

    def rows(self, table: Indices) -> Any:
        """(n, 3) rows of the table in the form that the passes read; it has ``n_rows``."""

    def batch(self, rows: Any, table: Indices, which: Indices) -> Any:
        """Those of ``rows``, which were made of ``table``, with the indices ``which``."""

    def gradient(self, rows: Any, count: bool) -> LossSums:
        """Loss sums, and the gradient of the loss, written to ``gradients``."""

    def evaluate(self, rows: Any) -> LossSums:
        """Loss and accuracy sums."""

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights under the plain module's names."""


class Classifier:
    """The step of a fast model of logits (n, classes) whose passes give ``LossSums`` of the cross-entropy's mean over rows."""

    def __init__(self, model: Any, n_classes: int) -> None:
        self._model, self.n_classes = model, n_classes
        self.parameters: Sequence[Tensor] = model.parameters
        self.gradients: Sequence[Tensor] = model.gradients
        self.names: Sequence[str] = model.names
        self.products = backend(model.parameters[0].dtype)

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Step``."""
        return tensors

    def rows(self, table: Indices) -> Any:
        """See ``Step``."""
        return self._model.rows(table)

    def batch(self, rows: Any, table: Indices, which: Indices) -> Any:
        """See ``Step``."""
        return self._model.rows(table[which])

    def gradient(self, rows: Any, count: bool) -> LossSums:
        """See ``Step``."""
        sums: LossSums = self._model.gradient(rows, count)
        return sums

    def evaluate(self, rows: Any) -> LossSums:
        """See ``Step``."""
        sums: LossSums = self._model.evaluate(rows)
        return sums

    def weights(self) -> dict[str, Tensor]:
        """See ``Step``."""
        weights: dict[str, Tensor] = self._model.weights()
        return weights
