"""Engines: what the training loop needs of a network, whichever network it is.

An engine holds the weights of one network and the rows it is trained and tested on. Each kind of network has two: "fast", the
hand-written step of ``models.fast_*``, and "plain", autograd over the readable module, which the fast one is tested against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grokbench.networks.decoder_transformer import DecoderTransformer
from grokbench.networks.lstm import LSTM
from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.networks.relu_mlp import ReluMLP
from grokbench.networks.one_layer_transformer import OneLayerTransformer
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.training.classifier_engines import (
    PlainClassifierEngine,
    PlainTransformerEngine,
    fast_lstm,
    fast_relu_mlp,
    fast_transformer,
)
from grokbench.training.decoder_engines import FastDecoderEngine, PlainDecoderEngine
from grokbench.training.mlp_engines import FastMLPEngine, PlainMLPEngine
from grokbench.training.score import Score
from grokbench.training.setup import Setup

ENGINES = ("auto", "fast", "plain")


class Engine(Protocol):
    """What the loop needs of a network."""

    name: str
    noisy: bool  # whether a training pass differs from an evaluation (minibatches, dropout, noise)
    parameters: Sequence[Tensor]
    gradients: Sequence[Tensor]

    def train_pass(self, accuracy: bool) -> Score:
        """Loss over the training rows of the next update, its gradient into ``gradients``; accuracy if asked for."""

    def score(self, side: str) -> Score:
        """Loss and accuracy over the rows of ``side``, "train" or "test", in evaluation mode."""

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights under the plain module's names."""


_OF: dict[type[nn.Module], dict[str, Callable[..., Engine]]] = {
    QuadraticMLP: {"fast": FastMLPEngine, "plain": PlainMLPEngine},
    OneLayerTransformer: {"fast": fast_transformer, "plain": PlainTransformerEngine},
    DecoderTransformer: {"fast": FastDecoderEngine, "plain": PlainDecoderEngine},
    LSTM: {"fast": fast_lstm, "plain": PlainClassifierEngine},
    ReluMLP: {"fast": fast_relu_mlp, "plain": PlainClassifierEngine},
}


def make_engine(
    name: str,
    network: nn.Module,
    loss: Mapping[str, Any],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    dtype: torch.dtype,
    seed: int = 0,
    batch: str | int = "full",
    task: TaskSpec | None = None,
    weight_noise: float = 0.0,
) -> Engine:
    """The engine called ``name`` ("auto" takes the fast one); ``train`` and ``test`` are (n, 3) rows of the table.

    ``seed`` feeds the order of minibatches and the noise of a noisy network; ``task`` gives a decoder its tokens;
    ``weight_noise`` is the σ of what training passes add to each weight. Raises
    UnknownNameError for an engine or a loss that there is not, InputError for a batch or a task that cannot be.
    """
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    engine = _OF[type(network)]["plain" if name == "plain" else "fast"]
    return engine(Setup(network, loss, train, test, dtype, seed, batch, task, weight_noise))
