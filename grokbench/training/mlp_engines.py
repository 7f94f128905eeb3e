"""The two engines of the quadratic network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.networks.fast.quadratic_mlp import FastQuadraticMLP
from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.specs.errors import UnknownNameError
from grokbench.training.score import Score
from grokbench.training.setup import FastEngine, PlainEngine, Setup

REDUCTIONS = ("mean", "sum", "sum-classes")


def loss_scale(loss: Mapping[str, Any], n_rows: int, n_classes: int) -> float:
    """What the sum over rows and classes of (f − onehot)² is multiplied with."""
    if loss.get("kind") != "mse":
        raise UnknownNameError("loss.kind", str(loss.get("kind", "")), ("mse",))
    scales = {"mean": 1 / (n_rows * n_classes), "sum": 1.0, "sum-classes": 1.0 / n_rows}
    if loss["reduction"] not in scales:
        raise UnknownNameError("loss.reduction", loss["reduction"], REDUCTIONS)
    return scales[loss["reduction"]]


class FastMLPEngine(FastEngine[FastQuadraticMLP]):
    """The hand-written step of ``models.fast_mlp``."""

    def __init__(self, setup: Setup[QuadraticMLP]) -> None:
        self._loss, self._n_classes = setup.loss, setup.network.n_elements
        loss_scale(setup.loss, 1, 1)  # refuses what there is not
        super().__init__(
            setup, FastQuadraticMLP(setup.network, setup.dtype), setup.train, setup.test, drops=False
        )

    def _gradient(self, rows: Any, count: bool) -> Score:
        scale = loss_scale(self._loss, rows.n_rows, self._n_classes)
        sums = self._model.gradient(rows, scale, count=count)
        return Score(scale * sums.squares, sums.correct / rows.n_rows if count else math.nan)

    def _evaluate(self, rows: Any) -> Score:
        sums = self._model.evaluate(rows)
        scale = loss_scale(self._loss, rows.n_rows, self._n_classes)
        return Score(scale * sums.squares, sums.correct / rows.n_rows)


class Encoded(NamedTuple):
    """Rows as the plain engine reads them."""

    x: Tensor  # (n, 2p)
    target: Tensor  # (n,)
    onehot: Tensor  # (n, p)


class PlainMLPEngine(PlainEngine[QuadraticMLP]):
    """Autograd over one-hot inputs: the readable definition that the fast engine is tested against."""

    def __init__(self, setup: Setup[QuadraticMLP]) -> None:
        super().__init__(setup, drops=False)
        self._loss = setup.loss
        loss_scale(setup.loss, 1, 1)  # refuses what there is not
        self._rows = {
            "train": self._encode(setup.train, setup.dtype),
            "test": self._encode(setup.test, setup.dtype),
        }

    def _encode(self, rows: NDArray[np.int64], dtype: torch.dtype) -> Encoded:
        target = torch.from_numpy(rows[:, 2].copy())
        onehot = nn.functional.one_hot(target, self._network.n_elements).to(dtype)
        return Encoded(self._network.encode(rows[:, :2]), target, onehot)

    def _pass(self, side: str, which: Tensor | None, training: bool) -> tuple[Tensor, float]:
        x, target, onehot = self._rows[side]
        if which is not None:
            x, target, onehot = x[which], target[which], onehot[which]
        f = self._network(x)  # (n, p)
        correct = int((f.detach().argmax(1) == target).sum()) / len(f)
        return loss_scale(self._loss, len(f), onehot.shape[1]) * ((f - onehot) ** 2).sum(), correct
