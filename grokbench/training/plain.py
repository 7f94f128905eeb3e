"""The plain engine: autograd over the readable module, with any loss. It is the definition; every network trains on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench.networks.base import Network
from grokbench.networks.fast.products import BLAS
from grokbench.training.score import Score
from grokbench.training.setup import Indices, Setup, noised


def read(setup: Setup[Network], rows: Indices) -> tuple[Tensor, Tensor]:
    """What the network reads of rows, vectors in the type of its weights, and what its outputs are compared with."""
    inputs = setup.network.inputs(rows, setup.task)
    return inputs.to(setup.dtype) if inputs.is_floating_point() else inputs, setup.targets(rows)


class PlainEngine:
    """The loop's side of autograd over a module."""

    name, products = "plain", BLAS
    KEPT = ("parameters", "_buffers", "_batches", "_generator", "_fresh")

    def __init__(self, setup: Setup[Network]) -> None:
        self._setup, self._network, self._batches = setup, setup.network.to(setup.dtype), setup.batches()
        self._generator = setup.generator
        self.noisy = self._network.drops or self._network.batchwise
        self.noisy |= bool(setup.weight_noise) or not self._batches.whole
        self._fresh = setup.fresh
        self.noisy |= self._fresh is not None
        self._buffers = tuple(self._network.buffers())
        named = dict(self._network.named_parameters())
        self.names: Sequence[str] = tuple(named)
        self._trained = tuple(named.values())
        self.parameters: Sequence[Tensor] = tuple(p.data for p in self._trained)
        self.gradients: Sequence[Tensor] = tuple(torch.zeros_like(p) for p in self.parameters)
        self._rows = {side: read(setup, rows) for side, rows in setup.sides().items()}

    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        which = self._batches.next()
        with noised(self.parameters, self._setup.weight_noise, self._generator):
            loss, correct = self._pass(*self._update(which), True)
            found = torch.autograd.grad(loss, self._trained)
        for gradient, one in zip(self.gradients, found, strict=True):
            gradient.copy_(one)  # autograd may give one tensor to two weights
        return Score(float(loss.detach()), correct if accuracy else math.nan)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        loss, correct = self._pass(*self._rows[side], False)
        return Score(float(loss), correct)

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Engine``."""
        return tensors

    def weights(self) -> dict[str, Tensor]:
        """See ``Engine``."""
        return {name: p.detach().clone() for name, p in self._network.state_dict().items()}

    def _update(self, which: NDArray[np.int64] | None) -> tuple[Tensor, Tensor]:
        """The rows of an update: fresh ones, or those of the training rows ``which`` (None: all)."""
        if self._fresh is not None:
            return read(self._setup, self._fresh(self._batches.size))
        inputs, targets = self._rows["train"]
        if which is None:
            return inputs, targets
        return inputs[torch.from_numpy(which)], targets[torch.from_numpy(which)]

    def _pass(self, inputs: Tensor, targets: Tensor, training: bool) -> tuple[Tensor, float]:
        """Loss over these rows, and the share of right answers."""
        noise, n = None, len(inputs)
        if self._network.batchwise:
            self._network.train(training)
        if training and self._network.drops:
            noise = self._network.draw_noise(n, self._generator, self._setup.dtype)
        outputs = self._network(inputs, noise)  # (n, classes) or (n, scored, classes)
        right = self._setup.decoder.right(outputs.detach(), targets, self._setup.kept)
        correct = int((right if right.dim() == 1 else right.all(1)).sum()) / n
        return self._setup.reduce(self._setup.total(outputs, targets), n, outputs.shape[-1]), correct
