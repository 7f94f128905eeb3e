"""The rows that a stack of trials is trained and tested on. Trials with fewer rows are filled up, and a mask says where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grokbench.networks.base import Network
from grokbench.training.plain import read
from grokbench.training.setup import Setup

Which = slice | list[int]


@dataclass(frozen=True)
class Side:
    """Rows of each trial: ``inputs`` (trials, n, …), ``targets`` (trials, n), (trials, n, scored) or (trials, n, outputs).

    counts: each trial's own number of rows. mask (trials, n): which rows are a trial's own; None where all are.
    """

    inputs: Tensor
    targets: Tensor
    counts: tuple[int, ...]
    mask: Tensor | None

    def of(self, which: Which) -> Side:
        """The rows of some of the trials."""
        if which == slice(0, len(self.counts)):
            return self
        counts = self.counts[which] if isinstance(which, slice) else tuple(self.counts[i] for i in which)
        mask = None if self.mask is None else self.mask[which]
        if mask is not None and bool(mask.all()):
            mask = None
        return Side(self.inputs[which], self.targets[which], counts, mask)


def side(rows: Sequence[tuple[Tensor, Tensor]], device: torch.device) -> Side:
    """Inputs and targets of each trial as one. What fills a trial up is its first row, whose loss is finite if the trial's is."""
    counts = tuple(len(targets) for _, targets in rows)
    inputs, targets = (
        torch.stack([_filled(one[i], max(counts)) for one in rows]).to(device) for i in range(2)
    )
    return Side(inputs, targets, counts, _mask(counts, device))


def _filled(rows: Tensor, n: int) -> Tensor:
    missing = n - len(rows)
    return torch.cat([rows, rows[:1].expand(missing, *rows.shape[1:])]) if missing else rows


def _mask(counts: tuple[int, ...], device: torch.device) -> Tensor | None:
    if min(counts) == max(counts):
        return None
    own = torch.arange(max(counts)) < torch.tensor(counts)[:, None]  # (trials, n)
    return own.to(device)


class Updates:
    """The training rows of each update: all, a minibatch of each trial's own order, or fresh ones."""

    def __init__(self, setups: Sequence[Setup[Network]], train: Side) -> None:
        self._setups, self._train = list(setups), train
        self.batches = [setup.batches() for setup in setups]

    @property
    def whole(self) -> bool:
        """Whether every update sees all training rows."""
        return all(one.whole for one in self.batches) and self._setups[0].fresh is None

    def next(self) -> Side:
        """The rows of the next update."""
        if self.whole:
            return self._train
        drawn = [batches.next() for batches in self.batches]
        if self._setups[0].fresh is not None:
            return side([self._fresh(i) for i in range(len(drawn))], self._train.inputs.device)
        orders = [np.arange(n) if w is None else w for w, n in zip(drawn, self._train.counts, strict=True)]
        counts = tuple(map(len, orders))
        if min(counts) < max(counts):
            orders = [np.resize(order, max(counts)) for order in orders]
        table = np.stack(orders)  # (trials, batch)
        index = torch.from_numpy(table).to(self._train.inputs.device)
        trials = torch.arange(len(index), device=index.device)[:, None]
        return Side(
            self._train.inputs[trials, index],
            self._train.targets[trials, index],
            counts,
            _mask(counts, index.device),
        )

    def like(self, which: slice) -> Side:
        """Rows of some trials, as many as an update has; nothing is drawn."""
        size = max(batches.size for batches in self.batches)
        index = torch.arange(size, device=self._train.inputs.device) % min(self._train.counts)
        return Side(
            self._train.inputs[which][:, index],
            self._train.targets[which][:, index],
            (size,) * len(self._train.counts[which]),
            None,
        )

    def _fresh(self, i: int) -> tuple[Tensor, Tensor]:
        setup: Setup[Any] = self._setups[i]
        assert setup.fresh is not None
        return read(setup, setup.fresh(self.batches[i].size))

    def keep(self, which: list[int], train: Side) -> None:
        """Go on with some of the trials, whose training rows are ``train``."""
        self._setups, self.batches = (
            [self._setups[i] for i in which],
            [self.batches[i] for i in which],
        )
        self._train = train


def read_side(setups: Sequence[Setup[Network]], name: str, device: torch.device) -> Side:
    """The rows of "train", "test" or a part of "train" of each trial."""
    return side([read(setup, setup.sides()[name]) for setup in setups], device)
