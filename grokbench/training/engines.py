"""Two engines with one face: the hand-written step and plain autograd over the readable module.

An engine holds the weights of one network and the rows it is trained and tested on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.models.fast_mlp import FastQuadraticMLP
from grokbench.models.mlp import QuadraticMLP
from grokbench.specs.errors import UnknownNameError

ENGINES = ("auto", "fast", "plain")
REDUCTIONS = ("mean", "sum", "sum-classes")


class Score(NamedTuple):
    """Loss and accuracy over one side of the split; accuracy is NaN where it was not asked for."""

    loss: float
    accuracy: float


class Engine(Protocol):
    """What the loop needs of a network."""

    name: str
    parameters: Sequence[Tensor]
    gradients: Sequence[Tensor]

    def train_pass(self, accuracy: bool) -> Score:
        """Loss over the training rows, its gradient into ``gradients``; accuracy if asked for."""

    def test(self) -> Score:
        """Loss and accuracy over the test rows."""

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights under the plain module's names."""


def loss_scale(loss: Mapping[str, Any], n_rows: int, n_classes: int) -> float:
    """What the sum over rows and classes of (f − onehot)² is multiplied with."""
    if loss.get("kind") != "mse":
        raise UnknownNameError("loss.kind", str(loss.get("kind", "")), ("mse",))
    scales = {"mean": 1 / (n_rows * n_classes), "sum": 1.0, "sum-classes": 1.0 / n_rows}
    if loss["reduction"] not in scales:
        raise UnknownNameError("loss.reduction", loss["reduction"], REDUCTIONS)
    return scales[loss["reduction"]]


def make_engine(
    name: str,
    network: QuadraticMLP,
    loss: Mapping[str, Any],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    dtype: torch.dtype,
) -> Engine:
    """The engine called ``name`` ("auto" takes the fast one); ``train`` and ``test`` are (n, 3) rows of the table."""
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    scales = (
        loss_scale(loss, len(train), network.n_elements),
        loss_scale(loss, len(test), network.n_elements),
    )
    return (PlainEngine if name == "plain" else FastEngine)(network, scales, train, test, dtype)


class FastEngine:
    """The hand-written step of ``models.fast_mlp``."""

    name = "fast"

    def __init__(
        self,
        network: QuadraticMLP,
        scales: tuple[float, float],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
    ) -> None:
        self._model = FastQuadraticMLP(network, dtype)
        self._train, self._test = self._model.rows(train), self._model.rows(test)
        self._scales = scales
        self.parameters: Sequence[Tensor] = self._model.parameters
        self.gradients: Sequence[Tensor] = self._model.gradients

    @torch.no_grad()
    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        sums = self._model.gradient(self._train, self._scales[0], count=accuracy)
        return Score(
            self._scales[0] * sums.squares, sums.correct / self._train.n_rows if accuracy else math.nan
        )

    @torch.no_grad()
    def test(self) -> Score:
        """See ``Engine``."""
        sums = self._model.evaluate(self._test)
        return Score(self._scales[1] * sums.squares, sums.correct / self._test.n_rows)

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return self._model.weights()


class Encoded(NamedTuple):
    """Rows as the plain engine reads them."""

    x: Tensor  # (n, 2p)
    target: Tensor  # (n,)
    onehot: Tensor  # (n, p)


class PlainEngine:
    """Autograd over one-hot inputs: the readable definition that the fast engine is tested against."""

    name = "plain"

    def __init__(
        self,
        network: QuadraticMLP,
        scales: tuple[float, float],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
    ) -> None:
        self._network, self._scales = network.to(dtype), scales
        self._train, self._test = (self._encode(rows, dtype) for rows in (train, test))
        self._trained = (network.W1, network.W2)
        self.parameters: Sequence[Tensor] = tuple(p.data for p in self._trained)
        self.gradients: Sequence[Tensor] = tuple(torch.zeros_like(p) for p in self.parameters)

    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        f, loss = self._forward(self._train, self._scales[0])
        self.gradients = torch.autograd.grad(loss, self._trained)
        return Score(float(loss.detach()), _accuracy(f, self._train) if accuracy else math.nan)

    @torch.no_grad()
    def test(self) -> Score:
        """See ``Engine``."""
        f, loss = self._forward(self._test, self._scales[1])
        return Score(float(loss), _accuracy(f, self._test))

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return {name: p.detach().clone() for name, p in self._network.named_parameters()}

    def _encode(self, rows: NDArray[np.int64], dtype: torch.dtype) -> Encoded:
        target = torch.from_numpy(rows[:, 2].copy())
        onehot = nn.functional.one_hot(target, self._network.n_elements).to(dtype)
        return Encoded(self._network.encode(rows[:, :2]), target, onehot)

    def _forward(self, rows: Encoded, scale: float) -> tuple[Tensor, Tensor]:
        f = self._network(rows.x)  # (n, p)
        return f, scale * ((f - rows.onehot) ** 2).sum()


def _accuracy(f: Tensor, rows: Encoded) -> float:
    return int((f.detach().argmax(1) == rows.target).sum()) / len(f)
