"""What an engine is made of: a network, a loss, the rows of both sides of the split, and how they are trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from grokbench.networks.base import Network
from grokbench.specs.types import Section, TaskSpec
from grokbench.tasks.decoding import Decoder
from grokbench.tasks.source import Fresh, Rows, decoder_of
from grokbench.tasks.streams import stream
from grokbench.training.batches import Batches
from grokbench.training.kinds import Loss

N = TypeVar("N", bound=Network)
Indices = Rows


@dataclass(frozen=True)
class Setup(Generic[N]):
    """A network, the rows of the table that it is trained and tested on, and how.

    Rows are (n, 3) of pairs, or (n, width + 1) of vectors. ``parts``: training rows that are looked at apart, by name.
    ``fresh``: what gives the rows of an update where they are new ones each time. ``rescaled``: whether the network gives other
    outputs than its kind does, which few hand-written steps know.
    """

    network: N
    loss: Loss
    loss_fields: Section
    train: Indices
    test: Indices
    task: TaskSpec
    dtype: torch.dtype
    seed: int  # of the order of minibatches and of noise
    batch: str | int
    weight_noise: float  # σ
    parts: Mapping[str, Indices] = field(default_factory=dict)
    fresh: Fresh | None = None
    rescaled: bool = False

    def sides(self) -> dict[str, Indices]:
        """The rows that can be scored: "train", "test", and the parts."""
        return {"train": self.train, "test": self.test, **self.parts}

    def batches(self) -> Batches:
        """The training rows of each update."""
        return Batches(self.batch, len(self.train), self.seed)

    @cached_property
    def generator(self) -> torch.Generator:
        """Of noise on weights and of dropout masks, in this order at each pass."""
        return torch.Generator().manual_seed(int(stream(self.seed, "noise").integers(2**63)))

    @cached_property
    def decoder(self) -> Decoder:
        """How answers are read off outputs."""
        return decoder_of(self.task, self.seed)

    @cached_property
    def kept(self) -> Tensor | None:
        """What the decoder drew, in the weights' type."""
        drawn = self.decoder.kept
        return None if drawn is None else torch.from_numpy(drawn).to(self.dtype)

    def targets(self, rows: Indices) -> Tensor:
        """What the loss compares the outputs of rows with: the network's classes, or numbers in the weights' type."""
        if self.decoder.by_class:
            return self.network.targets(rows, self.task)
        found = torch.from_numpy(self.decoder.targets(rows))
        return found.to(self.dtype) if found.is_floating_point() else found

    def total(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss's Σ over rows."""
        total: Any = self.loss.total(outputs, targets, self.loss_fields)
        return total

    def reduce(self, total: Any, n_rows: int, n_classes: int) -> Any:
        """The loss that is trained on, of a tensor or a number: a mean over rows, as a rule."""
        return self.loss.reduce(total, self.loss_fields, n_rows, n_classes)


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
