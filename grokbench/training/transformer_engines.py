"""The two engines of the one-layer Transformer: the hand-written step, and plain autograd over the readable module."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.models.fast_transformer import PRECISIONS, FastOneLayerTransformer
from grokbench.models.transformer import OneLayerTransformer, dropout_mask
from grokbench.specs.errors import UnknownNameError
from grokbench.tasks.streams import stream
from grokbench.training.score import Score


def _precision(loss: Mapping[str, Any]) -> str:
    """The name of the type in which the log-softmax is computed."""
    if loss.get("kind") != "cross-entropy":
        raise UnknownNameError("loss.kind", str(loss.get("kind", "")), ("cross-entropy",))
    if loss["precision"] not in PRECISIONS:
        raise UnknownNameError("loss.precision", loss["precision"], PRECISIONS)
    return str(loss["precision"])


def _noise(network: OneLayerTransformer, seed: int) -> torch.Generator | None:
    """The generator of the dropout masks; None where nothing is dropped."""
    if not network.dropout:
        return None
    return torch.Generator().manual_seed(int(stream(seed, "noise").integers(2**63)))


class FastTransformerEngine:
    """The hand-written step of ``models.fast_transformer``."""

    name = "fast"

    def __init__(
        self,
        network: OneLayerTransformer,
        loss: Mapping[str, Any],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
        seed: int,
    ) -> None:
        self._model = FastOneLayerTransformer(network, dtype, _precision(loss), _noise(network, seed))
        self.noisy = bool(network.dropout)
        self._train, self._test = self._model.rows(train), self._model.rows(test)
        self.parameters: Sequence[Tensor] = self._model.parameters
        self.gradients: Sequence[Tensor] = self._model.gradients

    @torch.no_grad()
    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        sums, n = self._model.gradient(self._train, count=accuracy), self._train.n_rows
        return Score(sums.loss_sum / n, sums.correct / n if accuracy else math.nan)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        rows = self._train if side == "train" else self._test
        sums = self._model.evaluate(rows)
        return Score(sums.loss_sum / rows.n_rows, sums.correct / rows.n_rows)

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return self._model.weights()


class PlainTransformerEngine:
    """Autograd over all positions: the readable definition that the fast engine is tested against."""

    name = "plain"

    def __init__(
        self,
        network: OneLayerTransformer,
        loss: Mapping[str, Any],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        dtype: torch.dtype,
        seed: int,
    ) -> None:
        self._network, self._precision = network.to(dtype), PRECISIONS[_precision(loss)]
        self.noisy, self._generator = bool(network.dropout), _noise(network, seed)
        self._rows = {
            side: (network.tokens(rows[:, :2]), torch.from_numpy(rows[:, 2].copy()))
            for side, rows in (("train", train), ("test", test))
        }
        self._trained = tuple(network.parameters())
        self.parameters: Sequence[Tensor] = tuple(p.data for p in self._trained)
        self.gradients: Sequence[Tensor] = tuple(torch.zeros_like(p) for p in self.parameters)

    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        logits, loss = self._forward("train", self._generator)
        self.gradients = torch.autograd.grad(loss, self._trained)
        return Score(float(loss.detach()), self._accuracy("train", logits) if accuracy else math.nan)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        logits, loss = self._forward(side, None)
        return Score(float(loss), self._accuracy(side, logits))

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return {name: p.detach().clone() for name, p in self._network.state_dict().items()}

    def _forward(self, side: str, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        tokens, target = self._rows[side]
        network, mask = self._network, None
        if generator is not None:
            mask = dropout_mask(len(tokens), network.d_mlp, network.dropout, generator, network.W_E.dtype)
        logits = network(tokens, mask)[:, -1].to(self._precision)  # (n, outputs)
        return logits, nn.functional.cross_entropy(logits, target)

    def _accuracy(self, side: str, logits: Tensor) -> float:
        target = self._rows[side][1]
        return int((logits.detach().argmax(1) == target).sum()) / len(target)
