"""The two engines of the quadratic network: the hand-written step, and plain autograd over the readable module."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.models.fast_mlp import FastQuadraticMLP
from grokbench.models.mlp import QuadraticMLP
from grokbench.specs.errors import UnknownNameError
from grokbench.training.score import Score

REDUCTIONS = ("mean", "sum", "sum-classes")


def loss_scale(loss: Mapping[str, Any], n_rows: int, n_classes: int) -> float:
    """What the sum over rows and classes of (f − onehot)² is multiplied with."""
    if loss.get("kind") != "mse":
        raise UnknownNameError("loss.kind", str(loss.get("kind", "")), ("mse",))
    scales = {"mean": 1 / (n_rows * n_classes), "sum": 1.0, "sum-classes": 1.0 / n_rows}
    if loss["reduction"] not in scales:
        raise UnknownNameError("loss.reduction", loss["reduction"], REDUCTIONS)
    return scales[loss["reduction"]]


def _scales(
    loss: Mapping[str, Any], train: NDArray[np.int64], test: NDArray[np.int64], n_classes: int
) -> tuple[float, float]:
    return loss_scale(loss, len(train), n_classes), loss_scale(loss, len(test), n_classes)


class FastMLPEngine:
    """The hand-written step of ``models.fast_mlp``."""

    name = "fast"
    noisy = False

    def __init__(
        self,
        network: QuadraticMLP,
        loss: Mapping[str, Any],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
        seed: int,
    ) -> None:
        self._model = FastQuadraticMLP(network, dtype)
        self._train, self._test = self._model.rows(train), self._model.rows(test)
        self._scales = _scales(loss, train, test, network.n_elements)
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
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        rows, scale = (self._train, self._scales[0]) if side == "train" else (self._test, self._scales[1])
        sums = self._model.evaluate(rows)
        return Score(scale * sums.squares, sums.correct / rows.n_rows)

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return self._model.weights()


class Encoded(NamedTuple):
    """Rows as the plain engine reads them."""

    x: Tensor  # (n, 2p)
    target: Tensor  # (n,)
    onehot: Tensor  # (n, p)


class PlainMLPEngine:
    """Autograd over one-hot inputs: the readable definition that the fast engine is tested against."""

    name = "plain"
    noisy = False

    def __init__(
        self,
        network: QuadraticMLP,
        loss: Mapping[str, Any],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
        seed: int,
    ) -> None:
        self._network = network.to(dtype)
        self._scales = _scales(loss, train, test, network.n_elements)
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
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        rows, scale = (self._train, self._scales[0]) if side == "train" else (self._test, self._scales[1])
        f, loss = self._forward(rows, scale)
        return Score(float(loss), _accuracy(f, rows))

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
