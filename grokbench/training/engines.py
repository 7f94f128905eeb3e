"""Two engines with one face: the hand-written step and plain autograd over the readable module.

An engine holds the weights of one network and the rows it is trained and tested on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.models.fast_mlp import FastQuadraticMLP, Rows, Sums
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


def engine(
    name: str,
    network: nn.Module,
    loss: Mapping[str, Any],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    dtype: torch.dtype,
) -> Engine:
    """The engine called ``name`` ("auto" takes the fast one); ``train`` and ``test`` are (n, 3) rows of the table."""
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    assert isinstance(network, QuadraticMLP)
    return (PlainEngine if name == "plain" else FastEngine)(network, loss, train, test, dtype)


class FastEngine:
    """``models.fast_mlp``."""

    name = "fast"

    def __init__(
        self,
        network: QuadraticMLP,
        loss: Mapping[str, Any],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
    ) -> None:
        self._model = FastQuadraticMLP(network, dtype)
        self._train, self._test = self._model.rows(train), self._model.rows(test)
        self._train_scale, self._test_scale = (
            loss_scale(loss, len(r), network.n_elements) for r in (train, test)
        )
        self.parameters, self.gradients = self._model.parameters, self._model.gradients
        self.weights = self._model.weights

    def train_pass(self, accuracy: bool) -> Score:
        sums = self._model.gradient(self._train, self._train_scale, count=accuracy)
        return self._score(sums, self._train, self._train_scale, accuracy)

    def test(self) -> Score:
        return self._score(self._model.evaluate(self._test), self._test, self._test_scale, True)

    @staticmethod
    def _score(sums: Sums, rows: Rows, scale: float, counted: bool) -> Score:
        return Score(scale * sums.squares, sums.correct / rows.n_rows if counted else float("nan"))


class PlainEngine:
    """Autograd over one-hot inputs: the readable definition that the fast engine is tested against."""

    name = "plain"

    def __init__(
        self,
        network: QuadraticMLP,
        loss: Mapping[str, Any],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
    ) -> None:
        self._network = network.to(dtype)
        self._sides = tuple(
            (network.encode(r[:, :2]), torch.from_numpy(r[:, 2].copy())) for r in (train, test)
        )
        self._onehots = tuple(nn.functional.one_hot(t, network.n_elements).to(dtype) for _, t in self._sides)
        self._scales = tuple(loss_scale(loss, len(r), network.n_elements) for r in (train, test))
        self._parameters = (network.W1, network.W2)
        self.parameters = tuple(p.data for p in self._parameters)
        self.gradients: tuple[Tensor, ...] = tuple(torch.zeros_like(p) for p in self.parameters)

    def train_pass(self, accuracy: bool) -> Score:
        f, loss = self._forward(0)
        self.gradients = torch.autograd.grad(loss, self._parameters)
        return Score(float(loss.detach()), self._accuracy(f, 0) if accuracy else float("nan"))

    def test(self) -> Score:
        with torch.no_grad():
            f, loss = self._forward(1)
            return Score(float(loss), self._accuracy(f, 1))

    def weights(self) -> dict[str, Tensor]:
        return {name: p.detach().clone() for name, p in self._network.named_parameters()}

    def _forward(self, side: int) -> tuple[Tensor, Tensor]:
        f = self._network(self._sides[side][0])
        return f, self._scales[side] * ((f - self._onehots[side]) ** 2).sum()

    def _accuracy(self, f: Tensor, side: int) -> float:
        targets = self._sides[side][1]
        return int((f.detach().argmax(1) == targets).sum()) / len(targets)
